import time

import aiohttp
import pytest
from argon2 import PasswordHasher

from model.rules.ids import IdMinter
from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.sessions import MemorySessions
from reference_impl.chassis.settings import Settings
from reference_impl.follow.pairs import FollowerCount
from reference_impl.user.accounts import AccountService
from reference_impl.user.announcement_memory import MemoryAnnouncementStore
from reference_impl.user.announcement_store import PostgresAnnouncementStore
from reference_impl.user.announcements import Announcements
from reference_impl.user.app import create_app
from reference_impl.user.means import Means
from reference_impl.user.memory import MemoryUserStore
from reference_impl.user.passwords import Passwords
from reference_impl.user.reservations import Directory
from reference_impl.user.service import UserService
from reference_impl.user.store import PostgresUserStore
from reference_impl.user.views import ProfileViews

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
PASSWORD = "correct horse"
AGE = {
    Directory.USERNAME: """
        UPDATE usernames SET reserved_at = reserved_at - make_interval(secs => %s)
        WHERE username = %s""",
    Directory.EMAIL: """
        UPDATE emails SET reserved_at = reserved_at - make_interval(secs => %s)
        WHERE email = %s""",
}


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now_s = time.time()

    def __call__(self):
        return self.now_s


class FakeMedia:
    """Keeps images, or is away."""

    def __init__(self):
        self.images = []
        self.is_away = False
        self.before_answering = None

    async def put_bytes(self, path, data, content_type):
        assert (path, content_type) == ("/internal/objects", "image/png")
        if self.is_away:
            raise Unavailable("media did not answer in time")
        if self.before_answering:
            await self.before_answering()
        self.images.append(data)
        return {"url": f"/media/{len(self.images)}.png"}


class FakePosts:
    """Hides the posts of those who leave, or is away."""

    def __init__(self):
        self.departed = []
        self.is_away = False

    async def depart(self, user_id):
        if self.is_away:
            raise Unavailable("post did not answer in time")
        self.departed.append(user_id)


class FakeFollows:
    """Knows followers and blocks."""

    def __init__(self):
        self.counts = {}
        self.hidden = set()  # pairs
        self.followed = set()  # of (who follows, whom)

    async def follower_count(self, user_id):
        return self.counts.get(user_id, 0)

    async def follower_counts(self, user_ids):
        counts = {each: self.counts[each] for each in user_ids if each in self.counts}
        return {each: FollowerCount(followers=n, version=n + 1) for each, n in counts.items()}

    async def is_hidden(self, user_id, *, viewer_id):
        return (viewer_id, user_id) in self.hidden

    async def hidden_among(self, user_ids, *, viewer_id):
        return {each for each in user_ids if (viewer_id, each) in self.hidden}

    async def is_followed(self, user_id, *, viewer_id):
        return (viewer_id, user_id) in self.followed


class Person:
    """Somebody at the user service; asks as the gateway lets through who is signed in."""

    def __init__(self, client, fields):
        self.client = client
        self.fields = fields
        self.user_id = None
        self.token = None

    @property
    def names(self):
        return {directory: self.fields[directory.value].casefold() for directory in Directory}

    def try_to_register(self, *, image=PNG, **changes):
        return self.client.post("/register", data=form_of({**self.fields, **changes}, image))

    async def register(self, **changes):
        answer = await self.try_to_register(**changes)
        assert answer.status == 201, await answer.text()
        body = await answer.json()
        self.user_id, self.token = body["user_id"], body["token"]
        return self

    def login(self, password=PASSWORD, *, username=None):
        body = {"username": username or self.fields["username"], "password": password}
        return self.client.post("/login", json=body)

    async def can_log_in(self, password=PASSWORD, *, username=None):
        return (await self.login(password, username=username)).status == 200

    def ask(self, method, what, **options):
        headers = {USER_ID: self.user_id, **options.pop("headers", {})}
        path = f"/user/{self.user_id}/{what}"
        return self.client.request(method, path, headers=headers, **options)

    def change(self, *, image=None, **texts):
        return self.ask("PATCH", "account", data=form_of(texts, image))

    def change_password(self, password=PASSWORD, new_password="a battery staple"):
        body = {"password": password, "new_password": new_password}
        return self.ask("POST", "password", json=body)

    def delete(self, password=PASSWORD):
        return self.ask("POST", "delete", json={"password": password})

    def look_at(self, other):
        path = f"/user/{other.user_id}/profile"
        return self.client.get(path, headers={USER_ID: self.user_id})


