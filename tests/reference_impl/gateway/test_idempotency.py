"""Requests that create, sent again through the gateway."""

import aiohttp
import pytest

from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY
from reference_impl.gateway.routes import PUBLIC_ROUTES

KEY = {IDEMPOTENCY_KEY: "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def test_only_what_creates_takes_a_key():
    creating = {f"{route.method} {route.path}" for route in PUBLIC_ROUTES if route.creates}
    assert creating == {"POST /register", "POST /user/{user_id}/post"}


@pytest.mark.parametrize("path", ["/register", "/user/7/post"])
async def test_a_request_sent_twice_happens_once(gateway, token, path):
    options = {"headers": {**token, **KEY}, "data": b"the same"}
    first, second = await gateway.post(path, **options), await gateway.post(path, **options)
    assert (first.status, second.status) == (201, 201)
    assert await second.read() == await first.read()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Content-Type"] == first.headers["Content-Type"]


async def test_a_form_built_anew_is_the_same_request(gateway, token):
    answers = []
    for _ in range(2):
        form = aiohttp.FormData({"caption": "the lake"}, default_to_multipart=True)
        answers.append(await gateway.post("/user/7/post", headers={**token, **KEY}, data=form))
    assert answers[1].headers["Idempotent-Replayed"] == "true"


async def test_a_key_goes_in_where_the_service_itself_must_know_it(gateway, token):
    headers = {**token, **KEY}
    told = {
        path: (await (await gateway.post(path, headers=headers)).json())["headers"]
        for path in ("/user/7/post", "/register", "/user/7/follow")
    }
    name = IDEMPOTENCY_KEY.lower()
    assert told["/user/7/post"][name] == KEY[IDEMPOTENCY_KEY]
    assert [path for path, headers in told.items() if name in headers] == ["/user/7/post"]


async def test_a_request_that_failed_is_sent_again_with_its_key(gateway, token, service_of):
    service_of["post"].status = 503
    await gateway.post("/user/7/post", headers={**token, **KEY})
    service_of["post"].status = 201
    answer = await gateway.post("/user/7/post", headers={**token, **KEY})
    told = (await answer.json())["headers"]
    assert (answer.status, told[IDEMPOTENCY_KEY.lower()]) == (201, KEY[IDEMPOTENCY_KEY])


async def test_without_a_key_each_request_is_another(gateway, token):
    first = await gateway.post("/user/7/post", headers=token)
    second = await gateway.post("/user/7/post", headers=token)
    assert (await first.json())["nth"] + 1 == (await second.json())["nth"]


async def test_where_nothing_is_created_a_key_says_nothing(gateway, token):
    headers = {**token, **KEY}
    first = await gateway.post("/user/7/follow", headers=headers)
    second = await gateway.post("/user/7/follow", headers=headers)
    assert (await first.json())["nth"] + 1 == (await second.json())["nth"]


async def test_a_key_of_somebody_else_is_another_key(gateway, token, sessions):
    await gateway.post("/user/7/post", headers={**token, **KEY})
    other = {"Authorization": f"Bearer {await sessions.begin(8)}"}
    answer = await gateway.post("/user/8/post", headers={**other, **KEY})
    assert (await answer.json())["asked"] == "POST /user/8/post"


async def test_who_is_not_signed_in_is_not_told_of_an_answer_that_is_kept(gateway, token):
    await gateway.post("/user/7/post", headers={**token, **KEY})
    assert (await gateway.post("/user/7/post", headers=KEY)).status == 401


async def test_refusals_of_keys_are_problems(gateway, token, service_of):
    async def post(body=b"", **key):
        headers = {**token, **(key or KEY)}
        return await gateway.post("/user/7/post", headers=headers, data=body)

    statuses = {}

    async def meanwhile():
        service_of["post"].before_answering = None
        statuses["under way"] = await post()

    service_of["post"].before_answering = meanwhile
    await post()
    statuses["another body"] = await post(b"x")
    statuses["no key"] = await post(**{IDEMPOTENCY_KEY: "a b"})
    assert {what: answer.status for what, answer in statuses.items()} == {
        "under way": 409,
        "another body": 422,
        "no key": 400,
    }
    assert all(answer.content_type.endswith("problem+json") for answer in statuses.values())
    assert statuses["under way"].headers["Retry-After"] == "1"


async def test_an_answer_given_again_uses_up_no_limit(gateway, token):
    for _ in range(40):
        answer = await gateway.post("/user/7/post", headers={**token, **KEY})
        assert answer.status == 201


async def test_a_request_over_its_limit_may_be_sent_again_later(gateway, token, clock):
    for _ in range(30):
        await gateway.post("/user/7/post", headers=token)
    refused = await gateway.post("/user/7/post", headers={**token, **KEY})
    assert refused.status == 429
    clock.now_s += int(refused.headers["Retry-After"])
    assert (await gateway.post("/user/7/post", headers={**token, **KEY})).status == 201
