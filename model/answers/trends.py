"""Whether an answer depends on the slice it was found in: the same question in finer ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isfinite

from model.answers.calibrations import Calibration
from model.answers.predict import Prediction, predict
from model.answers.statistics import Interval, TooShort, quantile_of_clusters
from model.answers.summaries import NOTHING, QUANTILES, in_ms
from model.engine.engines import Engine
from model.world.scenario import Scenario

FINER = 2  # slices to compare with
LAG = "fanout lag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One quantile of one endpoint, or of the fan-out's lag, as each slice says it."""

    what: str
    quantile: str
    slices: Sequence[int]  # the scenario's own first, then finer and finer
    seconds: Sequence[Interval]  # one per slice
    differs_s: float  # the scenario's own slice's value less the finest one's
    within_s: float  # by which two right answers differ in one case of twenty

    @property
    def agrees(self) -> bool | None:
        """Whether the slices say the same within their intervals; None if that cannot be said."""
        if not isfinite(self.within_s) or not isfinite(self.differs_s):
            return None
        return abs(self.differs_s) <= self.within_s


def trend_of(
    scenario: Scenario,
    calibration: Calibration,
    *,
    jobs: int = 1,
    engine: Engine = Engine.COMPILED,
) -> list[Trend]:
    """Return every endpoint's quantiles at the scenario's slice k, at k/2 and at k/4.

    The seed is the same, and so is the luck of the k-th request of each stream.  Where k is not
    even, it is divided by its smallest factor; a scenario of slice 1 is compared with nothing.
    Raises ScenarioError if a finer slice has too many requests.
    """
    slices = slices_of(scenario.simulation.slice)
    found = [
        predict(_in_slice(scenario, slice_of), calibration, jobs=jobs, engine=engine)
        for slice_of in slices
    ]
    names = [endpoint.value for endpoint in scenario.traffic.mix]
    return [
        _trend(name, quantile, slices, [_quantile(one, name, q) for one in found])
        for name in (*names, LAG)
        for quantile, q in QUANTILES.items()
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


def cells_of(trend: Trend) -> dict[str, object]:
    """Return a trend as people read it, in milliseconds, a column per slice."""
    agreement = {True: "yes", False: "no", None: "?"}[trend.agrees]
    shares = (f"1/{slice_of} ms" for slice_of in trend.slices)
    return {
        "of": trend.what,
        "quantile": trend.quantile,
        **dict(zip(shares, map(in_ms, trend.seconds), strict=True)),
        "agree": agreement,
    }


def _in_slice(scenario: Scenario, slice_of: int) -> Scenario:
    simulation = scenario.simulation.model_copy(update={"slice": slice_of})
    return scenario.model_copy(update={"simulation": simulation})


def _quantile(prediction: Prediction, name: str, q: float) -> Interval:
    try:
        if name == LAG:
            return quantile_of_clusters([o.fanout_lags_s for o in prediction.observations], q)
        return prediction.quantile(name, q)
    except TooShort:
        return NOTHING


def _trend(name: str, quantile: str, slices: Sequence[int], seconds: Sequence[Interval]) -> Trend:
    """Return a trend; independent intervals add up as errors do, by their squares."""
    own, finest = seconds[0], seconds[-1]
    return Trend(
        what=name,
        quantile=quantile,
        slices=slices,
        seconds=seconds,
        differs_s=own.value - finest.value,
        within_s=hypot(own.half_width, finest.half_width),
    )
