"""The home page: the sentence, the figures, the queue, and what is worst as a live chart."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.timezone import localtime

from fullscore.domains.foundation.findings.models import Blind, Finding
from fullscore.domains.infrastructure.servers.models import Filesystem, Server
from fullscore.domains.overview.attention import queries, services
from fullscore.domains.overview.attention.models import Proposal
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, time
from fullscore.kit.errors import Invalid, Problem

ROWS = 7  # of the queue, so that the page fits a desk without scrolling


def home(request: SignedIn) -> HttpResponse:
    """Show what needs the reader now, ranked by the cost of waiting."""
    _refuse_the_past(request)
    found = queries.queue(request.user, limit=ROWS)
    rows, total = found.rows, found.total
    context: dict[str, Any] = {
        "title": "Home",
        "headline": queries.headline(found),
        "about": _about(rows, total),
        "queue": rows,
        "total": total,
        "figures": _figures(request.user),
        "host": _host(request.user),
        "forgotten": _forgotten(request.user),
        "closed": _closed(request.user)[: max(2, ROWS + 1 - len(rows))],
        "blind": Blind.objects.visible_to(request.user).count(),
    }
    return shell.page(request, "attention/home.html", **context)


def _about(rows: Any, total: int) -> str:
    if not rows:
        return "Every check that could look found nothing that waits for you."
    first = rows[0]
    rest = f" {total - 1} other items follow." if total > 1 else ""
    return f"First: {first.told.title}. {first.why}.{rest}"


def _figures(user: Any) -> list[dict[str, Any]]:
    """Return the six figures of the strip; grey unless they want a look."""
    seen, now = Finding.objects.visible_to(user), time.now()
    week = now - timedelta(days=7)
    told = seen.pressing().aggregate(
        worst=Count("pk", Q(severity__gte=4)), critical=Count("pk", Q(severity=5)),
        late=Count("pk", Q(due_on__lt=now.date())), oldest=Min("due_on"),
        open=Count("pk"), new=Count("pk", Q(opened_at__gte=week)),
    )  # fmt: skip
    closed = seen.filter(closed_at__gte=week).aggregate(
        all=Count("pk"), verified=Count("pk", Q(closed_as="verified"))
    )
    late_days = (now.date() - told["oldest"]).days if told["oldest"] and told["late"] else 0
    return [
        {"label": "Critical and high", "value": told["worst"], "tone": "high",
         "unit": f"{told['critical']} critical" if told["critical"] else "",
         "url": "/findings?severity=high&show=live"},
        {"label": "Overdue", "value": told["late"], "tone": "warn",
         "unit": f"oldest {late_days} d" if late_days else "", "url": "/findings?show=overdue"},
        {"label": "Open findings", "value": told["open"], "unit": f"{told['new']} new in 7 days",
         "url": "/findings?show=live"},
        {"label": "Closed in 7 days", "value": closed["all"],
         "unit": f"{closed['verified']} verified" if closed["all"] else "", "url": "/closed"},
        *_hosts(user),
    ]  # fmt: skip


def _hosts(user: Any) -> list[dict[str, Any]]:
    """Return the figures of the strip that are about hosts."""
    servers = Server.objects.visible_to(user).aggregate(
        all=Count("pk"), silent=Count("pk", ~Q(state="ok"))
    )
    disks = Filesystem.objects.visible_to(user).select_related("server__item")
    fullest = disks.order_by("-used_percent").first()
    used = fullest.used_percent if fullest else 0
    return [
        {"label": "Servers", "value": servers["all"], "url": "/servers",
         "unit": f"{servers['silent']} not in touch" if servers["silent"] else "all in touch"},
        {"label": "Fullest disk", "value": f"{used:.0f} %" if fullest else "–",
         "unit": f"{fullest.server}" if fullest else "", "tone": "high" if used > 90 else "",
         "url": "/filesystems"},
    ]  # fmt: skip


def _host(user: Any) -> Server | None:
    """Return the server whose charts stand on the page.

    The one with the worst finding, else any.
    """
    servers = Server.objects.visible_to(user).select_related("item")
    worst = servers.filter(item__findings__state__in=Finding.PRESSING).order_by(
        "-item__findings__severity"
    )
    return worst.first() or servers.first()


def _forgotten(user: Any) -> list[Finding]:
    old = time.now() - queries.FORGOTTEN
    rows = Finding.objects.visible_to(user).pressing().filter(owner__isnull=True, opened_at__lt=old)
    return list(rows.order_by("opened_at")[:3])


def _closed(user: Any) -> list[Finding]:
    week = time.now() - timedelta(days=7)
    rows = Finding.objects.visible_to(user).filter(closed_at__gte=week).select_related("item")
    return list(rows.order_by("-closed_at")[:6])


class Later(forms.Form):
    """Until when, and why."""

    until = forms.DateTimeField(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    reason = forms.CharField(max_length=300)


def snooze(request: SignedIn, key: str) -> HttpResponse:
    """Ask until when a row of one's queue may stay away, and why."""
    tomorrow = localtime(time.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    form = Later(request.POST or None, initial={"until": tomorrow})
    if request.method == "POST" and form.is_valid():
        try:
            services.snooze(key, by=request.user, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "Put off. It returns early when its cost doubles.")
            return HttpResponseRedirect("/")
    return shell.page(
        request, "form.html", form=form, title="Not now", action=request.path, cancel_url="/",
    )  # fmt: skip


def queue_page(request: HttpRequest) -> HttpResponse:
    """Show the whole queue, up to 200 rows."""
    _refuse_the_past(request)
    rows, total, _ = queries.queue(request.user, limit=200)  # type: ignore[arg-type]
    mine = Proposal.objects.filter(person__user=request.user.pk, state=Proposal.State.PROPOSED)
    return shell.page(
        request, "attention/queue.html", title="My queue", queue=rows, total=total,
        proposals=mine[:20], may_share=access.may(request.user, "attention.add_sharing"),
    )  # fmt: skip


def _refuse_the_past(request: HttpRequest) -> None:
    """Raise Invalid where a past moment is asked for: what waiting costs is known of now alone."""
    if "at" in request.GET:
        raise Invalid("The queue is of now. What was open then, the findings tell: /findings?at=…")


PATTERNS = [
    path("", login_required(home), name="home"),
    path("queue", login_required(queue_page), name="queue"),
    path("queue/<str:key>/snooze", login_required(snooze), name="snooze"),
]
