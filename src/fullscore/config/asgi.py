"""What the web server calls: pages and API, and `/mcp` beside them."""

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fullscore.config.settings")
pages = get_asgi_application()

from django.conf import settings  # noqa: E402  the settings stand once the application does
from django.urls import resolve  # noqa: E402

from fullscore.config.doors import authenticate, build_mcp  # noqa: E402
from fullscore.interfaces.ingest.bodies import bounded  # noqa: E402
from fullscore.interfaces.mcp.transports import beside, http_app  # noqa: E402

# What a body may have at most, by address; the views have narrower limits of their own.
MOST_OF_A_BODY = 64 * 1024 * 1024
BODIES = {"/api/v1/write": 32 * 1024 * 1024, "/api/push": 8 * 1024 * 1024}

application = beside(
    bounded(pages, most=BODIES, otherwise=MOST_OF_A_BODY),
    http_app(build_mcp, authenticate, hosts=settings.ALLOWED_HOSTS),
)

# What is loaded stays: the collector of cycles need not walk it again, 0.3 s each time it does.
resolve("/")
gc.collect()
gc.freeze()
