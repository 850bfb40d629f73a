"""What is said between a service and its darkrooms, over the pipes of a child process.

A question is a verb of one byte, the length of the image in four, and the image.  An answer is
the length of a head in four bytes, the head in JSON, and the images that the head lists.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reference_impl.chassis.errors import ServiceError, TooLarge, Unprocessable, UnsupportedMedia

READY = b"R"  # what a darkroom says before it is asked anything
TAKE_IN, DEVELOP = b"T", b"D"
QUESTION = struct.Struct("!cI")
HEAD_SIZE = struct.Struct("!I")

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
HEAD_BYTES_MAX = 16 << 10
ANSWER_BYTES_MAX = 64 << 20  # together: what is damaged must not fill the service's memory

_REFUSALS = {kind.__name__: kind for kind in (TooLarge, Unprocessable, UnsupportedMedia)}
REFUSALS = tuple(_REFUSALS.values())


class Garbled(ValueError):
    """An answer that no darkroom gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded image."""

    content: bytes
    content_type: str
    width: int
    height: int


Rendition = Picture  # one of those that are shown in place of another


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What an answer begins with: a refusal, or what is known of the pictures that follow."""

    cpu_ns: int
    refusal: ServiceError | None
    pictures: list[dict[str, Any]]


def question(verb: bytes, content: bytes) -> bytes:
    """Return what goes before an image."""
    return QUESTION.pack(verb, len(content))


def answer(pictures: Sequence[Picture], *, cpu_ns: int) -> bytes:
    """Return the whole answer that these pictures are."""
    known = [
        {
            "content_type": picture.content_type,
            "width": picture.width,
            "height": picture.height,
            "bytes": len(picture.content),
        }
        for picture in pictures
    ]
    contents = (picture.content for picture in pictures)
    return b"".join([_head(pictures=known, cpu_ns=cpu_ns), *contents])


def refusal(error: ServiceError, *, cpu_ns: int) -> bytes:
    """Return the whole answer that a refusal is."""
    return _head(pictures=[], refusal=type(error).__name__, detail=str(error), cpu_ns=cpu_ns)


def head_of(text: bytes) -> Head:
    """Read the head of an answer; raise Garbled if it is none, or promises too much."""
    try:
        said = json.loads(text)
        refusal = _REFUSALS[said["refusal"]](str(said["detail"])) if "refusal" in said else None
        pictures = list(map(_promise, said["pictures"]))
        cpu_ns = int(said["cpu_ns"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Garbled(f"{text[:80]!r} is no head of an answer") from error
    if bool(refusal) == bool(pictures):
        raise Garbled("an answer is either a refusal or pictures")
    if (promised := sum(picture["bytes"] for picture in pictures)) > ANSWER_BYTES_MAX:
        raise Garbled(f"an answer promises {promised} bytes")
    return Head(cpu_ns=cpu_ns, refusal=refusal, pictures=pictures)


def _promise(said: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a picture that follows; raise ValueError if no picture is like that.

    What reads it may have been taken over by the one before.
    """
    counts = [said[key] for key in ("bytes", "width", "height")]
    if not all(type(count) is int and count >= 1 for count in counts):
        raise ValueError(f"{counts} must be whole numbers from 1 on")
    if said["content_type"] not in IMAGE_TYPES:
        raise ValueError(f"{said['content_type']!r} is no type of image")
    return said


def _head(**said: Any) -> bytes:
    text = json.dumps(said).encode()
    return HEAD_SIZE.pack(len(text)) + text
