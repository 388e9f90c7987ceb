"""Reading this machine, and looking at fresh facts at once."""

from fullscore.connectors.probe import client, parse
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit import time
from fullscore.kit.jobs import every, job
from fullscore.kit.models.user import system


def read_local() -> None:
    """Take this machine's facts, and its samples of the same moment."""
    now = time.now()
    report = parse.read(client.run_local(facts=True, samples=True))
    server = services.local_server(report.facts.get("identity") or {}, by=system())
    try:
        services.take_samples(server.item, report, now=now)
    finally:  # a full sample store keeps no facts away
        services.take_facts(server, report, by=system(), now=now)


class LocalSampler:
    """Takes this machine's samples in this process: no start of an interpreter each time."""

    def __init__(self) -> None:
        self.probe = client.Local()

    def __call__(self) -> None:
        """Take one set of samples."""
        server = Server.objects.filter(way=Server.Way.LOCAL).select_related("item").first()
        if server is None:
            return
        now = time.now()
        report = parse.Report(
            at=now.timestamp(), probe="local", took_ms=0, complete=True, facts={},
            samples=tuple(self.probe.samples()), errors=(),
        )  # fmt: skip
        services.take_samples(server.item, report, now=now)


@job()
def check_facts(item: int, sections: list[str]) -> None:
    """Run the checks of facts on a host that has just told them."""
    for check in Check.objects.filter(is_enabled=True, good_runs=1):
        if check.ident.startswith(("servers.", "estate.")):
            findings.run_check(check, by=system(), items=[item])


@every(minutes=5)
def declare_silent() -> None:
    """Mark the servers that have gone silent."""
    services.declare_silent(now=time.now())
