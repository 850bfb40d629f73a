"""One small cluster with seeded people, a browser before its front door, and who sits at it."""

import itertools
import os
import re
import shutil
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has none
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from model.world.scenario_files import load_scenario
from reference_impl.cluster import lifecycle
from reference_impl.cluster.reindexing import reindex
from reference_impl.seeding.people import PASSWORD, seeded_people
from reference_impl.seeding.pictures import picture_of
from reference_impl.seeding.seed import seed

NEIGHBOURHOOD = Path(__file__).parents[2] / "scenarios" / "neighbourhood.toml"
FEW = [
    "people.users=40",
    "people.followers.mean=8",
    "people.followers.max=30",
    "people.posts_per_user=5",
    "people.image_size=20 kB",
    "policy.influencer_followers_min=20",
    "policy.rate_limits=false",  # all of these people sit at one address
]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
SEEN_WITHIN_MS = 15_000  # on a machine that has other things to do
DESK = (1280, 900)
HOME = pytest.StashKey[Path]()
SCREENSHOTS = os.environ.get("FEEDTWIN_SCREENSHOTS")
NEVER_MIND = "Failed to load resource"  # the console's words for an answer that says no

expect.set_options(timeout=SEEN_WITHIN_MS)


@pytest.fixture(scope="session")
def chromium_path():
    """Where the browser is."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        reason = "no browser: NO PAGE HAS BEEN TESTED; apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, chromium_path, request):
    home = tmp_path_factory.mktemp("browser")
    request.config.stash[HOME] = home
    scenario = load_scenario(NEIGHBOURHOOD, FEW)
    try:
        cluster = lifecycle.up(
            scenario, home, server_timing=False, cpus=None, report=print, environ={}
        )
        seed(scenario, cluster.settings, home, replace=False, report=print)
        reindex(cluster.settings, print)
        yield cluster
    finally:
        lifecycle.down(home)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Take the cluster down with the last test here: those elsewhere need the machine."""
    is_last = nextitem is None or nextitem.path.parent != item.path.parent
    if is_last and HOME in item.config.stash:
        lifecycle.down(item.config.stash[HOME])


@pytest.fixture(scope="session")
def door_url(cluster):
    assert cluster.door_url
    return cluster.door_url


@pytest.fixture(scope="session")
def avid_reader(cluster, door_url):
    """The username of the seeded person who has most to read."""
    people = seeded_people(cluster.home.folder)

    def posts_before(user_id, token):
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{door_url}/user/{user_id}/newsfeed"
        answer = requests.get(url, headers=headers, params={"limit": 100}, timeout=20)
        return len(answer.json()["posts"])

    counts = map(posts_before, people.user_ids, people.tokens)
    return max(zip(counts, people.usernames, strict=True))[1]


