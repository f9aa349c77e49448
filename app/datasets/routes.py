"""The researcher's shelf: make data sets, look at what they hold, download them."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from app.auth import InCommunity, Permission, asks, staff_router
from app.datasets.listing import DataSetLine, codebook_of, data_set, data_sets, file_of, waves
from app.datasets.order import FORMATS, REASON_LENGTH, SHAPES, order
from app.datasets.workshop import Workshop
from app.db import ReadSession
from app.desk import AtDesk, Desk, Form, Posted
from app.errors import AppError
from app.pages import N_
from instrument import codebook
from instrument.model import Language

router = staff_router("/k/{community}/data")

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".sav": "application/x-spss-sav",
    ".dta": "application/x-stata-dta",
    ".parquet": "application/vnd.apache.parquet",
}
USES = {
    "csv": N_("Everything; decimal points"),
    "xlsx": N_("Excel, LibreOffice"),
    "sav": N_("SPSS, jamovi, R (haven)"),
    "dta": "Stata",
    "parquet": N_("Python, R (arrow), DuckDB"),
    "page": N_("Codebook to read"),
    "codebook": N_("Codebook as a table"),
    "ddi": N_("Codebook for archives (DDI)"),
    "r": N_("Reads the CSV into R, with labels"),
    "sps": N_("Reads the CSV into SPSS, with labels"),
    "citation": N_("How to cite"),
    "manifest": N_("Where it comes from, digests"),
}
FORMAT_NAMES = {
    "csv": N_("CSV, always made"),
    "xlsx": "Excel (XLSX)",
    "sav": "SPSS (SAV)",
    "dta": "Stata (DTA)",
    "parquet": "Parquet",
}
SHAPE_NAMES = {
    "long": N_("One row for each answer sheet"),
    "wide": N_("One row for each person, waves side by side"),
}
STATES = {
    "open": N_("Open: a data set now is partial"),
    "closed": N_("Closed"),
    "published": N_("Closed, scorecard published"),
}
_BUSY = N_("A data set is being made already. Wait until it is there.")
_REFRESH_SECONDS = "2"


def _workshop(request: Request) -> Workshop:
    workshop: Workshop = request.app.state.workshop
    return workshop


@router.get("")
@asks(Permission.DATASET_READ)
def shelf(
    desk: AtDesk, community: InCommunity, request: Request, session: ReadSession
) -> HTMLResponse:
    """List waves and data sets, say how the one being made stands."""
    job = _workshop(request).job(community.id)
    answer = desk.page(
        "datasets/list.html",
        waves=waves(session, community.id),
        states=STATES,
        lines=data_sets(session, community.id),
        job=job,
    )
    if job is not None and job.busy:
        answer.headers["refresh"] = _REFRESH_SECONDS
    return answer


@router.get("/baru")
@asks(Permission.DATASET_READ)
def new(desk: AtDesk, community: InCommunity, session: ReadSession, g: str = "") -> HTMLResponse:
    """The form of an order; ``?g=2`` ticks wave 2."""
    found = waves(session, community.id)
    ticked = [g] if g else [str(one.number) for one in found[:1]]
    return _form(desk, found, chosen={"g": ticked, "format": ["csv", "sav"]}, faults={})


@router.post("/baru")
@asks(Permission.DATASET_READ)
def make(
    desk: AtDesk, community: InCommunity, request: Request, form: Form, session: ReadSession
) -> Response:
    """Begin a data set; background is coarsened where the k-check asks for it."""
    found = waves(session, community.id)
    asked = _asked(desk, form)
    faults: dict[str, str] = {}
    known = {str(one.number) for one in found}
    if not form.all("g") or not set(form.all("g")) <= known:
        faults["g"] = desk.text(N_("Choose at least one wave."))
    try:
        order(**asked)
    except AppError as error:
        if "g" not in faults:
            faults["format"] = f"{error.title(desk.language)}. {error.hint(desk.language)}"
    if faults:
        chosen = {name: list(form.all(name)) for name in ("g", "format")}
        return _form(desk, found, chosen=chosen, faults=faults, form=form)
    return _begin(desk, request, community.id, asked)


@router.get("/{name}")
@asks(Permission.DATASET_READ)
def one(desk: AtDesk, community: InCommunity, session: ReadSession, name: str) -> HTMLResponse:
    """One data set: its files, what is in it and what is not, where it comes from."""
    line = data_set(session, community.id, name)
    return desk.page("datasets/made.html", line=line, told=line.manifest, uses=USES,
                     shapes=SHAPE_NAMES, missing=_missing(line, desk.language))  # fmt: skip


@router.get("/{name}/buku-kode")
@asks(Permission.DATASET_READ)
def read_codebook(
    desk: AtDesk, community: InCommunity, session: ReadSession, name: str
) -> HTMLResponse:
    """The codebook as a page."""
    line = data_set(session, community.id, name)
    rows = codebook_of(desk.request.app.state.settings, line)
    return desk.page("datasets/codebook.html", line=line, rows=rows)


@router.get("/{name}/lengkap")
@asks(Permission.K_OVERRIDE)
def ask_full(desk: AtDesk, community: InCommunity, session: ReadSession, name: str) -> HTMLResponse:
    """What the full file would tell, and the question why it is needed."""
    line = data_set(session, community.id, name)
    return desk.page("datasets/full.html", line=line, told=line.manifest, reason="", faults={})


@router.post("/{name}/lengkap")
@asks(Permission.K_OVERRIDE)
def make_full(
    desk: AtDesk,
    community: InCommunity,
    request: Request,
    form: Form,
    session: ReadSession,
    name: str,
) -> Response:
    """Order the same data set with all background; the reason is kept and logged."""
    line = data_set(session, community.id, name)
    reason = " ".join(form.text("alasan").split())
    if len(reason) < REASON_LENGTH:
        faults = {"alasan": desk.text(N_("Write why, in 15 characters at least."))}
        return desk.page(
            "datasets/full.html", line=line, told=line.manifest, reason=reason, faults=faults
        )
    told = line.manifest["dataset"]
    asked = {
        "waves": [one["name"] for one in line.manifest["waves"]],
        "formats": told["formats"],
        "language": told["language"],
        "shape": told["shape"],
        "project": told["project"],
        "full": True,
        "reason": reason,
        "made_by": desk.account.actor,
    }
    return _begin(desk, request, community.id, asked)


@router.get("/{name}/{file}")
@asks(Permission.DATASET_READ)
def download(
    desk: AtDesk, community: InCommunity, session: ReadSession, name: str, file: str
) -> FileResponse:
    """One file of a data set."""
    path = file_of(desk.request.app.state.settings, data_set(session, community.id, name), file)
    return FileResponse(
        path,
        media_type=_TYPES.get(path.suffix, "text/plain; charset=utf-8"),
        filename=path.name,
        headers={"cache-control": "no-store"},
    )


def _asked(desk: Desk, form: Posted) -> dict[str, Any]:
    """What the form orders, as `order` takes it."""
    slug = desk.community.slug if desk.community else ""
    return {
        "waves": [f"{slug}-{number}" for number in form.all("g")],
        "formats": ["csv", *form.all("format")],
        "language": form.text("bahasa"),
        "shape": form.text("bentuk"),
        "project": form.text("proyek"),
        "made_by": desk.account.actor,
    }


def _form(
    desk: Desk,
    found: Any,
    *,
    chosen: dict[str, list[str]],
    faults: dict[str, str],
    form: Posted | None = None,
) -> HTMLResponse:
    return desk.page(
        "datasets/order.html",
        waves=found,
        chosen=chosen,
        faults=faults,
        formats=[(one, desk.text(FORMAT_NAMES[one])) for one in FORMATS],
        shapes=[(one, desk.text(SHAPE_NAMES[one])) for one in SHAPES],
        language=(form.text("bahasa") if form else "") or desk.language,
        shape=(form.text("bentuk") if form else "") or "long",
        project=(form.text("proyek") if form else "") or "default",
    )


def _begin(desk: Desk, request: Request, community_id: int, asked: dict[str, Any]) -> Response:
    if _workshop(request).start(community_id, asked):
        return desk.go(desk.at("/data"), say=N_("The data set is being made."))
    return desk.go(desk.at("/data"), say=_BUSY)


def _missing(line: DataSetLine, language: Language) -> list[tuple[int, str, int]]:
    """Missing codes of the items: code, meaning, cells."""
    counted = line.manifest.get("missing_cells", {})
    return [
        (value, label.in_(language), counted.get(str(value), 0))
        for value, label in codebook.MISSING_LABELS
    ]
