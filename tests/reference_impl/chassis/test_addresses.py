import asyncio
import json
import logging
import time

import pytest
from aiohttp import web

from reference_impl.chassis import addresses, instances
from reference_impl.chassis.addresses import Address, AddressBook
from reference_impl.chassis.clients import ServiceClient, client_of
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.settings import Settings


@pytest.fixture(autouse=True)
def _look_always(monkeypatch):
    monkeypatch.setattr(addresses, "LOOK_S", 0.0)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "addresses.json"

    def write(user):
        draft = tmp_path / "new"
        text = user if isinstance(user, str) else json.dumps({"user": user})
        draft.write_text(text, errors="surrogateescape")
        draft.replace(path)

    write.path = str(path)  # type: ignore[attr-defined]
    return write


def urls_in(book):
    return [address.url for address in book.current()]


def test_without_a_file_the_addresses_are_those_given():
    assert urls_in(AddressBook("user", ["unix:/a", "unix:/b"])) == ["unix:/a", "unix:/b"]


def test_until_the_file_is_there_the_addresses_are_those_given(book):
    addresses_of_user = AddressBook("user", ["unix:/a"], path=book.path)
    assert urls_in(addresses_of_user) == ["unix:/a"]
    book([{"url": "unix:/b", "zone": "zone-1"}, {"url": "unix:/c"}])
    assert addresses_of_user.current() == (
        Address(url="unix:/b", zone="zone-1"),
        Address(url="unix:/c"),
    )


def test_a_file_that_is_replaced_is_read_again_and_only_then(book):
    book([{"url": "unix:/b"}])
    its = AddressBook("user", [], path=book.path)
    before = its.current()
    assert its.current() is before
    book([{"url": "unix:/c"}])
    assert urls_in(its) == ["unix:/c"]


def test_the_file_is_looked_at_once_a_second(book, monkeypatch):
    monkeypatch.setattr(addresses, "LOOK_S", 60.0)
    book([{"url": "unix:/b"}])
    its = AddressBook("user", [], path=book.path)
    its.current()
    book([{"url": "unix:/c"}])
    assert urls_in(its) == ["unix:/b"]


def test_a_file_that_says_nothing_of_a_service_leaves_those_given(book):
    book(json.dumps({"post": [{"url": "unix:/b"}]}))
    assert urls_in(AddressBook("user", ["unix:/a"], path=book.path)) == ["unix:/a"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"user": 7}', '{"user": [7]}', '{"user": [{"zone": "a"}]}', "\udcff"]
)
def test_a_file_that_is_no_book_changes_nothing_and_is_complained_of_once(book, caplog, text):
    book([{"url": "unix:/b"}])
    its = AddressBook("user", ["unix:/a"], path=book.path)
    its.current()
    book(text)
    with caplog.at_level(logging.WARNING, logger="feedtwin"):
        assert [urls_in(its) for _ in range(3)] == [["unix:/b"]] * 3
    assert len(caplog.records) == 1
    assert book.path in caplog.text


def test_a_file_that_is_gone_changes_nothing(book, tmp_path):
    book([{"url": "unix:/b"}])
    its = AddressBook("user", ["unix:/a"], path=book.path)
    its.current()
    (tmp_path / "addresses.json").unlink()
    assert urls_in(its) == ["unix:/b"]


def test_a_service_without_any_address_is_refused():
    with pytest.raises(ValueError, match="user: no instances given"):
        AddressBook("user", [])


class Peers:
    """Instances of a service on unix sockets, that say who they are."""

    def __init__(self, folder):
        self._folder = folder
        self._runners = {}
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def url(self, name):
        return f"unix:{self._folder}/{name}.sock"

    def at(self, name, zone=""):
        return {"url": self.url(name), "zone": zone}

    async def start(self, *names):
        for name in names:
            app = web.Application()
            app.add_routes([web.route("*", "/who", self._teller(name))])
            runner = self._runners[name] = web.AppRunner(app)
            await runner.setup()
            await web.UnixSite(runner, f"{self._folder}/{name}.sock").start()

    async def stop(self, *names):
        for name in names:
            await self._runners.pop(name).cleanup()

    async def stop_all(self):
        await self.stop(*self._runners)

    def connections_of(self, name):
        return len(self._runners[name].server.connections)

    def _teller(self, name):
        async def tell(_):
            self.was_asked.set()
            await self.may_answer.wait()
            return web.json_response(name)

        return tell


@pytest.fixture
async def peers(tmp_path):
    peers = Peers(tmp_path)
    yield peers
    await peers.stop_all()


async def who(client, times=6):
    return {await client.get_json("/who") for _ in range(times)}


async def test_instances_come_and_go_while_a_client_runs(peers, book):
    await peers.start("a", "b")
    book([peers.at("a")])
    async with ServiceClient([], name="user", addresses=book.path) as client:
        assert await who(client) == {"a"}
        book([peers.at("a"), peers.at("b")])
        assert await who(client) == {"a", "b"}
        book([peers.at("b")])
        assert await who(client) == {"b"}


