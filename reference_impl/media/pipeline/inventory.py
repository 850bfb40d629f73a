"""What is stored of images, and what compression saves: added up over the manifests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from model.rules.media import RENDITION_WIDTHS
from reference_impl.media.objects import Aged, Objects
from reference_impl.media.pipeline.manifests import DROPPED, FAILED, PENDING, READY, Manifest

WEBP = "image/webp"
LARGEST = RENDITION_WIDTHS[0]
STATES = (PENDING, READY, FAILED)


@dataclass(slots=True)
class Tally:
    """So many things, of so many bytes."""

    number: int = 0
    bytes: int = 0

    def add(self, its_bytes: int) -> None:
        """Count one more."""
        self.number += 1
        self.bytes += its_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an inventory; the share is of whatever `of` says, None if that is nothing."""

    what: str
    tally: Tally
    share: float | None = None
    of: str | None = None

    @property
    def bytes_mean(self) -> float | None:
        """The mean length; None of nothing."""
        return self.tally.bytes / self.tally.number if self.tally.number else None


@dataclass(slots=True)
class Inventory:
    """What there is, by status and by type."""

    uploads: dict[str, Tally] = field(default_factory=lambda: {its: Tally() for its in STATES})
    originals: Tally = field(default_factory=Tally)  # of images that have renditions
    kept: Tally = field(default_factory=Tally)  # those of them that are still stored
    renditions: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    largest: Tally = field(default_factory=Tally)  # WebP of the greatest width
    their_originals: Tally = field(default_factory=Tally)

    def add(self, found: Aged, manifest: Manifest | None) -> None:
        """Count one more upload."""
        status = manifest.status if manifest else PENDING
        self.uploads[status].add(found.size_bytes)
        if manifest is None or not manifest.renditions:
            return
        self.originals.add(manifest.bytes_in)
        if manifest.original != DROPPED:
            self.kept.add(manifest.bytes_in)
        for made in manifest.renditions:
            self.renditions[made.type].add(made.bytes)
            if (made.type, made.width) == (WEBP, LARGEST):
                self.largest.add(made.bytes)
                self.their_originals.add(manifest.bytes_in)

    def lines(self) -> Iterator[Line]:
        """Yield what there is, and then what compression saves."""
        stored = sum(tally.bytes for tally in self.uploads.values())
        for status, tally in self.uploads.items():
            yield _line(f"uploads {status}", tally, of="all that is stored", whole=stored)
        yield Line(what="originals of images ready", tally=self.originals)
        for content_type, tally in sorted(self.renditions.items()):
            what, whole = f"renditions {content_type}", self.originals.bytes
            yield _line(what, tally, of="their originals", whole=whole)
        yield Line(what=f"originals {LARGEST} wide or wider", tally=self.their_originals)
        what, whole = f"{WEBP} of {LARGEST} in their place", self.their_originals.bytes
        yield _line(what, self.largest, of="their originals", whole=whole)
        yield _line(
            "saved if originals are dropped", self.kept, of="all that is stored", whole=stored
        )


async def inventory_of(objects: Objects) -> Inventory:
    """Read every manifest."""
    inventory = Inventory()
    async for found in objects.aged(0.0):
        stored = await objects.get_manifest(found.upload) if found.has_manifest else None
        inventory.add(found, None if stored is None else Manifest.of_json(stored))
    return inventory


def _line(what: str, tally: Tally, *, of: str, whole: int) -> Line:
    return Line(what=what, tally=tally, share=tally.bytes / whole if whole else None, of=of)
