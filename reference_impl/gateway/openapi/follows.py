"""What the follow service answers."""

from __future__ import annotations

from reference_impl.gateway.openapi.parts import (
    PAGED,
    Json,
    answer,
    closed,
    header,
    json_body,
    schema,
)
from reference_impl.gateway.openapi.refusals import refusal


def operations() -> dict[tuple[str, str], Json]:
    """Return the operations by method and path."""
    return {
        ("POST", "/user/{user_id}/follow"): _change("follow", "Follow somebody.", "Following"),
        ("POST", "/user/{user_id}/unfollow"): _change(
            "unfollow", "Follow somebody no longer.", "Following"
        ),
        ("POST", "/user/{user_id}/block"): _change(
            "block",
            "Block somebody: neither of you follows or sees the other any more.",
            "Blocked",
        ),
        ("POST", "/user/{user_id}/unblock"): _change(
            "unblock", "Block somebody no longer.", "Blocked"
        ),
        ("GET", "/user/{subject_id}/followers"): _people(
            "getFollowers", "Who follows somebody, in no particular order."
        ),
        ("GET", "/user/{subject_id}/followees"): _people(
            "getFollowees", "Whom somebody follows, in no particular order."
        ),
        ("GET", "/user/{user_id}/blocked"): _people("getBlocked", "Whom you have blocked."),
    }


def _change(operation_id: str, summary: str, answered: str) -> Json:
    body = closed({"target_id": schema("Id")})
    full = {} if operation_id.startswith("un") else {"409": refusal(409)}
    return {
        "operationId": operation_id,
        "summary": summary,
        "requestBody": json_body(body, somebody={"target_id": "7216420518051840"}),
        "responses": {"200": answer("How it is now.", schema(answered)), **full},
    }


def _people(operation_id: str, summary: str) -> Json:
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": PAGED,
        "responses": {
            "200": answer("A page.", schema("PersonPage"), Link=header("Link")),
            "400": refusal(400),
        },
    }
