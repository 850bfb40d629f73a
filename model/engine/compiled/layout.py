"""What a run keeps in memory: records of a few kinds, in pools that never move.

`STATE` holds the address and the size of every pool, and all single numbers.  Functions take the
state alone and read a record through the accessors below, so that compiled code hands one pointer
around.  Pools are reserved whole when a run begins; only what is touched takes real memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from model.engine.compiled.jit import Record, carray, compiled, pointer
from model.engine.runs import REQUEST_TYPES

_INDEX, _LONG, _REAL, _WORD, _FLAG = np.int32, np.int64, np.float64, np.uint64, np.int8

STEP = np.dtype(
    [
        ("path_hash", _WORD), ("key_hash", _WORD), ("probability", _REAL),
        ("kind", _INDEX), ("end", _INDEX), ("station", _INDEX), ("law", _INDEX),
        ("attribute", _INDEX), ("key", _INDEX), ("keys", _INDEX), ("key_attribute", _INDEX),
        ("replica", _INDEX), ("priority", _INDEX), ("base", _INDEX), ("count", _INDEX),
        ("count_attribute", _INDEX), ("at_once", _INDEX), ("in_lanes", _INDEX), ("need", _INDEX),
        ("journey", _INDEX), ("link", _INDEX), ("cache", _INDEX), ("call", _INDEX),
        ("otherwise", _INDEX), ("collapses", _INDEX),
        ("simple", _INDEX), ("first_member", _INDEX), ("shards", _INDEX),
    ],
    align=True,
)  # fmt: skip
LAW = np.dtype(
    [("kind", _LONG), ("first", _LONG), ("length", _LONG), ("mean", _REAL), ("variance", _REAL),
     ("deviation", _REAL)],
    align=True,
)  # fmt: skip
STATION = np.dtype(
    [
        ("first_member", _INDEX), ("shards", _INDEX), ("replicas", _INDEX), ("plain", _INDEX),
        ("queue_max", _INDEX), ("discipline", _INDEX), ("lifo_above", _INDEX),
        ("drop_expired", _INDEX), ("balancing", _INDEX), ("on_crash", _INDEX),
        ("batch_max", _INDEX), ("overhead", _INDEX), ("poll_s", _REAL), ("turn", _LONG),
        ("weights", _LONG), ("down", _LONG), ("noticed_after_s", _REAL), ("failover_s", _REAL),
        ("shards_in_use", _INDEX), ("copies_in_use", _INDEX), ("copies_begun", _INDEX),
    ],
    align=True,
)  # fmt: skip
MEMBER = np.dtype(
    [
        # of plain stations, in a cache line
        ("free", _LONG), ("stay_s", _REAL), ("waited_s", _REAL), ("worked_s", _REAL),
        ("done", _LONG), ("last_s", _REAL), ("servers", _INDEX), ("last", _INDEX),
        ("arrived", _LONG),
        ("present", _LONG), ("present_s", _REAL), ("changed_s", _REAL), ("speed", _REAL),
        ("refused", _LONG), ("dropped", _LONG), ("lost", _LONG), ("waiting", _LONG),
        ("turn", _LONG), ("station", _INDEX), ("host", _INDEX), ("busy", _INDEX),
        ("up", _INDEX), ("poll", _INDEX), ("serving_first", _INDEX), ("serving_last", _INDEX),
        ("zone", _INDEX), ("down_s", _REAL), ("from_s", _REAL), ("busy_s", _REAL),
        ("busy_changed_s", _REAL), ("busy_lately_s", _REAL),
    ],
    align=True,
)  # fmt: skip
SCALING = np.dtype(
    [("every_s", _REAL), ("busy_target", _REAL), ("start_up_s", _REAL), ("station", _LONG),
     ("servers", _LONG), ("copies_min", _LONG), ("copies_max", _LONG), ("shrinks", _LONG)],
    align=True,
)  # fmt: skip
COPIES_ROW = np.dtype([("at_s", _REAL), ("station", _LONG), ("count", _LONG)], align=True)
QUEUE = np.dtype([("first", _INDEX), ("last", _INDEX)], align=True)
HOST = np.dtype(
    [("cores", _REAL), ("speed", _REAL), ("served_s", _REAL), ("changed_s", _REAL),
     ("rate", _REAL), ("planned_rate", _REAL), ("jobs", _LONG), ("busy", _LONG),
     ("plan", _INDEX), ("planned", _INDEX)],
    align=True,
)  # fmt: skip
CALL = np.dtype(
    [("base_s", _REAL), ("factor", _REAL), ("cap_s", _REAL), ("ratio", _REAL), ("burst", _REAL),
     ("open_s", _REAL), ("tokens", _REAL), ("open_until_s", _REAL), ("retries", _INDEX),
     ("jitter", _INDEX), ("hedge_law", _INDEX), ("breaker", _INDEX), ("cancels", _INDEX),
     ("failures", _INDEX), ("state", _INDEX)],
    align=True,
)  # fmt: skip
LINK = np.dtype(
    [("bytes_per_s", _REAL), ("loss", _REAL), ("extra_s", _REAL), ("rtt", _LONG)], align=True
)
KEY_SET = np.dtype([("hash", _WORD), ("law", _LONG), ("size", _LONG)], align=True)
CACHE = np.dtype(
    [("ttl_s", _REAL), ("keys", _LONG), ("members", _LONG), ("capacity", _LONG),
     ("single_flight", _LONG), ("first_entry", _LONG), ("first_holder", _LONG),
     ("hits", _LONG), ("misses", _LONG)],
    align=True,
)  # fmt: skip
HOLDER = np.dtype([("newest", _LONG), ("oldest", _LONG), ("count", _LONG)], align=True)
ENTRY = np.dtype(
    [("until_s", _REAL), ("newer", _LONG), ("older", _LONG), ("first_waiting", _INDEX),
     ("last_waiting", _INDEX), ("stored", _INDEX), ("fetching", _INDEX)],
    align=True,
)  # fmt: skip
STREAM = np.dtype(
    [
        ("at_s", _LONG), ("uids", _LONG), ("rows", _LONG), ("next", _LONG), ("count", _LONG),
        ("serial", _LONG), ("ended", _LONG), ("attributes", _LONG), ("path_hash", _WORD),
        ("kind", _INDEX), ("journey", _INDEX), ("think", _INDEX), ("length", _INDEX),
    ],
    align=True,
)  # fmt: skip
ACTION = np.dtype(
    [("at_s", _REAL), ("value", _REAL), ("kind", _LONG), ("target", _LONG)], align=True
)
WALK = np.dtype(
    [
        # where it is, and a visit to a plain station: two cache lines
        ("stops_s", _REAL), ("leg", _LONG), ("attempt", _LONG), ("request", _INDEX),
        ("at", _INDEX), ("end", _INDEX), ("parent", _INDEX), ("parent_epoch", _INDEX),
        ("epoch", _INDEX), ("member", _INDEX), ("joined_step", _INDEX), ("next", _INDEX),
        ("visit", _INDEX), ("work_s", _REAL), ("tag_s", _REAL), ("expires_s", _REAL),
        ("joined_leg", _LONG), ("avoids", _INDEX), ("lane", _LONG), ("lanes", _LONG),
        # any other visit
        ("left_s", _REAL), ("arrived_s", _REAL), ("began_s", _REAL), ("previous", _INDEX),
        ("place", _INDEX), ("state", _INDEX), ("batch_next", _INDEX), ("priority", _INDEX),
        ("lost", _INDEX),
        # a fork
        ("beginning", _INDEX), ("outcome", _INDEX), ("legs", _LONG), ("begun", _LONG),
        ("running", _LONG), ("succeeded", _LONG), ("failed", _LONG), ("need", _LONG),
        # a call
        ("number", _INDEX), ("first_number", _INDEX), ("first_walk", _INDEX), ("retries", _INDEX),
        ("round_expires_s", _REAL), ("round_stops_s", _REAL),
        # a cache's entry
        ("entry", _LONG), ("cache_member", _LONG),
    ],
    align=True,
)  # fmt: skip
REQUEST = np.dtype(
    [
        ("uid", _WORD), ("chance", _WORD), ("arrived_s", _REAL), ("row", _LONG),
        ("parent", _LONG), ("attributes", _LONG), ("journey", _INDEX), ("walks", _INDEX),
        ("attempts", _INDEX), ("user", _INDEX), ("stream", _INDEX), ("attribute_row", _INDEX),
        ("over", _INDEX),
    ],
    align=True,
)  # fmt: skip
USER = np.dtype(
    [("root", _WORD), ("number", _LONG), ("left", _LONG), ("serial", _LONG),
     ("stream", _INDEX), ("attribute_row", _INDEX)],
    align=True,
)  # fmt: skip
FREE = np.dtype([("at_s", _REAL)], align=True)
NODE = np.dtype([("at_s", _REAL), ("event", _LONG)], align=True)
NOTICE = np.dtype(
    [("uid", _WORD), ("place", _LONG), ("leg", _LONG), ("attempt", _LONG), ("number", _LONG),
     ("step", _INDEX), ("walk", _INDEX), ("epoch", _INDEX)],
    align=True,
)  # fmt: skip
TASK = np.dtype([("kind", _INDEX), ("walk", _INDEX), ("value", _LONG)], align=True)
VISIT_ROW = np.dtype(
    [("request", _LONG), ("leg", _LONG), ("attempt", _LONG), ("arrived_s", _REAL),
     ("started_s", _REAL), ("done_s", _REAL), ("work_s", _REAL), ("member", _INDEX),
     ("step", _INDEX), ("outcome", _INDEX)],
    align=True,
)  # fmt: skip

# Each pool: the type of its records, and how many there may be where that is not the program's.
POOLS: dict[str, np.dtype[Any]] = {
    "steps": STEP, "laws": LAW, "numbers": np.dtype(_REAL), "stations": STATION,
    "members": MEMBER, "queues": QUEUE, "hosts": HOST, "host_jobs": np.dtype(_INDEX),
    "free_s": FREE, "calls": CALL, "links": LINK, "key_sets": KEY_SET,
    "caches": CACHE, "holders": HOLDER, "entries": ENTRY, "streams": STREAM, "actions": ACTION,
    "journey_begin": np.dtype(_INDEX), "journey_end": np.dtype(_INDEX), "walks": WALK,
    "requests": REQUEST, "users": USER, "heap": NODE, "notices": NOTICE, "tasks": TASK,
    "zone_ranks": np.dtype(_INDEX), "scalings": SCALING, "copies_rows": COPIES_ROW,
    "visit_rows": VISIT_ROW,
    "histogram": np.dtype(_LONG), "outcomes": np.dtype(_LONG), "free_walks": np.dtype(_INDEX),
    "free_requests": np.dtype(_INDEX), "free_notices": np.dtype(_INDEX),
    "free_users": np.dtype(_INDEX),
}  # fmt: skip

# What is kept of every request, a pool for each column.
POOLS |= {name: np.dtype(kind) for name, kind in REQUEST_TYPES.items()}

STATE = np.dtype(
    [(f"{name}_at", _LONG) for name in POOLS]
    + [(f"{name}_max", _LONG) for name in POOLS]
    + [
        ("run", _WORD), ("zone_hash", _WORD), ("now_s", _REAL), ("until_s", _REAL),
        ("user_instant_s", _REAL),
        ("next_arrival_s", _REAL), ("heap_size", _LONG), ("hole", _LONG), ("task_count", _LONG),
        ("next_stream", _LONG), ("stream_count", _LONG), ("next_action", _LONG),
        ("action_count", _LONG), ("zones", _LONG), ("zone_attribute", _LONG),
        ("status", _LONG), ("rows", _LONG), ("visits", _LONG), ("keeps_rows", _LONG),
        ("keeps_visits", _LONG), ("attribute_bytes", _LONG), ("user_requests", _LONG),
        ("copies_changes", _LONG), ("walks_used", _LONG), ("walks_freed", _LONG),
        ("requests_used", _LONG), ("requests_freed", _LONG), ("notices_used", _LONG),
        ("notices_freed", _LONG), ("users_used", _LONG), ("users_freed", _LONG),
    ],
    align=True,
)  # fmt: skip

_MANY = 1 << 40  # a pool's own limit is checked where records are taken from it


@compiled
def step_at(s: Record, i: int) -> Record:
    """Return a step."""
    return carray(pointer(s.steps_at), _MANY, STEP)[np.uint64(i)]


@compiled
def law_at(s: Record, i: int) -> Record:
    """Return a law."""
    return carray(pointer(s.laws_at), _MANY, LAW)[np.uint64(i)]


@compiled
def numbers(s: Record) -> Any:
    """Return the numbers of all tables: laws' quantiles, weights, attributes."""
    return carray(pointer(s.numbers_at), _MANY, np.float64)


