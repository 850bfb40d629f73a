import asyncio
import io
import resource
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest
from PIL import Image

from model.rules.media import SCANS_MAX
from reference_impl.chassis import errors
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.stages import Account, accounting
from reference_impl.media import darkrooms as module
from reference_impl.media import messages
from reference_impl.media.darkrooms import Darkrooms, Limits

GONE_S = 10.0


def processes():
    """The darkrooms of this process, oldest first."""
    ours = psutil.Process().children()
    return [its for its in ours if "reference_impl.media.darkroom" in its.cmdline()]


def image_of(size=(3, 3), form="PNG", mode="RGB", **how):
    file = io.BytesIO()
    Image.new(mode, size, (1, 2, 3, 4)[: len(mode)]).save(file, form, **how)
    return file.getvalue()


def slow():
    """A JPEG whose last scan is repeated, about as often as is taken: 20 ms of work each."""
    content = image_of((4_900, 4_900), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last_scan * (SCANS_MAX - 20) + content[-2:]


@pytest.fixture
async def darkroom():
    async with Darkrooms(1) as darkrooms:
        yield darkrooms


def within(seconds):
    CALLER.set(Caller(request_id="request-1", deadline_s=time.time() + seconds))


async def test_an_image_is_taken_in_and_developed_in_another_process(darkroom):
    (process,) = processes()
    before_s = process.cpu_times().user
    picture = await darkroom.taken_in(image_of((1_200, 900), "JPEG"))
    assert (picture.width, picture.height, picture.content_type) == (1_200, 900, "image/jpeg")
    renditions = await darkroom.developed(picture.content)
    assert [its.width for its in renditions] == [1080, 1080, 640, 640, 320, 320]
    assert processes() == [process]
    assert process.cpu_times().user > before_s


@pytest.mark.parametrize(
    ("content", "kind", "detail"),
    [
        (b"GIF89a", errors.UnsupportedMedia, "images must be JPEG, PNG or WebP"),
        (image_of((9_000, 1)), errors.TooLarge, "the image is 9000 x 1 pixels"),
        (image_of()[:60], errors.Unprocessable, "the image is damaged"),
    ],
)
async def test_a_refusal_arrives_as_it_was_meant(darkroom, content, kind, detail):
    for work in (darkroom.taken_in, darkroom.developed):
        with pytest.raises(kind, match=detail):
            await work(content)
    assert (await darkroom.taken_in(image_of())).width == 3


async def test_a_visit_is_counted_with_the_cpu_time_of_the_process(darkroom):
    account = Account()
    with accounting(account):
        await darkroom.taken_in(image_of((1_000, 1_000)))
        with pytest.raises(errors.Unprocessable):
            await darkroom.taken_in(image_of((1_000, 1_000))[:-200])
    stage = account.stages["darkroom"]
    assert stage.visits == 2
    assert stage.cpu_ns
    assert 1_000_000 < stage.cpu_ns < stage.wall_ns


async def test_several_work_at_once_and_nothing_is_mixed_up():
    sizes = [(width, 7) for width in range(1, 41)]
    async with Darkrooms(2, waiting_max=100) as darkrooms:
        assert len(processes()) == 2
        taken = await asyncio.gather(*(darkrooms.taken_in(image_of(size)) for size in sizes))
        assert len(processes()) == 2
    assert [(picture.width, picture.height) for picture in taken] == sizes


async def test_an_image_that_takes_too_long_is_refused_and_the_next_one_works(monkeypatch):
    started = []
    start = asyncio.create_subprocess_exec

    async def counted(*command, **options):
        started.append(command)
        return await start(*command, **options)

    monkeypatch.setattr("asyncio.create_subprocess_exec", counted)
    async with Darkrooms(1, limits=Limits(cpu_s=0.5)) as darkrooms:
        with pytest.raises(errors.Unprocessable, match="cannot be decoded within limits"):
            await darkrooms.taken_in(slow())
        assert len(started) == 1  # whoever reached the limit once would reach it again
        assert (await darkrooms.taken_in(image_of())).width == 3
        assert len(started) == 2


async def test_an_image_that_takes_too_much_memory_is_refused_and_the_next_one_works():
    async with Darkrooms(1, limits=Limits(memory_bytes=100 << 20)) as darkrooms:
        for work in (darkrooms.taken_in, darkrooms.developed):
            with pytest.raises(errors.Unprocessable, match="cannot be decoded within limits"):
                await work(image_of((4_000, 4_000)))
        assert (await darkrooms.taken_in(image_of())).width == 3


async def test_the_largest_image_fits_into_the_memory_that_there_is():
    content = image_of((5_000, 5_000), "WEBP", mode="RGBA")  # nothing takes more: see Limits
    within(120)
    async with Darkrooms(1, limits=Limits(cpu_s=60.0)) as darkrooms:
        assert (await darkrooms.taken_in(content)).width == 5_000


async def test_a_process_that_died_idle_is_replaced_and_nobody_sees_it(darkroom):
    (process,) = processes()
    process.kill()
    assert (await darkroom.taken_in(image_of())).width == 3
    assert process not in processes()


async def test_a_process_that_dies_at_work_is_replaced_and_nobody_sees_it(darkroom):
    (process,) = processes()
    process.suspend()
    taking_in = asyncio.create_task(darkroom.taken_in(image_of()))
    await asyncio.sleep(0)
    process.kill()
    assert (await taking_in).width == 3


def stand_in(monkeypatch, program):
    """Have another program run in place of a darkroom."""
    command = (sys.executable, "-c", textwrap.dedent(program))
    monkeypatch.setattr(module, "_COMMAND", command)


async def test_an_image_that_two_processes_died_of_is_refused(monkeypatch):
    stand_in(monkeypatch, "import os; os.write(1, b'R'); os.read(0, 99); os.abort()")
    async with Darkrooms(1) as darkrooms:
        with pytest.raises(errors.Unprocessable, match="cannot be decoded"):
            await darkrooms.taken_in(image_of())


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",
        b"\0\0\0\2[]",
        b"\0\0\0\2{}",
        messages.HEAD_SIZE.pack(52) + b'{"cpu_ns": 1, "pictures": [{"bytes": 999999999999}]}',
        messages.HEAD_SIZE.pack(47) + b'{"cpu_ns": 1, "pictures": [], "refusal": "Odd"}',
    ],
)
async def test_an_answer_that_is_none_is_our_defect(monkeypatch, said):
    program = f"import os; os.write(1, b'R'); os.read(0, 99); os.write(1, {said!r}); os.read(0, 9)"
    stand_in(monkeypatch, program + "; os.read(0, 9)")
    async with Darkrooms(1) as darkrooms:
        with pytest.raises(errors.Defective, match="gave no answer"):
            await darkrooms.taken_in(image_of())


