"""Who may do what, written by hand from the design's table: the tests' own word, not the app's.

A new route needs a line in `ROUTES`; a permission's holders stand in `HELD_BY`.
"""

from __future__ import annotations

ROLES = ("operator", "researcher", "chair", "admin", "none")

# permission -> roles of staff that hold it. "*": whoever is signed in.
HELD_BY: dict[str, set[str]] = {
    "account.own": {"*"},
    "roster.edit": {"operator"},
    "code.issue": {"operator"},
    "event.edit": {"operator"},
    "wave.edit": {"operator"},
    "wave.run": {"operator"},
    "rights.inbox": {"operator"},
    "wave.rate": {"operator", "chair", "researcher"},
    "dataset.read": {"researcher"},
    "analysis.run": {"researcher"},
    "text.moderate": {"researcher"},
    "k.override": {"researcher"},
    "card.preview": {"researcher"},
    "card.publish": {"researcher"},
    "token.own": {"researcher"},
    "card.read": {"chair"},
    "card.link": {"chair"},
    "commitment.edit": {"chair"},
    "staff.edit": {"admin"},
    "community.edit": {"admin"},
    "audit.read": {"admin"},
}
OPEN = {"public", "self", "demo.read"}
"""Nobody has to be signed in: `self` is judged by code or receipt, `demo.read` by DEMO."""

# method, path -> permission
ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/"): "public",
    ("GET", "/favicon.ico"): "public",
    ("GET", "/healthz"): "public",
    ("GET", "/readyz"): "public",
    ("GET", "/demo/analisis/{wave}/{file}"): "demo.read",
    ("GET", "/demo/data"): "demo.read",
    ("GET", "/demo/data/{file}"): "demo.read",
    ("POST", "/demo/segarkan"): "demo.read",
    ("GET", "/s/{slug:str}"): "public",
    ("GET", "/s/{slug}/hak"): "public",
    ("POST", "/s/{slug}/hak"): "self",
    ("GET", "/s/{slug}/hak/hapus"): "public",
    ("POST", "/s/{slug}/hak/hapus"): "self",
    ("GET", "/s/{slug}/hak/izin"): "public",
    ("POST", "/s/{slug}/hak/izin"): "self",
    ("GET", "/s/{slug}/hak/minta"): "public",
    ("POST", "/s/{slug}/hak/minta"): "self",
    ("GET", "/s/{slug}/hak/tarik"): "public",
    ("POST", "/s/{slug}/hak/tarik"): "self",
    ("GET", "/s/{slug}/hak/unduh"): "public",
    ("POST", "/s/{slug}/hak/unduh"): "self",
    ("GET", "/s/{slug:str}/hasil"): "public",
    ("GET", "/s/{slug:str}/kirim"): "public",
    ("POST", "/s/{slug:str}/kirim"): "self",
    ("GET", "/s/{slug:str}/lupakan"): "public",
    ("POST", "/s/{slug:str}/lupakan"): "self",
    ("GET", "/s/{slug:str}/mulai"): "public",
    ("POST", "/s/{slug:str}/mulai"): "self",
    ("GET", "/s/{slug:str}/simpan"): "public",
    ("POST", "/s/{slug:str}/simpan"): "self",
    ("GET", "/staff"): "account.own",
    ("POST", "/staff/bahasa"): "account.own",
    ("GET", "/staff/k/{community}"): "account.own",
    ("POST", "/staff/keluar"): "account.own",
    ("GET", "/staff/masuk"): "public",
    ("POST", "/staff/masuk"): "public",
}
