"""Caches: who asks for a key goes on at once, fetches it, or waits for who is fetching it."""

from __future__ import annotations

from model.engine.codes import NONE, Outcome
from model.engine.compiled.choosing import key_of, shard_for
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import (
    cache_at,
    entry_at,
    holder_at,
    key_set_at,
    step_at,
    walk_at,
)
from model.engine.compiled.walks import FAIL, GO_ON, PROCEED, add_task, child_of, in_order_of_noting

_DONE = int(Outcome.DONE)


@compiled
def look_up(s: Record, walk_number: int, step: Record) -> None:
    """Go on with a key that is stored; fetch it, or wait for it, if it is not."""
    walk = walk_at(s, walk_number)
    cache = cache_at(s, step.cache)
    key = key_of(s, walk, cache.keys)
    member = shard_for(s, walk, step, cache.members, NONE)
    walk.cache_member = cache.first_holder + member
    walk.entry = cache.first_entry + member * key_set_at(s, cache.keys).size + key
    entry = entry_at(s, walk.entry)
    if entry.stored != 0:
        if s.now_s < entry.until_s:
            cache.hits += 1
            _unlink(s, walk.cache_member, walk.entry)
            _link_newest(s, walk.cache_member, walk.entry)
            add_task(s, GO_ON, walk_number, 0)
            return
        _drop(s, walk.cache_member, walk.entry)
    cache.misses += 1
    if cache.single_flight != 0:
        if entry.fetching != 0:
            _wait(s, entry, walk_number)
            return
        entry.fetching = 1
    child_number = child_of(s, walk_number, walk.at + 1, step.end)
    if child_number != NONE:
        add_task(s, PROCEED, child_number, 0)


@compiled
def _wait(s: Record, entry: Record, walk_number: int) -> None:
    walk_at(s, walk_number).next = NONE
    if entry.first_waiting == NONE:
        entry.first_waiting = walk_number
    else:
        walk_at(s, entry.last_waiting).next = walk_number
    entry.last_waiting = walk_number


@compiled
def fetched(s: Record, walk_number: int, outcome: int) -> None:
    """Store what was fetched, if it was; then the fetcher goes on or fails, and who waited too."""
    walk = walk_at(s, walk_number)
    cache = cache_at(s, step_at(s, walk.at).cache)
    entry = entry_at(s, walk.entry)
    if outcome == _DONE:
        _store(s, cache, walk.cache_member, walk.entry)
    kind, value = (GO_ON, 0) if outcome == _DONE else (FAIL, outcome)
    if cache.single_flight != 0:
        entry.fetching = 0
        _wake(s, entry, kind, value)
    add_task(s, kind, walk_number, value)


@compiled
def _wake(s: Record, entry: Record, kind: int, value: int) -> None:
    """Note that all who wait go on or fail, the first to come first."""
    first, count = int(entry.first_waiting), 0
    entry.first_waiting, entry.last_waiting = NONE, NONE
    number = first
    while number != NONE:
        count += 1
        number = int(walk_at(s, number).next)
    before = s.task_count
    number = first
    while number != NONE:
        add_task(s, kind, number, value)
        number = int(walk_at(s, number).next)
    in_order_of_noting(s, before)


@compiled
def _store(s: Record, cache: Record, holder_number: int, entry_number: int) -> None:
    entry, holder = entry_at(s, entry_number), holder_at(s, holder_number)
    entry.until_s = s.now_s + cache.ttl_s
    if entry.stored != 0:
        _unlink(s, holder_number, entry_number)
    else:
        entry.stored = 1
        holder.count += 1
    _link_newest(s, holder_number, entry_number)
    if holder.count > cache.capacity:
        _drop(s, holder_number, holder.oldest + 0)


@compiled
def wipe(s: Record, cache_number: int) -> None:
    """Let every member of a cache forget all keys; who is fetching one goes on."""
    cache = cache_at(s, cache_number)
    for number in range(cache.first_holder, cache.first_holder + cache.members):
        holder = holder_at(s, number)
        while holder.count > 0:
            _drop(s, number, holder.oldest + 0)


@compiled
def _drop(s: Record, holder_number: int, entry_number: int) -> None:
    _unlink(s, holder_number, entry_number)
    entry_at(s, entry_number).stored = 0
    holder_at(s, holder_number).count -= 1


@compiled
def _unlink(s: Record, holder_number: int, entry_number: int) -> None:
    entry, holder = entry_at(s, entry_number), holder_at(s, holder_number)
    if entry.newer == NONE:
        holder.newest = entry.older
    else:
        entry_at(s, entry.newer).older = entry.older
    if entry.older == NONE:
        holder.oldest = entry.newer
    else:
        entry_at(s, entry.older).newer = entry.newer


@compiled
def _link_newest(s: Record, holder_number: int, entry_number: int) -> None:
    entry, holder = entry_at(s, entry_number), holder_at(s, holder_number)
    entry.newer, entry.older = NONE, holder.newest
    if holder.newest == NONE:
        holder.oldest = entry_number
    else:
        entry_at(s, holder.newest).newer = entry_number
    holder.newest = entry_number
