"""Forks in SimPy: `AllOf` and `ForEach` begin legs, and count how they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.engine.codes import NONE, Outcome
from model.engine.simpy_clock import Act
from model.engine.simpy_standing import Standing
from model.engine.simpy_walks import Station, Step, Walk, Walks, value_of
from model.engine.stations import copy_after, index_of, lanes_of, leg_of


@dataclass(slots=True, kw_only=True, eq=False)
class Fork:
    """Legs begun by a step of another walk, which goes on when `need` of them have succeeded."""

    forks: Forks
    parent: Walk
    legs: Iterator[Walk]  # not begun yet
    count: int
    need: int
    at_once: int
    in_lanes: bool
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    last_failure: Outcome = Outcome.UNDER_WAY
    beginning: bool = False  # legs that take no time end meanwhile, and must not begin others
    over: bool = False

    @property
    def may_begin(self) -> bool:
        """Whether another leg may: of the first `at_once` each, whatever becomes of the others."""
        begun = self.running + self.succeeded + self.failed
        together = self.in_lanes or begun < self.at_once  # `legs` are the first of their lanes
        return together or (not self.is_decided and self.running < self.at_once)

    @property
    def is_decided(self) -> bool:
        """Whether so many legs have succeeded or failed that the others do not matter."""
        return self.has_failed or self.succeeded >= self.need > 0

    @property
    def has_failed(self) -> bool:
        """Whether so many legs have failed that too few are left."""
        return self.failed > self.count - self.need

    def told(self, leg: Walk, outcome: Outcome) -> None:
        """Count a leg that has ended, and let begin what waits for it."""
        self.running -= 1
        if outcome == Outcome.DONE:
            self.succeeded += 1
        else:
            self.failed += 1
            self.last_failure = outcome
        if self.over:
            return
        if self.in_lanes and not self.is_decided and self._following(leg) < self.count:
            self.forks.walks.clock.next((self.forks.begin, self, self._following(leg)))
        elif not self.beginning:
            self.beginning = True
            self.forks.walks.clock.next((self.forks.begin_more, self))

    def _following(self, leg: Walk) -> int:
        """Return the index of the leg after another in its lane."""
        return index_of(leg.leg) + lanes_of(self.count, self.at_once)


class Forks:
    """Takes the forks of all walks of one run."""

    def __init__(self, walks: Walks, standing: Standing) -> None:
        self.walks, self._standing = walks, standing

    def all_of(self, walk: Walk, step: Step) -> bool:
        """Begin all branches; of a write to copies, those to copies that can be chosen."""
        branches = list(self._branches(walk, step))
        if step.station is not None:
            branches = self._followers(walk, step.station, branches)
        return self._fork(walk, step, iter(branches), count=len(branches), at_once=len(branches))

    def for_each(self, walk: Walk, step: Step) -> bool:
        """Begin as many legs as may run together."""
        count = int(value_of(walk, step))
        first = lanes_of(count, step.at_once) if step.in_lanes else count
        legs = (self._leg_of(walk, step, index, count) for index in range(first))
        return self._fork(walk, step, legs, count=count, at_once=step.at_once or count)

    def _fork(
        self, walk: Walk, step: Step, legs: Iterator[Walk], *, count: int, at_once: int
    ) -> bool:
        need = count if step.need == NONE else min(step.need, count)
        fork = Fork(
            forks=self,
            parent=walk,
            legs=legs,
            count=count,
            need=need,
            at_once=at_once,
            in_lanes=step.in_lanes,
            beginning=True,
        )
        self.walks.clock.next((self.begin_more, fork))
        return False

    def begin_more(self, fork: Fork) -> None:
        """Begin the next leg that may, and come back for another; or end what is decided."""
        if fork.may_begin and (leg := next(fork.legs, None)) is not None:
            self._begin(fork, leg, (self.begin_more, fork))
        elif fork.has_failed:
            fork.over = True
            self.walks.end(fork.parent, fork.last_failure)
        elif fork.succeeded >= fork.need:
            fork.over = True
            self.walks.go_on(fork.parent)
        else:
            fork.beginning = False

    def begin(self, fork: Fork, index: int) -> None:
        """Begin one leg, that another of its lane has ended before."""
        step = self.walks.steps[fork.parent.at]
        self._begin(fork, self._leg_of(fork.parent, step, index, fork.count))

    def _begin(self, fork: Fork, leg: Walk, *then: Act) -> None:
        fork.running += 1
        leg.boss = fork
        self.walks.clock.next((self.walks.proceed, leg), *then)

    def _branches(self, walk: Walk, step: Step) -> Iterator[Walk]:
        branch = walk.at + 1
        while branch < step.end:
            end = self.walks.steps[branch].end
            yield _leg(walk, branch + 1, end, walk.leg)
            branch = end

    def _followers(self, walk: Walk, station: Station, branches: list[Walk]) -> list[Walk]:
        """Send each branch to the next copy after the primary, where the walk has just been."""
        for ahead, branch in enumerate(branches, start=1):
            first, replicas = station.first_member, station.replicas
            branch.member = copy_after(walk.member, first, replicas, ahead)
        return [one for one in branches if self._standing.can_be_chosen(one.member, station)]

    @staticmethod
    def _leg_of(walk: Walk, step: Step, index: int, count: int) -> Walk:
        leg = _leg(walk, walk.at + 1, step.end, leg_of(walk.leg, index))
        lanes = lanes_of(count, step.at_once) if step.in_lanes else count
        leg.lane, leg.lanes = walk.lane * lanes + index % lanes, walk.lanes * lanes
        return leg


def _leg(walk: Walk, at: int, end: int, leg: int) -> Walk:
    return Walk(
        request=walk.request,
        at=at,
        end=end,
        leg=leg,
        lane=walk.lane,
        lanes=walk.lanes,
        attempt=walk.attempt,
        expires_s=walk.expires_s,
        stops_s=walk.stops_s,
    )
