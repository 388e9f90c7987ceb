"""Whether this process lives and can work, for supervisors, containers and load balancers.

`GET /health`   200 while the process answers
`GET /ready`    200 when database, tables and sample store can be used, else 503 and which cannot
"""

from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from fullscore.connectors.base import ConnectorError
from fullscore.domains.foundation.system.models import Import
from fullscore.domains.foundation.telemetry import queries as telemetry

WELL = "ok"


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse(WELL, content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say part by part whether work can be done; nothing of how things are set up."""
    parts = {name: look() for name, look in PARTS.items()}
    is_ready = set(parts.values()) == {WELL}
    return JsonResponse(parts, status=200 if is_ready else 503)


def _database() -> str:
    try:
        Import.objects.exists()
    except DatabaseError:
        return "away"
    return WELL


def _tables() -> str:
    try:
        return WELL if _are_ours() else "of another version"
    except DatabaseError:
        return "away"


def _are_ours() -> bool:
    """Say whether the tables are of this program's version; once they are, they stay so."""
    try:
        return _once()
    except LookupError:
        return False


@cache
def _once() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError  # not kept: they may be brought up to date any moment
    return True


def _samples() -> str:
    try:
        telemetry.store().stats()
    except (ConnectorError, OSError):
        return "away"
    return WELL


PARTS: dict[str, Callable[[], str]] = {
    "database": _database, "tables": _tables, "samples": _samples,
}  # fmt: skip
PATTERNS = [path("health", health), path("ready", ready)]
