"""Open fields as people write them: one a line, `pronouns: she/her`."""

from __future__ import annotations

from collections.abc import Mapping


class OpenFieldsError(ValueError):
    """A line that is no field; the message follows the name of the form's field."""


def open_fields_in(text: str) -> dict[str, str]:
    r"""Return the fields by name; raise OpenFieldsError for a line that has none, or one twice.

    >>> open_fields_in("Pronouns: she/her\n\nsite: https://example.org")
    {'pronouns': 'she/her', 'site': 'https://example.org'}
    """
    fields: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = line.partition(":")
        name = "_".join(name.lower().split())
        if not colon:
            raise OpenFieldsError(f"must be written as name: text, got {line.strip()[:40]!r}")
        if name in fields:
            raise OpenFieldsError(f"must name each line once, got {name[:40]!r} twice")
        fields[name] = value.strip()
    return fields


def lines_of(fields: Mapping[str, str]) -> str:
    """Return fields as they are written in the form."""
    return "\n".join(f"{name}: {' '.join(text.split())}" for name, text in fields.items())
