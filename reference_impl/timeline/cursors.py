"""Where the next page of a newsfeed begins: opaque to the client, signed, and one reader's own."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from reference_impl.chassis.errors import BadRequest


class Cursors:
    """Writes and reads the `cursor` of a newsfeed page."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="newsfeed")

    def write(self, user_id: int, before: int) -> str:
        """Return the cursor of the page below the post `before`, for this reader only."""
        written: str = self._serializer.dumps([user_id, before])
        return written

    def read(self, user_id: int, cursor: str) -> int:
        """Return the post that `write` was given; raise BadRequest for anybody else's cursor."""
        try:
            owner_id, before = self._serializer.loads(cursor)
        except BadData:
            raise BadRequest("cursor is not one that was given out") from None
        if owner_id != user_id:
            raise BadRequest("cursor belongs to another user's newsfeed")
        return int(before)
