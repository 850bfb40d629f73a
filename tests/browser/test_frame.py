"""What the other tests here rely on without saying so: that somebody would have noticed."""

import pytest

PAGE_OF_TROUBLE = "data:text/html,<title>Trouble</title><img src='http://elsewhere.invalid/a.png'>"


def test_a_request_to_another_host_is_noticed(visiting):
    with pytest.raises(AssertionError, match=r"elsewhere\.invalid"), visiting() as visitor:
        visitor.page.goto(PAGE_OF_TROUBLE)


def test_what_a_script_throws_is_noticed(visiting):
    script = "setTimeout(() => { throw new Error('out of order'); })"
    with pytest.raises(AssertionError, match="out of order"):
        _run(visiting, script)


def test_what_a_policy_forbids_is_noticed(visiting):
    script = "document.body.setAttribute('style', 'color: red')"
    with pytest.raises(AssertionError, match="Content Security Policy"):
        _run(visiting, script)


def _run(visiting, script):
    with visiting() as visitor:
        visitor.open("/login")
        visitor.page.evaluate(script)
        visitor.page.evaluate("new Promise((done) => setTimeout(done))")


def test_what_keeps_somebody_out_is_noticed(visiting, complaints_of_axe):
    with visiting() as visitor:
        visitor.page.goto("data:text/html,<title>Trouble</title><button></button>")
        found = " ".join(complaints_of_axe(visitor.page))
    assert "button-name" in found
    assert "html-has-lang" in found
