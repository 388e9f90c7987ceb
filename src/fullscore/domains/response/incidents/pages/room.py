"""The room of an incident: everything about it that one needs while it lasts, and it stays live."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path
from django.views.decorators.http import require_POST

from fullscore.domains.response.incidents import drawing, services
from fullscore.domains.response.incidents.models import (
    Incident,
    Role,
    StatusNotice,
    StatusUpdate,
    TimelineEntry,
)
from fullscore.engines import updates
from fullscore.interfaces.web import records, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, time
from fullscore.kit.errors import Problem
from fullscore.kit.models import User
from fullscore.kit.perform import Verb, find, perform, require
from fullscore.kit.resource import panels_on

PARTS = {"top", "told", "side", "map"}
MOST_TOLD = 30  # entries of the timeline; the others are a click away
KEYS = {"mitigate": "m", "resolve": "r"}  # letters of the buttons, beside `a` of the first
FIRST = ("acknowledge", "mitigate", "resolve")
LATER = ("page", "assign", "start_role", "add_task", "set_priority", "let_weigh", "merge", "split",
         "reopen", "let_in", "shut_out")  # fmt: skip
SAY = {
    "note": Verb(services.note, permission="incidents.acknowledge_incident"),
    "decide": Verb(services.decide, permission="incidents.acknowledge_incident"),
}
TELL = Verb(services.publish_update, permission="incidents.publish_status")
USUAL_MINUTES = {1: 30, 2: 60, 3: 240, 4: 0}  # until the next update; 0: none is promised
DOING = (TimelineEntry.Kind.NOTE, TimelineEntry.Kind.DECISION)
TOLD_HERE = "It stands on the timeline. Outside, people read the status page."
TOLD_BOTH = "It stands on the timeline, and on the status page too."
OFFERED = ("", "15", "30", "60", "120", "240")


def room(request: SignedIn, pk: int) -> HttpResponse:
    """Show the room, or the one part of it that was asked for."""
    incident = _incident(request, pk)
    part = request.GET.get("part", "")
    if part in PARTS:
        own = PART[part](incident, request.user) | {"incident": incident}
        html = render_to_string(f"incidents/room_{part}.html", own, request)
        return HttpResponse(html, headers={"Cache-Control": "no-store"})
    context: dict[str, Any] = {}
    for draw in PART.values():
        context |= draw(incident, request.user)
    return shell.page(
        request, "incidents/room.html", title=incident.title, page_title="Room", incident=incident,
        crumbs=_crumbs(incident), may_write=access.may(request.user, SAY["note"].permission),
        beside=_beside(request.user, incident), **context,
    )  # fmt: skip


def _top(incident: Incident, user: User) -> dict[str, Any]:
    resource = shell.resource_of(Incident)
    told = {b["name"]: b for b in records.buttons(resource, incident, user)} if resource else {}
    open_ones = StatusNotice.objects.visible_to(user).filter(closed_at__isnull=True)
    notices = list(open_ones.filter(incident=incident).order_by("pk"))
    can = {name: button | {"key": KEYS.get(name, "")} for name, button in told.items()
           if not button["why_not"]}  # fmt: skip
    return {
        "badges": list(resource.badges(incident)) if resource and resource.badges else [],
        "first": [can[name] for name in FIRST if name in can],
        "later": [can[name] for name in LATER if name in can],
        "reason": drawing.named([incident.priority_reason], user)[0],
        "root": drawing.root(incident, user),
        "suffering": {} if incident.state == "resolved" else drawing.suffering(incident, user),
        "notices": notices,
        "status_url": f"/status-notices/{notices[-1].pk}/publish"
        if notices
        else f"/incidents/{incident.pk}/begin_notice",
        "expected": drawing.expected_by(incident, user),
        "may_tell": access.may(user, TELL.permission),
        "is_late": incident.next_update_at is not None and incident.next_update_at < time.now(),
    }


def _told(incident: Incident, user: User) -> dict[str, Any]:
    return {"timeline": drawing.timeline(incident, user, MOST_TOLD)}


def _side(incident: Incident, user: User) -> dict[str, Any]:
    held = dict(incident.roles.filter(ends_at__isnull=True).values_list("role", "person__name"))
    tasks = list(incident.tasks.visible_to(user).select_related("assignee"))
    return {
        "called": drawing.called(incident, user),
        "helpers": drawing.helpers(incident, user),
        "roles": [(name, words, held.get(name)) for name, words in Role.choices],
        "tasks": sorted(tasks, key=lambda task: task.done_at is not None),
        "left": sum(task.done_at is None for task in tasks),
        "now": time.now(),
        "may_act": access.may(user, SAY["note"].permission),
    }


def _map(incident: Incident, user: User) -> dict[str, Any]:
    return {"map": drawing.blast_map(incident, user)}


PART = {"top": _top, "told": _told, "side": _side, "map": _map}


def _beside(user: User, incident: Incident) -> list[dict[str, str]]:
    """Return what others put on the page of an incident, such as suspects: fetched when it stands.

    These are the runbooks that fit, and the panels of packages this one does not know.
    """
    here = f"/incidents/{incident.pk}"
    return [
        {"title": panel.title, "key": panel.key, "url": f"{here}/panel/{panel.key}"}
        for owner, panel in panels_on(Incident, shell.resources())
        if (owner.model is not Incident or panel.title == drawing.RUNBOOKS) and panel.draw
        and access.may(user, panel.permission or owner.permission("view"))
    ]  # fmt: skip


@require_POST
def say(request: SignedIn, pk: int) -> HttpResponse:
    """Put a note or a decision on the timeline."""
    verb = SAY.get(request.POST.get("verb", ""), SAY["note"])
    values = {"text": request.POST.get("text", "")}
    try:
        perform(verb, Incident, pk, by=request.user, values=values)
    except Problem as problem:
        if not getattr(request, "htmx", False):
            messages.error(request, str(problem))
            return HttpResponseRedirect(f"/incidents/{pk}/room")
        return _composer(request, pk, str(problem), values["text"], 422)
    if getattr(request, "htmx", False):
        return _composer(request, pk)
    return HttpResponseRedirect(f"/incidents/{pk}/room")


def _composer(
    request: SignedIn, pk: int, problem: str = "", text: str = "", status: int = 200
) -> HttpResponse:
    """Answer with an empty composer, and with what was said beside it."""
    incident = _incident(request, pk)
    context = {"incident": incident, "problem": problem, "text": text, "is_again": True}
    html = render_to_string("incidents/room_composer.html", context, request)
    if not problem:
        context |= _told(incident, request.user) | {"is_aside": True}
        html += render_to_string("incidents/room_told.html", context, request)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})


# ── updates ────────────────────────────────────────────────────────────────────────────────────


class UpdateForm(forms.Form):
    """What is told, and when the next word comes."""

    text = forms.CharField(
        label="What is told", max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="A draft from what is known. Read it, and say it in your own words.",
    )  # fmt: skip
    next_minutes = forms.TypedChoiceField(
        label="Next update in",
        required=False, coerce=int, empty_value=None,
        choices=[(n, f"{n} minutes" if n else "not promised") for n in OFFERED],
    )  # fmt: skip
    phase = forms.ChoiceField(
        label="Status page", required=False,
        choices=[("", "not told there"), *((p.value, p.label) for p in StatusUpdate.OF_INCIDENT)],
        help_text="The public reads the same words there: no names of machines or people.",
    )  # fmt: skip
    public_title = forms.CharField(
        label="Title there", max_length=120, required=False,
        help_text="Nothing of this incident is open on the status page yet: name it.",
    )  # fmt: skip

    def __init__(self, *values: Any, notice: StatusNotice | None = None, **named: Any) -> None:
        super().__init__(*values, **named)
        if notice is not None:  # it has its title
            del self.fields["public_title"]
            self.fields["phase"].label = f"On the status page, of “{notice}”"


def update(request: SignedIn, pk: int) -> HttpResponse:
    """Draft an update, technical or plain; publish what a person made of it."""
    incident = _incident(request, pk)
    require(TELL.permission, incident, by=request.user)
    minutes = USUAL_MINUTES[incident.priority] if incident.state != "resolved" else 0
    facts = _facts(incident, request.user, minutes)
    drafts = {"plain": updates.plain(facts), "technical": updates.technical(facts)}
    chosen = request.GET.get("as", "plain")
    first = {"text": drafts.get(chosen, drafts["plain"]), "next_minutes": str(minutes or "")}
    sent = request.POST if request.method == "POST" else None
    form = UpdateForm(sent, initial=first, notice=services.open_notice(incident))
    if request.method == "POST" and form.is_valid():
        try:
            perform(TELL, Incident, pk, by=request.user, values=form.cleaned_data)
        except Problem as problem:
            for name, told in (getattr(problem, "fields", {}) or {"": [str(problem)]}).items():
                form.add_error(name if name in form.fields else None, ValidationError(told))
        else:
            messages.success(request, TOLD_BOTH if form.cleaned_data["phase"] else TOLD_HERE)
            return HttpResponseRedirect(f"/incidents/{pk}/room")
    return shell.page(
        request, "incidents/update.html", 422 if form.errors else 200,
        title="Tell how it stands", page_title="Update", incident=incident, form=form,
        chosen=chosen if chosen in drafts else "plain",
        crumbs=[*_crumbs(incident), {"title": "Room", "url": f"/incidents/{pk}/room"}],
    )  # fmt: skip


def _facts(incident: Incident, user: User, minutes: int) -> updates.Facts:
    """Return what is known, in names the writer may know and times of their clock."""
    zone = time.zone(user.time_zone)
    services_told = drawing.suffering(incident, user)["every"]
    noted = incident.timeline.visible_to(user).shown().filter(kind__in=DOING, by__isnull=False)
    ended_at = incident.resolved_at or incident.mitigated_at
    root = drawing.root(incident, user)
    return updates.Facts(
        number=incident.pk, title=incident.title, state=incident.state,
        priority=incident.get_priority_display(), what=root.name if root else "",
        services=[(item.name, state) for item, _, _, state in services_told],
        since=incident.starts_at.astimezone(zone),
        ended_at=ended_at.astimezone(zone) if ended_at else None,
        doing=[entry.text for entry in noted.order_by("at", "pk")], cause=incident.resolution,
        next_at=(time.now() + timedelta(minutes=minutes)).astimezone(zone) if minutes else None,
    )  # fmt: skip


def _incident(request: SignedIn, pk: int) -> Incident:
    require("incidents.view_incident", by=request.user)
    found: Incident = find(Incident, pk, by=request.user)
    return found


def _crumbs(incident: Incident) -> list[dict[str, str]]:
    return [{"title": "Incidents", "url": "/incidents?show=live"},
            {"title": incident.title, "url": f"/incidents/{incident.pk}"}]  # fmt: skip


PATTERNS = [
    path("incidents/<int:pk>/room", login_required(room), name="incident-room"),
    path("incidents/<int:pk>/room/say", login_required(say), name="incident-say"),
    path("incidents/<int:pk>/update", login_required(update), name="incident-update"),
]
