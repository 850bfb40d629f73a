"""Draws requests one by one: when each comes, of which kind it is, and the chances that cast it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.scenario import Endpoint
from model.world.scenario.traffic import Sessions
from model.world.traffic.demand import Demand
from model.world.traffic.instants import Luck, poisson_instants_s
from model.world.traffic.recordings import RecordedInstants
from model.world.traffic.sessions import length_law, session_rates
from model.world.traffic.streams import Stream

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

ENDPOINTS = tuple(Endpoint)
# What a random number is for; `instants` uses 11, and the load generator 15.
_KIND, _WHO, _WHOM, _LENGTH, _THINK = 12, 13, 14, 63, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Columns of requests, a row each."""

    at_s: Floats
    kind: Indices  # index into ENDPOINTS
    who_u: Floats  # in (0, 1): who sends it
    whom_u: Floats  # in (0, 1): about whom


def usual_requests(demand: Demand, *, until_s: float, luck: Luck) -> Requests:
    """Return requests that know nothing of each other, at these rates."""
    at_s = poisson_instants_s(demand.since_s, demand.per_s, until_s=until_s, luck=luck)
    return _cast_later(at_s, _kinds(demand, at_s, luck), luck)


def flood_requests(flood: Stream, *, until_s: float, luck: Luck) -> Requests:
    """Return the posts of a flood."""
    since_s, per_s = np.array(flood.pieces).T
    at_s = poisson_instants_s(since_s, per_s, until_s=until_s, luck=luck)
    return _cast_later(at_s, np.full(len(at_s), ENDPOINTS.index(flood.endpoint)), luck)


def recorded_requests(recording: RecordedInstants, *, until_s: float, luck: Luck) -> Requests:
    """Return what came once, sent by people of now."""
    soon = int(np.searchsorted(recording.at_s, until_s))
    kind = _indices(recording.endpoints)[recording.kind[:soon]]
    return _cast_later(recording.at_s[:soon], kind, luck)


def session_requests(
    demand: Demand, endpoint: Endpoint, sessions: Sessions, *, until_s: float, luck: Luck
) -> Requests:
    """Return the requests of people who come, send some at their own pace, and leave.

    Who draws them beforehand cannot wait for answers: a think is from request to request.
    """
    pages_per_s = demand.per_s * demand.kinds[:, demand.endpoints.index(endpoint)]
    rates = session_rates(sessions, demand.since_s, pages_per_s)
    begin_s = poisson_instants_s(*rates, until_s=until_s, luck=luck)
    session, since_begin_s = _pages(len(begin_s), sessions, luck)
    at_s = begin_s[session] + since_begin_s
    soon = at_s < until_s
    who_u = luck.u(len(begin_s), _WHO)[session][soon]
    kind = np.full(len(who_u), ENDPOINTS.index(endpoint))
    return Requests(at_s=at_s[soon], kind=kind, who_u=who_u, whom_u=who_u)


def in_order(parts: Sequence[Requests]) -> Requests:
    """Return the requests of all parts in order of time."""
    at_s = np.concatenate([part.at_s for part in parts])
    order = np.argsort(at_s, kind="stable")
    return Requests(
        at_s=at_s[order],
        kind=np.concatenate([part.kind for part in parts])[order],
        who_u=np.concatenate([part.who_u for part in parts])[order],
        whom_u=np.concatenate([part.whom_u for part in parts])[order],
    )


def _cast_later(at_s: Floats, kind: Indices, luck: Luck) -> Requests:
    who_u, whom_u = (luck.u(len(at_s), purpose) for purpose in (_WHO, _WHOM))
    return Requests(at_s=at_s, kind=kind, who_u=who_u, whom_u=whom_u)


def _kinds(demand: Demand, at_s: Floats, luck: Luck) -> Indices:
    """Return the kind of each request, by the shares of the piece that it falls into."""
    u = luck.u(len(at_s), _KIND)
    kind = np.empty(len(at_s), np.int64)
    edges = np.append(np.searchsorted(at_s, demand.since_s), len(at_s))
    for shares, (first, end) in zip(demand.kinds, pairwise(edges), strict=True):
        chosen = np.searchsorted(np.cumsum(shares), u[first:end])
        kind[first:end] = np.minimum(chosen, len(shares) - 1)
    return _indices(demand.endpoints)[kind]


def _indices(endpoints: Sequence[Endpoint]) -> Indices:
    return np.array([ENDPOINTS.index(endpoint) for endpoint in endpoints], np.int64)


def _pages(count: int, sessions: Sessions, luck: Luck) -> tuple[Indices, Floats]:
    """Return for each page of so many sessions which it belongs to, and how long after its begin.

    Thoughts of one session add up within it, so that no other session changes them.
    """
    law = length_law(sessions)
    lengths = np.array([law.quantile(float(u)) for u in luck.u(count, _LENGTH)], np.int64)
    session, first = np.repeat(np.arange(count), lengths), np.cumsum(lengths) - lengths
    page = np.arange(len(session)) - first[session]
    u = chance.u_block(luck.seed, luck.stream, session, _THINK, luck.source, 0, page)
    thought_s = np.cumsum(-sessions.think * np.log1p(-u))
    return session, thought_s - thought_s[first[session]]  # none before the first page
