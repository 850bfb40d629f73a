"""Where the next page begins: opaque to the client, signed, and good for one list of one reader."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from reference_impl.chassis.errors import BadRequest


class Cursors:
    """Writes and reads the `cursor` of pages."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="cursor")

    def write(self, purpose: str, reader_id: int, last: int) -> str:
        """Return the cursor of the page after the item `last`, of this list and reader only.

        `purpose` names the list: its route, and whose it is where that is not the reader.
        """
        written: str = self._serializer.dumps([purpose, reader_id, last])
        return written

    def read(self, purpose: str, reader_id: int, cursor: str) -> int:
        """Return the item that `write` was given; raise BadRequest for any other cursor."""
        try:
            of_purpose, of_reader, last = self._serializer.loads(cursor)
        except (BadData, TypeError, ValueError):
            raise BadRequest("cursor is not one that was given out") from None
        if (of_purpose, of_reader) != (purpose, reader_id):
            raise BadRequest("cursor belongs to another list, or to another reader")
        return int(last)
