"""The live addresses; a person holds the permissions written in their name."""

from django.urls import path

from fullscore.interfaces.web import live as pages
from fullscore.kit import access, live
from fullscore.kit.models import Notification


def _answer(user, permission):
    return access.EVERYWHERE if permission in user.name else access.NOWHERE


access.answer_with(_answer)
live.visible_with({"notification": Notification.objects.visible_to})
pages.RECHECK_SECONDS, pages.PULSE_SECONDS = 1, 0.5

urlpatterns = [
    path("live/changes", pages.changes),
    path("live/stream", pages.stream),
]
