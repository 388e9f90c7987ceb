"""Every address. Those of the nouns come from the resources; pages of their own follow."""

from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.access import pages as access
from fullscore.domains.foundation.changes.pages import asking, calendar, runbooks
from fullscore.domains.foundation.estate import pages as estate
from fullscore.domains.foundation.findings import pages as findings
from fullscore.domains.foundation.system import endpoints as alive
from fullscore.domains.foundation.system import pages as system
from fullscore.domains.foundation.telemetry import endpoints as telemetry
from fullscore.domains.foundation.telemetry.pages import (
    dashboards,
    explore,
    keys,
    store,
    thresholds,
)
from fullscore.domains.infrastructure.cloud import pages as cloud
from fullscore.domains.infrastructure.patching import pages as patching
from fullscore.domains.infrastructure.servers import endpoints as push
from fullscore.domains.infrastructure.servers import pages as servers
from fullscore.domains.overview.attention import pages as attention
from fullscore.domains.response.incidents import endpoints as alerts
from fullscore.domains.response.incidents import pages as incidents
from fullscore.domains.response.oncall import endpoints as calendars
from fullscore.domains.response.oncall import pages as oncall
from fullscore.domains.response.troubleshooting import pages as troubleshooting
from fullscore.interfaces.web import urls as web


class BuiltWhenAsked(URLResolver):
    """Addresses given by their module's name: a page is reversed without loading them."""

    def _populate(self) -> None:
        if "url_patterns" in self.__dict__:
            super()._populate()


API = BuiltWhenAsked(
    RoutePattern("api/"), "fullscore.config.api", app_name="ninja", namespace="api"
)
urlpatterns: list[URLPattern | URLResolver] = [
    *access.PATTERNS,
    *attention.PATTERNS,
    *findings.PATTERNS,
    *estate.PATTERNS,
    *servers.PATTERNS,
    *push.PATTERNS,
    *cloud.PATTERNS,
    *patching.PATTERNS,
    *telemetry.PATTERNS,
    *keys.PATTERNS,
    *explore.PATTERNS,
    *dashboards.PATTERNS,
    *thresholds.PATTERNS,
    *store.PATTERNS,
    *system.PATTERNS,
    *alive.PATTERNS,
    *asking.PATTERNS,
    *calendar.PATTERNS,
    *runbooks.PATTERNS,
    *alerts.PATTERNS,
    *incidents.PATTERNS,
    *oncall.PATTERNS,
    *calendars.PATTERNS,
    *troubleshooting.PATTERNS,
    API,
    *web.patterns(RESOURCES),
]
handler403 = "fullscore.interfaces.web.problems.not_allowed"
handler404 = "fullscore.interfaces.web.problems.not_found"
