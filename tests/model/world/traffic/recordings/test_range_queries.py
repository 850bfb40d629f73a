"""Recorded rates as Prometheus answers them."""

import gzip
import json

import pytest

from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario.traffic import Recorded
from model.world.traffic import recordings
from model.world.traffic.recordings import range_queries, said_of_left_out
from model.world.traffic.recordings.range_queries import read_range_query

COUNTER = {"__name__": "feedtwin_request_seconds_count", "service": "gateway"}
PAGE, POST = ({**COUNTER, "method": m, "route": f"/user/{{user_id}}/{r}"} for m, r in
              (("GET", "newsfeed"), ("POST", "post")))  # fmt: skip


def series(metric, *values, at_s=None):
    times = [1.7e9 + 15 * step for step in range(len(values))] if at_s is None else at_s
    return {"metric": metric, "values": [[t, str(v)] for t, v in zip(times, values, strict=True)]}


def answer(*result, kind="matrix"):
    return json.dumps(
        {"status": "success", "data": {"resultType": kind, "result": list(result)}}
    ).encode()


def read_as_said(recorded):
    return recordings.read_recording(recorded, seed=1)


@pytest.fixture
def read(tmp_path):
    def rates_of(content):
        path = tmp_path / "answer.json"
        path.write_bytes(content)
        return read_range_query(path)

    return rates_of


def rates(recording, endpoint):
    return recording.rates_per_s[:, recording.endpoints.index(endpoint)].tolist()


def test_a_counter_is_differenced_and_counts_from_0_after_a_restart(read):
    recording = read(answer(series(PAGE, 1000, 1150, 30, 180)))
    assert rates(recording, Endpoint.NEWSFEED) == [10.0, 2.0, 10.0]
    assert recording.since_s.tolist() == [0.0, 15.0, 30.0]
    assert (recording.covers_s, recording.per_s) == (45.0, 22 / 3)


def test_a_rate_is_that_of_the_step_which_it_ends(read):
    recording = read(answer(series({"endpoint": "post"}, 7, 3, 5)))
    assert rates(recording, Endpoint.POST) == [3.0, 5.0]


def test_series_of_one_endpoint_add_up(read):
    one, other = ({**PAGE, "instance": name} for name in ("gateway-1", "gateway-2"))
    recording = read(answer(series(one, 0, 150), series(POST, 0, 15), series(other, 100, 130)))
    assert rates(recording, Endpoint.NEWSFEED) == [12.0]
    assert rates(recording, Endpoint.POST) == [1.0]
    assert recording.mix == pytest.approx({Endpoint.NEWSFEED: 12 / 13, Endpoint.POST: 1 / 13})


def test_a_series_counts_only_while_it_has_samples(read):
    late = series({**PAGE, "instance": "late"}, 0, 30, at_s=[1.7e9 + 30, 1.7e9 + 45])
    with_gap = series(POST, 0, 45, 60, at_s=[1.7e9, 1.7e9 + 45, 1.7e9 + 60])
    recording = read(answer(with_gap, late))
    assert recording.since_s.tolist() == [0.0, 30.0, 45.0]
    assert rates(recording, Endpoint.POST) == [1.0, 1.0, 1.0]
    assert rates(recording, Endpoint.NEWSFEED) == [0.0, 2.0, 0.0]


def test_series_of_no_kind_of_request_are_left_out_and_counted(read):
    other = {**COUNTER, "method": "GET", "route": "/livez"}
    recording = read(answer(series(PAGE, 0, 15), series(other, 0, 90)))
    assert recording.per_s == 1.0
    assert said_of_left_out(recording) == (
        "1 series left out, being of other routes: {__name__=feedtwin_request_seconds_count,"
        " method=GET, route=/livez, service=gateway} (1)"
    )


def test_faster_is_more_in_less_time_and_packed_is_as_plain(tmp_path):
    path = tmp_path / "answer.json.gz"
    path.write_bytes(gzip.compress(answer(series({"endpoint": "search"}, 4, 2, 8))))
    recorded = Recorded(file=str(path), form="prometheus", faster=3.0)
    recording = read_as_said(recorded)
    assert recording.since_s.tolist() == [0.0, 5.0]
    assert rates(recording, Endpoint.SEARCH) == [6.0, 24.0]
    assert recording.covers_s == 10.0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is no matrix of a range query"),
        (b"\xff", "is not UTF-8 text"),
        (b'{"status": "error", "error": "query timed out"}', "range query: data: is missing"),
        (answer(kind="vector"), "data.resultType: must be one of 'matrix', got 'vector'"),
        (answer(), "no series has a label `endpoint` or `route`"),
        (answer(series({"job": "x"}, 1, 2)), "no series has a label `endpoint` or `route`"),
        (answer(series({"endpoint": "shout"}, 1, 2)), "no series has a label"),
        (answer(series(PAGE, 5)), "data.result.0.values: write at least 2 of them, got 1"),
        (answer(series(PAGE, 5, "many")), "data.result.0.values.1.1: write a number, got 'many'"),
        (answer(series(PAGE, 5, -1)), "data.result.0.values.1.1: must be at least 0, got '-1'"),
        (answer(series(PAGE, 5, "NaN")), "data.result.0.values.1.1: write a finite number"),
        (answer(series(PAGE, 5, "+Inf")), "data.result.0.values.1.1: write a finite number"),
        (answer(series(PAGE, 5, 6, at_s=[9, 9])), "must rise"),
        (answer(series(PAGE, 5, 5)), "has no request in it"),
        (
            answer(series(PAGE, 0, 9), series({**PAGE, "service": "timeline"}, 0, 9)),
            "would count twice what several services see: gateway, timeline",
        ),
        (answer(series({"endpoint": "post"}, *range(20))), "seems to add up counters"),
        (b"[" * 100_000, "is no matrix of a range query"),
    ],
)
def test_what_is_no_such_answer_is_refused(read, content, complaint):
    with pytest.raises(ScenarioError) as refusal:
        read(content)
    assert complaint in str(refusal.value)
    assert str(refusal.value).startswith("traffic.recorded: ")


def test_rates_that_stay_or_fall_once_are_taken_for_rates(read):
    steady = series({"endpoint": "post"}, *[3] * 20)
    assert read(answer(steady)).per_s == 3.0
    falling = series({"endpoint": "post"}, *range(20), 5)
    assert read(answer(falling)).rates_per_s[-1].tolist() == [5.0]


def test_a_file_that_is_too_large_is_refused(read, monkeypatch):
    monkeypatch.setattr(range_queries, "BYTES_MAX", 50)
    with pytest.raises(ScenarioError, match="has more than 50 bytes"):
        read(answer(series(PAGE, 1, 2)))


def test_an_answer_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read_range_query(tmp_path / "nowhere.json")
