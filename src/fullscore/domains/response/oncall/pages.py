"""On call now, my shifts, who bore what; bringing rotas over; the page that answers a call."""

import json
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.directory.queries import person_of
from fullscore.domains.response.oncall.models import (
    ContactChannel,
    ContactRule,
    RotaImport,
    Run,
    Schedule,
    Shift,
    Swap,
)
from fullscore.domains.response.oncall.queries import fairness
from fullscore.domains.response.oncall.queries.rota import now_on_call
from fullscore.domains.response.oncall.services import answering, bringing, channels, rota
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.interfaces.web.writing import verb_of
from fullscore.kit import access, time
from fullscore.kit.errors import Invalid, Problem
from fullscore.kit.perform import Verb, perform, require
from fullscore.kit.resource import Resource

SHOWN = 20
PUBLISH = Verb(rota.publish, permission="oncall.change_schedule")
MOST_BYTES = 10 * 1024 * 1024


class ChannelForm(forms.Form):
    """A way to be reached."""

    kind = forms.ChoiceField(choices=ContactChannel.Kind.choices)
    address = forms.CharField(
        max_length=500, required=False,
        help_text="E-mail: the address. Webhook, ntfy: https://… Telegram: the chat's number. "
        "Slack, Teams, SMS: how it shall be called here.",
    )  # fmt: skip
    secret = forms.CharField(
        max_length=1000, required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Webhook: the key that signs. Slack, Teams: the address they gave you. "
        "Telegram: the bot's token. SMS: the gateway, such as clicksend://user:key@+49…",
    )  # fmt: skip


def on_call(request: SignedIn) -> HttpResponse:
    """Show who is on call now, until when, who follows, and when nobody will be."""
    require("oncall.view_schedule", by=request.user)
    lines = now_on_call(Schedule.objects.visible_to(request.user), now=time.now())
    runs = Run.objects.visible_to(request.user).live().select_related("policy", "answered_by")
    nobody = sum(line.person is None for line in lines)
    return shell.page(
        request, "oncall/now.html", title="On call", lines=lines, nobody=nobody,
        runs=runs.order_by("-severity", "started_at")[:SHOWN],
        may_answer=access.may(request.user, "oncall.acknowledge_run"),
    )  # fmt: skip


def my_shifts(request: SignedIn) -> HttpResponse:
    """Show one's own shifts, how one is reached, and what others ask."""
    require("oncall.view_schedule", by=request.user)
    form = ChannelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            channels.add_channel(by=request.user, **form.cleaned_data)
        except Problem as problem:
            _refused(form, problem)
        else:
            messages.success(request, "A code is on its way: enter it to confirm the channel.")
            return HttpResponseRedirect("/my-shifts")
    return shell.page(
        request, "oncall/mine.html", 422 if form.errors else 200, title="My shifts", form=form,
        **_mine(request),
    )  # fmt: skip


def _refused(form: forms.Form, problem: Problem) -> None:
    for name, texts in getattr(problem, "fields", {}).items():
        form.add_error(name if name in form.fields else None, texts)
    if not form.errors:
        form.add_error(None, ValidationError(str(problem)))


def _mine(request: SignedIn) -> dict[str, Any]:
    now, me = time.now(), person_of(request.user)
    shifts = Shift.objects.filter(person=me, ends_at__gt=now) if me else Shift.objects.none()
    asked = Swap.objects.filter(state=Swap.State.OPEN, ends_at__gt=now)
    others = asked.exclude(person=me) if me else asked.none()
    return {
        "now": now, "may_take": access.may(request.user, "oncall.change_swap"),
        "me_person": me, "shifts": shifts.select_related("schedule").order_by("starts_at")[:SHOWN],
        "asked": [s for s in others.select_related("person", "shift__schedule")
                  if s.wanted_id in (None, me.pk if me else 0)],
        "offered": set(asked.filter(person=me).values_list("shift", flat=True)) if me else set(),
        "channels": ContactChannel.objects.visible_to(request.user),
        "rules": ContactRule.objects.visible_to(request.user).select_related("channel"),
    }  # fmt: skip


@require_POST
@never_cache
def publish_own(request: SignedIn) -> HttpResponse:
    """Show the new private address of one's calendar, this once."""
    require("oncall.view_schedule", by=request.user)
    address = settings.OPTIONS.address + rota.publish_own(by=request.user)
    return shell.page(
        request, "oncall/calendar.html", title="Your calendar", address=address, whose="your",
        back="/my-shifts",
    )  # fmt: skip


