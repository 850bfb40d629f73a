"""Open fields: what users may say about themselves beyond the fields that we know of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import text_of

FIELDS_MAX = 16
TEXT_CHARS_MAX = 200
NAME_PATTERN = "[a-z][a-z0-9_]{0,31}"


def open_fields_of(fields: Mapping[str, str]) -> dict[str, str] | None:
    """Return the open fields in the form's field `fields`, one JSON object; None if it has none.

    One whose text is empty counts as not given.
    """
    text = fields.get("fields", "")
    given = _object_of(text) if text else {}
    if len(given) > FIELDS_MAX:
        raise BadRequest(f"fields must have at most {FIELDS_MAX} fields, got {len(given)}")
    for name in given:
        if not re.fullmatch(NAME_PATTERN, name):
            raise BadRequest(f"fields must be named like pronouns or pet_2, got {name[:40]!r}")
    texts = {name: text_of(given, name, chars_max=TEXT_CHARS_MAX, chars_min=0) for name in given}
    return {name: text for name, text in texts.items() if text} or None


def _object_of(text: str) -> dict[str, object]:
    try:
        value = json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):  # also numbers of 4,300 digits
        raise BadRequest("fields must be a JSON object") from None
    if not isinstance(value, dict):
        raise BadRequest("fields must be a JSON object")
    return value


def _without_twins(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise BadRequest("fields must name each field once")
    return dict(pairs)
