"""An S3 server, and images to send."""

import io
import json
import os
import random
import shutil
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import from_url
from PIL import Image

from reference_impl.media import pictures

READY_S = 30.0  # it takes 3 s on an idle machine
BUCKET = "s3://pictures"
NO_RETRY: Any = {"max_retries": 0}
PORTS = ("master", "volume", "filer", "s3")


class InProcess:
    """Decodes without a process of its own: for tests that send nothing evil."""

    async def taken_in(self, content):
        return pictures.taken_in(content)

    async def developed(self, content):
        return pictures.developed(content)


@pytest.fixture
def in_process():
    return InProcess()


@pytest.fixture(scope="session")
def image_of():
    """Makes an image of one colour."""

    def make(form="PNG", colour=(1, 2, 3), size=(3, 3), mode="RGB", **how):
        image = io.BytesIO()
        Image.new(mode, size, colour).save(image, form, **how)
        return image.getvalue()

    return make


@pytest.fixture(scope="session")
def photo_of():
    """Makes an image of noise as coarse as `grain`, which no encoder can make small."""

    def make(size, form, *, mode="RGB", grain=1, **how):
        wide, high = (-(-side // grain) for side in size)
        noise = random.Random(7).randbytes(wide * high * len(mode))
        coarse = Image.frombytes(mode, (wide, high), noise)
        image = io.BytesIO()
        coarse.resize(size, Image.Resampling.BILINEAR).save(image, form, **how)
        return image.getvalue()

    return make


class S3Server:
    """SeaweedFS, in memory of nobody once it is killed."""

    def __init__(self, folder):
        self._folder = folder
        port = random.Random(os.urandom(8)).randrange(20_000, 32_000, 8)
        self.environ = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port + 3}",
            "AWS_ACCESS_KEY_ID": "feedtwin",
            "AWS_SECRET_ACCESS_KEY": "only-for-tests",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
        self._process = subprocess.Popen(
            self._command(port),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _command(self, port):
        access = {"accessKey": "feedtwin", "secretKey": "only-for-tests"}
        somebody = {"name": "feedtwin", "credentials": [access], "actions": ["Admin"]}
        (self._folder / "s3.json").write_text(json.dumps({"identities": [somebody]}))
        weed = Path(sysconfig.get_path("scripts")) / "weed"
        ports = [f"-{its}.port={port + number}" for number, its in enumerate(PORTS)]
        ports += [f"-{its}.port.grpc={port + 4 + number}" for number, its in enumerate(PORTS)]
        sockets = [f"-{its}.localSocket={self._folder}/{its}" for its in ("filer", "s3")]
        return [
            *(weed, "server", "-ip=127.0.0.1", f"-dir={self._folder}", *ports, *sockets),
            *("-filer", "-s3", "-s3.config=s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-volume.max=4", "-master.volumeSizeLimitMB=64", "-volume.minFreeSpace=1MiB"),
        ]

    def is_up(self):
        """Wait until it answers; False if it cannot have its ports."""
        until_s = time.monotonic() + READY_S
        while self._process.poll() is None:
            assert time.monotonic() < until_s, "the S3 server does not answer"
            try:
                obstore.put(self._bucket(), "ready", b"yes")  # which makes the bucket
            except (BaseError, OSError):
                time.sleep(0.05)
            else:
                return True
        return False

    def _bucket(self):
        config: Any = {name.lower(): value for name, value in self.environ.items()}
        del config["aws_allow_http"]
        options: Any = {"allow_http": True, "timeout": "5s"}
        return from_url(BUCKET, config=config, client_options=options, retry_config=NO_RETRY)

    def kill(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def s3_environ():
    """What the environment says to those who are to find a real S3 server."""
    for _ in range(5):  # somebody else may have one of the ports
        folder = Path(tempfile.mkdtemp(prefix="s3-"))  # short: the path of a unix socket is
        server = S3Server(folder)
        try:
            if server.is_up():
                yield server.environ
                return
        finally:
            server.kill()
            shutil.rmtree(folder)
    pytest.fail("no S3 server could be started")
