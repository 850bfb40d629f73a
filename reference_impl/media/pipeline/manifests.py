"""What is known of an upload: how far it is, and what was made of it; a JSON beside its objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PENDING, READY, FAILED = "pending", "ready", "failed"
KEPT, DROPPED = "kept", "dropped"  # what became of the original
JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One rendition as it is stored."""

    url: str
    width: int
    height: int
    type: str
    bytes: int

    def told(self) -> Mapping[str, Any]:
        """Return what others are told of it."""
        return {"url": self.url, "width": self.width, "height": self.height, "type": self.type}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of one upload, from when an event has told of it."""

    url: str  # of the original, whether it is still there or not
    status: str = PENDING
    width: int = 0  # of the original, in pixels; 0 as long as nobody has looked, and of videos
    height: int = 0
    renditions: tuple[Made, ...] = ()
    bytes_in: int = 0  # of the original
    original: str = KEPT

    @property
    def bytes_out(self) -> int:
        """The length of all renditions."""
        return sum(made.bytes for made in self.renditions)

    def stand_in(self) -> str | None:
        """Return the address of what comes closest to the original: the widest JPEG, if any."""
        jpegs = [made for made in self.renditions if made.type == JPEG]
        return max(jpegs, key=lambda made: made.width).url if jpegs else None

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {**asdict(self), "bytes_out": self.bytes_out}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Manifest:
        """Read what `to_json` returned."""
        return cls(
            url=stored["url"],
            status=stored["status"],
            width=stored["width"],
            height=stored["height"],
            renditions=tuple(Made(**made) for made in stored["renditions"]),
            bytes_in=stored["bytes_in"],
            original=stored["original"],
        )
