// The live page of a server, made by page/embed.py of page/live.html.
#pragma once

#include <string_view>

namespace quipu {

/// What the page may do: run its own script, use its own style, ask its own server.
inline constexpr std::string_view live_page_policy =
    "default-src 'none'; connect-src 'self'; img-src data:; "
    "script-src 'sha256-/HM+fCmLF0Xorrq1BD+8fP0dwpa6YU0guTgZJtSdRu8='; "
    "style-src 'sha256-q0WWU47yQD0tG1jqoznl3Ht2MD5CqGNmpJFRIiu0Isk='; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One page without anything from elsewhere.
// clang-format off
inline constexpr std::string_view live_page = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>quipud</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark;
  --paper: #f7f6f3; --card: #fff; --ink: #1f2328; --soft: #656d76; --line: #e4e2dc;
  --accent: #1f6f8b; --second: #c07b2c; --good: #2d7d46; --bad: #b3372f; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) {
  --paper: #14171a; --card: #1c2024; --ink: #e4e7ea; --soft: #98a1aa; --line: #2d3338;
  --accent: #5fb3cf; --second: #dfa65f; --good: #66bb7f; --bad: #ef8078; } }
:root[data-theme=dark] { color-scheme: dark;
  --paper: #14171a; --card: #1c2024; --ink: #e4e7ea; --soft: #98a1aa; --line: #2d3338;
  --accent: #5fb3cf; --second: #dfa65f; --good: #66bb7f; --bad: #ef8078; }
:root[data-theme=light] { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main, header { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
html { scroll-padding-top: 70px; }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center;
  background: var(--paper); padding-top: 14px; padding-bottom: 12px; }
h1 { font-size: 20px; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 13px; font-weight: 600; color: var(--soft); margin: 0 0 8px; }
.soft { color: var(--soft); }
.state { display: inline-flex; align-items: center; gap: 7px; }
.state::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: var(--soft); }
.state.good::before { background: var(--good); }
.state.bad::before { background: var(--bad); }
.state.bad { color: var(--bad); }
.fill { flex: 1; }
button, input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 7px; padding: 6px 11px; }
button { cursor: pointer; }
button:disabled { opacity: .4; cursor: default; }
thead button:disabled { opacity: 1; }
summary { cursor: pointer; }
.none summary { list-style: none; pointer-events: none; }
.none summary::-webkit-details-marker { display: none; }
.key::before { content: ""; display: inline-block; width: 10px; height: 3px; border-radius: 2px; background: var(--accent);
  margin-right: 5px; vertical-align: middle; }
.key.second::before { background: var(--second); }
summary:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, tr:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.notice { border: 1px solid var(--bad); color: var(--bad); border-radius: 10px; padding: 10px 14px; margin-bottom: 14px; white-space: pre-line; }
.notice.mild { border-color: var(--line); color: var(--soft); }
.stale main > :not(.notice), .stale #one-body { opacity: .5; }
.grid { display: grid; gap: 14px; margin-bottom: 14px; }
.three { grid-template-columns: repeat(3, 1fr); }
.two { grid-template-columns: repeat(2, 1fr); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; }
.big { font-size: 26px; line-height: 1.2; letter-spacing: -.02em; }
.plot { display: block; width: 100%; margin-top: 8px; overflow: visible; }
.plot text { font-size: 11px; fill: var(--soft); }
.plot .axis { stroke: var(--line); }
.plot .line { fill: none; stroke: var(--accent); stroke-width: 1.7; stroke-linejoin: round; }
.plot .second { stroke: var(--second); }
.plot .dots { stroke-width: 5; stroke-linecap: round; }
.plot .bar { fill: var(--accent); }
ul { list-style: none; margin: 0; padding: 0; }
li { padding: 6px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
li:first-child { border: 0; }
.controls { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-bottom: 10px; }
table ~ .controls { margin: 10px 0 0; }
#search { flex: 1 1 200px; min-width: 0; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { text-align: left; padding: 7px 8px; border-top: 1px solid var(--line); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
thead th { border-top: 0; padding: 0; }
thead button { background: none; border: 0; padding: 6px 8px; color: var(--soft); font-size: 13px; font-weight: 600; width: 100%; text-align: inherit; }
.number { text-align: right; }
.kind { width: 92px; } .value, .rate { width: 120px; } .trend { width: 150px; }
bdi { white-space: pre-wrap; }
.unseen { display: inline-block; line-height: 1.2; white-space: nowrap; font-size: .75em; color: var(--bad); border: 1px solid; border-radius: 4px; padding: 0 3px; margin: 0 1px; }
td.name { overflow-wrap: anywhere; white-space: normal; }
tbody tr { cursor: pointer; }
tbody tr:hover { background: color-mix(in srgb, var(--accent) 7%, transparent); }
tr.idle td { color: var(--soft); }
.small { margin: 0; height: 26px; }
.small > * { vector-effect: non-scaling-stroke; }
.empty { padding: 28px 8px; text-align: center; color: var(--soft); }
dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: var(--ink); width: min(720px, calc(100vw - 24px)); padding: 0 20px 20px; }
dialog::backdrop { background: rgb(0 0 0 / .45); }
dialog .top { position: sticky; top: 0; background: var(--card); padding: 16px 0 6px; }
dialog .top > :first-child { display: flex; gap: 12px; align-items: start; }
dialog .notice { margin: 8px 0 0; }
dialog h3 { margin: 0 0 2px; font-size: 17px; overflow-wrap: anywhere; flex: 1; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(105px, 1fr)); gap: 10px; margin: 14px 0; }
.facts div { overflow-wrap: anywhere; }
.facts div span { display: block; font-size: 12px; color: var(--soft); }
dialog h2 { margin-top: 16px; }
footer { padding: 4px 0 28px; font-size: 13px; }
[hidden] { display: none !important; }
@media (max-width: 700px) {
  main, header { padding-left: 12px; padding-right: 12px; }
  .three, .two { grid-template-columns: 1fr; }
  header { padding-top: 8px; padding-bottom: 8px; }
  .fill { display: none; } #theme { margin-left: auto; padding: 3px 9px; font-size: 13px; }
  #about { order: 1; flex: 1 0 100%; font-size: 13px; }
  header, .controls { column-gap: 10px; }
  .kind { display: none; }
  table, thead, tbody { display: block; }
  tr { display: grid; grid-template-columns: minmax(0, 1fr) 92px 92px; align-items: center; border-top: 1px solid var(--line); }
  thead tr { border-top: 0; }
  thead .trend { display: none; }
  th, td { width: auto !important; border-top: 0; padding: 3px 4px; }
  thead button { padding: 6px 4px; }
  td.name { grid-column: 1 / -1; padding-top: 7px; }
  td.name::before { content: attr(data-mark); float: right; margin-left: 10px; font-size: 12px; color: var(--soft);
    border: 1px solid var(--line); border-radius: 5px; padding: 0 6px; }
  td.trend { grid-area: 2 / 1; padding-bottom: 7px; }
}
</style>
</head>
<body>
<header>
<h1>quipud</h1><span class="state" id="state" role="status">connecting</span>
<span class="soft" id="about"></span><span class="fill"></span>
<button id="theme" type="button">Theme: system</button>
</header>
<main>
<div class="notice" id="notice" role="alert" hidden></div>
<section class="grid three">
<div class="card"><h2>Lines per second</h2><div class="big" id="lines">–</div><div class="soft" id="lines-all"></div><svg class="plot" id="lines-plot" height="110"></svg></div>
<div class="card"><h2>Bytes per second</h2><div class="big" id="bytes">–</div><div class="soft" id="bytes-all"></div><svg class="plot" id="bytes-plot" height="110"></svg></div>
<div class="card"><h2>Lines refused or lost per second</h2><div class="big" id="refused">–</div><details class="soft"><summary id="refused-all"><span class="key" id="refused-count"></span>, <span class="key second" id="lost-count"></span> in all</summary><ul id="causes"></ul></details><svg class="plot" id="refused-plot" height="110"></svg></div>
</section>
<section class="grid two">
<div class="card"><h2>Ways in</h2><ul id="listeners"></ul></div>
<div class="card"><h2>Ways out</h2><ul id="sinks"></ul></div>
</section>
<section class="card">
<div class="controls">
<input id="search" type="search" maxlength="200" placeholder="Search names and tags" aria-label="Search names and tags" autocomplete="off" spellcheck="false">
<select id="kind" aria-label="Kind"><option value="">all kinds</option><option value="counter">counters</option><option value="timer">timers</option><option value="gauge">gauges</option><option value="set">sets</option><option value="keyvalue">key/values</option></select>
<span class="soft" id="matched"></span>
</div>
<table>
<thead><tr><th><button type="button" data-sort="name">Name</button></th><th class="kind"><button type="button" data-sort="kind">Kind</button></th><th class="value number"><button type="button" data-sort="value">Value</button></th><th class="rate number"><button type="button" data-sort="rate">Per second</button></th><th class="trend"><button type="button" disabled>History</button></th></tr></thead>
<tbody id="rows"></tbody>
</table>
<div class="empty" id="empty" hidden></div>
<div class="controls"><button id="back" type="button" hidden>Back</button><button id="on" type="button" hidden>Next</button><span class="soft" id="where"></span></div>
</section>
<footer class="soft">A timer's value is its median, a counter's the sum of one interval. <span id="foot"></span></footer>
</main>
<dialog id="one"><div class="top"><div><h3 id="one-name"></h3><button id="close" type="button">Close</button></div>
<div class="soft" id="one-kind"></div><div class="notice" id="one-notice" hidden>The server does not answer. This is as it last was.</div></div><div id="one-body"></div></dialog>
<script>
'use strict';
const $ = id => document.getElementById(id);
const svg = (name, attributes, text) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  return made;
};
const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // text from the wire is never markup
  return made;
};
function write(into, text) { if (into.textContent !== text) into.textContent = text; }
// Text from the wire: it has a direction of its own, and characters that one cannot see are told.
const unseen = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}])/u;
const wired = (text, className) => {
  const made = element('bdi', className);
  made.append(...text.split(unseen).map((part, i) =>
    i % 2 ? element('span', 'unseen', 'U+' + part.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')) : part));
  return made;
};
// What is not 0 never reads as 0.
const digits = (value, most) => Number(value.toPrecision(most)).toExponential();
const beyond = value => value !== 0 && (Math.abs(value) >= 1e15 || Math.abs(value) < 1e-5);
const number = value => {
  if (value === null || value === undefined) return '–';
  if (beyond(value)) return digits(value, 3);
  const size = Math.abs(value);
  return value.toLocaleString('en', size < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: size < 10 ? 3 : size < 1000 ? 2 : 0 });
};
const short = value => {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (beyond(value)) return digits(value, 2);
  for (const [unit, of] of [['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]])
    if (size >= Math.max(of, 1e4) * .99995) return (value / of).toFixed(1) + ' ' + unit;
  return size < .01 ? value.toLocaleString('en', { maximumSignificantDigits: 2 }) : number(value);
};
const exact = value => beyond(value) ? digits(value, 17)
  : value.toLocaleString('en', Math.abs(value) < 1e6 ? { maximumSignificantDigits: 6 } : { maximumFractionDigits: 3 });
const duration = seconds => seconds < 60 ? seconds + ' s' : seconds < 3600 ? Math.floor(seconds / 60) + ' min'
  : seconds < 86400 ? Math.floor(seconds / 3600) + ' h ' + Math.floor(seconds % 3600 / 60) + ' min'
  : Math.floor(seconds / 86400) + ' d ' + Math.floor(seconds % 86400 / 3600) + ' h';
const clock = seconds => new Date(seconds * 1000).toLocaleTimeString();

// The lines through values, and a dot for each that has none beside it.
function lines(values, low, high, width, height, left, top, className) {
  let line = '', dots = '';
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const none = i => values[i] === null || values[i] === undefined;
  values.forEach((value, i) => {
    if (none(i)) return;
    const at = (left + i * step).toFixed(1) + ' ' + (top + height - (high > low ? (value - low) / (high - low) : .5) * height).toFixed(1);
    if (!none(i - 1)) line += 'L' + at;
    else if (!none(i + 1)) line += 'M' + at;
    else dots += 'M' + at + 'h.01';
  });
  return [svg('path', { class: 'line ' + className, d: line }), svg('path', { class: 'line dots ' + className, d: dots })];
}
function limits(series, fromZero) {
  const all = series.flat().filter(value => value !== null);
  if (!all.length) return null;
  let low = Math.min(...all), high = Math.max(...all);
  if (fromZero) { low = Math.min(0, low); high = Math.max(0, high) || (low ? 0 : 1); }
  if (low === high) { low -= Math.abs(low) / 2 || 1; high += Math.abs(high) / 2 || 1; }
  return [low, high];
}
// Lines across a plot with a label each, from the lowest on. Returns where the plot begins.
function axis(into, labels, width, top, inner) {
  const left = Math.max(46, 12 + 7 * Math.max(...labels.map(label => label.length)));
  labels.forEach((label, i) => {
    const y = top + inner * (1 - i / (labels.length - 1));
    into.append(svg('line', { class: 'axis', x1: left, x2: width, y1: y, y2: y }), svg('text', { x: left - 7, y: y + 4, 'text-anchor': 'end' }, label));
  });
  return left;
}
function plot(into, times, series, fromZero) {
  const width = into.clientWidth || 300, height = Number(into.getAttribute('height'));
  const top = 8, inner = height - 28;
  into.setAttribute('viewBox', `0 0 ${width} ${height}`);
  into.replaceChildren();
  const range = limits(series, fromZero);
  if (!range) { into.append(svg('text', { x: width / 2, y: height / 2, 'text-anchor': 'middle' }, 'nothing yet')); return; }
  const [low, high] = range, marks = [low, low + (high - low) / 2, high];
  const none = series.flat().every(value => !value), briefly = marks.map(short);
  const left = axis(into, none && fromZero ? ['0', '', ''] : new Set(briefly).size === 3 ? briefly : marks.map(exact), width, top, inner);
  series.forEach((values, i) => {
    into.append(...lines(values, low, high, width - left, inner, left, top, i ? 'second' : ''));
  });
  into.append(svg('text', { x: left, y: height - 4 }, clock(times[0])));
  if (times.length > 1) into.append(svg('text', { x: width, y: height - 4, 'text-anchor': 'end' }, clock(times[times.length - 1])));
}
function smallPlot(into, values) {
  const range = limits([values], true);
  into.replaceChildren();
  into.parentElement.title = range ? `from ${number(range[0])} to ${number(range[1])}; the last ${values.length} intervals` : '';
  if (!range) return;
  const zero = 22 + 18 * range[0] / (range[1] - range[0]);
  into.append(svg('line', { class: 'axis', x1: 0, x2: 130, y1: zero, y2: zero }), ...lines(values, range[0], range[1], 126, 18, 2, 4, ''));
}

const asked = { search: '', kind: '', sort: 'name', order: 'asc', offset: 0, limit: 50 };
let following = new AbortController(), retry = 0, silence = 0, shown = null, lastFlush = 0, opened = '', wait = 1000;

// A browser has few connections to one host: a page that nobody sees needs none.
async function connect() {
  leave();
  if (document.hidden) return;
  const { signal } = following = new AbortController();
  try {
    const answer = await get('/api/events?' + new URLSearchParams(asked), signal, [503]);
    if (answer.status === 503) await look(signal); else await follow(answer.body, signal);
  } catch (error) {
    if (!signal.aborted) disconnected();
  }
}
function leave() {
  clearTimeout(retry); clearTimeout(silence);
  following.abort();
}
async function get(path, signal, also = []) {
  hear();
  const answer = await fetch(path, { signal });
  if (answer.ok || also.includes(answer.status)) return answer;
  throw new Error(path + ': ' + answer.status);
}
// An event comes every second: ten without any are an end.
function hear() { clearTimeout(silence); silence = setTimeout(disconnected, 10000); }
async function follow(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream ended');
    const events = (text + value).split('\n\n');
    text = events.pop();
    hear();
    if (events.length) take(JSON.parse(events.pop().slice('data: '.length)));
  }
}
// The server lets no more pages follow: this one asks for what they are told.
async function look(signal) {
  const paths = ['/api/status', '/api/series?' + new URLSearchParams(asked)];
  const [status, list] = await Promise.all(paths.map(async path => (await get(path, signal)).json()));
  clearTimeout(silence);
  take({ status, list, seldom: true });
  retry = setTimeout(connect, 10000);
}
function disconnected() {
  leave();
  document.body.className = 'stale';
  state('bad', 'disconnected');
  notice('The server does not answer. ' + (shown ? 'What is below is as it last was; this' : 'This') + ' page tries again by itself.');
  noteInDialog();
  retry = setTimeout(connect, wait);
  wait = Math.min(wait * 2, 8000);
}
function take(news) {
  wait = 1000;
  document.body.className = '';
  try { show(news); } catch (error) { reportError(error); }
  noteInDialog();
}
function state(kind, text) { $('state').className = 'state ' + kind; write($('state'), text); }
function notice(text, mild) { $('notice').hidden = !text; $('notice').className = mild ? 'notice mild' : 'notice'; write($('notice'), text); }
function noteInDialog() {
  $('one-notice').hidden = document.body.className !== 'stale';
}

function show(news) {
  shown = news;
  const its = news.status;
  state(its.health === 'healthy' ? 'good' : 'bad', its.health);
  const wrong = its.ailments.trim();
  notice([wrong, news.seldom ? 'Too many pages follow the server already: this one asks every 10 seconds instead.' : ''].filter(Boolean).join('\n'), !wrong);
  draw(news);
  if (opened && lastFlush !== its.flushes) open(opened);
  lastFlush = its.flushes;
}
function draw(news) {
  const its = news.status, past = its.past, last = past.times.length - 1;
  $('about').textContent = `${its.version} · ${its.profile} · up ${duration(its.uptime)} · every ${number(its.interval_seconds)} s`;
  $('lines').textContent = last < 0 ? '–' : short(past.lines[last]);
  $('bytes').textContent = last < 0 ? '–' : short(past.bytes[last]);
  $('refused').textContent = last < 0 ? '–' : short(past.refused[last] + past.lost_lines[last]);
  $('lines-all').textContent = number(its.lines) + ' lines in all';
  $('bytes-all').textContent = number(its.bytes) + ' bytes in all';
  const causes = Object.entries(its.causes).sort((a, b) => b[1] - a[1]);
  $('refused-count').textContent = number(its.refused) + ' refused';
  $('lost-count').textContent = (its.lost_lines ? 'some ' : '') + number(its.lost_lines) + ' lost';
  $('causes').replaceChildren(...causes.map(([why, count]) => element('li', '', `${number(count)} × ${why}`)));
  $('causes').parentElement.className = causes.length ? 'soft' : 'soft none';
  plot($('lines-plot'), past.times, [past.lines], true);
  plot($('bytes-plot'), past.times, [past.bytes], true);
  plot($('refused-plot'), past.times, [past.refused, past.lost_lines], true);
  $('listeners').replaceChildren(...its.listeners.map(one => health(one.at, !(one.recent && (one.recent.dropped || one.recent.turned_away)), [
    number(one.lines) + ' lines in ' + number(one.packets) + (one.at.startsWith('udp') || one.at.startsWith('unixgram') ? ' datagrams' : ' reads'),
    one.connections ? number(one.connections) + ' open' : '',
    both(one, 'dropped', 'datagrams lost in the system\u2019s buffer'), one.lost_lines ? `some ${number(one.lost_lines)} lines lost` : '',
    both(one, 'oversized', 'datagrams too long'), both(one, 'turned_away', 'connections turned away')])));
  $('sinks').replaceChildren(...its.sinks.map(one => health(one.name, !one.failing && !one.recent_dropped, [
    one.failing ? one.error : one.last_success ? 'last flush ' + clock(one.last_success) : 'no flush yet', number(one.successes) + ' taken',
    one.waiting ? number(one.waiting) + ' waiting' : '', one.on_disk ? number(one.on_disk) + ' on disk' : '', one.failures ? number(one.failures) + ' failures' : '', one.dropped ? number(one.dropped) + (one.repeater ? ' messages' : ' flushes') + ' dropped' + (one.recent_dropped ? '' : ', none lately') : ''])));
  if (!its.sinks.length) $('sinks').append(element('li', 'soft', 'none'));
  $('foot').textContent = `Flush ${its.flushes}: ${number(its.flush_milliseconds)} ms; longest input gap ${number(its.input_gap_milliseconds)} ms.`;
  showList(news.list);
}
// What ever happened, and how much of that lately.
function both(one, what, words) {
  if (!one[what]) return '';
  const lately = one.recent ? one.recent[what] : 0;
  return `${number(one[what])} ${words}` + (lately ? `, ${number(lately)} of them lately` : ', none lately');
}
function health(name, good, facts) {
  const made = element('li');
  made.append(element('span', 'state ' + (good ? 'good' : 'bad'), name), element('div', 'soft', facts.filter(Boolean).join(' · ')));
  return made;
}
const rowOf = new Map(); // by what asks for the series: its kind and name
let pressed = false; // a row under a pointer stays where it is, or its click would be lost
function makeRow(one) {
  const row = element('tr'), name = element('td', 'name'), trend = element('td', 'trend');
  row.tabIndex = 0; row.dataset.query = one.query;
  name.dataset.mark = one.kind;
  name.append(wired(one.name), wired(one.tags, 'soft'));
  trend.append(svg('svg', { class: 'plot small', viewBox: '0 0 130 26', preserveAspectRatio: 'none', 'aria-hidden': 'true' }));
  row.append(name, element('td', 'kind soft', one.kind), element('td', 'value number'), element('td', 'rate number'), trend);
  return row;
}
function showRows(rows) {
  const focused = document.activeElement, there = new Set(rows.map(one => one.query));
  for (const [query, row] of rowOf) if (!there.has(query)) { row.remove(); rowOf.delete(query); }
  rows.forEach((one, i) => {
    if (!rowOf.has(one.query)) rowOf.set(one.query, makeRow(one));
    const row = rowOf.get(one.query), [, , value, rate, trend] = row.children;
    row.className = one.idle ? 'idle' : '';
    for (const [cell, its] of [[value, one.value], [rate, one.rate]]) {
      write(cell, number(its));
      cell.title = its === null ? '' : exact(its);
    }
    smallPlot(trend.firstChild, one.points || []);
    if ($('rows').children[i] !== row) $('rows').insertBefore(row, $('rows').children[i] || null);
  });
  const cut = rows.flatMap(one => [[rowOf.get(one.query).children[2], one.value], [rowOf.get(one.query).children[3], one.rate]])
    .filter(([cell]) => cell.scrollWidth > cell.clientWidth);
  for (const [cell, its] of cut) write(cell, short(its));
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}
function showList(list) {
  for (const button of document.querySelectorAll('[data-sort]')) {
    const mine = button.dataset.sort === asked.sort;
    button.textContent = button.textContent.replace(/ [↑↓]$/, '') + (mine ? (asked.order === 'asc' ? ' ↑' : ' ↓') : '');
    button.parentElement.setAttribute('aria-sort', mine ? (asked.order === 'asc' ? 'ascending' : 'descending') : 'none');
  }
  const rows = list ? list.rows : [];
  if (!pressed) showRows(rows);
  const all = list ? list.series : 0, matched = list ? list.matched : 0;
  $('matched').textContent = all === matched ? `${number(all)} series` : `${number(matched)} of ${number(all)} series`;
  $('empty').hidden = rows.length > 0;
  $('empty').textContent = !shown.status.flushes ? `Waiting for the first flush: one comes every ${number(shown.status.interval_seconds)} seconds.`
    : all ? 'No series matches.' : 'No series yet. Send a line such as hits:1|c to one of the ways in above.';
  $('back').hidden = $('on').hidden = matched <= asked.limit && !asked.offset;
  $('back').disabled = !asked.offset;
  $('on').disabled = asked.offset + rows.length >= matched;
  $('where').textContent = matched > asked.limit ? `${number(asked.offset + 1)} to ${number(asked.offset + rows.length)}` : '';
}

async function open(query) {
  opened = query;
  let its = null;
  try {
    const answer = await fetch('/api/series/one?' + query);
    if (answer.ok) its = await answer.json();
  } catch { // what is there stays, and the notice says so
    if (opened === query && !$('one').open) { empty(query, 'There is nothing to show.'); disconnected(); }
    return;
  }
  if (opened !== query) return;
  const body = $('one-body');
  if (!its) return empty(query, 'This series is gone.');
  $('one-name').replaceChildren(wired(its.name), wired(its.tags));
  $('one-kind').textContent = its.kind + (its.idle ? ' · idle' : '');
  const facts = [];
  const fact = (name, value) => { if (value !== null && value !== undefined) facts.push([name, value]); };
  if (its.kind === 'timer') {
    fact('count', its.count); fact('per second', its.rate); fact('mean', its.mean); fact('deviation', its.deviation);
    fact('least', its.min); fact('largest', its.max); fact('sum', its.sum);
  } else if (its.kind === 'set') {
    fact(its.exact ? 'members' : 'members, about', its.value);
    if (its.standard_error !== undefined) facts.push(['standard error', its.exact ? 'none: exact' : (100 * its.standard_error).toFixed(2) + ' %']);
  } else { fact('value', its.value); fact('per second', its.rate); if (its.kind === 'counter') fact('in all', its.total); }
  const grid = element('div', 'facts');
  for (const [name, value] of facts) {
    const one = element('div');
    one.append(element('span', '', name), typeof value === 'number' ? exact(value) : value);
    grid.append(one);
  }
  const parts = [grid];
  const title = element('h2', '', its.kind === 'timer' ? '' : its.kind === 'counter' ? 'Per second' : 'Over time');
  if (its.kind === 'timer') title.append(element('span', 'key', 'Median'), ', ', element('span', 'key second', '99th percentile'));
  const chart = svg('svg', { class: 'plot', height: 150 });
  if (its.times && its.times.length)
    parts.push(title, chart);
  const bars = svg('svg', { class: 'plot', height: 150 });
  if (its.bins) {
    parts.push(element('h2', '', (its.distribution_at ? 'Distribution of the last interval with values, at ' + new Date(1000 * its.distribution_at).toLocaleTimeString() : 'Distribution of the last interval') + (byFactors(its.bins) ? '; each bar is wider than the one before by the same factor' : '')), bars, element('h2', '', 'Percentiles'));
    const list = element('div', 'facts');
    for (const [percent, value] of its.percentiles) {
      const one = element('div');
      one.append(element('span', '', percent + ' %'), exact(value));
      list.append(one);
    }
    parts.push(list);
  } else if (its.kind === 'timer') parts.push(element('p', 'soft', 'No values came in the last interval.'));
  body.replaceChildren(...parts);
  if (!$('one').open) $('one').showModal();
  if (its.times && its.times.length) plot(chart, its.times, its.highs ? [its.values, its.highs] : [its.values], its.kind !== 'gauge');
  if (its.bins) histogram(bars, its.bins);
}
function empty(query, why) {
  const its = new URLSearchParams(query);
  $('one-name').replaceChildren(wired(its.get('name'))); $('one-kind').textContent = its.get('kind');
  $('one-body').replaceChildren(element('p', 'empty', why));
  if (!$('one').open) $('one').showModal();
}
function byFactors(bins) {
  const wide = i => bins[i][1] - bins[i][0];
  return bins.length > 2 && wide(bins.length - 1) > 1.05 * wide(1);
}
function histogram(into, bins) {
  const width = into.clientWidth || 600, height = 150, top = 8, inner = height - 28;
  into.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const high = Math.max(...bins.map(bin => bin[2])), left = axis(into, ['0', short(high)], width, top, inner);
  const step = (width - left) / bins.length;
  bins.forEach((bin, i) => {
    const tall = bin[2] / high * inner, bar = svg('rect', { class: 'bar', x: left + i * step + 1, width: Math.max(step - 2, 1), y: top + inner - tall, height: tall });
    bar.append(svg('title', {}, `${number(bin[0])} to ${number(bin[1])}: ${number(bin[2])}`));
    into.append(bar);
  });
  into.append(svg('text', { x: left, y: height - 4 }, number(bins[0][0])), svg('text', { x: width, y: height - 4, 'text-anchor': 'end' }, number(bins[bins.length - 1][1])));
}

function ask(change) { Object.assign(asked, { offset: 0 }, change); connect(); }
let typing = 0;
$('search').oninput = () => { clearTimeout(typing); typing = setTimeout(() => ask({ search: $('search').value }), 200); };
$('kind').onchange = () => ask({ kind: $('kind').value });
for (const button of document.querySelectorAll('[data-sort]')) button.onclick = () => ask(button.dataset.sort === asked.sort
  ? { order: asked.order === 'asc' ? 'desc' : 'asc' } : { sort: button.dataset.sort, order: button.dataset.sort === 'value' || button.dataset.sort === 'rate' ? 'desc' : 'asc' });
const chosenRow = event => { const row = event.target.closest('tr'); if (row) open(row.dataset.query); };
$('rows').onclick = chosenRow;
$('rows').onkeydown = event => { if (event.key === 'Enter') chosenRow(event); };
$('rows').onpointerdown = () => { pressed = true; };
for (const what of ['pointerup', 'pointercancel', 'blur']) addEventListener(what, () => { pressed = false; });
$('back').onclick = () => ask({ offset: Math.max(0, asked.offset - asked.limit) });
$('on').onclick = () => ask({ offset: asked.offset + asked.limit });
$('close').onclick = () => $('one').close();
$('one').onclose = () => { opened = ''; };
const themes = ['system', 'light', 'dark'];
function theme(name) {
  if (name === 'system') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = name;
  $('theme').textContent = 'Theme: ' + name;
}
let chosen = 'system';
try { chosen = themes.includes(localStorage.theme) ? localStorage.theme : 'system'; } catch {}
theme(chosen);
$('theme').onclick = () => {
  theme(chosen = themes[(themes.indexOf(chosen) + 1) % 3]);
  try { localStorage.theme = chosen; } catch {}
};
addEventListener('resize', () => { if (shown) draw(shown); });
document.onvisibilitychange = connect;
connect();
</script>
</body>
</html>
)html";
// clang-format on

} // namespace quipu