@compiled
def station_at(s: Record, i: int) -> Record:
    """Return a station."""
    return carray(pointer(s.stations_at), _MANY, STATION)[np.uint64(i)]


@compiled
def member_at(s: Record, i: int) -> Record:
    """Return a member of a station."""
    return carray(pointer(s.members_at), _MANY, MEMBER)[np.uint64(i)]


@compiled
def queue_at(s: Record, i: int) -> Record:
    """Return the ends of one class of a member's queue."""
    return carray(pointer(s.queues_at), _MANY, QUEUE)[np.uint64(i)]


@compiled
def host_at(s: Record, i: int) -> Record:
    """Return a host."""
    return carray(pointer(s.hosts_at), _MANY, HOST)[np.uint64(i)]


@compiled
def host_jobs(s: Record) -> Any:
    """Return the walks at work on hosts: a heap for each host, one after another."""
    return carray(pointer(s.host_jobs_at), _MANY, np.int32)


@compiled
def free_at(s: Record, i: int) -> Record:
    """Return when a server of a plain station is free: a heap for each member."""
    return carray(pointer(s.free_s_at), _MANY, FREE)[np.uint64(i)]


@compiled
def call_at(s: Record, i: int) -> Record:
    """Return what the calls of one step have in common."""
    return carray(pointer(s.calls_at), _MANY, CALL)[np.uint64(i)]


