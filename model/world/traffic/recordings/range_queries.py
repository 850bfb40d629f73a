"""Recorded rates as the answer of Prometheus to a range query, by `endpoint` or `route`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from model.world.fields.complaints import complaints_of
from model.world.scenario import Endpoint, ScenarioError
from model.world.traffic.recordings.files import text_of
from model.world.traffic.recordings.recording import RecordedRates
from model.world.traffic.recordings.routes import endpoint_of

Floats = NDArray[np.float64]
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]

BYTES_MAX = 100_000_000
SAMPLES_MAX = 11_000  # of one series: what Prometheus answers (web/api/v1/api.go of its sources)
STEPS_TO_TELL = 10  # from which on what never falls is taken for a count, and not for a rate
_ENDPOINTS = {endpoint.value: endpoint for endpoint in Endpoint}


class _Series(BaseModel):
    metric: dict[str, str]
    values: Annotated[list[tuple[_Amount, _Amount]], Field(min_length=2, max_length=SAMPLES_MAX)]

    @property
    def is_counter(self) -> bool:
        """Whether it counts, by the names that counters have (OpenMetrics 1.0, "Counter")."""
        return self.metric.get("__name__", "").endswith(("_total", "_count"))

    @property
    def endpoint(self) -> Endpoint | None:
        """What is counted: by its name, or by a route and perhaps a method."""
        if "endpoint" in self.metric:
            return _ENDPOINTS.get(self.metric["endpoint"])
        return endpoint_of(self.metric.get("method", ""), self.metric.get("route", ""))

    @property
    def at_s(self) -> Floats:
        """The instants of its samples."""
        return np.array([at_s for at_s, _ in self.values])

    def rates_per_s(self) -> Floats:
        """Return the rate of each step, which the sample at its end tells.

        A counter that falls has begun anew from 0, as Prometheus itself takes it.
        """
        values = np.array([value for _, value in self.values])
        if not self.is_counter:
            return values[1:]
        grown = np.where(np.diff(values) < 0, values[1:], np.diff(values))
        rates: Floats = grown / np.diff(self.at_s)
        return rates


class _Matrix(BaseModel):
    resultType: Literal["matrix"]  # noqa: N815 - as Prometheus spells it
    result: list[_Series]


class _Answer(BaseModel):
    data: _Matrix


def read_range_query(path: Path) -> RecordedRates:
    """Read the JSON of /api/v1/query_range: a counter, or a rate per second, of requests.

    Series of one endpoint add up; where one has no samples, it counts nothing.  Those of no kind
    of request are counted in `left_out`.  Raises ScenarioError for anything else, or if the
    answer would count requests twice.
    """
    all_series = _read(path)
    left_out = Counter(_named(series) for series in all_series if series.endpoint is None)
    known = [series for series in all_series if series.endpoint is not None]
    _refuse_doubtful(path, known)
    grid_s = np.unique(np.concatenate([series.at_s for series in known]))
    endpoints = tuple(dict.fromkeys(series.endpoint for series in known if series.endpoint))
    rates_per_s = np.zeros((len(grid_s) - 1, len(endpoints)))
    for series in known:
        if series.endpoint:
            rates_per_s[:, endpoints.index(series.endpoint)] += _on_grid(series, grid_s)
    return RecordedRates(
        endpoints=endpoints,
        since_s=grid_s[:-1] - grid_s[0],
        rates_per_s=rates_per_s,
        covers_s=float(grid_s[-1] - grid_s[0]),
        left_out=dict(left_out),
    )


def _read(path: Path) -> list[_Series]:
    try:
        return _Answer.model_validate_json(text_of(path, bytes_max=BYTES_MAX)).data.result
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        where, what = next(told for each in wrong for told in complaints_of(each))
        raise _wrong(path, f"is no matrix of a range query: {where or 'it'}: {what}") from None


def _on_grid(series: _Series, grid_s: Floats) -> Floats:
    """Return the rate in each step of the grid; 0 before the first sample and after the last."""
    step = np.searchsorted(series.at_s, grid_s[:-1], side="right") - 1
    rates = np.append(series.rates_per_s(), 0.0)
    on_grid: Floats = np.where(step >= 0, rates[step], 0.0)
    return on_grid


def _refuse_doubtful(path: Path, known: Sequence[_Series]) -> None:
    """Refuse what says nothing of requests, or something else than it seems to."""
    if not known:
        raise _wrong(path, "no series has a label `endpoint` or `route` of a kind of request")
    for series in known:
        if not (np.diff(series.at_s) > 0).all():
            raise _wrong(path, f"the times of {_named(series)} must rise")
    services = sorted({series.metric.get("service", "") for series in known})
    if len(services) > 1:
        raise _wrong(path, f"would count twice what several services see: {', '.join(services)}")
    rates = [series for series in known if not series.is_counter]
    if rates and all(_only_rises(series) for series in rates):
        raise _wrong(path, "seems to add up counters, which loses restarts: query rate() of them")
    if not any(series.rates_per_s().any() for series in known):
        raise _wrong(path, "has no request in it")


def _only_rises(series: _Series) -> bool:
    values = np.array([value for _, value in series.values])
    steps = np.diff(values)
    return len(values) >= STEPS_TO_TELL and bool((steps >= 0).all() and steps.any())


def _named(series: _Series) -> str:
    labels = (f"{name}={value}" for name, value in sorted(series.metric.items()))
    return f"{{{', '.join(labels)}}}"


def _wrong(path: Path, what: str) -> ScenarioError:
    return ScenarioError(f"traffic.recorded: {path}: {what}")
