"""When what happens to the fleet in one run: crashes, repairs, changes of speed and of size.

Nothing here depends on the requests, so both engines take the same list, made beforehand.  What
comes of looking at how busy a station is does: here is only when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, prod

from model.engine.codes import Draw
from model.engine.disruptions import ActionKind, Scaling
from model.engine.program import Program
from model.engine.refusals import refuse_unless
from model.world.chance import path_key, request_key, run_key, unit
from model.world.failures import Again, Once

SPELLS_MAX = 1_000_000  # of one target in one run
LOOKS_MAX = 1_000_000  # at one station in one run, to scale it


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Action:
    """One change, of one member, host, link, cache or station; of a look, the target is its row."""

    at_s: float
    kind: ActionKind
    target: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spell:
    """A disruption of one target, from `begin_s` until just before `end_s`."""

    begin_s: float
    end_s: float
    value: float


_Target = tuple[ActionKind, int]  # CRASH stands for repairs too


def actions(program: Program, *, seed: int, replication: int, until_s: float) -> list[Action]:
    """Return all that happens before `until_s`, in order."""
    run = run_key(seed, replication)
    found = [
        _named(Action(at_s=at_s, kind=kind, target=target, value=value))
        for (kind, target), spells in _spells(program, run, until_s).items()
        for at_s, value in _changes_of(program, kind, target, spells)
        if at_s < until_s
    ]
    return sorted(found + _looks(program, until_s))


def _looks(program: Program, until_s: float) -> list[Action]:
    return [
        Action(at_s=at_s, kind=ActionKind.SCALE, target=row, value=0.0)
        for row, scaling in enumerate(program.scalings)
        for at_s in _look_times(program, scaling, until_s)
    ]


def _look_times(program: Program, scaling: Scaling, until_s: float) -> Iterator[float]:
    """Return the multiples of `every_s` before `until_s`."""
    looks, station = until_s / scaling.every_s, program.stations.names[scaling.station]
    complaint = f"autoscale of {station}: more than {LOOKS_MAX:,} looks in one run"
    refuse_unless(looks <= LOOKS_MAX, complaint)
    times = (look * scaling.every_s for look in range(1, ceil(looks) + 1))
    return (at_s for at_s in times if at_s < until_s)


def _changes_of(
    program: Program, kind: ActionKind, target: int, spells: list[_Spell]
) -> Iterator[tuple[float, float]]:
    if kind is ActionKind.WIPE:  # lasts no time: a second one is another
        return ((at_s, 1.0) for at_s in {spell.begin_s for spell in spells})
    return _changes(spells, *_meaning(program, kind, target))


def _named(action: Action) -> Action:
    """Return the end of being down as a repair."""
    if action.kind != ActionKind.CRASH or action.value:
        return action
    return Action(at_s=action.at_s, kind=ActionKind.REPAIR, target=action.target, value=0.0)


def _meaning(
    program: Program, kind: ActionKind, target: int
) -> tuple[float, Callable[[list[float]], float]]:
    """Return the value while nothing disrupts, and what several disruptions come to."""
    match kind:
        case ActionKind.SPEED | ActionKind.HOST_SPEED:
            return 1.0, prod
        case ActionKind.LOSS:
            own = float(program.links.loss[target])
            return own, lambda values: max(own, *values)
        case ActionKind.LAG:
            return 0.0, sum
        case ActionKind.SERVERS:
            servers = program.stations.servers[program.stations.of_member[target]]
            return float(servers), lambda values: values[-1]
        case ActionKind.SPREAD:
            return float(program.stations.shards[target]), lambda values: values[-1]
        case _:
            return 0.0, max


def _changes(
    spells: list[_Spell], calm: float, together: Callable[[list[float]], float]
) -> Iterator[tuple[float, float]]:
    """Yield the instants at which the value changes, and what it then is."""
    edges = sorted(
        [(spell.begin_s, number) for number, spell in enumerate(spells)]
        + [(spell.end_s, ~number) for number, spell in enumerate(spells)]
    )
    going_on: dict[int, float] = {}
    before = calm
    for place, (at_s, edge) in enumerate(edges):
        if edge >= 0:
            going_on[edge] = spells[edge].value
        else:
            going_on.pop(~edge, None)
        if place + 1 < len(edges) and edges[place + 1][0] == at_s:
            continue
        value = together(list(going_on.values())) if going_on else calm  # in order of beginning
        if value != before:
            yield at_s, value
            before = value


def _spells(program: Program, run: int, until_s: float) -> dict[_Target, list[_Spell]]:
    """Return every disruption of every target that begins before `until_s`."""
    spells: dict[_Target, list[_Spell]] = defaultdict(list)
    for number, disruption in enumerate(program.disruptions):
        for target in disruption.targets:
            kind = disruption.kind
            luck = request_key(run, path_key(f"disruption {number} of {kind.name} {target}"))
            spells[kind, target] += (
                _Spell(begin_s=begin_s, end_s=end_s, value=disruption.value)
                for begin_s, end_s in _times(disruption.when, luck, until_s)
            )
    return spells


def _times(when: Once | Again, luck: int, until_s: float) -> Iterator[tuple[float, float]]:
    """Yield beginning and end of each spell that begins before `until_s`."""
    if isinstance(when, Once):
        end_s = when.at_s + when.for_s
        if when.at_s < until_s and end_s > when.at_s:  # not less than a float can tell
            yield when.at_s, end_s
        return
    now_s = 0.0
    for spell in range(SPELLS_MAX + 1):
        begin_s = now_s + when.every.quantile(unit(luck, 0, spell, 0, Draw.VALUE))
        if begin_s >= until_s:
            return
        refuse_unless(spell < SPELLS_MAX, f"more than {SPELLS_MAX:,} disruptions of one target")
        now_s = begin_s + when.lasting.quantile(unit(luck, 0, spell, 0, Draw.BASE))
        if now_s > begin_s:
            yield begin_s, now_s
