"""The examples in the API's description, run; every answer and refusal is as described there."""

from dataclasses import dataclass, field

import pytest
from described import PROBLEM, Described, file_of, variables_of
from persons import Person, eventually, fields_of, picture

from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.gateway.openapi.document import document

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
NAME = "0a" * 32 + "-" + "0b" * 8 + ".png"
GONE = "1"  # an id of the year 1970

OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in document()["paths"].items()
    for method, operation in item.items()
}
EXAMPLES = {
    (name, example)
    for name, (_, _, operation) in OPERATIONS.items()
    for content in operation.get("requestBody", {}).get("content", {None: {}}).values()
    for example in content.get("examples", {None: {}})
}


@dataclass
class Walk:
    """What two people do, each request an example of the description."""

    api: Described
    answers: dict[tuple[str, str | None], object] = field(default_factory=dict)
    ada: dict[str, str] = field(default_factory=dict)
    grace: dict[str, str] = field(default_factory=dict)

    def does(self, who, name, example=None, **options):
        """Let somebody ask, and keep the answer."""
        ids = {"user_id": who.get("user_id"), "subject_id": self.grace.get("user_id")}
        other = self.grace if who is self.ada else self.ada
        ids |= {"target_id": other.get("user_id"), **options.pop("ids", {})}
        answer = self.api.ask(name, example=example, ids=ids, token=who.get("token"), **options)
        self.answers[name, example] = answer
        return answer

    def all_of_it(self):
        self.ada.update(self.does(self.ada, "register", "ada").json())
        self.grace.update(self.does(self.grace, "register", "grace").json())
        self.people()
        self.posts()
        self.blocks()
        self.goodbyes()
        for name in ("getDescription", "isAlive", "headIsAlive", "isReady", "headIsReady"):
            self.does({}, name)
        return self

    def people(self):
        self.does(self.ada, "getAccount")
        self.does(self.ada, "editAccount", "move")
        self.does(self.ada, "editAccount", "picture")
        self.does(self.ada, "getProfile")
        ids = f"{self.grace['user_id']},{GONE}"
        self.does(self.ada, "getProfiles", params={"ids": ids})
        eventually(lambda: self.found("grac hoper"), [self.grace["user_id"]])
        self.does(self.ada, "follow", "somebody")
        self.does(self.ada, "getFollowers")
        self.does(self.grace, "getFollowees")

    def found(self, words):
        """Search, and return who was found."""
        page = self.does(self.ada, "searchUsers", params={"q": words, "limit": 5}).json()
        return [user["user_id"] for user in page["users"]]

    def posts(self):
        posts = {
            kind: self.does(self.grace, "createPost", kind).json()["post"]
            for kind in ("image", "video", "text")
        }
        ids = {"post_id": posts["image"]["post_id"]}
        self.does(self.ada, "getPost", ids=ids)
        self.does(self.ada, "getPosts", params={"limit": 2})
        eventually(lambda: len(self.does(self.ada, "getNewsfeed").json()["posts"]), 3)
        name = {"name": posts["video"]["video_url"].removeprefix("/media/")}
        self.does({}, "getMedia", ids=name)
        self.does({}, "headMedia", ids=name)
        self.does(self.grace, "deletePost", ids=ids)

    def blocks(self):
        self.does(self.ada, "unfollow", "somebody")
        self.does(self.ada, "block", "somebody")
        self.does(self.ada, "getBlocked")
        self.does(self.ada, "unblock", "somebody")

    def goodbyes(self):
        token = self.does({}, "login", "ada").json()["token"]
        self.does({**self.ada, "token": token}, "logout")
        self.ada |= self.does(self.ada, "changePassword", "change").json()
        self.does(self.ada, "deleteAccount", "goodbye")


@pytest.fixture(scope="module")
def api(gateways):
    return Described(gateways[0])


@pytest.fixture(scope="module")
def walk(api):
    return Walk(api).all_of_it()


@pytest.fixture(scope="module")
def ada(gateways):
    return Person(gateways, "described.ada")


@pytest.fixture(scope="module")
def eve(gateways):
    return Person(gateways, "described.eve")


def test_the_document_is_the_one_of_this_code(api):
    assert api.document == document()


