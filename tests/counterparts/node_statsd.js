// Sends a fixed set of metrics with node-statsd over UDP: node node_statsd.js HOST PORT.
// clients.py expects their sums.
'use strict';

const {StatsD} = require('node-statsd');

const [host, port] = process.argv.slice(2);
Math.random = () => 0; // every sampled metric is sent

const client = new StatsD({host, port: Number(port), prefix: 'shop.', global_tags: ['zone:b']});

let unsent = 0;

// Sends through the named method and counts until the datagram has left.
function send(method, ...metric) {
  unsent += 1;
  client[method](...metric, (error) => {
    if (error) {
      console.error(error);
      process.exitCode = 1;
    }
    unsent -= 1;
    if (unsent === 0) {
      client.close();
    }
  });
}

send('increment', 'orders', 1);
send('increment', 'orders', 4);
send('decrement', 'orders', 2);
send('increment', 'orders', 3, 0.5);
send('increment', 'orders', 5, 1, ['country:pe', 'channel:web']);
send('increment', 'a key/with $ymbols', 9);

send('timing', 'latency', 12.5);
send('timing', 'latency', 250);
send('timing', 'latency', 30, 0.25);

send('gauge', 'stock', 40);
send('gauge', 'stock', 7.25);

send('set', 'users', 'ann');
send('unique', 'users', 'bob');
send('set', 'users', 'ann');

// Etsy's statsd counts what it does not know.
send('histogram', 'size', 1000);
send('histogram', 'size', 24);
