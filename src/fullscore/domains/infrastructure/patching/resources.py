"""How campaigns, baselines, rings, windows and urgencies are seen."""

from typing import Any

from django import forms
from django.utils.timezone import localtime

from fullscore.domains.infrastructure.patching import drawing, services
from fullscore.domains.infrastructure.patching.models import (
    AcceptedOutage,
    Baseline,
    Campaign,
    Hold,
    PatchAccess,
    PatchWindow,
    Ring,
    RunStep,
    ServerRun,
    SpareLease,
    Urgency,
    Wave,
)
from fullscore.domains.infrastructure.servers.models import Server, SshHost
from fullscore.kit import time
from fullscore.kit.perform import Unmet, Verb
from fullscore.kit.resource import Panel, Resource

TONES = {"proposed": "warn", "approved": "info", "running": "info", "paused": "high", "done": "ok"}
RUN_TONES = {"done": "ok", "failed": "crit", "unknown": "high", "running": "info", "back": "warn"}
LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

BASELINE = Resource(
    Baseline,
    columns=["name", "selector", "take", "age_days", "release"],
    fields=["name", "selector", "take", "listed", "age_days", "minimum", "release"],
    facts=["listed", "minimum"],
    filters=["take"],
    search=["name"],
    order=["name"],
    icon="flag",
    group="Change",
    under="Changes",
    can_delete=True,
    panels=[
        Panel("Rings", rows=lambda b: b.rings.all(), adds="baseline",
              columns=["place", "name", "selector", "offset_days", "soak_hours"]),
        Panel("Holds", rows=lambda b: b.holds.all(), adds="baseline",
              columns=["package", "candidates", "until", "reason"]),
        Panel("Pending", on=Server, draw=drawing.draw_pending),
    ],
)  # fmt: skip

HOLD = Resource(
    Hold,
    columns=["package", "candidates", "baseline", "until", "reason"],
    fields=["baseline", "package", "candidates", "reason", "until"],
    filters=["baseline", "until"],
    search=["package", "reason"],
    order=["until"],
    icon="pin",
    group="Change",
    under="Changes",
    add=services.add_hold,
    change=services.change_hold,
    can_delete=True,
    badges=lambda h: [("over", "")] if h.until < time.now().date() else [("holds", "info")],
)

RING = Resource(
    Ring,
    columns=["name", "baseline", "place", "selector", "offset_days", "soak_hours"],
    fields=["baseline", "name", "place", "selector", "offset_days", "soak_hours"],
    filters=["baseline"],
    search=["name"],
    order=["baseline", "place"],
    icon="circle",
    add=services.add_ring,
    change=services.change_ring,
    can_delete=True,
)

PATCH_WINDOW = Resource(
    PatchWindow,
    columns=["name", "selector", "recurrence", "starts_time", "zone", "minutes", "capacity"],
    fields=["name", "selector", "recurrence", "starts_on", "starts_time", "zone", "minutes",
            "capacity", "site_capacity"],
    facts=["starts_on", "site_capacity"],
    filters=["zone"],
    search=["name"],
    order=["name"],
    icon="timer",
    group="Change",
    under="Changes",
    add=services.add_window,
    change=services.change_window,
    can_delete=True,
    panels=[Panel("Opens next", draw=drawing.draw_openings, leads=True)],
)  # fmt: skip

URGENCY = Resource(
    Urgency,
    columns=["package", "version", "probability", "is_exploited", "due_on", "source"],
    filters=["is_exploited", "probability"],
    search=["package", "version"],
    order=["-probability"],
    icon="flame",
)


class CampaignForm(forms.ModelForm):
    """What a campaign is drafted from."""

    cut_off_at = forms.DateTimeField(
        label="cut-off", widget=LOCAL, initial=time.now,
        help_text="Updates that were not known by then wait for the next campaign.",
    )  # fmt: skip
    begins_at = forms.DateTimeField(
        label="not before", widget=LOCAL, initial=time.now,
        help_text="The first ring begins with the first window after it.",
    )  # fmt: skip

    class Meta:
        model = Campaign
        fields = ("title", "baseline", "release_from", "cut_off_at", "begins_at", "run_minutes",
                  "error_limit", "settle_minutes", "way_back", "no_way_back", "new_dependencies",
                  "reboots", "drains", "way")  # fmt: skip


