"""How people look around: another's posts, a search, an image."""

from __future__ import annotations

from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.design.steps import READER, TARGET, Steps, now_and_then
from model.world.edges import edge_asked
from model.world.journeys import AllOf, Call, Delay, ForEach, Step
from model.world.keys import LANE, Beside
from model.world.passing import NO_TIME
from model.world.reach import Reach
from model.world.routes import FIRST_OF_INDEX, INDEX_SHARD, OTHERS_OF_INDEX

OWN = "search"  # the shard that is asked first


def profile(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how the first page of another's posts is read: `GET /user/{id}/posts`.

    It is the request that shows the images of a profile; who they are is asked for beside it,
    and whether a block hides them.
    """
    known = at.call("user", at.visit("user_db", TARGET))
    hidden = at.call("follow", at.visit("user_db", READER))
    newest = at.visit("post_db", TARGET, name="post_db_index")
    posts = ForEach(count=reach.profile_servers, body=at.visit("post_db", LANE), name="hydrate")
    return at.call("post", AllOf(branches=(known, hidden)), newest, posts)


def search(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how users are found, `GET /search`: by all shards at once, without whom blocks hide.

    The shard that is asked searches its own part in a thread, and asks each of the others; what
    one that is away knows is missing in the answer, which counts like any other.  Somebody is
    always found: people look for people who are there.

    Which shard is asked first does not depend on where somebody is served: each has one copy, in
    one zone.  So until the loss of a zone is noticed searches from all other zones fail, too, as
    large a share of them as of the shards are in that zone.

    All the others are as far from the first as the farthest.  That way is no part of the legs, for
    in a slice others' legs stand for those that are missing, and others' ways are longer or
    shorter; so the deadlines of these calls do not count it.
    """
    first = Attribute(name=INDEX_SHARD) if at.wiring.names_index_shards else OWN
    own, other = at.visit("search_index", first), Beside(key=first)
    asked = at.call("search", at.visit("search_index", other), key=other)
    others = ForEach(
        count=ConstantCount(count=reach.index_shards - 1),
        body=_or_without(at, asked),
        name="others",
    )
    hidden = at.call("follow", at.visit("user_db", READER))
    found = AllOf(branches=(own, (*at.way(OTHERS_OF_INDEX), others)))
    return at.call("search", found, *hidden, key=first, way=FIRST_OF_INDEX)


def _or_without(at: Steps, asked: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return what is asked, and done without where it fails."""
    if not at.wiring.is_guarded:
        return asked
    return (Call(steps=asked, otherwise=Delay(time=NO_TIME), name="or_without"),)


def image(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how an edge answers with an image, `GET /media/{name}`: its own, or the origin's.

    To fetch one, and to keep it, is another call of the edge, by itself.  Where images are known
    by their popularity, and there is single flight, who waits for a fetch that fails fails with
    it; the services let one of those who wait try once more.
    """
    origin = at.call("media", at.visit("object_store"))
    fetch = at.call("cdn", *origin)
    if reach.knows_images:
        return at.call("cdn", edge_asked(*fetch, zones=at.wiring.zones))
    return at.call("cdn", now_and_then(reach.image_miss_share, *fetch, name="fetch"))
