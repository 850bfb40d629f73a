"""What the API refuses, in words for people."""

import pytest

from reference_impl.web.complaints import TOO_BUSY, TOO_LARGE, complaint_of, when_again
from reference_impl.web.refusals import Refused

LABELS = {"first_name": "First name", "age": "Age", "password": "Password", "email": "Email"}


@pytest.mark.parametrize(
    ("status", "detail", "field", "text"),
    [
        (400, "age must be in 13..130", "age", "Age must be between 13 and 130."),
        (
            400,
            "first_name must be given, as text",
            "first_name",
            "First name must be filled in.",
        ),
        (400, "photo must be given, as a file", "", "Photo must be chosen."),
        (
            400,
            "the password must be neither the username nor the email",
            "password",
            "The password must be neither the username nor the email.",
        ),
        (409, "email is already taken", "email", "Email is already taken."),
        (415, "images must be JPEG, PNG or WebP", "file", "Images must be JPEG, PNG or WebP."),
        (400, "the image is damaged", "file", "The image is damaged."),
        (413, "the body must not be longer", "file", TOO_LARGE),
        (503, "user answered 503", "", TOO_BUSY),
        (422, "this key was sent with another body", "", "This key was sent with another body."),
    ],
)  # fmt: skip
def test_a_refusal_is_said_beside_the_field_that_is_meant(status, detail, field, text):
    complaint = complaint_of(Refused(status, detail), LABELS, file_field="file")
    assert (complaint.field, complaint.text) == (field, text)


@pytest.mark.parametrize(
    ("wait_s", "words"),
    [
        (None, "later"),
        (1, "in 1 second"),
        (59, "in 59 seconds"),
        (60, "in 1 minute"),
        (61, "in 2 minutes"),
        (3600, "in 1 hour"),
        (3601, "in 2 hours"),
    ],
)
def test_when_to_try_again_is_never_too_early(wait_s, words):
    assert when_again(Refused(429, "", retry_after_s=wait_s)) == f"Please try again {words}."
