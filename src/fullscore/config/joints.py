"""Where the floors are joined: who answers the questions that lower floors ask."""

from django.conf import settings

from fullscore.config.attention import SOURCES
from fullscore.config.checks import CHECKS
from fullscore.config.marks import MARKS
from fullscore.config.menu import ENTRIES
from fullscore.config.reactions import REACTIONS
from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.access import queries as access
from fullscore.domains.foundation.estate.queries import points
from fullscore.domains.foundation.telemetry.reading import marks
from fullscore.domains.overview.attention import queries as attention
from fullscore.domains.response.incidents.queries.failing import times_failed
from fullscore.interfaces.web import shell
from fullscore.kit import access as kit_access
from fullscore.kit import announcements, checks, live, log, resource, search
from fullscore.kit.models import Notification


def join() -> None:
    """Hand each lower floor what it needs; called once, when everything is loaded."""
    log.set_up(settings.OPTIONS.log_level)
    kit_access.answer_with(access.reach)
    search.find_by({r.model: r.search for r in RESOURCES if r.search})
    shell.show(RESOURCES, ENTRIES)
    resource.are(RESOURCES)
    checks.are(CHECKS)
    attention.come_from(SOURCES)
    marks.come_from(MARKS)
    points.come_from(times_failed)
    announcements.react_with(REACTIONS)
    visible = {r.noun: r.model._default_manager.visible_to for r in RESOURCES}  # type: ignore[attr-defined]
    live.visible_with({**visible, "notification": Notification.objects.visible_to})
