import hashlib
import re

import pytest

from model.rules.media import is_shared
from reference_impl.chassis.media_types import NAME_PATTERN
from reference_impl.media.names import (
    digest_of,
    key_of,
    manifest_key_of,
    name_at,
    name_in,
    name_of,
    new_upload,
    upload_at,
    upload_of,
    url_of,
)

UPLOAD = "0123456789abcdef"
DIGEST = hashlib.sha256(b"content").hexdigest()
NAME = f"{DIGEST}-{UPLOAD}.jpg"


def test_a_name_says_the_content_and_the_upload():
    assert name_of(b"content", "image/jpeg", UPLOAD) == NAME
    assert (digest_of(NAME), upload_of(NAME)) == (DIGEST, UPLOAD)


def test_the_same_content_of_two_uploads_has_two_names():
    first, second = (name_of(b"content", "image/png", new_upload()) for _ in range(2))
    assert first != second
    assert digest_of(first) == digest_of(second)


def test_everything_of_an_upload_is_kept_in_one_folder_and_found_again():
    assert key_of(NAME) == f"01/{UPLOAD}/{DIGEST}.jpg"
    assert manifest_key_of(UPLOAD) == f"01/{UPLOAD}/manifest.json"
    assert upload_at(key_of(NAME)) == upload_at(manifest_key_of(UPLOAD)) == UPLOAD
    assert name_at(key_of(NAME)) == NAME
    assert name_at(manifest_key_of(UPLOAD)) is None


@pytest.mark.parametrize(
    "key",
    [
        *("", "ready", "01/", f"{DIGEST}.jpg", f"02/{UPLOAD}/{DIGEST}.jpg", f"x/01/{UPLOAD}/x"),
        *("da/data/report.csv", "ba/backups/x.tar", "ab/abcdef/x.jpg", f"01/{UPLOAD}0/x.jpg"),
        *(f"01/{UPLOAD}", f"AB/AB{UPLOAD[2:]}/x.jpg"),
    ],
)
def test_what_lies_elsewhere_belongs_to_no_upload(key):
    assert upload_at(key) == ""
    assert name_at(key) is None


def test_an_address_leads_to_the_name_and_back():
    assert name_in(url_of(NAME)) == NAME
    assert url_of(NAME) == f"/media/{NAME}"


@pytest.mark.parametrize(
    "url", ["", NAME, f"/media/{DIGEST}.jpg", f"/media/{NAME}/", f"/media/../{NAME}", f"/x/{NAME}"]
)
def test_what_is_no_address_of_ours_is_refused(url):
    with pytest.raises(ValueError, match="is no address of an image or video"):
        name_in(url)


def test_every_new_upload_can_be_named_and_no_two_are_alike():
    uploads = {new_upload() for _ in range(100)}
    assert len(uploads) == 100
    for upload in uploads:
        assert re.fullmatch(NAME_PATTERN, name_of(b"", "video/webm", upload))


def test_no_new_upload_is_taken_for_a_shared_picture(monkeypatch):
    drawn = iter(["00000000aaaaaaaa", "00000000bbbbbbbb", "1234567800000000"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(drawn))
    upload = new_upload()
    assert upload == "1234567800000000"
    assert not is_shared(upload)
