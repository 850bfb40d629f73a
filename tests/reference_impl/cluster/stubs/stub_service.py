"""A service that only says whether it is ready.

The one named by STUB_CRASHES ends at once; one whose socket has a file `.refuse` beside it is
not ready.
"""

from __future__ import annotations

import http.server
import os
import socketserver
import sys
from pathlib import Path

from reference_impl.chassis.settings import Settings

SETTINGS = Settings.from_environment(os.environ)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        refuses = Path(SETTINGS.listen.removeprefix("unix:") + ".refuse").exists()
        body = b'{"detail": "the moon is wrong"}' if refuses else b"ready"
        self.send_response(503 if refuses else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "a unix socket has no address"


def main():
    print(f"this is {SETTINGS.instance}", flush=True)
    if SETTINGS.instance == os.environ.get("STUB_CRASHES"):
        sys.exit("what a bad day")
    kind, _, place = SETTINGS.listen.partition(":")
    if kind == "unix":
        Path(place).unlink(missing_ok=True)
        socketserver.UnixStreamServer(place, Handler).serve_forever()
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    if SETTINGS.port_file:
        Path(SETTINGS.port_file).write_text(str(server.server_port), encoding="ascii")
    server.serve_forever()


if __name__ == "__main__":
    main()
