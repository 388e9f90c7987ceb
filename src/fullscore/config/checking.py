"""`fullscore check run --all`."""

from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import Check, Finding
from fullscore.kit.checks import BY_WORD
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import require


def run_all(*, fail_at: str | None, by: User) -> int:
    """Run every enabled check and print what is bad; 1 when something of that severity is open."""
    require("findings.run_check", by=by)
    if fail_at is not None and fail_at not in BY_WORD:
        raise Invalid(f"“{fail_at}” is no severity: {', '.join(BY_WORD)}.")
    for check in Check.objects.filter(is_enabled=True):
        run = services.run_check(check, by=by)
        counts = ", ".join(f"{count} {name}" for name, count in run.counts.items() if count)
        print(f"{check.ident:36} {run.state:8} {counts or run.problem or 'nothing to look at'}")
    lowest = BY_WORD[fail_at] if fail_at else 6
    worst = Finding.objects.visible_to(by).pressing().filter(severity__gte=lowest)
    for finding in worst.order_by("-severity"):
        print(f"{finding.get_severity_display()}: {finding.title}")
    return 1 if worst.exists() else 0
