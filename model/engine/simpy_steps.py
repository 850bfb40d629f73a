"""What the steps that are no forks, calls or caches do in SimPy; and rows read as `Step`s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from model.engine.codes import NONE, At, Draw, Outcome
from model.engine.program import Program
from model.engine.simpy_choices import Choices
from model.engine.simpy_clock import Moment
from model.engine.simpy_members import Member
from model.engine.simpy_walks import Station, Step, Walk, Walks, chance_of, value_of
from model.engine.stations import link_s, work_of_items
from model.world.chance import child_uid


class Visits:
    """Sends walks to members of stations."""

    def __init__(self, choices: Choices, members: Sequence[Member]) -> None:
        self._choices, self._members = choices, members

    def visit(self, walk: Walk, step: Step) -> bool:
        """Be served at a member."""
        work_s = value_of(walk, step)
        self._member(walk, step).visit(walk, work_s, step.priority)
        return False

    def visit_with_items(self, walk: Walk, step: Step) -> bool:
        """Be served at a member with the work of several items."""
        assert step.base is not None
        base_s = step.base(chance_of(walk, step, Draw.BASE))
        work_s = work_of_items(base_s, value_of(walk, step), _items(walk, step))
        self._member(walk, step).visit(walk, work_s, step.priority)
        return False

    def hold(self, walk: Walk, step: Step) -> bool:
        """Hold a server while taking the steps inside."""
        self._member(walk, step).hold(walk, step.priority)
        return False

    def _member(self, walk: Walk, step: Step) -> Member:
        walk.member = self._choices.member(walk, step)
        return self._members[walk.member]


def _items(walk: Walk, step: Step) -> float:
    if step.count is not None:
        return step.count(chance_of(walk, step, Draw.COUNT))
    return walk.request.attributes[step.count_attribute]


class Links:
    """Lets time pass that nobody else has to wait for: delays and messages."""

    def __init__(self, program: Program, walks: Walks) -> None:
        self._walks, self._clock = walks, walks.clock
        self._rtt = [program.laws[law].quantile for law in program.links.rtt.tolist()]
        self._bytes_per_s = program.links.bytes_per_s.tolist()
        self.loss: list[float] = program.links.loss.tolist()
        self.extra_s = [0.0] * len(self.loss)

    def delay(self, walk: Walk, step: Step) -> bool:
        """Let the time pass."""
        at_s = self._clock.now + value_of(walk, step)
        self._clock.at(at_s, delay_order(walk), self._walks.time_passed, walk)
        return False

    def link(self, walk: Walk, step: Step) -> bool:
        """Send a message, which may be lost."""
        link = step.link
        if chance_of(walk, step, Draw.LOSS) < self.loss[link]:
            self._lose(walk)
            return False
        rtt_s = self._rtt[link](chance_of(walk, step, Draw.RTT))
        time_s = link_s(rtt_s, value_of(walk, step), self._bytes_per_s[link], self.extra_s[link])
        at_s = self._clock.now + time_s
        self._clock.at(at_s, delay_order(walk), self._walks.time_passed, walk)
        return False

    def _lose(self, walk: Walk) -> None:
        """Nobody notices before the deadline, and without one never."""
        if walk.expires_s < inf:
            at_s = max(self._clock.now, walk.expires_s)
            self._clock.at(at_s, delay_order(walk), self._lost, walk)

    def _lost(self, moment: Moment) -> None:
        self._walks.end(moment.subject, Outcome.LOST)


def delay_order(walk: Walk) -> tuple[int, ...]:
    """Return when the end of a walk's delay comes among all that happens at that instant."""
    return At.DELAY_END, 0, walk.request.uid, walk.at, walk.leg, walk.attempt


def maybe(walk: Walk, step: Step) -> bool:
    """Take the steps inside, or pass them."""
    own = step.attribute == NONE
    probability = step.probability if own else walk.request.attributes[step.attribute]
    taken = chance_of(walk, step, Draw.VALUE) < probability
    walk.at = walk.at + 1 if taken else step.end
    return True


class Emissions:
    """Starts other journeys."""

    def __init__(self, walks: Walks) -> None:
        self._walks = walks

    def emit(self, walk: Walk, step: Step) -> bool:
        """Start the journey, whose first steps come before the next of who emitted it."""
        walks, request = self._walks, walk.request
        walks.clock.next((walks.go_on, walk))
        walks.begin(
            step.journey,
            _uid_of_emitted(walk, step),
            stream=request.stream,
            attribute_row=request.attribute_row,
            attributes=request.attributes,
            parent=request.row,
        )
        return False


Take = Callable[[Walk, Step], bool]


def read_steps(program: Program, take_of: Callable[[int], Take]) -> list[Step]:
    """Return the program's steps as records; `take_of` says what a row does."""
    steps, stations = program.steps, _read_stations(program)
    laws = [None if law is None else law.quantile for law in (*program.laws, None)]  # NONE: last
    return [
        Step(
            take=take_of(row),
            end=int(steps.end[row]),
            path_hash=int(steps.path_hash[row]),
            quantile=laws[steps.law[row]],
            attribute=int(steps.attribute[row]),
            base=laws[steps.base[row]],
            count=laws[steps.count[row]],
            count_attribute=int(steps.count_attribute[row]),
            at_once=int(steps.at_once[row]),
            in_lanes=bool(steps.in_lanes[row]),
            need=int(steps.need[row]),
            probability=float(steps.probability[row]),
            journey=int(steps.journey[row]),
            link=int(steps.link[row]),
            cache=int(steps.cache[row]),
            call=int(steps.call[row]),
            otherwise=int(steps.otherwise[row]),
            key=int(steps.key[row]),
            key_hash=int(steps.key_hash[row]),
            keys=int(steps.keys[row]),
            key_attribute=int(steps.key_attribute[row]),
            replica=int(steps.replica[row]),
            priority=int(steps.priority[row]),
            station=None if station == NONE else stations[station],
        )
        for row, station in enumerate(steps.station.tolist())
    ]


def _read_stations(program: Program) -> list[Station]:
    stations = program.stations
    return [
        Station(
            number=row,
            first_member=int(stations.first_member[row]),
            members=int(stations.members[row]),
            shards=int(stations.shards[row]),
            replicas=int(stations.replicas[row]),
            balancing=int(stations.balancing[row]),
            weights=stations.weights[row].tolist(),
        )
        for row in range(len(stations.names))
    ]


def _uid_of_emitted(walk: Walk, step: Step) -> int:
    """Return the uid of what a walk emits at a step: another one in each leg and attempt."""
    uid = child_uid(walk.request.uid, step.path_hash, walk.leg)
    return child_uid(uid, step.path_hash, walk.attempt) if walk.attempt else uid
