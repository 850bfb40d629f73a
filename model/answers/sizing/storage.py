"""What is stored a day, a year, and as long as it is kept: objects and rows, by class."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.sizing import measured
from model.answers.sizing.figures import (
    SCENARIO,
    Figure,
    conversion,
    given,
    product,
    said,
    total,
    total_spelled,
)
from model.answers.sizing.rates import DAY, Rates
from model.world.followers import law_of
from model.world.scenario import Endpoint, Scenario

OBJECT_COPIES = 3
HAYSTACK = "Beaver et al., Finding a needle in Haystack, OSDI 2010: every photo in three copies"
RENDITIONS_SHARE = 0.6  # of image_size, as people.post_types.renditions_size says
VIDEO_RENDITIONS_SHARE = 0.72  # of video_size, as people.post_types.video_renditions_size says
LADDER = (
    "assumption: renditions in 360p, 540p and 720p at 730, 2,000 and 3,000 kbit/s (Apple, HLS"
    " Authoring Specification) of 8 Mbit/s as sent (YouTube, recommended upload settings)"
)
YEAR = conversion(365.25, "days a year")
PER_DAY = "B/day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Bytes; those of objects are of one copy, unless they are said to be of all."""

    originals: Figure  # a day, as they come in
    renditions: Figure
    videos: Figure
    video_renditions: Figure
    saved: Figure  # a day, by dropping the originals of images
    objects: Figure  # a day, of those that are kept
    objects_kept: Figure  # after growth.keeps_years
    object_copies: Figure  # a day
    texts: Figure  # a day, within the rows of posts
    post_rows: Figure  # a day, one copy, as are the next
    user_rows: Figure  # of new users and follows
    row_copies: Figure  # a day, of both
    posts_now: Figure  # rows that are there when traffic starts
    posts_a_year: Figure
    posts_kept: Figure  # after growth.keeps_years
    users: Figure  # rows of users and follows, of those who are there
    in_sum: tuple[Figure, ...]  # a year, and as long as it is kept

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order in which they follow from one another."""
        images, videos = (self.originals, self.renditions), (self.videos, self.video_renditions)
        objects = (self.saved, self.objects, self.object_copies, *self.in_sum, self.objects_kept)
        rows = (self.texts, self.post_rows, self.user_rows, self.row_copies)
        tables = (self.posts_now, self.posts_a_year, self.posts_kept, self.users)
        return (*images, *videos, *objects, *rows, *tables)


def storage_of(scenario: Scenario, mean: Rates) -> Storage:
    """Return what is stored at the rates of an average day, of today's users."""
    originals, renditions = _pictures(scenario, mean)
    videos, video_renditions = _videos(scenario, mean)
    drops = scenario.policy.originals == "drop"
    saved = originals.called(
        "saved by dropping originals" if drops else "dropping originals would save"
    )
    images = (renditions,) if drops else (originals, renditions)
    developed = (video_renditions,) if video_renditions.value else ()
    objects = total("objects that are kept", PER_DAY, *images, videos, *developed)
    copies = given(OBJECT_COPIES, "copies", "copies of an object", source=HAYSTACK)
    years = given(scenario.growth.keeps_years, "years", "growth.keeps_years")
    a_year = product("objects, a year", "B/year", objects, YEAR)
    posts = mean.of(Endpoint.POST)
    post_rows = product("rows of posts", PER_DAY, posts, _post_row(scenario), DAY)
    user_rows = _user_rows(scenario, mean)
    posts_a_year = product("rows of posts, a year", "B/year", post_rows, YEAR)
    return Storage(
        originals=originals,
        renditions=renditions,
        videos=videos,
        video_renditions=video_renditions,
        saved=saved,
        objects=objects,
        objects_kept=product("objects, as long as they are kept", "B", a_year, years),
        object_copies=product("objects, all copies", PER_DAY, objects, copies),
        texts=product("texts, within the rows of posts", PER_DAY, posts, *_text(scenario), DAY),
        post_rows=post_rows,
        user_rows=user_rows,
        row_copies=_row_copies(scenario, post_rows, user_rows),
        posts_now=_posts_now(scenario),
        posts_a_year=posts_a_year,
        posts_kept=product("rows of posts, as long as they are kept", "B", posts_a_year, years),
        users=_users(scenario),
        in_sum=(a_year, product("objects, a year, all copies", "B/year", a_year, copies)),
    )


