"""The front door: everything by one address, nothing believed of strangers, nobody lost behind."""

import itertools
import re
import secrets
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from persons import PASSWORD, eventually, fields_of, picture
from requests.adapters import HTTPAdapter

from model.rules.rate_limits import REGISTER
from reference_impl.cluster import scaling
from reference_impl.cluster.supervision import UnixConnection

READERS = 3
BACK_WITHIN_S = 30.0
REQUESTS_MIN = 20  # of each kind, after a change: enough for every gateway to have its turn
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
PICTURES = re.compile(r'<img src="(/media/[^"]+)"')
STATIC = re.compile(r'(?:href|src)="(/static/[^"#]+)"')


@pytest.fixture(scope="module")
def door(cluster):
    return cluster.door_url


@pytest.fixture(scope="module")
def ada(visitor):
    return visitor()


@pytest.fixture(scope="module")
def bob(visitor):
    return visitor()


@pytest.fixture
def browser(door, ada):
    """A browser in which Ada has signed in, by the page for it."""
    with requests.Session() as browser:
        token = FORM_TOKEN.search(browser.get(f"{door}/login", timeout=10).text)
        assert token
        said = {"form_token": token[1], "username": ada.username, "password": PASSWORD}
        form = {name: (None, text) for name, text in said.items()}
        answer = browser.post(f"{door}/do/login", files=form, timeout=10)
        assert (answer.status_code, answer.url) == (200, f"{door}/feed")
        yield browser


def test_api_pages_pictures_and_their_looks_have_one_address(door, ada, bob, browser):
    assert ada.follow(bob).status_code == 200
    post = bob.post(3, "seen by one address")
    assert ada.sees(["seen by one address"])

    page = browser.get(f"{door}/feed", timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "seen by one address" in page.text
    pictures, looks = PICTURES.findall(page.text), STATIC.findall(page.text)
    assert pictures
    assert looks
    for path in {post["image_url"], *pictures, *looks}:
        for _ in range(2):
            file = requests.get(door + path, timeout=10)
            assert file.status_code == 200
        assert "hit" in file.headers["Cache-Status"].split("; ")
    assert {answer.headers["Served-By"] for answer in (page, file, ada.newsfeed())} == {"zone-1"}


def test_what_the_api_refuses_is_a_problem_and_what_a_page_refuses_is_a_page(door):
    for path, content_type in (
        ("/user/1/newsfeed", "application/problem+json"),
        ("/people/0", "text/html"),
        ("/nowhere", "application/problem+json"),
        ("/media/nothing.jpg", "application/problem+json"),
    ):
        answer = requests.get(door + path, timeout=10)
        assert answer.status_code in {401, 404}, path
        assert answer.headers["Content-Type"].startswith(content_type), path


@pytest.mark.parametrize("path", ["/internal/users/{id}", "/internal/index", "/metrics", "/%2e"])
def test_what_is_inside_is_not_reached(door, bob, path):
    headers = {"X-User-Id": bob.user_id, "X-Client-Address": "127.0.0.1"}
    answer = requests.get(door + path.format(id=bob.user_id), headers=headers, timeout=10)
    assert answer.status_code == 404


def test_nobody_is_who_they_say_in_a_header(door, ada, bob):
    said = {"X-User-Id": bob.user_id}
    his = f"/user/{bob.user_id}/newsfeed"
    assert requests.get(door + his, headers=said, timeout=10).status_code == 401
    assert ada.ask("GET", his, headers=said).status_code == 403
    account = ada.ask("GET", ada.my("account"), headers=said)
    assert account.json()["username"] == ada.username
    form = {"text": (None, "I am not Bob")}
    posted = ada.ask("POST", ada.my("post"), headers=said, files=form)
    assert posted.json()["post"]["user_id"] == ada.user_id


@pytest.mark.parametrize("deadline", ["1.000", "0", "999999999999", "x", ""])
def test_nobody_s_time_is_over_because_a_header_says_so(door, ada, browser, deadline):
    said = {"X-Deadline": deadline}
    assert ada.ask("GET", ada.my("newsfeed"), headers=said).status_code == 200
    assert browser.get(f"{door}/feed", headers=said, timeout=10).status_code == 200
    image = ada.get(ada.my("profile")).json()["profile_image"]
    assert requests.get(door + image, headers=said, timeout=10).status_code == 200


class From(HTTPAdapter):
    """Connects from another address."""

    def __init__(self, address):
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


SPOOFS = {
    "X-Client-Address": "192.0.2.1",
    "X-Forwarded-For": "192.0.2.1",
    "Forwarded": "for=192.0.2.1",
    "X-Real-IP": "192.0.2.1",
}


def test_nobody_comes_from_where_a_header_says(door):
    """By the same key a stranger is answered once more, but only who comes from the same address.

    Nothing else depends on an address where there are no limits.
    """
    said, key = fields_of("from.somewhere"), secrets.token_hex(8)
    first = register(requests, door, said, {"Idempotency-Key": key})
    assert first.status_code == 201, first.text
    for name, text in SPOOFS.items():
        again = register(requests, door, said, {"Idempotency-Key": key, name: text})
        assert again.headers["Idempotent-Replayed"] == "true", name
        assert again.json() == first.json()
    with requests.Session() as elsewhere:
        elsewhere.mount("http://", From("127.0.0.2"))
        other = register(elsewhere, door, said, {"Idempotency-Key": key})
        assert other.status_code == 409, other.text  # to who really is another, the name is taken


@pytest.mark.verify
def test_nobody_escapes_a_limit_by_a_header(cluster_with_limits):
    door, allowed = cluster_with_limits.door_url, REGISTER[0].amount
    answers = [
        register(requests, door, fields_of(f"one.of.many.{number}"), {name: f"192.0.2.{number}"})
        for number, name in zip(range(allowed + 1), itertools.cycle(SPOOFS), strict=False)
    ]
    assert [answer.status_code for answer in answers] == [201] * allowed + [429]
    with requests.Session() as elsewhere:
        elsewhere.mount("http://", From("127.0.0.2"))
        assert register(elsewhere, door, fields_of("one.more"), {}).status_code == 201


def register(client, door, said, headers):
    return client.post(f"{door}/register", data=said, files=picture(0), headers=headers, timeout=10)


class Crowd:
    """People who ask one thing after the other, each on a connection of their own."""

    def __init__(self, person, door):
        self._person, self._door = person, door
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self.outcomes: Counter[tuple[str, object]] = Counter()

    def read(self):
        self._go_on("GET", "newsfeed", {})

    def write(self):
        self._go_on("POST", "post", {"files": {"text": (None, "hello")}})

    def _go_on(self, method, what, options):
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self._person.token}"
            url = self._door + self._person.my(what)
            while not self._stopping.is_set():
                outcome: object
                try:
                    outcome = session.request(method, url, timeout=15, **options).status_code
                except requests.RequestException as error:
                    outcome = repr(error)
                with self._news:
                    self.outcomes[method, outcome] += 1
                    self._news.notify_all()

    def stop(self):
        self._stopping.set()

    def more(self):
        """Return when everything they do has been answered as often again as counts."""
        before = self._by_method()
        with self._news:
            assert self._news.wait_for(
                lambda: all(
                    number >= before[method] + REQUESTS_MIN
                    for method, number in self._by_method().items()
                ),
                timeout=60,
            )

    def _by_method(self):
        numbers: Counter[str] = Counter()
        for (method, _), number in self.outcomes.copy().items():
            numbers[method] += number
        return numbers


