"""What the pages show: put together of what the API answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from model.rules import search
from reference_impl.web.refusals import Refused
from reference_impl.web.views import Json, PersonView, PostView, person_view, post_view
from reference_impl.web.visitors import Visitor

FEED_LIMIT = 10  # posts on a page: some screens; the next is asked for while one reads
GRID_LIMIT = 24  # divides into rows of two, three and four
PEOPLE_LIMIT = 20
QUERY_CHARS_MAX = search.QUERY_CHARS_MAX


class Gateway(Protocol):
    """The public API, asked in a visitor's name; what it does not grant is raised as Refused."""

    async def get(self, visitor: Visitor, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON that GET answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPage:
    """Some posts, newest first, and the cursor of the page below; empty on the last one."""

    posts: list[PostView]
    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Some people, and the cursor of the next page; not complete while parts are away."""

    people: list[PersonView]
    cursor: str = ""
    is_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person, and a page of what they posted."""

    person: PersonView
    page: PostPage


class Pages:
    """The questions that pages put to the API."""

    def __init__(self, gateway: Gateway, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._clock = clock

    async def feed(self, visitor: Visitor, cursor: str) -> PostPage:
        """Return a page of the visitor's newsfeed.

        A newsfeed names its authors by id.  Who is not found is gone, or hidden by a block since;
        their posts are left out.
        """
        path = f"/user/{visitor.user_id}/newsfeed"
        found = await self._gateway.get(visitor, path, _paged(FEED_LIMIT, cursor))
        authors = await self._people(visitor, (str(post["user_id"]) for post in found["posts"]))
        posts = [
            self._view(post, authors[str(post["user_id"])], visitor)
            for post in found["posts"]
            if str(post["user_id"]) in authors
        ]
        return PostPage(posts=posts, cursor=found["next"] or "")

    async def newest(self, visitor: Visitor) -> str:
        """Return the id of the newest post of the visitor's newsfeed; empty if it has none."""
        path = f"/user/{visitor.user_id}/newsfeed"
        found = await self._gateway.get(visitor, path, _paged(1, ""))
        return str(found["posts"][0]["post_id"]) if found["posts"] else ""

    async def profile(self, visitor: Visitor, user_id: str, cursor: str) -> Profile:
        """Return a person and a page of their posts."""
        person, found = await asyncio.gather(
            self._gateway.get(visitor, f"/user/{user_id}/profile"),
            self._gateway.get(visitor, f"/user/{user_id}/posts", _paged(GRID_LIMIT, cursor)),
        )
        author = person_view(person)
        posts = [self._view(post, author, visitor) for post in found["posts"]]
        return Profile(person=author, page=PostPage(posts=posts, cursor=found["next"] or ""))

    async def post(self, visitor: Visitor, post_id: str) -> PostView:
        """Return one post and who wrote it."""
        found = await self._gateway.get(visitor, f"/post/{post_id}")
        return self._view(found["post"], person_view(found["author"]), visitor)

    async def found(self, visitor: Visitor, query: str, cursor: str) -> PeoplePage:
        """Return the people whom the words of a search find; nobody for none.

        Words that the API does not search by, such as none but signs, find nobody either.
        """
        if not query:
            return PeoplePage(people=[])
        asked = {"q": query, **_paged(PEOPLE_LIMIT, cursor)}
        try:
            found = await self._gateway.get(visitor, "/search", asked)
        except Refused as refused:
            if refused.status != 400 or cursor:
                raise
            return PeoplePage(people=[])
        return PeoplePage(
            people=[person_view(person) for person in found["users"]],
            cursor=found["next"] or "",
            is_complete=bool(found.get("complete", True)),
        )

    async def account(self, visitor: Visitor) -> Json:
        """Return all that the API knows of the visitor."""
        account: Json = await self._gateway.get(visitor, f"/user/{visitor.user_id}/account")
        return account

    async def blocked(self, visitor: Visitor, cursor: str) -> PeoplePage:
        """Return some of those whom the visitor has blocked."""
        path = f"/user/{visitor.user_id}/blocked"
        found = await self._gateway.get(visitor, path, _paged(PEOPLE_LIMIT, cursor))
        people = [person_view(person) for person in found["users"]]
        return PeoplePage(people=people, cursor=found["next"] or "")

    async def _people(self, visitor: Visitor, user_ids: Iterable[str]) -> dict[str, PersonView]:
        """Return those of the people who can be seen, by id; each is asked for once."""
        asked = dict.fromkeys(user_ids)
        if not asked:
            return {}
        found = await self._gateway.get(visitor, "/users", {"ids": ",".join(asked)})
        people = (person_view(person) for person in found["users"])
        return {person.user_id: person for person in people}

    def _view(self, post: Json, author: PersonView, visitor: Visitor) -> PostView:
        return post_view(post, author, viewer_id=visitor.user_id, now=self._clock())


def _paged(limit: int, cursor: str) -> dict[str, str]:
    return {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
