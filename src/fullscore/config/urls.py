"""Every address. Those of the nouns come from the resources; pages of their own follow."""

from django.urls import URLPattern, URLResolver

from fullscore.config.resources import RESOURCES
from fullscore.domains.infrastructure.servers import endpoints as push
from fullscore.domains.infrastructure.servers import pages as servers
from fullscore.domains.overview.attention import pages as attention
from fullscore.interfaces.web import urls as web

urlpatterns: list[URLPattern | URLResolver] = [
    *attention.PATTERNS,
    *servers.PATTERNS,
    *push.PATTERNS,
    *web.patterns(RESOURCES),
]
handler403 = "fullscore.interfaces.web.problems.not_allowed"
handler404 = "fullscore.interfaces.web.problems.not_found"
