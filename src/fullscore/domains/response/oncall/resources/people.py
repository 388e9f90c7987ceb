"""How what is one person's own is seen."""

from fullscore.domains.response.oncall.models import Absence, ContactChannel, ContactRule, Swap
from fullscore.domains.response.oncall.services import channels
from fullscore.domains.response.oncall.services import rota as services
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

SWAP = Resource(
    Swap,
    columns=["person", "shift__schedule", "starts_at", "ends_at", "wanted", "taker", "state"],
    facts=["note"],
    filters=["state", "person"],
    search=["person__name"],
    order=["-starts_at"],
    icon="repeat",
    group="Respond",
    under="On call",
    default_query="state=open",
    verbs=[
        Verb(services.accept, permission="oncall.change_swap", icon="check", tone="primary",
             done="The shift of {} is yours.",
             when=lambda s: "" if s.state == "open" else f"It is {s.state}."),
        Verb(services.withdraw, permission="oncall.change_swap", icon="undo-2",
             when=lambda s: "" if s.state == "open" else f"It is {s.state}."),
    ],
)  # fmt: skip

ABSENCE = Resource(
    Absence,
    columns=["person", "starts_at", "ends_at"],
    fields=["person", "starts_at", "ends_at"],
    filters=["person", "ends_at"],
    order=["-starts_at"],
    icon="sun",
    group="Respond",
    under="On call",
    people={"person": "private", "starts_at": "private", "ends_at": "private"},
    add=services.add_absence,
    can_delete=True,
)

CONTACT_CHANNEL = Resource(
    ContactChannel,
    columns=["kind", "address", "confirmed_at", "last_sent_at", "failures"],
    facts=["problem"],
    filters=["kind"],
    order=["pk"],
    icon="phone",
    people={"address": "private", "person": "private"},
    panels=[
        Panel("Deliveries", rows=lambda c: c.attempts.all(),
              columns=["due_at", "kind", "state", "answer"]),
        Panel("When it is used", rows=lambda c: c.rules.all(),
              columns=["urgency", "delay_minutes"]),
    ],
    verbs=[
        Verb(channels.confirm, permission="oncall.change_contactchannel", icon="check",
             tone="primary", in_bulk=False, hints={"code": "The six digits that came by it."},
             when=lambda c: "It is confirmed." if c.confirmed_at else ""),
        Verb(channels.test, permission="oncall.change_contactchannel", icon="send",
             in_bulk=False, past="tested", done="A test to {} is on its way."),
        Verb(channels.send_code, permission="oncall.change_contactchannel", icon="key",
             in_bulk=False, past="sent a code", done="A code to {} is on its way.",
             when=lambda c: "It is confirmed." if c.confirmed_at else ""),
        Verb(channels.forget, permission="oncall.change_contactchannel", icon="trash-2",
             tone="danger", in_bulk=False, past="forgotten"),
    ],
)  # fmt: skip

CONTACT_RULE = Resource(
    ContactRule,
    columns=["channel", "urgency", "delay_minutes"],
    fields=["channel", "urgency", "delay_minutes"],
    filters=["urgency"],
    order=["urgency", "delay_minutes"],
    icon="timer",
    people={"channel": "private", "person": "private"},
    takes_files=False,
    add=channels.add_rule,
    change=channels.change_rule,
    verbs=[Verb(channels.drop, permission="oncall.change_contactrule", icon="x", past="dropped",
                in_bulk=False)],
)  # fmt: skip
