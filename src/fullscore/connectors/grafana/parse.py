"""Read what Grafana posts to a webhook: of unified alerting, and of the alerting before it.

Sources: grafana.com/docs, "Configure webhook notifications"; and for what came before Grafana 9
"Alert notifications, webhook" of version 8.
"""

from collections.abc import Iterator
from dataclasses import replace

from fullscore.connectors import documents
from fullscore.connectors.alertmanager import parse as alertmanager
from fullscore.connectors.alertmanager.parse import Webhook
from fullscore.connectors.alerts import TEXT_LETTERS, TITLE_LETTERS, Action, Signal, safe_link
from fullscore.connectors.documents import Node

LINKS = ("panelURL", "dashboardURL", "generatorURL")  # the first that is there is the alert's
NOTES = ("silenceURL", "imageURL", "valueString")
# What is paused is watched no longer; `pending` has yet to fire.
STATES: dict[str, Action | None] = {
    "alerting": "trigger",
    "no_data": "trigger",
    "ok": "resolve",
    "paused": "resolve",
    "pending": None,
}


def webhook(body: bytes) -> Webhook:
    """Read one notification. Raises Garbled with the exact place."""
    told = documents.read(body)
    if told.optional("alerts") is None and told.optional("ruleId") is not None:
        return Webhook(tuple(_legacy(told)), 0)
    found = alertmanager.notification(told)
    alerts = told.field("alerts").items()
    signals = (_with_links(signal, one) for signal, one in zip(found.signals, alerts, strict=True))
    return Webhook(tuple(signals), found.left_out)


def _with_links(signal: Signal, one: Node) -> Signal:
    links = [safe_link(one.words(name, most=1000, default="")) for name in LINKS]
    notes = {name: one.words(name, most=TEXT_LETTERS, default="") for name in NOTES}
    values = one.optional("values")
    figures = {} if values is None else values.plains(most=200)
    notes["values"] = ", ".join(f"{name} = {figure}" for name, figure in figures.items())
    return replace(
        signal,
        link=next(filter(None, links), ""),
        annotations={**signal.annotations, **{k: v[:TEXT_LETTERS] for k, v in notes.items() if v}},
    )


def _legacy(told: Node) -> Iterator[Signal]:
    word = told.words("state", most=20)
    if word not in STATES:
        raise told.wrong(f"is none of {', '.join(STATES)}", "state")
    action = STATES[word]
    if action is None:
        return
    tags = told.optional("tags")
    labels = {} if tags is None else tags.plains(most=TEXT_LETTERS)
    rule = {"rule": told.plain("ruleId", most=40), "org": told.plain("orgId", most=40)}
    name = told.words("ruleName", most=TITLE_LETTERS, default="")
    yield Signal(
        action,
        alertmanager.fingerprint({**labels, **rule}),
        title=name or "An alert of Grafana without a name",
        severity=labels.get("severity", "warning" if word == "no_data" else ""),
        labels={**labels, "alertname": name},
        annotations=_notes(told),
        link=safe_link(told.words("ruleUrl", most=1000, default="")),
        group=rule["rule"],
        names=alertmanager.names_in(labels),
    )


def _notes(told: Node) -> dict[str, str]:
    notes = {
        "summary": told.words("message", most=TEXT_LETTERS, default=""),
        "imageURL": told.words("imageUrl", most=1000, default=""),
        "values": ", ".join(_matches(told)),
    }
    return {name: text[:TEXT_LETTERS] for name, text in notes.items() if text}


def _matches(told: Node) -> Iterator[str]:
    found = told.optional("evalMatches")
    for one in found.items() if found else ():
        yield f"{one.plain('metric', most=200)} = {one.plain('value', most=40)}"
