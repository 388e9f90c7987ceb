"""How rounds of sharing out are seen."""

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.overview.attention import services
from fullscore.domains.overview.attention.models import Proposal, Sharing
from fullscore.kit import money
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

TONES = {"proposed": "warn", "accepted": "ok", "refused": "", "passed": ""}

SHARING = Resource(
    Sharing,
    columns=["team", "at", "by", "hours_each"],
    fields=["team", "hours_each"],
    filters=["team"],
    order=["-at"],
    icon="users",
    takes_files=False,
    can_change=False,
    in_bulk=False,
    add=services.share_out,
    change=services.keep,
    panels=[
        Panel("Proposals", rows=lambda s: s.proposals.all(),
              columns=["title", "person", "cost_per_hour", "work_hours", "state", "reason"]),
        Panel("Shared out", on=Team, rows=lambda team: Sharing.objects.filter(team=team),
              columns=["at", "by", "hours_each"]),
    ],
)  # fmt: skip

PROPOSAL = Resource(
    Proposal,
    columns=["title", "person", "cost_per_hour", "work_hours", "state", "sharing"],
    facts=["key", "reason"],
    filters=["state", "person"],
    quick={"Waiting": "state=proposed"},
    order=["-cost_per_hour"],
    cells={"cost_per_hour": money.per_hour},
    icon="inbox",
    badges=lambda p: [(p.get_state_display(), TONES[p.state])],
    verbs=[
        Verb(services.accept, permission="findings.acknowledge_finding", icon="check",
             tone="primary",
             when=lambda p: "" if p.state == "proposed" else f"It is {p.state}."),
        Verb(services.refuse, permission="findings.acknowledge_finding", icon="x",
             when=lambda p: "" if p.state == "proposed" else f"It is {p.state}."),
    ],
)  # fmt: skip
