"""What is left when a process dies in the middle, wherever that is: nothing wrong for ever."""

from itertools import count

import pytest

from reference_impl.chassis.errors import Conflict, Unavailable
from reference_impl.chassis.events import Event
from reference_impl.user.consumer import Departures
from reference_impl.user.profiles import registration_of
from reference_impl.user.reservations import ABANDONED_S, Directory, names_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
PASSWORD, NEW = "correct horse", "a battery staple"


class Died(BaseException):
    """The process is no more: none of its code may do anything that others would notice."""


class Death:
    """Comes with the call number `at`, before it has taken effect or after."""

    def __init__(self, at, *, after):
        self.calls_left = at
        self.after = after

    def mortal(self, part):
        """Return a store or sessions as a process sees them that dies so."""
        return Mortal(part, self)

    async def at_the_end_of(self, call):
        if self.calls_left < 0:
            raise Died
        self.calls_left -= 1
        if self.calls_left < 0 and not self.after:
            call.close()
            raise Died
        result = await call
        if self.calls_left < 0:
            raise Died
        return result


class Instead:
    """A store or sessions of which some calls are others."""

    def __init__(self, part, **calls):
        self._part = part
        self.__dict__.update(calls)

    def __getattr__(self, name):
        return getattr(self._part, name)


class Mortal:
    def __init__(self, part, death):
        self.part = part
        self.death = death

    def __getattr__(self, name):
        def call(*args, **kwargs):
            if self.death.calls_left < 0:
                raise Died
            return self.death.at_the_end_of(getattr(self.part, name)(*args, **kwargs))

        return call


@pytest.fixture
def everywhere(store, sessions):
    """Let an attempt die at each of its calls in turn, until it is through alive."""

    async def run(prepare, attempt, examine, *, after):
        for at in count():
            assert at < 40, "it never ends"
            death = Death(at, after=after)
            who = await prepare()
            try:
                await attempt(who, death.mortal(store), death.mortal(sessions))
            except Died:
                await examine(who)
            else:
                await examine(who)
                return at
        return None

    return run


when = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


async def holds(store, user_id, names):
    """Return whether these names are the user's and no others'."""
    holders = [await store.holder_of(directory, name) for directory, name in names.items()]
    return [holder is not None and holder.user_id == user_id for holder in holders]


@pytest.fixture
def free_after_a_minute(store, pass_time, users_on, sessions, minter):
    """Say which of these usernames somebody else can have once what was broken off is over."""

    async def ask(usernames):
        free = []
        for username in usernames:
            email = f"e{minter.mint()}@example.org"
            names = {Directory.USERNAME: username.casefold()}
            await pass_time(names, ABANDONED_S)
            form = {
                "first_name": "Eve",
                "last_name": "K",
                "email": email,
                "username": username,
                "password": PASSWORD,
            }
            try:
                await users_on(store, sessions).register(registration_of(form), PNG)
            except Conflict:
                continue
            free.append(username)
        return free

    return ask


@when
async def test_a_change_of_names_broken_off_anywhere(
    everywhere, newcomer, accounts_on, store, after, free_after_a_minute
):
    async def attempt(who, store, sessions):
        changes = {
            "username": "n." + who.fields["username"],
            "email": "n." + who.fields["email"],
        }
        await accounts_on(store, sessions).change(int(who.user_id), changes, None)

    async def examine(who):
        document = await store.document_of(int(who.user_id))
        assert all(await holds(store, int(who.user_id), names_of(document)))
        usernames = [who.fields["username"], "n." + who.fields["username"]]
        [other] = [name for name in usernames if name != document["username"]]
        assert await free_after_a_minute(usernames) == [other]
        assert await who.can_log_in(username=document["username"])

    points = await everywhere(lambda: newcomer().register(), attempt, examine, after=after)
    assert points == 8  # a record, two old names, two new ones, the document, two to free


@when
async def test_who_broke_off_a_change_of_names_can_make_it_later(
    everywhere, newcomer, accounts_on, store, sessions, pass_time, after
):
    async def change(who, store, sessions):
        changes = {"username": "n." + who.fields["username"]}
        await accounts_on(store, sessions).change(int(who.user_id), changes, None)

    async def examine(who):
        new = {Directory.USERNAME: "n." + who.names[Directory.USERNAME]}
        await pass_time(new, ABANDONED_S)
        await change(who, store, sessions)
        assert await holds(store, int(who.user_id), new) == [True]
        assert await who.can_log_in(username=new[Directory.USERNAME])

    await everywhere(lambda: newcomer().register(), change, examine, after=after)


@when
async def test_a_registration_broken_off_anywhere(
    everywhere, newcomer, users_on, store, after, pass_time
):
    async def prepare():
        return newcomer()

    async def attempt(who, store, sessions):
        await users_on(store, sessions).register(registration_of(who.fields), PNG)

    async def examine(who):
        is_registered = await who.can_log_in()
        await pass_time(who.names, ABANDONED_S)
        assert (await who.try_to_register()).status == (409 if is_registered else 201)
        assert await who.can_log_in()

    assert await everywhere(prepare, attempt, examine, after=after) == 4