def form_of(texts, image=None):
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in texts.items():
        form.add_field(name, value)
    if image is not None:
        form.add_field("profile_image", image, filename="me.png", content_type="image/png")
    return form


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def minter():
    return IdMinter(lambda: time.time_ns() // 1_000_000, time.time_ns())


@pytest.fixture
async def passwords():
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    async with Passwords(cheap) as passwords:
        yield passwords


@pytest.fixture
def memory_store(clock):
    return MemoryUserStore(clock)


@pytest.fixture
async def database(engines):
    async with ShardedDatabase(
        engines.user_databases, connections=4, station="user_db"
    ) as database:
        yield database


@pytest.fixture
def postgres_store(database):
    return PostgresUserStore(database)


@pytest.fixture(params=["memory_store", "postgres_store"])
def store(request):
    """Each UserStore in turn: what one promises, the other must."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def pass_time(request, store, clock):
    """Let reservations of these names grow older, on whichever store."""

    async def move_the_clock(_, seconds):
        clock.now_s += seconds

    async def move_the_rows(names, seconds):
        database = request.getfixturevalue("database")
        for directory, name in names.items():
            query = AGE[directory]
            async with database.connection_of_name(name) as connection:
                await connection.execute(query, (seconds, name))

    return move_the_clock if isinstance(store, MemoryUserStore) else move_the_rows


@pytest.fixture
def media():
    return FakeMedia()


@pytest.fixture
def posts():
    return FakePosts()


@pytest.fixture
def follows():
    return FakeFollows()


@pytest.fixture
def sessions(clock):
    return MemorySessions(clock)


@pytest.fixture
def means_on(media, posts, passwords, clock):
    """What services are made of, on any stores."""

    def make(store, sessions, passwords=passwords):
        return Means(
            store=store,
            sessions=sessions,
            media=media,
            posts=posts,
            passwords=passwords,
            clock_s=clock,
        )

    return make


@pytest.fixture
def accounts_on(means_on):
    """Account services on any stores."""

    def make(*args, **kwargs):
        return AccountService(means_on(*args, **kwargs))

    return make


@pytest.fixture
def users_on(means_on, minter):
    """User services on any stores."""

    def make(*args, **kwargs):
        return UserService(means_on(*args, **kwargs), minter)

    return make


class FakeStream:
    """Takes announcements, as long as it is said to."""

    def __init__(self):
        self.is_full = False

    async def has_room(self):
        return not self.is_full


@pytest.fixture
def stream():
    return FakeStream()


@pytest.fixture
def announcement_store_on():
    """The announcement store beside any user store."""

    def make(store):
        if isinstance(store, MemoryUserStore):
            return MemoryAnnouncementStore(store)
        return PostgresAnnouncementStore(store._database)

    return make


@pytest.fixture
def serving(
    aiohttp_client, sessions, follows, stream, users_on, accounts_on, announcement_store_on
):
    async def start(store):
        app = create_app(
            Settings(server_timing=True),
            users=users_on(store, sessions),
            accounts=accounts_on(store, sessions),
            views=ProfileViews(store, follows),
            announcements=Announcements(announcement_store_on(store), follows, stream),
            checks=[store.check],
        )
        return await aiohttp_client(app)

    return start


@pytest.fixture
async def client(serving, store):
    return await serving(store)


@pytest.fixture
def newcomer(client, minter):
    """People whom no other test knows, and who have not registered yet."""

    def come(name="Ada", **changes):
        unique = f"{name}_{minter.mint()}"
        fields = {
            "first_name": name,
            "last_name": "King",
            "email": f"{unique}@Example.org",
            "username": unique,
            "password": PASSWORD,
        }
        return Person(client, {**fields, **changes})

    return come


@pytest.fixture
def ada(newcomer):
    return newcomer()


@pytest.fixture
async def person(newcomer):
    """Somebody who has registered."""
    return await newcomer().register()


@pytest.fixture
async def other(newcomer):
    """Somebody else who has registered."""
    return await newcomer("Bob").register()
