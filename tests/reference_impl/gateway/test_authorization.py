"""Who may ask what: every route against every kind of caller."""

import pytest

from reference_impl.gateway.routes import PUBLIC_ROUTES, Who

IMAGE = "0a" * 32 + "-" + "0b" * 8 + ".png"
ADA, EVE = 7, 8
ADMITTED = 201  # what every service answers here

NOT_TOKENS = {
    "no header": None,
    "an empty header": "",
    "no token": "Bearer",
    "an empty token": "Bearer ",
    "a token too short": "Bearer x",
    "an unknown token": "Bearer " + "x" * 43,
    "a token too long": "Bearer " + "x" * 8000,
    "two tokens": "Bearer a b",
    "letters beyond ASCII": "Bearer \u00e9" + "x" * 42,
    "another scheme": "Basic dXNlcjpwYXNz",
    "no scheme": "x" * 43,
}


def path_of(route, user_id):
    ids = {"user_id": user_id, "subject_id": 9, "post_id": 10, "name": IMAGE}
    return route.path.format(**ids)


def name_of(route):
    return f"{route.method} {route.path}"


@pytest.fixture(params=PUBLIC_ROUTES, ids=name_of)
def route(request):
    return request.param


@pytest.fixture
async def gateway(serving):
    return await serving(rate_limits=False)


@pytest.fixture
def ask(gateway, route):
    async def ask(authorization, user_id=ADA):
        headers = {} if authorization is None else {"Authorization": authorization}
        return await gateway.request(route.method, path_of(route, user_id), headers=headers)

    return ask


@pytest.fixture
async def ada(sessions):
    return f"Bearer {await sessions.begin(ADA)}"


async def test_without_a_known_token_nobody_passes_but_where_anybody_may(ask, route, service_of):
    answers = {kind: await ask(authorization) for kind, authorization in NOT_TOKENS.items()}
    statuses = {kind: answer.status for kind, answer in answers.items()}
    if route.who is Who.NOBODY:
        assert statuses == dict.fromkeys(NOT_TOKENS, ADMITTED)
    else:
        assert statuses == dict.fromkeys(NOT_TOKENS, 401)
        assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {"Bearer"}
        assert not service_of[route.service].asked


async def test_with_ones_own_token_one_passes_everywhere(ask, ada):
    assert (await ask(ada)).status == ADMITTED


async def test_with_anothers_token_one_passes_where_the_path_names_nobody_in_particular(
    ask, route, sessions, service_of
):
    answer = await ask(f"Bearer {await sessions.begin(EVE)}")
    is_refused = route.who is Who.OWNER
    assert answer.status == (403 if is_refused else ADMITTED)
    assert bool(service_of[route.service].asked) is not is_refused


async def test_a_token_ends_with_its_session(ask, route, sessions, ada):
    await sessions.end(ada.removeprefix("Bearer "))
    assert (await ask(ada)).status == (ADMITTED if route.who is Who.NOBODY else 401)


async def test_the_tokens_of_a_deleted_user_end_with_the_user(ask, route, sessions, ada):
    await sessions.end_all(ADA, version=2)
    assert (await ask(ada)).status == (ADMITTED if route.who is Who.NOBODY else 401)


async def test_two_tokens_in_two_headers_are_none(gateway, route, ada, sessions):
    eve = f"Bearer {await sessions.begin(EVE)}"
    headers = [("Authorization", ada), ("Authorization", eve)]
    answer = await gateway.request(route.method, path_of(route, ADA), headers=headers)
    assert answer.status == (ADMITTED if route.who is Who.NOBODY else 401)


async def test_the_name_of_the_scheme_is_written_in_any_case(ask, route, ada):
    assert (await ask(ada.replace("Bearer", "bEARER"))).status == ADMITTED
