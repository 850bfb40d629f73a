import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SECRET = "of the tests, and long enough...".replace(" ", "_")
SERVICE = """
import asyncio, contextlib
from aiohttp import web
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.serve import serve

async def slow(_):
    print("asked", flush=True)
    await asyncio.sleep(0.3)
    return web.Response(text="done")

@contextlib.asynccontextmanager
async def assemble(settings):
    yield service_app("user", settings, [web.get("/slow", slow)])
    print("closed", flush=True)

serve(assemble)
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def run(listen="tcp:127.0.0.1:0", secret=SECRET):
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FEEDTWIN_INSTANCE": "user-1",
            "FEEDTWIN_LISTEN": listen,
            "FEEDTWIN_PORT_FILE": str(tmp_path / "port"),
        }
        if secret is not None:
            environ["FEEDTWIN_SECRET"] = secret
        process = subprocess.Popen(
            [sys.executable, "-c", SERVICE],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def first_line(process):
    assert process.stderr is not None
    return json.loads(process.stderr.readline())


def port_of(process):
    return int(first_line(process)["message"].rpartition(":")[2])


def test_requests_under_way_are_answered_before_a_stop(start):
    process = start()
    port = port_of(process)
    asking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/slow').read())",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    assert asking.communicate(timeout=10)[0] == "b'done'\n"
    rest, log = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "closed\n")
    assert json.loads(log)["message"] == "stopped"


def test_a_port_that_was_taken_is_asked_for_again(start, tmp_path):
    ports = []
    for _ in range(2):
        process = start()
        ports.append(port_of(process))
        assert (tmp_path / "port").read_text() == str(ports[-1])
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
    assert ports[0] == ports[1]


@pytest.mark.parametrize("found", ["in use", "nonsense", "99999999", ""])
def test_a_port_that_cannot_be_had_again_is_replaced(start, tmp_path, found):
    if found == "in use":
        found = str(port_of(start()))
    (tmp_path / "port").write_text(found)
    port = port_of(start())
    assert str(port) != found
    assert (tmp_path / "port").read_text() == str(port)


def test_a_socket_left_by_a_crash_is_replaced(start, tmp_path):
    listen = f"unix:{tmp_path}/s"
    for _ in range(2):
        process = start(listen)
        assert first_line(process)["message"] == f"serving on {listen}"
        process.kill()
        process.wait(timeout=10)
    assert (tmp_path / "s").exists()


@pytest.mark.parametrize("listen", ["", "127.0.0.1:80", "tcp:80", "tcp:127.0.0.1:http"])
def test_an_address_that_is_none_is_refused(start, listen):
    process = start(listen)
    _, log = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "SettingsError: FEEDTWIN_LISTEN" in log


@pytest.mark.parametrize("secret", [None, "", "s3cret"])
def test_without_a_good_secret_nothing_is_served(start, secret):
    process = start(secret=secret)
    _, log = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "SettingsError: FEEDTWIN_SECRET" in log


def test_an_error_is_one_line_that_names_the_instance(start):
    process = start()
    port = port_of(process)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez") as answer:
        assert answer.status == 200
    process.terminate()
    _, log = process.communicate(timeout=10)
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["instance"] for line in lines] == ["user-1"]
    assert time.strptime(lines[0]["at"], "%Y-%m-%dT%H:%M:%SZ")
