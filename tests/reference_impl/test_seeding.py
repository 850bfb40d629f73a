import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import obstore
import psycopg
import pytest
import redis
from PIL import Image

from model.rules.ids import created_ms_of
from model.rules.media import is_shared
from model.rules.sharding import even_table
from model.world.scenario_files import load_scenario
from reference_impl.chassis.events import MEDIA_EVENTS, USER_EVENTS
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.sessions import key_of as session_key_of
from reference_impl.chassis.settings import Settings
from reference_impl.media.names import MARKER, key_of, manifest_key_of, name_in, upload_of
from reference_impl.media.pipeline.manifests import Manifest
from reference_impl.media.store import StoredObjects, opened
from reference_impl.seeding import stores
from reference_impl.seeding.people import PASSWORD, NotSeeded, sample_images, seeded_people
from reference_impl.seeding.pictures import AVATAR_COUNT, PICTURE_COUNT, picture_of
from reference_impl.seeding.seed import AlreadySeeded, people_of, seed
from reference_impl.seeding.uploads import clear_objects, store_pictures
from reference_impl.seeding.world import world_of
from reference_impl.timeline.lists import Reading
from reference_impl.timeline.merge_authors import Known
from reference_impl.timeline.store import valkey_timelines
from reference_impl.user.profiles import registration_of

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(
        LAPTOP,
        ["people.users=300", "people.followers.max=100", "policy.influencer_followers_min=50"],
    )


@pytest.fixture(scope="module")
def world(scenario):
    return world_of(scenario)


@pytest.fixture(scope="module")
def seeded(engines, scenario, tmp_path_factory):
    home = tmp_path_factory.mktemp("seeded")
    settings = replace(engines.settings, objects=f"file://{home}/objects")
    stores.clear(settings)  # other tests have left what seeding does not expect: no users
    counts = seed(scenario, settings, home, replace=False, report=lambda _: None)
    yield settings, home, counts
    stores.clear(settings)


def rows_of(urls, query):
    rows = []
    for url in urls:
        with psycopg.connect(url) as connection:
            rows += connection.execute(query).fetchall()
    return rows


def test_a_timeline_holds_what_followed_authors_pushed_and_the_own_posts(world):
    # Word for word what the rule says, one user after another.
    for user in range(len(world.population)):
        expected = set()
        for author, posts in world.posts_of.items():
            follows = user in world.population.followers_of(author)
            if author == user or (follows and not world.is_merged[author]):
                expected |= set(posts.tolist())
        timeline = world.timeline_of(user).tolist()
        assert timeline == sorted(expected, reverse=True)[: world.timeline_cap]


def test_the_world_is_a_pure_function_of_the_scenario(scenario, world):
    again = world_of(scenario)
    assert (again.user_ids == world.user_ids).all()
    assert (again.post_ids == world.post_ids).all()
    assert (again.authors == world.authors).all()


def test_ids_are_unique_and_rise_with_time(world):
    for ids in (world.user_ids.tolist(), world.post_ids.tolist()):
        assert len(set(ids)) == len(ids)
        assert [created_ms_of(i) for i in ids] == sorted(created_ms_of(i) for i in ids)


def test_every_row_is_written_once_to_the_server_that_owns_it(seeded, world):
    settings, _, counts = seeded
    assert counts.users == len(world.population)
    users = rows_of(settings.user_databases, "SELECT user_id FROM users")
    assert Counter(user for (user,) in users) == Counter(world.user_ids.tolist())
    for server, url in enumerate(settings.user_databases):
        owners = rows_of([url], "SELECT user_id FROM users")
        assert {even_table(2).server_of_id(user) for (user,) in owners} == {server}
    pairs = Counter(rows_of(settings.user_databases, "SELECT follower_id, target_id FROM follows"))
    mirrored = rows_of(settings.user_databases, "SELECT follower_id, target_id FROM followers")
    assert pairs == Counter(mirrored)
    assert pairs.total() == len(world.population.followers) == len(pairs)
    posts = rows_of(settings.post_databases, "SELECT post_id FROM posts")
    assert Counter(post for (post,) in posts) == Counter(world.post_ids.tolist())


def test_every_post_is_in_its_authors_index_on_the_server_that_owns_the_author(seeded, world):
    settings, _, _ = seeded
    index = rows_of(settings.post_databases, "SELECT user_id, post_id, delivery FROM author_posts")
    posts = rows_of(settings.post_databases, "SELECT user_id, post_id, delivery FROM posts")
    assert Counter(index) == Counter(posts)
    merged = rows_of(settings.post_databases, "SELECT user_id FROM merge_authors")
    assert {user for (user,) in merged} == {user for user, _, how in posts if how == "merge"}
    for table in ("author_posts", "merge_authors"):
        for server, url in enumerate(settings.post_databases):
            owners = rows_of([url], f"SELECT DISTINCT user_id FROM {table}")
            assert {even_table(2).server_of_id(user) for (user,) in owners} == {server}


