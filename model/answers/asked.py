"""What a scenario file asks, expects and compares; what no answer could tell is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.answers.calibrations import Calibration
from model.answers.expectations import BASE
from model.answers.twin import twin_of
from model.answers.wrong_expectations import wrong_expectations
from model.engine.refusals import NetworkError
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario_files import load_scenario
from model.world.traffic import as_recorded

MARKS = ("Question", "Expected", "Found")  # of the comments that a file begins with


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
    """Return the scenario of a file, called BASE, and each of its variants, as recorded.

    `quick` is the form that the file's `quick` overrides make of them; `overrides` outweigh it.
    Raises ScenarioError for what is wrong with any, and for all that is with what is expected.
    """
    shared = tuple(overrides)
    base = load_scenario(file, shared)
    if BASE in base.variants:
        raise ScenarioError(
            f"{file}: variants.{BASE}: that is the scenario itself; use another name"
        )
    asked = {BASE: scenario_in(file, shared, quick=quick)}
    if quick:
        shared = (*base.quick, *shared)
    for name, changes in base.variants.items():
        where = f"variants.{name}"
        changed = _changed(file, where, (*shared, *changes))
        asked[name] = _as_recorded(f"{file}: {where}", changed)
    for name, scenario in asked.items():
        _refuse_too_late(file, f"{name}, quick" if quick else name, scenario)
    if wrong := [f"{file}: {line}" for line in wrong_expectations(base.expect, asked)]:
        raise ScenarioError("\n".join(wrong))
    return asked


def refuse_unbuildable(file: Path, asked: Mapping[str, Scenario], calibration: Calibration) -> None:
    """Raise ScenarioError for the first variant that cannot be simulated, with why."""
    for name, scenario in asked.items():
        try:
            twin_of(scenario, calibration)
        except (ScenarioError, NetworkError) as error:
            raise ScenarioError(f"{file}: {name}: {error}") from None


def scenario_in(file: Path, overrides: Iterable[str] = (), *, quick: bool = False) -> Scenario:
    """Return the scenario of a file, with the mix and mean rate of what it has recorded, if it has.

    `quick` is the form that the file's `quick` overrides make of it; `overrides` outweigh it.
    """
    shared = tuple(overrides)
    scenario = load_scenario(file, shared)
    if quick:
        scenario = _changed(file, "quick", (*scenario.quick, *shared))
    return _as_recorded(str(file), scenario)


def _changed(file: Path, by: str, overrides: Sequence[str]) -> Scenario:
    """Return the scenario with overrides that are the file's own, of the field `by`."""
    try:
        return load_scenario(file, overrides)
    except ScenarioError as error:
        told = (line.removeprefix(f"{file}: ") for line in str(error).splitlines())
        lines = (f"{file}: {by}: {line.removeprefix('--set ')}" for line in told)
        raise ScenarioError("\n".join(lines)) from None


def _as_recorded(where: str, scenario: Scenario) -> Scenario:
    try:
        return as_recorded(scenario)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {error}") from None


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
        return file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ScenarioError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{file}: is not UTF-8 text") from None
