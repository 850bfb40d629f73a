import pytest

from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.chassis.sessions import SESSION_S, MemorySessions, key_of


@pytest.fixture(params=["memory", "valkey"])
async def sessions(request):
    if request.param == "memory":
        yield MemorySessions()
        return
    engines = request.getfixturevalue("engines")
    async with valkey(engines.session_store) as server:
        yield ValkeySessions(server)


async def test_a_token_stands_for_its_user(sessions):
    token, other = await sessions.begin(7), await sessions.begin(8)
    assert (await sessions.user_of(token), await sessions.user_of(other)) == (7, 8)


async def test_every_sign_in_has_a_token_of_its_own(sessions):
    first, second = await sessions.begin(7), await sessions.begin(7)
    assert first != second
    assert await sessions.user_of(first) == await sessions.user_of(second) == 7


async def test_nobody_holds_a_token_that_was_never_given(sessions):
    await sessions.check()
    assert await sessions.user_of("x" * 43) is None


async def test_the_store_holds_no_token_and_forgets_it_in_time(engines):
    async with valkey(engines.session_store) as server:
        token = await ValkeySessions(server).begin(7)
        assert await server.get(token) is None
        assert await server.get(key_of(token)) == b"7"
        assert SESSION_S - 10 < await server.ttl(key_of(token)) <= SESSION_S
