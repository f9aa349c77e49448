"""The endpoints of the read API. All take a bearer token; none looks at a cookie."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from app import published_cards
from app.api import service
from app.api.schemas import (
    Codebook,
    DatasetManifest,
    Datasets,
    Problem,
    Results,
    WaveOut,
    Waves,
)
from app.auth import Permission, Scope, asks
from app.auth.tokens import AsProgram, api_router
from app.db import ReadSession
from app.jobs import runs
from app.jobs.supervisor import folder_of
from app.problems import PROBLEM_JSON

DESCRIPTION = """\
Read API for researchers' programs. A token (`rsk_…`, made on your page of tokens) reads one
community; send it as `Authorization: Bearer rsk_…`. Its scopes say what it may read: `waves`,
`codebook`, `data`, `results`. What is of another community does not exist for it (404).
120 requests a minute. Errors are `application/problem+json` (RFC 9457); add `?lang=en` for
English words."""

Number = Annotated[int, Path(ge=1, le=1_000_000, examples=[1], description="The wave's number")]
Name = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9-]{1,100}$",
        examples=["sidoarjo-1-v1"],
        description="<community>-<wave>-v<seq>",
    ),
]
Key = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="Key of an analysis")]

_WORDS = {
    401: "No valid token",
    403: "The token lacks the scope, or its owner the role",
    404: "Not there, or not for this token",
    409: "The definition that was answered is not installed",
    422: "A part of the address is not what it should be",
    429: "Too many requests",
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _WORDS[status], "content": {PROBLEM_JSON: {"schema": schema}}}
        for status in (401, 403, *statuses, 422, 429)
    }


router = api_router()


@router.get("/waves", tags=["waves"], responses=_problems())
@asks(Permission.DATASET_READ, scope=Scope.WAVES)
def waves(asking: AsProgram, session: ReadSession) -> Waves:
    """All waves that were opened, the newest first."""
    return Waves(community=asking.community.slug, waves=service.waves(session, asking.community))


@router.get("/waves/{number}", tags=["waves"], responses=_problems(404))
@asks(Permission.DATASET_READ, scope=Scope.WAVES)
def wave(asking: AsProgram, session: ReadSession, number: Number) -> WaveOut:
    """One wave."""
    return service.find_wave(session, asking.community, number)


@router.get(
    "/waves/{number}/card",
    tags=["results"],
    response_class=Response,
    responses=_problems(404)
    | {
        200: {
            "description": "The published scorecard, as frozen; format in docs/manual",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
@asks(Permission.CARD_PREVIEW, scope=Scope.RESULTS)
def card(asking: AsProgram, session: ReadSession, number: Number) -> Response:
    """The published scorecard of a wave, byte by byte; nothing before it is published."""
    found = published_cards.find(session, asking.community.id, number)
    return Response(
        published_cards.checked(found),
        media_type="application/json",
        headers={"cache-control": "no-store", "x-sha256": found.digest},
    )


@router.get("/waves/{number}/codebook", tags=["codebook"], responses=_problems(404, 409))
@asks(Permission.DATASET_READ, scope=Scope.CODEBOOK)
def codebook(asking: AsProgram, session: ReadSession, number: Number) -> Codebook:
    """The columns of a wave's data set: names, labels in both languages, codes, keys."""
    return service.codebook_of(session, asking.community, number)


@router.get("/datasets", tags=["data"], responses=_problems())
@asks(Permission.DATASET_READ, scope=Scope.DATA)
def datasets(request: Request, asking: AsProgram, session: ReadSession) -> Datasets:
    """The data sets that are there, the newest first."""
    settings = request.app.state.settings
    return Datasets(datasets=service.datasets(session, settings, asking.community))


@router.get("/datasets/{name}", tags=["data"], responses=_problems(404))
@asks(Permission.DATASET_READ, scope=Scope.DATA)
def dataset(
    request: Request, asking: AsProgram, session: ReadSession, name: Name
) -> DatasetManifest:
    """One data set with its manifest."""
    row, told = service.find_dataset(session, request.app.state.settings, asking.community, name)
    return DatasetManifest(dataset=told, manifest=row.manifest)


@router.get(
    "/datasets/{name}/data.csv",
    tags=["data"],
    response_class=Response,
    responses=_problems(404)
    | {200: {"description": "The file, byte by byte", "content": {"text/csv": {}}}},
)
@asks(Permission.DATASET_READ, scope=Scope.DATA)
def data_csv(request: Request, asking: AsProgram, session: ReadSession, name: Name) -> Response:
    """The rows as CSV: the file of the data set, whose SHA-256 the manifest tells."""
    settings = request.app.state.settings
    row, _ = service.find_dataset(session, settings, asking.community, name)
    path = service.file_of(settings, row)
    return FileResponse(
        path,
        media_type="text/csv; charset=utf-8",
        filename=path.name,
        headers={"cache-control": "no-store", "x-sha256": row.digest},
    )


@router.get(
    "/datasets/{name}/data.json",
    tags=["data"],
    response_class=Response,
    responses=_problems(404)
    | {
        200: {
            "description": "An array of objects, one a row; null = no score",
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": {"type": "object"}},
                    "example": [{"PID": "7K3M9QWXZR2T4V6B", "WAVE": 1, "MOT1": 4, "MOT": 3.6}],
                }
            },
        }
    },
)
@asks(Permission.DATASET_READ, scope=Scope.DATA)
def data_json(request: Request, asking: AsProgram, session: ReadSession, name: Name) -> Response:
    """The same rows as JSON, streamed."""
    settings = request.app.state.settings
    row, _ = service.find_dataset(session, settings, asking.community, name)
    return StreamingResponse(
        service.as_json(service.file_of(settings, row)),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


@router.get("/results", tags=["results"], responses=_problems())
@asks(Permission.ANALYSIS_RUN, scope=Scope.RESULTS)
def results(asking: AsProgram, session: ReadSession) -> Results:
    """Finished analyses that read this community's waves only, the newest first."""
    return Results(results=service.results(session, asking.community))


@router.get(
    "/results/{key}",
    tags=["results"],
    response_class=Response,
    responses=_problems(404)
    | {
        200: {
            "description": "results.json, unrounded; its format is in docs/manual",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
@asks(Permission.ANALYSIS_RUN, scope=Scope.RESULTS)
def result(request: Request, asking: AsProgram, session: ReadSession, key: Key) -> Response:
    """The results of one analysis."""
    run = service.find_result(session, asking.community, key)
    path = folder_of(request.app.state.settings, key) / "results.json"
    if not path.is_file():
        raise runs.UnknownRun(key)
    return FileResponse(
        path,
        media_type="application/json",
        headers={"cache-control": "no-store", "x-sha256": run.digest or ""},
    )


@router.get("/openapi.json", include_in_schema=False)
@asks(Permission.PUBLIC)
def openapi(request: Request) -> JSONResponse:
    """This document."""
    return JSONResponse(document(request.app.state.settings.base_url))


def document(base_url: str) -> dict[str, Any]:
    """The OpenAPI document of this API."""
    from importlib.metadata import version  # noqa: PLC0415 - as the name says

    made = get_openapi(
        title="Guyub",
        version=version("guyub"),
        description=DESCRIPTION,
        routes=router.routes,
        servers=[{"url": base_url}],
        license_info={"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
    )
    parts = made["components"]
    parts["schemas"]["Problem"] = Problem.model_json_schema()
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    return made
