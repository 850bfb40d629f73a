"""Authors with followers on both timeline servers, one of which may be away."""

import pytest


@pytest.fixture
def small(fake_store, crowd):
    """An author, on the first server, and followers on both."""
    users = crowd(40)
    author = next(user for user in users if fake_store.server_of(0, user) == 0)
    return author, [user for user in users if user != author]


@pytest.fixture
def on(fake_store):
    """A function that returns those users who are on a server."""
    return lambda server, users: sorted(u for u in users if fake_store.server_of(0, u) == server)


@pytest.fixture
def by_small(make_event, small, new_id):
    """A function that makes events of so many posts of the author with few followers."""

    def made(count):
        author, followers = small
        return [
            make_event("post.created", new_id(), author, followers=len(followers))
            for _ in range(count)
        ]

    return made


@pytest.fixture
def famous(fake_store, crowd):
    """An author, on the second server, and followers on both."""
    users = crowd(30)
    author = next(user for user in users if fake_store.server_of(0, user) == 1)
    return author, [user for user in users if user != author]


@pytest.fixture
def by_famous(make_event, famous, new_id):
    """A function that makes the event of a post of that author, delivered this way."""
    author, followers = famous
    about = {"followers": len(followers)}
    return lambda how: make_event("post.created", new_id(), author, delivery=how, **about)


@pytest.fixture
def follows(make_follows, small, famous, big):
    return make_follows({small[0]: small[1], famous[0]: famous[1], big[1]: big[2]})


@pytest.fixture
def post_of():
    """A function that returns the post that an event is about."""
    return lambda event: int(event.body["post_id"])
