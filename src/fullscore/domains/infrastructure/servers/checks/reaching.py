"""Checks of how hosts are reached over SSH."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.connectors.ssh.keys import fingerprint
from fullscore.domains.infrastructure.servers.queries import Visited
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, graded, rule


@rule(
    "servers.ssh_failing", title="Hosts that cannot be read over SSH",
    every=timedelta(minutes=1),
    why="While a host is not read, nothing that goes wrong there is seen.",
    source="Three visits in a row that failed.",
    fix="Read the error: open the way to it, or give user, credential or Python their due.",
    limits={"high": 2},
)  # fmt: skip
def ssh_failing(visits: Iterable[Visited], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which hosts could not be read three times in a row."""
    for one in visits:
        yield graded(
            Subject(item=one.item, key=one.place), one.failures, limits.of(one.item), unit="1",
            title=f"{one.name} cannot be read over SSH", advice=ssh_failing.fix,
            evidence=({"address": one.place, "error": one.error},),
        )  # fmt: skip


@rule(
    "servers.ssh_key_changed", title="Hosts that show another key than the trusted one",
    every=timedelta(minutes=1),
    why="Either the host was set up anew, or somebody stands between us and it.",
    source="The key offered differs from the pinned one; our judgement: critical until explained.",
    fix="Compare on the host's own console: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`."
    " If it is its new key, trust it on the host's page under SSH hosts.",
    is_urgent=True,
)  # fmt: skip
def ssh_key_changed(
    visits: Iterable[Visited], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which hosts show a key nobody has trusted; they are not talked to."""
    for one in visits:
        subject = Subject(item=one.item, key=one.place)
        if not one.offered:
            yield good(subject)
            continue
        keys = {"trusted": fingerprint(one.trusted), "shown": fingerprint(one.offered)}
        yield bad(
            subject, severity=5, title=f"{one.name} shows another SSH key", evidence=(keys,),
            advice=ssh_key_changed.fix,
        )  # fmt: skip