@contextmanager
def crowd_of(person, door, *, writers=0):
    crowd = Crowd(person, door)
    works = [crowd.read] * READERS + [crowd.write] * writers
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        crowd.more()
        yield crowd
        crowd.more()
    finally:
        crowd.stop()
        for thread in threads:
            thread.join()


def test_who_reads_while_a_gateway_is_killed_sees_nothing_of_it(cluster, door, ada, kill):
    with crowd_of(ada, door) as crowd:
        for name in ("gateway-1", "gateway-2"):
            kill(name)
            crowd.more()
            cluster.wait_ready(BACK_WITHIN_S)
            eventually(lambda name=name: answers_of(cluster, name) > 0, expected=True)
    assert set(crowd.outcomes) == {("GET", 200)}, crowd.outcomes


@pytest.mark.parametrize("name", ["web-1", "cdn-1"])
def test_as_soon_as_all_are_ready_nobody_is_told_that_someone_is_not(cluster, door, kill, name):
    eventually(lambda: requests.get(f"{door}/login", timeout=10).status_code, 200)
    looks = STATIC.findall(requests.get(f"{door}/login", timeout=10).text)
    path = "/login" if name == "web-1" else looks[0]
    kill(name)
    cluster.wait_ready(BACK_WITHIN_S)
    answer = requests.get(door + path, timeout=10)
    assert answer.status_code == 200, answer.text


def answers_of(cluster, name):
    """Return how many requests of people a gateway has answered, as it says itself."""
    [member] = [member for member in cluster.members if member.name == name]
    connection = UnixConnection(Path(member.internal_address.removeprefix("unix:")), timeout_s=5)
    connection.request("GET", "/metrics")
    told = connection.getresponse().read().decode()
    counts = re.findall(r'^feedtwin_request_seconds_count\{.*route="/user.* (.*)$', told, re.M)
    return sum(map(float, counts))


def test_who_reads_and_writes_while_gateways_come_and_go_sees_nothing_of_it(cluster, door, ada):
    home = cluster.home.folder
    try:
        with crowd_of(ada, door, writers=1) as crowd:
            more = scaling.scale(home, "gateway", 3, print)
            eventually(lambda: answers_of(more, "gateway-3") > 0, expected=True)
            crowd.more()
            scaling.scale(home, "gateway", 2, print)
    finally:
        scaling.scale(home, "gateway", 2, print)
    assert set(crowd.outcomes) == {("GET", 200), ("POST", 201)}, crowd.outcomes


def test_while_the_pages_are_away_the_api_is_not_and_they_come_back(door, ada, browser, kill):
    looks = STATIC.findall(browser.get(f"{door}/feed", timeout=10).text)
    for path in looks:
        assert requests.get(door + path, timeout=10).status_code == 200
    with crowd_of(ada, door, writers=1) as crowd:
        kill("web-1")
        first = browser.get(f"{door}/feed", timeout=10)
        assert first.status_code == 503
        assert int(first.headers["Retry-After"]) > 0
        assert {requests.get(door + path, timeout=10).status_code for path in looks} == {200}
        crowd.more()
        statuses = set()

        def status():
            statuses.add(now := browser.get(f"{door}/feed", timeout=10).status_code)
            return now

        eventually(status, 200, BACK_WITHIN_S)
        assert statuses <= {200, 503}
    assert set(crowd.outcomes) == {("GET", 200), ("POST", 201)}, crowd.outcomes
