"""What an edge hears of the media service."""

import pytest

from reference_impl.cdn.purging import Purging
from reference_impl.chassis.events import Event


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("media.deleted", "miss"), ("media.developed", "hit"), ("media.failed", "hit")],
)
async def test_only_what_is_deleted_is_purged(edge, origin, kind, outcome):
    path = origin.put_media(b"a picture")
    await edge.get(path)
    body = {"urls": [path], "url": path}
    event = Event(event_id="test:1", kind=kind, at_s=1.0, body=body)
    await Purging(edge.service).handle(event)
    assert (await edge.get(path))[1] == outcome
