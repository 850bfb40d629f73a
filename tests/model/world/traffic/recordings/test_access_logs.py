"""Recorded requests as lines of web servers."""

import gzip
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kstest

from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario.traffic import Recorded
from model.world.traffic import recordings
from model.world.traffic.recordings import access_logs, said_of_left_out
from model.world.traffic.recordings.access_logs import read_access_log

PAGE = "GET /user/17/newsfeed?limit=20 HTTP/1.1"


def line(asked=PAGE, stamp="10/Oct/2025:13:55:36 +0000", rest='200 2326 "-" "curl/8.0"'):
    return f'192.0.2.7 - ada [{stamp}] "{asked}" {rest}\n'


def read_as_said(recorded):
    return recordings.read_recording(recorded, seed=1)


@pytest.fixture
def read(tmp_path):
    def recording_of(*lines, seed=1):
        path = tmp_path / "access.log"
        path.write_text("".join(lines))
        return read_access_log(path, seed=seed)

    return recording_of


@pytest.mark.parametrize(
    ("asked", "endpoint"),
    [
        ("POST /register HTTP/1.1", Endpoint.REGISTER),
        ("POST /login HTTP/2.0", Endpoint.LOGIN),
        ("POST /user/3/post HTTP/1.1", Endpoint.POST),
        ("POST /user/3/follow HTTP/1.1", Endpoint.FOLLOW),
        ("POST /user/3/unfollow HTTP/1.1", Endpoint.UNFOLLOW),
        (PAGE, Endpoint.NEWSFEED),
        ("GET /user/3/posts HTTP/1.1", Endpoint.PROFILE),
        ("GET /search?q=ad%20a HTTP/1.1", Endpoint.SEARCH),
        ("GET /media/0123-45.jpg HTTP/1.1", Endpoint.IMAGE),
    ],
)
def test_the_routes_of_the_services_are_kinds_of_requests(read, asked, endpoint):
    assert read(line(asked)).endpoints == (endpoint,)


def test_the_load_generators_requests_are_told_by_their_lines(read):
    from loadtest.wire import Caller

    people = SimpleNamespace(
        user_ids=(11, 12),
        usernames=("ada.lovelace1", "alan.turing2"),
        tokens=("a", "b"),
        password="secret",
        images=(b"",),
        media_paths=("/media/00-11.jpg",),
    )
    caller = Caller(people, "0a0b0c0d")
    for endpoint in Endpoint:
        call = caller.call(endpoint, 1, user=0, target=1)
        assert read(line(f"{call.method} {call.path} HTTP/1.1")).endpoints == (endpoint,)


def test_the_common_format_has_no_agent(read):
    assert len(read(line(rest="200 512\n")).at_s) == 1
    assert len(read(line(rest="304 -\n")).at_s) == 1


def test_whatever_the_answer_was_a_request_was_sent(read):
    lines = (line(rest=f"{status} 0") + "\n" for status in (200, 304, 404, 429, 503))
    assert len(read(*lines).at_s) == 5


def test_the_run_begins_with_the_first_request_wherever_the_server_stood(read):
    recording = read(
        line(stamp="10/Oct/2025:23:59:58.250 +0200"),
        line(stamp="10/Oct/2025:16:59:59.500 -0500"),
        line(stamp="11/Oct/2025:00:00:01 +0200"),
    )
    assert recording.at_s[:2] == pytest.approx([0.0, 1.25], abs=1e-6)
    assert 2.75 <= recording.at_s[2] < 3.75


def test_within_a_second_requests_are_anywhere(read):
    recording = read(*[line()] * 2_000)
    assert kstest(recording.at_s, "uniform").pvalue > 1e-3
    assert (np.diff(recording.at_s) >= 0).all()
    assert read(*[line()] * 5, seed=1).at_s.tolist() == read(*[line()] * 5, seed=1).at_s.tolist()
    assert read(*[line()] * 5, seed=1).at_s.tolist() != read(*[line()] * 5, seed=2).at_s.tolist()


def test_lines_that_are_out_of_order_are_put_in_order_with_their_kinds(read):
    late = line("POST /login HTTP/1.1", stamp="10/Oct/2025:13:55:40.000 +0000")
    recording = read(late, line(stamp="10/Oct/2025:13:55:38.000 +0000"))
    assert [recording.endpoints[kind] for kind in recording.kind] == [
        Endpoint.NEWSFEED,
        Endpoint.LOGIN,
    ]
    assert recording.at_s.tolist() == [0.0, 2.0]


def test_requests_of_other_routes_are_counted_as_left_out(read):
    recording = read(
        line("GET /user/17/newsfeed HTTP/1.1"),
        line("GET /user/17/followers HTTP/1.1"),
        line("GET /user/18/followers?cursor=a HTTP/1.1"),
        line("HEAD /media/0123-45.jpg HTTP/1.1"),
        line("\\x16\\x03\\x01", rest="400 0"),
        line("-", rest="408 0"),
    )
    assert len(recording.at_s) == 1
    assert said_of_left_out(recording) == (
        "5 of the 6 requests left out, being of other routes: GET /user/{id}/followers (2),"
        " no request (2), HEAD /media/0123-45.jpg (1)"
    )
    assert recording.faster(2.0).left_out == recording.left_out
    assert said_of_left_out(read(line())) == ""


def test_of_very_many_other_routes_only_some_are_named(read, monkeypatch):
    monkeypatch.setattr(access_logs, "ROUTES_LEFT_OUT_MAX", 2)
    paths = (line(f"GET /{name} HTTP/1.1") for name in "abcab")
    assert read(line(), *paths).left_out == {"GET /a": 2, "GET /b": 2, "other routes": 1}


def test_quotes_within_a_request_end_nothing(read):
    assert len(read(line('GET /search?q=\\"ada\\" HTTP/1.1')).at_s) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("GET /login\n", "line 2: is not in the Common Log Format: 'GET /login'"),
        ('{"method": "GET"}\n', "line 2: is not in the Common Log Format"),
        (line(stamp="2025-10-10T13:55:36Z"), "line 2: is not in the Common Log Format"),
        (line(stamp="31/Feb/2025:13:55:36 +0000"), "line 2: there is no such time: 31/Feb/2025"),
        (line(stamp="10/Okt/2025:13:55:36 +0000"), "line 2: there is no such time: 10/Okt/2025"),
        (line(stamp="10/Oct/2025:25:55:36 +0000"), "line 2: there is no such time: 10/Oct/2025:25"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(read, text, complaint):
    with pytest.raises(ScenarioError) as refusal:
        read(line(), text)
    assert complaint in str(refusal.value)


def test_a_log_of_somebody_else_has_no_request(read):
    with pytest.raises(ScenarioError, match="has no request of a known kind"):
        read(line("GET /wp-login.php HTTP/1.1"))


def test_a_packed_log_is_read_as_the_scenario_says(tmp_path):
    path = tmp_path / "access.log.gz"
    stamps = ("10/Oct/2025:13:55:36.0 +0000", "10/Oct/2025:13:55:46.0 +0000")
    path.write_bytes(gzip.compress("".join(line(stamp=stamp) for stamp in stamps).encode()))
    recorded = Recorded(file=str(path), form="access-log", faster=5.0)
    assert read_as_said(recorded).at_s.tolist() == [0.0, 2.0]
