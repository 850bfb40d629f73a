"""The visitor's own account."""

import re


async def test_the_settings_show_what_is_stored(ada):
    page = await ada.page("/settings")
    assert 'value="ada@example.org"' in page
    assert "pronouns: she/her</textarea>" in page
    assert "You have blocked nobody." in page


async def test_all_fields_are_sent_and_open_ones_as_json(ada, gateway, make):
    path = f"/user/{make.ADA}/account"
    gateway.says("PATCH", path, {})
    typed = {"first_name": "Ada", "age": "", "fields": "Pronouns: she/her\r\nfirst pet: a cat"}
    answer = await ada.fill_in("/settings", "/do/settings", typed)
    assert answer.headers["Location"] == "/settings?said=saved"
    [asked] = [its for its in gateway.asks_of(path) if its.method == "PATCH"]
    assert b'name="first_name"\r\n\r\nAda\r\n' in asked.body
    assert b'name="age"\r\n\r\n\r\n' in asked.body
    assert b'{"pronouns": "she/her", "first_pet": "a cat"}' in asked.body
    assert b"profile_image" not in asked.body


async def test_a_new_picture_goes_with_it(ada, gateway, make):
    path = f"/user/{make.ADA}/account"
    gateway.says("PATCH", path, {})
    files = {"profile_image": b"\xff\xd8\xff"}
    await ada.fill_in("/settings", "/do/settings", {}, files=files)
    [asked] = [its for its in gateway.asks_of(path) if its.method == "PATCH"]
    assert b'name="profile_image"; filename="file"\r\n\r\n\xff\xd8\xff' in asked.body


async def test_a_refused_change_is_said_beside_its_field_and_what_was_typed_is_kept(
    ada, gateway, make
):
    detail = "age must be in 13..130"
    gateway.refuses("PATCH", f"/user/{make.ADA}/account", 400, detail)
    typed = {"age": "7", "first_name": "Augusta"}
    answer = await ada.fill_in("/settings", "/do/settings", typed)
    page = await answer.text()
    assert answer.status == 400
    assert re.search(r'id="age-wrong">.*?Age must be between 13 and 130\.', page, re.DOTALL)
    assert 'value="Augusta"' in page


async def test_open_fields_that_cannot_be_read_are_kept_and_not_sent(ada, gateway):
    answer = await ada.fill_in("/settings", "/do/settings", {"fields": "no colon"})
    page = await answer.text()
    assert answer.status == 400
    assert re.search(r'id="fields-wrong">.*?must be written as name: text', page, re.DOTALL)
    assert "no colon</textarea>" in page
    assert all(asked.method == "GET" for asked in gateway.asked)


async def test_a_new_password_leaves_this_session_only(ada, gateway, make):
    path = f"/user/{make.ADA}/password"
    gateway.says("POST", path, {"token": "n" * 43})
    typed = {"password": "old words", "new_password": "new words"}
    answer = await ada.fill_in("/settings", "/do/password", typed)
    assert answer.headers["Location"] == "/settings?said=password"
    assert gateway.asks_of(path)[0].json == typed
    assert ada.cookies["session"] == f"{make.ADA}.{'n' * 43}"


async def test_a_wrong_current_password_is_said_beside_it(ada, gateway, make):
    path = f"/user/{make.ADA}/password"
    gateway.refuses("POST", path, 403, "the password is wrong")
    typed = {"password": "old words", "new_password": "new words"}
    answer = await ada.fill_in("/settings", "/do/password", typed)
    page = await answer.text()
    assert answer.status == 403
    assert re.search(r'id="now-password-wrong">.*?That is not your password', page, re.DOTALL)
    assert "words" not in page


async def test_a_new_password_that_will_not_do_is_said_beside_it(ada, gateway, make):
    detail = "new_password must have 8 to 1024 bytes in UTF-8"
    gateway.refuses("POST", f"/user/{make.ADA}/password", 400, detail)
    page = await (await ada.fill_in("/settings", "/do/password", {"new_password": "x"})).text()
    words = r'id="new_password-wrong">.*?New password must have 8 to 1024 characters\.'
    assert re.search(words, page, re.DOTALL)


async def test_an_account_is_deleted_with_its_password(ada, gateway, make):
    path = f"/user/{make.ADA}/delete"
    gateway.says("POST", path, status=204)
    answer = await ada.fill_in("/settings", "/do/delete-account", {"password": "old words"})
    assert answer.headers["Location"] == "/?said=goodbye"
    assert gateway.asks_of(path)[0].json == {"password": "old words"}
    assert "session" not in ada.cookies
    assert "Your account is deleted." in await ada.page("/?said=goodbye")


async def test_an_account_stays_where_the_password_is_wrong(ada, gateway, make):
    gateway.refuses("POST", f"/user/{make.ADA}/delete", 403, "the password is wrong")
    answer = await ada.fill_in("/settings", "/do/delete-account", {"password": "x"})
    page = await answer.text()
    assert answer.status == 403
    assert re.search(r'<details class="sure" open>.*?leaving-password-wrong', page, re.DOTALL)
    assert "session" in ada.cookies
