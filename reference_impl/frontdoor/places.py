"""What the settings say of zones and regions, or why that cannot be."""

from __future__ import annotations

from model.rules.regions import REGIONS
from reference_impl.chassis.settings import PREFIX, Settings, SettingsError
from reference_impl.frontdoor.service import Signpost

_ZONE_REGIONS = f"{PREFIX}ZONE_REGIONS"


def signpost_of(settings: Settings) -> Signpost:
    """Return the signpost; raise SettingsError for a region or an entry that means nothing.

    A client that does not say where it is is taken to be where FEEDTWIN_CLIENT_REGION says, or
    else where this process is.
    """
    zone_regions: dict[str, str] = {}
    for entry in settings.zone_regions:
        zone, _, region = entry.partition("=")
        if not zone or not region:
            raise SettingsError(f"{_ZONE_REGIONS}: must be zone=region, got {entry!r}")
        if zone in zone_regions:
            raise SettingsError(f"{_ZONE_REGIONS}: names {zone} twice")
        if region not in REGIONS:
            known = ", ".join(sorted(REGIONS))
            raise SettingsError(f"{_ZONE_REGIONS}: there is no region {region!r}, only {known}")
        zone_regions[zone] = region
    own_region = zone_regions.get(settings.zone, "")
    return Signpost(zone_regions, default_region=settings.client_region or own_region)
