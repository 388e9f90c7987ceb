"""How servers, and what runs on them, are seen."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from fullscore.connectors.ssh.keys import fingerprint
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.servers import queries, services
from fullscore.domains.infrastructure.servers.models import (
    Account,
    Disk,
    Facts,
    Filesystem,
    Installed,
    KnownLogin,
    PackageVersion,
    Server,
    SshHost,
    Unit,
)
from fullscore.domains.infrastructure.servers.queries.facts import having
from fullscore.interfaces.web import moments
from fullscore.interfaces.web.figures import figure
from fullscore.kit import access, past, time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

TONES = {"ok": "ok", "partial": "warn", "silent": "crit", "new": "info"}
CHARTS = (
    ("cpu", "CPU"), ("memory", "Memory"), ("disk", "Space left"), ("network", "Network"),
    ("load", "Load"), ("pressure", "Work that waits"),
)  # fmt: skip


def draw_charts(subject: Any, user: Any, at: Any) -> str:
    """Draw the live charts of a host; each fetches its own points."""
    item = subject.item if isinstance(subject, Server) else subject
    if not Server.objects.filter(item=item).exists():
        return ""
    then = moments.written(at)
    charts = [
        (reverse("item-series", args=(item.pk, name)) + then, title) for name, title in CHARTS
    ]
    return render_to_string("servers/charts.html", {"charts": charts})


def draw_told(server: Server, user: Any, at: Any) -> str:
    """Draw which sections were read, and what is missing with the grant that opens it."""
    with past.shown(at):
        sections = {f.section: f for f in server.sections.all()}
    context = {"server": server, "sections": sections, "at": moments.written(at)}
    return render_to_string("servers/told.html", context)


def draw_changed(server: Server, user: Any, at: Any) -> str:
    """Draw what packages, units, accounts and settings did in seven days."""
    now = time.now()
    changes = queries.changed_between(server, now - timedelta(days=7), now)
    return render_to_string("servers/changes.html", {"server": server, "changes": changes})


class ServerFilters(Searched):
    """What servers are found by beside their fields: anything they tell."""

    where = django_filters.CharFilter(
        method="having", label="Where, such as kernel < 6.1 and package:openssl < 3.0.11"
    )

    def having(self, rows: QuerySet[Server], name: str, value: str) -> QuerySet[Server]:
        """Keep the servers of which it is true."""
        return having(rows, value)


def doors(server: Server, user: Any) -> list[tuple[str, str, str]]:
    """Return the pages of its own a server has."""
    own = [("Compare", "columns-3", f"/servers/compare?a={server.pk}")]
    if access.may(user, "servers.view_account"):
        own.append(("Who gets in", "door-open", f"/access?server={server.pk}"))
    return own


SERVER = Resource(
    Server,
    columns=["item", "state", "os_name", "kernel", "cpu_count", "memory_bytes", "needs_reboot",
             "security_updates", "facts_at"],
    facts=["way", "os_id", "os_version", "architecture", "virtualization", "booted_at"],
    filters=["state", "way", "os_id", "os_version", "needs_reboot"],
    filterset=ServerFilters,
    search=["item__name", "os_name", "kernel", "virtualization"],
    order=["-facts_at"],
    icon="server",
    group="Estate",
    cells={"memory_bytes": lambda v: figure(v, "By")},
    badges=lambda s: [(s.get_state_display(), TONES[s.state])],
    doors=doors,
    subtitle=lambda s: " · ".join(filter(None, [s.os_name, s.kernel, s.virtualization])),
    panels=[
        Panel("Live", draw=draw_charts, leads=True, shows_past=True),
        Panel("Findings of this server", leads=True, rows=lambda s: s.item.findings.live(),
              columns=["severity", "title", "state", "due_on"]),
        Panel("Filesystems", rows=lambda s: s.filesystems.all(),
              columns=["mount", "used_percent", "used_bytes", "size_bytes", "type"]),
        Panel("Services", rows=lambda s: s.units.all(),
              columns=["name", "active", "sub", "enabled", "restarts", "result"]),
        Panel("Who can log in", rows=lambda s: s.accounts.filter(can_log_in=True),
              columns=["name", "becomes_root", "key_count", "last_login_at"]),
        Panel("Updates", rows=lambda s: s.installed.exclude(candidate="")
              .order_by("-is_security", "package__name"),
              columns=["package", "candidate", "is_security", "waiting_since"]),
        Panel("What changed this week", draw=draw_changed),
        Panel("What the probe told", draw=draw_told, shows_past=True),
        Panel("Live charts", on=Item, draw=draw_charts, leads=True, shows_past=True),
    ],
    verbs=[],
)  # fmt: skip

HOST_TONES = {"ok": "ok", "failing": "crit", "untrusted": "warn", "new": "info", "paused": ""}


def draw_reach(host: SshHost, user: Any, at: Any) -> str:
    """Draw what is left to do until the host is read, and by which key it is known."""
    context = {
        "host": host,
        "trusted": fingerprint(host.host_key) if host.host_key else "",
        "offered": fingerprint(host.offered_key) if host.offered_key else "",
        "home": f"/home/{host.user}",
    }
    return render_to_string("servers/reach.html", context)


def _needs_key(host: SshHost) -> str:
    return "" if host.offered_key else "It shows no key that is not trusted."


SSH_HOST = Resource(
    SshHost,
    columns=["item", "address", "user", "state", "last_at", "last_took_ms", "last_error"],
    fields=["address", "port", "user", "item", "every_seconds", "uses_sudo"],
    facts=["port", "every_seconds", "uses_sudo", "failures"],
    filters=["state", "item", "user"],
    search=["item__name", "address", "last_error"],
    order=["item__name"],
    icon="terminal",
    group="Estate",
    under="Servers",
    name="ssh-host",
    add=services.add_host,
    change=services.change_host,
    badges=lambda h: [(h.get_state_display(), HOST_TONES[h.state])],
    subtitle=lambda h: f"{h.user}@{h.address}:{h.port}",
    panels=[
        Panel("How it is reached", draw=draw_reach, leads=True),
        Panel("Read over SSH", on=Item, rows=lambda i: SshHost.objects.filter(item=i),
              columns=["address", "user", "state", "last_at", "last_error"]),
    ],
    verbs=[
        Verb(services.trust, permission="servers.trust_sshhost", icon="fingerprint-pattern",
             tone="primary", when=_needs_key, done="The key of {} is trusted.",
             hints={"fingerprint": "As the host's own console shows it; left empty, the one on the"
                    " page is trusted as it is."}),
        Verb(services.make_key, permission="servers.change_sshhost", icon="key-round",
             done="{}: a pair of keys is made; its page says what to put on the host."),
        Verb(services.give_credential, permission="servers.change_sshhost", icon="lock",
             secrets=frozenset({"private_key", "password"}),
             done="{} has a credential; it is not shown again."),
        Verb(services.read_now, permission="servers.change_sshhost", icon="refresh-cw",
             done="{} is read now; this page follows.",
             when=lambda h: "It is paused." if h.state == "paused" else ""),
        Verb(services.pause, permission="servers.change_sshhost", icon="pause",
             when=lambda h: "It is paused." if h.state == "paused" else "",
             undo=lambda h: ("resume", {})),
        Verb(services.resume, permission="servers.change_sshhost", icon="play",
             when=lambda h: "" if h.state == "paused" else "It is not paused.",
             undo=lambda h: ("pause", {})),
    ],
)  # fmt: skip

FILESYSTEM = Resource(
    Filesystem,
    columns=["server", "mount", "used_percent", "used_bytes", "size_bytes", "type"],
    facts=["device", "inodes", "inodes_used", "options", "days_left"],
    filters=["server", "type", "used_percent"],
    search=["mount", "server__item__name"],
    order=["-used_percent"],
    icon="hard-drive",
    group="Estate",
    under="Servers",
    cells={c: lambda v: figure(v, "By") for c in ("size_bytes", "used_bytes")},
)

DISK = Resource(
    Disk,
    columns=["server", "name", "size_bytes", "is_rotational", "model", "serial"],
    filters=["server", "is_rotational", "model"],
    search=["name", "model", "serial", "server__item__name"],
    order=["name", "pk"],
    icon="disc-3",
    group="Estate",
    under="Servers",
    cells={"size_bytes": lambda v: figure(v, "By")},
    panels=[Panel("Disks", on=Server, rows=lambda s: s.disks.all(),
                  columns=["name", "size_bytes", "is_rotational", "model", "serial"])],
)  # fmt: skip

UNIT = Resource(
    Unit,
    columns=["name", "server", "active", "sub", "enabled", "restarts", "result", "since"],
    facts=["load"],
    filters=["server", "active", "enabled"],
    search=["name", "server__item__name"],
    order=["name"],
    icon="layers",
    group="Estate",
    under="Servers",
)

ACCOUNT = Resource(
    Account,
    columns=["name", "server", "person", "purpose", "can_log_in", "becomes_root", "key_count",
             "last_login_at"],
    facts=["uid", "full_name", "shell", "home", "groups", "is_locked", "password_changed_on"],
    filters=["server", "person", "can_log_in", "is_locked"],
    quick={"Can log in": "can_log_in=true"},
    search=["name", "server__item__name", "person__name", "purpose"],
    order=["name", "uid"],
    icon="square-terminal",
    group="Estate",
    under="Servers",
    name="server-account",
    verbs=[
        Verb(services.explain, permission="servers.decide_account", icon="user-check",
             also_gone=frozenset({"person"}),
             done="{}: it is known whose it is, or what for."),
    ],
    panels=[
        Panel("Logins of servers", on=Person, rows=lambda p: p.server_accounts.all(),
              columns=["name", "server", "can_log_in", "becomes_root", "key_count",
                       "last_login_at"]),
    ],
)  # fmt: skip

KNOWN_LOGIN = Resource(
    KnownLogin,
    columns=["name", "server", "person", "purpose"],
    fields=["name", "server", "person", "purpose"],
    filters=["server", "person"],
    search=["name", "purpose", "person__name"],
    order=["name"],
    icon="user-search",
    group="Estate",
    under="Servers",
    name="known-login",
)

PACKAGE = Resource(
    PackageVersion,
    columns=["name", "version", "architecture", "manager", "source"],
    facts=["source_version"],
    filters=["manager", "name"],
    search=["name", "source", "version"],
    order=["name"],
    icon="package",
    group="Estate",
    under="Servers",
    name="package",
    panels=[Panel("Installed on", rows=lambda p: p.installed.all(),
                  columns=["server", "candidate", "is_security"])],
)  # fmt: skip

INSTALLED = Resource(
    Installed,
    columns=["package", "server", "candidate", "is_security", "waiting_since"],
    filters=["server", "is_security"],
    search=["package__name", "server__item__name"],
    order=["pk"],
    icon="package-check",
)

FACTS = Resource(
    Facts,
    columns=["server", "section", "at"],
    facts=["content"],
    filters=["server", "section"],
    order=["pk"],
    icon="file-text",
    name="fact",
)