async def test_seeded_timelines_need_no_building(seeded, world):
    settings, _, _ = seeded
    async with ShardedValkey(settings.timeline_stores, station="timeline_store") as servers:
        store = valkey_timelines(servers, cap=settings.timeline_cap)
        reading = Reading(before=None, limit=1, idle_s=None)
        for user_id in world.user_ids.tolist():
            assert (await store.timelines.read(user_id, reading)).is_built
        known = await store.authors.known()
        authors = {int(world.user_ids[author]) for author in world.merged_posts}
        assert known == Known(authors=frozenset(authors), is_whole=True)
        lists = await store.merged.read(
            authors, Reading(before=None, limit=settings.timeline_cap, idle_s=None)
        )
    for author, posts in world.merged_posts.items():
        found = lists[int(world.user_ids[author])]
        assert found.ids == posts[::-1].tolist()
        assert found.floor == 0


def test_every_person_has_a_session_and_their_own_timeline(seeded, world):
    settings, home, _ = seeded
    people = seeded_people(home)
    with redis.Redis.from_url(settings.session_store) as sessions:
        for user_id, token in zip(people.user_ids, people.tokens, strict=True):
            assert int(sessions.get(session_key_of(token))) == user_id
    written = 0
    for url in settings.timeline_stores:
        with redis.Redis.from_url(url) as server:
            for user, user_id in enumerate(people.user_ids):
                members = server.zrange(f"timeline:{{{user_id}}}", 0, -1, desc=True)
                if members:
                    found = [int.from_bytes(member) for member in members]
                    assert found == world.timeline_of(user).tolist()
                    written += len(found)
    assert written == sum(len(world.timeline_of(user)) for user in range(len(people.user_ids)))


def test_the_images_that_may_be_asked_for_are_renditions_of_pictures_and_all_there(seeded):
    settings, home, _ = seeded
    paths = seeded_people(home).media_paths
    assert len(set(paths)) == len(paths) >= 2 * PICTURE_COUNT
    objects = StoredObjects(opened(settings.objects))

    async def sizes():
        return [await objects.size_bytes(name_in(path)) for path in paths]

    assert all(asyncio.run(sizes()))


def test_seeding_again_needs_a_word_and_then_leaves_nothing_of_before(seeded, scenario, world):
    settings, home, _ = seeded
    objects = opened(settings.objects)
    foreign, own = "notes/of-somebody-else.txt", f"ab/{'ab' * 8}/{'0' * 64}.jpg"
    for key in (foreign, own):
        obstore.put(objects, key, b"what was there before")
    with pytest.raises(AlreadySeeded, match="--replace"):
        seed(scenario, settings, home, replace=False, report=lambda _: None)
    keys = keys_in(objects)
    seed(scenario, settings, home, replace=True, report=lambda _: None)
    users = rows_of(settings.user_databases, "SELECT user_id FROM users")
    assert len(users) == len(world.population)
    assert keys_in(objects) == keys - {own}  # the same pictures, and what was never an upload


def last_told(settings, stream):
    with redis.Redis.from_url(settings.broker) as broker:
        return broker.xrevrange(stream, count=1)[0][1][b"kind"].decode()


def test_whoever_has_copies_is_told_when_all_is_removed_and_objects_are_gone_by_then(
    seeded, scenario, monkeypatch
):
    settings, home, _ = seeded
    told_when_clearing = []

    def clear(settings):
        told_when_clearing.append(last_told(settings, MEDIA_EVENTS))
        clear_objects(settings)

    with redis.Redis.from_url(settings.broker) as broker:
        broker.xadd(MEDIA_EVENTS, {"kind": "test"})
    monkeypatch.setattr("reference_impl.seeding.seed.clear_objects", clear)
    seed(scenario, settings, home, replace=True, report=lambda _: None)
    assert told_when_clearing == ["test"]
    assert last_told(settings, MEDIA_EVENTS) == "media.cleared"
    assert last_told(settings, USER_EVENTS) == "users.cleared"


def test_an_object_that_vanishes_while_all_are_cleared_is_cleared(tmp_path, monkeypatch):
    settings = Settings(objects=f"file://{tmp_path}")
    objects, delete = opened(settings.objects), obstore.delete
    keys = [f"ab/{'ab' * 8}/{digit * 64}.jpg" for digit in "123"]
    for key in keys:
        obstore.put(objects, key, b"a picture")

    def delete_late(store, paths):
        (tmp_path / keys[0]).unlink(missing_ok=True)  # by somebody else
        delete(store, paths)

    monkeypatch.setattr("reference_impl.seeding.uploads.obstore.delete", delete_late)
    clear_objects(settings)
    assert keys_in(objects) == set()


def keys_in(objects):
    return {each["path"] for found in obstore.list(objects) for each in found}


