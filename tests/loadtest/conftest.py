"""A gateway of known behaviour, people and plans to load it with."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from loadtest.generator_process import GeneratorProcess
from loadtest.plan import Persons, Plan, PlannedArrival, save_plan
from reference_impl.cluster.binaries import valkey_server

STUB = Path(__file__).with_name("stub_gateway.py")


@dataclass(frozen=True, kw_only=True)
class StubGateway:
    process: subprocess.Popen[bytes]
    url: str
    name: str = "gateway-1"
    station: str = "gateway"
    running: bool = True

    @property
    def pid(self):
        return self.process.pid

    def stats(self):
        """Return what it has seen; of one on a socket, after it was asked for over that."""
        if self.url.startswith("unix:"):
            return json.loads(over_socket(self.url.removeprefix("unix:"), "/stats"))
        with urllib.request.urlopen(f"{self.url}/stats", timeout=5) as answer:
            return json.load(answer)

    def release(self):
        urllib.request.urlopen(f"{self.url}/release", data=b"", timeout=5).close()


def over_socket(path, target):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    with closing(connection):
        connection.request("GET", target)
        return connection.getresponse().read()


@contextmanager
def running_gateway(manner):
    command = [sys.executable, str(STUB), json.dumps(manner)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield StubGateway(process=process, url=process.stdout.readline().decode().strip())
        process.stdin.close()


@pytest.fixture(scope="module")
def start_gateway():
    """The context manager that runs a stub gateway of a given manner."""
    return running_gateway


@pytest.fixture
def gateway(request):
    """The stub gateway that behaves as its indirect parameter says."""
    with running_gateway(getattr(request, "param", {})) as stub:
        yield stub


@pytest.fixture(scope="session")
def people():
    count = 20
    return Persons(
        user_ids=[10**15 + number for number in range(count)],
        usernames=[f"ada.lovelace{number}" for number in range(count)],
        tokens=[f"token-{number}" for number in range(count)],
        password="correct horse",
        images=[b"\xff\xd8\xff" + bytes([number]) * 500 for number in range(3)],
        media_paths=[f"/media/{number}.webp" for number in range(4)],
    )


@pytest.fixture
def generate(people, tmp_path):
    """A function that carries a plan out; `meanwhile` is called while it is being sent."""

    def carried_out(plan, meanwhile=lambda generator: None):
        save_plan(tmp_path, plan, people)
        with GeneratorProcess(tmp_path) as generator:
            generator.wait_ready()
            generator.begin(time.monotonic() + 0.1)
            meanwhile(generator)
            generator.wait(time.monotonic() + plan.until_s + plan.request_timeout_s + 5)
            finished = generator.finished()
        rows = plan.arrivals.merge(finished.outcomes, on="request")
        return SimpleNamespace(
            rows=rows,
            interrupted=finished.interrupted,
            latencies_s=(rows.done_s - rows.at_s).to_numpy(),
            lateness_s=(rows.sent_s - rows.at_s).to_numpy(),
        )

    return carried_out


@pytest.fixture
def planned():
    """A function that plans newsfeed requests at given instants, or Poisson at a given rate."""

    def plan(
        urls,
        *,
        edges=(),
        at_s=None,
        rate_per_s=100.0,
        until_s=1.0,
        in_flight_max=64,
        timeout_s=5.0,
    ):
        if at_s is None:
            gaps_s = np.random.default_rng(7).exponential(1 / rate_per_s, 10_000)
            at_s = np.cumsum(gaps_s)
            at_s = at_s[at_s < until_s]
        rows = [
            PlannedArrival(
                request=number,
                at_s=float(instant_s),
                endpoint="newsfeed",
                user=number % 20,
                target=-1,
                gateway=number % len(urls),
            )
            for number, instant_s in enumerate(at_s)
        ]
        return Plan(
            run_id="0badcafe",
            gateway_urls=tuple(urls),
            cdn_urls=tuple(edges),
            in_flight_max=in_flight_max,
            request_timeout_s=timeout_s,
            until_s=until_s,
            arrivals=pd.DataFrame(rows, columns=list(PlannedArrival._fields)),
        )

    return plan


@pytest.fixture(scope="session")
def broker_url():
    """A broker of its own, empty."""
    folder = Path(tempfile.mkdtemp(prefix="fan-"))  # short: the path of a unix socket is
    address = folder / "s"
    options = ["--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)]
    with subprocess.Popen([valkey_server(), *options], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert any(b"Ready to accept" in line for line in process.stdout)
            yield f"unix://{address}"
        finally:
            process.terminate()
    shutil.rmtree(folder)
