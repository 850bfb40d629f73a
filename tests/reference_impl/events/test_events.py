"""How an event is written into a stream, and read again."""

from reference_impl.chassis.events import Event


def written(event):
    return {name.encode(): text.encode() for name, text in event.to_fields().items()}


def test_an_event_comes_back_as_it_was():
    event = Event(event_id="db:1", kind="k", at_s=5.1, body={"a": [1, "語 \U0001f600 \u2028\n\\"]})
    assert Event.from_fields(written(event)) == event


def test_a_letter_takes_no_more_bytes_than_it_has():
    event = Event(event_id="db:1", kind="k", at_s=5.0, body={"a": "語" * 100})
    assert len(written(event)[b"body"]) == len("語".encode()) * 100 + len('{"a": ""}')
