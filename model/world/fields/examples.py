"""What to write where neither a default nor the kind of value shows it, as TOML."""

from __future__ import annotations

from collections.abc import Mapping

MIX = '{ newsfeed = "60 %", profile = "20 %", post = "10 %", follow = "5 %", register = "5 %" }'
# By table and field.  Each is valid in the minimal scenario of the page.
EXAMPLES: Mapping[str, str] = {
    "Scenario.name": '"evening"',
    "Scenario.people": '{ users = "2 M", followers = { max = "100 k" } }',
    "Scenario.traffic": f'{{ rate = "40/s", mix = {MIX} }}',
    "Scenario.quick": '["simulation.duration=5 s", "simulation.replications=4"]',
    "Scenario.variants": '{ push = ["policy.strategy=push"] }',
    "Scenario.expect": '[{ that = "newsfeed.p99", below = "1 s" }]',
    "People.users": '"1 B"',
    "People.regions": '{ eu-west = "40 %", us-east = "60 %" }',
    "Followers.max": '"100 k"',
    "Followers.quantiles": '[["50 %", 1], ["95 %", 95], ["99.9 %", 2300], ["100 %", "100 k"]]',
    "Followers.edges": '"edges.txt"',
    "Traffic.mix": MIX,
    "Traffic.requests_per_active_day": "260",
    "Day.starts_at": "18.5",
    "Recorded.file": '"requests.csv"',
    "Autoscaling.max": "8",
    "Crash.station": '"timeline"',
    "Slow.station": '"post_db"',
    "RegionLoss.region": '"eu-west"',
    "FlashCrowd.times": "3",
    "FlashCrowd.endpoints": '["newsfeed", "image"]',
    "CelebrityPost.followers": '"30 M"',
    "AddShards.shards": "2",
    "Expectation.that": '"newsfeed.p99"',
    "Expectation.variant": '"base"',
    "Expectation.below": '"1 s"',
    "Expectation.above": '"100 ms"',
    "Expectation.times": '"base"',
    "Expectation.of": '"newsfeed.p99.before"',
}
