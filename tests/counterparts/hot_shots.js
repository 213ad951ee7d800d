// Sends a fixed set of metrics with hot-shots: node hot_shots.js udp|tcp HOST PORT.
// clients.py expects their sums; keys begin with the protocol's name.
'use strict';

const StatsD = require('hot-shots');

const [protocol, host, port] = process.argv.slice(2);
Math.random = () => 0; // every sampled metric is sent

const client = new StatsD({
  protocol,
  host,
  port: Number(port),
  prefix: `${protocol}.`,
  globalTags: {service: 'shop'},
  maxBufferSize: 512,
  datadog: true, // appends |c: and |card: to every line
  containerID: 'ci-4711',
  cardinality: 'low',
  includeDatadogTelemetry: false,
  errorHandler(error) {
    console.error(error);
    process.exitCode = 1;
  },
});

client.increment('orders');
client.increment('orders', 4);
client.decrement('orders', 2);
client.increment('orders', 3, 0.5);
client.increment(['apples', 'pears'], 2);
client.increment('orders', 5, {country: 'pe', channel: 'web'});
client.increment('orders', 6, {channel: 'web', country: 'pe'});

client.timing('latency', 12.5);
client.timing('latency', 250);
client.histogram('size', 1000);
client.histogram('size', 24);
client.distribution('weight', 7, 0.5);

client.gauge('stock', 40);
client.gaugeDelta('stock', 2.5);
client.gaugeDelta('stock', -10);
client.gauge('stock', 7, ['shelf:a']);

client.set('users', 'ann');
client.unique('users', 'bob');
client.set('users', 'ann');
client.set('users', 4711);

// Neither is a metric: what follows must not suffer.
client.event('deployed', 'version 2 | all shelves\nsecond line');
client.check('database', client.CHECKS.WARNING, {message: 'slow'});

const child = client.childClient({prefix: 'child.', globalTags: {worker: '1'}});
child.increment('jobs', 8);

client.close((error) => {
  if (error) {
    console.error(error);
    process.exitCode = 1;
  }
});
