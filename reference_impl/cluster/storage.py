"""What the images of a cluster take up, and what compression saves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.errors import NotReady

COLUMNS = ("what", "number", "bytes", "bytes_mean", "share", "share_of")

Row = Mapping[str, object]  # by column


def stored_images(settings: Settings) -> list[Row]:
    """Return what is stored, a row for each kind, and then what compression saves.

    Raises NotReady if the object store does not answer.
    """
    from reference_impl.media.pipeline.inventory import inventory_of
    from reference_impl.media.store import StoredObjects, opened

    try:
        inventory = asyncio.run(inventory_of(StoredObjects(opened(settings.objects))))
    except Unavailable as error:
        raise NotReady(str(error)) from None
    return [
        {
            "what": line.what,
            "number": line.tally.number,
            "bytes": line.tally.bytes,
            "bytes_mean": line.bytes_mean,
            "share": line.share,
            "share_of": line.of,
        }
        for line in inventory.lines()
    ]
