"""What all Sessions promise: those in memory and those in Valkey."""

import time

import pytest
import redis

from reference_impl.chassis.errors import Unauthenticated
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import BEGIN, ValkeySessions, begin_arguments
from reference_impl.chassis.sessions import (
    RETIRED_S,
    SESSION_S,
    SESSIONS_MAX,
    MemorySessions,
    key_of,
    new_token,
    token_of,
)


@pytest.fixture(params=["memory", "valkey"])
async def sessions(request):
    if request.param == "memory":
        yield MemorySessions()
        return
    engines = request.getfixturevalue("engines")
    async with valkey(engines.session_store) as server:
        yield ValkeySessions(server)


@pytest.fixture
def user():
    """Somebody whom no other test knows."""
    return time.time_ns()


@pytest.fixture
async def server(engines):
    async with valkey(engines.session_store) as server:
        yield server


async def test_a_token_stands_for_its_user(sessions, user):
    token, other = await sessions.begin(user), await sessions.begin(user + 1)
    assert (await sessions.user_of(token), await sessions.user_of(other)) == (user, user + 1)


async def test_every_sign_in_has_a_token_of_its_own(sessions, user):
    first, second = await sessions.begin(user), await sessions.begin(user)
    assert first != second
    assert await sessions.user_of(first) == await sessions.user_of(second) == user


async def test_nobody_holds_a_token_that_was_never_given(sessions):
    await sessions.check()
    assert await sessions.user_of("x" * 43) is None


async def test_a_session_that_was_ended_is_over_and_no_other(sessions, user):
    token, other = await sessions.begin(user), await sessions.begin(user)
    await sessions.end(token)
    assert await sessions.user_of(token) is None
    assert await sessions.user_of(other) == user


async def test_to_end_a_session_twice_or_one_that_never_was_is_nothing(sessions, user):
    token, kept = await sessions.begin(user), await sessions.begin(user)
    for ended in (token, token, "x" * 43):
        await sessions.end(ended)
    assert await sessions.user_of(kept) == user


async def test_all_sessions_of_a_user_end_at_once_and_nobody_elses(sessions, user):
    tokens = [await sessions.begin(user) for _ in range(3)]
    other = await sessions.begin(user + 1)
    await sessions.end_all(user)
    assert [await sessions.user_of(token) for token in tokens] == [None] * 3
    assert await sessions.user_of(other) == user + 1


async def test_one_session_may_be_left_when_all_others_end(sessions, user):
    kept, other = await sessions.begin(user), await sessions.begin(user)
    await sessions.end_all(user, except_token=kept)
    assert (await sessions.user_of(kept), await sessions.user_of(other)) == (user, None)


async def test_the_session_that_was_left_ends_with_the_next_all(sessions, user):
    kept = await sessions.begin(user)
    await sessions.end_all(user, except_token=kept)
    await sessions.end_all(user)
    assert await sessions.user_of(kept) is None


async def test_who_has_no_session_can_have_all_ended(sessions, user):
    await sessions.end_all(user)
    assert await sessions.user_of(await sessions.begin(user)) == user


async def test_of_too_many_sessions_the_oldest_ends(sessions, user):
    tokens = [await sessions.begin(user) for _ in range(SESSIONS_MAX + 2)]
    held = [await sessions.user_of(token) for token in tokens]
    assert held == [None] * 2 + [user] * SESSIONS_MAX


async def test_sessions_that_were_ended_leave_room(sessions, user):
    first = await sessions.begin(user)
    for _ in range(SESSIONS_MAX):
        await sessions.end(await sessions.begin(user))
    assert await sessions.user_of(first) == user


async def test_a_sign_in_on_what_was_known_before_all_sessions_ended_is_refused(sessions, user):
    await sessions.end_all(user, version=3)
    with pytest.raises(Unauthenticated, match="sign in again"):
        await sessions.begin(user, version=2)
    assert await sessions.user_of(await sessions.begin(user, version=3)) == user


async def test_what_is_retired_stays_so_whoever_ends_sessions_later(sessions, user):
    await sessions.end_all(user, version=3)
    await sessions.end_all(user, version=2)
    await sessions.end_all(user)
    with pytest.raises(Unauthenticated):
        await sessions.begin(user, version=2)


async def test_in_memory_too_old_knowledge_is_refused_for_a_minute():
    now_s = [0.0]
    sessions = MemorySessions(lambda: now_s[0])
    await sessions.end_all(7, version=2)
    now_s[0] = RETIRED_S - 1
    with pytest.raises(Unauthenticated):
        await sessions.begin(7)
    now_s[0] = RETIRED_S
    assert await sessions.begin(7)


async def test_a_refused_sign_in_leaves_nothing(server, user):
    sessions = ValkeySessions(server)
    await sessions.end_all(user, version=2)
    with pytest.raises(Unauthenticated):
        await sessions.begin(user)
    assert await server.exists(f"sessions:{user}") == 0


async def test_old_knowledge_is_refused_for_a_minute_and_not_remembered_for_ever(server, user):
    await ValkeySessions(server).end_all(user, version=2)
    assert RETIRED_S - 10 < await server.ttl(f"retired:{user}") <= RETIRED_S


async def test_the_store_holds_no_token_and_forgets_it_in_time(server, user):
    token = await ValkeySessions(server).begin(user)
    assert await server.get(token) is None
    assert await server.get(key_of(token)) == str(user).encode()
    assert SESSION_S - 10 < await server.ttl(key_of(token)) <= SESSION_S
    assert SESSION_S - 10 < await server.ttl(f"sessions:{user}") <= SESSION_S


async def test_what_has_expired_does_not_pile_up_in_the_index(server, user):
    sessions = ValkeySessions(server)
    await sessions.begin(user)
    [expired] = await server.zrange(f"sessions:{user}", 0, -1)
    await server.zadd(f"sessions:{user}", {expired: time.time() * 1e6 - 1e6})
    token = await sessions.begin(user)
    left = [member.decode() for member in await server.zrange(f"sessions:{user}", 0, -1)]
    assert [f"session:{member}" for member in left] == [key_of(token)]


async def test_an_ended_session_leaves_the_index(server, user):
    sessions = ValkeySessions(server)
    await sessions.end(await sessions.begin(user))
    assert await server.exists(f"sessions:{user}") == 0


async def test_an_index_is_small(server, user):
    sessions = ValkeySessions(server)
    for _ in range(SESSIONS_MAX):
        await sessions.begin(user)
    assert await server.object("encoding", f"sessions:{user}") == b"listpack"


async def test_a_session_begun_in_bulk_is_found_when_all_end(engines, server, user):
    token = new_token()
    with redis.Redis.from_url(engines.session_store) as bulk, bulk.pipeline() as pipeline:
        keys, values = begin_arguments(token, user)
        pipeline.eval(BEGIN, len(keys), *keys, *values)
        assert pipeline.execute() == [1]
    sessions = ValkeySessions(server)
    assert await sessions.user_of(token) == user
    await sessions.end_all(user)
    assert await sessions.user_of(token) is None


@pytest.mark.parametrize("authorization", ["Bearer {}", "bearer  {}"])
def test_a_bearers_token_is_read(authorization):
    token = new_token()
    assert token_of(authorization.format(token)) == token


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic " + "x" * 43, "Bearer x", "Bearer " + "x" * 65,
     "Bearer " + "x" * 42 + "\n", "Bearer " + "x" * 20 + " " + "x" * 20, "x" * 43],
)  # fmt: skip
def test_other_authorizations_are_refused(authorization):
    with pytest.raises(Unauthenticated, match="Bearer <token>"):
        token_of(authorization)
