import os
import shutil
import time

import obstore
import pytest
from obstore.store import MemoryStore

from reference_impl.chassis import errors
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.ranges import Span
from reference_impl.chassis.stages import Account, accounting
from reference_impl.media.memory import MemoryObjects
from reference_impl.media.names import MARKER, name_of, new_upload
from reference_impl.media.store import StoredObjects, opened

HOUR_S = 3_600.0
CONTENT = b"0123456789"


@pytest.fixture(params=["twin", "memory", "folder", "s3"])
def objects(request, tmp_path, monkeypatch):
    if request.param == "twin":
        return MemoryObjects()
    if request.param == "memory":
        return StoredObjects(MemoryStore())
    if request.param == "folder":
        return StoredObjects(opened(f"file://{tmp_path}/a%20folder/objects"))
    for name, value in request.getfixturevalue("s3_environ").items():
        monkeypatch.setenv(name, value)
    return StoredObjects(opened("s3://pictures"))


@pytest.fixture
def upload():
    return new_upload()


@pytest.fixture
def name(upload):
    return name_of(CONTENT, "image/jpeg", upload)


async def stored(objects, upload, *contents):
    """Store some contents, as JPEGs; return their names in order."""
    names = sorted(name_of(content, "image/jpeg", upload) for content in contents)
    for content in contents:
        await objects.put(name_of(content, "image/jpeg", upload), content)
    return names


async def aged(objects, older_than_s, upload):
    return [found async for found in objects.aged(older_than_s) if found.upload == upload]


async def test_what_is_stored_is_read_whole_and_in_parts(objects, name):
    await objects.put(name, CONTENT)
    assert await objects.get(name) == CONTENT
    assert await objects.part(name, Span(begin=3, end=5)) == b"34"
    assert await objects.size_bytes(name) == len(CONTENT)


async def test_of_what_is_not_stored_there_is_nothing(objects, name, upload):
    assert await objects.get(name) is None
    assert await objects.part(name, Span(begin=0, end=1)) is None
    assert await objects.size_bytes(name) is None
    assert await objects.names_of(upload) == []
    assert await objects.get_manifest(upload) is None
    assert await objects.delete_upload(upload) == []
    await objects.delete(name)


async def test_what_is_stored_never_changes(objects, name):
    await objects.put(name, CONTENT)
    await objects.put(name, b"something else")
    assert await objects.get(name) == CONTENT


async def test_an_upload_is_all_its_objects_and_no_others(objects, upload):
    names = await stored(objects, upload, b"a", b"b", b"c")
    neighbour = upload[:-1] + ("0" if upload[-1] == "f" else "f")
    await stored(objects, neighbour, b"a")
    await objects.put_manifest(upload, {"status": "ready"})
    assert await objects.names_of(upload) == names


async def test_a_manifest_replaces_the_one_before(objects, upload):
    await objects.put_manifest(upload, {"status": "pending"})
    await objects.put_manifest(upload, {"status": "ready", "renditions": [{"width": 320}]})
    assert await objects.get_manifest(upload) == {"status": "ready", "renditions": [{"width": 320}]}


async def test_one_object_can_be_deleted_and_the_others_stay(objects, upload):
    first, second = await stored(objects, upload, b"a", b"b")
    await objects.put_manifest(upload, {"status": "ready"})
    await objects.delete(first)
    assert await objects.names_of(upload) == [second]
    assert await objects.get(first) is None
    assert await objects.get_manifest(upload) == {"status": "ready"}


async def test_with_an_upload_goes_everything_of_it_and_nothing_of_another(objects, upload):
    other = new_upload()
    names = await stored(objects, upload, b"a", b"b")
    (others,) = await stored(objects, other, b"a")
    await objects.put_manifest(upload, {"status": "ready"})
    assert await objects.delete_upload(upload) == names
    assert [await objects.get(name) for name in names] == [None, None]
    assert await objects.get_manifest(upload) is None
    assert await objects.get(others) == b"a"


async def test_an_upload_can_be_stored_again_after_it_was_deleted(objects, upload):
    names = await stored(objects, upload, b"a")
    await objects.delete_upload(upload)
    assert await stored(objects, upload, b"a") == names
    assert await objects.names_of(upload) == names


async def test_an_old_upload_is_found_with_what_it_takes(objects, upload):
    await stored(objects, upload, b"a", b"bc")
    (found,) = await aged(objects, 0.0, upload)
    assert (found.size_bytes, found.has_manifest) == (3, False)
    assert abs(found.newest_s - time.time()) < HOUR_S
    assert await aged(objects, HOUR_S, upload) == []


async def test_an_upload_that_is_known_of_is_told_from_one_that_is_not(objects, upload):
    await stored(objects, upload, b"a")
    await objects.put_manifest(upload, {})
    (found,) = await aged(objects, 0.0, upload)
    assert found.has_manifest
    assert found.size_bytes == len(b"a") + len(b"{}")


