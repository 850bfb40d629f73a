"""Requests that create, sent again."""

import asyncio
import base64
import json

import pytest

from reference_impl.chassis.clients import Answer
from reference_impl.chassis.errors import BadRequest, Conflict, Unavailable, Unprocessable
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY, key_of
from reference_impl.chassis.keyvalue import valkey
from reference_impl.gateway.records import MemoryRecords, ValkeyRecords
from reference_impl.gateway.replays import REPLAYED, Attempt, Replays

DAY_S, HALF_A_MINUTE_S = 86_400, 30
TOKEN = "a token that nobody may read"
CREATED = Answer(
    status=201,
    headers={"Location": "/post/9", "Content-Type": "application/json"},
    body=json.dumps({"token": TOKEN}).encode(),
)


# What is an attempt


@pytest.mark.parametrize(
    "values", [[""], ["x" * 256], ["a b"], ["a\tb"], ["\u00e9"], ["a", "a"], ["a", "b"]]
)
def test_what_is_no_key_is_refused(values):
    with pytest.raises(BadRequest, match=IDEMPOTENCY_KEY):
        key_of(values)


@pytest.mark.parametrize("key", ["a", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~"])
def test_any_visible_text_is_a_key(key):
    assert key_of([key]) == key


def test_without_the_header_there_is_no_key():
    assert key_of([]) is None


def attempt(**changed):
    fields = {
        "key": "k",
        "caller": "7",
        "route": "/user/{user_id}/post",
        "content_type": "text/plain",
        "body": b"body",
    }
    return Attempt(**{**fields, **changed})


def form(boundary, content=b"x"):
    lines = (b"--%b", b'Content-Disposition: form-data; name="a"', b"", content, b"--%b--", b"")
    body = b"\r\n".join(lines).replace(b"%b", boundary)
    return {"content_type": f"multipart/form-data; boundary={boundary.decode()}", "body": body}


def test_a_form_sent_again_is_the_same_whatever_its_boundary():
    assert attempt(**form(b"one")).content == attempt(**form(b"another")).content


def test_a_boundary_that_cannot_be_encoded_is_left_in():
    sent = {"content_type": "multipart/form-data; boundary=a\udcff", "body": b"--a"}
    assert attempt(**sent).content == b"--a"


def test_forms_that_say_something_else_are_others():
    contents = [b"x", b"y", b"", b"one", b"x--onex", b"x--x"]
    assert len({attempt(**form(b"one", content)).content for content in contents}) == 6


# What happens to it


class Asked:
    """A service that creates something new each time, or does what it is told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.times = 0

    async def __call__(self):
        self.times += 1
        answer = self.answers[min(self.times, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def status(number):
    return Answer(status=number, headers={}, body=b"%d" % number)


@pytest.fixture
def replays(records):
    return Replays(records, "our secret")


async def test_the_answer_is_given_again_and_says_so(replays):
    ask = Asked(CREATED, status(400))
    assert await replays.once(attempt(), ask) == CREATED
    again = await replays.once(attempt(), ask)
    assert again.headers == {**CREATED.headers, REPLAYED: "true"}
    assert (again.status, again.body, ask.times) == (201, CREATED.body, 1)


@pytest.mark.parametrize("changed", [{"key": "K"}, {"caller": "8"}, {"route": "/register"}])
async def test_a_key_counts_for_one_caller_and_one_route(replays, changed):
    ask = Asked(status(201), status(202))
    await replays.once(attempt(), ask)
    assert (await replays.once(attempt(**changed), ask)).status == 202


@pytest.mark.parametrize("between", ["", ",", ", ", "|", "\n", "\0", '", "', '","'])
def test_attempts_cannot_be_made_to_meet(between):
    one = attempt(caller=f"7{between}x", route="y")
    assert one.name != attempt(caller="7", route=f"x{between}y").name


async def test_the_same_key_with_another_body_is_refused(replays):
    ask = Asked(CREATED)
    await replays.once(attempt(), ask)
    with pytest.raises(Unprocessable):
        await replays.once(attempt(body=b"another"), ask)
    assert ask.times == 1


async def test_while_the_first_is_under_way_the_second_is_told_to_wait(replays):
    async def second():
        with pytest.raises(Conflict) as refused:
            await replays.once(attempt(), Asked(CREATED))
        assert refused.value.headers == {"Retry-After": "1"}
        with pytest.raises(Unprocessable):
            await replays.once(attempt(body=b"another"), Asked(CREATED))
        return CREATED

    assert await replays.once(attempt(), second) == CREATED


async def test_of_many_at_once_one_is_asked(replays):
    class Slow(Asked):
        async def __call__(self):
            await asyncio.sleep(0.01)
            return await super().__call__()

    ask = Slow(CREATED)
    calls = (replays.once(attempt(), ask) for _ in range(20))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert ask.times == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19


@pytest.mark.parametrize("number", [200, 201, 400, 403, 404, 413, 415])
async def test_what_will_not_change_is_kept_for_a_day(replays, clock, number):
    ask = Asked(status(number), status(599))
    await replays.once(attempt(), ask)
    clock.now_s += DAY_S - 1
    assert (await replays.once(attempt(), ask)).status == number
    clock.now_s += 1
    assert (await replays.once(attempt(), ask)).status == 599


@pytest.mark.parametrize("number", [409, 429, 500, 502, 503])
async def test_what_may_change_is_asked_again(replays, number):
    ask = Asked(status(number), CREATED)
    assert (await replays.once(attempt(), ask)).status == number
    assert await replays.once(attempt(), ask) == CREATED


async def test_a_service_that_did_not_answer_is_asked_again(replays):
    ask = Asked(Unavailable("post did not answer in time"), CREATED)
    with pytest.raises(Unavailable):
        await replays.once(attempt(), ask)
    assert await replays.once(attempt(), ask) == CREATED


async def test_the_mark_of_a_gateway_that_died_ends(replays, clock):
    class DiedError(Exception):
        """As if the process had ended here."""

    with pytest.raises(DiedError):
        await replays.once(attempt(), Asked(DiedError()))
    clock.now_s += HALF_A_MINUTE_S - 1
    with pytest.raises(Conflict):
        await replays.once(attempt(), Asked(CREATED))
    clock.now_s += 1
    assert await replays.once(attempt(), Asked(CREATED)) == CREATED


async def test_one_who_was_given_up_does_not_overwrite_the_one_who_took_over(replays, clock):
    async def late():
        clock.now_s += HALF_A_MINUTE_S
        await replays.once(attempt(), Asked(CREATED))
        return status(200)

    await replays.once(attempt(), late)
    assert (await replays.once(attempt(), Asked(status(500)))).body == CREATED.body


async def test_who_reads_the_store_learns_no_token_no_key_and_no_body(engines):
    async with valkey(engines.session_store) as server:
        before = set(await server.keys("idempotency:*"))
        replays = Replays(ValkeyRecords(server), "our secret")
        await replays.once(attempt(key="my-own-key", body=b"my password"), Asked(CREATED))
        (name,) = set(await server.keys("idempotency:*")) - before
        record = json.loads(await server.get(name) or "")
    kept = repr((name, record, base64.b64decode(record["answer"])))
    for word in (TOKEN, "my-own-key", "my password", "Location"):
        assert word not in kept
        assert base64.b64encode(word.encode()).decode()[:-4] not in kept


class Forgetful(MemoryRecords):
    """Its store goes away once the mark has been made."""

    async def replace(self, name, old, new, *, for_s):
        raise Unavailable("session_store did not answer in time")

    async def drop(self, name, old):
        raise Unavailable("session_store did not answer in time")


async def test_what_was_created_is_answered_even_if_it_cannot_be_kept(caplog):
    assert await Replays(Forgetful(), "s").once(attempt(), Asked(CREATED)) == CREATED
    assert "an answer was not kept" in caplog.text


async def test_a_failure_is_answered_even_if_its_mark_cannot_be_removed(caplog):
    answer = await Replays(Forgetful(), "s").once(attempt(), Asked(status(503)))
    assert answer.status == 503
    assert "mark was left" in caplog.text