@compiled
def link_at(s: Record, i: int) -> Record:
    """Return a link."""
    return carray(pointer(s.links_at), _MANY, LINK)[np.uint64(i)]


@compiled
def key_set_at(s: Record, i: int) -> Record:
    """Return a set of keys."""
    return carray(pointer(s.key_sets_at), _MANY, KEY_SET)[np.uint64(i)]


@compiled
def cache_at(s: Record, i: int) -> Record:
    """Return a cache."""
    return carray(pointer(s.caches_at), _MANY, CACHE)[np.uint64(i)]


@compiled
def holder_at(s: Record, i: int) -> Record:
    """Return a member of a cache."""
    return carray(pointer(s.holders_at), _MANY, HOLDER)[np.uint64(i)]


@compiled
def entry_at(s: Record, i: int) -> Record:
    """Return one key at one member of a cache."""
    return carray(pointer(s.entries_at), _MANY, ENTRY)[np.uint64(i)]


@compiled
def stream_at(s: Record, i: int) -> Record:
    """Return a stream of arrivals."""
    return carray(pointer(s.streams_at), _MANY, STREAM)[np.uint64(i)]


@compiled
def action_at(s: Record, i: int) -> Record:
    """Return something that happens to the fleet."""
    return carray(pointer(s.actions_at), _MANY, ACTION)[np.uint64(i)]


