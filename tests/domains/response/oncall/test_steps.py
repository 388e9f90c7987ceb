"""Steps that do something else than calling people."""

import json
from dataclasses import replace

import pytest

from fullscore.connectors.chat.message import signature
from fullscore.domains.response.incidents import services as incidents
from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.domains.response.oncall import jobs
from fullscore.domains.response.oncall.models import Attempt, EscalationStep, Page, RunEvent
from fullscore.domains.response.oncall.queries import paging
from fullscore.domains.response.oncall.services import escalating, sending
from fullscore.domains.response.oncall.services.hooks import give_key
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.oncall.test_deliveries import LOOPBACK, receiving
from tests.domains.response.oncall.test_escalations import call, routed, somebody, wait

pytestmark = pytest.mark.django_db


def told(run):
    return " ".join(RunEvent.objects.filter(run=run).values_list("text", flat=True))


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        pytest.param([0, 10, 20], ["ann", "ben"], id="three within five minutes"),
        pytest.param([0, 10, 301], ["ben"], id="one of them too long ago"),
        pytest.param([], ["ben"], id="none that is known of"),
    ],
)
def test_only_from_so_many_alerts_in_so_many_minutes(clock, live, start, ages, expected):
    ann, ben = somebody("ann"), somebody("ben")
    routed({"kind": "alerts", "count": 3, "minutes": 5}, call(ann), call(ben), repeats=0)
    now = clock().timestamp()

    start(alerts=[now - age for age in ages])
    live()

    assert list(Page.objects.order_by("pk").values_list("person__name", flat=True)) == expected


def test_alerts_that_join_later_count_too(clock, live, start):
    ann = somebody("ann")
    routed(wait(1), {"kind": "alerts", "count": 2, "minutes": 5}, call(ann), repeats=0)
    run = start(alerts=[clock().timestamp()])
    live()

    escalating.heard(run.subject, run.record, [clock().timestamp()] * 2)
    live(65)

    assert Page.objects.get().person == ann


def hooked(url, key="secret"):
    made = routed({"kind": "webhook", "address": url}, wait(60), repeats=0)
    if key:
        give_key(made.steps.first(), by=system(), key=key)
    return made


def test_a_webhook_is_called_signed_and_told_what_it_is_about(clock, start):
    with receiving() as receiver:
        hooked(receiver.url)
        run = start()
        jobs.tick(lambda letter, guard: sending.send(letter, guard=LOOPBACK))

    ((headers, body),) = receiver.got
    at = int(clock().timestamp())
    assert headers["Fullscore-Signature"] == signature("secret", body, at)
    assert json.loads(body)["title"] == "Shop is down"
    assert Attempt.objects.get(run=run).state == "sent"


def test_a_webhook_that_is_away_is_tried_again_with_the_same_key(clock, live, start, post):
    hooked("https://hooks.example.org/x")
    run = start()
    post.problem = "Away."

    live(60)

    assert len({letter.message.key for letter in post.letters}) == 1
    assert len(post.letters) == sending.TRIES
    assert "did not take it: Away." in told(run)


def test_without_a_key_nothing_is_sent_unsigned(live, start, post):
    hooked("https://hooks.example.org/x", key="")
    run = start()

    live()

    assert post.letters == []
    assert "no key to sign with" in told(run)


def test_the_key_is_in_no_audit_and_only_where_it_is_used():
    step = make.escalation_step(kind="webhook", address="https://hooks.example.org/x")

    give_key(step, by=system(), key="canary-key")

    entries = AuditEntry.objects.values_list("before", "after", "reason")
    assert "canary-key" not in json.dumps(list(entries))
    with pytest.raises(Invalid):
        give_key(step, by=system(), key=" ")
    with pytest.raises(Conflict):
        give_key(make.escalation_step(), by=system(), key="x")


@pytest.mark.parametrize(
    ("kind", "state", "severity", "words"),
    [
        pytest.param("declare", "open", 5, "Declared a major incident", id="declared"),
        pytest.param("resolve", "resolved", 4, "nobody had to do anything", id="resolved"),
    ],
)
def test_an_incident_becomes_what_a_step_wants(live, kind, state, severity, words):
    policy = routed({"kind": kind}, wait(60), name="Shop", repeats=0)
    incident = make.incident(severity=4)
    incidents.call_people([incident.pk], by=system())

    live()
    incidents.grant_step(incident.pk, kind, policy=policy.name, by=system())

    incident.refresh_from_db()
    assert (incident.state, incident.severity) == (state, severity)
    texts = TimelineEntry.objects.filter(incident=incident).values_list("text", flat=True)
    assert words in f"{' '.join(texts)} {incident.resolution}"
    assert "“Shop”" in f"{' '.join(texts)} {incident.resolution}"


def test_what_is_resolved_already_stays_as_it_is():
    incident = make.incident(state=Incident.State.RESOLVED, resolution="Over.", resolved_at=make.AT)

    incidents.grant_step(incident.pk, "declare", policy="x", by=system())

    assert AuditEntry.objects.filter(verb="declare").count() == 0


def test_the_preview_of_a_policy_says_what_each_step_does(clock):
    policy = make.policy(
        {"kind": "alerts", "count": 4, "minutes": 9}, call(somebody("ann")), wait(5),
        {"kind": "webhook", "address": "https://hooks.example.org/x"}, {"kind": "declare"},
    )  # fmt: skip

    steps = paging.would_call(policy, now=clock(), severity=5)

    assert [one.why for one in steps] == [
        "the step after this, only from 4 alerts in 9 min", "named in the policy",
        "a signed webhook is called: https://hooks.example.org/x",
        "it is declared a major incident",
    ]  # fmt: skip
    assert [one.minutes for one in steps] == [0, 0, 5, 5]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"kind": "webhook"}, id="no address"),
        pytest.param({"kind": "webhook", "address": "ftp://x"}, id="no web address"),
        pytest.param({"kind": "alerts", "count": 0}, id="no alerts"),
    ],
)
def test_a_step_says_what_it_is_about(values):
    from fullscore.kit.audit import validate

    with pytest.raises(Invalid):
        validate(EscalationStep(policy=make.policy(), **values))


def test_nothing_leaves_the_sample_company(clock, start, settings):
    settings.OPTIONS = replace(settings.OPTIONS, is_sample=True)
    with receiving() as receiver:
        hooked(receiver.url)
        run = start()
        jobs.tick(lambda letter, guard: sending.send(letter, guard=LOOPBACK))

    assert receiver.got == []
    assert "sample company" in Attempt.objects.get(run=run).answer