def badges(campaign: Campaign) -> list[tuple[str, str]]:
    """Return its state, and whatever is special about it."""
    told = [(campaign.get_state_display(), TONES.get(campaign.state, ""))]
    if campaign.is_planning:
        told.append(("being planned", "info"))
    if campaign.is_looking:
        told.append(("hosts are asked", "info"))
    if campaign.way_back == "none":
        told.append(("no way back", "warn"))
    if campaign.problems:
        told.append(("plan would break", "high"))
    return told


def _only(*states: str) -> Any:
    return lambda c: "" if c.state in states else f"It is {c.get_state_display().lower()}."


def _may_start(campaign: Campaign) -> str:
    by_hand = (
        "A release upgrade is carried out by hand: start its change."
        if (campaign.release_from)
        else ""
    )
    return _only("approved")(campaign) or by_hand


def _simulated(campaign: Campaign) -> str:
    if not campaign.problems:
        return "Nothing would fall."
    return Unmet(f"{campaign.problems[0]} Plan it anew.")


def _approved(campaign: Campaign) -> str:
    if campaign.state == Campaign.State.APPROVED:
        return "Approved: it may start when its first window opens."
    return "Your approval counts; the page of its change says whose is missing."


CAMPAIGN = Resource(
    Campaign,
    columns=["title", "baseline", "state", "begins_at", "planned_at", "drafted_by", "approved_by"],
    fields=["title", "baseline", "release_from", "cut_off_at", "begins_at", "run_minutes",
            "error_limit", "settle_minutes", "way_back", "no_way_back", "new_dependencies",
            "reboots", "drains", "way"],
    facts=["release_from", "cut_off_at", "run_minutes", "error_limit", "settle_minutes", "way_back",
           "no_way_back", "new_dependencies", "reboots", "drains", "way", "looked_at", "change",
           "why", "approved_at", "started_at", "ended_at"],
    filters=["state", "baseline", "way"],
    search=["title"],
    order=["-begins_at"],
    icon="rocket",
    group="Change",
    under="Changes",
    form=CampaignForm,
    add=services.draft,
    change=services.revise,
    takes_files=False,
    in_bulk=False,
    badges=badges,
    subtitle=lambda c: f"Not before {localtime(c.begins_at):%-d %b %H:%M}",
    panels=[
        Panel("Plan", draw=drawing.draw_plan, leads=True),
        Panel("What hosts would do", draw=drawing.draw_looks),
        Panel("Left out", draw=drawing.draw_left_out),
        Panel("Waves", rows=lambda c: c.waves.all(),
              columns=["number", "starts_at", "ends_at", "state"]),
        Panel("Runs", rows=lambda c: c.runs.exclude(state="unplaced"),
              columns=["server", "wave__number", "state", "why", "started_at", "ended_at"]),
        Panel("Accepted outages", rows=lambda c: c.outages.all(),
              columns=["service", "starts_at", "ends_at", "reason", "by"]),
        Panel("Patch campaigns", on=Baseline, rows=lambda b: b.campaigns.all(),
              columns=["title", "state", "begins_at"]),
    ],
    verbs=[
        Verb(services.plan, permission="patching.change_campaign", icon="calendar-range",
             tone="primary", done="{} is being planned; its page follows.",
             when=_only(*Campaign.PLANNABLE)),
        Verb(services.look, permission="patching.change_campaign", icon="scan-eye",
             in_bulk=False, past="asked",
             done="The hosts of {} are asked what they would do; its page follows.",
             when=lambda c: ("Plan it first." if not c.digest or c.is_planning
                             else _only(*Campaign.PLANNABLE)(c))),
        Verb(services.accept_no_way_back, permission="patching.change_campaign", in_bulk=False,
             icon="circle-slash", past="accepted",
             done="{} goes on where there is no way back; that is part of what is approved.",
             when=lambda c: ("No server lacks a way back." if not c.looked_at
                             else _only("draft")(c))),
        Verb(services.simulate, permission="patching.change_campaign", icon="workflow",
             done=_simulated, when=lambda c: "" if c.digest else "Plan it first."),
        Verb(services.accept_outage, permission="patching.change_campaign", icon="circle-slash",
             in_bulk=False, past="accepted", done="{} is planned anew, with the outage.",
             when=_only(*Campaign.PLANNABLE)),
        Verb(services.propose, permission="patching.change_campaign", icon="send",
             done="{} is proposed; those who may approve it were told.",
             when=lambda c: ("Plan it first." if not c.digest or c.is_planning
                             else _only("draft")(c))),
        Verb(services.approve, permission="patching.approve_campaign", icon="check",
             in_bulk=False, done=_approved, when=_only("proposed"),
             hints={"digest": "The first eight letters of the plan's digest, as its page shows"
                    " them: the yes is to that plan alone."}),
        Verb(services.start, permission="patching.execute_campaign", icon="play",
             in_bulk=False, past="started", when=_may_start,
             done="{} is started: its waves begin when their time comes."),
        Verb(services.pause, permission="patching.execute_campaign", icon="pause",
             past="paused", when=_only("running")),
        Verb(services.resume, permission="patching.execute_campaign", icon="play",
             past="going on", when=_only("paused")),
        Verb(services.stop, permission="patching.execute_campaign", icon="ban", tone="danger",
             in_bulk=False, past="stopped", when=_only(*Campaign.UNDER_WAY)),
    ],
)  # fmt: skip

