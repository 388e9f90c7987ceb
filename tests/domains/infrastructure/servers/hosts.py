"""Hosts as the probe tells of them: every row goes through the reader of real reports."""

import json
from datetime import UTC, datetime, timedelta

from fullscore.connectors.probe import parse
from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def host(facts, *gaps, minutes_old=5, **memory):
    """Return a host that told these sections, read as any report is; `memory` adds what only we
    know."""
    report = {"format": 1, "probe": "1.0", "at": NOW.timestamp(), "took_ms": 1, "complete": True,
              "facts": facts, "samples": [], "errors": []}  # fmt: skip
    read = dict(parse.read(json.dumps(report).encode()).facts)
    for section, adding in memory.items():
        read[section] = adding(read[section])
    missing: dict[str, tuple[str, ...]] = {}
    for section, reason in gaps:
        missing[section] = (*missing.get(section, ()), reason)
    return Host(7, 1, "web1", NOW - timedelta(minutes=minutes_old), read, missing)


def judged(check, *facts):
    """Return what a check says, as (key, outcome, severity)."""
    verdicts = list(check.judge(facts, now=NOW, limits=Limits(check.limits)))
    return [(v.subject.key, v.outcome, v.severity) for v in verdicts]


def worst(check, *facts):
    """Return the one word that counts: bad with its severity, else unknown, good, not
    applicable."""
    said = judged(check, *facts)
    bad = max((severity for _, outcome, severity in said if outcome == "bad"), default=0)
    if bad:
        return bad
    return next(
        (
            word
            for word in ("unknown", "good", "not_applicable")
            if any(o == word for _, o, _ in said)
        ),
        "nothing",
    )
