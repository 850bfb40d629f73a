"""How often one may ask."""

import asyncio
from dataclasses import replace

import pytest

from model.rules import rate_limits
from model.rules.rate_limits import By, RateLimit
from reference_impl.chassis.callers import CALLER
from reference_impl.chassis.clients import Answer
from reference_impl.chassis.deadlines import seconds_left
from reference_impl.chassis.errors import TooMany, Unavailable
from reference_impl.gateway.counters import MemoryCounters
from reference_impl.gateway.throttle import Asker, Throttle

TWO = RateLimit(name="two", amount=2, window_s=60, by=By.ACCOUNT)
ADA = Asker(address="192.0.2.1", account="7", login_name="Ada")


async def test_a_refusal_says_which_limit_and_when_to_come_back(counters, clock):
    throttle = Throttle(counters)
    for _ in range(2):
        await throttle.admit([TWO], ADA)
    clock.now_s += 20.5
    with pytest.raises(TooMany) as refused:
        await throttle.admit([TWO], ADA)
    assert refused.value.headers == {
        "Retry-After": "40",
        "RateLimit": '"two";r=0;t=40',
        "RateLimit-Policy": '"two";q=2;w=60',
    }


async def test_one_who_comes_back_when_told_to_is_admitted(counters, clock):
    throttle = Throttle(counters)
    for _ in range(2):
        await throttle.admit([TWO], ADA)
    clock.now_s += 20.5
    with pytest.raises(TooMany) as refused:
        await throttle.admit([TWO], ADA)
    clock.now_s += int(refused.value.headers["Retry-After"])
    await throttle.admit([TWO], ADA)


async def test_a_request_that_one_limit_refuses_counts_for_no_other(counters):
    throttle = Throttle(counters)
    many = RateLimit(name="many", amount=3, window_s=60, by=By.ACCOUNT)
    for _ in range(2):
        await throttle.admit([many, TWO], ADA)
    for _ in range(10):
        with pytest.raises(TooMany):
            await throttle.admit([many, TWO], ADA)
    await throttle.admit([many], ADA)


async def test_whose_address_is_not_known_is_not_counted_by_it(counters):
    by_address = RateLimit(name="a", amount=1, window_s=60, by=By.ADDRESS)
    for _ in range(3):
        await Throttle(counters).admit([by_address], Asker(account="7"))


@pytest.mark.parametrize("same", ["ada", "ADA", "Ada"])
async def test_a_login_name_is_the_same_in_any_case(same):
    assert Asker(login_name=same).key(By.LOGIN_NAME) == ADA.key(By.LOGIN_NAME)
    assert ADA.key(By.LOGIN_NAME) != Asker(login_name="eve").key(By.LOGIN_NAME)


def test_any_text_can_be_tried_as_a_login_name():
    for name in ("\ud800", "x" * 60_000, "a/b\n", "\0"):
        assert len(Asker(login_name=name).key(By.LOGIN_NAME)) == 64


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
    ],
)
@pytest.mark.parametrize("by", [By.ADDRESS, By.LOGIN_NAME_AT_ADDRESS])
def test_what_one_customer_has_counts_as_one_address(one, other, is_same, by):
    keys = [Asker(address=each, login_name="ada").key(by) for each in (one, other)]
    assert (keys[0] == keys[1]) is is_same


async def guess(throttle, number, *, name="Ada", address="198.51.100.1"):
    """Try so many wrong passwords; return how many the service was let see."""
    asker, seen = Asker(address=address, login_name=name), 0
    for _ in range(number):
        try:
            await throttle.admit(rate_limits.LOGIN[1:], asker)
            seen += 1
        except TooMany:
            pass
    return seen


async def test_guesses_from_elsewhere_do_not_keep_the_owner_out(counters):
    throttle = Throttle(counters)
    for number in range(19):
        assert await guess(throttle, 20, address=f"198.51.100.{number}") == 5
    await throttle.admit(rate_limits.LOGIN, ADA)


async def test_guesses_from_very_many_addresses_have_an_end(counters, clock):
    throttle = Throttle(counters)
    seen = [await guess(throttle, 5, address=f"198.51.100.{number}") for number in range(50)]
    assert sum(seen) == 100
    assert await guess(throttle, 1, name="eve") == 1
    clock.now_s += 901
    assert await guess(throttle, 1) == 1


