"""One condition, one row: what follows from another finding is folded under it, never hidden."""

from collections.abc import Iterable

from django.db import transaction

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.findings.models import Event, Finding
from fullscore.kit import checks as kit
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.models import User


@transaction.atomic
def fold(*, by: User) -> list[int]:
    """Put each live finding under the one it follows from; returns those that now stand alone.

    Two reasons count: an item out of reach takes along whatever depends on it, and some checks
    follow from others on the same item (`Check.follows`).
    """
    found = _concerned()
    causes = _by_dependency(found) | _by_check(found)
    freed = []
    for finding in found.values():
        cause = causes.get(finding.pk)
        if cause == finding.because_of_id:
            continue
        if cause is None:
            freed.append(finding.pk)
        _place(finding, found[cause] if cause else None, by)
    return freed


def _concerned() -> dict[int, Finding]:
    """Return the live findings that may be a cause or a consequence, and those folded by now."""
    live = Finding.objects.live().select_related("check_of")
    rows = live.filter(check_of__ident__in=_idents(), item__isnull=False).order_by("pk")
    folded = live.filter(because_of__isnull=False)
    return {finding.pk: finding for finding in (*rows, *folded)}


def _by_dependency(found: dict[int, Finding]) -> dict[int, int]:
    known = kit.known()
    down: dict[int, int] = {}
    for finding in found.values():
        check = known.get(finding.check_of.ident)
        if check is not None and check.is_outage and finding.item_id is not None:
            down[finding.item_id] = finding.pk
    causes = estate.brought_down(down) if len(down) > 1 else {}
    return {down[item]: down[cause] for item, cause in causes.items()}


def _by_check(found: dict[int, Finding]) -> dict[int, int]:
    """Return the causes among checks; one that says of what (a unit) explains only the same."""
    at = {(f.check_of.ident, f.item_id, f.key): pk for pk, f in found.items()}
    causes: dict[int, int] = {}
    for pk, finding in found.items():
        check = kit.known().get(finding.check_of.ident)
        for ident in check.follows if check else ():
            for key in ("", finding.key):
                cause = at.get((ident, finding.item_id, key))
                if cause is not None:
                    causes[pk] = cause
    return causes


def _place(finding: Finding, cause: Finding | None, by: User) -> None:
    note = f"it follows from finding {cause.pk}" if cause else "it stands by itself"
    locked = Finding.objects.live().select_for_update().filter(pk=finding.pk).first()
    if locked is None:  # closed meanwhile
        return
    finding = locked
    with recorded(finding, "fold" if cause else "unfold", by=by, note=note):
        finding.because_of = cause
        Event.objects.create(
            finding=finding, at=time.now(), by=by, kind="folded" if cause else "unfolded", note=note
        )


def is_concerned(idents: Iterable[str]) -> bool:
    """Say whether any of these checks is a cause or a consequence of others."""
    return not _idents().isdisjoint(idents)


def _idents() -> set[str]:
    """Return the checks whose findings may be a cause or a consequence."""
    known = kit.known().values()
    idents = {check.id for check in known if check.is_outage or check.follows}
    return idents.union(*(check.follows for check in known))
