"""The arithmetic of stations, hosts and calls: scalar functions that every engine calls.

A queue may be kept in as many ways as there are engines; when a service ends, how fast a host
serves, which member is chosen and when a retry comes are computed here, once, so that engines
agree to the bit.  Only plain numbers: the compiled engine compiles these very functions.
"""

from __future__ import annotations

import math

LEGS_MAX = 2**20 - 1  # of one fork: a leg's number, with those of two forks around it, fits 63 bits
DEPTH_MAX = 3  # of forks for each of n inside one another
ATTEMPTS_MAX = 2**8 - 1  # of one call: retries and hedges
CALLS_MAX = 7  # calls inside one another


def member_of(u: float, members: int) -> int:
    """Return which of `members` equally likely members `u`, in (0, 1), chooses."""
    return int(u * members)


def member_of_lane(u: float, lane: int, lanes: int, members: int) -> int:
    """Return which member of those of a lane, numbered from 0, `u`, in (0, 1), chooses.

    `members` in order are cut into as many equal parts as there are lanes; a member that is cut
    belongs to each lane that has a part of it, in proportion.
    """
    member = int((lane + u) * members / lanes)
    return member if member < members else members - 1


def member_apart(u: float, lane: int, lanes: int, first: int, members: int) -> int:
    """Return which member of those of a lane `u`, in (0, 1), chooses, that no other lane has.

    `members` in order from `first`, around from the last to the first, are dealt out whole: of two
    lanes one may have a member more.  Of fewer members than lanes several have the same.
    """
    low = lane * members // lanes
    high = (lane + 1) * members // lanes
    chosen = low + member_of(u, high - low) if high > low else low
    return (first + chosen) % members


def member_beside(u: float, lane: int, lanes: int, first: int, members: int) -> int:
    """Return which of the members other than `first` a lane's `u` chooses, that no other has.

    Where there is no other it is `first` itself.
    """
    if members == 1:
        return first
    return (first + 1 + member_apart(u, lane, lanes, 0, members - 1)) % members


def other_member_of(u: float, first: int, members: int) -> int:
    """Return which of the members other than `first` is chosen; there must be two or more."""
    other = int(u * (members - 1))
    return other + 1 if other >= first else other


def seen_up(now_s: float, down_s: float, late_s: float) -> bool:
    """Return whether a member that went down at `down_s` is taken to be up: for `late_s`."""
    return now_s < down_s + late_s


def copy_after(member: int, first: int, replicas: int, ahead: int) -> int:
    """Return the copy that is `ahead` of a member in its shard, around from the last to the first.

    `first` is the station's first member.
    """
    copy = (member - first) % replicas
    return member - copy + (copy + ahead) % replicas


def leg_of(outer: int, index: int) -> int:
    """Return the number of leg `index` of a fork inside leg `outer`; 0 is outside of any fork."""
    return outer * (LEGS_MAX + 1) + index + 1


def index_of(leg: int) -> int:
    """Return which leg of its fork a leg is, from 0: what `leg_of` was told."""
    return leg % (LEGS_MAX + 1) - 1


def lanes_of(legs: int, at_once: int) -> int:
    """Return in how many lanes so many legs go, of which `at_once` may run together."""
    return legs if legs < at_once else at_once


def attempt_of(outer: int, number: int) -> int:
    """Return the number of attempt `number` (from 1) of a call inside attempt `outer`."""
    return outer * (ATTEMPTS_MAX + 1) + number


def tried_before(attempt: int) -> int:
    """Return how many attempts of the calls around have been made before, by `attempt_of`."""
    tries = 0
    while attempt > 0:
        tries += attempt % (ATTEMPTS_MAX + 1) - 1
        attempt //= ATTEMPTS_MAX + 1
    return tries


def start_of_service(arrived_s: float, free_s: float) -> float:
    """Return when a service begins that arrives now, given when a server is next free."""
    return free_s if free_s > arrived_s else arrived_s


def end_of_service(now_s: float, left_s: float, rate: float) -> float:
    """Return when `left_s` of work is done that is served at `rate` from now on.

    A lag below zero (rounding, when several end at one instant) counts as none.
    """
    return now_s + left_s / rate if left_s > 0 else now_s


def host_rate(cores: float, busy: int) -> float:
    """Return how fast each of `busy` servers works on a host: all of a core, or its equal share.

    `cores` may be a fraction, as a quota of processor time is.
    """
    return 1.0 if busy <= cores else cores / busy


def advance(served_s: float, elapsed_s: float, rate: float) -> float:
    """Return the work that each busy server of a host has had since the host was last idle.

    Because all busy servers are served alike, one number tells the progress of all of them: a
    piece of work that began at `served_s = a` and is `w` long ends when `served_s` is a + w.
    """
    return served_s + elapsed_s * rate


def tag_of(served_s: float, left_s: float, speed: float) -> float:
    """Return what a host's `served_s` will be when a member of this `speed` has done `left_s`."""
    return served_s + left_s / speed


def left_of(tag_s: float, served_s: float, speed: float) -> float:
    """Return the work left of a piece whose tag this is; the inverse of `tag_of`."""
    left_s = (tag_s - served_s) * speed
    return left_s if left_s > 0 else 0.0


def work_of_items(base_s: float, per_item_s: float, items: float) -> float:
    """Return the work of a batch of items."""
    return base_s + per_item_s * items


def poll_after(now_s: float, every_s: float) -> float:
    """Return the first multiple of `every_s` that is not before now."""
    poll_s = math.ceil(now_s / every_s) * every_s
    return poll_s if poll_s > now_s else now_s


def link_s(rtt_s: float, size_bytes: float, bytes_per_s: float, extra_s: float) -> float:
    """Return how long a message takes one way."""
    return rtt_s / 2 + size_bytes / bytes_per_s + extra_s


def backoff_s(retry: int, base_s: float, factor: float, cap_s: float) -> float:
    """Return the longest wait before retry number `retry`, from 1, without jitter."""
    wait_s = base_s
    for _ in range(retry - 1):
        wait_s *= factor
        if wait_s >= cap_s:
            return cap_s
    return wait_s if wait_s < cap_s else cap_s


def tokens_after_attempt(tokens: float, ratio: float, burst: float) -> float:
    """Return a retry budget's tokens after a first attempt; a retry takes one whole token."""
    saved = tokens + ratio
    return saved if saved < burst else burst


def share_of_zone(u: float, zones: int) -> int:
    """Return the zone that a request is in whose arrival does not say."""
    return int(u * zones)


def copies_wanted(
    in_use: int, busy: float, busy_target: float, copies_min: int, copies_max: int
) -> int:
    """Return how many copies would be `busy_target` busy, when those in use are `busy`."""
    wanted = math.ceil(in_use * busy / busy_target)
    return min(max(wanted, copies_min), copies_max)


def busy_share(busy_s: float, in_use: int, servers: int, every_s: float) -> float:
    """Return which share of the last `every_s` seconds the servers of copies were in service."""
    return busy_s / (in_use * servers * every_s)


def breaker_opens(failures: int, failures_max: int, half_open: bool) -> bool:  # noqa: FBT001 - a scalar function
    """Return whether a breaker opens after this many failed rounds in a row."""
    return half_open or failures >= failures_max