def _pictures(scenario: Scenario, mean: Rates) -> tuple[Figure, Figure]:
    """Return originals of images, and renditions of them; bytes a day."""
    people, types = scenario.people, scenario.people.post_types
    posted = product(
        "",
        "images/s posted",
        mean.of(Endpoint.POST),
        given(types.image, "of posts images", "people.post_types.image"),
    )
    images = total("", "images/s", posted, mean.of(Endpoint.REGISTER))
    size = given(people.image_size, "B an image", "people.image_size")
    originals = product("originals of images", PER_DAY, images, size, DAY)
    if types.renditions_size is None:
        share = given(RENDITIONS_SHARE, "of it all renditions", "people.post_types.renditions_size")
        renditions = product("renditions of images", PER_DAY, images, size, share, DAY)
    else:
        where = "people.post_types.renditions_size"
        each = given(types.renditions_size, "B all renditions of one", where)
        renditions = product("renditions of images", PER_DAY, images, each, DAY)
    return originals, renditions


def _videos(scenario: Scenario, mean: Rates) -> tuple[Figure, Figure]:
    """Return videos as they were sent, and renditions of them; bytes a day."""
    types = scenario.people.post_types
    posted = (
        mean.of(Endpoint.POST),
        given(types.video, "of posts videos", "people.post_types.video"),
    )
    size = given(types.video_size, "B a video", "people.post_types.video_size")
    where = "people.post_types.video_renditions_size"
    if types.video_renditions_size is None:
        source = LADDER if types.video else SCENARIO
        share = given(VIDEO_RENDITIONS_SHARE, "of it all renditions", where, source=source)
        each: tuple[Figure, ...] = (size, share)
    else:
        each = (given(types.video_renditions_size, "B all renditions of one", where),)
    return (
        product("videos", PER_DAY, *posted, size, DAY),
        product("renditions of videos", PER_DAY, *posted, *each, DAY),
    )


def _user_rows(scenario: Scenario, mean: Rates) -> Figure:
    """Return bytes of rows a day of who registers and of who follows anew; an end keeps its row."""
    return total_spelled(
        "rows of new users and follows",
        PER_DAY,
        product("", PER_DAY, mean.of(Endpoint.REGISTER), _user_row(), DAY),
        product("", PER_DAY, mean.of(Endpoint.FOLLOW), _pair(scenario), DAY),
    )


def _row_copies(scenario: Scenario, post_rows: Figure, user_rows: Figure) -> Figure:
    fleet = scenario.fleet
    post_copies = given(fleet.post_store.replicas, "copies", "fleet.post_store.replicas")
    user_copies = given(fleet.user_store.replicas, "copies", "fleet.user_store.replicas")
    return total_spelled(
        "rows, all copies",
        PER_DAY,
        product("", PER_DAY, post_rows, post_copies),
        product("", PER_DAY, user_rows, user_copies),
    )


def _posts_now(scenario: Scenario) -> Figure:
    people = scenario.people
    return product(
        "rows of posts there are, one copy",
        "B",
        given(people.users, "users", "people.users"),
        given(people.posts_per_user, "posts each", "people.posts_per_user"),
        _post_row(scenario),
    )


def _users(scenario: Scenario) -> Figure:
    """Return the bytes of all users' rows and of all pairs of who follows whom, one copy."""
    people = scenario.people
    users = given(people.users, "users", "people.users")
    each = given(law_of(people).mean, "followers each", "people.followers")
    return total_spelled(
        "rows of users and follows, one copy",
        "B",
        product("", "B", users, _user_row()),
        product("", "B", users, each, _pair(scenario)),
    )


def _post_row(scenario: Scenario) -> Figure:
    """Return the bytes of a post's rows, on average over what posts are."""
    types = scenario.people.post_types
    image = given(measured.IMAGE_ROW_BYTES, "B more", "row of an image", source=measured.SOURCE)
    return total_spelled(
        "rows of a post",
        "B a post",
        given(
            measured.POST_ROW_BYTES, "B", said(measured.POST_ROW_BYTES, "B"), source=measured.SOURCE
        ),
        product("", "B", given(types.image, "of posts images", "people.post_types.image"), image),
        product("", "B", *_text(scenario)),
    )


def _text(scenario: Scenario) -> tuple[Figure, Figure]:
    types = scenario.people.post_types
    return (
        given(types.text, "of posts texts", "people.post_types.text"),
        given(types.text_size, "B a text", "people.post_types.text_size"),
    )


def _user_row() -> Figure:
    return given(measured.USER_ROW_BYTES, "B a user", "rows of a user", source=measured.SOURCE)


def _pair(scenario: Scenario) -> Figure:
    """Return the bytes of one follow: by follower, and by target too if the policy says so."""
    mirrored = scenario.policy.follows_kept == "both"
    size = measured.FOLLOW_ROW_BYTES + mirrored * measured.FOLLOWER_ROW_BYTES
    return given(size, "B a follow", "rows of a follow", source=measured.SOURCE)
