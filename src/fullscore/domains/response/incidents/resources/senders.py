"""How senders of alerts and what they sent are seen."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string

from fullscore.connectors.sns import parse as sns
from fullscore.domains.response.incidents import queries, services
from fullscore.domains.response.incidents.models import (
    AlertSource,
    Receipt,
)
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

MOST_SHOWN = 16 * 1024


def draw_confirmation(source: AlertSource, user: Any, at: Any) -> str:
    """Draw the button by which a person lets Amazon SNS send here: it opens Amazon's own page."""
    receipt = queries.to_confirm(source, now=time.now())
    url = sns.message(bytes(receipt.body)).subscribe_url if receipt else ""
    return render_to_string("incidents/confirmation.html", {"url": url}) if url else ""


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


def _hint(source: AlertSource) -> str:
    """Say why a source takes no credential; nothing when it does."""
    if source.kind == "sentry" or source.mailbox:
        return ""
    if source.kind == "email":
        return "Name its mailbox first: edit the source."
    return "Only Sentry signs with one, and only a mailbox has a password."


ALERT_SOURCE = Resource(
    AlertSource,
    columns=["name", "kind", "owner", "last_seen_at", "expects_every_seconds", "revoked_at"],
    facts=["prefix", "default_severity", "item_labels", "resolve_after_seconds", "per_minute",
           "created_at", "left_out_at", "senders", "least_severity", "passed_over", "lost",
           "resolve_words", "mailbox", "problem"],
    fields=["owner", "default_severity", "zone", "item_labels", "resolve_after_seconds",
            "expects_every_seconds", "per_minute", "resolve_words", "senders", "least_severity",
            "mailbox"],
    filters=["kind", "owner"],
    search=["name"],
    order=["name"],
    icon="webhook",
    group="Respond",
    under="Alerts",
    adds_by_page=True,
    takes_files=False,
    add=services.refuse_to_add,
    change=services.configure,
    panels=[
        Panel("To be confirmed", draw=draw_confirmation),
        Panel("Where it is heard", leads=True, draw=draw_heard),
        Panel("Not understood", leads=True,
              rows=lambda s: s.receipts.filter(state="rejected"),
              columns=["received_at", "problem"]),
        Panel("Open alerts", rows=lambda s: s.alerts.live(),
              columns=["severity", "title", "item", "state", "starts_at"]),
    ],
    verbs=[
        Verb(services.give_credential, permission="incidents.change_alertsource", icon="key-round",
             in_bulk=False, done="{} has a credential; it is not shown again.",
             hints={"value": "The client secret that Sentry shows, or the mailbox's password."},
             when=_hint),
        Verb(services.revoke, permission="incidents.change_alertsource", icon="x", tone="danger",
             when=lambda s: "It is revoked." if s.revoked_at
             else "Our own findings are always heard." if s.kind == "own" else ""),
    ],
)  # fmt: skip


def draw_body(receipt: Receipt, user: Any, at: Any) -> str:
    """Draw the beginning of a body as it came."""
    text = bytes(receipt.body[:MOST_SHOWN]).decode("utf-8", "replace")
    return render_to_string("incidents/body.html", {"text": text})


RECEIPT = Resource(
    Receipt,
    columns=["source", "received_at", "state", "problem"],
    facts=["delivery_id", "sha256"],
    filters=["source", "state", "received_at"],
    order=["-received_at"],
    icon="inbox",
    group="Respond",
    under="Alerts",
    panels=[Panel("As it came", draw=draw_body)],
    verbs=[
        Verb(services.replay, permission="incidents.change_receipt", icon="rotate-ccw",
             past="read again",
             when=lambda r: "" if r.state == "rejected" else "Only what was rejected."),
    ],
)  # fmt: skip
