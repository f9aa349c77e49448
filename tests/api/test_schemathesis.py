"""Requests made from the API's own OpenAPI document: no server error, every answer as told."""

from __future__ import annotations

import warnings
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings

from tests.api.conftest import Desk, paths
from tests.staff.office import BASE

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own dependencies warn when they are imported
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 10


def read(desk: Desk) -> Any:
    """The document as the service gives it."""
    return schemathesis.openapi.from_dict(desk.office.browser().get("/api/v1/openapi.json").json())


def send(desk: Desk, case: Any, headers: dict[str, str]) -> httpx.Response:
    """Send a generated request to the application that runs already."""
    told = case.as_transport_kwargs(base_url=BASE, headers=headers)
    return desk.office.client.request(
        told["method"], told["url"], params=told.get("params"), headers=dict(told["headers"]),
        content=told.get("data"),
    )  # fmt: skip


def test_the_document_is_kept(desk: Desk) -> None:
    """Every operation, with and without a token: generated requests, four checks each."""
    app = desk.office.app
    app.state.throttle.per_token = app.state.throttle.per_token.__class__(100_000)
    app.state.throttle.wrong = app.state.throttle.wrong.__class__(100_000)
    _, token = desk.token()
    schema = read(desk)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == len(paths(desk))
    asked = 0
    for operation in operations:

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            for headers in ({"Authorization": f"Bearer {token}"}, {}):
                case.validate_response(send(desk, case, headers), checks=CHECKS)
                asked += 1

        ask()
    print(f"{asked} generated requests to {len(operations)} operations")
    assert asked >= 2 * len(operations)


def test_every_right_request_is_answered_as_told(desk: Desk) -> None:
    """Addresses that are there: the documented schema holds for what comes back."""
    _, token = desk.token()
    schema = read(desk)
    operations = [found.ok() for found in schema.get_all_operations()]
    for path, _ in paths(desk):
        address = f"/api/v1{path}"
        (operation,) = [one for one in operations if _fits(one.path, address)]
        values = dict(zip(_names(operation.path), _parts(operation.path, address), strict=True))
        case = operation.Case(path_parameters=values)
        answer = send(desk, case, {"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, path
        case.validate_response(answer, checks=CHECKS)


def _names(template: str) -> list[str]:
    return [part[1:-1] for part in template.split("/") if part.startswith("{")]


def _parts(template: str, path: str) -> list[str]:
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return [found for part, found in pairs if part.startswith("{")]


def _fits(template: str, path: str) -> bool:
    ours, theirs = template.split("/"), path.split("/")
    return len(ours) == len(theirs) and all(
        part.startswith("{") or part == found for part, found in zip(ours, theirs, strict=True)
    )
