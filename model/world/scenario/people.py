"""Who uses the system: how many, who follows whom, who is active and where, what they post."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from model.rules.regions import REGIONS
from model.world.quantities import Bytes, Count, PerSecond, Seconds, Share
from model.world.scenario.tables import Table, asked, said

MB = 1_000_000


class Followers(Table):
    """The follower law: a power law p(f) ~ f**-alpha, or quantiles, or an edge list."""

    alpha: float = said(2.2, "exponent of the power law", gt=1.5, lt=4)
    mean: Annotated[Count, Field(ge=1)] = said(60, "followers of a user on average")
    max: Annotated[Count, Field(ge=1)] = said(30_000_000, "followers of the most followed")
    quantiles: tuple[tuple[Share, Count], ...] | None = said(
        None,
        "instead of the power law: pairs (share of users, followers that they do not exceed),"
        ' rising, such as [["50 %", 1], ["95 %", 95], ["99.9 %", 2300], ["100 %", "1 M"]]',
        min_length=2,
        max_length=100,
    )
    followees_spread: float = said(
        0.0,
        "sigma of the lognormal number of those whom one follows; 0: nearly the same",
        ge=0,
        le=2,
    )
    edges: str | None = said(
        None,
        "instead of both: a file of edges, one `follower followee` pair of numbers per line,"
        " beside the scenario",
    )

    @model_validator(mode="after")
    def _one_law(self) -> Followers:
        if self.quantiles is not None and self.edges is not None:
            raise ValueError("give quantiles or edges, not both")
        if self.quantiles is not None:
            shares = [share for share, _ in self.quantiles]
            counts = [count for _, count in self.quantiles]
            if sorted(set(shares)) != shares or sorted(counts) != counts:
                raise ValueError("quantiles must rise, in shares and in followers")
            if shares[-1] != 1:
                raise ValueError(f"quantiles must end at 100 %, they end at {shares[-1]:.4g}")
        return self


class Activity(Table):
    """How differently often active users read, and how that goes with whom they follow."""

    spread: float = said(
        0.0,
        "sigma of the lognormal rate of reading; 0: all alike; 1.3: a tenth reads half",
        ge=0,
        le=3,
    )
    with_followees: float = said(
        0.0, "reading grows as (followees + 1) to this power; 0: not at all", ge=0, le=2
    )
    inactive: Share = said(
        0.0,
        "share of users who have not come for policy.inactive_after: nothing is written for them",
    )


class Posting(Table):
    """How differently often users post, and how that goes with who follows them."""

    never: Annotated[Share, Field(lt=1)] = said(0.0, "share of users who never post")
    spread: float = said(0.0, "sigma of the lognormal rate of posting; 0: all alike", ge=0, le=3)
    with_followers: float = said(
        2.0, "posting grows as 1 + this times log10(1 + followers) (Pequod, NSDI 2014)", ge=0, le=20
    )


class PostTypes(Table):
    """What posts are, and how large; of images the size is people.image_size."""

    image: Share = said(1.0, "share of posts that are images")
    text: Share = said(0.0, "share of posts that are texts")
    video: Share = said(0.0, "share of posts that are videos")
    text_size: Annotated[Bytes, Field(ge=1, le=100_000)] = said(300, "of one text")
    video_size: Annotated[Bytes, Field(ge=10_000, le=2_000 * MB)] = said(10 * MB, "of one video")
    video_work: float = said(
        30.0, "work of the pipeline for a video over that for an image", ge=0, le=10_000
    )
    renditions_size: Annotated[Bytes, Field(ge=0, le=100 * MB)] | None = said(
        None, "of all renditions of one image together; left out: 60 % of image_size"
    )
    video_renditions_size: Annotated[Bytes, Field(ge=0, le=10_000 * MB)] | None = said(
        None,
        "of all renditions of one video together, on paper; left out: 72 % of video_size (360p,"
        " 540p and 720p at 730, 2,000 and 3,000 kbit/s, from Apple's HLS Authoring Specification,"
        " of the 8 Mbit/s that YouTube recommends for uploads in 1080p)",
    )
    video_view_size: Annotated[Bytes, Field(ge=0, le=2_000 * MB)] | None = said(
        None,
        "sent of one video to each who asks an edge for its still, on paper: how long it is"
        " watched on average, by those who pass by too, times the bitrate; left out: 25 % of"
        " video_size (all of it, as 540p at 2 Mbit/s)",
    )
    view_size: Annotated[Bytes, Field(ge=1, le=100 * MB)] = said(
        120_000, "of one picture as a feed shows it; of a video that is its still"
    )

    @model_validator(mode="after")
    def _adds_up(self) -> PostTypes:
        total = self.image + self.text + self.video
        if abs(total - 1) > 1e-6:
            raise ValueError(f"image, text and video must add up to 100 %, they do to {total:.4g}")
        return self


class ClientNetwork(Table):
    """The last mile: between people and the network that the regions hang on."""

    rtt: Annotated[Seconds, Field(ge=0, le=10)] = said(0.03, "there and back, median")
    spread: float = said(0.5, "sigma of the lognormal rtt and bandwidth among people", ge=0, le=3)
    bandwidth: Annotated[PerSecond, Field(gt=0)] = said(
        5e6, 'bytes a second, median, written as a count: "5 M/s"'
    )


class People(Table):
    """Who uses the system."""

    users: Annotated[Count, Field(ge=10, le=10_000_000_000)] = asked(
        "registered users; up to 200 k (push-pull: 5 M) are drawn one by one, more are described by"
        " laws"
    )
    daily_active: Annotated[Share, Field(gt=0)] = said(0.6, "share of them who come on a day")
    followers: Followers = said(Followers(), "who follows whom")
    activity: Activity = said(Activity(), "who reads how often")
    posting: Posting = said(Posting(), "who posts how often")
    posts_per_user: float = said(
        5.0, "posts that are already there when traffic starts", ge=0, le=1000
    )
    post_types: PostTypes = said(PostTypes(), "what they post")
    image_size: Annotated[Bytes, Field(ge=1_000, le=8 * MB)] = said(20_000, "of an image, as sent")
    regions: dict[str, Share] = said(
        {}, "where people are: share by region; left out: all near the first of fleet.regions"
    )
    network: ClientNetwork = said(ClientNetwork(), "what they connect by")

    @model_validator(mode="after")
    def _followers_fit(self) -> People:
        followers = self.followers
        if followers.quantiles is not None and (most := followers.quantiles[-1][1]) >= self.users:
            raise ValueError(f"followers.quantiles must end below users, they end at {most}")
        if followers.quantiles is None and followers.edges is None:
            if followers.max >= self.users:
                raise ValueError(f"followers.max must be below users, got {followers.max}")
            if followers.mean > followers.max:
                raise ValueError(f"followers.mean must not exceed max, got {followers.mean}")
        return self

    @model_validator(mode="after")
    def _regions_are_known(self) -> People:
        if unknown := [name for name in self.regions if name not in REGIONS]:
            raise ValueError(f"regions must be among {', '.join(REGIONS)}, got {unknown[0]!r}")
        total = sum(self.regions.values())
        if self.regions and abs(total - 1) > 1e-6:
            raise ValueError(f"regions must add up to 100 %, they do to {total:.4g}")
        return self
