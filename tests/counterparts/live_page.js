// The live page in a real browser: its numbers, its search, its plots, its themes, and what it says when the
// server goes. Usage: node live_page.js QUIPUD COUNTERPARTS [FOLDER for screenshots]
'use strict';
const { spawn } = require('child_process');
const dgram = require('dgram');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

const [quipud, counterparts, shots] = process.argv.slice(2);
const { chromium } = require(path.join(counterparts, 'npm/node_modules/playwright-core'));
const unseen = 'rtl\u202etxt.gnp\u200b\u{e0001}';
const hostile = '<img src=x onerror=alert(1)>';

let failures = 0;
function expect(what, found, wanted) {
  const same = JSON.stringify(found) === JSON.stringify(wanted);
  if (!same) {
    ++failures;
    console.error(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`);
  }
}

/// Starts the server and waits for the ports that it chose; `admin` is 0, or the port of the one before.
function start(admin) {
  const server = spawn(quipud, ['--listen', 'udp://127.0.0.1:0', '--sink', 'none:', '--admin', `127.0.0.1:${admin}`,
    '--interval', '1s'], { stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((resolve, reject) => {
    let log = '';
    server.on('exit', () => reject(new Error('quipud ended: ' + log)));
    server.stderr.on('data', text => {
      log += text;
      const udp = /listening on udp:\/\/127\.0\.0\.1:(\d+)/.exec(log);
      const http = /answering on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(log);
      if (udp && http) resolve({ server, udp: Number(udp[1]), http: Number(http[1]) });
    });
  });
}
function stop(server) {
  return new Promise(resolve => {
    server.removeAllListeners('exit');
    server.on('exit', resolve);
    server.kill('SIGTERM');
  });
}
function send(port, lines) {
  const socket = dgram.createSocket('udp4');
  return new Promise(resolve => socket.send(lines.join('\n'), port, '127.0.0.1', () => { socket.close(); resolve(); }));
}

/// Follows the events as so many pages would; `end` ends it.
async function crowd(port, size) {
  const all = Array.from({ length: size }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(all.map(one => new Promise(resolve => {
    one.on('error', () => {});
    one.once('data', resolve);
    one.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  })));
  all.forEach(one => one.resume());
  return { end: () => all.forEach(one => one.destroy()) };
}

async function test(page, its) {
  const shot = async name => { if (shots) await page.screenshot({ path: path.join(shots, name + '.png'), fullPage: true }); };
  const text = async selector => (await page.textContent(selector)).trim();
  // Not the browser's own waiting: that evaluates text, which the page's policy forbids.
  const waitFor = async what => {
    const end = Date.now() + 15000;
    while (!await page.evaluate(what)) {
      if (Date.now() > end) throw new Error('waited in vain for ' + what);
      await page.waitForTimeout(20);
    }
  };
  const names = () => page.$$eval('#rows .name', all => all.map(one => one.textContent));
  let dialogs = 0;
  page.on('dialog', one => { ++dialogs; one.dismiss(); });
  const errors = [];
  page.on('pageerror', error => errors.push(String(error)));

  await page.goto(`http://127.0.0.1:${its.http}/`);
  await waitFor(() => document.getElementById('state').textContent === 'healthy');
  await shot('empty');
  expect('the empty list says so', await page.isVisible('#empty'), true);

  const timer = Array.from({ length: 100 }, (_, i) => `api.latency:${i + 1}|ms`);
  const seconds = Array.from({ length: 9 }, (_, i) => `in.seconds:0.000${i + 1}|ms`);
  const set = Array.from({ length: 37 }, (_, i) => `users:u${i}|s`);
  const all = ['hits:1200|c', 'hits:34|c|#env:prod', 'queue:7|g', `${hostile}:5|c`, `${unseen}:1|g`, 'same:1|c', 'same:2|g', 'not a line', 'huge:123456789012|g', 'tiny:0.00031|g', 'tinier:2e-300|g', ...timer, ...set, ...seconds];
  await send(its.udp, all);
  await waitFor(() => document.querySelectorAll('#rows tr').length === 13);
  expect('the names', await names(), [hostile, 'api.latency', 'hits', 'hits;env=prod', 'huge', 'in.seconds', 'queue', 'rtlU+202Etxt.gnpU+200BU+E0001', 'same', 'same', 'tinier', 'tiny', 'users']);
  await waitFor(() => document.getElementById('refused-all').textContent.startsWith('1 refused'));
  expect('the lines', await text('#lines-all'), `${all.length} lines in all`);
  expect('the matches', await text('#matched'), '13 series');

  expect('a name has its own direction', await page.$eval('#rows .name', one => one.firstChild.localName), 'bdi');
  await page.click('#rows tr:has-text("rtl")');
  await waitFor(() => document.getElementById('one').open);
  expect('an open series tells what cannot be seen', await text('#one-name'), 'rtlU+202Etxt.gnpU+200BU+E0001');
  await shot('unseen');
  await page.click('#close');
  expect('the causes are hidden', await page.isVisible('#causes'), false);
  await page.click('#refused-all');
  expect('until they are asked for', /^1 × ./.test(await text('#causes')) && await page.isVisible('#causes'), true);
  await shot('causes');
  await page.click('#refused-all');
  expect('two lines have a legend', await page.$$eval('#refused-all .key', all => all.map(one => getComputedStyle(one, '::before').backgroundColor)),
    await page.$$eval('#refused-plot path:not(.dots)', all => all.map(one => getComputedStyle(one).stroke)));
  await page.click('#rows tr:has-text("hits") >> nth=0');
  await waitFor(() => document.getElementById('one').open);
  expect('a counter in all', /in all1,200/.test(await text('#one-body')), true);
  await page.click('#close');

  // An update comes between the press and the release, and one while a row has the focus and a name is selected.
  await page.click('#rows tr:has-text("queue")', { delay: 1300 });
  await page.waitForTimeout(200);
  expect('a slow click opens a series', await page.evaluate(() => document.getElementById('one').open), true);
  await page.keyboard.press('Escape');
  await page.evaluate(() => { document.querySelectorAll('#rows tr')[1].focus(); getSelection().selectAllChildren(document.querySelector('#rows .name')); });
  await page.waitForTimeout(1300);
  expect('the focus stays', await page.evaluate(() => document.activeElement.firstChild.textContent), 'api.latency');
  expect('the selection stays', await page.evaluate(() => String(getSelection())), hostile);

  // Values are those of the last interval: they go on coming until all has been looked at.
  let turns = 0; // a value of "sparse" comes in every second interval or more seldom
  const sending = setInterval(() => send(its.udp, turns++ % 14 ? all : [...all, 'sparse:5|ms']), 150);
  await page.waitForTimeout(4200);
  await shot('light');
  await page.click('#rows tr:has-text("api.latency")');
  await waitFor(() => document.querySelectorAll('#one-body rect').length > 10);
  expect('the least and the largest', /least1/.test(await text('#one-body')) && /largest100/.test(await text('#one-body')), true);
  expect('a percentile', /90 %90/.test(await text('#one-body')), true);
  await shot('timer');
  await page.click('#close');
  const cells = of => page.$eval(`#rows tr[data-query$="name=${of}"] .value`, one => [one.textContent, one.scrollWidth > one.clientWidth, one.title]);
  const drawn = (of, part) => page.$eval(`${of} ${part}`, one => one.getAttribute('d') || one.title);
  const row = of => `#rows tr[data-query$="name=${of}"]`;
  expect('lone values are dots', /^M[^ML]+h.01(M[^ML]+)*$/.test(await drawn(row('sparse'), 'path.dots')), true);
  expect('a row is drawn from 0', /^from 0 to 7; the last \d+ intervals$/.test(await drawn(row('queue'), '.trend')), true);
  expect('its line is at the top', /^M2.0 4.0L/.test(await drawn(row('queue'), 'path')), true);
  await page.click(row('sparse'));
  await waitFor(() => document.getElementById('one-name').textContent === 'sparse' && document.getElementById('one').open);
  expect('they are dots in its plot, too', (await page.$$eval('#one-body path.dots', all => all.map(one => one.getAttribute('d').includes('M')))), [true, true]);
  await shot('sparse');
  await page.click('#close');
  expect('a number that does not fit', await cells('huge'), ['123.5 G', false, '123,456,789,012']);
  expect('a small one', (await cells('tiny'))[0], '0.00031');
  expect('a smaller one', (await cells('tinier'))[0], '2e-300');
  expect('a timer in seconds', (await cells('in.seconds'))[0], '0.0005');
  await page.click('#rows tr:has-text("in.seconds")');
  await waitFor(() => document.getElementById('one-name').textContent === 'in.seconds' && document.getElementById('one').open);
  expect('its numbers', /mean0.0005deviation0.000258199least0.0001largest0.0009/.test(await text('#one-body')), true);
  expect('its axis', await page.$$eval('#one-body .plot text', all => all[2].textContent), '0.0009');
  await shot('seconds');
  await page.click('#close');
  await page.click('#rows tr:has-text("users")');
  await waitFor(() => document.getElementById('one-name').textContent === 'users' && document.getElementById('one').open);
  expect('the members of a set', /members37/.test(await text('#one-body')), true);
  expect('its error', /none: exact/.test(await text('#one-body')), true);
  await page.click('#close');
  clearInterval(sending);

  expect('plots', await page.$$eval('#rows path', all => all.length) >= 3, true);
  await page.click('[data-sort=rate]');
  await waitFor(() => document.querySelector('#rows .name').textContent === 'hits');
  await page.fill('#search', 'ENV hits');
  await waitFor(() => document.querySelectorAll('#rows tr').length === 1);
  expect('the search', await names(), ['hits;env=prod']);
  await page.fill('#search', 'nothing like it');
  await waitFor(() => !document.querySelector('#rows tr'));
  expect('no match is said', await text('#empty'), 'No series matches.');
  await page.fill('#search', '');
  await page.selectOption('#kind', 'gauge');
  await waitFor(() => document.querySelectorAll('#rows tr').length === 6);
  expect('a gauge', await text('#rows tr:has-text("queue") .value'), '7');
  await page.selectOption('#kind', '');
  await waitFor(() => document.querySelectorAll('#rows tr').length === 14);

  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click('#theme');
  await page.click('#theme');
  expect('the dark theme is another', await paper() !== light, true);
  await shot('dark');
  await page.click('#theme');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect('the system may be dark, too', await paper() !== light, true);
  await page.emulateMedia({ colorScheme: 'light' });

  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForTimeout(300);
  await shot('phone');
  expect('a phone tells kinds apart', await page.$$eval('[data-query$="name=same"] .name', all => all.map(one => one.dataset.mark + (getComputedStyle(one, '::before').content !== 'none'))), ['countertrue', 'gaugetrue']);
  expect('it has small plots', await page.$eval(`${row('hits')} .plot`, one => one.getBoundingClientRect().width > 60), true);
  expect('a large number fits there', await cells('huge'), ['123.5 G', false, '123,456,789,012']);
  expect('a phone need not scroll sideways', await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await page.setViewportSize({ width: 1200, height: 800 });

  // A page that nobody sees is told nothing.
  const see = hidden => page.evaluate(is => {
    Object.defineProperty(document, 'hidden', { get: () => is, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await see(true);
  const about = await text('#about');
  await page.waitForTimeout(2300);
  expect('a hidden page is told nothing', await text('#about'), about);
  const others = await crowd(its.http, 32);
  await see(false);
  await waitFor(() => /Too many pages/.test(document.getElementById('notice').textContent));
  expect('that too many follow is said', await page.isVisible('#notice'), true);
  expect('there are series all the same', (await names()).length, 14);
  await shot('crowded');
  others.end();
  await see(false);
  await waitFor(() => document.getElementById('notice').hidden);
  expect('the notice goes', await page.isVisible('#notice'), false);

  await page.setViewportSize({ width: 360, height: 740 });
  await page.click('#rows tr:has-text("queue")');
  await waitFor(() => document.getElementById('one').open);
  await stop(its.server);
  await waitFor(() => document.getElementById('state').textContent === 'disconnected');
  expect('an open series says it, too', await page.isVisible('#one-notice'), true);
  if (shots) await page.screenshot({ path: path.join(shots, 'disconnected_dialog.png') });
  await page.click('#close');
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  expect('it is said wherever one looks', await page.$eval('#state', one => { const at = one.getBoundingClientRect(); return at.top >= 0 && at.bottom < innerHeight; }), true);
  expect('what is old is dim', await page.$eval('main section:last-of-type', one => getComputedStyle(one).opacity), '0.5');
  if (shots) await page.screenshot({ path: path.join(shots, 'disconnected_phone.png') });
  await page.setViewportSize({ width: 1200, height: 800 });
  await shot('disconnected');
  const again = await start(its.http);
  its.server = again.server;
  await waitFor(() => document.getElementById('state').textContent === 'healthy');
  await send(again.udp, ['back:3|c']);
  await waitFor(() => document.querySelector('#rows .name') && document.querySelector('#rows .name').textContent === 'back');
  expect('nothing is dim', await page.$eval('body', one => one.className), '');

  expect('a name is text', [dialogs, await page.$$eval('img', all => all.length)], [0, 0]);
  expect('errors of the script', errors, []);
}

(async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quipu-browser-'));
  const its = await start(0);
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: '/usr/bin/chromium', headless: true, viewport: { width: 1200, height: 800 },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  try {
    await test(await browser.newPage(), its);
  } finally {
    await browser.close();
    await stop(its.server);
    fs.rmSync(folder, { recursive: true, force: true });
  }
  process.exit(failures ? 1 : 0);
})().catch(error => { console.error(error); process.exit(1); });
