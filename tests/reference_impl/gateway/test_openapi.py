"""The description of the API: sound, complete, and closed."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from reference_impl.chassis.errors import STATUS_OF
from reference_impl.gateway.openapi.document import document
from reference_impl.gateway.openapi.refusals import MEANING_OF
from reference_impl.gateway.routes import PUBLIC_ROUTES, Who

PRIVATE = {"email", "age", "phone", "password", "password_hash", "delivery", "follower_count"}


@pytest.fixture(scope="module")
def described():
    return document()


@pytest.fixture(scope="module")
def operations(described):
    return {
        (method.upper(), path): operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
    }


def validator_of(described, name):
    reference = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    return Draft202012Validator(reference)


async def test_it_is_served_as_it_is(gateway, described):
    answer = await gateway.get("/openapi.json")
    assert answer.content_type == "application/json"
    assert await answer.json() == described


async def test_it_may_be_kept_for_some_minutes(gateway):
    answer = await gateway.get("/openapi.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_it_is_valid_openapi(described):
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


async def test_it_describes_what_the_router_answers_and_nothing_else(gateway, operations):
    routed = {
        (route.method, route.resource.canonical)
        for route in gateway.app.router.routes()
        if route.resource is not None
    }
    assert routed == operations.keys()


def test_every_operation_has_a_name_of_its_own(operations):
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", PUBLIC_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_token_is_asked_for_where_the_gateway_wants_one(operations, route):
    operation = operations[route.method, route.path]
    assert ("security" in operation) == (route.who is not Who.NOBODY)


@pytest.mark.parametrize("route", PUBLIC_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_body_is_described_where_one_is_taken(operations, route):
    assert ("requestBody" in operations[route.method, route.path]) == bool(route.body_bytes_max)


@pytest.mark.parametrize("route", PUBLIC_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_variable_of_the_path_is_a_parameter(described, operations, route):
    named = described["components"]["parameters"]
    references = operations[route.method, route.path]["parameters"]
    parameters = [named[reference["$ref"].rpartition("/")[2]] for reference in references]
    in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    assert all(f"{{{name}}}" in route.path for name in in_path)
    assert len(in_path) == route.path.count("{")


def test_every_refusal_that_there_is_is_described(operations):
    described = {int(status) for each in operations.values() for status in each["responses"]}
    assert set(STATUS_OF.values()) <= described
    assert set(MEANING_OF) <= described


def test_every_refusal_is_a_problem(described, operations):
    for operation in operations.values():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                name = response["$ref"].rpartition("/")[2]
                content = described["components"]["responses"][name]["content"]
                assert content.keys() == {"application/problem+json"}


def objects_in(schema):
    """Yield every schema of an object, however deep."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects_in(value)


def test_no_object_that_is_answered_may_have_fields_that_nobody_described(described):
    found = list(objects_in(described["components"]["schemas"]))
    assert len(found) > 10
    for schema in found:
        assert schema["additionalProperties"] is False or schema.get("maxProperties") == 16


PERSON = {
    "user_id": "7",
    "username": "ada",
    "first_name": "Ada",
    "last_name": "King",
    "profile_image": "/media/" + "0a" * 32 + "-" + "0b" * 8 + ".png",
}
TEXT_POST = {
    "post_id": "9",
    "user_id": "7",
    "created_at": "2026-11-22T09:30:00.123Z",
    "type": "text",
    "text": "hello",
    "caption": "",
}


@pytest.mark.parametrize("leak", sorted(PRIVATE))
@pytest.mark.parametrize(("name", "body"), [("Person", PERSON), ("Post", TEXT_POST)])
def test_a_private_field_that_leaks_is_seen(described, name, body, leak):
    validator = validator_of(described, name)
    assert validator.is_valid(body)
    assert not validator.is_valid({**body, leak: "x"})


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_post_is_of_the_kind_that_it_says(described, kind):
    media = {"type": "image", "caption": "", "alt_text": "", f"{kind}_url": PERSON["profile_image"]}
    body = {**{name: TEXT_POST[name] for name in ("post_id", "user_id", "created_at")}, **media}
    assert validator_of(described, "Post").is_valid(body) == (kind == "image")


def test_examples_of_schemas_are_as_the_schemas_say(described):
    schemas = described["components"]["schemas"]
    examples = {
        name: schema["examples"] for name, schema in schemas.items() if "examples" in schema
    }
    assert examples
    for name, values in examples.items():
        for value in values:
            validator_of(described, name).validate(value)


def bodies(operations):
    for operation in operations.values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in content["examples"].values():
                yield operation["operationId"], content["schema"], example["value"]


def test_every_body_has_an_example_that_is_as_its_schema_says(described, operations):
    shown = set()
    for name, schema, value in bodies(operations):
        validator = Draft202012Validator({**schema, "components": described["components"]})
        assert [error.message for error in validator.iter_errors(value)] == [], name
        shown.add(name)
    assert shown == {each["operationId"] for each in operations.values() if "requestBody" in each}


def test_files_in_forms_say_which_types_they_may_be(operations):
    for operation in operations.values():
        content = operation.get("requestBody", {}).get("content", {})
        for name, encoding in content.get("multipart/form-data", {}).get("encoding", {}).items():
            assert encoding["contentType"], name


def test_it_is_the_same_each_time():
    assert json.dumps(document()) == json.dumps(document())
