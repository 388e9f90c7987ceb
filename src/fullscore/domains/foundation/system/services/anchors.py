"""The head of the audit, kept outside the database: so a chain that was cut short is found.

Whoever can remove the newest entries from the database leaves a chain that is sound in itself. Each
hour its newest number and hash go into a file and into the log, which a host sends elsewhere.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from fullscore.kit import audit, time
from fullscore.kit.log import get_logger
from fullscore.kit.models import AuditEntry

AT_ONCE = 500
log = get_logger()


class Anchor(NamedTuple):
    """What the newest entry was at a moment."""

    at: str
    n: int
    hash: str


def file() -> Path:
    """Return where the heads are written."""
    named: str = settings.OPTIONS.audit_heads
    return Path(named) if named else Path(settings.OPTIONS.home) / "audit-heads"


def write_head() -> Anchor | None:
    """Add the present head to the file and the log; None when nothing was written since."""
    n, hash_ = audit.head()
    last = next(reversed(list(anchors())), None)
    if not n or (last and (last.n, last.hash) == (n, hash_)):
        return None
    anchor = Anchor(time.now().isoformat(timespec="seconds"), n, hash_)
    with file().open("a") as heads:
        heads.write(f"{anchor.at} {n} {hash_}\n")
    log.info("audit head", n=n, hash=hash_)
    return anchor


def anchors() -> Iterator[Anchor]:
    """Yield the heads that were written, the oldest first; a line of another shape is left out."""
    try:
        lines = file().read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        match line.split():
            case [at, n, hash_] if n.isdecimal():
                yield Anchor(at, int(n), hash_)


def verify() -> tuple[int, str]:
    """Walk the whole chain and hold it against every head that was written.

    Return the number of good entries and what is wrong with the next one.
    """
    good, problem = audit.verify()
    return good, problem or _disagreement(list(anchors()))


def _disagreement(kept: list[Anchor]) -> str:
    for start in range(0, len(kept), AT_ONCE):
        some = kept[start : start + AT_ONCE]
        known = dict(_hashes(one.n for one in some))
        for one in some:
            if one.n not in known:
                return f"Entry {one.n} was there at {one.at} and is gone: the end was cut off."
            if known[one.n] != one.hash:
                return f"Entry {one.n} is another than at {one.at}: the chain was written anew."
    return ""


def _hashes(numbers: Iterable[int]) -> Iterable[tuple[int, str]]:
    return AuditEntry.objects.filter(n__in=list(numbers)).values_list("n", "hash")
