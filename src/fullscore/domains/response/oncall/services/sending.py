"""Deliveries leave the machine: claimed with a lease, sent with a key of their own, marked.

Killed between claim and mark, a delivery is claimed again when its lease is over, and goes out with
the same key: whoever takes it knows it for the same. That is the most that can be had without a
receiver that votes; what must not happen is that one is lost.
"""

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import F, Q

from fullscore.connectors.base import ConnectorError, Refused, Unreachable
from fullscore.connectors.chat import client as chat
from fullscore.connectors.chat.message import Message, Target
from fullscore.connectors.guard import Guard
from fullscore.connectors.sms import client as sms
from fullscore.domains.response.oncall.models import Attempt, ContactChannel, Run
from fullscore.domains.response.oncall.services import calling, channels
from fullscore.domains.response.oncall.services.answering import link_of
from fullscore.domains.response.oncall.services.escalating import tell
from fullscore.kit import live
from fullscore.kit.audit import noun_of
from fullscore.kit.checks import SEVERITIES
from fullscore.kit.log import get_logger
from fullscore.kit.models.secret import Secret

LEASE = timedelta(seconds=60)  # longer than any connector takes
TRIES = 3
CLAIMS = 6  # of a delivery whose process dies each time
PAUSES = (timedelta(seconds=10), timedelta(seconds=30))
log = get_logger()
State, Kind = Attempt.State, ContactChannel.Kind


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, read out of the database before anything is."""

    attempt: int
    target: Target
    message: Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it; `problem` is a sentence, empty when it was taken."""

    attempt: int
    answer: str = ""
    problem: str = ""
    is_final: bool = False


def claim(*, now: datetime, most: int) -> list[Letter]:
    """Take deliveries that are due, for as long as the lease lasts."""
    due = Q(state=State.WAITING, due_at__lte=now) | Q(state=State.SENDING, lease_until__lte=now)
    with transaction.atomic():
        rows = Attempt.objects.filter(due).order_by("due_at", "pk")
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        attempts = list(rows.select_related("channel__secret", "page__run", "secret", "run")[:most])
        mine = [a for a in attempts if not _is_moot(a)]
        moot = [a.pk for a in attempts if _is_moot(a)]
        Attempt.objects.filter(pk__in=moot).update(state=State.CANCELLED)
        Attempt.objects.filter(pk__in=[a.pk for a in mine]).update(
            state=State.SENDING, lease_until=now + LEASE, tries=F("tries") + 1
        )
    return [letter for attempt in mine if (letter := _written(attempt, now)) is not None]


def _is_moot(attempt: Attempt) -> bool:
    """Say whether somebody answered since this was to be sent."""
    run = attempt.page.run if attempt.page else attempt.run
    if run is None:
        return False
    answered = run.answered_at if run.state == Run.State.ACKNOWLEDGED else None
    if answered is not None and attempt.page is not None and attempt.page.at <= answered:
        return True
    return run.state in (Run.State.OVER, Run.State.SNOOZED)


def _written(attempt: Attempt, now: datetime) -> Letter | None:
    """Return the letter of a delivery; one that cannot be written fails, and no other with it."""
    try:
        if attempt.tries >= CLAIMS:
            raise Refused(f"It was begun {CLAIMS} times and never ended.")
        return _letter(attempt, now)
    except Exception as error:
        log.exception("a page cannot be written", attempt=attempt.pk)
        mark(Outcome(attempt.pk, problem=f"It cannot be written: {error}", is_final=True), now=now)
        return None


def _letter(attempt: Attempt, now: datetime) -> Letter:
    of = attempt.channel or attempt
    value = _opened(of.secret) if of.secret else ""
    target = Target(attempt.way, of.address, value)
    return Letter(attempt.pk, target, message_of(attempt, now))


def _opened(secret: Secret) -> str:
    with secret.open() as value:
        return value


