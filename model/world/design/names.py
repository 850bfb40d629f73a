"""The names of what goes on after answers, and which requests begin it."""

from __future__ import annotations

from model.world.scenario import Endpoint

FANOUT, REFLECTION, ANNOUNCEMENT = "fanout", "reflection", "announcement"
DEVELOPMENT, PORTRAIT = "development", "portrait"  # of a post's image, and of a profile's
PURGE = "purge"  # of a deleted post; the load deletes none
ACTIVITIES_OF = {  # what goes on after the answer: the first begins, and starts the others
    Endpoint.POST: (FANOUT, DEVELOPMENT),
    Endpoint.FOLLOW: (REFLECTION,),
    Endpoint.UNFOLLOW: (REFLECTION,),
    Endpoint.REGISTER: (ANNOUNCEMENT, PORTRAIT),
}