@pytest.fixture
def see_off(accounts_on, store, sessions):
    """Let the consumer take the event of a departure."""

    async def handle(user_id, kind="user.deleted"):
        event = Event(event_id="user_db-1:1", kind=kind, at_s=0.0, body={"user_id": user_id})
        await Departures(accounts_on(store, sessions)).handle(event)

    return handle


@when
async def test_a_departure_broken_off_anywhere_is_finished_by_its_event(
    everywhere, newcomer, accounts_on, store, sessions, see_off, after
):
    async def attempt(who, store, sessions):
        await accounts_on(store, sessions).delete(int(who.user_id), PASSWORD)

    async def examine(who):
        user_id = int(who.user_id)
        if await store.record_of(user_id) is not None:
            assert await sessions.user_of(who.token) == user_id
            assert await who.can_log_in()
            return
        assert not await who.can_log_in()
        for _ in range(2):
            await see_off(who.user_id)
        assert await sessions.user_of(who.token) is None
        assert await store.departure_of(user_id) is None
        assert (await who.try_to_register()).status == 201

    points = await everywhere(lambda: newcomer().register(), attempt, examine, after=after)
    assert points == 7  # the departure, a record, its removal; the departure, sessions, names, end


@when
async def test_a_new_password_broken_off_anywhere_leaves_no_old_session_beside_it(
    everywhere, newcomer, accounts_on, sessions, store, after
):
    async def attempt(who, store, sessions):
        await accounts_on(store, sessions).change_password(int(who.user_id), PASSWORD, NEW)

    async def examine(who):
        is_signed_in = await sessions.user_of(who.token) is not None
        has_new = await who.can_log_in(NEW)
        assert not (has_new and is_signed_in)
        assert has_new or await who.can_log_in()

    points = await everywhere(lambda: newcomer().register(), attempt, examine, after=after)
    assert points == 4  # a record, sessions, the password, the session


async def test_other_events_see_nobody_off(store, person, see_off):
    await store.remove(await store.record_of(int(person.user_id)))
    for kind in ("user.registered", "user.updated", "follow.followed"):
        await see_off(person.user_id, kind)
    assert await store.departure_of(int(person.user_id)) is not None


async def test_the_event_of_who_was_seen_off_already_does_nothing(person, see_off, newcomer):
    await person.delete()
    heir = await newcomer(username=person.fields["username"]).register()
    await see_off(person.user_id)
    assert await heir.can_log_in()


async def test_an_event_is_tried_again_while_sessions_are_away(
    store, person, sessions, see_off, monkeypatch
):
    async def away(*_, **__):
        raise Unavailable("session_store did not answer in time")

    await store.remove(await store.record_of(int(person.user_id)))
    monkeypatch.setattr(sessions, "end_all", away)
    with pytest.raises(Unavailable):
        await see_off(person.user_id)
    assert await store.departure_of(int(person.user_id)) is not None


async def test_a_name_that_cannot_be_freed_does_not_undo_a_change(
    person, store, monkeypatch, free_after_a_minute
):
    async def away(*_, **__):
        raise Unavailable("user_db-1 did not answer in time")

    monkeypatch.setattr(store, "release", away)
    assert (await person.change(username="n." + person.fields["username"])).status == 200
    monkeypatch.undo()
    assert await free_after_a_minute([person.fields["username"]]) == [person.fields["username"]]


async def test_a_password_whose_change_failed_can_be_used_at_once(
    person, store, sessions, monkeypatch
):
    async def away(*_, **__):
        raise Unavailable("user_db-1 did not answer in time")

    monkeypatch.setattr(store, "change_password", away)
    assert (await person.change_password(PASSWORD, NEW)).status == 503
    assert await sessions.user_of(person.token) is None
    monkeypatch.undo()
    assert await person.can_log_in()
    assert not await person.can_log_in(NEW)


async def test_after_a_change_that_failed_two_may_sign_in_at_once(
    person, store, sessions, monkeypatch
):
    async def away(*_, **__):
        raise Unavailable("user_db-1 did not answer in time")

    monkeypatch.setattr(store, "change_password", away)
    assert (await person.change_password(PASSWORD, NEW)).status == 503
    monkeypatch.undo()
    change = store.change_password

    async def after_another(record, password_hash):
        monkeypatch.undo()
        assert await change(record, password_hash)
        return await change(record, password_hash)

    monkeypatch.setattr(store, "change_password", after_another)
    assert await person.can_log_in()
    assert await person.can_log_in()


async def test_a_sign_in_does_not_outlive_a_change_that_it_comes_amid(
    person, store, sessions, accounts_on
):
    change = store.change_password
    tokens: list[str] = []

    async def after_a_sign_in(record, password_hash):
        if not tokens:
            tokens.append("")
            tokens[0] = (await (await person.login()).json())["token"]
            assert await sessions.user_of(tokens[0]) is not None
        return await change(record, password_hash)

    held = accounts_on(Instead(store, change_password=after_a_sign_in), sessions)
    await held.change_password(int(person.user_id), PASSWORD, NEW)
    assert await sessions.user_of(tokens[0]) is None
    assert await person.can_log_in(NEW)
    assert not await person.can_log_in()
