"""What the API refuses, in words for people, beside the field that is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY
from reference_impl.web.refusals import Refused

FILE_MIB_MAX = FILE_BYTES_MAX >> 20
TOO_LARGE = f"That file is too large: it may have {FILE_MIB_MAX} MB at most."
TOO_BUSY = "feedtwin cannot do that just now. Please try again in a moment."
CHANGED = (
    "It may have arrived already, as it was before you changed it: please look before you send it"
    " again"
)
_FILE_WORDS = frozenset({"image", "images", "video", "videos", "media", "medium", "picture"})
_WORD = re.compile(r"[a-z_]+")
# The API speaks to programmers; what people would stumble over is said otherwise here.
_WORDINGS = (
    (re.compile(r"exactly one of image, video and text must be given.*"), "A file must be chosen"),
    (re.compile(rf"this {IDEMPOTENCY_KEY} was sent with another body"), CHANGED),
    (re.compile(r"must be given, as a file"), "must be chosen"),
    (re.compile(r"must be given(, as text)?"), "must be filled in"),
    (re.compile(r"must be in (\d+)\.\.(\d+)(, got .*)?"), r"must be between \1 and \2"),
    (re.compile(r"(\d+) to (\d+) bytes in UTF-8"), r"\1 to \2 characters"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with a form; `field` is empty if it is not one field."""

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """What a form shows: what was typed or is stored, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    complaint: Complaint | None = None
    key: str = ""  # by which the API knows the form when it comes again; a new one if empty

    def value(self, name: str) -> str:
        """Return what is in a field."""
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        """Return what is wrong with a field; nothing if it is not this one."""
        is_meant = self.complaint is not None and self.complaint.field == name
        return self.complaint.text if self.complaint and is_meant else ""


def complaint_of(refused: Refused, labels: Mapping[str, str], *, file_field: str = "") -> Complaint:
    """Return what is wrong; `labels` are the fields of the form and how people know them."""
    if refused.status == 413:
        return Complaint(field=file_field, text=TOO_LARGE)
    if refused.status == 415:
        return Complaint(field=file_field, text=_as_sentence(f"{refused.detail}"))
    if refused.status == 429:
        return Complaint(field="", text=f"That was too often. {when_again(refused)}")
    if refused.status >= 500:
        return Complaint(field="", text=TOO_BUSY)
    words = _WORD.findall(refused.detail)
    meant = next((word for word in words if word in labels), "")
    if not meant and not _FILE_WORDS.isdisjoint(words):
        meant = file_field
    return Complaint(field=meant, text=_said_kindly(refused.detail, labels))


def when_again(refused: Refused) -> str:
    """Return when the same may be tried again, in a sentence."""
    wait_s = refused.retry_after_s
    if wait_s is None:
        return "Please try again later."
    if wait_s < 60:
        return f"Please try again in {_counted(wait_s, 'second')}."
    if wait_s < 3_600:
        return f"Please try again in {_counted(-(-wait_s // 60), 'minute')}."
    return f"Please try again in {_counted(-(-wait_s // 3_600), 'hour')}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _said_kindly(detail: str, labels: Mapping[str, str]) -> str:
    for pattern, instead in _WORDINGS:
        detail = pattern.sub(instead, detail)
    for name, label in labels.items():
        detail = re.sub(rf"\b{re.escape(name)}\b", label.lower(), detail)
    return _as_sentence(detail)


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