async def test_an_instance_that_goes_answers_what_it_was_asked_and_is_then_left(peers, book):
    await peers.start("a", "b")
    book([peers.at("a")])
    async with ServiceClient([], name="user", addresses=book.path) as client:
        peers.may_answer.clear()
        asking = asyncio.create_task(client.post_json("/who", {}))
        await peers.was_asked.wait()
        book([peers.at("b")])
        peers.may_answer.set()
        assert await who(client) == {"b"}
        assert await asking == "a"
        await asyncio.sleep(0.05)
        assert peers.connections_of("a") == 0
        assert peers.connections_of("b") > 0


async def test_an_instance_that_goes_for_good_while_asked_is_not_cut_off(peers, book):
    await peers.start("a", "b")
    book([peers.at("a")])
    async with ServiceClient([], name="user", addresses=book.path) as client:
        peers.may_answer.clear()
        asking = asyncio.create_task(client.post_json("/who", {}))
        await peers.was_asked.wait()
        book([peers.at("b")])
        other = asyncio.create_task(client.post_json("/who", {}))
        await asyncio.sleep(0.05)
        assert peers.connections_of("a") == 1
        peers.may_answer.set()
        assert (await asking, await other) == ("a", "b")


async def test_instances_of_the_own_zone_are_asked_and_no_others(peers, book):
    await peers.start("a", "b", "c")
    book([peers.at("a", "zone-1"), peers.at("b", "zone-2"), peers.at("c", "zone-2")])
    async with ServiceClient([], name="user", addresses=book.path, zone="zone-2") as client:
        assert await who(client, 12) == {"b", "c"}


async def test_other_zones_answer_when_nobody_of_the_own_can_be_reached(peers, book):
    await peers.start("a")
    book([peers.at("a", "zone-1"), peers.at("b", "zone-2"), peers.at("c", "zone-2")])
    async with ServiceClient([], name="user", addresses=book.path, zone="zone-2") as client:
        assert await who(client) == {"a"}


async def test_who_could_not_be_reached_is_asked_last_for_a_while(peers, book, monkeypatch):
    await peers.start("a")
    book([peers.at("a", "zone-1"), peers.at("b", "zone-2")])
    async with ServiceClient([], name="user", addresses=book.path, zone="zone-2") as client:
        assert await who(client) == {"a"}
        await peers.start("b")
        assert await who(client) == {"a"}, "b is resting"
        monkeypatch.setattr(instances, "monotonic", lambda: time.monotonic() + instances.REST_S)
        assert await who(client) == {"b"}


async def test_a_client_of_no_zone_asks_everybody(peers, book):
    await peers.start("a", "b")
    book([peers.at("a", "zone-1"), peers.at("b", "zone-2")])
    async with ServiceClient([], name="user", addresses=book.path) as client:
        assert await who(client) == {"a", "b"}


async def test_each_instance_is_tried_once(peers, monkeypatch):
    tried = []
    ask = instances.Instance.ask

    async def counting(self, *arguments):
        tried.append(self)
        return await ask(self, *arguments)

    monkeypatch.setattr(instances.Instance, "ask", counting)
    async with ServiceClient([peers.url(name) for name in "abc"], name="user") as client:
        with pytest.raises(Unavailable, match="user could not be asked"):
            await client.post_json("/who", {})
    assert len(tried) == len(set(tried)) == 3


async def test_hosts_that_are_gone_are_given_up_within_the_timeout(monkeypatch):
    monkeypatch.setattr(instances, "CONNECT_S", 0.1)
    # 192.0.2.0/24 is for documentation (RFC 5737): nobody answers, or nobody is reachable.
    urls = [f"http://192.0.2.{number}:81" for number in range(1, 9)]
    begun_s = time.monotonic()
    async with ServiceClient(urls, name="user", timeout_s=0.25) as client:
        with pytest.raises(Unavailable):
            await client.get_json("/who")
    assert time.monotonic() - begun_s < 1


async def test_where_the_book_names_nobody_there_is_nobody_to_ask(book):
    book([])
    async with ServiceClient([], name="user", addresses=book.path) as client:
        with pytest.raises(Unavailable, match="user could not be asked: no instance is known"):
            await client.get_json("/who")


async def test_the_settings_say_whom_a_client_asks(peers, book):
    await peers.start("a", "b", "c")
    book([peers.at("a", "zone-1"), peers.at("b", "zone-2")])
    settings = Settings(addresses=book.path, zone="zone-2", user_urls=(peers.url("c"),))
    async with client_of(settings, "user") as client:
        assert await who(client) == {"b"}
    async with client_of(Settings(user_urls=(peers.url("c"),)), "user") as client:
        assert await who(client) == {"c"}
