import re

import pytest
from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import CALLER
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.settings import Settings
from reference_impl.chassis.traces import Trace, trace_of

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_a_trace_is_continued_by_a_span_of_its_own():
    trace = trace_of({"traceparent": PARENT})
    assert trace.trace_id == TRACE_ID
    assert re.fullmatch("[0-9a-f]{16}", trace.span_id)
    assert trace.span_id != SPAN_ID


@pytest.mark.parametrize(("flags", "is_sampled"), [("00", False), ("01", True), ("fe", False)])
def test_whether_the_caller_samples_is_kept_and_no_other_flag(flags, is_sampled):
    trace = trace_of({"traceparent": PARENT[:-2] + flags})
    assert trace.is_sampled == is_sampled
    assert trace.headers()["traceparent"].endswith(f"-0{is_sampled:d}")


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "nonsense",
        PARENT.upper(),
        PARENT.replace("00-", "ff-", 1),
        PARENT.replace("00-", "01-", 1),
        PARENT + "-more",
        PARENT + "\n",
        PARENT[:-1],
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        PARENT.replace("a", "g", 1),
    ],
)
def test_what_is_no_parent_begins_a_new_trace(parent):
    trace = trace_of({"traceparent": parent, "tracestate": "a=1"})
    assert re.fullmatch("[0-9a-f]{32}", trace.trace_id)
    assert trace.trace_id != TRACE_ID
    assert (trace.is_sampled, trace.state) == (False, "")


@pytest.mark.parametrize(
    ("state", "is_kept"),
    [("a=1,b=2", True), ("x" * 512, True), ("x" * 513, False), ("a=ä", False), ("a\t=1", False)],
)
def test_the_state_of_other_systems_is_passed_on_up_to_a_limit(state, is_kept):
    trace = trace_of({"traceparent": PARENT, "tracestate": state})
    assert trace.headers().get("tracestate") == (state if is_kept else None)


def test_what_is_told_reads_back_as_the_same_trace():
    trace = Trace(trace_id=TRACE_ID, span_id=SPAN_ID, is_sampled=True, state="a=1")
    child = trace_of(trace.headers())
    assert (child.trace_id, child.is_sampled, child.state) == (TRACE_ID, True, "a=1")


def span():
    """Return the span id of the request being answered."""
    caller = CALLER.get()
    assert caller is not None
    assert caller.trace is not None
    return caller.trace.span_id


async def test_each_hop_is_a_child_of_the_hop_before(aiohttp_server):
    async def tell(request):
        return web.json_response([span(), request.headers["traceparent"]])

    inner = await aiohttp_server(service_app("post", Settings(), [web.get("/tell", tell)]))
    async with ServiceClient([str(inner.make_url(""))], name="post") as posts:

        async def ask(_):
            return web.json_response([span(), await posts.get_json("/tell")])

        routes = [web.get("/ask", ask)]
        outer = await aiohttp_server(service_app("gateway", Settings(), routes, is_at_edge=True))
        async with ServiceClient([str(outer.make_url(""))], name="gateway") as client:
            answer = await client.forward(
                "GET", outer.make_url("/ask"), headers={"traceparent": PARENT}
            )
            [outer_span, [inner_span, told]] = client._json(answer)
    assert told == f"00-{TRACE_ID}-{outer_span}-01"
    assert len({SPAN_ID, outer_span, inner_span}) == 3
