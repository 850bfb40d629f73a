"""What the generator is told: where to send, when, in whose name.

It travels as a folder of files, because the generator is another process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import pandas as pd
import pyarrow.parquet as pq

from model.world.scenario import Endpoint

ARRIVALS_MAX = 2_000_000  # more than a gigabyte of rows in the generator


class People(Protocol):
    """The seeded people that requests are sent for; index i is person i of the population."""

    @property
    def user_ids(self) -> Sequence[int]:
        """Return the ids that the services gave them."""

    @property
    def usernames(self) -> Sequence[str]:
        """Return the names that they log in with."""

    @property
    def tokens(self) -> Sequence[str]:
        """Return the bearer tokens of their sessions."""

    @property
    def password(self) -> str:
        """Return the password that they share."""

    @property
    def images(self) -> Sequence[bytes]:
        """Return a few small JPEG files to upload in turn."""

    @property
    def media_paths(self) -> Sequence[str]:
        """Return the paths of some images that edges have, or can get."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Persons:
    """The people as the generator reads them back."""

    user_ids: Sequence[int]
    usernames: Sequence[str]
    tokens: Sequence[str]
    password: str
    images: Sequence[bytes]
    media_paths: Sequence[str]


class PlannedArrival(NamedTuple):
    """When one request is due, what it asks for, who sends it, about whom, and where to."""

    request: int
    at_s: float
    endpoint: str
    user: int
    target: int
    gateway: int  # an index into the plan's `urls_of` its endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One stretch of load: its arrivals, and the limits that its generator keeps.

    `arrivals` has one row for each, with the fields of PlannedArrival as columns, in order of
    time; `until_s` is when the last of them may come.
    """

    run_id: str
    gateway_urls: tuple[str, ...]
    cdn_urls: tuple[str, ...] = ()  # of edges, which images are asked of: `unix:/path`, or as above
    in_flight_max: int
    request_timeout_s: float
    until_s: float
    arrivals: pd.DataFrame

    def __post_init__(self) -> None:
        """Refuse a plan that nothing can be sent by, or that no memory holds."""
        if not self.gateway_urls:
            raise ValueError("gateway_urls must name at least one gateway")
        if not self.cdn_urls and (self.arrivals.endpoint == Endpoint.IMAGE.value).any():
            raise ValueError("cdn_urls must name at least one edge: images are asked for")
        if len(self.arrivals) > ARRIVALS_MAX:
            raise ValueError(
                f"a run must have at most {ARRIVALS_MAX} arrivals, got {len(self.arrivals)}:"
                " lower the rate or load.duration"
            )

    def urls_of(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Return where requests of this kind may be sent."""
        return self.cdn_urls if endpoint is Endpoint.IMAGE else self.gateway_urls


def save_plan(folder: Path, plan: Plan, people: People) -> None:
    """Write all that the generator needs into `folder`, which must be private: it holds tokens."""
    plan.arrivals.to_parquet(folder / "arrivals.parquet", index=False)
    persons = {name: list(getattr(people, name)) for name in ("user_ids", "usernames", "tokens")}
    pd.DataFrame(persons).to_parquet(folder / "people.parquet", index=False)
    for number, image in enumerate(people.images):
        (folder / f"image-{number:05}").write_bytes(image)
    written = {name: value for name, value in _fields_of(plan).items() if name != "arrivals"}
    shared = {"password": people.password, "media_paths": list(people.media_paths)}
    (folder / "plan.json").write_text(json.dumps(written | shared))


def load_plan(folder: Path) -> tuple[Plan, Persons]:
    """Read what `save_plan` wrote."""
    said = json.loads((folder / "plan.json").read_text())
    password, media_paths = said.pop("password"), said.pop("media_paths")
    for name in ("gateway_urls", "cdn_urls"):
        said[name] = tuple(said[name])
    persons = _table(folder / "people.parquet")
    images = [file.read_bytes() for file in sorted(folder.glob("image-*"))]
    return (
        Plan(**said, arrivals=_table(folder / "arrivals.parquet")),
        Persons(
            user_ids=persons.user_ids.tolist(),
            usernames=persons.usernames.tolist(),
            tokens=persons.tokens.tolist(),
            password=password,
            images=images,
            media_paths=media_paths,
        ),
    )


def _fields_of(plan: Plan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in Plan.__dataclass_fields__}


def _table(file: Path) -> pd.DataFrame:
    """Read a table on one thread: the generator's other threads would steal its core."""
    table: pd.DataFrame = pq.read_table(file, use_threads=False).to_pandas(use_threads=False)
    return table
