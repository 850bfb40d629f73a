"""What a darkroom answers is not believed before it is looked at."""

import json

import pytest

from reference_impl.chassis.errors import TooLarge
from reference_impl.media.messages import HEAD_SIZE, Garbled, Picture, answer, head_of, refusal

PROMISE = {"bytes": 3, "content_type": "image/webp", "width": 2, "height": 1}


def head_in(answer):
    (size_bytes,) = HEAD_SIZE.unpack(answer[: HEAD_SIZE.size])
    return head_of(answer[HEAD_SIZE.size :][:size_bytes])


def said(*pictures, **more):
    return json.dumps({"cpu_ns": 1, "pictures": list(pictures), **more}).encode()


def test_an_answer_is_read_as_it_was_said():
    picture = Picture(content=b"abc", content_type="image/webp", width=2, height=1)
    head = head_in(answer([picture], cpu_ns=7))
    assert (head.cpu_ns, head.refusal, head.pictures) == (7, None, [PROMISE])


def test_a_refusal_is_read_as_it_was_meant():
    head = head_in(refusal(TooLarge("too many pixels"), cpu_ns=7))
    assert (type(head.refusal), str(head.refusal)) == (TooLarge, "too many pixels")
    assert head.pictures == []


@pytest.mark.parametrize("key", ["bytes", "width", "height"])
@pytest.mark.parametrize("count", [0, -1, 1.5, True, "3", None])
def test_counts_are_whole_numbers_from_1_on(key, count):
    assert head_of(said(PROMISE)).pictures == [PROMISE]
    with pytest.raises(Garbled):
        head_of(said(PROMISE, {**PROMISE, key: count}))


@pytest.mark.parametrize("key", PROMISE)
def test_nothing_may_be_missing_of_a_picture(key):
    rest = {name: its for name, its in PROMISE.items() if name != key}
    with pytest.raises(Garbled):
        head_of(said(rest))


@pytest.mark.parametrize("content_type", ["text/html", "video/mp4", None, ["image/webp"]])
def test_a_picture_is_of_a_type_that_is_known(content_type):
    with pytest.raises(Garbled):
        head_of(said({**PROMISE, "content_type": content_type}))


def test_what_is_too_much_is_not_evened_out_by_what_is_too_little():
    with pytest.raises(Garbled):
        head_of(said({**PROMISE, "bytes": 2**40}, {**PROMISE, "bytes": -(2**40)}))
    with pytest.raises(Garbled, match="promises 1099511627776 bytes"):
        head_of(said({**PROMISE, "bytes": 2**40}))


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b"3", b"null", b"\xff", b"{}", b"[" * 10_000),
        *(said(), said(3), said(None), said([]), said(PROMISE, refusal="TooLarge", detail="")),
        said(refusal="TooLarge"),
        said(refusal="KeyError", detail=""),
        said(PROMISE, cpu_ns=None),
        said(PROMISE, cpu_ns=float("inf")),
    ],
)
def test_what_is_no_head_of_an_answer_is_garbled(text):
    with pytest.raises(Garbled):
        head_of(text)
