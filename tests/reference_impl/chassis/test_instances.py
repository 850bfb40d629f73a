import asyncio
import socket
import time

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from reference_impl.chassis import instances
from reference_impl.chassis.addresses import AddressBook
from reference_impl.chassis.clients import ServiceClient, client_of
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.settings import Settings


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


@pytest.mark.filterwarnings("error")  # such as connections that nobody closes
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


async def test_zones_come_in_the_order_that_is_asked_for(book):
    def at(name, zone):
        return {"url": f"unix:/{name}", "zone": zone}

    book([at("a", "zone-1"), at("b", "zone-2"), at("c", "zone-3"), at("d", "zone-2")])
    known = instances.Instances(AddressBook("user", [], path=book.path))
    assert sorted(known.zones()) == ["zone-1", "zone-2", "zone-3"]
    assert len(known.known()) == 4
    for _ in range(4):
        order = [one.zone for one in known.in_turn(["zone-3", "zone-2", "zone-1"])]
        assert order == ["zone-3", "zone-2", "zone-2", "zone-1"]
    assert [one.zone for one in known.in_turn(["zone-1", "zone-9"])] == ["zone-1"]
    firsts = {next(known.in_turn(["zone-2"])) for _ in range(4)}
    assert len(firsts) == 2, "they take turns"
    await known.close()


async def test_an_instance_that_moves_is_found_in_its_new_zone(book):
    book([{"url": "unix:/a", "zone": "zone-1"}])
    known = instances.Instances(AddressBook("user", [], path=book.path))
    [instance] = known.known()
    book([{"url": "unix:/a", "zone": "zone-2"}])
    assert list(known.in_turn(["zone-1", "zone-2"])) == [instance]
    assert (instance.zone, list(known.zones())) == ("zone-2", ["zone-2"])
    await known.close()


async def test_who_has_gone_meanwhile_is_not_asked_any_more(peers, book):
    await peers.start("a", "b")
    book([peers.at("a"), peers.at("b")])
    known = instances.Instances(AddressBook("user", [], path=book.path), zone="")
    turn = known.in_turn()
    first = next(turn)
    book([])
    assert list(known.in_turn()) == []
    await asyncio.sleep(0)
    assert first.is_leaving
    assert list(turn) == []
    await known.close()


async def test_whoever_has_seen_the_request_is_the_last_to_see_it(aiohttp_server):
    seen = []

    async def hang_up(request):
        seen.append(await request.read())
        request.transport.close()
        return web.Response()

    urls = []
    for _ in range(2):
        app = web.Application()
        app.add_routes([web.post("/who", hang_up)])
        urls.append(str((await aiohttp_server(app)).make_url("")))
    async with ServiceClient(urls, name="user") as client:
        with pytest.raises(Unavailable, match="could not be asked"):
            await client.post_json("/who", {})
    assert seen == [b"{}"]


@pytest.mark.parametrize(
    ("method", "times"), [("GET", 2), ("HEAD", 2), ("POST", 1), ("PUT", 1), ("DELETE", 1)]
)
async def test_only_a_look_is_repeated_when_a_used_connection_is_lost(
    aiohttp_server, method, times
):
    seen = []

    async def answer_once(request):
        if request.path == "/who":
            seen.append(request.method)
            request.transport.close()
        return web.Response()

    app = web.Application()
    app.add_routes([web.route("*", "/{_:.*}", answer_once)])
    url = str((await aiohttp_server(app)).make_url(""))
    async with ServiceClient([url], name="user") as client:
        await client.forward("GET", URL("/hello"))
        with pytest.raises(Unavailable, match="could not be asked"):
            await client.forward(method, URL("/who"))
    assert seen == [method] * times


async def test_when_the_time_is_up_nobody_else_is_asked(peers, monkeypatch):
    asked = []

    async def refuse_late(self, *arguments):
        asked.append(self)
        await asyncio.sleep(arguments[-1])
        raise aiohttp.ConnectionTimeoutError

    monkeypatch.setattr(instances.Instance, "ask", refuse_late)
    urls = [peers.url(name) for name in "abc"]
    async with ServiceClient(urls, name="user", timeout_s=0.02) as client:
        with pytest.raises(Unavailable, match="user did not answer in time"):
            await client.get_json("/who")
    assert len(asked) == 1


@pytest.fixture
def absent():
    """The address of a host that does not even refuse: its queue is full."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for guest in (first, second):
            guest.setblocking(False)
            guest.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_host_that_does_not_even_refuse_is_passed_over(peers, absent, monkeypatch):
    monkeypatch.setattr(instances, "CONNECT_S", 0.1)
    await peers.start("a")
    async with ServiceClient([absent, peers.url("a")], name="user", timeout_s=2) as client:
        assert await who(client) == {"a"}


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