def message_of(attempt: Attempt, now: datetime) -> Message:
    """Return what a delivery says."""
    told = partial(Message, key=attempt.key, sent_at=int(now.timestamp()))
    if attempt.kind == Attempt.Kind.CODE:
        code = channels.code_of(attempt)
        text = f"Enter {code} on the page “My shifts” within 30 minutes."
        return told(title="Your code for Fullscore", text=text, url="", severity=1)
    if attempt.run is not None:
        return told(
            title=attempt.run.title, text=f"By a step of “{attempt.run.policy}”.",
            url=settings.OPTIONS.address + attempt.run.url, severity=attempt.run.severity,
        )  # fmt: skip
    if attempt.page is None:
        text = "This is a test: you can be called this way."
        return told(title="Test of Fullscore", text=text, url="", severity=1)
    run = attempt.page.run
    word = SEVERITIES[run.severity].capitalize()
    text = f"{word}, since {run.started_at:%H:%M} UTC. You are called: {attempt.page.why}."
    return told(
        title=run.title, text=text, url=settings.OPTIONS.address + link_of(attempt),
        severity=run.severity, is_important=attempt.page.urgency == "important",
    )  # fmt: skip


def send(letter: Letter, *, guard: Guard) -> Outcome:
    """Send one letter. Touches no table, so that many can be sent at once.

    From the sample company nothing leaves the machine: its people are made up.
    """
    if settings.OPTIONS.is_sample:
        return Outcome(letter.attempt, answer="not sent: this is the sample company")
    try:
        return Outcome(letter.attempt, answer=_sent(letter, guard))
    except Unreachable as error:
        return Outcome(letter.attempt, problem=str(error))
    except ConnectorError as error:
        return Outcome(letter.attempt, problem=str(error), is_final=True)
    except Exception as error:  # a fault of ours: the other letters go out all the same
        log.exception("a page cannot be sent", attempt=letter.attempt)
        told = f"{type(error).__name__}: {error}"
        return Outcome(letter.attempt, problem=told[:300], is_final=True)


def _sent(letter: Letter, guard: Guard) -> str:
    target, message = letter.target, letter.message
    if target.kind == Kind.EMAIL:
        return _mailed(target.address, message)
    if target.kind == Kind.SMS:
        return sms.send(target.secret, message.title, f"{message.text} {message.url}".strip())
    return chat.send(target, message, guard=guard, is_http_allowed=bool(guard.allowed))


def _mailed(address: str, message: Message) -> str:
    """Mail it. The message's id is the delivery's key: a second copy is known for one."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "fullscore.invalid"
    text = "\n\n".join(filter(None, [message.text, message.url]))
    mail = EmailMessage(
        subject=f"[Fullscore] {' '.join(message.title.split())}"[:200], body=text, to=[address],
        headers={
            "Message-ID": f"<{message.key}@{domain}>", "Auto-Submitted": "auto-generated",
            "X-Priority": "1" if message.is_important else "3",
        },
    )  # fmt: skip
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise Refused("The mail server does not take mail for this address.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(f"The mail server: {str(error)[:200]}") from error
    return "taken by the mail server"


@transaction.atomic
def mark(outcome: Outcome, *, now: datetime) -> None:
    """Write what became of a letter."""
    rows = Attempt.objects.select_for_update(of=("self",)).select_related(
        "channel", "page__run", "run"
    )
    attempt = rows.filter(pk=outcome.attempt).first()
    if attempt is None or attempt.state == State.SENT:
        return  # its channel was forgotten meanwhile, or another process took over and was faster
    if not outcome.problem:
        _reached(attempt, outcome, now)
    elif _is_moot(attempt):
        attempt.state = State.CANCELLED  # answered while it was on its way: nobody is called again
    elif attempt.tries < TRIES and not outcome.is_final:
        pause = PAUSES[min(attempt.tries, len(PAUSES)) - 1]
        attempt.state, attempt.due_at = State.WAITING, now + pause
    else:
        _failed(attempt, outcome, now)
    attempt.answer, attempt.lease_until = (outcome.answer or outcome.problem)[:300], None
    attempt.save()
    live.publish(noun_of(Attempt), attempt.pk)
    if attempt.state == State.FAILED:
        calling.hurry(attempt, now=now)


def _reached(attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    attempt.state, attempt.sent_at = State.SENT, now
    if attempt.channel is not None:
        of = ContactChannel.objects.filter(pk=attempt.channel.pk)
        of.update(last_sent_at=now, failures=0, problem="")


def _failed(attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    attempt.state = State.FAILED
    if attempt.channel is not None:
        of = ContactChannel.objects.filter(pk=attempt.channel.pk)
        of.update(failures=F("failures") + 1, problem=outcome.problem[:300])
    if attempt.run is not None:
        tell(attempt.run, f"The webhook did not take it: {outcome.problem}"[:300])
    if attempt.page is not None:
        way = attempt.get_way_display()
        tell(attempt.page.run, f"{attempt.page.person} was not reached by {way}.")
