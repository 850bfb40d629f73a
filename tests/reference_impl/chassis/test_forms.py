import aiohttp
import pytest
from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.forms import BOUNDARY, FILE_BYTES_MAX, PARTS_MAX, form_of
from reference_impl.chassis.settings import Settings

IMAGE = b"\xff\xd8\xff" + bytes(range(256)) + b"\r\n--not the boundary\r\n"


@pytest.fixture
async def client(aiohttp_client):
    async def read(request):
        form = await form_of(
            request, files=["image", "video"], required=["image", "name"], optional=["caption"]
        )
        lengths = {name: len(content) for name, content in form.files.items()}
        return web.json_response({**form.texts, **lengths})

    return await aiohttp_client(service_app("post", Settings(), [web.post("/form", read)]))


def form(*, image=IMAGE, **texts):
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in texts.items():
        data.add_field(name, value)
    if image is not None:
        data.add_field("image", image, filename="../../x.jpg", content_type="image/jpeg")
    return data


def by_hand(*parts, end="--", encoding="utf-8"):
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + f"--b{end}\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return {"data": body.encode(encoding), "headers": headers}


async def test_a_form_is_read_whole(client):
    answer = await client.post("/form", data=form(name="Zoë", caption="line\r\nline"))
    assert await answer.json() == {"name": "Zoë", "caption": "line\r\nline", "image": len(IMAGE)}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (form(name="a", image=None), "image must be given, as a file"),
        (form(name="a", image="text"), None),
        (form(), "name must be given"),
        (form(name="a", is_admin="1"), "there is no field 'is_admin'"),
        (form(name="x" * 20_000), "name must be text of at most"),
    ],
    ids=["no file", "a file of text", "a field missing", "a field too many", "long"],
)
async def test_a_form_with_other_fields_is_refused_by_name(client, data, complaint):
    answer = await client.post("/form", data=data)
    assert answer.status == (200 if complaint is None else 400)
    if complaint:
        assert complaint in (await answer.json())["detail"]


async def test_a_field_given_twice_is_refused(client):
    data = form(name="a")
    data.add_field("name", "b")
    answer = await client.post("/form", data=data)
    assert answer.status == 400
    assert "'name' is given twice" in (await answer.json())["detail"]


async def test_a_file_that_is_not_required_may_be_given_or_left_out(client):
    data = form(name="a")
    data.add_field("video", b"12345", filename="x.mp4")
    answer = await client.post("/form", data=data)
    assert await answer.json() == {"name": "a", "image": len(IMAGE), "video": 5}


async def test_an_input_that_nobody_filled_in_is_left_out(client):
    parts = ['name="name"\r\n\r\na', 'name="image"; filename="a"\r\n\r\nb']
    empty = 'name="{}"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n'
    disposed = [f"Content-Disposition: form-data; {part}" for part in (*parts, empty)]
    without_video = by_hand(*(part.format("video") for part in disposed))
    without_image = by_hand(disposed[0], disposed[2].format("image"))
    assert await (await client.post("/form", **without_video)).json() == {"name": "a", "image": 1}
    refused = await client.post("/form", **without_image)
    assert (await refused.json())["detail"] == "image must be given, as a file"


async def test_an_optional_file_may_not_come_as_text(client):
    answer = await client.post("/form", data=form(name="a", video="text"))
    assert answer.status == 400
    assert (await answer.json())["detail"] == "video must be given, as a file"


async def test_every_file_has_the_limit(client):
    data = form(name="a", image=b"x")
    data.add_field("video", b"x" * (FILE_BYTES_MAX + 1), filename="x.mp4")
    answer = await client.post("/form", data=data)
    assert answer.status == 413
    assert "video" in (await answer.json())["detail"]


async def test_the_file_may_not_come_as_text_nor_a_text_as_file(client):
    as_text = by_hand(
        'Content-Disposition: form-data; name="image"\r\n\r\nx',
        'Content-Disposition: form-data; name="name"\r\n\r\nx',
    )
    as_file = form(name="a")
    as_file.add_field("caption", b"x", filename="caption.txt")
    assert (await client.post("/form", **as_text)).status == 400
    assert (await client.post("/form", data=as_file)).status == 400


@pytest.mark.parametrize("boundary", ["a\udcff", "\udcff", "é", 'a"b', '"a', "a b"])
def test_a_boundary_is_printable_ascii(boundary):
    # A header's other bytes arrive as halves of surrogate pairs, which nothing can encode.
    assert BOUNDARY.search(f"multipart/form-data; boundary={boundary}") is None


@pytest.mark.parametrize("written", ["a-b", '"a-b"', "a-b ; charset=utf-8", '"a-b"; charset=utf-8'])
def test_a_boundary_is_found_quoted_or_not(written):
    found = BOUNDARY.search(f"multipart/form-data; boundary={written}")
    assert found is not None
    assert found[2] == "a-b"


@pytest.mark.parametrize(
    "sent",
    [
        {"data": b"", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"data": b"--b", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"data": b"--b--", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        by_hand("Content-Disposition: form-data; name=name\r\n\r\nZoë", encoding="latin-1"),
        by_hand("no headers"),
        by_hand("X: y\r\n\r\nno disposition"),
        by_hand("Content-Disposition: attachment; name=image\r\n\r\nx"),
        by_hand("Content-Disposition: form-data\r\n\r\nno name"),
        by_hand('Content-Disposition: form-data; name="a\r\n\r\nx'),
        by_hand(f"X: {'y' * 9000}\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
        by_hand("Content-Disposition: form-data; name=name\r\n\r\nx", end=""),
        by_hand(*["Content-Disposition: form-data; name=name\r\n\r\nx"] * (PARTS_MAX + 1)),
        by_hand(*["Content-Disposition: form-data; name=name\r\n\r\nx"] * 1000),
    ],
)
async def test_a_form_that_cannot_be_read_is_a_bad_request(client, sent):
    answer = await client.post("/form", **sent)
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"


async def test_what_is_no_form_is_unsupported(client):
    assert (await client.post("/form", json={"name": "a"})).status == 415


async def test_a_file_has_a_limit_which_itself_is_allowed(client):
    for extra, status in ((0, 200), (1, 413)):
        image = b"x" * (FILE_BYTES_MAX + extra)
        answer = await client.post("/form", data=form(name="a", image=image))
        assert answer.status == status


async def test_a_longer_form_is_refused_before_it_is_read(client):
    answer = await client.post("/form", data=form(name="a", image=b"x" * (FILE_BYTES_MAX * 2)))
    assert answer.status == 413
