"""The arithmetic of stations and hosts: scalar functions that every engine calls.

A queue may be kept in as many ways as there are engines; when a service ends, how fast a host
serves, and which member is chosen are computed here, once, so that engines agree to the bit.
"""

from __future__ import annotations

LEGS_MAX = 2**20 - 1  # of one fork: a leg's number, with those of two forks around it, fits 63 bits
DEPTH_MAX = 3  # of forks for each of n inside one another


def member_of(u: float, members: int) -> int:
    """Return which of `members` equally likely members `u`, in (0, 1), chooses."""
    return int(u * members)


def leg_of(outer: int, index: int) -> int:
    """Return the number of leg `index` of a fork inside leg `outer`; 0 is outside of any fork."""
    return outer * (LEGS_MAX + 1) + index + 1


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
