"""The services that the post service asks."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import NotFound
from reference_impl.post.posts import Kept, Medium, Post
from reference_impl.post.service import Profile


class MediaClient:
    """The object store, through the media service."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def put(self, medium: Medium) -> Kept:
        """Store the image or video and return where it is."""
        stored = await self._client.put_bytes("/internal/objects", medium.data, medium.content_type)
        if medium.content_type.startswith("video/"):
            return Kept(url=stored["url"])
        return Kept(url=stored["url"], width=stored["width"], height=stored["height"])


class UserClient:
    """Profiles over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def public_profile(self, user_id: int) -> Profile | None:
        """Return what everyone may see of the user; None if there is no such user."""
        try:
            profile: Profile = await self._client.get_json(f"/internal/users/{user_id}")
        except NotFound:
            return None
        return profile


class TimelineClient:
    """Timelines over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def show_own(self, post: Post) -> None:
        """Put the post into its author's own timeline."""
        await self._client.post_json(
            f"/internal/users/{post.user_id}/own", {"post_id": str(post.post_id)}
        )
