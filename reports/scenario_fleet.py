"""The sections of a scenario's report about its fleet: its copies, its instances, what is busy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from model.answers.numbers import BUSIEST, BUSY, INSTANCES
from model.answers.questions import Answer, Variant
from model.answers.statistics import Interval
from model.world.design.guards import semaphores
from model.world.routes import STORE_OF
from reports.quantities import TIMES, over_time, shown, table

STATIONS = 8  # the busiest, that a report names
BUSIEST_TOLD = f"The {STATIONS} busiest of each variant, over the whole run, its warm-up included."
BY_LUCK = "In a short stretch its busiest member is busier, if only by luck."

COPIES_TOLD = (
    "From the acknowledgement of a write until the last copy has it; and how many acknowledged"
    " writes are on no copy that is left: when the server that takes a shard's writes is lost with"
    " its disk, of all such losses in a year at this load, and with the servers that this run's"
    " events take. What several copies have acknowledged is lost only if they all fail together;"
    " what is on its way to a copy counts as lost. Stores that nobody was seen to write to are left"
    " out."
)
COPIES_COLUMNS = ("all have it, p50", "p99", "lost with a server", "in a year", "in this run")


def copies(answer: Answer) -> str:
    """Return how far copies are behind, and what is lost with a server."""
    rows = [
        (variant.name, store, _acknowledged_by(variant, store), *_of_copies(variant.numbers, store))
        for variant in answer.variants
        for store in STORE_OF
        if _is_written_to(variant.numbers, store)
    ]
    if not rows:
        return ""
    columns = ("variant", "store", "acknowledged by", *COPIES_COLUMNS)
    return f"## Copies\n\n{COPIES_TOLD}\n\n" + table(columns, rows)


def _is_written_to(numbers: Mapping[str, Interval], store: str) -> bool:
    """Say whether a run has something to tell of a store's copies: how late, or what is lost."""
    lost = numbers.get(f"lost_writes.{store}.per_crash")
    return lost is not None and (lost.value > 0 or f"lag.replication.{store}.p50" in numbers)


def _acknowledged_by(variant: Variant, store: str) -> str:
    described = getattr(variant.scenario.fleet, STORE_OF[store])
    return f"{described.acks} of {described.replicas}"


def _of_copies(numbers: Mapping[str, Interval], store: str) -> Iterator[str]:
    lag, lost = f"lag.replication.{store}", f"lost_writes.{store}"
    for name in (f"{lag}.p50", f"{lag}.p99", f"{lost}.per_crash", f"{lost}.per_year", lost):
        yield shown(name, numbers.get(name))


def instances(answer: Answer) -> str:
    """Return how many instances there are of services that scale by themselves."""
    rows = [
        (variant.name, name.removeprefix(f"{INSTANCES}."), *over_time(variant.numbers, name))
        for variant in answer.variants
        for name in variant.numbers
        if name.startswith(f"{INSTANCES}.") and name.count(".") == 1
    ]
    if not rows:
        return ""
    columns = ("variant", "service", "instances on average", "before", "during", "after")
    return "## Instances\n\n" + table(columns, rows)


def busiest(answer: Answer) -> str:
    """Return the stations whose busiest members are busiest, and how busy while things happen."""
    is_eventful = any(variant.scenario.events for variant in answer.variants)
    times = ("", *TIMES) if is_eventful else ("",)
    rows = [
        (variant.name, station, *_busy(variant.numbers, station, times))
        for variant in answer.variants
        for station in _busiest_stations(variant.numbers)
    ]
    kinds = ("busy", "its busiest member")
    columns = (kind + time.replace(".", ", ") for kind in kinds for time in times)
    told = f"{BUSIEST_TOLD} {BY_LUCK}" if is_eventful else BUSIEST_TOLD
    return f"## What is busy\n\n{told}\n\n" + table(("variant", "station", *columns), rows)


def _busy(numbers: Mapping[str, Interval], station: str, times: Sequence[str]) -> Iterator[str]:
    for kind, time in product((BUSY, BUSIEST), times):
        name = f"{kind}.{station}{time}"
        yield shown(name, numbers.get(name))


def _busiest_stations(numbers: Mapping[str, Interval]) -> list[str]:
    """Return the stations that are named, those with the busiest members first; only machines."""
    busy = {
        station: interval.value
        for name, interval in numbers.items()
        for kind, _, station in [name.partition(".")]
        if kind == BUSIEST and "." not in station and station not in semaphores()
    }
    return sorted(busy, key=lambda station: -busy[station])[:STATIONS]
