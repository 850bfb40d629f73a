"""What was learnt from measurements: the work of every visit, and where that holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from model.answers.circumstances import circumstances
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.scenario import Scenario

SCHEMA_VERSION = 1

Pair = tuple[str, str]  # (journey, station)


class CalibrationError(ValueError):
    """Measurements that nothing can be learnt from, or a file that is no calibration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Laws of work, in seconds of one core at full speed.

    A visit of a store has its own law; a call of an event loop has one for both of its
    halves.  `spread` is the half-width of the mean between the runs it was learnt from, as a
    share of it.  Rates are those of the runs: outside of them an answer is extrapolated.
    """

    works: Mapping[Pair, QuantileTable]
    outside_s: Mapping[str, float]
    spread: Mapping[str, float]  # by station
    rate_min_per_s: float
    rate_max_per_s: float
    learnt_on: Scenario
    runs: tuple[str, ...]

    def work_of(self, journey: str, station: str) -> QuantileTable:
        """Return the law of a visit; CalibrationError if none was learnt."""
        try:
            return self.works[journey, station]
        except KeyError:
            raise CalibrationError(
                f"nothing was learnt of {station} in {journey}: the calibration is older than the"
                " design; feedtwin load and feedtwin calibrate make one anew"
            ) from None

    @property
    def entries_learnt(self) -> float:
        """How many entries one write to a timeline server held on average when it was learnt."""
        return reach_of(self.learnt_on).spreading.entries_mean

    def delay_of(self, journey: str) -> float:
        """Return the seconds of a journey that no station accounts for."""
        return self.outside_s.get(journey, 0.0)

    def save(self, file: Path) -> None:
        """Write the calibration as JSON."""
        works = [
            {"journey": journey, "station": station, "mean_s": law.mean, "scv": law.scv,
             "probabilities": law.probabilities, "values_s": law.values}
            for (journey, station), law in self.works.items()
        ]  # fmt: skip
        said = {
            "schema_version": SCHEMA_VERSION,
            "learnt_on": self.learnt_on.model_dump(mode="json", exclude_none=True),
            "runs": list(self.runs),
            "rate_min_per_s": self.rate_min_per_s,
            "rate_max_per_s": self.rate_max_per_s,
            "outside_s": dict(self.outside_s),
            "spread": dict(self.spread),
            "works": works,
            "made": circumstances(),
        }
        file.write_text(json.dumps(said, allow_nan=False) + "\n", encoding="utf-8")


def load_calibration(file: Path) -> Calibration:
    """Read what `save` wrote; CalibrationError if it is something else."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        if said["schema_version"] != SCHEMA_VERSION:
            raise CalibrationError(f"{file}: schema_version must be {SCHEMA_VERSION}")
        works = {
            (row["journey"], row["station"]): QuantileTable(
                probabilities=tuple(row["probabilities"]), values=tuple(row["values_s"])
            )
            for row in said["works"]
        }
        return Calibration(
            works=works,
            outside_s=_numbers(said["outside_s"]),
            spread=_numbers(said["spread"]),
            rate_min_per_s=float(said["rate_min_per_s"]),
            rate_max_per_s=float(said["rate_max_per_s"]),
            learnt_on=Scenario.model_validate(said["learnt_on"]),
            runs=tuple(said["runs"]),
        )
    except OSError as error:
        raise CalibrationError(f"{file}: cannot be read: {error.strerror}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CalibrationError(f"{file}: is not a calibration: {error}") from None


def _numbers(said: Mapping[str, float]) -> dict[str, float]:
    numbers = {name: float(number) for name, number in said.items()}
    if any(not 0 <= number < math.inf for number in numbers.values()):
        raise ValueError("delays and spreads must be 0 or more")
    return numbers


def extrapolations(scenario: Scenario, calibration: Calibration) -> list[str]:
    """Return in what the scenario leaves the range that the calibration was learnt in.

    Each is a sentence; none means that the answer rests on measurements of its like.
    """
    said = []
    learnt_on = calibration.learnt_on
    low, high, asked = calibration.rate_min_per_s, calibration.rate_max_per_s, scenario
    if not low <= asked.requests_per_s <= high:
        rates = f"{low:,g}/s to {high:,g}/s"
        said.append(f"load: learnt at {rates}, asked for {asked.requests_per_s:,.0f}/s")
    for table in ("people", "fleet", "policy"):
        changed = list(_changes(getattr(learnt_on, table), getattr(scenario, table)))
        if changed:
            said.append(f"{table}: {', '.join(changed)}")
    if learnt_on.traffic.mix != scenario.traffic.mix:
        said.append("traffic: another mix of requests")
    return said


def _changes(was: BaseModel, is_now: BaseModel) -> Iterator[str]:
    """Yield what is another in one table, and in the tables inside it, in a few characters."""
    for field in type(was).model_fields:
        old, new = getattr(was, field), getattr(is_now, field)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            yield from (f"{field} {change}" for change in _changes(old, new))
        elif old != new:
            yield f"{field} {_brief(old)} → {_brief(new)}"


def _brief(value: object) -> str:
    """Return a value of a scenario in a few characters."""
    if isinstance(value, BaseModel):
        told = ((name, number) for name, number in value if number is not None)
        return " ".join(f"{name} {_brief(number)}" for name, number in told)
    return f"{value:,}" if isinstance(value, int | float) else str(value)
