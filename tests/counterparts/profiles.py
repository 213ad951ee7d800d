"""What each profile calls the statistics, and what their values are: written down a second time,
independently of the server, from the behaviour of the servers that the profiles stand for.

A key may end in tags, `;name=value`: they stay at the end of whatever is made of it.
"""

import math
import statistics
from typing import Optional, Sequence


def _named(pattern: str, key: str) -> str:
    name, semicolon, tags = key.partition(";")
    return pattern.format(name) + semicolon + tags


def _moments(values: Sequence[float]) -> dict:
    return {
        "sum": sum(values),
        "mean": sum(values) / len(values),
        "lower": min(values),
        "upper": max(values),
    }


def _lowest(values: Sequence[float], percent: int, count: int) -> dict:
    """The statistics of the `count` smallest values, under the names that a percentile gives."""
    kept = sorted(values)[:count]
    return {
        f"count_{percent}": count,
        f"mean_{percent}": sum(kept) / count,
        f"sum_{percent}": sum(kept),
        f"sum_squares_{percent}": sum(value * value for value in kept),
        f"upper_{percent}": kept[-1],
    }


class Native:
    """quipu's own profile."""

    name = "quipu"
    kinds = frozenset({"counter", "timer", "gauge", "set", "keyvalue", "tags"})
    sorts_tags = True
    idle_counter: Optional[float] = None  # idle series are not sent

    count = staticmethod(lambda key: _named("stats.counters.{}.count", key))
    rate = staticmethod(lambda key: _named("stats.counters.{}.rate", key))
    gauge = staticmethod(lambda key: _named("stats.gauges.{}", key))
    members = staticmethod(lambda key: _named("stats.sets.{}.count", key))
    keyvalue = staticmethod(lambda key: _named("stats.kv.{}", key))

    @staticmethod
    def timer(key: str, statistic: str) -> str:
        return _named("stats.timers.{}." + statistic, key)

    @staticmethod
    def timer_statistics(values: Sequence[float], weight: float = 1) -> dict:
        """A sampled value stands for `weight` equal ones, in everything."""
        everything = sorted(value for value in values for _ in range(int(weight)))
        found = _moments(everything) | {
            "count": len(everything),
            "rate": len(everything),
            "sum_squares": sum(value * value for value in everything),
            "std": statistics.pstdev(everything),
            "median": statistics.median(everything),
        }
        for percent in (50, 90, 99):  # by nearest rank
            found |= _lowest(everything, percent, math.ceil(percent * len(everything) / 100))
        return found

    @staticmethod
    def is_own(name: str) -> bool:
        """Whether a name is about the server itself."""
        return name.startswith("stats.quipu.")


class DogStatsD(Native):
    """What Datadog's clients send, under quipu's names."""

    name = "dogstatsd"


class Etsy:
    """Etsy's statsd, with the legacy names that it uses by default."""

    name = "etsy"
    kinds = frozenset({"counter", "timer", "gauge", "set", "tags"})
    sorts_tags = False
    idle_counter: Optional[float] = 0

    count = staticmethod(lambda key: _named("stats_counts.{}", key))
    rate = staticmethod(lambda key: _named("stats.{}", key))
    gauge = staticmethod(lambda key: _named("stats.gauges.{}", key))
    members = staticmethod(lambda key: _named("stats.sets.{}.count", key))

    @staticmethod
    def timer(key: str, statistic: str) -> str:
        return _named("stats.timers.{}." + statistic, key)

    @staticmethod
    def timer_statistics(values: Sequence[float], weight: float = 1) -> dict:
        """Only the count knows of the sampling rate."""
        found = _moments(values) | {
            "count": len(values) * weight,
            "count_ps": len(values) * weight,
            "sum_squares": sum(value * value for value in values),
            "std": statistics.pstdev(values),
            "median": statistics.median(values),
        }
        return found | _lowest(values, 90, math.floor(0.9 * len(values) + 0.5))

    @staticmethod
    def is_own(name: str) -> bool:
        return name.startswith(
            ("statsd.", "stats.statsd.", "stats_counts.statsd.", "stats.gauges.statsd.")
        )


class Kiip:
    """The Python statsite."""

    name = "kiip"
    kinds = frozenset({"counter", "timer", "keyvalue"})
    idle_counter: Optional[float] = None
    rate = None  # it has none

    count = staticmethod(lambda key: f"statsite.counts.{key}")
    keyvalue = staticmethod(lambda key: f"statsite.kv.{key}")

    @staticmethod
    def timer(key: str, statistic: str) -> str:
        return f"statsite.timers.{key}.{statistic}"

    @staticmethod
    def timer_statistics(values: Sequence[float], weight: float = 1) -> dict:
        """Rates are read and dropped. A percentile keeps the middle of the values, and its upper
        bound is the first value beyond that middle."""
        ordered = sorted(values)
        inner = int(len(ordered) * 0.9)
        low = (len(ordered) - inner) // 2
        middle = ordered[low : low + inner]
        return _moments(ordered) | {
            "count": len(ordered),
            "stdev": statistics.stdev(ordered),
            "sum_90": sum(middle),
            "mean_90": sum(middle) / inner,
            "lower_90": middle[0],
            "upper_90": ordered[low + inner],
            "count_90": inner,
            "stdev_90": statistics.stdev(middle),
        }

    @staticmethod
    def is_own(name: str) -> bool:
        return False


PROFILES = {profile.name: profile for profile in (Native, Etsy, Kiip)}
