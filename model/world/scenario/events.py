"""What happens while a scenario runs: failures, floods, single posts, changes of the fleet."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from model.world.quantities import Bytes, Count, PerSecond, Seconds, Share
from model.world.scenario.tables import Table, asked, said
from model.world.scenario.traffic import Endpoint

STORES = ("user_store", "post_store", "timeline_store")
Station: TypeAlias = str
StoreName: TypeAlias = Literal["user_store", "post_store", "timeline_store"]


class _Event(Table):
    at: Annotated[Seconds, Field(ge=0)] = said(0.0, "when it begins, after the warm-up")


class _Lasting(_Event):
    lasts: Annotated[Seconds, Field(gt=0)] | None = said(
        None, "how long; left out: to the end of the run"
    )


class Crash(_Lasting):
    """Instances of a service, or servers of a store, are down; servers keep what they hold."""

    kind: Literal["crash"]
    station: Station = asked("which: a station's name, such as timeline or post_db")
    members: Annotated[Count, Field(ge=1, le=100_000)] = said(1, "how many of them")


class Slow(_Lasting):
    """Instances of a service, or servers of a store, work more slowly."""

    kind: Literal["slow"]
    station: Station = asked("which: a station's name")
    members: Annotated[Count, Field(ge=1, le=100_000)] = said(1, "how many of them")
    speed: Share = said(0.1, "share of its speed that is left; 0: it pauses")


class ZoneLoss(_Lasting):
    """All that stands in one zone is down."""

    kind: Literal["zone-loss"]
    zone: Annotated[Count, Field(ge=1, le=8)] = said(1, "which, from 1")


class RegionLoss(_Lasting):
    """All zones of one region are down."""

    kind: Literal["region-loss"]
    region: str = asked("which of fleet.regions")


class BrokerStop(_Lasting):
    """The broker takes and gives nothing; what is under way waits."""

    kind: Literal["broker-stop"]


class CacheWipe(_Event):
    """What a cache held is gone."""

    kind: Literal["cache-wipe"]
    of: Literal["timelines", "edges"] = said("timelines", "of the timeline store, or of the CDN")


class MessageLoss(_Lasting):
    """Messages between services are lost."""

    kind: Literal["message-loss"]
    share: Annotated[Share, Field(gt=0)] = said(0.01, "of all messages")


class ImageFlood(_Lasting):
    """Somebody posts images, very many."""

    kind: Literal["image-flood"]
    rate: Annotated[PerSecond, Field(gt=0)] = asked("posts beside the usual ones")
    size: Annotated[Bytes, Field(ge=1_000, le=8_000_000)] | None = said(
        None, "of each image; left out: people.image_size"
    )


class CelebrityPost(_Event):
    """One author of very many followers posts once."""

    kind: Literal["celebrity-post"]
    followers: Annotated[Count, Field(ge=1)] = asked("of the author; fewer than people.users")


class FlashCrowd(_Lasting):
    """Very many people come at once."""

    kind: Literal["flash-crowd"]
    times: float = asked(
        "how many times as many as usual; refused with recorded requests (csv, access-log), which"
        " have no rate to multiply",
        gt=0,
        le=10_000,
    )
    endpoints: tuple[Endpoint, ...] = said((), "for what; left out: for everything")


class HotShard(_Lasting):
    """One shard gets more than its share."""

    kind: Literal["hot-shard"]
    store: StoreName = said("timeline_store", "of which store")
    share: Annotated[Share, Field(gt=0, lt=1)] = said(0.1, "of all that the store is asked for")


class AddShards(_Lasting):
    """Servers are added to a store while it runs; logical shards move to them one by one."""

    kind: Literal["add-shards"]
    store: StoreName = said("timeline_store", "to which store")
    shards: Annotated[Count, Field(ge=1, le=4096)] = asked(
        "how many of the store's shards are new, and added only now"
    )
    speed: Annotated[PerSecond, Field(gt=0)] = said(
        50e6, 'bytes a second that one server sends, beside its work: "50 M/s"'
    )
    slows: Annotated[Share, Field(lt=1)] = said(0.1, "share of its time that sending takes it")


Event: TypeAlias = Annotated[
    Crash
    | Slow
    | ZoneLoss
    | RegionLoss
    | BrokerStop
    | CacheWipe
    | MessageLoss
    | ImageFlood
    | CelebrityPost
    | FlashCrowd
    | HotShard
    | AddShards,
    Field(discriminator="kind"),
]
