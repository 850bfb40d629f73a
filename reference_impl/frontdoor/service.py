"""Whose zones a client is sent to first: by where it says it is, or is taken to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from model.rules.regions import REGIONS, nearest_first


class Signpost:
    """Knows which region each zone is in, and where clients are that do not say."""

    def __init__(self, zone_regions: Mapping[str, str], *, default_region: str) -> None:
        self._zone_regions = zone_regions
        self._default_region = default_region

    def zones_for(self, said_region: str, zones: Iterable[str]) -> list[str]:
        """Return these zones, nearest first; a region that nobody knows counts as none said."""
        client_region = said_region if said_region in REGIONS else self._default_region
        return nearest_first(client_region, {zone: self._region_of(zone) for zone in zones})

    def _region_of(self, zone: str) -> str:
        return self._zone_regions.get(zone, "")
