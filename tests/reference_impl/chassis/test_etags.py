import pytest

from reference_impl.chassis.etags import names


@pytest.mark.parametrize(
    ("said", "is_named"),
    [
        (['"{}"'], True),
        (['W/"{}"'], True),
        (['"a", "{}"'], True),
        (['"a","{}" ,W/"b"'], True),
        ([', "a",, "{}",'], True),
        (['"a"', '"{}"'], True),
        (["*"], True),
        ([" * "], True),
        (['"x{}"'], False),
        (['"{}x"'], False),
        (["{}"], False),
        (['w/"{}"'], False),
        (['"{}'], False),
        (['"a" "{}"'], False),
        (['"*"'], False),
        (['*, "a"'], False),
        (['"a{}b", "c"'], False),
        ([""], False),
    ],
)
def test_an_etag_is_named_by_a_list_that_has_it_and_by_nothing_like_one(said, is_named):
    etag = '"0123abcd"'
    headers = [line.replace("{}", "0123abcd") for line in said]
    assert names(headers, etag) is is_named
    assert names(headers, f"W/{etag}") is is_named