@pytest.mark.parametrize(("name", "example"), sorted(EXAMPLES, key=str))
def test_an_example_is_answered_as_described(api, walk, name, example):
    answer = walk.answers[name, example]
    assert answer.status_code < 300, answer.text
    assert api.judge(name, answer) == []


def ids_of(who, **changed):
    ids = {"user_id": who.user_id, "subject_id": who.user_id, "post_id": GONE, "name": NAME}
    return {**ids, "target_id": GONE, **changed}


def refused(api, status, name, **options):
    answer = api.ask(name, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith(PROBLEM)
    assert answer.json()["status"] == status
    assert api.judge(name, answer) == []


def having(status, *, but=()):
    """Return the operations that may be refused with this status."""
    return [
        name
        for name, (_, _, operation) in OPERATIONS.items()
        if str(status) in operation["responses"] and name not in but
    ]


@pytest.mark.parametrize("name", having(401, but=("login",)))
def test_without_a_token_401(api, ada, name):
    refused(api, 401, name, ids=ids_of(ada))


@pytest.mark.parametrize("name", having(401, but=("login",)))
def test_with_a_token_that_nobody_has_401(api, ada, name):
    refused(api, 401, name, ids=ids_of(ada), token="x" * 43)


def test_with_a_wrong_password_401(api, ada):
    body = {"username": ada.username, "password": "not the password"}
    refused(api, 401, "login", json=body)


@pytest.mark.parametrize("name", having(403))
def test_on_anothers_path_403(api, ada, eve, name):
    refused(api, 403, name, ids=ids_of(ada), token=eve.token)


@pytest.mark.parametrize("name", ["changePassword", "deleteAccount"])
def test_with_a_wrong_password_403(api, eve, name):
    body = {"password": "not the password", "new_password": "a good new password"}
    if name == "deleteAccount":
        del body["new_password"]
    refused(api, 403, name, ids=ids_of(eve), token=eve.token, json=body)


NOBODYS = ["getProfile", "getPosts", "getFollowers", "getFollowees", "getPost", "deletePost"]


@pytest.mark.parametrize("name", NOBODYS)
def test_of_what_is_not_there_404(api, ada, name):
    refused(api, 404, name, ids=ids_of(ada, subject_id=GONE), token=ada.token)


@pytest.mark.parametrize("name", ["follow", "block"])
def test_of_whom_there_is_not_404(api, ada, name):
    refused(api, 404, name, ids=ids_of(ada), example="somebody", token=ada.token)


def test_a_file_that_is_not_there_404(api, ada):
    refused(api, 404, "getMedia", ids=ids_of(ada))


@pytest.mark.parametrize("no_id", ["0", "07", "+7", "x", str(2**63), "9" * 19, "7%20"])
@pytest.mark.parametrize("name", [name for name in having(404) if "media" not in name.lower()])
def test_what_is_no_id_404(api, ada, name, no_id):
    for variable in variables_of(OPERATIONS[name][1]):
        refused(api, 404, name, ids=ids_of(ada, **{variable: no_id}), token=ada.token)


PAGED = ["getPosts", "getFollowers", "getFollowees", "getBlocked", "getNewsfeed"]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}])
@pytest.mark.parametrize("name", PAGED)
def test_for_a_page_that_cannot_be_400(api, ada, name, query):
    refused(api, 400, name, ids=ids_of(ada), token=ada.token, params=query)


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": "x" * 101}, {"q": "?!"}, {"q": "ada", "limit": 0}]
)
def test_for_a_search_that_cannot_be_400(api, ada, query):
    refused(api, 400, "searchUsers", token=ada.token, params=query)


@pytest.mark.parametrize("query", [{}, {"ids": "x"}, {"ids": ",".join(["7"] * 101)}])
def test_for_people_who_cannot_be_400(api, ada, query):
    refused(api, 400, "getProfiles", token=ada.token, params=query)


@pytest.mark.parametrize("name", having(415))
def test_a_body_that_says_nothing_400(api, ada, name):
    ((content_type, _),) = OPERATIONS[name][2]["requestBody"]["content"].items()
    headers = {"Content-Type": f"{content_type}; boundary=x"}
    refused(api, 400, name, ids=ids_of(ada), token=ada.token, data=b"{", headers=headers)


