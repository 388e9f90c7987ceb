"""Writing imports in the background, and letting go of old ones."""

from fullscore.domains.foundation.system import services
from fullscore.domains.foundation.system.models import Import
from fullscore.domains.foundation.system.services import anchors
from fullscore.kit import time
from fullscore.kit.audit import coming
from fullscore.kit.errors import Conflict
from fullscore.kit.jobs import every, job
from fullscore.kit.models import User
from fullscore.kit.models.user import system


@job()
def write_import(number: int, by: int) -> None:
    """Write the good rows of an import, as whoever let it happen."""
    accepted, user = Import.objects.get(pk=number), User.objects.get(pk=by)
    with coming("import"):
        services.write(accepted, by=user)


@job()
def fetch_inventory(number: int, by: int) -> None:
    """Read an inventory from NetBox or Nautobot, for whoever asked."""
    asked, user = Import.objects.get(pk=number), User.objects.get(pk=by)
    if asked.state == Import.State.FETCHING:
        with coming("import"):
            services.fetch(asked, by=user)


@job()
def take_back_import(number: int, by: int) -> None:
    """Take back what an import wrote, as whoever wants it so."""
    revoked, user = Import.objects.get(pk=number), User.objects.get(pk=by)
    with coming("import"):
        services.take_back(revoked, by=user)


@every(hours=1)
def write_audit_head() -> None:
    """Keep the audit's newest number and hash outside the database."""
    anchors.write_head()


@every(days=1, at="03:50")
def prune_imports() -> None:
    """Let go of the rows of imports after 30 days: what they wrote stands in the audit."""
    services.forget_old(by=system())


@every(days=1, at="04:20")
def thin_versions() -> None:
    """Keep one version a day of what is older than 800 days."""
    services.thin(now=time.now())


@every(days=1, at="04:40")
def check_versions() -> None:
    """Say in the log which records' versions overlap or leave a gap, and fail when there are any.

    So it waits among the dead letters until somebody has looked.
    """
    if found := services.broken():
        noun, record, what = found[0]
        raise Conflict(
            f"The versions of {len(found)} records do not follow each other, such as {noun} "
            f"{record} ({what}): the log names them."
        )
