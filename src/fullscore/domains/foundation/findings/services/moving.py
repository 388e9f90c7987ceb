"""Findings of an item that turned out to be another one."""

from fullscore.domains.foundation.findings.models import Finding
from fullscore.kit.audit import recorded
from fullscore.kit.checks import Subject
from fullscore.kit.models import User


def follow_merge(into: int, *, by: User) -> int:
    """Know an item's live findings by the item they are of now; returns how many were not.

    So the next run finds them again, with their owner, their comments and their exception. One
    whose condition was found at the item already is left: that run tells nothing of it, and it
    closes.
    """
    rows = Finding.objects.live().filter(item=into)
    followed = 0
    for finding in rows.select_related("check_of"):
        subject = Subject(into, finding.record, finding.person_id, finding.key)
        fingerprint = subject.fingerprint(finding.check_of.ident)
        is_known = finding.fingerprint == fingerprint
        if is_known or rows.filter(fingerprint=fingerprint).exists():
            continue
        with recorded(finding, "follow", by=by, note=f"its item is item {into} now"):
            finding.fingerprint = fingerprint
        followed += 1
    return followed