async def test_many_uploads_are_each_found_once(objects):
    uploads = sorted(new_upload() for _ in range(20))
    for upload in uploads:
        await stored(objects, upload, b"a", b"b")
    found = [one.upload async for one in objects.aged(0.0)]
    assert sorted(one for one in found if one in uploads) == uploads


async def test_an_upload_is_as_old_as_its_newest_object(tmp_path, upload):
    objects = StoredObjects(opened(f"file://{tmp_path}"))
    await stored(objects, upload, b"a", b"b")
    old, new = sorted((tmp_path / upload[:2] / upload).iterdir())
    day_ago_s = time.time() - 24 * HOUR_S
    os.utime(old, (day_ago_s, day_ago_s))
    assert await aged(objects, HOUR_S, upload) == []
    os.utime(new, (day_ago_s + HOUR_S, day_ago_s + HOUR_S))
    (found,) = await aged(objects, HOUR_S, upload)
    assert found.newest_s == pytest.approx(day_ago_s + HOUR_S, abs=1)


async def test_the_twin_ages_by_its_clock(upload):
    now_s = 1_000.0
    objects = MemoryObjects(lambda: now_s)
    await stored(objects, upload, b"a")
    now_s += HOUR_S
    assert len(await aged(objects, HOUR_S, upload)) == 1
    await stored(objects, upload, b"b")
    assert await aged(objects, HOUR_S, upload) == []


async def test_what_somebody_else_put_there_is_no_upload_and_stays(tmp_path):
    objects = StoredObjects(opened(f"file://{tmp_path}"))
    (tmp_path / "notes.txt").write_text("not ours")
    await stored(objects, "0123456789abcdef", b"a")
    assert [one.upload async for one in objects.aged(0.0)] == ["0123456789abcdef"]
    await objects.delete_upload("0123456789abcdef")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


async def test_a_store_that_was_empty_is_ours_also_when_it_is_opened_again(tmp_path, upload):
    for _ in range(2):
        objects = StoredObjects(opened(f"file://{tmp_path}/objects"))
        await objects.claim()
        await objects.check()
        await stored(objects, upload, b"a")
    assert [one.upload async for one in objects.aged(0.0)] == [upload]


async def test_a_store_that_was_claimed_and_has_vanished_is_not_believed(tmp_path, name):
    objects = StoredObjects(opened(f"file://{tmp_path}/objects"))
    await objects.claim()
    await objects.put(name, CONTENT)
    shutil.rmtree(tmp_path / "objects")
    with pytest.raises(errors.Unavailable, match="none of ours"):
        await objects.check()


async def test_a_store_in_which_others_have_something_is_not_ours(tmp_path):
    (tmp_path / "notes.txt").write_text("not ours")
    objects = StoredObjects(opened(f"file://{tmp_path}"))
    await objects.claim()
    with pytest.raises(errors.Unavailable, match="none of ours"):
        await objects.check()


async def test_a_bucket_that_was_not_claimed_is_not_ours_either(s3_environ, monkeypatch):
    for variable, value in s3_environ.items():
        monkeypatch.setenv(variable, value)
    bucket = opened("s3://pictures")  # where something has been put already
    with pytest.raises(errors.Unavailable, match="none of ours"):
        await StoredObjects(bucket).check()
    obstore.put(bucket, MARKER, b"")
    await StoredObjects(bucket).check()
    obstore.delete(bucket, MARKER)


async def test_the_object_store_is_a_station(objects, name):
    account = Account()
    with accounting(account):
        await objects.put(name, CONTENT)
        await objects.get(name)
    if not isinstance(objects, MemoryObjects):
        assert account.stages["object_store"].visits == 2


async def test_a_store_that_fails_is_unavailable(tmp_path, name):
    folder = tmp_path / "objects"
    objects = StoredObjects(opened(f"file://{folder}"))
    folder.rmdir()
    folder.write_text("not a folder any more")
    with pytest.raises(errors.Unavailable):
        await objects.put(name, CONTENT)


async def test_a_server_that_does_not_know_us_is_unavailable(s3_environ, monkeypatch, name):
    wrong = {"AWS_SECRET_ACCESS_KEY": "wrong"}
    for variable, value in (s3_environ | wrong).items():
        monkeypatch.setenv(variable, value)
    objects = StoredObjects(opened("s3://pictures"))
    with pytest.raises(errors.Unavailable):
        await objects.put(name, CONTENT)
    with pytest.raises(errors.Unavailable):
        await objects.check()


async def test_past_the_deadline_the_store_is_not_asked(name):
    objects = StoredObjects(MemoryStore())
    token = CALLER.set(Caller(request_id="request-1", deadline_s=time.time() - 0.001))
    with pytest.raises(errors.Unavailable, match="no time left to ask object_store"):
        await objects.put(name, CONTENT)
    CALLER.reset(token)
    assert await objects.get(name) is None
