"""Sends a fixed set of metrics with aiodogstatsd: aiodogstatsd_client.py HOST PORT.

clients.py expects their sums.
"""

import asyncio
import sys

import aiodogstatsd
import aiodogstatsd.client

aiodogstatsd.client.random = lambda: 0.0  # every sampled metric is sent


async def main(host: str, port: int) -> None:
    client = aiodogstatsd.Client(
        host=host, port=port, namespace="shop", constant_tags={"zone": "b"}, read_timeout=0.05
    )
    await client.connect()
    client.increment("orders", value=5)
    client.increment("orders")
    client.decrement("orders", value=2)
    client.increment("orders", value=3, sample_rate=0.5)
    client.increment("orders", value=7, tags={"country": "pe", "channel": "web"})
    client.gauge("stock", value=40)
    client.gauge("stock", value=-7.25)  # a value, not a change
    client.timing("latency", value=12.5)
    client.timing("latency", value=250)
    client.histogram("size", value=1024)
    client.distribution("weight", value=7, sample_rate=0.5)
    with client.timeit("nap"):
        await asyncio.sleep(0.002)
    await client.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
