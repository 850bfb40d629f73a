"""How much of a station's load is requests that ask every shard, so that more do not help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from model.answers.calibrations import Calibration
from model.answers.sizing.copies import Done
from model.answers.sizing.figures import Figure
from model.answers.sizing.loads import ONCE, loads_of
from model.answers.sizing.rates import Rates
from model.world.reach import Reach

MAY_BE_ASKED_ALL = ("search", "search_index", "timeline_store", "user_db")
_PLACES = 9  # of a share; what is smaller is a rounding error


def asked_of_all(
    reach: Reach,
    calibration: Calibration,
    rates: Rates,
    loads: Mapping[str, Figure],
    *,
    done: Mapping[str, Done] = ONCE,
) -> dict[str, float]:
    """Return which share of a station's load is requests that ask every one of its shards.

    Each shard more adds as much: it is what the load would be more if they had twice as many to
    ask.  `done` is what `loads` were reckoned with.  Stations without such requests are left out,
    and so are those whose load is not known.
    """
    twice = loads_of(_with_twice_as_many(reach), calibration, rates, done=done)
    shares = {
        station: round(twice[station].value / loads[station].value - 1, _PLACES)
        for station in MAY_BE_ASKED_ALL
        if station in loads and loads[station].value
    }
    return {station: share for station, share in shares.items() if share > 0}


def _with_twice_as_many(reach: Reach) -> Reach:
    """Return the reach if who asks all shards had twice as many to ask."""
    layout = replace(
        reach.layout,
        timeline_servers=2 * reach.layout.timeline_servers,
        user_servers=2 * reach.layout.user_servers,
    )
    return replace(reach, index_shards=2 * reach.index_shards, layout=layout)
