"""Forks in SimPy: `AllOf` and `ForEach` begin legs, and count how they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.engine.program import NONE, Outcome
from model.engine.simpy_standing import Standing
from model.engine.simpy_walks import Station, Step, Walk, Walks, value_of
from model.engine.stations import copy_after, leg_of


@dataclass(slots=True, kw_only=True, eq=False)
class Fork:
    """Legs begun by a step of another walk, which goes on when `need` of them have succeeded."""

    forks: Forks
    parent: Walk
    legs: Iterator[Walk]  # not begun yet
    count: int
    need: int
    at_once: int
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    last_failure: Outcome = Outcome.UNDER_WAY
    beginning: bool = False  # legs that take no time end meanwhile, and must not begin others
    over: bool = False

    def told(self, _leg: Walk, outcome: Outcome) -> None:
        """Count a leg that has ended."""
        self.running -= 1
        if outcome == Outcome.DONE:
            self.succeeded += 1
        else:
            self.failed += 1
            self.last_failure = outcome
        if not self.beginning and not self.over:
            self.beginning = True
            self.forks.walks.clock.next((self.forks.begin_more, self))


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
        legs = self._legs(walk, step, count)
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
            beginning=True,
        )
        self.walks.clock.next((self.begin_more, fork))
        return False

    def begin_more(self, fork: Fork) -> None:
        """Begin the next leg that may, and come back for another; or end what is decided."""
        if fork.failed > fork.count - fork.need:
            fork.over = True
            self.walks.end(fork.parent, fork.last_failure)
        elif fork.succeeded >= fork.need > 0:
            self._succeed(fork)
        elif fork.running < fork.at_once and (leg := next(fork.legs, None)) is not None:
            fork.running += 1
            leg.boss = fork
            self.walks.clock.next((self.walks.proceed, leg), (self.begin_more, fork))
        elif fork.need == 0:
            self._succeed(fork)
        else:
            fork.beginning = False

    def _succeed(self, fork: Fork) -> None:
        fork.over = True
        self.walks.go_on(fork.parent)

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
    def _legs(walk: Walk, step: Step, count: int) -> Iterator[Walk]:
        first = walk.at + 1
        for index in range(count):
            yield _leg(walk, first, step.end, leg_of(walk.leg, index))


def _leg(walk: Walk, at: int, end: int, leg: int) -> Walk:
    return Walk(
        request=walk.request,
        at=at,
        end=end,
        leg=leg,
        attempt=walk.attempt,
        expires_s=walk.expires_s,
        stops_s=walk.stops_s,
    )
