"""The same questions answered from what others published, and from our own benchmark."""

from __future__ import annotations

from model.answers.sizing.figures import Figure, given, product
from model.answers.sizing.memory import Memory
from model.answers.sizing.rates import Rates

# Deliveries a second of one r6gd.large (two vCPUs), read off the chart at 128 and at 8 nodes.
RAMA_PER_NODE = (61_000.0, 76_000.0)
RAMA = "Red Planet Labs, Twitter-scale Mastodon, README and scalability chart, 2023"
# A delivery's CPU time: worker, timeline servers, and the rest that it takes.
DELIVERY_S = (4.15e-6, 9.45e-6, 3.15e-6)
BENCH = "measured in this project (reports/feed_bench.md)"
# 40 TB of timelines in 6,000 instances.
TWITTER_BYTES = 40e12 / 6_000
TWITTER = "Yao Yue on Twitter's timeline cache, 2014"


def comparisons_of(peak: Rates, memory: Memory) -> tuple[Figure, ...]:
    """Return what our figures would be by the efficiency of others.

    These reckon copy by copy.  The machines reckon visit by visit as the calibration knows them,
    one for all copies of a chunk on one server: the more servers there are, the fewer copies
    share a visit, and the more a copy costs beside these.
    """
    nodes = tuple(
        product(
            f"nodes of Rama for the copies, {which}",
            "nodes",
            peak.copies,
            over=(given(rate_per_s, "copies/s a node", which, source=RAMA),),
        )
        for which, rate_per_s in zip(("at worst", "at best"), RAMA_PER_NODE, strict=True)
    )
    each = given(sum(DELIVERY_S), "s a copy", "CPU time of a delivery", source=BENCH)
    cores = product("cores for the copies, by our benchmark", "cores busy", peak.copies, each)
    room = given(TWITTER_BYTES, "B an instance", "an instance", source=TWITTER)
    instances = product(
        "instances of Twitter's size for timelines, all copies",
        "instances",
        memory.timeline_copies,
        over=(room,),
    )
    return (*nodes, cores, instances)