WAVE = Resource(
    Wave,
    name="patch-wave",
    columns=["campaign", "number", "starts_at", "ends_at", "state"],
    facts=["started_at", "ended_at"],
    filters=["campaign", "state", "starts_at"],
    order=["starts_at"],
    icon="activity",
    panels=[Panel("Servers of the wave", rows=lambda w: w.runs.all(),
                  columns=["server", "state", "why"])],
    verbs=[
        Verb(services.roll_back_wave, name="roll_back", permission="patching.execute_campaign",
             icon="undo-2", tone="danger", in_bulk=False,
             done="The servers of {} are put back as they were kept."),
    ],
)  # fmt: skip

SERVER_RUN = Resource(
    ServerRun,
    columns=["server", "campaign", "wave", "state", "why", "started_at", "ended_at"],
    facts=["ring", "packages", "looked_at", "transaction", "lacks", "unseen", "risk"],
    filters=["campaign", "state", "server"],
    search=["server__item__name"],
    order=["-pk"],
    icon="package-check",
    badges=lambda r: [(r.get_state_display(), RUN_TONES.get(r.state, ""))],
    panels=[
        Panel("Steps", rows=lambda r: r.steps.all(), leads=True,
              columns=["place", "name", "state", "started_at", "ended_at", "evidence"]),
        Panel("Spare it uses", rows=lambda r: r.leases.all(),
              columns=["requirement", "units", "at", "released_at"]),
        Panel("Patched", on=Server, rows=lambda s: s.patch_runs.all(),
              columns=["campaign", "wave", "state", "why"]),
    ],
    verbs=[
        Verb(services.skip, permission="patching.execute_campaign", icon="x", past="left out",
             when=lambda r: "" if r.state == "planned" else "It has begun, or is over."),
        Verb(services.roll_back, permission="patching.execute_campaign", icon="undo-2",
             tone="danger", done="{} is put back as it was kept.",
             when=lambda r: ("" if r.state in ("done", *ServerRun.WENT_WRONG)
                             else "Only what is over is put back.")),
    ],
)  # fmt: skip

ACCEPTED_OUTAGE = Resource(
    AcceptedOutage,
    columns=["campaign", "service", "starts_at", "ends_at", "reason", "by"],
    filters=["campaign"],
    search=["reason"],
    order=["-starts_at"],
    icon="circle-slash",
)

RUN_STEP = Resource(
    RunStep,
    columns=["run", "place", "name", "state", "started_at", "ended_at"],
    facts=["told", "evidence"],
    filters=["run", "name", "state"],
    order=["-pk"],
    icon="list-ordered",
)

SPARE_LEASE = Resource(
    SpareLease,
    columns=["requirement", "units", "run", "at", "released_at"],
    filters=["run", "requirement"],
    order=["-at"],
    icon="scale",
)

PATCH_ACCESS = Resource(
    PatchAccess,
    columns=["host", "user"],
    fields=["host", "user"],
    facts=["public_key"],
    filters=["host"],
    search=["user", "host__address"],
    order=["host"],
    icon="key",
    add=services.add_access,
    change=services.change_access,
    takes_files=False,
    can_delete=True,
    badges=lambda w: [("has a key", "ok") if w.credential_id else ("has no key", "warn")],
    panels=[
        Panel("What to put on the host", draw=drawing.draw_access, leads=True),
        Panel("Patched by", on=SshHost, rows=lambda h: PatchAccess.objects.filter(host=h),
              columns=["user"], adds="host"),
    ],
    verbs=[
        Verb(services.make_access_key, name="make_key", permission="patching.change_patchaccess",
             icon="key-round", tone="primary",
             done="{}: a pair of keys is made; its page says what to put on the host."),
        Verb(services.give_access_key, name="give_key", permission="patching.change_patchaccess",
             icon="lock", secrets=frozenset({"private_key"}),
             done="{} has a key; it is not shown again."),
    ],
)  # fmt: skip
