"""The staff slice's routes, room by room."""

from __future__ import annotations

from fastapi import APIRouter

from app.staff import admin, door, log, own, start

router = APIRouter()
for room in (door, start, own, admin, log):
    router.include_router(room.router)
