# Sends a fixed set of metrics with Net::Statsd over UDP: perl net_statsd.pl HOST PORT.
# clients.py expects their sums.
use strict;
use warnings;

use Net::Statsd;

($Net::Statsd::HOST, $Net::Statsd::PORT) = @ARGV;

Net::Statsd::increment('orders');
Net::Statsd::inc('orders', 1);
Net::Statsd::decrement('orders');
Net::Statsd::update_stats(['orders', 'apples'], 5);
Net::Statsd::increment(['pears', 'figs']);

Net::Statsd::timing('latency', 12);
Net::Statsd::timing('latency', 250);

Net::Statsd::gauge('stock' => 40);
Net::Statsd::gauge('stock' => 7.25, 'depth' => 3);
