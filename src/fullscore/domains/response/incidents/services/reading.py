"""What a body says, in the words of its kind of sender."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from fullscore.connectors.alertmanager import parse as alertmanager
from fullscore.connectors.alerts import Signal
from fullscore.connectors.base import Garbled
from fullscore.connectors.cloudevents import parse as cloudevents
from fullscore.connectors.datadog import parse as datadog
from fullscore.connectors.grafana import parse as grafana
from fullscore.connectors.mail import parse as mail
from fullscore.connectors.nagios import parse as nagios
from fullscore.connectors.opsgenie import parse as opsgenie
from fullscore.connectors.pagerduty import parse as pagerduty
from fullscore.connectors.sentry import parse as sentry
from fullscore.connectors.sns import parse as sns
from fullscore.connectors.syslog import parse as syslog
from fullscore.connectors.wording import StateWords, state_words
from fullscore.connectors.zabbix import parse as zabbix
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.kit import time
from fullscore.kit.log import get_logger

Kind = AlertSource.Kind
log = get_logger()
Said = tuple[Sequence[Signal], int]  # and how many alerts the sender left out


@dataclass(frozen=True, slots=True)
class Came:
    """A body, and what its reader may need beside it."""

    body: bytes
    source: AlertSource
    key: str  # what an event without a key of its own is called
    at: datetime  # when it came in


def words_of(source: AlertSource) -> StateWords:
    """Return the words by which a source says that something is over."""
    return state_words(tuple(source.resolve_words))


def _mailed(came: Came) -> Sequence[Signal]:
    """Read a mail; one that answers others is of the alert of the first that is still here."""
    words = words_of(came.source)
    ids = mail.answered(came.body)
    rows = Receipt.objects.filter(source=came.source, delivery_id__in=ids)
    bodies = dict(rows.values_list("delivery_id", "body"))
    keys = [mail.key_of(bytes(bodies[one]), words) for one in ids if one in bodies]
    return mail.signals(came.body, words=words, keys=keys)


# A heartbeat has no body, and our own findings come another way.
READERS: dict[str, Callable[[Came], Sequence[Signal]]] = {
    Kind.PROMETHEUS: lambda came: alertmanager.pushed(came.body, now=came.at),
    Kind.PAGERDUTY: lambda came: [pagerduty.event(came.body, made_key=came.key)],
    Kind.ZABBIX: lambda came: zabbix.problem(
        came.body, zone=time.zone(came.source.zone), now=came.at
    ),
    Kind.NAGIOS: lambda came: nagios.notification(came.body),
    Kind.CLOUDEVENTS: lambda came: cloudevents.event(came.body),
    Kind.SNS: lambda came: sns.delivered(came.body),
    Kind.DATADOG: lambda came: datadog.event(came.body),
    Kind.SENTRY: lambda came: sentry.webhook(came.body),
    Kind.SYSLOG: lambda came: syslog.signals(
        came.body, zone=time.zone(came.source.zone), words=words_of(came.source)
    ),
    Kind.EMAIL: _mailed,
    Kind.OPSGENIE: lambda came: opsgenie.request(came.body, made_key=came.key),
}
COUNTING = {Kind.ALERTMANAGER: alertmanager.webhook, Kind.GRAFANA: grafana.webhook}


def signals_in(source: AlertSource, body: bytes, *, key: str, now: datetime) -> Said:
    """Return what a body says, and how many alerts its sender left out. Raises Garbled."""
    try:
        if source.kind in COUNTING:
            told = COUNTING[Kind(source.kind)](body)
            return told.signals, told.left_out
        return READERS[source.kind](Came(body, source, key, now)), 0
    except (Garbled, DatabaseError):
        raise
    except Exception as odd:  # a fault of ours must not keep what other senders say waiting
        log.exception("a body broke its reader", source=source.name)
        raise Garbled(f"Our reader broke off ({type(odd).__name__}): please report it.") from odd
