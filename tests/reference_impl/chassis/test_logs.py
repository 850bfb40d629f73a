import asyncio
import gc
import io
import json
import logging
import sys
import time

import pytest
from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.logs import log_to_stderr
from reference_impl.chassis.settings import Settings
from reference_impl.chassis.traces import Trace


@pytest.fixture
def logged(monkeypatch):
    """What a process has logged since it was asked last, line by line."""
    root = logging.getLogger()
    pytests, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    root.handlers.clear()  # which would be closed
    log_to_stderr("user-1")
    [ours] = root.handlers
    assert isinstance(ours, logging.StreamHandler)
    ours.setStream(written := io.StringIO())
    root.handlers[:] = [*pytests, ours]

    def lines():
        text = written.getvalue()
        written.seek(written.truncate(0))
        return [json.loads(line) for line in text.splitlines()]

    yield lines
    root.removeHandler(ours)
    root.setLevel(level)


def fail():
    raise LookupError("gone")


def error_of(function):
    with pytest.raises(LookupError) as caught:
        function()
    return caught.value


def test_a_line_says_when_where_what_and_how_bad(logged):
    logging.getLogger("feedtwin").info("serving on %s", "tcp:1")
    [line] = logged()
    assert time.strptime(line.pop("at"), "%Y-%m-%dT%H:%M:%SZ")
    assert line == {"level": "info", "instance": "user-1", "message": "serving on tcp:1"}


def test_a_line_names_the_request_and_its_trace(logged):
    trace = Trace(trace_id="ab" * 16, span_id="cd" * 8)
    CALLER.set(Caller(request_id="request-1", deadline_s=0.0, trace=trace))
    logging.getLogger("feedtwin").warning("slow")
    CALLER.set(None)
    [line] = logged()
    assert line["request_id"] == "request-1"
    assert (line["trace_id"], line["span_id"]) == ("ab" * 16, "cd" * 8)


def test_an_error_is_one_line_with_its_trace_back(logged):
    logging.getLogger("feedtwin").error("cannot", exc_info=error_of(fail))
    [line] = logged()
    assert (line["level"], line["message"]) == ("error", "cannot")
    assert line["exception"].endswith("LookupError: gone")


async def test_an_error_of_a_task_that_nobody_awaits_is_logged(logged):
    async def fail_later():
        fail()

    task = asyncio.create_task(fail_later())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    [line] = logged()
    assert line["level"] == "error"
    assert "LookupError: gone" in line["exception"]


def test_the_error_that_ends_a_process_is_logged(logged):
    error = error_of(fail)
    sys.excepthook(LookupError, error, error.__traceback__)
    [line] = logged()
    assert (line["level"], line["message"]) == ("critical", "ended by an error: gone")
    assert "LookupError: gone" in line["exception"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:s3cret@host/db", "postgresql://ada:***@host/db"),
        ("redis://:s3cret@host:6379", "redis://:***@host:6379"),
    ],
)
def test_a_password_in_a_url_is_not_logged(logged, url, shown):
    def fail_there():
        raise LookupError(f"cannot reach {url}")

    logging.getLogger("somebody").error("at %s", url, exc_info=error_of(fail_there))
    [line] = logged()
    assert "s3cret" not in json.dumps(line)
    assert line["message"] == f"at {shown}"


async def test_requests_are_logged_only_if_asked_for(logged, aiohttp_client):
    async def hello(_):
        return web.Response()

    for access_log, expected in ((False, 0), (True, 1)):
        routes = [web.get("/user/{user_id}/hello", hello)]
        client = await aiohttp_client(service_app("user", Settings(access_log=access_log), routes))
        await client.get("/user/7/hello?token=s3cret", headers={"X-Request-Id": "request-1"})
        lines = logged()
        assert len(lines) == expected
    [line] = lines
    assert (line["method"], line["route"]) == ("GET", "/user/{user_id}/hello")
    assert (line["status"], line["request_id"]) == (200, "request-1")
    assert 0 < line["ms"] < 1000
    assert len(line["trace_id"]) == 32
    assert "s3cret" not in json.dumps(line)
