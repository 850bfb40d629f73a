"""Caches in SimPy: keys stored and forgotten, and fetches that others wait for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from model.engine.codes import Outcome
from model.engine.program import Program
from model.engine.simpy_choices import Choices
from model.engine.simpy_walks import Step, Walk, Walks


class Store:
    """The keys that one member of a cache holds."""

    def __init__(self, *, capacity: int, ttl_s: float) -> None:
        self._capacity, self._ttl_s = capacity, ttl_s
        self._stored_s: OrderedDict[int, float] = OrderedDict()  # least recently used first
        self.fetches: dict[int, Fetch] = {}  # that others may wait for

    def has(self, key: int, now_s: float) -> bool:
        """Use a key, if it is there and still good; forget it if it is not good any more."""
        stored_s = self._stored_s.get(key)
        if stored_s is None:
            return False
        if now_s < stored_s + self._ttl_s:
            self._stored_s.move_to_end(key)
            return True
        del self._stored_s[key]
        return False

    def put(self, key: int, now_s: float) -> None:
        """Store a key; if there are too many then, the least recently used one goes."""
        self._stored_s[key] = now_s
        self._stored_s.move_to_end(key)
        if len(self._stored_s) > self._capacity:
            self._stored_s.popitem(last=False)

    def forget_all(self) -> None:
        """Hold no key any more."""
        self._stored_s.clear()


@dataclass(slots=True, kw_only=True, eq=False)
class Fetch:
    """A walk that takes the steps of a miss, and those who wait for it."""

    caches: Caches
    store: Store
    key: int
    walk: Walk
    waiting: list[Walk] = field(default_factory=list)

    def told(self, _walk: Walk, outcome: Outcome) -> None:
        """Store the key, and let all go on, or fail, in order of coming."""
        walks = self.caches.walks
        if outcome == Outcome.DONE:
            self.store.put(self.key, walks.clock.now)
        if self.store.fetches.get(self.key) is self:
            del self.store.fetches[self.key]
        walks.clock.next(*((walks.leave, walk, outcome) for walk in (self.walk, *self.waiting)))


class Caches:
    """Asks caches for all walks of one run."""

    def __init__(self, program: Program, walks: Walks, choices: Choices) -> None:
        self.walks, self._choices = walks, choices
        caches = program.caches
        self._keys = caches.keys.tolist()
        self._single_flight = caches.single_flight.tolist()
        self._stores = [
            [
                Store(capacity=int(caches.capacity[row]), ttl_s=float(caches.ttl_s[row]))
                for _ in range(members)
            ]
            for row, members in enumerate(caches.members.tolist())
        ]
        self.hits, self.misses = [0] * len(caches.names), [0] * len(caches.names)

    def ask(self, walk: Walk, step: Step) -> bool:
        """Go on at once with a key that is stored; else fetch it, or wait for who does."""
        cache, stores = step.cache, self._stores[step.cache]
        key = self._choices.key(walk, self._keys[cache])
        store = stores[self._choices.cache_member(walk, step, len(stores))]
        if store.has(key, self.walks.clock.now):
            self.hits[cache] += 1
            walk.at = step.end
            return True
        self.misses[cache] += 1
        if (fetch := store.fetches.get(key)) is not None:
            fetch.waiting.append(walk)
            return False
        fetch = Fetch(caches=self, store=store, key=key, walk=walk)
        if self._single_flight[cache]:
            store.fetches[key] = fetch
        self.walks.clock.next((self.walks.proceed, self.walks.inside(walk, fetch)))
        return False

    def wipe(self, cache: int) -> None:
        """Let every member of a cache forget all keys; who is fetching one goes on."""
        for store in self._stores[cache]:
            store.forget_all()
