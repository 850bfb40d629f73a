"""What happens to the fleet in SimPy while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.engine.codes import At
from model.engine.disruptions import ActionKind
from model.engine.simpy_caches import Caches
from model.engine.simpy_clock import Clock, Moment
from model.engine.simpy_fleet import Fleet
from model.engine.simpy_standing import Standing
from model.engine.simpy_steps import Links
from model.engine.timeline import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Makes what happens to the fleet happen, one action after another."""

    clock: Clock
    fleet: Fleet
    links: Links
    caches: Caches
    standing: Standing
    coming: Iterator[Action]

    def expect(self) -> None:
        """Schedule the next action, if there is one."""
        if (action := next(self.coming, None)) is not None:
            order = At.ACTION, action.kind, action.target
            self.clock.at(action.at_s, order, self._act, action)

    def _act(self, moment: Moment) -> None:
        action: Action = moment.subject
        self.expect()
        self._happen(action.kind, action.target, action.value)

    def _happen(self, kind: ActionKind, target: int, value: float) -> None:
        fleet, links, standing = self.fleet, self.links, self.standing
        match kind:
            case ActionKind.CRASH:
                standing.down_s[target] = self.clock.now
                fleet.eventful[target].crash()
            case ActionKind.REPAIR:
                del standing.down_s[target]
                fleet.eventful[target].repair()
            case ActionKind.SPEED:
                fleet.eventful[target].set_speed(value)
            case ActionKind.HOST_SPEED:
                fleet.hosts[target].set_speed(value)
            case ActionKind.LOSS:
                links.loss[target] = value
            case ActionKind.LAG:
                links.extra_s[target] = value
            case ActionKind.SERVERS:
                fleet.eventful[target].set_servers(int(value))
            case ActionKind.WIPE:
                self.caches.wipe(target)
            case ActionKind.SPREAD:
                standing.shards_in_use[target] = int(value)
            case ActionKind.SCALE:
                standing.scaled[target].look()
