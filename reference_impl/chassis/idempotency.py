"""The key that a client gives a request that creates, to send it again without doing it twice.

The header is that of draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reference_impl.chassis.errors import BadRequest

IDEMPOTENCY_KEY = "Idempotency-Key"
KEY_PATTERN = r"[\x21-\x7e]{1,255}"


def is_kept(status: int) -> bool:
    """Say whether an answer of this status stays the answer to its key.

    What time may change does not: 409, 429, and whatever is no refusal but a failure.
    """
    return status < 500 and status not in (409, 429)


def key_of(values: Sequence[str]) -> str | None:
    """Return the key that the header's values say; None if there is no such header."""
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(KEY_PATTERN, values[0]):
        raise BadRequest(f"{IDEMPOTENCY_KEY} must have 1 to 255 visible ASCII characters, once")
    return values[0]
