"""The staff pages of scorecards: the researcher's, the chair's."""

from __future__ import annotations

from fastapi import APIRouter

from app.scorecards import chair_routes, link_routes, prepare_routes

router = APIRouter()
for _room in (prepare_routes, chair_routes, link_routes):
    router.include_router(_room.router)
