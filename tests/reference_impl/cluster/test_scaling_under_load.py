"""The real services come and go while people use them, and nobody notices."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from model.world.scenario_files import load_scenario
from reference_impl.cluster import lifecycle, scaling
from reference_impl.cluster.supervision import UnixConnection
from reference_impl.seeding.stores import write_sessions

pytestmark = [pytest.mark.verify, pytest.mark.timeout(600)]

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
PERSON = 4_711
READERS = 4
WRITE_EVERY_S = 0.1
LOOK_S = 1.0  # between two looks at where the gateways are, as services look at their book
WHILE_S = 3.0  # of use after each change


class Use:
    """One person who reads and writes all the time, and does not try again what fails."""

    def __init__(self, home, token):
        self._home = home
        self._headers = {"Authorization": f"Bearer {token}"}
        self._urls: tuple[str, ...] = ()
        self.done = False
        self.outcomes: Counter[tuple[object, str]] = Counter()
        self.gateways_asked: set[str] = set()

    async def look_for_gateways(self):
        while not self.done:
            self._urls = lifecycle.running_in(self._home).gateway_urls
            await asyncio.sleep(LOOK_S)

    async def read(self):
        async with aiohttp.ClientSession(headers=self._headers) as session:
            while not self.done:
                await self._ask(session, "GET", "newsfeed")

    async def write(self):
        async with aiohttp.ClientSession(headers=self._headers) as session:
            while not self.done:
                form = aiohttp.FormData({"text": "hello"}, default_to_multipart=True)
                await self._ask(session, "POST", "post", data=form)
                await asyncio.sleep(WRITE_EVERY_S)

    async def _ask(self, session, method, what, **options):
        url = self._urls[self.outcomes.total() % len(self._urls)]
        self.gateways_asked.add(url)
        try:
            async with session.request(method, f"{url}/user/{PERSON}/{what}", **options) as answer:
                outcome = answer.status, "" if answer.ok else await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = type(error).__name__, str(error)
        self.outcomes[outcome] += 1


@pytest.fixture
async def use(home):
    """Somebody who uses real services, each of which has one instance, all the time."""
    one = [f"fleet.{service}.instances=1" for service in ("timeline", "gateway")]
    asked = load_scenario(LAPTOP, [*one, "policy.rate_limits=false"])
    cluster = await asyncio.to_thread(bring_up, asked, home)
    [token] = write_sessions(cluster.settings, [PERSON])
    use = Use(home, token)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(use.look_for_gateways())
        for work in (*[use.read] * READERS, use.write):
            tasks.create_task(work())
        yield use
        use.done = True


def bring_up(scenario, home):
    return lifecycle.up(scenario, home, server_timing=True, cpus=None, report=print, environ={})


async def scaled(home, service, count):
    cluster = await asyncio.to_thread(scaling.scale, home, service, count, print)
    await asyncio.sleep(WHILE_S)
    return cluster


async def answers_of(cluster, name):
    """How many requests an instance has answered, as it says itself, health checks apart."""
    [member] = [member for member in cluster.members if member.name == name]
    text = await asyncio.to_thread(metrics_of, member.internal_address.removeprefix("unix:"))
    counts = re.findall(r'^feedtwin_request_seconds_count\{.*route="/(?:user|internal).* (.*)$',
                        text, re.MULTILINE)  # fmt: skip
    return sum(map(float, counts))


def metrics_of(socket):
    connection = UnixConnection(Path(socket), timeout_s=5)
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


async def test_no_request_fails_while_services_come_and_go(use, home):
    for service in ("timeline", "post", "follow", "gateway"):
        more = await scaled(home, service, 3)
        assert await answers_of(more, f"{service}-3") > 0, f"{service}-3 was asked nothing"
        await scaled(home, service, 1)
    assert set(use.outcomes) == {(200, ""), (201, "")}, use.outcomes
    assert min(use.outcomes.values()) > 100
    assert len(use.gateways_asked) == 3
