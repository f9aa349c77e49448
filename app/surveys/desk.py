"""The parts a member's request needs, put together once for an application."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.auth import CodeDoor
from app.db import Database
from app.pages import Pages
from app.surveys.service import Answering, StoreOfAnswers
from app.surveys.survey import Nothing, Survey, Surveys, load
from app.surveys.views import DocumentView, LandingView, MessageView, PromptView


class Desk:
    """What the routes reach for."""

    def __init__(
        self, *, pages: Pages, store: StoreOfAnswers, database: Database, door: CodeDoor
    ) -> None:
        async def find(slug: str) -> Survey | Nothing:
            return await run_in_threadpool(load, database, slug)

        self.store = store
        self._surveys = Surveys(find)
        self._door = door
        self.answering = Answering(store=store, door=door)
        self.landings = LandingView(pages)
        self.documents = DocumentView(pages)
        self.messages = MessageView(pages)
        self.prompts = PromptView(pages)

    async def survey(self, request: Request, *, fresh: bool = False) -> Survey | Nothing:
        """The survey of the address. Raises UnknownCommunity."""
        return await self.survey_of(request.path_params["slug"], fresh=fresh)

    async def survey_of(self, slug: str, *, fresh: bool = False) -> Survey | Nothing:
        """The survey of a community. Raises UnknownCommunity."""
        return await self._surveys.of(slug, fresh=fresh)

    async def survey_of_link(self, token: str) -> Survey | Nothing:
        """The survey that a personal link leads to. Raises UnknownLink, IdentityRemoved."""
        slug = await run_in_threadpool(self._door.community_of_link, token)
        return await self._surveys.of(slug)


def desk_of(request: Request) -> Desk:
    """The application's desk, made at its first request."""
    state = request.app.state
    desk: Desk | None = getattr(state, "survey_desk", None)
    if desk is None or desk.store is not state.store:  # a restarted application has a new one
        desk = Desk(pages=state.pages, store=state.store, database=state.database, door=state.door)
        state.survey_desk = desk
    return desk
