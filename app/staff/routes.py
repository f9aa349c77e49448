"""The staff slice's routes, room by room."""

from __future__ import annotations

from fastapi import APIRouter

from app.staff import door, start

router = APIRouter()
for room in (door, start):
    router.include_router(room.router)
