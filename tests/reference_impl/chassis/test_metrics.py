import asyncio
from contextlib import suppress

import pytest
from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from reference_impl.chassis.apps import operations_app, service_app
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import NotFound, Unavailable
from reference_impl.chassis.settings import Settings


@pytest.fixture
def serving(aiohttp_client):
    async def start(*routes, service, is_at_edge=False, **settings):
        app = service_app(service, Settings(**settings), routes, is_at_edge=is_at_edge)
        return await aiohttp_client(app)

    return start


def count(service, method, route, status):
    labels = {"service": service, "method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("feedtwin_request_seconds_count", labels)


async def hello(_):
    return web.Response()


async def test_metrics_are_what_prometheus_reads(serving):
    client = await serving(web.get("/user/{user_id}/hello", hello), service="metrics-1")
    await client.get("/user/7/hello")
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = {its.name: its for its in text_string_to_metric_families(await answer.text())}
    assert {
        "feedtwin_request_seconds",
        "feedtwin_requests_in_flight",
        "feedtwin_requests_shed",
    } <= (families.keys())
    buckets = {
        sample.labels["le"]: sample.value
        for sample in families["feedtwin_request_seconds"].samples
        if sample.labels.get("service") == "metrics-1" and "le" in sample.labels
    }
    assert {"0.005", "0.5", "1.0", "2.5", "5.0"} <= buckets.keys()
    assert buckets["+Inf"] == 1


async def test_requests_are_counted_by_template_and_never_by_path(serving):
    client = await serving(web.get("/user/{user_id}/hello", hello), service="metrics-2")
    for user_id in range(3):
        await client.get(f"/user/{user_id}/hello")
        await client.get(f"/nowhere/{user_id}")
        await client.request(("TRACE", "LOCK", "PROPFIND")[user_id], "/user/1/hello")
    assert count("metrics-2", "GET", "/user/{user_id}/hello", 200) == 3
    assert count("metrics-2", "GET", "other", 404) == 3
    assert count("metrics-2", "other", "other", 405) == 3


async def test_refusals_redirections_and_faults_are_counted_by_their_status(serving):
    async def refuse(_):
        raise NotFound("gone")

    async def redirect(_):
        raise web.HTTPFound("/elsewhere")

    async def fail(_):
        raise RuntimeError

    routes = [web.get("/refuse", refuse), web.get("/redirect", redirect), web.get("/fail", fail)]
    client = await serving(*routes, service="metrics-3")
    for path, status in (("/refuse", 404), ("/redirect", 302), ("/fail", 500)):
        assert (await client.get(path, allow_redirects=False)).status == status
        assert count("metrics-3", "GET", path, status) == 1


async def test_beyond_the_limit_requests_are_refused_at_once(serving):
    go_on = asyncio.Event()
    entered = asyncio.Semaphore(0)

    async def wait(_):
        entered.release()
        await go_on.wait()
        return web.Response()

    client = await serving(web.get("/wait", wait), service="metrics-4", in_flight_max=2)
    under_way = [asyncio.create_task(client.get("/wait")) for _ in range(2)]
    for _ in under_way:
        await entered.acquire()
    refused = await client.get("/wait")
    assert (refused.status, refused.content_type) == (503, "application/problem+json")
    assert int(refused.headers["Retry-After"]) >= 1
    assert "X-Request-Id" in refused.headers
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await client.get(path)).status == 200, "however busy it is"
    labels = {"service": "metrics-4"}
    assert REGISTRY.get_sample_value("feedtwin_requests_shed_total", labels) == 1
    assert REGISTRY.get_sample_value("feedtwin_requests_in_flight", labels) == 2
    go_on.set()
    assert [(await task).status for task in under_way] == [200, 200]
    assert (await client.get("/wait")).status == 200
    assert REGISTRY.get_sample_value("feedtwin_requests_in_flight", labels) == 0


async def test_a_request_that_fails_leaves_its_place(serving):
    async def fail(_):
        raise RuntimeError

    client = await serving(web.get("/fail", fail), service="metrics-5", in_flight_max=1)
    assert [(await client.get("/fail")).status for _ in range(3)] == [500, 500, 500]


async def test_the_public_cannot_read_the_metrics_but_operators_can(aiohttp_client):
    app = service_app("gateway", Settings(), [web.get("/hello", hello)], is_at_edge=True)
    operators = await aiohttp_client(operations_app(app))
    public = await aiohttp_client(app)
    statuses = [(await public.get(path)).status for path in ("/livez", "/readyz", "/metrics")]
    assert statuses == [200, 200, 404]
    statuses = [
        (await operators.get(path)).status for path in ("/livez", "/readyz", "/metrics", "/hello")
    ]
    assert statuses == [200, 200, 200, 404]


async def test_a_process_without_routes_has_health_and_metrics(serving):
    client = await serving(service="metrics-6")
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await client.get(path)).status == 200


async def test_calls_are_counted_by_callee_and_outcome(aiohttp_server, tmp_path):
    def calls(callee, status):
        labels = {"callee": callee, "status": status}
        return REGISTRY.get_sample_value("feedtwin_call_seconds_count", labels)

    async def stall(_):
        await asyncio.sleep(5)

    app = web.Application()
    app.add_routes([web.get("/hello", hello), web.get("/stall", stall)])
    url = str((await aiohttp_server(app)).make_url(""))
    async with (
        ServiceClient([url], name="metrics-7", timeout_s=0.05) as there,
        ServiceClient([f"unix:{tmp_path}/nobody"], name="metrics-8") as nowhere,
    ):
        for client, path in ((there, "/hello"), (there, "/stall"), (nowhere, "/hello")):
            with suppress(Unavailable, ValueError):
                await client.get_json(path)
    assert (calls("metrics-7", "200"), calls("metrics-7", "timeout")) == (1, 1)
    assert calls("metrics-8", "unreachable") == 1
