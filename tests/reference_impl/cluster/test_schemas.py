"""Data of other tables, or laid out otherwise, lie in another folder."""

from __future__ import annotations

import dataclasses

import pytest

from model.world.scenario import Fleet, Store
from reference_impl.chassis.settings import Settings
from reference_impl.cluster import schemas
from reference_impl.cluster.orders import layout_of
from reference_impl.cluster.schemas import schema_version

TABLES = {"user": "CREATE TABLE users (id bigint);", "post": "CREATE TABLE posts (id bigint);"}


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Write the services' schemas, and let these be all there are."""
    monkeypatch.setattr(schemas, "SERVICES", tmp_path)
    monkeypatch.setattr(schemas, "OF_USER_DATABASES", ("user/schema.sql",))
    monkeypatch.setattr(schemas, "OF_POST_DATABASES", ("post/schema.sql",))

    monkeypatch.setattr(schemas, "IF_FOLLOWS_ARE_KEPT_BY_FOLLOWER", ("user/one_way.sql",))

    def write(**texts):
        for service, text in (TABLES | texts).items():
            (tmp_path / service).mkdir(exist_ok=True)
            (tmp_path / service / "schema.sql").write_text(text)
        return schema_version()

    return write


@pytest.mark.parametrize("service", ["user", "post"])
def test_another_table_is_another_version(tables, service):
    assert tables(**{service: "CREATE TABLE users (id bigint, name text);"}) != tables()


def test_comments_and_spaces_change_nothing(tables):
    said = "-- Who is there; see user.\nCREATE TABLE\n    users (id bigint); -- by id"
    assert tables(user=said) == tables()


def test_what_no_table_shows_is_counted_by_hand(tables, monkeypatch):
    before = tables()
    monkeypatch.setattr(schemas, "FORMS_VERSION", schemas.FORMS_VERSION + 1)
    assert schema_version() != before


def test_the_folder_of_data_names_the_version_of_the_tables(monkeypatch):
    assert f"schema-{schema_version()}." in layout_of(Fleet(), Settings())


def test_follows_kept_otherwise_are_other_data():
    follower = dataclasses.replace(Settings(), follows_kept="follower")
    assert layout_of(Fleet(), follower) != layout_of(Fleet(), Settings())


@pytest.mark.parametrize("store", ["user_store", "post_store", "timeline_store"])
def test_data_for_another_number_of_servers_are_other_data(store):
    fleet = Fleet().model_copy(update={store: Store(shards=7)})
    assert layout_of(fleet, Settings()) != layout_of(Fleet(), Settings())


def test_more_instances_find_the_same_data():
    fleet = Fleet.model_validate({"timeline": {"instances": 9}, "zones": 3})
    assert layout_of(fleet, Settings()) == layout_of(Fleet(), Settings())


@pytest.mark.parametrize(("kept", "is_there"), [("both", False), ("follower", True)])
def test_follows_kept_one_way_are_found_by_target_too(kept, is_there):
    settings = Settings(user_databases=("u",), post_databases=("p",), follows_kept=kept)
    applied = dict(schemas.scripts_of_servers(settings))
    assert (b"follows_by_target" in applied["u"]) is is_there
    assert b"follows_by_target" not in applied["p"]


def test_every_file_that_makes_tables_or_indexes_is_among_those_applied():
    applied = {*schemas.OF_USER_DATABASES, *schemas.OF_POST_DATABASES}
    applied |= {*schemas.IF_FOLLOWS_ARE_KEPT_BY_FOLLOWER}
    there = {
        path.relative_to(schemas.SERVICES).as_posix()
        for path in schemas.SERVICES.rglob("*.sql")
        if "CREATE " in path.read_text()
    }
    assert there == applied