@pytest.mark.parametrize("name", having(415))
def test_a_field_that_is_not_described_400(api, ada, name):
    ((content_type, content),) = OPERATIONS[name][2]["requestBody"]["content"].items()
    example = content["examples"][sorted(content["examples"])[0]]["value"]
    if content_type == "application/json":
        body = {"json": {**example, "shoe_size": "7"}}
    else:
        body = {"files": {**form_of(example), "shoe_size": (None, "7")}}
    refused(api, 400, name, ids=ids_of(ada), token=ada.token, **body)


def form_of(example):
    """Return an example with the type of a file in place of each file."""
    return {
        name: (name, file_of(text), text)
        if text.partition("/")[0] in {"image", "video"}
        else (None, text)
        for name, text in example.items()
    }


@pytest.mark.parametrize("name", having(415))
def test_a_body_of_another_type_415(api, ada, name):
    headers = {"Content-Type": "text/plain"}
    refused(api, 415, name, ids=ids_of(ada), token=ada.token, data=b"x", headers=headers)


@pytest.mark.parametrize("name", having(413))
def test_a_body_too_long_413(api, ada, name):
    too_long = bytes(FORM_BYTES_MAX + 1)
    if OPERATIONS[name][0] == "HEAD":
        assert api.ask(name, ids=ids_of(ada), data=b"x").status_code == 413
        return
    refused(api, 413, name, ids=ids_of(ada), token=ada.token, data=too_long)


def test_a_name_that_is_taken_409(api, ada):
    files = {**{name: (None, text) for name, text in fields_of(ada.username).items()}, **picture(0)}
    refused(api, 409, "register", files=files)


@pytest.mark.parametrize(("name", "example"), [("register", "ada"), ("createPost", "text")])
def test_a_key_that_is_none_400(api, ada, name, example):
    headers = {"Idempotency-Key": "not one"}
    refused(api, 400, name, ids=ids_of(ada), token=ada.token, example=example, headers=headers)


def test_the_same_key_again_is_the_same_post(api, ada):
    options = {"ids": ids_of(ada), "token": ada.token, "headers": KEY}
    first = api.ask("createPost", example="image", **options)
    again = api.ask("createPost", example="image", **options)
    assert (again.json(), again.headers["Location"]) == (first.json(), first.headers["Location"])
    assert api.judge("createPost", again) == []
    assert again.headers["Idempotent-Replayed"] == "true"
    refused(api, 422, "createPost", example="text", **options)


def test_the_same_key_again_is_the_same_registration(api):
    files = {name: (None, text) for name, text in fields_of("described.once").items()}
    answers = [
        api.ask("register", headers=KEY, files={**files, **picture(0)}).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    ids = {"user_id": answers[1]["user_id"]}
    assert api.ask("getAccount", ids=ids, token=answers[1]["token"]).status_code == 200


@pytest.fixture(scope="module")
def video(api, ada):
    files = {"video": ("v.webm", file_of("video/webm"), "video/webm")}
    answer = api.ask("createPost", ids=ids_of(ada), token=ada.token, files=files)
    return {"name": answer.json()["post"]["video_url"].removeprefix("/media/")}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"Range": "bytes=0-9"}, 206),
        ({"Range": "bytes=-10"}, 206),
        ({"Range": "bytes=999999-"}, 416),
        ({"Range": "lines=1-2"}, 200),
    ],
)
def test_parts_of_a_video_are_as_described(api, video, asked, status):
    answer = api.ask("getMedia", ids=video, headers=asked)
    assert answer.status_code == status
    assert api.judge("getMedia", answer) == []
    if status == 206:
        assert len(answer.content) == 10


@pytest.mark.parametrize("name", ["getMedia", "headMedia"])
def test_who_has_it_already_is_told_so(api, video, name):
    etag = api.ask("headMedia", ids=video).headers["ETag"]
    answer = api.ask(name, ids=video, headers={"If-None-Match": etag})
    assert answer.status_code == 304
    assert api.judge(name, answer) == []


def test_the_length_is_told_without_the_content(api, video):
    whole, head = api.ask("getMedia", ids=video), api.ask("headMedia", ids=video)
    assert head.headers["Content-Length"] == str(len(whole.content))
