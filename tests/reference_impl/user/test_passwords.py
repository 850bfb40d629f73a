import asyncio
import threading

import pytest
from argon2 import PasswordHasher, extract_parameters

from reference_impl.chassis import stages
from reference_impl.chassis.errors import Unavailable
from reference_impl.user.passwords import Passwords, owasp_hasher


def test_parameters_are_those_of_owasp():
    parameters = extract_parameters(owasp_hasher().hash("correct horse"))
    assert parameters.type.name == "ID"
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)


async def test_the_right_password_is_told_from_others(passwords):
    stored = await passwords.hash_of("correct horse")
    assert await passwords.verify("correct horse", stored)
    assert not await passwords.verify("correct horsf", stored)
    assert "correct horse" not in stored


async def test_a_password_has_one_spelling(passwords):
    stored = await passwords.hash_of("caf\u00e9 au lait")
    assert await passwords.verify("cafe\u0301 au lait", stored)


async def test_long_passwords_are_not_cut(passwords):
    stored = await passwords.hash_of("x" * 1023 + "a")
    assert not await passwords.verify("x" * 1023 + "b", stored)


class Counting(PasswordHasher):
    """Counts verifications, and holds them until told to go on."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0
        self.go_on = threading.Event()
        self.go_on.set()

    def verify(self, *args):
        self.verified += 1
        self.go_on.wait(timeout=10)
        return super().verify(*args)


async def test_where_there_is_no_user_the_same_work_is_done_and_refused():
    hasher = Counting()
    async with Passwords(hasher) as passwords:
        assert not await passwords.verify("nobody has this password", None)
    assert hasher.verified == 1


async def test_more_than_may_wait_are_refused_at_once():
    hasher = Counting()
    hasher.go_on.clear()
    async with Passwords(hasher, threads=1, waiting_max=2) as passwords:
        waiting = [asyncio.ensure_future(passwords.verify("x", None)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="too many"):
            await passwords.verify("x", None)
        hasher.go_on.set()
        assert await asyncio.gather(*waiting) == [False] * 3
        assert await passwords.verify("x", None) is False


async def test_hashing_is_a_station_with_its_own_cpu_time(passwords):
    account = stages.Account()
    with stages.accounting(account):
        await passwords.hash_of("correct horse")
    stage = account.stages["password"]
    assert stage.visits == 1
    assert stage.cpu_ns is not None
    assert 0 < stage.cpu_ns <= stage.wall_ns
    assert account.cpu_ns == 0


async def test_a_hash_made_with_other_parameters_is_outdated(passwords):
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    assert passwords.is_outdated(stronger.hash("correct horse"))
    assert not passwords.is_outdated(await passwords.hash_of("correct horse"))
