"""Recorded requests as an access log, in the Common or Combined Log Format of web servers."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import numpy as np

from model.world import chance
from model.world.traffic.recordings.files import lines_of, wrong
from model.world.traffic.recordings.gathering import Gathering
from model.world.traffic.recordings.recording import RecordedInstants
from model.world.traffic.recordings.routes import endpoint_of

ROUTES_LEFT_OUT_MAX = 1_000  # that are counted by name; all others are counted as one
_MORE, _NO_REQUEST = "other routes", "no request"
_WITHIN_A_SECOND = 61  # what a random number is for
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# host ident user [10/Oct/2000:13:55:36 -0700] "GET /path HTTP/1.1" 200 2326 "referer" "agent"
# (Apache HTTP Server 2.4, "Log Files"); some servers write fractions of the second.
_LINE = re.compile(
    r"\S+ \S+ [^\[]*\["
    r"(?P<stamp>(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(\.\d{1,9})? ([+-])(\d\d)(\d\d))"
    r'\] "(?P<asked>(?:[^"\\]|\\.)*)" \d{3} '
)


def read_access_log(path: Path, *, seed: int) -> RecordedInstants:
    """Read a log; the run begins with its first request that is one of ours.

    Whatever the status, a request was sent, and counts.  A stamp in whole seconds says nothing
    of when in that second: chance does.  Requests of other routes are counted in `left_out`.
    Raises ScenarioError with the line of what is not in the format.
    """
    gathering, left_out, is_whole = Gathering(path), Counter[str](), []
    for number, line in lines_of(path):
        match = _LINE.match(line)
        if match is None:
            raise wrong(path, number, f"is not in the Common Log Format: {line[:80]!r}")
        method, target = _asked(match["asked"])
        endpoint = endpoint_of(method, target)
        if endpoint is None:
            _count(left_out, method, target)
        else:
            gathering.add(number, _stamp_s(path, number, match), endpoint)
            is_whole.append("." not in match["stamp"])
    endpoints, stamps_s, kind = gathering.columns()
    within_s = chance.u_block(seed, 0, np.arange(len(kind)), _WITHIN_A_SECOND, 0, 0, 0)
    at_s = stamps_s - stamps_s.min() + np.where(is_whole, within_s, 0.0)
    order = np.argsort(at_s, kind="stable")  # servers write a line when they have answered
    return RecordedInstants(
        endpoints=endpoints, at_s=at_s[order], kind=kind[order], left_out=dict(left_out)
    )


def _asked(request_line: str) -> tuple[str, str]:
    """Return method and path of "GET /search?q=a HTTP/1.1"; noise has no method."""
    method, _, rest = request_line.partition(" ")
    return (method, rest.partition(" ")[0]) if method.isalpha() and rest else (_NO_REQUEST, "")


def _count(left_out: Counter[str], method: str, target: str) -> None:
    """Count what is left out by its route: neither numbers nor queries make another."""
    path = re.sub(r"/[0-9]+(?=/|$)", "/{id}", target.partition("?")[0])
    route = f"{method} {path}".strip()
    known = route in left_out or len(left_out) < ROUTES_LEFT_OUT_MAX
    left_out[route if known else _MORE] += 1


def _stamp_s(path: Path, line: int, match: re.Match[str]) -> float:
    """Return seconds since 1970."""
    day, month, year, hour, minute, second, fraction, sign, east_h, east_min = match.groups()[1:11]
    try:
        date = datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
        clock = time(int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        raise wrong(path, line, f"there is no such time: {match['stamp']}") from None
    east = timedelta(hours=int(east_h), minutes=int(east_min))
    at = datetime.combine(date, clock) + (east if sign == "-" else -east)
    return at.timestamp() + float(fraction or 0)
