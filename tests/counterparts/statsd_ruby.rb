# Sends a fixed set of metrics with Ruby's statsd over UDP: ruby statsd_ruby.rb HOST PORT.
# clients.py expects their sums.
require 'statsd'

# Every sampled metric is sent.
class Statsd
  private

  def rand
    0.0
  end
end

client = Statsd.new(ARGV[0], Integer(ARGV[1]))
client.namespace = 'shop'
client.postfix = 'pe'

client.increment('orders')
client.increment('orders', 0.5)
client.decrement('orders')
client.count('orders', 5)
client.count('Model::Basket', 3)
client.count('a:b|c@d', 2)

client.timing('latency', 12)
client.timing('latency', 250)
client.time('nap') { sleep 0.002 }

client.gauge('stock', 40)
client.gauge('stock', 7.25)
client.gauge('stock', '+3')

%w[ann bob ann].each { |user| client.set('users', user) }

client.batch do |many|
  many.batch_size = 4
  12.times { many.increment('batched') }
  many.gauge('depth', 3)
end
