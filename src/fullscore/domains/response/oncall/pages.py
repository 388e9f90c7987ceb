"""On call now, my shifts, who bore what; and the page that answers a call."""

from typing import Any

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
    Run,
    Schedule,
    Shift,
    Swap,
)
from fullscore.domains.response.oncall.queries import fairness
from fullscore.domains.response.oncall.queries.rota import now_on_call
from fullscore.domains.response.oncall.services import answering, channels, rota
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import time
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require

SHOWN = 20


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
    return shell.page(request, "oncall/calendar.html", title="Your calendar", address=address)


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
    path("fairness", login_required(bore), name="fairness"),
    path("answer/<str:token>", answer, name="answer-page"),
]
