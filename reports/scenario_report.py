"""The report of one scenario: what was asked, what was expected, what came out, how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from model.answers.differences import is_of_request
from model.answers.digits import digits_of
from model.answers.expectations import BASE, Checked, Outcome
from model.answers.numbers import ALL, ENDPOINTS, LAG, UNENDED, windows_of
from model.answers.questions import Answer, Variant
from model.answers.statistics import Interval
from model.rules.targets import P99_BEYOND_MAX, verdict_of
from model.world.celebrities import celebrity_posts
from model.world.scenario import Endpoint
from model.world.scenario_files import files_of
from model.world.traffic import left_out_of
from reports.quantities import DIGITS, TIMES, Row, seconds_said, shown, table
from reports.scenario_differences import differences
from reports.scenario_failures import attempts, failures
from reports.scenario_fleet import busiest, copies, instances

WHOLE_NAMES = ("p50", "p95", "p99", "failed", "late")
LATE = f"{ALL}.late"  # a share, as those are that take longer than a limit
OVER_TIME = ("p99", "failed")  # what is shown before, during and after events
OF_LAGS = ("p50", "p99", UNENDED)
LAGS_TOLD = (
    "From a request until what it began is over: the last follower, index, rendition. Unended: how"
    " much of what was begun was not over at the end of the run. Times are of what was; where too"
    " much was not, nobody knows how long it takes: `?`. What had been under way for longer than"
    " half of what was over took counts, above, as taking longer than any limit, but not as certain"
    " to before it has."
)
POSTS_FAILED = "Celebrities' posts that failed, so that there was nothing to be seen of them:"


def scenario_report(answer: Answer, file: Path, *, plot: str = "", on_paper: str = "") -> str:
    """Return the report as Markdown; `file` is the scenario's, whose content it is bound to.

    `plot` and `on_paper` are sections of their own, the latter about what is not simulated.
    """
    sections = (
        _heading(answer),
        _expectations(answer),
        _posts_failed(answer),
        plot,
        _latencies(answer),
        differences(answer),
        failures(answer),
        attempts(answer),
        _over_time(answer),
        _lags(answer),
        copies(answer),
        instances(answer),
        busiest(answer),
        on_paper,
        _untold(answer),
        _caveats(answer),
        _made(answer, file),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def fingerprint_of(file: Path) -> str:
    """Return what tells whether a report was made from this scenario, and all that it extends."""
    content = b"".join(each.read_bytes() for each in files_of(file))
    return sha256(content).hexdigest()[:16]


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
    rows = [(check.expected, _compared(check), check.outcome.value) for check in answer.checks]
    return "## What was expected\n\n" + table(("expected", "found", "came so"), rows)


def _posts_failed(answer: Answer) -> str:
    """Return how often the posts of celebrities failed, whose effect is asked for."""
    told = [
        f"- {variant.name}: `{name}` failed in {round(runs * failed.value)} of {runs} runs"
        for variant in answer.variants
        for runs in [variant.scenario.simulation.replications]
        for name, _ in celebrity_posts(variant.scenario)
        for failed in [variant.numbers.get(f"{name}.failed")]
        if failed is not None and failed.value > 0
    ]
    return "\n".join((POSTS_FAILED, "", *told)) if told else ""


def _compared(check: Checked) -> str:
    """Return what was found, and beside what, and how many times that it is."""
    found = shown(check.expected, check.found)
    if check.found is None or check.beside is None:
        longer = (
            f"; {shown(LATE, share)} take longer than {limit}"
            for limit, share in check.longer.items()
        )
        alone = ", with nothing to compare it with" if _is_alone(check) else ""
        return found + alone + "".join(longer)
    beside = shown(check.expected, check.beside)
    if not check.beside.value:
        return f"{found}, for {beside}"
    return f"{found}, {digits_of(check.found.value / check.beside.value, DIGITS)} times {beside}"


def _is_alone(check: Checked) -> bool:
    """Say whether a number was found, but not the one that it was to be compared with."""
    return check.found is not None and check.outcome is Outcome.UNKNOWN


def _latencies(answer: Answer) -> str:
    rows = [row for variant in answer.variants for row in _latency_rows(variant)]
    columns = ("variant", "request", *WHOLE_NAMES, "target", "p99 in target")
    parts = ("## Requests", _variants_told(answer), _left_out(answer), table(columns, rows))
    return "\n\n".join(part for part in parts if part)


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
    return seconds_said(target_s), verdict_of(late.low, late.high, P99_BEYOND_MAX).value


def _variants_told(answer: Answer) -> str:
    told = [
        f"- **{variant.name}**: " + ", ".join(f"`{override}`" for override in variant.overrides)
        for variant in answer.variants
        if variant.name != BASE
    ]
    return "\n".join(told)


def _left_out(answer: Answer) -> str:
    """Return what was recorded and is no kind of request."""
    told = left_out_of(variant.scenario for variant in answer.variants)
    return "\n".join(f"- {sentence}" for sentence in told)


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
        (
            variant.name,
            name,
            *(shown(f"{name}.{what}", numbers.get(f"{name}.{what}")) for what in OF_LAGS),
        )
        for variant in answer.variants
        for numbers in [variant.numbers]
        for name in _lag_names(numbers)
    ]
    if not rows:
        return ""
    return f"## Afterwards\n\n{LAGS_TOLD}\n\n" + table(("variant", "what", *OF_LAGS), rows)


def _untold(answer: Answer) -> str:
    told = [f"- {v.name}: {v.simulated.untold}" for v in answer.variants if v.simulated.untold]
    return "## What is not said\n\n" + "\n".join(told) if told else ""


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
        " Replications differ in the luck of traffic and failures; people, who follows whom and"
        " what tables hold are drawn once from the seed: another seed is another world, so run with"
        " another (`seed`) to see how much that matters."
    )
    return f"## How it was made\n\n{told}\n\nScenario: `{file.name}`, {fingerprint_of(file)}"


def _requests_in(numbers: Mapping[str, Interval]) -> list[str]:
    return [name.removesuffix(".failed") for name in numbers if _is_of_request(name)]


def _is_of_request(name: str) -> bool:
    return is_of_request(name) and not name.startswith(ALL)


def _lag_names(numbers: Mapping[str, Interval]) -> list[str]:
    """Return what has an end that nobody waits for, whether any of it came to its end or not."""
    lags = [
        name.removesuffix(f".{UNENDED}")
        for name in numbers
        if name.startswith(LAG) and name.endswith(f".{UNENDED}")
    ]
    return [name for name in lags if not name.startswith(("lag.replication.", "lag.replica."))]