@compiled
def journey_begin(s: Record) -> Any:
    """Return the first step of each journey."""
    return carray(pointer(s.journey_begin_at), _MANY, np.int32)


@compiled
def journey_end(s: Record) -> Any:
    """Return the step after the last of each journey."""
    return carray(pointer(s.journey_end_at), _MANY, np.int32)


@compiled
def walk_at(s: Record, i: int) -> Record:
    """Return a walk."""
    return carray(pointer(s.walks_at), _MANY, WALK)[np.uint64(i)]


@compiled
def request_at(s: Record, i: int) -> Record:
    """Return a request that walks still belong to."""
    return carray(pointer(s.requests_at), _MANY, REQUEST)[np.uint64(i)]


@compiled
def user_at(s: Record, i: int) -> Record:
    """Return a user of a closed stream, or a session."""
    return carray(pointer(s.users_at), _MANY, USER)[np.uint64(i)]


@compiled
def node_at(s: Record, i: int) -> Record:
    """Return a node of the heap of events to come."""
    return carray(pointer(s.heap_at), _MANY, NODE)[np.uint64(i)]


@compiled
def notice_at(s: Record, i: int) -> Record:
    """Return an event that is not a walk's own: a timer, a host's plan, a poll."""
    return carray(pointer(s.notices_at), _MANY, NOTICE)[np.uint64(i)]


@compiled
def task_at(s: Record, i: int) -> Record:
    """Return something still to be done at this instant."""
    return carray(pointer(s.tasks_at), _MANY, TASK)[np.uint64(i)]


@compiled
def scaling_at(s: Record, i: int) -> Record:
    """Return how a station follows its load."""
    return carray(pointer(s.scalings_at), _MANY, SCALING)[np.uint64(i)]


@compiled
def copies_row_at(s: Record, i: int) -> Record:
    """Return the record of a change of how many copies are in use."""
    return carray(pointer(s.copies_rows_at), _MANY, COPIES_ROW)[np.uint64(i)]


@compiled
def zone_ranks(s: Record) -> Any:
    """Return how near each zone is to each, a stretch for each zone; empty: all others alike."""
    return carray(pointer(s.zone_ranks_at), _MANY, np.int32)


@compiled
def visit_row_at(s: Record, i: int) -> Record:
    """Return the record that is kept of a visit."""
    return carray(pointer(s.visit_rows_at), _MANY, VISIT_ROW)[np.uint64(i)]


@compiled
def histogram(s: Record) -> Any:
    """Return the counts of latencies, a stretch for each journey."""
    return carray(pointer(s.histogram_at), _MANY, np.int64)


@compiled
def outcomes(s: Record) -> Any:
    """Return how many requests ended how, a stretch for each journey."""
    return carray(pointer(s.outcomes_at), _MANY, np.int64)


@compiled
def columns(address: int, kind: Any) -> Any:
    """Return a column of what is kept of requests."""
    return carray(pointer(address), _MANY, kind)


@compiled
def spare(address: int) -> Any:
    """Return a pool's list of records that are free again."""
    return carray(pointer(address), _MANY, np.int32)
