"""What a scenario file asks, expects and compares; whatever of it has no answer is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.answers.expectations import BASE, checked
from model.answers.number_names import refuse_unknown
from model.answers.statistics import Interval
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario_files import load_scenario

MARKS = ("Question", "Expected", "Found")  # of the comments that a file begins with
ANY = Interval(value=1.0, low=1.0, high=1.0, confidence=0.95, n=1, method="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a scenario file says to people; `found` is empty where all came as expected."""

    question: str
    expected: str
    found: str


def question_of(file: Path) -> Question:
    """Return what the comments at the top of a scenario file say.

    Raises ScenarioError if it does not begin with `# Question:` and `# Expected:`.
    """
    said: dict[str, str] = {}
    for line in _lines(file):
        mark, colon, text = line.removeprefix("# ").partition(": ")
        if not line.startswith("# ") or not colon or mark not in MARKS:
            break
        said[mark] = text.strip()
    if missing := [mark for mark in MARKS[:2] if mark not in said]:
        raise ScenarioError(f"{file}: begin with a line `# {missing[0]}: …`")
    return Question(
        question=said["Question"], expected=said["Expected"], found=said.get("Found", "")
    )


def variants_in(
    file: Path, overrides: Iterable[str] = (), *, quick: bool = False
) -> dict[str, Scenario]:
    """Return the scenario of a file, called BASE, and each of its variants.

    `quick` is the form that the file's `quick` overrides make of them.  Raises ScenarioError for
    what is wrong with any, and for expectations of what no answer has.
    """
    shared = tuple(overrides)
    base = load_scenario(file, shared)
    if BASE in base.variants:
        raise ScenarioError(
            f"{file}: variants.{BASE}: that is the scenario itself; use another name"
        )
    if quick:
        shared = (*shared, *base.quick)
    asked = {BASE: load_scenario(file, shared)}
    for name, changes in base.variants.items():
        asked[name] = _variant(file, name, (*shared, *changes))
    for name, scenario in asked.items():
        _refuse_too_late(file, name, scenario)
    for number, expectation in enumerate(base.expect):
        try:
            refuse_unknown(expectation.that, asked[expectation.variant or BASE])
            checked(expectation, {name: {expectation.that: ANY} for name in asked})
        except ScenarioError as error:
            raise ScenarioError(f"{file}: expect.{number}: {error}") from None
    return asked


def _variant(file: Path, name: str, overrides: Sequence[str]) -> Scenario:
    try:
        return load_scenario(file, overrides)
    except ScenarioError as error:
        raise ScenarioError(f"{file}: variants.{name}: {error}") from None


def _refuse_too_late(file: Path, name: str, scenario: Scenario) -> None:
    """Refuse events that begin when the run is over."""
    ends_s = scenario.simulation.duration
    for number, event in enumerate(scenario.events):
        if event.at >= ends_s:
            raise ScenarioError(
                f"{file}: {name}: events.{number}.at: the run ends {ends_s:g} s after its warm-up,"
                f" got {event.at:g} s"
            )


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ScenarioError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{file}: is not UTF-8 text") from None
