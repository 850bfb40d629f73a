"""People who use the whole system through its gateways, as programs do."""

import time
from io import BytesIO

import requests
from PIL import Image, ImageChops, ImageStat

from reference_impl.seeding.people import sample_images

SEEN_WITHIN_S = 10.0
PAGES_MAX = 200  # of one list: more than any test has posts
PASSWORD = "correct horse battery"


class Person:
    """Somebody who has registered, and asks all gateways in turn."""

    def __init__(self, gateways, username, **said):
        self.gateways = gateways
        self.username = username
        self.token = None
        self.asked = 0
        data = fields_of(username) | said
        answer = self.ask("POST", "/register", data=data, files=picture(0))
        assert answer.status_code == 201, answer.text
        self.user_id, self.token = answer.json()["user_id"], answer.json()["token"]

    def ask(self, method, path, **options):
        self.asked += 1
        gateway = self.gateways[self.asked % len(self.gateways)]
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        return requests.request(method, gateway + path, headers=headers, timeout=10, **options)

    def get(self, path, **query):
        return self.ask("GET", path, params=query)

    def my(self, what):
        return f"/user/{self.user_id}/{what}"

    def follow(self, other):
        return self.ask("POST", self.my("follow"), json={"target_id": other.user_id})

    def unfollow(self, other):
        return self.ask("POST", self.my("unfollow"), json={"target_id": other.user_id})

    def block(self, other):
        return self.ask("POST", self.my("block"), json={"target_id": other.user_id})

    def unblock(self, other):
        return self.ask("POST", self.my("unblock"), json={"target_id": other.user_id})

    def post(self, number, caption):
        files = picture(number, "image")
        answer = self.ask("POST", self.my("post"), data={"caption": caption}, files=files)
        assert answer.status_code == 201, answer.text
        return answer.json()["post"]

    def say(self, text):
        answer = self.ask("POST", self.my("post"), files={"text": (None, text)})
        assert answer.status_code == 201, answer.text
        return answer.json()["post"]

    def delete(self, post):
        return self.ask("DELETE", self.my(f"post/{post['post_id']}"))

    def newsfeed(self, **query):
        return self.get(self.my("newsfeed"), **query)

    def scroll(self, limit, path=None):
        """Return every page of the newsfeed, or of another list of posts, from the newest on."""
        pages, query = [], {"limit": limit}
        while True:
            page = self.get(path or self.my("newsfeed"), **query).json()
            pages.append(page["posts"])
            if page["next"] is None:
                return pages
            assert len(pages) < PAGES_MAX, f"the pages never end: {pages[-2:]}"
            query["cursor"] = page["next"]

    def feed(self, limit=50):
        """Return the ids of the whole newsfeed, newest first."""
        return [post["post_id"] for page in self.scroll(limit) for post in page]

    def top(self):
        """Return the id of the newest post in the newsfeed, in a list; an empty one if none is."""
        return [post["post_id"] for post in self.newsfeed(limit=1).json()["posts"]]

    def captions(self):
        return [post["caption"] for post in self.newsfeed().json()["posts"]]

    def sees(self, captions):
        """Wait until the newsfeed is these captions, newest first."""
        return eventually(self.captions, captions)


def newest_first(posts):
    """Return the ids of posts that were written one after the other, as feeds show them."""
    return [post["post_id"] for post in reversed(posts)]


def eventually(look, expected, within_s=SEEN_WITHIN_S):
    """Look again until it is what is expected."""
    deadline_s = time.monotonic() + within_s
    while (seen := look()) != expected:
        assert time.monotonic() < deadline_s, f"sees {seen}, not {expected}"
        time.sleep(0.05)
    return True


def fields_of(username):
    return {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": f"{username}@example.org",
        "username": username,
        "password": PASSWORD,
    }


def is_picture(content, number):
    """Say whether this is what became of a picture: the same to look at, not to the bit."""
    with (
        Image.open(BytesIO(content)) as one,
        Image.open(BytesIO(sample_images(2_000)[number])) as its,
    ):
        assert one.size == its.size
        differences = ImageChops.difference(one.convert("RGB"), its.convert("RGB"))
        return max(ImageStat.Stat(differences).mean) < 2


def picture(number, name="profile_image"):
    return {name: (f"{number}.jpg", sample_images(2_000)[number], "image/jpeg")}
