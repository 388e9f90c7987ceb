"""Campaigns over real targets: planned, looked at, approved, started."""

from datetime import timedelta

from fullscore.connectors.ssh import keys
from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.kit import secrets, time
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from tests import make
from tests.domains.infrastructure.patching.conftest import waits

PRIVATE, PUBLIC = keys.new_pair("patches")


def enrolled(target, name, *, version="1.0", candidate="2.0", manager="deb"):
    """Return a server that is this target, with the update its packages have waiting."""
    item = make.item(kind="host", name=name, criticality=1)
    server = make.server(item=item, security_updates=1)
    waits(server, "webapp", version, candidate, manager=manager)
    host = make.ssh_host(item=item, address="127.0.0.1", port=target.server.port,
                         host_key=target.server.line(), state="ok")  # fmt: skip
    kept = secrets.keep(f"key {item.pk}", PRIVATE, by=system(), kind=Secret.Kind.PRIVATE_KEY)
    make.patch_access(host=host, user=target.server.user, credential=kept)
    target.server.authorize(f"restrict {PUBLIC}")
    return server


def drafted(*, run_minutes=10, **values):
    """Return a planned campaign whose first slot is now."""
    now = time.now()
    make.patch_window(
        starts_on=now.date() - timedelta(days=1), starts_time=(now - timedelta(minutes=1)).time(),
        minutes=240,
    )  # fmt: skip
    baseline = make.baseline()
    make.ring(baseline=baseline, soak_hours=0)
    ann = make.user("ann", role="engineer")
    make.membership(person=make.person("ann", user=ann), team=make.team("of ann"))
    campaign = make.campaign(baseline=baseline, cut_off_at=now, begins_at=now, drafted_by=ann,
                             run_minutes=run_minutes, **values)  # fmt: skip
    services.plan(campaign, by=ann)
    planning.draw_up(campaign, by=system(), now=now, seconds=2)
    campaign.refresh_from_db()
    return campaign


def agreed(campaign, clock):
    """Have a planned campaign approved, and start it."""
    roles = {"ada": "approver", "eve": "approver", "otto": "operator"}
    by = {name: make.user(name, role=role) for name, role in roles.items()}
    for name, user in by.items():
        make.membership(person=make.person(name, user=user), team=make.team(f"of {name}"))
    services.propose(campaign, by=campaign.drafted_by)
    for name in ("ada", "eve"):
        if campaign.state == "proposed":
            services.approve(campaign, by=by[name], digest=campaign.digest[:8])
    clock(seconds=1)
    return services.start(campaign, by=by["otto"])


def started(clock, **values):
    """Plan a campaign whose first slot is now, have it approved, and start it."""
    return agreed(drafted(**values), clock)


def states(campaign):
    rows = campaign.runs.select_related("server__item").order_by("server__item__name")
    return {run.server.item.name: run.state for run in rows}


def only(campaign):
    return campaign.runs.get()