async def test_darkrooms_that_do_not_start_let_nothing_start(monkeypatch):
    stand_in(monkeypatch, "raise SystemExit(1)")
    with pytest.raises(errors.Defective, match="does not start"):
        async with Darkrooms(1):
            pytest.fail("they have not started")


async def test_nobody_waits_beyond_the_deadline_nor_works_beyond_it(darkroom):
    (process,) = processes()
    process.suspend()
    within(0.2)
    with pytest.raises(errors.Unavailable, match="darkroom did not answer in time"):
        await darkroom.taken_in(image_of())
    within(60)
    assert (await darkroom.taken_in(image_of())).width == 3
    assert process not in processes()


async def test_who_comes_when_many_wait_is_refused_at_once():
    async with Darkrooms(1, waiting_max=1) as darkrooms:
        (process,) = processes()
        process.suspend()
        waiting = [asyncio.create_task(darkrooms.taken_in(image_of())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(errors.Unavailable, match="too many images wait to be decoded"):
            await darkrooms.taken_in(image_of())
        process.resume()
        assert [picture.width for picture in await asyncio.gather(*waiting)] == [3, 3]


async def test_after_so_many_images_a_new_process_takes_its_place():
    async with Darkrooms(1, limits=Limits(images_max=2)) as darkrooms:
        seen = []
        for _ in range(4):
            await darkrooms.taken_in(image_of())
            seen += [its.pid for its in processes()]
    assert seen[0] == seen[1] != seen[2] == seen[3]


async def test_at_the_end_none_is_left_whatever_it_does():
    async with Darkrooms(2):
        one, other = processes()
        one.suspend()
    assert not one.is_running()
    assert not other.is_running()


async def test_an_interrupt_is_for_the_service_not_for_its_darkrooms(darkroom):
    (process,) = processes()
    process.send_signal(signal.SIGINT)
    assert (await darkroom.taken_in(image_of())).width == 3
    assert processes() == [process]


async def test_a_darkroom_knows_no_secret_and_can_write_no_file(monkeypatch):
    monkeypatch.setenv("FEEDTWIN_SECRET", "s" * 32)
    async with Darkrooms(1):
        (process,) = processes()
        assert "FEEDTWIN_SECRET" not in process.environ()
        assert process.rlimit(resource.RLIMIT_FSIZE) == (0, 0)
        assert process.rlimit(resource.RLIMIT_CORE) == (0, 0)
        assert process.rlimit(resource.RLIMIT_AS) == (768 << 20, 768 << 20)


OWNER = """
import asyncio
from reference_impl.media.darkrooms import Darkrooms

async def main():
    async with Darkrooms(2):
        print("open", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_darkrooms_die_with_whoever_opened_them():
    owner = subprocess.Popen([sys.executable, "-P", "-c", OWNER], stdout=subprocess.PIPE)
    assert owner.stdout
    with owner.stdout:
        owner.stdout.readline()
        one, other = psutil.Process(owner.pid).children()
        one.suspend()  # it does not see the end of its input
        owner.kill()
        owner.wait()
    _, left = psutil.wait_procs([one, other], timeout=GONE_S)
    assert left == []
