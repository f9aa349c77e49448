"""From what a verb gave to a page."""

from app.surveys.views.document import DocumentView
from app.surveys.views.landing import LandingView
from app.surveys.views.messages import MessageView
from app.surveys.views.prompt import PromptView

__all__ = ["DocumentView", "LandingView", "MessageView", "PromptView"]
