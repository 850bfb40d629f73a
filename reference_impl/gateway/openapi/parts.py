"""The pieces of which descriptions of operations are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

JSON, FORM, PROBLEM = "application/json", "multipart/form-data", "application/problem+json"


def schema(name: str) -> Json:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed(properties: Mapping[str, Json], *, optional: Sequence[str] = ()) -> Json:
    """Return the schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def json_body(body: Json, **examples: Json) -> Json:
    """Return the description of a JSON body, with examples by name."""
    return _body(JSON, {"schema": body}, examples)


def form_body(body: Json, files: Mapping[str, Sequence[str]], **examples: Json) -> Json:
    """Return the description of a form whose `files` are of these content types.

    In an example, a file is shown as its content type.
    """
    types = {name: {"contentType": ", ".join(of_file)} for name, of_file in files.items()}
    return _body(FORM, {"schema": body, "encoding": types}, examples)


def answer(description: str, body: Json, **headers: Json) -> Json:
    """Return the description of an answer in JSON."""
    return {
        "description": description,
        "headers": {**_OF_ALL, **named(headers)},
        "content": {JSON: {"schema": body}},
    }


def nothing(description: str, **headers: Json) -> Json:
    """Return the description of an answer without a body."""
    return {"description": description, "headers": {**_OF_ALL, **named(headers)}}


def header(name: str) -> Json:
    """Return a reference to a header of the document."""
    return {"$ref": f"#/components/headers/{name}"}


def parameter(name: str) -> Json:
    """Return a reference to a parameter of the document."""
    return {"$ref": f"#/components/parameters/{name}"}


def named(headers: Mapping[str, Json]) -> Json:
    """Return headers under their names: Python has none with hyphens."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


PAGED = [parameter("limit"), parameter("cursor")]
_OF_ALL = {"X-Request-Id": header("X-Request-Id"), "Cache-Control": header("Cache-Control")}


def _body(content_type: str, content: Json, examples: Mapping[str, Json]) -> Json:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"required": True, "content": {content_type: {**content, "examples": shown}}}
