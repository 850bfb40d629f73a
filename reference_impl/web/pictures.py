"""Pictures as a browser is offered them: in several widths and formats, of which it takes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rendition = Mapping[str, Any]  # {"url", "width", "height", "type"}

WEBP, JPEG = "image/webp", "image/jpeg"
PLACEHOLDER = (4, 3)  # the ratio of a picture whose size nobody knows yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image and what stands for it while its renditions are made.

    `width` and `height` are 0 while they are unknown.
    """

    url: str  # for browsers that know no source sets; empty while there is nothing to be shown
    width: int = 0
    height: int = 0
    webp: str = ""  # source sets
    jpeg: str = ""
    is_pending: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height to be kept free for it."""
        return (self.width, self.height) if self.width and self.height else PLACEHOLDER


def picture_of_post(post: Mapping[str, Any]) -> Picture:
    """Return the picture of an image post: as uploaded while there is nothing better."""
    image = post.get("image") or {}
    renditions = image.get("renditions") or ()
    return Picture(
        url=_widest(renditions, JPEG) or post.get("image_url") or "",
        width=int(image.get("width") or 0),
        height=int(image.get("height") or 0),
        webp=source_set(renditions, WEBP),
        jpeg=source_set(renditions, JPEG),
        is_pending=image.get("status") == "pending",
    )


def avatar_of(person: Mapping[str, Any]) -> Picture:
    """Return the picture of a person; once there are renditions, those."""
    renditions = person.get("profile_image_renditions") or ()
    return Picture(
        url=_narrowest(renditions, JPEG) or person.get("profile_image") or "",
        webp=source_set(renditions, WEBP),
        jpeg=source_set(renditions, JPEG),
    )


def source_set(renditions: Sequence[Rendition], content_type: str) -> str:
    """Return the renditions of one format as the attribute `srcset` has them, narrowest first.

    >>> source_set([{"url": "/a", "width": 640, "type": "image/webp"}], "image/webp")
    '/a 640w'
    """
    of_type = _by_width(renditions, content_type)
    return ", ".join(f"{its['url']} {its['width']}w" for its in of_type)


def _widest(renditions: Sequence[Rendition], content_type: str) -> str:
    of_type = _by_width(renditions, content_type)
    return str(of_type[-1]["url"]) if of_type else ""


def _narrowest(renditions: Sequence[Rendition], content_type: str) -> str:
    of_type = _by_width(renditions, content_type)
    return str(of_type[0]["url"]) if of_type else ""


def _by_width(renditions: Sequence[Rendition], content_type: str) -> list[Rendition]:
    of_type = [its for its in renditions if its["type"] == content_type]
    return sorted(of_type, key=lambda its: int(its["width"]))
