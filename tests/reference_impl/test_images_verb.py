"""`feedtwin images`: what is in the object store of images, as people and programs are shown it."""

import asyncio
import csv
import io
import json
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from model.rules.exits import Exit
from reference_impl.chassis.settings import Settings
from reference_impl.cluster import lifecycle
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.errors import NotReady
from reference_impl.cluster.home import Home
from reference_impl.cluster.storage import COLUMNS
from reference_impl.media.names import name_of, new_upload
from reference_impl.media.pipeline.manifests import Made, Manifest
from reference_impl.media.store import StoredObjects, opened
from reference_impl.verbs.images import images

MADE = Made(url="/media/x.webp", width=1080, height=540, type="image/webp", bytes=250)
READY = Manifest(
    url="/media/x.png",
    status="ready",
    width=2000,
    height=1000,
    renditions=(MADE,),
    bytes_in=1_000,
)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Of a cluster that is said to run."""
    settings = Settings(objects=(tmp_path / "objects").as_uri())
    cluster = Cluster(
        home=Home(folder=tmp_path), sockets=tmp_path, settings=settings, members=(), made_from={}
    )
    monkeypatch.setattr(lifecycle, "running", lambda home: cluster)
    return settings


@pytest.fixture
def store(settings):
    """Store an upload of so many bytes with this manifest, if any."""
    objects = StoredObjects(opened(settings.objects))

    def put(size_bytes, manifest=None):
        upload, content = new_upload(), bytes(size_bytes)

        async def put_both():
            await objects.put(name_of(content, "image/png", upload), content)
            if manifest:
                await objects.put_manifest(upload, manifest.to_json())

        asyncio.run(put_both())

    return put


@pytest.fixture
def shown():
    app = typer.Typer()
    app.command()(images)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def rows_of(result):
    assert result.exit_code == 0, result.stderr
    return {row["what"]: row for row in json.loads(result.stdout)}


def test_images_are_counted_and_what_compression_saves_is_told(store, shown):
    store(400)
    store(1_000, READY)
    store(1_000, replace(READY, original="dropped"))
    store(10, Manifest(url="/media/y.png", status="failed", bytes_in=10))
    rows = rows_of(shown("--format", "json"))
    assert {what: row["number"] for what, row in rows.items() if what.startswith("uploads")} == {
        "uploads pending": 1,
        "uploads ready": 2,
        "uploads failed": 1,
    }
    assert rows["renditions image/webp"]["bytes"] == 500
    assert rows["image/webp of 1080 in their place"]["bytes_mean"] == 250
    assert rows["image/webp of 1080 in their place"]["share"] == 0.25
    assert rows["saved if originals are dropped"]["bytes"] == 1_000


def test_a_store_without_images_is_an_empty_table(shown, settings):
    rows = rows_of(shown("--format", "json"))
    assert {row["number"] for row in rows.values()} == {0}


def test_the_table_comes_for_people_and_for_spreadsheets(store, shown):
    store(1_000, READY)
    assert "saved if originals are dropped" in shown().stdout
    [header, *rows] = csv.reader(io.StringIO(shown("--format", "csv").stdout))
    assert tuple(header) == COLUMNS
    assert all(len(row) == len(COLUMNS) for row in rows)


def test_where_nothing_runs_the_verb_says_so(shown, monkeypatch):
    def nothing(home):
        raise NotReady("nothing runs here")

    monkeypatch.setattr(lifecycle, "running", nothing)
    result = shown()
    assert (result.exit_code, result.stderr) == (Exit.UNHEALTHY, "nothing runs here\n")
