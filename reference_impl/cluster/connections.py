"""How many connections the services open to a database server, and how many it takes."""

from __future__ import annotations

from model.world.scenario import Fleet, Store
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.members import instances_in

DATABASE_OF = {"user": "user_db", "follow": "user_db", "post": "post_db"}
SPARE = 40  # for the relay, seeding, tests and people
# For services that are scaled while the server runs: 32 more processes of 8 connections.  A
# place that nobody takes costs PostgreSQL about 35 kB (measured, 18.6).
GROWTH = 256


def needed(fleet: Fleet, database: str) -> int:
    """Return how many connections each server of a kind must take, those for others included."""
    return SPARE + _store(fleet, database).connections * _processes(fleet, database)


def room_for(fleet: Fleet, database: str) -> int:
    """Return how many connections an embedded server takes: it cannot take more until `down`."""
    return needed(fleet, database) + GROWTH


def refuse_too_many(fleet: Fleet, station: str, settings: Settings) -> None:
    """Raise Refused if with this fleet a service would open more connections than servers take.

    The servers are asked, since some may be external.
    """
    database = DATABASE_OF.get(station)
    if database is None:
        return
    urls = settings.user_databases if database == "user_db" else settings.post_databases
    taken = min(map(_takes, urls))
    need = needed(fleet, database)
    if need > taken:
        each = _store(fleet, database).connections
        instances = instances_in(fleet, station)
        most = instances - -(-(need - taken) // each)
        raise Refused(
            f"{instances} instances of {station} would need {need} connections to each {database}"
            f" server, which takes {taken}: at most {max(most, 0)} instances"
        )


def _processes(fleet: Fleet, database: str) -> int:
    return sum(
        instances_in(fleet, station) for station, its in DATABASE_OF.items() if its == database
    )


def _store(fleet: Fleet, database: str) -> Store:
    return fleet.user_store if database == "user_db" else fleet.post_store


def _takes(url: str) -> int:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            [told] = connection.execute("SHOW max_connections").fetchone() or ("0",)
    except psycopg.OperationalError as error:
        raise NotReady(f"a database does not answer: {str(error).strip()}") from None
    return int(told)
