"""What the pipeline tells others, and how what it tells is told from what it heard."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference_impl.chassis.events import Event
from reference_impl.media.pipeline.manifests import DROPPED, FAILED, Manifest

DEVELOPED = "media.developed"
GIVEN_UP = "media.failed"
DOOMED = "media.doomed"  # to ourselves: what is to be deleted is known from here on
DELETED = "media.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to be told."""

    kind: str
    body: Mapping[str, Any]


def outcome(url: str, owner: Mapping[str, str], manifest: Manifest) -> News:
    """Return what became of an image; `owner` is {"post_id": …} or {"user_id": …}."""
    if manifest.status == FAILED:
        return News(kind=GIVEN_UP, body={"url": url, **owner})
    stand_in = manifest.stand_in() if manifest.original == DROPPED else None
    said = {
        "width": manifest.width,
        "height": manifest.height,
        "renditions": [made.told() for made in manifest.renditions],
        "original_url": stand_in or url,
    }
    return News(kind=DEVELOPED, body={"url": url, **owner, **said})


def doomed(urls: Sequence[str]) -> News:
    """Return that everything of an upload is to be deleted."""
    return News(kind=DOOMED, body={"urls": list(urls)})


def deleted(urls: Sequence[str]) -> News:
    """Return that everything of an upload is gone."""
    return News(kind=DELETED, body={"urls": list(urls)})


def event_of(news: News, heard: Event) -> Event:
    """Return the event that tells this; its id is always the same for what was heard.

    Like those of an outbox it ends in a number, by which it is remembered in a map of bits.
    """
    return Event(
        event_id=f"{news.kind}:{heard.event_id}", kind=news.kind, at_s=time.time(), body=news.body
    )
