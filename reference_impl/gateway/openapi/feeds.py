"""What the timeline, search and media services and the gateway itself answer."""

from __future__ import annotations

from reference_impl.chassis.media_types import SUFFIX_OF
from reference_impl.gateway.openapi.parts import (
    PAGED,
    Json,
    answer,
    closed,
    header,
    nothing,
    parameter,
    schema,
)
from reference_impl.gateway.openapi.refusals import refusal


def operations() -> dict[tuple[str, str], Json]:
    """Return the operations by method and path."""
    return {
        ("GET", "/user/{user_id}/newsfeed"): {
            "operationId": "getNewsfeed",
            "summary": "What you and those whom you follow posted, newest first.",
            "parameters": PAGED,
            "responses": {
                "200": answer(
                    "A page.",
                    schema("PostPage"),
                    Link=header("Link"),
                    Feed_Source=header("Feed-Source"),
                ),
                "400": refusal(400),
            },
        },
        ("GET", "/search"): {
            "operationId": "searchUsers",
            "summary": "Find people: the best matches first, then who is followed by most.",
            "parameters": [parameter("q"), *PAGED],
            "responses": {
                "200": answer("A page.", schema("FoundPage"), Link=header("Link")),
                "400": refusal(400),
            },
        },
        ("GET", "/media/{name}"): _media("getMedia", is_head=False),
        ("HEAD", "/media/{name}"): _media("headMedia", is_head=True),
        ("GET", "/openapi.json"): {
            "operationId": "getDescription",
            "summary": "This document.",
            "responses": {
                "200": answer("OpenAPI 3.1.", {"type": "object"}),
                "503": refusal(503),
            },
        },
        **_health("/livez", "Alive", "Whether this gateway runs."),
        **_health("/readyz", "Ready", "Whether this gateway can serve."),
    }


def _media(operation_id: str, *, is_head: bool) -> Json:
    names = {name: header(name) for name in ("ETag", "Accept-Ranges", "Content-Length")}
    whole, part = nothing("All of it.", **names), nothing("The part asked for.", **names)
    part["headers"]["Content-Range"] = header("Content-Range")
    if not is_head:
        content: Json = {content_type: {} for content_type in SUFFIX_OF}
        whole["content"] = part["content"] = content
    responses = {
        "200": whole,
        "304": nothing("You have it already.", ETag=header("ETag")),
        "308": nothing("It was dropped; the best of its renditions.", Location=header("Location")),
    }
    if not is_head:
        responses |= {"206": part, "416": refusal(416)}
    return {
        "operationId": operation_id,
        "summary": "An image or a video" + (": how long it is." if is_head else "."),
        "parameters": [parameter(name) for name in ("Range", "If-Range", "If-None-Match")],
        "responses": responses,
    }


def _health(path: str, what: str, summary: str) -> dict[tuple[str, str], Json]:
    yes = answer("Yes.", closed({what.lower(): {"const": True}}))
    refused = {"503": refusal(503)} if what == "Ready" else {}
    return {
        (method, path): {
            "operationId": f"{verb}{what}",
            "summary": summary,
            "responses": {"200": yes if method == "GET" else nothing("Yes."), **refused},
        }
        for method, verb in (("GET", "is"), ("HEAD", "headIs"))
    }