async def test_the_owners_right_password_does_not_forgive_guesses(counters):
    throttle = Throttle(counters)
    assert await guess(throttle, 5) == 5
    await throttle.admit(rate_limits.LOGIN, ADA)
    await throttle.forgive(rate_limits.LOGIN, ADA)
    assert await guess(throttle, 1) == 0


class Away:
    """Counters whose store is away."""

    async def take(self, limit, who):
        raise Unavailable("session_store did not answer in time")

    async def give_back(self, limit, who):
        raise Unavailable("session_store did not answer in time")


async def test_while_the_store_is_away_all_are_admitted_and_it_is_logged_once(caplog):
    throttle = Throttle(Away())
    for _ in range(100):
        await throttle.admit([TWO], ADA)
        await throttle.forgive(rate_limits.LOGIN, ADA)
    assert caplog.text.count("rate limits are not enforced") == 1


# Through the gateway


async def ask(gateway, times, method, path, **options):
    answers = [await gateway.request(method, path, **options) for _ in range(times)]
    return [answer.status for answer in answers]


@pytest.mark.parametrize(
    ("path", "amount"),
    [
        ("/user/7/post", 30),
        ("/user/7/follow", 60),
        ("/user/7/unfollow", 60),
        ("/user/7/block", 60),
        ("/user/7/unblock", 60),
    ],
)
async def test_one_account_may_do_this_so_often(gateway, token, path, amount):
    assert await ask(gateway, amount + 1, "POST", path, headers=token) == [201] * amount + [429]


async def test_an_account_may_be_changed_so_often(gateway, token, clock):
    path = "/user/7/account"
    assert await ask(gateway, 21, "PATCH", path, headers=token) == [201] * 20 + [429]
    assert await ask(gateway, 1, "GET", path, headers=token) == [201]
    clock.now_s += 3_601
    assert await ask(gateway, 1, "PATCH", path, headers=token) == [201]


async def test_relations_are_limited_together_and_by_the_hour_too(gateway, token, clock):
    for part in ("follow", "unfollow", "block"):
        assert await ask(gateway, 60, "POST", f"/user/7/{part}", headers=token) == [201] * 60
        assert await ask(gateway, 1, "POST", "/user/7/unblock", headers=token) == [429]
        clock.now_s += 61
    assert await ask(gateway, 21, "POST", "/user/7/follow", headers=token) == [201] * 20 + [429]


async def test_everything_that_one_account_does_is_limited(gateway, token, sessions, clock):
    assert set(await ask(gateway, 600, "GET", "/user/7/newsfeed", headers=token)) == {201}
    other_token = {"Authorization": f"Bearer {await sessions.begin(7)}"}
    answer = await gateway.get("/user/9/profile", headers=other_token)
    assert answer.status == 429
    assert answer.headers["RateLimit-Policy"] == '"everything";q=600;w=60'
    clock.now_s += int(answer.headers["Retry-After"])
    assert (await gateway.get("/user/9/profile", headers=other_token)).status == 201


async def test_what_one_may_not_do_counts_too(gateway, token):
    statuses = await ask(gateway, 601, "GET", "/user/9/newsfeed", headers=token)
    assert statuses == [403] * 600 + [429]


async def test_one_account_does_not_use_up_anothers(gateway, token, sessions):
    await ask(gateway, 31, "POST", "/user/7/post", headers=token)
    other = {"Authorization": f"Bearer {await sessions.begin(8)}"}
    assert await ask(gateway, 1, "POST", "/user/8/post", headers=other) == [201]


async def test_a_refused_request_does_not_reach_the_service(gateway, token, service_of):
    await ask(gateway, 40, "POST", "/user/7/post", headers=token)
    assert len(service_of["post"].asked) == 30


async def test_from_one_address_five_may_register_in_an_hour(gateway, clock):
    assert await ask(gateway, 6, "POST", "/register") == [201] * 5 + [429]
    clock.now_s += 3_601
    assert await ask(gateway, 1, "POST", "/register") == [201]


async def test_no_header_makes_an_address_another(gateway):
    for number in range(5):
        headers = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        await gateway.post("/register", headers=headers)
    headers = {"X-Forwarded-For": "192.0.2.99", "X-Real-IP": "192.0.2.99"}
    assert (await gateway.post("/register", headers=headers)).status == 429


