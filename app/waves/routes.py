"""All pages of waves and meetings, behind one name for `app.main`."""

from __future__ import annotations

from fastapi import APIRouter

from app.waves import event_routes, plan_routes, run_routes, share_routes

router = APIRouter()
for _part in (plan_routes, run_routes, share_routes, event_routes):
    router.include_router(_part.router)
