"""What each kind of request looks like on the wire: method, path, headers, body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from loadtest.plan import People
from model.world import chance
from model.world.scenario import Endpoint

QUERY_CHARS_MIN, QUERY_CHARS_MAX = 2, 6  # typed of a name before people look at what comes
BOUNDARY = "feedtwin-8a1f0c6d52e94b7b"  # of multipart bodies; must not occur in an image

_NAME, _CHARS = 51, 52  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request, ready to be sent to any gateway, or edge."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Caller:
    """Writes requests in the names of seeded people; new people's names carry the run's id."""

    def __init__(self, people: People, run_id: str) -> None:
        self._people = people
        self._run_id = run_id

    def call(self, endpoint: Endpoint, request: int, *, user: int, target: int) -> Call:
        """Return the request number `request`, sent by person `user` about person `target`."""
        match endpoint:
            case Endpoint.NEWSFEED | Endpoint.PROFILE | Endpoint.SEARCH:
                path = self._page(endpoint, request, user=user, target=target)
                return Call(method="GET", path=path, headers=self._authorized(user))
            case Endpoint.IMAGE:
                path = self._people.media_paths[target % len(self._people.media_paths)]
                return Call(method="GET", path=path, headers={})
            case Endpoint.POST:
                return self._post(request, user)
            case Endpoint.FOLLOW | Endpoint.UNFOLLOW:
                path = f"/user/{self._people.user_ids[user]}/{endpoint.value}"
                said = {"target_id": str(self._people.user_ids[target])}
                return _json_call(path, said, self._authorized(user))
            case Endpoint.LOGIN:
                said = {
                    "username": self._people.usernames[user],
                    "password": self._people.password,
                }
                return _json_call("/login", said, {})
            case Endpoint.REGISTER:
                return self._register(request)

    def _page(self, endpoint: Endpoint, request: int, *, user: int, target: int) -> str:
        if endpoint is Endpoint.SEARCH:
            return f"/search?q={query_for(self._people.usernames[target], request)}"
        if endpoint is Endpoint.PROFILE:
            return f"/user/{self._people.user_ids[target]}/posts"
        return f"/user/{self._people.user_ids[user]}/newsfeed"

    def _post(self, request: int, user: int) -> Call:
        path = f"/user/{self._people.user_ids[user]}/post"
        said = {"caption": f"Load {self._run_id}, request {request}"}
        return _form_call(path, said, ("image", self._image(request)), self._authorized(user))

    def _register(self, request: int) -> Call:
        username = f"load_{self._run_id}_{request}"
        said = {
            "first_name": "Load",
            "last_name": "Test",
            "username": username,
            "email": f"{username}@example.com",
            "password": self._people.password,
        }
        return _form_call("/register", said, ("profile_image", self._image(request)), {})

    def _image(self, request: int) -> bytes:
        return self._people.images[request % len(self._people.images)]

    def _authorized(self, user: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._people.tokens[user]}"}


def query_for(username: str, request: int) -> str:
    """Return the beginning of one of the person's names, as somebody types it who looks for them.

    >>> [query_for("ada.lovelace2", request) for request in range(3)]
    ['lovel', 'lov', 'ada']
    """
    names = username.rstrip("0123456789").split(".")
    name_u, chars_u = (chance.u(0, 0, request, purpose, 0, 0, 0) for purpose in (_NAME, _CHARS))
    chars = QUERY_CHARS_MIN + int(chars_u * (QUERY_CHARS_MAX - QUERY_CHARS_MIN + 1))
    return names[int(name_u * len(names))][:chars]


def _json_call(path: str, said: Mapping[str, str], headers: Mapping[str, str]) -> Call:
    typed = {**headers, "Content-Type": "application/json"}
    return Call(method="POST", path=path, headers=typed, body=json.dumps(said).encode())


def _form_call(
    path: str, said: Mapping[str, str], image: tuple[str, bytes], headers: Mapping[str, str]
) -> Call:
    typed = {**headers, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return Call(method="POST", path=path, headers=typed, body=_form(said, *image))


def _form(said: Mapping[str, str], image_name: str, image: bytes) -> bytes:
    """Return a multipart body of the texts in `said` and one JPEG (RFC 7578)."""
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    texts = "".join(f'{start}"{name}"\r\n\r\n{value}\r\n' for name, value in said.items())
    file = f'{start}"{image_name}"; filename="image.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return b"".join([(texts + file).encode(), image, f"\r\n--{BOUNDARY}--\r\n".encode()])
