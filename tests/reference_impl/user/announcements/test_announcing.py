"""Announcing every user again for a rebuild of the search index, on both stores."""

import time

import pytest

from model.rules.search import rebuild_id
from reference_impl.chassis.errors import BadRequest, Conflict
from reference_impl.follow.pairs import FollowerCount
from reference_impl.user import announcements as rules
from reference_impl.user.announcements import Progress, Step
from reference_impl.user.profiles import PRIVATE


async def test_everybody_is_announced_and_then_the_end_of_every_source(
    announcements, told, people, monkeypatch, new_rebuild, announce_all
):
    monkeypatch.setattr(rules, "BATCH_MAX", 3)
    ids, rebuild = await people(10), new_rebuild()
    assert await announcements.begin(rebuild) == 2
    await announce_all(announcements, told)
    assert sorted(await told.users(rebuild)) == sorted(ids)
    assert sorted(await told.ends(rebuild)) == [(1, 2), (2, 2)]
    assert await announcements.step(0) is Progress.IDLE


async def test_an_announcement_is_what_a_change_tells_and_how_many_follow(
    announcements, told, people, follows, new_rebuild, announce_all
):
    [user_id], rebuild = await people(1), new_rebuild()
    follows.counts[user_id] = 12
    await announcements.begin(rebuild)
    await announce_all(announcements, told)
    [body] = [body for kind, body in await told.all() if kind == "user.announced"]
    assert body == {
        "user_id": str(user_id),
        "username": f"user_{user_id}",
        "profile_image": "/media/x.png",
        "created_ms": 5,
        "version": 1,
        "rebuild": rebuild,
        "followers": 12,
        "followers_version": 13,
    }
    assert not set(PRIVATE) & body.keys()


async def test_whom_nobody_ever_followed_has_no_followers(
    announcements, told, people, new_rebuild, announce_all
):
    await people(1)
    await announcements.begin(new_rebuild())
    await announce_all(announcements, told)
    body = next(body for kind, body in await told.all() if kind == "user.announced")
    assert (body["followers"], body["followers_version"]) == (0, 0)


async def test_where_nobody_counts_the_follows_the_count_of_the_newer_rebuild_is_the_newer(
    announcements, told, people, follows, new_rebuild, announce_all
):
    await people(1)

    async def uncounted(user_ids):
        return {each: FollowerCount(followers=0, version=0) for each in user_ids}

    follows.follower_counts = uncounted
    before_ms = time.time_ns() // 1_000_000
    await announcements.begin(new_rebuild())
    await announce_all(announcements, told)
    body = next(body for kind, body in await told.all() if kind == "user.announced")
    assert before_ms <= body["followers_version"] <= time.time_ns() // 1_000_000


async def test_of_what_has_changed_the_present_is_announced(
    announcements, told, people, store, clock, new_rebuild, announce_all
):
    [user_id] = await people(1)
    record = await store.record_of(user_id)
    document = {**record.document, "username": "other"}
    await store.change(record, document, before_s=clock.now_s + 60)
    await announcements.begin(new_rebuild())
    await announce_all(announcements, told)
    body = next(body for kind, body in await told.all() if kind == "user.announced")
    assert (body["username"], body["version"]) == ("other", 2)


async def test_who_is_gone_is_not_announced(
    announcements, told, people, store, new_rebuild, announce_all
):
    stays, goes = await people(2)
    await store.remove(await store.record_of(goes))
    rebuild = new_rebuild()
    await announcements.begin(rebuild)
    await announce_all(announcements, told)
    assert await told.users(rebuild) == [stays]


async def test_what_was_broken_off_goes_on_where_it_was(
    announcements, another, told, people, monkeypatch, new_rebuild, announce_all
):
    monkeypatch.setattr(rules, "BATCH_MAX", 2)
    ids, rebuild = await people(9), new_rebuild()
    await announcements.begin(rebuild)
    for server in announcements.servers:
        assert await announcements.step(server) is Progress.MADE
        await told.all()
    await announce_all(another, told)
    assert sorted(await told.users(rebuild)) == sorted(ids)
    assert len(await told.ends(rebuild)) == 2


async def test_a_rebuild_that_is_begun_again_goes_on_and_one_that_is_done_stays_so(
    announcements, told, people, new_rebuild, announce_all
):
    ids, rebuild = await people(3), new_rebuild()
    await announcements.begin(rebuild)
    await announcements.begin(rebuild)
    await announce_all(announcements, told)
    assert await announcements.begin(rebuild) == 2
    assert await announce_all(announcements, told) == 0
    assert sorted(await told.users(rebuild)) == sorted(ids)


async def test_a_newer_rebuild_ends_an_older_one(
    announcements, told, people, monkeypatch, new_rebuild, announce_all
):
    monkeypatch.setattr(rules, "BATCH_MAX", 1)
    ids = await people(6)
    older, newer = sorted([new_rebuild(), new_rebuild()])
    await announcements.begin(older)
    for server in announcements.servers:
        await announcements.step(server)
    already = await told.users(older)
    await announcements.begin(newer)
    await announce_all(announcements, told)
    assert await told.users(older) == already
    assert await told.ends(older) == []
    assert sorted(await told.users(newer)) == sorted(ids)
    assert len(await told.ends(newer)) == 2


async def test_an_older_rebuild_does_not_begin_after_a_newer_one(
    announcements, told, new_rebuild, announce_all
):
    older, newer = sorted([new_rebuild(), new_rebuild()])
    await announcements.begin(newer)
    with pytest.raises(Conflict, match=newer):
        await announcements.begin(older)
    await announce_all(announcements, told)
    assert await told.ends(older) == []


async def test_of_two_that_begin_at_once_the_newer_counts_on_every_server(
    announcement_store, new_rebuild
):
    """An older one may be stored last, where nobody knew of the newer one yet."""
    older, newer = sorted([new_rebuild(), new_rebuild()])
    await announcement_store.begin(older)
    outdated = [await announcement_store.due(server) for server in announcement_store.servers]
    await announcement_store.begin(newer)
    await announcement_store.begin(older)
    for server, due in enumerate(outdated):
        assert not await announcement_store.advance(
            server, due, Step(news=[], upto_id=5, is_last=False)
        )
        assert (await announcement_store.due(server)).rebuild == newer


NO_REBUILDS = [
    "", "0", "a b", "é", "x" * 65, "a;b", f"{'1' * 15}-", f"{'1' * 14}-a", f"{'1' * 15}-a\n",
    f"{'1' * 15}-{'a' * 49}", f"-{'1' * 15}-a", f"{'1' * 15}-a-b",
]  # fmt: skip


@pytest.mark.parametrize("rebuild", NO_REBUILDS)
async def test_what_is_no_id_of_a_rebuild_is_refused(announcements, rebuild):
    with pytest.raises(BadRequest):
        await announcements.begin(rebuild)


async def test_a_rebuild_is_begun_over_http(client, told, new_rebuild):
    rebuild = new_rebuild()
    answer = await client.post("/internal/announcements", json={"rebuild": rebuild})
    assert (answer.status, await answer.json()) == (202, {"sources": 2})
    older = await client.post("/internal/announcements", json={"rebuild": rebuild_id(0, "a")})
    assert older.status == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"rebuild": 7}, {"rebuild": "a b"}, {"rebuild": "x" * 65}, {"rebuild": "1", "x": 1}],
)
async def test_what_begins_no_rebuild_is_refused(client, body):
    assert (await client.post("/internal/announcements", json=body)).status == 400
