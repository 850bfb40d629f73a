import asyncio
from time import thread_time

import pytest
from aiohttp import web

from reference_impl.chassis import errors
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import CALLER
from reference_impl.chassis.settings import Settings
from reference_impl.chassis.stages import visit

TIMED = Settings(server_timing=True)


def routes_of(**handlers):
    return [web.get(f"/{name}", handler) for name, handler in handlers.items()]


@pytest.fixture
def serving(aiohttp_client):
    async def start(settings=TIMED, *, checks=(), is_at_edge=False, **handlers):
        routes = routes_of(**handlers)
        return await aiohttp_client(
            service_app("user", settings, routes, checks=checks, is_at_edge=is_at_edge)
        )

    return start


async def whoami(_):
    caller = CALLER.get()
    assert caller is not None
    return web.json_response([caller.user_id, caller.request_id, caller.deadline_s])


@pytest.mark.parametrize("kind", errors.ServiceError.__subclasses__())
async def test_every_refusal_is_a_problem_with_its_status(serving, kind):
    async def refuse(_):
        raise kind("because")

    answer = await (await serving(refuse=refuse)).get("/refuse")
    assert answer.status == errors.STATUS_OF[kind]
    assert answer.content_type == "application/problem+json"
    body = await answer.json()
    assert body.keys() == {"type", "title", "status", "detail", "instance"}
    assert (body["status"], body["detail"]) == (answer.status, "because")
    assert body["instance"] == "/refuse"


async def test_a_refusal_that_is_refined_has_the_status_of_what_it_refines(serving):
    async def refuse(_):
        raise errors.Full("a store takes nothing in")

    assert (await (await serving(refuse=refuse)).get("/refuse")).status == 503


def test_every_refusal_has_a_status():
    assert errors.STATUS_OF.keys() == set(errors.ServiceError.__subclasses__())


async def test_who_is_not_signed_in_is_told_how(serving):
    async def refuse(_):
        raise errors.Unauthenticated("who?")

    answer = await (await serving(refuse=refuse)).get("/refuse")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(serving):
    client = await serving(whoami=whoami)
    unknown = await client.get("/nowhere")
    wrong = await client.delete("/whoami")
    assert (unknown.status, unknown.content_type) == (404, "application/problem+json")
    assert (wrong.status, wrong.content_type) == (405, "application/problem+json")
    assert set(wrong.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def test_a_fault_of_ours_is_a_500_that_tells_nothing(serving):
    async def fail(_):
        raise RuntimeError("the password is 1234")

    answer = await (await serving(fail=fail)).get("/fail")
    assert answer.status == 500
    assert "1234" not in await answer.text()


async def test_no_answer_names_the_software(serving):
    client = await serving(whoami=whoami)
    for path in ("/whoami", "/nowhere"):
        assert "Server" not in (await client.get(path)).headers


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [("0123abcd", True), ("short", False), ("x" * 65, False), ("spa ce 12", False), ("", False)],
)
async def test_a_request_id_is_kept_if_it_is_one(serving, sent, is_kept):
    answer = await (await serving(whoami=whoami)).get("/whoami", headers={"X-Request-Id": sent})
    answered = answer.headers["X-Request-Id"]
    assert (answered == sent) == is_kept
    assert (await answer.json())[1] == answered


async def test_a_service_believes_what_the_gateway_says_of_the_caller(serving):
    said = {"X-User-Id": "7", "X-Deadline": "1900000000.5"}
    answer = await (await serving(whoami=whoami)).get("/whoami", headers=said)
    user_id, _, deadline_s = await answer.json()
    assert (user_id, deadline_s) == ("7", 1_900_000_000.5)


async def test_the_gateway_believes_nobody_but_the_session_store(serving):
    said = {"X-User-Id": "7", "X-Deadline": "1900000000.5"}
    answer = await (await serving(whoami=whoami, is_at_edge=True)).get("/whoami", headers=said)
    user_id, _, deadline_s = await answer.json()
    assert user_id == ""
    assert deadline_s < 1_900_000_000


@pytest.mark.parametrize("deadline", ["soon", "nan", "1e400", "-1", "9" * 40])
async def test_a_deadline_that_is_no_time_is_ignored(serving, deadline):
    answer = await (await serving(whoami=whoami)).get("/whoami", headers={"X-Deadline": deadline})
    assert answer.status == 200


async def test_server_timing_names_the_process_and_the_stores_visited(serving):
    async def read(_):
        for _ in range(2):
            with visit("user_db"):
                await asyncio.sleep(0.002)
        return web.Response()

    answer = await (await serving(read=read)).get("/read")
    store, process = answer.headers["Server-Timing"].split(", ")
    assert store.startswith("user_db;dur=")
    assert store.endswith(";n=2")
    assert "cpu" not in store
    name, wall, cpu, visits = process.split(";")
    assert (name, visits) == ("user", "n=1")
    assert float(wall.removeprefix("dur=")) >= 4.0
    assert 0 < float(cpu.removeprefix("cpu=")) < 4.0


async def test_requests_at_once_are_told_apart_with_the_tasks_they_begin(serving):
    turn = asyncio.Barrier(2)

    async def burn(request):
        for _ in range(3):
            await turn.wait()
            end_s = thread_time() + float(request.query["cpu_ms"]) / 1000
            while thread_time() < end_s:
                pass

    async def work(request):
        await asyncio.gather(burn(request))
        return web.Response()

    client = await serving(work=work)
    slow, quick = await asyncio.gather(client.get("/work?cpu_ms=8"), client.get("/work?cpu_ms=1"))
    cpu_ms = [
        float(answer.headers["Server-Timing"].split("cpu=")[1].split(";")[0])
        for answer in (slow, quick)
    ]
    assert 24 <= cpu_ms[0] < 30
    assert 3 <= cpu_ms[1] < 9


async def test_refusals_are_timed_too(serving):
    async def refuse(_):
        raise errors.NotFound("gone")

    answer = await (await serving(refuse=refuse)).get("/refuse")
    assert answer.headers["Server-Timing"].startswith("user;dur=")


async def test_server_timing_is_off_unless_asked_for(serving):
    client = await serving(Settings(), whoami=whoami)
    assert "Server-Timing" not in (await client.get("/whoami")).headers


async def test_an_instance_is_alive_when_it_answers_and_ready_when_its_stores_do(serving):
    store_is_up = asyncio.Event()

    async def check():
        if not store_is_up.is_set():
            raise errors.Unavailable("user_db-2 did not answer in time")

    client = await serving(checks=[check])
    assert (await client.get("/livez")).status == 200
    down = await client.get("/readyz")
    store_is_up.set()
    up = await client.get("/readyz")
    assert (down.status, up.status) == (503, 200)
    assert "user_db-2" in (await down.json())["detail"]


async def test_a_store_that_hangs_makes_an_instance_unready(serving, monkeypatch):
    monkeypatch.setattr("reference_impl.chassis.health.READY_S", 0.02)
    client = await serving(checks=[asyncio.Event().wait])
    assert (await client.get("/readyz")).status == 503