# Of a module, not of the session: while Playwright runs, its event loop runs in this thread, and
# tests elsewhere could run none of their own.
@pytest.fixture(scope="module")
def browser(cluster, chromium_path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """Somebody before a screen: a browser with cookies of its own, and one page open in it."""

    def __init__(self, context, door_url):
        self.door_url = door_url
        self.context = context
        self.page = context.new_page()
        self.foreign: list[str] = []  # what was asked of other hosts
        self.complaints: list[str] = []  # what the browser's console says
        context.on("request", self._look_at)
        context.on("console", self._listen_to)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _look_at(self, request):
        address = urlsplit(request.url)
        if (
            address.scheme not in {"data", "blob"}
            and address.netloc != urlsplit(self.door_url).netloc
        ):
            self.foreign.append(request.url)

    def _listen_to(self, message):
        if message.type == "error" and NEVER_MIND not in message.text:
            self.complaints.append(message.text)

    def open(self, path):
        answer = self.page.goto(self.door_url + path)
        assert answer
        return answer

    def labelled(self, words):
        return self.page.get_by_label(re.compile(words, re.IGNORECASE))

    def press(self, words, within=None):
        (within or self.page).get_by_role("button", name=re.compile(words, re.IGNORECASE)).click()

    def main(self):
        return self.page.get_by_role("main")

    def register(self, person, image):
        self.open("/register")
        for words, text in {
            "^first name": person["first_name"],
            "^last name": person["last_name"],
            "^username": person["username"],
            "^e-?mail": person["email"],
            "^password": person["password"],
        }.items():
            self.labelled(words).fill(text)
        self.page.locator("input[type=file]").first.set_input_files(file_of(image))
        self.press("create|register|join|sign up", self.main())
        self.page.wait_for_url("**/feed**")

    def log_in(self, username, password=PASSWORD):
        self.open("/login")
        self.labelled("^username").fill(username)
        self.labelled("^password").fill(password)
        self.press("sign in|log in", self.main())
        self.page.wait_for_url(lambda url: "/login" not in url)

    def log_out(self):
        self.press("sign out|log out")
        self.page.wait_for_url(lambda url: "/do/" not in url)

    def post_photo(self, image, caption, alt_text):
        self.open("/new")
        self.page.locator("input[type=file]").first.set_input_files(file_of(image))
        self.labelled("^caption").fill(caption)
        self.labelled("^(alt|description)").fill(alt_text)
        self.press("share|post", self.main())
        expect(self.page.get_by_text(caption).first).to_be_visible()

    def captions(self):
        """Return the captions, or texts, of all posts on the page, in the order of the page."""
        return self.page.locator("article").locator(".caption, .said").all_inner_texts()

    def pages(self):
        """Yield the captions of this page, and of every older one that the links lead to."""
        yield self.captions()
        older = self.page.get_by_role("link", name=re.compile("older", re.IGNORECASE))
        while address := older.get_attribute("href") if older.count() else None:
            older.click()
            self.page.wait_for_url(lambda url, end=address: url.endswith(end))
            yield self.captions()

    def wait_for(self, caption, path="/feed"):
        """Open a page again until a post is on it: whoever follows sees it soon."""

        def is_there():
            self.open(path)
            return self.page.get_by_text(caption).count() > 0

        eventually(self.page, is_there)

    def session(self):
        """Return the session's cookie."""
        [cookie] = [c for c in self.context.cookies() if c["name"].endswith("session")]
        return cookie


def eventually(page, look, within_ms=SEEN_WITHIN_MS):
    """Look again, half a second apart, until it is so."""
    for _ in range(within_ms // 500):
        if look():
            return
        page.wait_for_timeout(500)
    pytest.fail(f"not within {within_ms / 1_000:g} s: {page.url}")


def file_of(image):
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": image}


@pytest.fixture
def visiting(browser, door_url):
    """Return a context manager: somebody comes, and complains if anything was not as it should."""

    @contextmanager
    def visitor(size=DESK, *, scheme="light", script=True):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(SEEN_WITHIN_MS)
        its = Visitor(context, door_url)
        try:
            yield its
            assert its.foreign == []
            assert its.complaints == []
        finally:
            context.close()

    return visitor


_numbers = itertools.count(1)


@pytest.fixture
def newcomer():
    """Return a function that makes up somebody who is not registered yet."""

    def made_up(first_name="Ottilie", last_name="Quarrington"):
        number = next(_numbers)
        username = f"{first_name}.{last_name}.{number}".lower()
        return {
            "first_name": first_name,
            "last_name": last_name,
            "username": username,
            "email": f"{username}@example.org",
            "password": "a lamp, a boat and seven herons",
        }

    return made_up


@pytest.fixture
def register(door_url, photo):
    """Return a function that registers by the API; it returns a session to ask the API with."""

    def registered(person):
        image = {"profile_image": ("me.jpg", photo(0), "image/jpeg")}
        answer = requests.post(door_url + "/register", data=person, files=image, timeout=20)
        assert answer.status_code == 201, answer.text
        api = requests.Session()
        api.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return api, answer.json()["user_id"]

    return registered


@pytest.fixture(scope="session")
def photo():
    """Return a function that takes a photo, as a phone does: lying on its side, with the place."""

    def taken(number, width=640):
        exif = Image.Exif()
        exif[0x0112] = 6  # to be shown turned by a quarter
        exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
        file = BytesIO()
        with Image.open(BytesIO(picture_of(77, number, width).content)) as upright:
            upright.rotate(90, expand=True).save(file, "JPEG", quality=88, exif=exif)
        return file.getvalue()

    return taken


@pytest.fixture(scope="session")
def screenshot(tmp_path_factory):
    """Return a function that keeps what a page looks like, for people to look at."""
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def kept(page, name):
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return kept


@pytest.fixture(scope="session")
def complaints_of_axe():
    """Return a function that says what on a page keeps somebody out, as axe-core judges."""

    def judged(page):
        found = Axe().run(page).response["violations"]
        return [
            f"{each['id']} ({each['impact']}): {node['target']}"
            for each in found
            for node in each["nodes"]
        ]

    return judged
