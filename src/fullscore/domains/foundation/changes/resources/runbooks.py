"""How runbooks, their versions and runs are seen."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.drawing import runbooks as drawing
from fullscore.domains.foundation.changes.models import (
    Change,
    CommandAccess,
    Runbook,
    RunbookRun,
    RunbookStepRun,
    RunbookVersion,
)
from fullscore.domains.foundation.changes.queries import suggesting
from fullscore.domains.foundation.changes.services.runbooks import driving, entering, starting
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

FIELDS = ["title", "summary", "selector", "alerts", "owner", "standard", "is_offered", "text"]
QUICK = {"live": "Under way", "waiting": "Waits for somebody", "mine": "Mine", "over": "Over"}


class RunbookForm(forms.ModelForm):
    """What a runbook is written in."""

    class Meta:
        model = Runbook
        fields = tuple(FIELDS)
        widgets = {
            "alerts": forms.Textarea(attrs={"rows": 2}),
            "text": forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
        }


def _badges(runbook: Runbook) -> list[tuple[str, str]]:
    current = runbook.current
    told = [(f"version {runbook.number}", "")]
    if current.book.has_commands:
        is_approved = current.approved_by_id is not None
        told.append(("approved", "ok") if is_approved else ("not approved", "warn"))
    if not runbook.is_offered:
        told.append(("not offered", ""))
    rate = suggesting.rates([runbook.pk]).get(runbook.pk, suggesting.Rate())
    return [*told, (str(rate), "")]


RUNBOOK = Resource(
    Runbook,
    columns=["title", "summary", "selector", "number", "owner", "is_offered"],
    facts=["alerts", "standard"],
    fields=FIELDS,
    filters=["owner", "is_offered"],
    search=["title", "summary"],
    order=["title"],
    icon="book-open",
    group="Change",
    under="Changes",
    form=RunbookForm,
    add=services.add_runbook,
    change=services.change_runbook,
    adds_by_page=True,
    takes_files=False,
    badges=_badges,
    panels=[
        Panel("Steps", draw=drawing.draw_steps),
        Panel(
            "Runs",
            rows=lambda r: r.runs.all(),
            columns=["item", "state", "started_at", "outcome", "helped"],
        ),
        Panel(
            "Versions",
            rows=lambda r: r.editions.all(),
            columns=["number", "written_by", "written_at", "approved_by", "approved_at"],
        ),
    ],
    verbs=[
        Verb(
            starting.run,
            permission=starting.RUN,
            icon="play",
            tone="primary",
            in_bulk=False,
            done=lambda run: f"{run} is begun: /runbook-runs/{run.pk} shows how it goes on.",
            hints={
                "parameters": "One name=value a line; empty: as they stand in the runbook.",
                "reference": "For what, such as “incident 12”. Empty: nothing in particular.",
                "is_dry": "Reads and measures; shows commands and sends none.",
            },
        ),
        Verb(
            services.approve_runbook,
            name="approve",
            permission="changes.approve_runbook",
            icon="check",
            done="The steps of {} as they stand may be run on hosts.",
            when=lambda r: "This version is approved." if r.current.approved_by_id else "",
        ),
    ],
)

RUNBOOK_VERSION = Resource(
    RunbookVersion,
    columns=["runbook", "number", "written_by", "written_at", "approved_by", "approved_at"],
    facts=["standard", "text"],
    drawn=["text"],
    filters=["runbook"],
    order=["-written_at"],
    icon="copy",
    badges=lambda v: [("approved", "ok")] if v.approved_by_id else [],
    panels=[Panel("Steps as they were", draw=drawing.draw_version)],
)


class RunFilters(Searched):
    """What runs are found by."""

    show = django_filters.ChoiceFilter(
        choices=list(QUICK.items()), method="showing", label="Show", empty_label=None
    )

    def showing(self, rows: QuerySet[RunbookRun], name: str, value: str) -> QuerySet[RunbookRun]:
        """Keep what one of the quick filters names."""
        me = self.request.user.pk
        kept = {
            "live": Q(state__in=RunbookRun.LIVE),
            "waiting": Q(state=RunbookRun.State.WAITING),
            "mine": Q(started_by=me) | Q(driver=me),
            "over": ~Q(state__in=RunbookRun.LIVE),
        }
        return rows.filter(kept[value])


def _run_badges(run: RunbookRun) -> list[tuple[str, str]]:
    words = f"waits for {run.get_asks_display()}" if run.asks else run.get_state_display()
    told = [(words, "warn" if run.asks else drawing.RUN_TONES[run.state])]
    if run.asks in ("failed", "unknown"):
        told = [(words, "high")]
    if run.is_dry:
        told.append(("dry run", "info"))
    if run.is_back:
        told.append(("way back", "warn"))
    if run.is_stopping:
        told.append(("stopping", "warn"))
    if run.helped is not None:
        told.append(("it helped", "ok") if run.helped else ("it did not help", "high"))
    return told


def _asks(*asks: str) -> Any:
    return lambda run: (
        "" if run.asks in asks else "It is over." if not run.is_live else "Nothing waits for that."
    )


def _may_go_back(run: RunbookRun) -> str:
    if run.is_dry:
        return "A dry run altered nothing."
    if run.is_back or not run.version.book.back:
        return "It is on the way back." if run.is_back else "This runbook has no way back."
    return "A step is being done: stop it first." if run.state == "running" else ""


RUNBOOK_RUN = Resource(
    RunbookRun,
    columns=["runbook", "item", "state", "asks", "reference", "started_by", "started_at", "is_dry"],
    facts=["version", "driver", "given", "ended_at", "outcome", "helped"],
    filters=["state", "asks", "runbook", "item", "is_dry", "reference", "started_at"],
    filterset=RunFilters,
    quick={words: f"show={name}" for name, words in QUICK.items()},
    search=["reference", "outcome", "runbook__title"],
    order=["-started_at"],
    icon="list-ordered",
    group="Change",
    under="Changes",
    badges=_run_badges,
    subtitle=lambda r: (
        f"Run {r.pk} · version {r.version.number} · {localtime(r.started_at):%-d %b %H:%M}"
        + (f" · {r.reference}" if r.reference else "")
    ),
    panels=[
        Panel("How it goes on", draw=drawing.draw_run, leads=True),
        Panel(
            "Runbook runs",
            on=Item,
            rows=lambda item: item.runbook_runs.all(),
            columns=["runbook", "state", "started_by", "started_at", "outcome"],
        ),
    ],
    verbs=[
        Verb(
            driving.go_on,
            permission=starting.RUN,
            icon="play",
            tone="primary",
            in_bulk=False,
            done="{} goes on.",
            when=_asks("read", "answer"),
            hints={"answer": "Where it asks a question: one of its answers."},
        ),
        Verb(
            driving.repeat_step,
            permission=starting.RUN,
            icon="rotate-ccw",
            in_bulk=False,
            done="The step of {} is done again.",
            when=_asks("failed", "unknown"),
        ),
        Verb(
            driving.skip_step,
            permission=starting.RUN,
            icon="corner-down-right",
            in_bulk=False,
            done="{} goes on with the next step.",
            when=_asks("failed", "unknown"),
            hints={"note": "What you saw: it was done after all, or is not needed."},
        ),
        Verb(
            driving.stop_run,
            name="stop",
            permission=starting.RUN,
            icon="ban",
            tone="danger",
            past="stopped",
            in_bulk=False,
            when=lambda r: "" if r.is_live else "It is over.",
        ),
        Verb(
            driving.roll_back_run,
            name="roll_back",
            permission=starting.RUN,
            icon="undo-2",
            tone="danger",
            in_bulk=False,
            done="{} goes the way back.",
            when=_may_go_back,
        ),
        Verb(
            driving.rate_run,
            name="rate",
            permission=starting.RUN,
            icon="thumbs-up",
            in_bulk=False,
            done="What you say of {} counts where it is suggested.",
            when=lambda r: "It is not over." if r.is_live else "A dry run." if r.is_dry else "",
        ),
    ],
)

RUNBOOK_STEP = Resource(
    RunbookStepRun,
    columns=["run", "number", "title", "kind", "state", "result", "is_altering", "change", "by",
             "started_at", "ended_at"],
    facts=["command", "status", "note", "sent_at", "output"],
    filters=["run", "kind", "state", "is_altering"],
    search=["title"],
    order=["-started_at"],
    icon="square-check",
    panels=[
        Panel(
            "Steps of runbooks",
            on=Change,
            rows=lambda c: c.runbook_steps.all(),
            columns=["run", "title", "state", "result", "ended_at"],
        ),
    ],
)  # fmt: skip

COMMAND_ACCESS = Resource(
    CommandAccess,
    columns=["item", "address", "port", "user"],
    fields=["item", "address", "port", "host_key", "user"],
    facts=["reader", "public_key"],
    filters=["item"],
    search=["user", "address"],
    order=["item"],
    icon="log-in",
    group="Change",
    under="Changes",
    add=entering.add_way,
    change=entering.change_way,
    takes_files=False,
    can_delete=True,
    badges=lambda w: [
        ("has a key", "ok") if w.credential_id else ("has no key", "warn"),
        *([] if w.host_key else [("its host is not trusted", "warn")]),
    ],
    panels=[Panel("What to put on the host", draw=drawing.draw_way, leads=True)],
    verbs=[
        Verb(
            entering.make_way_key,
            name="make_key",
            permission="changes.change_commandaccess",
            icon="key-round",
            tone="primary",
            done="{}: a pair of keys is made; its page says what to put on the host.",
        ),
        Verb(
            entering.give_way_key,
            name="give_key",
            permission="changes.change_commandaccess",
            icon="lock",
            secrets=frozenset({"private_key"}),
            done="{} has a key; it is not shown again.",
        ),
    ],
)
