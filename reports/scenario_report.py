"""The report of one scenario: what was asked, what was expected, what came out, how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from model.answers.expectations import BASE
from model.answers.numbers import ALL, ENDPOINTS, is_share, windows_of
from model.answers.questions import Answer, Variant
from model.answers.staleness import is_count
from model.answers.statistics import Interval
from model.rules.targets import P99_BEYOND_MAX, verdict_of
from model.world.routes import STORE_OF
from model.world.scenario import Endpoint

FIGURES = "figures"  # the folder of plots, beside the reports
REQUESTS = "## Requests"
BUSIEST = 8  # stations that a report names
WHOLE_NAMES = ("p50", "p95", "p99", "failed", "late")
TIMES = (".before", ".during", ".after")  # of numbers.windows_of
OVER_TIME = ("p99", "failed")  # what is shown before, during and after events

COPIES_TOLD = (
    "From the acknowledgement of a write until the last copy has it; and how many acknowledged"
    " writes are on no copy that is left: when the server that takes a shard's writes is lost with"
    " its disk, of all such losses in a year at this load, and with the servers that this run's"
    " events take. What several copies have acknowledged is lost only if they all fail together;"
    " what is on its way to a copy counts as lost."
)
COPIES_COLUMNS = ("all have it, p50", "p99", "lost with a server", "in a year", "in this run")

ALL_DIGITS_S, ROUNDS_TO_1_S = 999.5, 0.9995  # where three digits would become a power of ten

Row = Sequence[str]


def scenario_report(answer: Answer, file: Path, *, on_paper: str = "") -> str:
    """Return the report as Markdown; `file` is the scenario's, whose content it is bound to.

    `on_paper` is a section of its own, about what is not simulated.
    """
    sections = (
        _heading(answer),
        _expectations(answer),
        _latencies(answer),
        _over_time(answer),
        _lags(answer),
        _copies(answer),
        _busiest(answer),
        on_paper,
        _caveats(answer),
        _made(answer, file),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def write_report(answer: Answer, text: str, file: Path) -> None:
    """Write a report, and its plot beside it in a folder of figures."""
    from reports.scenario_figure import scenario_figure

    figure = scenario_figure(answer)
    plot = file.parent / FIGURES / f"{file.stem}.svg"
    plot.parent.mkdir(exist_ok=True)
    plot.write_text(figure.svg, encoding="utf-8")
    shown = f"![{figure.says}]({FIGURES}/{plot.name})\n\n{figure.says}\n\n"
    file.write_text(text.replace(REQUESTS, shown + REQUESTS, 1), encoding="utf-8")


def fingerprint_of(file: Path) -> str:
    """Return what tells whether a report was made from this very scenario file."""
    return sha256(file.read_bytes()).hexdigest()[:16]


def table(columns: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


def shown(name: str, interval: Interval | None) -> str:
    """Return a number with its interval, as people read it: shares in %, times in ms or s."""
    if interval is None:
        return "-"
    return f"{_quantity(name, interval.value)} ({_ends(name, interval)})"


def _heading(answer: Answer) -> str:
    said = answer.question
    lines = [
        f"# {answer.variants[0].scenario.name}",
        f"**Question.** {said.question}",
        f"**Expected.** {said.expected}",
    ]
    if said.found:
        lines.append(f"**Found.** {said.found}")
    return "\n\n".join(lines)


def _expectations(answer: Answer) -> str:
    if not answer.checks:
        return ""
    rows = [
        (check.expected, shown(check.expected, check.found), check.outcome.value)
        for check in answer.checks
    ]
    return "## What was expected\n\n" + table(("expected", "found", "came so"), rows)


def _latencies(answer: Answer) -> str:
    rows = [row for variant in answer.variants for row in _latency_rows(variant)]
    columns = ("variant", "request", *WHOLE_NAMES, "target", "p99 in target")
    told = _variants_told(answer)
    return "\n\n".join(part for part in (REQUESTS, told, table(columns, rows)) if part)


def _latency_rows(variant: Variant) -> Iterator[Row]:
    numbers = variant.numbers
    for name in (*_requests_in(variant.numbers), ALL):
        cells = [shown(f"{name}.{what}", numbers.get(f"{name}.{what}")) for what in WHOLE_NAMES]
        target, verdict = _judged(variant, name)
        yield (variant.name, name, *cells, target, verdict)


def _judged(variant: Variant, name: str) -> tuple[str, str]:
    late = variant.numbers.get(f"{name}.late")
    if name not in ENDPOINTS or late is None:
        return "", ""
    target_s = variant.scenario.targets.p99_of(Endpoint(name))
    return _seconds(target_s), verdict_of(late.low, late.high, P99_BEYOND_MAX).value


def _variants_told(answer: Answer) -> str:
    told = [
        f"- **{variant.name}**: " + ", ".join(f"`{override}`" for override in variant.overrides)
        for variant in answer.variants
        if variant.name != BASE
    ]
    return "\n".join(told)


def _over_time(answer: Answer) -> str:
    windows = [window for variant in answer.variants for window in windows_of(variant.scenario)]
    suffixes = [s for s in TIMES if s in {window.suffix for window in windows}]
    if not suffixes:
        return ""
    rows = [
        (variant.name, name, *(shown(name, variant.numbers.get(name + s)) for s in suffixes))
        for variant in answer.variants
        for request in (*_requests_in(variant.numbers), ALL)
        for name in (f"{request}.{what}" for what in OVER_TIME)
        if any(name + s in variant.numbers for s in suffixes)
    ]
    columns = ("variant", "number", *(suffix.removeprefix(".") for suffix in suffixes))
    return "## Before, during and after\n\n" + table(columns, rows)


def _lags(answer: Answer) -> str:
    rows = [
        (variant.name, name, shown(f"{name}.p50", p50), shown(f"{name}.p99", p99))
        for variant in answer.variants
        for name in _lag_names(variant.numbers)
        for p50, p99 in [(variant.numbers.get(f"{name}.{q}") for q in ("p50", "p99"))]
    ]
    if not rows:
        return ""
    told = "From a request until what it began is over: the last follower, index, rendition."
    return f"## Afterwards\n\n{told}\n\n" + table(("variant", "what", "p50", "p99"), rows)


def _copies(answer: Answer) -> str:
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


def _busiest(answer: Answer) -> str:
    rows = []
    for variant in answer.variants:
        busy = {n: i for n, i in variant.numbers.items() if n.startswith("busiest.")}
        for name in sorted(busy, key=lambda n: -busy[n].value)[:BUSIEST]:
            station = name.removeprefix("busiest.")
            mean = variant.numbers[f"busy.{station}"]
            rows.append((variant.name, station, shown(name, mean), shown(name, busy[name])))
    columns = ("variant", "station", "busy", "its busiest member")
    return "## What is busy\n\n" + table(columns, rows)


def _caveats(answer: Answer) -> str:
    if not answer.extrapolated:
        return ""
    told = "\n".join(f"- {sentence}" for sentence in answer.extrapolated)
    return f"## What this extrapolates\n\nWorks were learnt on one machine; this leaves:\n\n{told}"


def _made(answer: Answer, file: Path) -> str:
    scenario = answer.variants[0].scenario
    runs = scenario.simulation
    told = (
        f"{runs.replications} replications of {runs.duration:g} s after {runs.warmup:g} s of"
        f" warm-up, of 1/{runs.slice} of the fleet; seed {scenario.seed}, the same luck for every"
        " variant; intervals of 95 %. Only chance is in them, not how well the works are known."
    )
    return f"## How it was made\n\n{told}\n\nScenario: `{file.name}`, {fingerprint_of(file)}"


def _requests_in(numbers: Mapping[str, Interval]) -> list[str]:
    return [name.removesuffix(".failed") for name in numbers if _is_of_request(name)]


def _is_of_request(name: str) -> bool:
    return name.count(".") == 1 and name.endswith(".failed") and not name.startswith(ALL)


def _lag_names(numbers: Mapping[str, Interval]) -> list[str]:
    lags = [n.removesuffix(".p50") for n in numbers if n.startswith("lag.") and n.endswith(".p50")]
    return [name for name in lags if not name.startswith(("lag.replication.", "lag.replica."))]


def _ends(name: str, interval: Interval) -> str:
    return f"{_quantity(name, interval.low)} to {_quantity(name, interval.high)}"


def _quantity(name: str, value: float) -> str:
    if abs(value) == float("inf"):
        return "?"
    if is_count(name):
        return f"{value:.3g}"
    return f"{100 * value:.3g} %" if is_share(name) else _seconds(value)


def _seconds(value: float) -> str:
    """Return three digits, and all that stand before the point."""
    if value >= ALL_DIGITS_S:
        return f"{value:,.0f} s"
    return f"{value * 1e3:.3g} ms" if value < ROUNDS_TO_1_S else f"{value:.3g} s"
