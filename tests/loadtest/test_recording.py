"""What went wrong in a run, counted."""

import pandas as pd

from loadtest.recording import errors_of


def test_failures_are_counted_by_endpoint_and_kind():
    endpoints = ["newsfeed", "newsfeed", "newsfeed", "post"]
    arrivals = pd.DataFrame({"request": range(4), "endpoint": endpoints, "at_s": 1.0})
    outcomes = pd.DataFrame(
        {"request": range(4), "status": [200, 503, 0, 0], "error": ["", "", "dropped", "dropped"]}
    )
    assert errors_of(arrivals, outcomes).to_dict("records") == [
        {"endpoint": "newsfeed", "error": "503", "count": 1},
        {"endpoint": "newsfeed", "error": "dropped", "count": 1},
        {"endpoint": "post", "error": "dropped", "count": 1},
    ]
