"""The sections of a scenario's report about its fleet: its copies, its instances, what is busy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model.answers.numbers import INSTANCES
from model.answers.questions import Answer, Variant
from model.answers.statistics import Interval
from model.world.routes import STORE_OF
from reports.quantities import shown, table

BUSIEST = 8  # stations that a report names
TIMES = ("", ".before", ".during", ".after")

COPIES_TOLD = (
    "From the acknowledgement of a write until the last copy has it; and how many acknowledged"
    " writes are on no copy that is left: when the server that takes a shard's writes is lost with"
    " its disk, of all such losses in a year at this load, and with the servers that this run's"
    " events take. What several copies have acknowledged is lost only if they all fail together;"
    " what is on its way to a copy counts as lost."
)
COPIES_COLUMNS = ("all have it, p50", "p99", "lost with a server", "in a year", "in this run")


def copies(answer: Answer) -> str:
    """Return how far copies are behind, and what is lost with a server."""
    rows = [
        (variant.name, store, _acknowledged_by(variant, store), *_of_copies(variant.numbers, store))
        for variant in answer.variants
        for store in STORE_OF
        if f"lost_writes.{store}.per_crash" in variant.numbers
    ]
    if not rows:
        return ""
    columns = ("variant", "store", "acknowledged by", *COPIES_COLUMNS)
    return f"## Copies\n\n{COPIES_TOLD}\n\n" + table(columns, rows)


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
        (variant.name, name.removeprefix(f"{INSTANCES}."), *_over_time(variant, name))
        for variant in answer.variants
        for name in variant.numbers
        if name.startswith(f"{INSTANCES}.") and name.count(".") == 1
    ]
    if not rows:
        return ""
    columns = ("variant", "service", "instances on average", "before", "during", "after")
    return "## Instances\n\n" + table(columns, rows)


def _over_time(variant: Variant, name: str) -> Iterator[str]:
    for time in TIMES:
        yield shown(name, variant.numbers.get(name + time))


def busiest(answer: Answer) -> str:
    """Return the stations whose busiest members are busiest."""
    rows = []
    for variant in answer.variants:
        busy = {n: i for n, i in variant.numbers.items() if n.startswith("busiest.")}
        for name in sorted(busy, key=lambda n: -busy[n].value)[:BUSIEST]:
            station = name.removeprefix("busiest.")
            mean = variant.numbers[f"busy.{station}"]
            rows.append((variant.name, station, shown(name, mean), shown(name, busy[name])))
    columns = ("variant", "station", "busy", "its busiest member")
    return f"## What is busy\n\nThe {BUSIEST} busiest of each variant.\n\n" + table(columns, rows)
