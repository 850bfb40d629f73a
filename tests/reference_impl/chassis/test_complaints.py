import logging

from reference_impl.chassis.complaints import EVERY_S, Complaint


def test_what_is_wrong_all_the_time_is_said_once_in_a_while_with_how_often(caplog):
    now_s = [0.0]
    complaint = Complaint("no timeline", lambda: now_s[0])
    for second in range(4):
        now_s[0] = second * EVERY_S / 2
        complaint.make(logging.getLogger("feedtwin"), "it rains")
    assert [record.getMessage() for record in caplog.records] == [
        "no timeline (1 times): it rains",
        "no timeline (2 times): it rains",
    ]


def test_what_was_said_just_now_is_not_said_again(caplog):
    complaint = Complaint("no timeline")
    for _ in range(2):
        complaint.make(logging.getLogger("feedtwin"), "it rains")
    assert len(caplog.records) == 1
