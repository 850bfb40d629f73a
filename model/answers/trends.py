"""Whether an answer depends on the slice it was found in: the same question in finer ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isfinite, nan

from scipy.stats import binom
from scipy.stats import t as student_t

from model.answers.calibrations import Calibration
from model.answers.numbers import Numbers
from model.answers.questions import simulated
from model.answers.statistics import Interval, standard_error
from model.answers.summaries import NOTHING
from model.rules.targets import Verdict
from model.world.scenario import Scenario, ScenarioError

FINER = 2  # slices to compare with
BY_CHANCE = 0.05  # probability that right slices are said to differ, over all numbers of a question
# The busiest of fewer members is less busy: that is no matter of how well a slice holds them.
LEFT_OUT = "busiest."
OF_FEWER = "the busiest of fewer members is less busy, however well a slice holds them"
NEVER_SEEN = "too few of it in every slice to say anything"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One number of an answer (`numbers`), as each slice says it."""

    number: str
    slices: Sequence[int]  # the scenario's own first, then finer and finer
    found: Sequence[Interval]  # one per slice

    @property
    def differs(self) -> float:
        """The scenario's own slice's value less the finest one's, in the number's unit."""
        return self.found[0].value - self.found[-1].value

    @property
    def chance(self) -> float:
        """The probability that right slices differ so much from the finest; NaN if unknown.

        That of the one that differs most, times how many there are (Bonferroni).
        """
        chances = [chance_of(coarser, self.found[-1]) for coarser in self.found[:-1]]
        return min(1.0, len(chances) * min(chances)) if all(map(isfinite, chances)) else nan


def trends_of(
    scenario: Scenario,
    calibration: Calibration,
    *,
    jobs: int = 1,
    report: Report = lambda _: None,
) -> list[Trend]:
    """Return every number of the answer at the scenario's slice k, at k/2 and at k/4.

    All are cut from the same world, and each has luck of its own, so that their errors are
    independent.  Where k is not even, it
    is divided by its smallest factor.  Raises ScenarioError for slice 1, which is compared with
    nothing, or if any of the slices cannot hold the question.
    """
    slices = slices_of(scenario.simulation.slice)
    if len(slices) == 1:
        raise ScenarioError("simulation.slice: must be 2 or more to be compared, got 1")
    answers: list[Numbers] = []
    for slice_of in slices:
        report(f"simulating {scenario.name}, 1/{slice_of}")
        cut_out = _in_slice(scenario, slice_of)
        answers.append(simulated(cut_out, calibration, jobs=jobs, luck=slice_of).numbers)
    return [
        Trend(number=name, slices=slices, found=[answer.get(name, NOTHING) for answer in answers])
        for name in dict.fromkeys(name for answer in answers for name in answer)
        if not name.startswith(LEFT_OUT)
    ]


def slices_of(slice_of: int) -> list[int]:
    """Return a slice and the finer ones that it is compared with.

    >>> slices_of(32)
    [32, 16, 8]
    >>> slices_of(3)
    [3, 1]
    """
    slices = [slice_of]
    while slices[-1] > 1 and len(slices) <= FINER:
        last = slices[-1]
        slices.append(last // next(n for n in range(2, last + 1) if last % n == 0))
    return slices


def chance_of(one: Interval, other: Interval) -> float:
    """Return how probable so large a difference of two independent numbers is; NaN if unknown.

    Each interval is taken for that of Student's t with one degree of freedom less than it has
    values, though those of quantiles and shares are not quite; of one that is lopsided the mean of
    both arms counts.  Their errors are added by their squares.

    Source: B. L. Welch, "The Generalization of 'Student's' Problem when Several Different
    Population Variances are Involved", Biometrika 34 (1947).
    """
    errors = [standard_error(interval) for interval in (one, other)]
    differs, error = abs(one.value - other.value), hypot(*errors)
    if not isfinite(differs) or not isfinite(error):
        return nan
    if error == 0:
        return float(differs == 0)
    squares = [each**2 for each in errors]
    freedom = sum(squares) ** 2 / sum(
        square**2 / (interval.n - 1) for square, interval in zip(squares, (one, other), strict=True)
    )
    return float(2 * student_t.sf(differs / error, freedom))


def differing(trends: Iterable[Trend]) -> list[Trend]:
    """Return the numbers that differ by more than chance allows, all of them taken together.

    If all slices are right there is any such number in one question of twenty (Bonferroni).
    """
    judged = [trend for trend in trends if isfinite(trend.chance)]
    return [trend for trend in judged if trend.chance * len(judged) < BY_CHANCE]


def by_chance_max(trends: Iterable[Trend]) -> int:
    """Return how many numbers may differ at one chance in twenty each, if all slices are right.

    More do in one question of a thousand, if numbers do not depend on one another; they do, so
    this is for people to compare with, and `differing` is what slices are judged by.
    """
    judged = sum(isfinite(trend.chance) for trend in trends)
    return int(binom.ppf(0.999, judged, BY_CHANCE))


def verdict_on(trends: Sequence[Trend]) -> Verdict:
    """Say whether the slices agree; where no number can be judged, nobody knows."""
    if differing(trends):
        return Verdict.MISS
    is_judged = any(isfinite(trend.chance) for trend in trends)
    return Verdict.PASS if is_judged else Verdict.INCONCLUSIVE


def agreement_of(trends: Sequence[Trend]) -> Mapping[str, str]:
    """Return by number whether slices agree on it: "yes", "no", or "?" if that is unknown."""
    wrong = {trend.number for trend in differing(trends)}
    said = {True: "no", False: "yes"}
    return {t.number: said[t.number in wrong] if isfinite(t.chance) else "?" for t in trends}


def unjudged(trends: Iterable[Trend], expected: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return the numbers that slices are not judged by, by why: some trends, and `expected`."""
    left = {trend.number: _why(trend) for trend in trends}
    for name in expected:
        left.setdefault(name, OF_FEWER if name.startswith(LEFT_OUT) else NEVER_SEEN)
    by_why: dict[str, list[str]] = {}
    for name, why in left.items():
        if why:
            by_why.setdefault(why, []).append(name)
    return by_why


def _why(trend: Trend) -> str:
    """Return in which slices a trend's intervals lack an end; nothing where it can be judged."""
    if isfinite(trend.chance):
        return ""
    endless = [
        f"1/{slice_of}"
        for slice_of, found in zip(trend.slices, trend.found, strict=True)
        if not isfinite(found.value) or not isfinite(standard_error(found))
    ]
    return f"too few of it for an interval with two ends in {', '.join(endless)}"


def _in_slice(scenario: Scenario, slice_of: int) -> Scenario:
    simulation = scenario.simulation.model_copy(update={"slice": slice_of})
    return scenario.model_copy(update={"simulation": simulation})
