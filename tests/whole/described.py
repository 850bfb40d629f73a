"""The API as its own description has it: asks by the examples, holds answers to the schemas."""

import io
import json
import re

import requests
from jsonschema import Draft202012Validator
from PIL import Image

PROBLEM = "application/problem+json"
TOLD = {  # headers that say something: an answer has them only where they are described
    "Accept-Ranges",
    "Allow",
    "Content-Range",
    "ETag",
    "Feed-Source",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Set-Cookie",
    "WWW-Authenticate",
}


def file_of(content_type):
    """Return a small file of this type."""
    kind = content_type.partition("/")[2]
    if kind == "mp4":
        return b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(1_000)
    if kind == "webm":
        return b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + bytes(1_000)
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(buffer, format=kind)
    return buffer.getvalue()


class Described:
    """One gateway, asked and judged by the document that it serves."""

    def __init__(self, url):
        self.url = url
        self.document = requests.get(f"{url}/openapi.json", timeout=10).json()
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }

    def ask(self, name, *, ids=None, example=None, token=None, **options):
        """Send a request of the operation, with a body if `example` names one."""
        method, path, operation = self.operations[name]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        if example is not None:
            options |= self.body_of(operation, example, ids or {})
        url = self.url + path.format_map(ids or {})
        return requests.request(method, url, headers=headers, timeout=20, **options)

    def body_of(self, operation, example, ids):
        """Return an example as `requests` wants it, with real ids and files in it."""
        ((content_type, content),) = operation["requestBody"]["content"].items()
        value = content["examples"][example]["value"]
        if content_type == "application/json":
            return {"json": {name: ids.get(name, text) for name, text in value.items()}}
        files = content["encoding"]
        return {
            "files": {
                name: (name, file_of(text), text) if name in files else (None, text)
                for name, text in value.items()
            }
        }

    def judge(self, name, answer):
        """Return what of the answer is not as described; an empty list is a good answer."""
        method, _, operation = self.operations[name]
        response = operation["responses"].get(str(answer.status_code))
        if response is None:
            return [f"status {answer.status_code} is not described: {answer.text[:200]}"]
        response = self.resolved(response)
        return [
            *self.faults_of_headers(response["headers"], answer.headers),
            *self.faults_of_body(response.get("content"), answer, has_none=method == "HEAD"),
        ]

    def faults_of_headers(self, described, headers):
        for name in sorted(TOLD):
            if name in headers and name not in described:
                yield f"header {name} is not described: {headers[name]}"
        for name, reference in described.items():
            header = self.resolved(reference)
            if name in headers:
                is_number = header["schema"].get("type") == "integer"
                value = int(headers[name]) if is_number else headers[name]
                yield from self.faults(header["schema"], value, name)
            elif header["required"]:
                yield f"header {name} is missing"

    def faults_of_body(self, content, answer, *, has_none):
        if has_none or content is None:
            if answer.content:
                yield f"there is a body: {answer.content[:200]!r}"
            return
        content_type = answer.headers["Content-Type"].partition(";")[0]
        if content_type not in content:
            yield f"a body of type {content_type} is not described"
        elif content_type.endswith("json"):
            yield from self.faults(content[content_type]["schema"], answer.json(), "body")

    def faults(self, schema, value, what):
        validator = Draft202012Validator(
            {**schema, "components": self.document["components"]},
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for error in validator.iter_errors(value):
            yield f"{what}: {error.json_path}: {error.message[:300]} in {json.dumps(value)[:300]}"

    def resolved(self, part):
        """Follow a reference within the document."""
        if "$ref" not in part:
            return part
        _, *names = part["$ref"].split("/")
        found = self.document
        for name in names:
            found = found[name]
        return found


def variables_of(path):
    """Return the names of the variables in a path."""
    return re.findall(r"\{(\w+)\}", path)