def test_every_seeded_image_is_stored_with_its_renditions_as_an_upload_that_no_post_owns(seeded):
    settings, _, _ = seeded
    objects = opened(settings.objects)
    posts = rows_of(settings.post_databases, "SELECT media_url, image, alt_text FROM posts")
    users = rows_of(settings.user_databases, "SELECT document FROM users")
    said = {url: image["renditions"] for url, image, _ in posts}
    said |= {who["profile_image"]: who["profile_image_renditions"] for (who,) in users}
    assert len(said) == PICTURE_COUNT + AVATAR_COUNT
    for url, renditions in said.items():
        assert is_shared(upload_of(name_in(url)))
        assert {each["type"] for each in renditions} == {"image/webp", "image/jpeg"}
        for its in ({"url": url}, *renditions):
            name = name_in(its["url"])
            content = bytes(obstore.get(objects, key_of(name)).bytes())
            assert hashlib.sha256(content).hexdigest() == name.partition("-")[0]
    assert all(image["status"] == "ready" and alt_text for _, image, alt_text in posts)


async def test_what_is_known_of_a_seeded_image_is_what_the_pipeline_would_have_found(seeded):
    settings, _, _ = seeded
    [(url, image), *_] = rows_of(settings.post_databases, "SELECT media_url, image FROM posts")
    objects = StoredObjects(opened(settings.objects))
    content = await objects.get(name_in(url))
    stored = await objects.get_manifest(upload_of(name_in(url)))
    assert content is not None
    assert stored is not None
    manifest = Manifest.of_json(stored)
    with Image.open(BytesIO(content)) as original:
        assert (manifest.width, manifest.height) == original.size
    assert (image["width"], image["height"]) == (manifest.width, manifest.height)
    assert manifest.bytes_in == len(content)
    assert image["renditions"] == [made.told() for made in manifest.renditions]


def test_originals_are_not_kept_where_they_would_be_dropped(tmp_path):
    settings = Settings(objects=f"file://{tmp_path}/objects", originals="drop")
    [upload] = store_pictures(settings, [picture_of(1, 0, 320)])
    assert upload.manifest.original == "dropped"
    assert upload.url in {each["url"] for each in upload.renditions}
    renditions = {key_of(name_in(each["url"])) for each in upload.renditions}
    manifest = manifest_key_of(upload_of(name_in(upload.url)))
    assert keys_in(opened(settings.objects)) == {*renditions, manifest, MARKER}


def test_the_own_posts_of_a_person_repeat_no_picture_before_all_were_shown(seeded, world):
    settings, _, _ = seeded
    urls = dict(rows_of(settings.post_databases, "SELECT post_id, media_url FROM posts"))
    for posts in world.posts_of.values():
        first = [urls[post] for post in posts.tolist()][:PICTURE_COUNT]
        assert len(set(first)) == len(first)


def test_the_profiles_of_seeded_people_are_such_as_could_have_been_registered(seeded, world):
    settings, _, _ = seeded
    documents = [d for (d,) in rows_of(settings.user_databases, "SELECT document FROM users")]
    for document in documents:
        form = {name: document[name] for name in ("first_name", "last_name", "location")}
        form |= {"username": document["username"], "email": document["email"]}
        form |= {"fields": json.dumps(document["fields"]), "password": PASSWORD}
        assert registration_of(form).fields == document["fields"]
    usernames = {document["username"] for document in documents}
    assert usernames == {person.username for person in world.persons}


def test_people_of_another_scenario_are_refused(seeded, scenario):
    _, home, _ = seeded
    assert people_of(scenario, home).user_ids
    with pytest.raises(NotSeeded, match="other people"):
        people_of(scenario.model_copy(update={"seed": 7}), home)
    with pytest.raises(NotSeeded, match="feedtwin seed"):
        seeded_people(home / "nowhere")


def test_sample_images_are_different_pictures_of_the_size_asked_for():
    images = sample_images(20_000)
    assert {len(image) for image in images} == {20_000}
    assert len(set(images)) == len(images)
    for image in images:
        with Image.open(BytesIO(image)) as picture:
            picture.load()
            assert picture.size == (320, 320)


def test_sample_images_of_nine_times_the_size_have_nine_times_the_pixels():
    [image, *_] = sample_images(180_000)
    with Image.open(BytesIO(image)) as picture:
        assert picture.size == (960, 960)


@pytest.mark.bench
def test_seeding_writes_five_thousand_rows_a_second(engines, tmp_path):
    settings = replace(engines.settings, objects=f"file://{tmp_path}/objects")
    counts = seed(load_scenario(LAPTOP), settings, tmp_path, replace=True, report=lambda _: None)
    stores.clear(settings)
    print(f"\n{counts.rows} rows in {counts.seconds:.2f} s: {counts.rows / counts.seconds:.0f}/s")
    assert counts.rows / counts.seconds > 5_000