@never_cache
def publish(request: SignedIn, pk: int) -> HttpResponse:
    """Show the new private address of a schedule's calendar, this once, for it to be copied."""
    if request.method != "POST":
        return verb_of(cast(Resource, shell.resource_of(Schedule)), PUBLISH)(request, pk)
    address = settings.OPTIONS.address + perform(PUBLISH, Schedule, pk, by=request.user, values={})
    return shell.page(
        request, "oncall/calendar.html", title="Calendar of a schedule", address=address,
        whose="its", back=f"/schedules/{pk}",
    )  # fmt: skip


def bore(request: SignedIn) -> HttpResponse:
    """Show for each schedule who bore what over 26 weeks, and who owes whom."""
    require("oncall.view_schedule", by=request.user)
    now, told = time.now(), []
    for schedule in Schedule.objects.visible_to(request.user):
        accounts = fairness.accounts_of(schedule, now=now)
        people = Person.objects.in_bulk([int(one.person) for one in accounts])
        most = max((abs(one.debt) for one in accounts), default=0.0) or 1.0
        rows = [
            {"person": people.get(int(one.person)), "hours": one.hours, "points": one.points,
             "debt": one.debt, "width": round(abs(one.debt) / most * 50, 1)}
            for one in accounts
        ]  # fmt: skip
        told.append({"schedule": schedule, "rows": rows})
    return shell.page(request, "oncall/fairness.html", title="Fairness", told=told)


class Files(forms.ClearableFileInput):
    """A field for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; none is an empty list."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return each file, checked by itself."""
        return [super(FilesField, self).clean(one, initial) for one in data or ()]


class BringForm(forms.Form):
    """Where the rotas of another tool are read."""

    kind = forms.ChoiceField(label="comes from", choices=RotaImport.Kind.choices)
    url = forms.CharField(
        label="address of its API", max_length=300, required=False,
        help_text="Grafana OnCall: Settings → API URL. Opsgenie: https://api.opsgenie.com, or "
        "https://api.eu.opsgenie.com.",
    )  # fmt: skip
    token = forms.CharField(
        max_length=500, required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="One that may read is enough. It is used this once and kept nowhere.",
    )  # fmt: skip
    exported = FilesField(
        label="or its exported files", required=False,
        widget=Files(attrs={"accept": ".json", "multiple": True}),
        help_text="Answers of its API, such as users.json; the guide lists them.",
    )  # fmt: skip


def bring(request: SignedIn) -> HttpResponse:
    """Read the rotas of another tool, by its API or from files, and show what would come."""
    require("oncall.add_rotaimport", by=request.user)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = BringForm(*sent)
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(f"/rota-imports/{_brought(request, form).pk}")
        except Problem as problem:
            _refused(form, problem)
    return shell.page(
        request, "oncall/bring.html", 422 if form.errors else 200, form=form,
        title="Bring rotas over", crumbs=[{"title": "Rota imports", "url": "/rota-imports"}],
    )  # fmt: skip


def _brought(request: SignedIn, form: BringForm) -> RotaImport:
    told, files = form.cleaned_data, form.cleaned_data["exported"]
    if not files:
        if not told["url"]:
            raise Invalid("Give the address of its API, or choose its exported files.")
        return bringing.fetch(told["kind"], url=told["url"], token=told["token"], by=request.user)
    if sum(file.size or 0 for file in files) > MOST_BYTES:
        raise Invalid("These files have more than 10 MiB; at most that is read.")
    bundle = {}
    for file in files:
        try:
            bundle[(file.name or "").removesuffix(".json")] = json.loads(file.read())
        except ValueError as error:
            raise Invalid(f"{file.name} is not JSON that can be read.") from error
    text = json.dumps(bundle)
    return bringing.receive(by=request.user, kind=told["kind"], name="files", text=text)


@never_cache
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a page is about, and take the answer. Looking answers nothing: scanners look."""
    try:
        attempt = answering.behind_link(token)
        if request.method == "POST":
            answering.answer_by_link(token)
    except Problem as problem:
        return shell.page(
            request, "oncall/answer.html", problem.status, title="On call", problem=str(problem)
        )  # fmt: skip
    page = attempt.page
    run = Run.objects.get(pk=page.run_id) if page else None
    return shell.page(
        request, "oncall/answer.html", title="On call", run=run, page=page,
        is_done=request.method == "POST",
    )  # fmt: skip


PATTERNS = [
    path("on-call", login_required(on_call), name="on-call"),
    path("my-shifts", login_required(my_shifts), name="my-shifts"),
    path("my-shifts/calendar", login_required(publish_own), name="my-calendar"),
    path("schedules/<int:pk>/publish", login_required(publish), name="publish-schedule"),
    path("fairness", login_required(bore), name="fairness"),
    path("rota-imports/add", login_required(bring), name="bring-rotas"),
    path("answer/<str:token>", answer, name="answer-page"),
]
