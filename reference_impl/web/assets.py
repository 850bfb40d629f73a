"""Style, script and icons: under names that carry a hash, so that nobody need ask twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

from reference_impl.chassis import etags

FOLDER = Path(__file__).with_name("static")
FOREVER = "public, max-age=31536000, immutable"
CONTENT_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HASH_CHARS = 16  # 64 bits: two versions of a file do not meet by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served."""

    name: str  # with the hash
    content: bytes
    content_type: str

    @property
    def etag(self) -> str:
        """The name, which no other content has."""
        return f'"{self.name}"'


class Assets:
    """The files of a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._by_plain_name = {path.name: _asset(path) for path in sorted(folder.iterdir())}
        self._by_name = {asset.name: asset for asset in self._by_plain_name.values()}

    def url_of(self, plain_name: str) -> str:
        """Return the path of a file; raises KeyError if there is none of this name."""
        return f"/static/{self._by_plain_name[plain_name].name}"

    def named(self, name: str) -> Asset | None:
        """Return the file of a name with its hash."""
        return self._by_name.get(name)


ASSETS = web.AppKey("assets", Assets)

routes = web.RouteTableDef()


@routes.get("/static/{name}")
async def get_asset(request: web.Request) -> web.Response:
    """GET /static/{name} -> the file, to be kept forever; 304 to who has it."""
    asset = request.app[ASSETS].named(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    headers = {hdrs.ETAG: asset.etag, hdrs.CACHE_CONTROL: FOREVER}
    if etags.names(request.headers.getall(hdrs.IF_NONE_MATCH, ()), asset.etag):
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=asset.content, content_type=asset.content_type, charset="utf-8", headers=headers
    )


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:_HASH_CHARS]
    return Asset(
        name=f"{path.stem}.{version}{path.suffix}",
        content=content,
        content_type=CONTENT_TYPES[path.suffix],
    )
