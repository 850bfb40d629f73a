"""What images and videos cost by their size, where what was learnt is of the load's images."""

from __future__ import annotations

from dataclasses import replace

from model.rules.image_work import developing_times, storing_times, taking_in_times
from model.world.design.names import PORTRAIT
from model.world.design.steps import WorkOf
from model.world.kinds import Kinds
from model.world.laws import QuantileTable, mixture
from model.world.scenario import Endpoint

_STORING = (Endpoint.POST.value, Endpoint.REGISTER.value)  # others fetch what is stored
_OF_PORTRAITS = (Endpoint.REGISTER.value, PORTRAIT)


def works_of_media(work_of: WorkOf, kinds: Kinds) -> WorkOf:
    """Return the works of media as large as they are, and all others as they were learnt."""
    portraits = replace(kinds, image_share=1.0, video_share=0.0)

    def work(journey: str, station: str) -> QuantileTable:
        learnt = work_of(journey, station)
        shown = portraits if journey in _OF_PORTRAITS else kinds
        match station:
            case "darkroom":
                return learnt.scaled(taking_in_times(shown.image_bytes, shown.learnt_bytes))
            case "pipeline":
                return _developed(learnt, shown)
            case "object_store" if journey in _STORING:
                return _stored(learnt, shown)
            case _:
                return learnt

    return work


def _developed(learnt: QuantileTable, kinds: Kinds) -> QuantileTable:
    """Return what the pipeline works for an image, or for a video as many times as much.

    The reference services leave videos as they are sent; this is what a pipeline would do.
    """
    of_image = learnt.scaled(developing_times(kinds.image_bytes, kinds.learnt_bytes))
    of_video = of_image.scaled(kinds.video_work)
    return _either(of_image, of_video, kinds.image_of_developed_share)


def _stored(learnt: QuantileTable, kinds: Kinds) -> QuantileTable:
    """Return how long it takes to store an image, or a video as it is sent."""
    of_image, of_video = (
        learnt.scaled(storing_times(size_bytes, kinds.learnt_bytes))
        for size_bytes in (kinds.image_bytes, kinds.video_bytes)
    )
    return _either(of_image, of_video, kinds.image_of_media_share)


def _either(of_image: QuantileTable, of_video: QuantileTable, image_share: float) -> QuantileTable:
    return of_image if image_share == 1 else mixture(of_image, of_video, share=image_share)
