"""What a request brings along: where it is served, how far its data lie, what its network adds.

Each is a column of numbers, one row per kind of request, all rows equally likely; journeys name
the columns (`wiring`).  A column that no scenario like this one needs is not there.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from model.world.places import (
    acks_rtts_s,
    client_rtt_s,
    read_rtts_s,
    serving_zones,
    write_rtts_s,
    zone_regions,
)  # fmt: skip
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.scenario.events import HotShard

Columns = dict[str, NDArray[np.float64]]

ZONE, SHARD, INDEX_SHARD, CLIENT = "zone", "shard", "index_shard", "client_s"
FIRST_OF_INDEX, OTHERS_OF_INDEX = "index_first_s", "index_others_s"  # how far they are
COLD, EDGE_MISS = "cold", "edge_miss"  # 1 or 0: the timeline is gone, the edge has it not
STORE_OF = {  # station -> the table of the fleet that describes it
    "user_db": "user_store", "post_db": "post_store", "timeline_store": "timeline_store",
}  # fmt: skip
CLIENTS = 25  # people of one place, by how good their network is
GOLDEN = 0.618_033_988_749_895  # its multiples spread evenly, and in no order
LUCKS = 200  # rows among which what is now and then has its share
BYTES_PER_POST = 600  # of a page as JSON
BYTES_BESIDE = 1_500  # headers of a request and its answer, over TLS


def read_column(station: str) -> str:
    """Return the column that says how far the nearest copy at a store is."""
    return f"{station}_read_s"


def write_column(station: str) -> str:
    """Return the column that says how far the copy that takes the writes is, and who else acks."""
    return f"{station}_write_s"


def legs_column(station: str) -> str:
    """Return the column that says how far the farthest of many shards is, each at its nearest."""
    return f"{station}_legs_s"


def columns_of(
    scenario: Scenario, endpoint: Endpoint, client_region: str, avoided: Iterable[int] = ()
) -> Columns:
    """Return the rows of one kind of request from one region while some zones are avoided."""
    fleet = scenario.fleet
    columns: Columns = {}
    served = np.asarray(serving_zones(fleet, client_region, avoided))
    at_client = scenario.targets.measured_at == "client"
    grid = (served, np.arange(fleet.zones), np.arange(CLIENTS if at_client else 1))
    zone, first, client = (axis.ravel() for axis in np.meshgrid(*grid, indexing="ij"))
    if fleet.zones > 1:
        columns[ZONE] = zone.astype(np.float64)
        for station, table in STORE_OF.items():
            store = getattr(fleet, table)
            read = read_rtts_s(fleet, store.replicas, avoided)
            write = write_rtts_s(fleet, store.replicas, avoided)
            acked = acks_rtts_s(fleet, store, avoided)
            columns[read_column(station)] = read[zone, first]
            columns[write_column(station)] = write[zone, first] + acked[first]
            columns[legs_column(station)] = read.max(axis=1)[zone]
    if at_client:
        columns[CLIENT] = _client_s(scenario, endpoint, client_region)[zone, client]
    return columns


def with_share(columns: Columns, name: str, share: float) -> Columns:
    """Return the rows with one more column, which is 1 in a share of them and else 0."""
    return with_column(columns, name, (places() < share).astype(np.float64))


def with_column(columns: Columns, name: str, values: NDArray[np.float64]) -> Columns:
    """Return the rows with one more column, whose values go with each other row alike."""
    rows = len(next(iter(columns.values()))) if columns else 1
    widened = {column: np.repeat(old, len(values)) for column, old in columns.items()}
    return {**widened, name: np.tile(values, rows)}


def shards_among(luck: NDArray[np.float64], share: float, shards: int) -> NDArray[np.float64]:
    """Return the shard that each row asks for: number 0 in its share of them, else any other.

    `luck` is the place of each row, in (0, 1).
    """
    others = 1 + np.floor((luck - share) / (1 - share) * (shards - 1))
    shard: NDArray[np.float64] = np.where(luck < share, 0.0, others)
    return shard


def places() -> NDArray[np.float64]:
    """Return LUCKS places in (0, 1), evenly spread, in an order that no other column shares."""
    spread: NDArray[np.float64] = (np.arange(LUCKS, dtype=np.float64) * GOLDEN + 0.5 / LUCKS) % 1.0
    return spread


def hot_shard(scenario: Scenario) -> HotShard | None:
    """Return the hot shard of a scenario, if it has one; ScenarioError if it has several."""
    hot = [event for event in scenario.events if isinstance(event, HotShard)]
    if len(hot) > 1:
        raise ScenarioError("events: at most one hot-shard")
    return hot[0] if hot else None


def _client_s(scenario: Scenario, endpoint: Endpoint, region: str) -> NDArray[np.float64]:
    """Return what the way to people adds, by zone and how good their network is, in seconds.

    One round trip on a connection that is open already, and the bytes at their bandwidth.
    Networks are lognormal; who is far away has less bandwidth, too, by the same luck.
    """
    network, fleet = scenario.people.network, scenario.fleet
    luck = np.exp(network.spread * ndtri((np.arange(CLIENTS) + 0.5) / CLIENTS))
    bytes_s = _size_bytes(scenario, endpoint) / network.bandwidth
    ways_s = [
        client_rtt_s(region, where, stretch=fleet.links.stretch) for where in zone_regions(fleet)
    ]
    last_mile_s = (network.rtt + bytes_s) * luck
    return np.asarray(ways_s)[:, None] + last_mile_s[None, :]


def _size_bytes(scenario: Scenario, endpoint: Endpoint) -> float:
    """Return the bytes that one request and its answer bring over the client's network."""
    people, page = scenario.people, scenario.policy.page_limit * BYTES_PER_POST
    types = people.post_types
    sent = (
        types.image * people.image_size
        + types.text * types.text_size
        + types.video * types.video_size
    )
    of_content = {
        Endpoint.POST: sent,
        Endpoint.REGISTER: float(people.image_size),
        Endpoint.IMAGE: float(types.view_size),
        Endpoint.NEWSFEED: float(page),
        Endpoint.PROFILE: float(page),
    }
    return BYTES_BESIDE + of_content.get(endpoint, 0.0)