async def test_from_one_address_twenty_may_try_to_sign_in_in_a_minute(gateway, clock):
    names = [f"user.{number}" for number in range(21)]
    answers = [await gateway.post("/login", json={"username": name}) for name in names]
    assert [answer.status for answer in answers] == [201] * 20 + [429]
    clock.now_s += 61
    assert (await gateway.post("/login", json={"username": "x"})).status == 201


WRONG = {"username": "Ada", "password": "guessed"}


async def test_five_wrong_passwords_from_one_address_are_all_for_a_quarter_of_an_hour(
    gateway, service_of, clock
):
    service_of["user"].status = 401
    assert await ask(gateway, 6, "POST", "/login", json=WRONG) == [401] * 5 + [429]
    same = {**WRONG, "username": "aDA"}
    answer = await gateway.post("/login", json=same)
    assert answer.status == 429
    assert answer.headers["RateLimit-Policy"] == '"wrong-logins";q=5;w=900'
    service_of["user"].status = 201
    assert await ask(gateway, 1, "POST", "/login", json=WRONG) == [429], "even with the right one"
    assert await ask(gateway, 1, "POST", "/login", json={"username": "eve"}) == [201]
    clock.now_s += 901
    assert await ask(gateway, 1, "POST", "/login", json=WRONG) == [201]


async def test_guesses_at_once_are_no_more_than_guesses_in_turn(gateway, service_of):
    service_of["user"].status = 401
    service_of["user"].before_answering = lambda: asyncio.sleep(0.05)
    answers = await asyncio.gather(*(gateway.post("/login", json=WRONG) for _ in range(15)))
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 10


@pytest.mark.parametrize("status", [200, 400, 415, 500, 503])
async def test_what_is_no_failure_of_the_caller_closes_no_account(
    gateway, service_of, clock, status
):
    service_of["user"].status = status
    for _ in range(12):
        assert await ask(gateway, 1, "POST", "/login", json=WRONG) != [429]
        clock.now_s += 3.1  # within what an address may


async def test_an_answer_that_never_came_closes_no_account(
    serving, services, tmp_path, clock, counters
):
    class Gone:
        async def forward(self, *_, **__):
            raise Unavailable("user did not answer in time")

    gateway = await serving(services={**services, "user": Gone()})
    for _ in range(12):
        assert await ask(gateway, 1, "POST", "/login", json=WRONG) == [503]
        clock.now_s += 3.1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b'{"username": 7}', b"[" * 60_000, b"\xff", b'{"username": null}'],
)
async def test_a_body_that_names_nobody_is_the_services_to_refuse(gateway, body):
    answer = await gateway.post("/login", data=body)
    assert answer.status == 201, "this service takes anything"


@pytest.mark.parametrize("path", ["/user/7/password", "/user/7/delete"])
async def test_a_stolen_token_does_not_serve_to_guess_the_password(
    gateway, token, service_of, path
):
    service_of["user"].status = 403
    assert await ask(gateway, 6, "POST", path, headers=token) == [403] * 5 + [429]


async def test_limits_can_be_switched_off(serving):
    gateway = await serving(rate_limits=False)
    assert set(await ask(gateway, 25, "POST", "/register")) == {201}


@pytest.mark.parametrize("answers", [True, False])
async def test_what_came_of_a_request_is_entered_even_after_its_deadline(
    serving, services, answers
):
    class Late:
        """A service that takes until the deadline, and perhaps answers then."""

        async def forward(self, *_, **__):
            caller = CALLER.get()
            assert caller is not None
            CALLER.set(replace(caller, deadline_s=0.0))
            if not answers:
                raise Unavailable("user did not answer in time")
            return Answer(status=200, headers={}, body=b"{}")

    class Bounded(MemoryCounters):
        """Counters that nobody waits for beyond the deadline, as those in a store."""

        async def give_back(self, limit, who):
            seconds_left("session_store", at_most_s=1.0)
            await super().give_back(limit, who)

    gateway = await serving(services={**services, "user": Late()}, counters=Bounded())
    expected = 200 if answers else 503
    assert await ask(gateway, 12, "POST", "/login", json=WRONG) == [expected] * 12
