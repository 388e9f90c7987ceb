"""What the web server calls: pages and API, and `/mcp` beside them."""

import gc
import os
import threading

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fullscore.config.settings")
pages = get_asgi_application()

from django.conf import settings  # noqa: E402  the settings stand once the application does
from django.urls import get_resolver  # noqa: E402

from fullscore.config.doors import authenticate, build_mcp  # noqa: E402
from fullscore.config.urls import API  # noqa: E402
from fullscore.domains.foundation.telemetry.endpoints import collectors, samples  # noqa: E402
from fullscore.domains.infrastructure.servers import endpoints as servers  # noqa: E402
from fullscore.domains.response.incidents import endpoints as incidents  # noqa: E402
from fullscore.interfaces.ingest.straight import Door, straight  # noqa: E402
from fullscore.interfaces.mcp.transports import beside, http_app  # noqa: E402

MIB = 1024 * 1024
DOORS = {  # where programs send, and how much at once
    "/api/v1/write": Door(samples.write, samples.MOST_BYTES),
    "/v1/metrics": Door(samples.metrics, samples.MOST_BYTES),
    "/api/collectors/scrapes": Door(collectors.scrapes, samples.MOST_BYTES),
    "/api/push": Door(servers.push, servers.MOST_BYTES),
    "/api/v2/alerts": Door(incidents.alerts, incidents.MOST_BYTES),
    "/v2/enqueue": Door(incidents.enqueue, incidents.MOST_BYTES),
}

application = beside(
    straight(pages, DOORS, otherwise=64 * MIB),
    http_app(build_mcp, authenticate, hosts=settings.ALLOWED_HOSTS),
)

API_AFTER_SECONDS = 10


def keep_what_is_loaded() -> None:
    """Let the collector of cycles pass over it: it stays, and a walk takes 0.3 s each time."""
    gc.collect()
    gc.freeze()


def build_api() -> None:
    """Build the API before anybody asks for it, but after the first page."""
    _ = API.url_patterns
    keep_what_is_loaded()


_ = get_resolver().url_patterns  # every page, which Django else loads at the first request
keep_what_is_loaded()
later = threading.Timer(API_AFTER_SECONDS, build_api)
later.daemon = True
later.start()
