"""What the page of an incident and its room both show, as somebody may know of it."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string

from fullscore.domains.foundation.changes.drawing.runbooks import draw_suggested
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.response.incidents import maps, queries
from fullscore.domains.response.incidents.models import Alert, AlertSource, Incident, TimelineEntry
from fullscore.domains.response.incidents.queries import weighing
from fullscore.domains.response.incidents.queries.fitting import reference
from fullscore.domains.response.oncall.models import Page, Run, Schedule
from fullscore.domains.response.oncall.queries.rota import now_on_call
from fullscore.kit import time
from fullscore.kit.models import User

MOST_TOLD = 200
RUNBOOKS = "Runbooks"  # the panel that the page and the room share
MOST_DRAWN = 40
MOST_NAMED = 6
CHANGES = 5
ITEM = re.compile(r"\bitem (\d{1,18})\b")
TONES = {"down": "high", "alone": "warn", "impaired": "warn"}
SAID = {"down": "down", "alone": "without redundancy", "impaired": "impaired"}
ORDER = tuple(SAID)


def draw_timeline(incident: Incident, user: User, at: Any) -> str:
    """Draw what happened, newest first."""
    return render_to_string("incidents/timeline.html", timeline(incident, user))


def timeline(incident: Incident, user: User, most: int = MOST_TOLD) -> dict[str, Any]:
    """Return what happened, newest first, items by name where the reader may know of them."""
    seen = incident.timeline.visible_to(user)
    told = list(seen.shown().select_related("by")[:most])
    texts = named([entry.text for entry in told], user)
    rows = [
        (entry, *_parts(entry, entry.text if _is_prose(entry) else text))
        for entry, text in zip(told, texts, strict=True)
    ]
    more = seen.shown().count() - most if len(told) == most else 0
    return {"told": rows, "more": more, "hidden": seen.filter(hidden_at__isnull=False).count(),
            "incident": incident}  # fmt: skip


def _is_prose(entry: TimelineEntry) -> bool:
    return entry.kind in (TimelineEntry.Kind.NOTE, TimelineEntry.Kind.COMMAND)


def _parts(entry: TimelineEntry, text: str) -> tuple[str, str]:
    """Return what is said, and what a command printed, which is shown when it is asked for."""
    if entry.kind != TimelineEntry.Kind.COMMAND:
        return text, ""
    head, _, rest = text.partition("\n")
    return head, rest


def draw_runbooks(incident: Incident, user: User, at: Any) -> str:
    """Draw which runbooks fit an incident, how often each helped, and what is run for it."""
    is_over = incident.state == Incident.State.RESOLVED
    return draw_suggested(
        [] if is_over else queries.runbooks_for(incident, user), user,
        reference=reference(incident), runs=queries.runs_for(incident, user),
    )  # fmt: skip


def named(texts: Sequence[str], user: User) -> list[str]:
    """Return texts with “item 12” as its name, where somebody may know of it."""
    wanted = {int(n) for text in texts for n in ITEM.findall(text)}
    names = dict(Item.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", "name"))
    return [ITEM.sub(lambda m: names.get(int(m[1]), "(restricted)"), text) for text in texts]


def root(incident: Incident, user: User) -> Item | None:
    """Return what it is about, if somebody may know of it."""
    return Item.objects.visible_to(user).filter(pk=incident.root_item_id or 0).first()


def suffering(incident: Incident, user: User) -> dict[str, Any]:
    """Return the services that suffer, the worst first, and how many one may not see."""
    states = weighing.affected(incident)
    rows = Item.objects.visible_to(user).filter(pk__in=states)
    told = sorted(rows, key=lambda i: (ORDER.index(states[i.pk]), i.criticality, i.name))
    services = [(i, SAID[states[i.pk]], TONES[states[i.pk]], states[i.pk]) for i in told]
    return {
        "services": services[:MOST_NAMED],
        "more": max(0, len(services) - MOST_NAMED),
        "unseen": len(states) - len(services),
        "every": services,
    }


def expected_by(incident: Incident, user: User) -> list[Change]:
    """Return the changes by which open alerts of it are expected."""
    live = Alert.objects.live().filter(incident=incident, expected_by__isnull=False)
    wanted = Change.objects.visible_to(user).filter(pk__in=live.values("expected_by"))
    return list(wanted.order_by("pk")[:CHANGES])


def blast_map(incident: Incident, user: User) -> dict[str, Any]:
    """Return the map of what alerts and of what suffers with it."""
    live = Alert.objects.live().filter(incident=incident, item__isnull=False)
    worst: dict[int, int] = {}
    for item, severity in live.order_by().values_list("item", "severity"):
        worst[item] = max(severity, worst.get(item, 0))
    if incident.root_item_id is not None:
        worst.setdefault(incident.root_item_id, incident.severity)
    tones = {pk: TONES[state] for pk, state in weighing.states(incident).items()}
    tones |= {pk: "crit" if severity >= weighing.IMPAIRED else "warn"
              for pk, severity in worst.items()}  # fmt: skip
    rows = Item.objects.visible_to(user).filter(pk__in=tones).order_by("criticality", "name")
    alerting = [row for row in rows if row.pk in worst]
    reached = [row for row in rows if row.pk not in worst]
    shown = [*alerting, *reached][:MOST_DRAWN]
    ids = [row.pk for row in shown]
    links = Link.objects.filter(from_item__in=ids, to_item__in=ids).order_by("pk")
    told = list(links.values_list("from_item_id", "to_item_id"))
    names = {row.pk: row.name for row in shown}
    pictures = [(name, maps.layered(names, told, tones, worst, size))
                for name, size in (("hand", maps.HAND), ("desk", maps.DESK))]  # fmt: skip
    return {"pictures": pictures if shown else [], "alerting": alerting, "reached": reached,
            "left_out": len(alerting) + len(reached) - len(shown)}  # fmt: skip


def called(incident: Incident, user: User) -> dict[str, Any]:
    """Return who was called by what, and who answered."""
    about = {"subject": "incidents.incident", "record": incident.pk}
    run = Run.objects.visible_to(user).filter(**about).order_by("-started_at").first()
    pages = Page.objects.visible_to(user).filter(run__in=Run.objects.filter(**about))
    rows = pages.select_related("person").prefetch_related("attempts").order_by("-at")
    return {"run": run, "pages": list(rows[:MOST_NAMED])}


def helpers(incident: Incident, user: User) -> dict[str, Any]:
    """Return whose it is, and who of that team is on call now."""
    schedules = Schedule.objects.visible_to(user).filter(team=incident.owner_id)
    lines = now_on_call(schedules, now=time.now()) if incident.owner_id else []
    seen = Item.objects.visible_to(user).filter(pk__in=queries.items_in(incident))
    items = seen.select_related("owner")
    teams = {item.owner.pk: item.owner for item in items if item.owner is not None}
    teams.pop(incident.owner_id or 0, None)
    return {"lines": lines, "teams": sorted(teams.values(), key=str)[:MOST_NAMED]}


def draw_heard(source: AlertSource, user: Any = None, at: Any = None) -> str:
    """Draw where a source of syslog or e-mail is heard, and how to try it."""
    if source.kind not in ("syslog", "email"):
        return ""
    told = settings.OPTIONS
    ports = {"UDP": told.syslog_udp_port, "TCP": told.syslog_tcp_port, "TLS": told.syslog_tls_port}
    doors = [] if told.is_sample else [(name, port) for name, port in ports.items() if port]
    way = next((f"--port {port} --{name.lower()}" for name, port in doors if name != "TLS"), "")
    server = told.syslog_host
    if server in ("0.0.0.0", "::"):  # noqa: S104  it is what was chosen, and nothing to send to
        server = urlsplit(told.address).hostname or "localhost"
    return render_to_string("incidents/heard.html", {
        "source": source, "doors": doors, "host": told.syslog_host, "is_sample": told.is_sample,
        "is_near": told.syslog_host.startswith("127.") or told.syslog_host in ("::1", "localhost"),
        "trial": way and f'logger --server {server} {way} -p daemon.err "tape is full"',
    })  # fmt: skip
