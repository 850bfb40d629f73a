"""What is left of a change that failed, was interrupted, or was killed half way."""

from __future__ import annotations

import signal

import pytest

from reference_impl.cluster import addresses, scaling
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.errors import NotReady
from reference_impl.cluster.supervision import Supervisor


def test_one_that_does_not_get_ready_is_named_and_all_is_as_before(
    before, scale, monkeypatch, wait_until, sight
):
    wait = Cluster.wait_until_ready
    refusal = before.sockets / "timeline-3.sock.refuse"

    def no_longer_than_it_takes_to_answer(cluster, members, timeout_s):
        wait_until(lambda: all("503" in str(cluster.why_not_ready(member)) for member in members))
        wait(cluster, members, 0)

    with monkeypatch.context() as patch:
        patch.setattr(Cluster, "wait_until_ready", no_longer_than_it_takes_to_answer)
        refusal.touch()
        with pytest.raises(NotReady, match="timeline-3 is not ready: 503 the moon is wrong"):
            scale("timeline", 3)
        refusal.unlink()
    sight.assert_is(before)
    assert not (before.sockets / "timeline-3.sock").exists()


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.fixture
def interrupted_while_some_start(monkeypatch, wait_until):
    """Let Ctrl-C be pressed when those that come have begun, and are not ready yet."""

    def interrupted_later(cluster, members, timeout_s):
        wait_until(lambda: all(cluster.identity_of(member.name) for member in members))
        interrupted()

    with monkeypatch.context() as patch:
        patch.setattr(Cluster, "wait_until_ready", interrupted_later)
        yield


def test_an_interrupt_while_some_start_leaves_all_as_before(
    before, scale, interrupted_while_some_start, sight
):
    with pytest.raises(KeyboardInterrupt):
        scale("timeline", 4)
    sight.assert_is(before)


def test_an_interrupt_before_some_are_stopped_leaves_all_as_before(
    before, scale, monkeypatch, sight
):
    monkeypatch.setattr(addresses, "wait_until_read_again", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scale("timeline", 1)
    sight.assert_is(before)


@pytest.fixture
def interrupted_while_some_stop(monkeypatch):
    """Let Ctrl-C be pressed when those that go have been told to stop."""
    forget = Supervisor.forget

    def interrupted_and_forget(supervisor, names):
        signal.raise_signal(signal.SIGINT)
        forget(supervisor, names)

    with monkeypatch.context() as patch:
        patch.setattr(Supervisor, "forget", interrupted_and_forget)
        yield


def test_an_interrupt_while_some_are_stopped_waits_until_they_have(
    before, scale, interrupted_while_some_stop, sight
):
    with pytest.raises(KeyboardInterrupt):
        scale("timeline", 1)
    assert sight.members() == sight.supervised() == ["timeline-1"]
    assert sight.cluster().uncalled == set()


def test_a_second_interrupt_does_not_keep_things_from_becoming_as_before(
    before, scale, interrupted_while_some_start, interrupted_while_some_stop, sight
):
    with pytest.raises(KeyboardInterrupt):
        scale("timeline", 3)
    sight.assert_is(before)


class Killed(BaseException):
    """Nothing is put right any more after this."""


def killed(*_, **__):
    raise Killed


@pytest.fixture
def killed_before_settling(before, scale, monkeypatch):
    """Scale, and be killed at this step; nothing is settled after it, either way."""

    def cut_short(service, count, step="_settle"):
        with monkeypatch.context() as patch:
            for skipped in (step, "_settle"):
                patch.setattr(scaling, skipped, killed)
            with pytest.raises(Killed):
                scale(service, count)

    return cut_short


def test_a_change_that_was_cut_short_is_visible(killed_before_settling, sight):
    killed_before_settling("timeline", 3)
    left = sight.cluster()
    [third] = [member for member in left.members if member.name == "timeline-3"]
    left.wait_until_ready([third], 10)
    assert left.why_not_called(third) is not None


@pytest.mark.parametrize(("begun", "step"), [(1, "_settle"), (3, "_settle"), (3, "_start")])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_next_scale_finishes_what_was_cut_short(
    killed_before_settling, scale, begun, step, count, sight
):
    killed_before_settling("timeline", begun, step)
    after = scale("timeline", count)
    sight.assert_is(after)
    assert len(sight.names(after.called)) == count
    assert after.uncalled == set()


def test_what_was_cut_short_at_another_service_stays_visible(killed_before_settling, scale):
    killed_before_settling("timeline", 1)
    assert scale("user", 2).uncalled == {"timeline-2"}
