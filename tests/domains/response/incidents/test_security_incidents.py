"""A security incident is its team's and its named people's alone, whichever door one comes by."""

from datetime import date

import pytest

from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.changes.models import Trouble
from fullscore.domains.overview.attention import queries as attention
from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import Alert, Incident, TimelineEntry
from fullscore.domains.response.oncall.models import Run
from fullscore.kit import live, search, time
from fullscore.kit.errors import Conflict, NotFound
from fullscore.kit.models.live import LiveChange
from fullscore.kit.models.user import system
from fullscore.kit.perform import Verb, perform
from tests import make
from tests.domains.response.incidents.conftest import firing

pytestmark = pytest.mark.django_db
SECRET = "Exfiltration of payroll"


def somebody(name, role="engineer", **values):
    user = make.user(name, role=role, **values)
    return make.person(name.title(), user=user)


@pytest.fixture
def case(db):
    """Return a security incident with an alert, a note, a task and a role."""
    team = make.team("csirt")
    ann = somebody("ann")
    make.membership(person=ann, team=team, starts_on=date(2026, 1, 1))
    item = make.item("vault")
    incident = services.declare(
        by=system(), title=SECRET, severity=5, root_item=item, owner=team, is_security=True
    )
    make.alert(incident=incident, item=item, title=f"{SECRET}: 4 GB")
    services.note(incident, by=ann.user, text=f"{SECRET} since noon")
    services.add_task(incident, by=ann.user, title=f"Stop {SECRET}")
    make.suspect(ranking=make.ranking(incident=incident), item=item)
    make.cause(incident=incident, text=SECRET, item=item)
    return incident, ann, item


def test_it_is_urgent_by_its_severity_though_no_service_fails(case):
    incident, _, _ = case

    services.weigh([incident.pk], now=time.now(), by=system())

    incident.refresh_from_db()
    assert incident.get_priority_display() == "P1"
    assert incident.priority_reason.startswith("P1 because it is a critical matter of security")


OUTSIDERS = ["viewer", "engineer", "operator", "manager", "security", "auditor", "administrator"]


@pytest.mark.parametrize("role", OUTSIDERS)
def test_no_role_alone_shows_it_anywhere(case, role):
    incident, _, item = case
    user = make.user("olga", role=role)
    browser = make.client(user)
    entry, task = incident.timeline.filter(kind="note").get(), incident.tasks.get()
    pages = [
        "/incidents", "/incidents?show=open", "/incidents?q=exfiltration", "/alerts", "/",
        "/queue", "/timeline-entries", "/incident-tasks", "/incident-roles", "/rankings",
        "/suspects", "/causes", f"/items/{item.pk}", f"/search?q={SECRET[:8]}", "/troubles",
        "/escalations", "/incidents?at=2036-01-01T00:00", f"/items/{item.pk}/changed",
    ]  # fmt: skip
    for url in pages:
        answer = browser.get(url)
        assert SECRET not in answer.content.decode(), url
    alert = incident.alerts.get()
    for url in (f"/incidents/{incident.pk}", f"/incidents/{incident.pk}/room",
                f"/timeline-entries/{entry.pk}", f"/incident-tasks/{task.pk}",
                f"/alerts/{alert.pk}", f"/incidents/{incident.pk}/panel/timeline"):  # fmt: skip
        assert browser.get(url).status_code in (403, 404), url


@pytest.mark.parametrize("noun", ["incidents", "alerts", "timeline-entries", "incident-tasks",
                                  "suspects", "causes"])  # fmt: skip
def test_programs_see_no_more_than_their_person(case, noun, client):
    _, ann, _ = case
    counts = []
    for user in (make.user("olga", role="operator"), ann.user):
        text = tokens.new()
        make.token(text, user=user)
        answer = client.get(f"/api/{noun}", headers={"authorization": f"Bearer {text}"})
        assert answer.status_code == 200
        counts.append(SECRET in answer.content.decode())

    assert counts == [False, True]


def test_search_and_live_stream_tell_insiders_only(case):
    incident, ann, _ = case
    olga = make.user("olga", role="operator")
    live.publish("incidents.incident", incident.pk)
    change = LiveChange.objects.latest("pk")

    assert not live.may_hear(olga, change)
    assert live.may_hear(ann.user, change)
    assert search.find(SECRET, by=olga) == []
    assert {hit.noun for hit in search.find(SECRET, by=ann.user)} >= {"incidents.incident"}


def test_the_queue_of_others_does_not_know_of_it(case):
    _, ann, _ = case
    told = [str(row.told.title) for row in attention.queue(make.user("olga", role="operator"))[0]]

    assert SECRET not in told
    assert SECRET in [row.told.title for row in attention.queue(ann.user)[0]]


@pytest.mark.parametrize("way", ["team", "role", "let in", "assigned", "declared"])
def test_who_is_in_the_team_or_named_sees_it(case, way):
    incident, ann, _ = case
    bea = somebody("bea", role="viewer")
    assert not Incident.objects.visible_to(bea.user).exists()
    if way == "team":
        make.membership(person=bea, team=incident.owner)
    elif way == "role":
        services.start_role(incident, by=ann.user, role="scribe", person=bea)
    elif way == "let in":
        services.let_in(incident, by=ann.user, person=bea)
    elif way == "assigned":
        services.assign(incident, by=ann.user, person=bea)
    else:
        Incident.objects.update(declared_by=bea.user)

    assert Incident.objects.visible_to(bea.user).get() == incident
    assert Alert.objects.visible_to(bea.user).count() == 1
    assert TimelineEntry.objects.visible_to(bea.user).exists()
    assert make.client(bea.user).get(f"/incidents/{incident.pk}").status_code == 200


def test_who_left_the_team_or_lost_the_role_sees_it_no_longer(case):
    incident, ann, _ = case
    bea, cem = somebody("bea"), somebody("cem")
    make.membership(person=bea, team=incident.owner, ends_on=date(2026, 2, 1))
    role = services.start_role(incident, by=ann.user, role="scribe", person=cem)
    services.end_role(role, by=ann.user)
    services.let_in(incident, by=ann.user, person=cem)
    services.shut_out(incident, by=ann.user, person=cem)

    assert not Incident.objects.visible_to(bea.user).exists()
    assert not Incident.objects.visible_to(cem.user).exists()


def test_an_outsider_cannot_do_anything_with_it(case):
    incident, _, _ = case
    olga = make.user("olga", role="operator")
    verb = Verb(services.acknowledge, permission="incidents.acknowledge_incident")
    with pytest.raises(NotFound):
        perform(verb, Incident, incident.pk, by=olga, values={})


def test_calls_and_gates_do_not_say_what_it_is(case):
    incident, _, item = case
    make.escalation_route(policy=make.policy(), team=incident.owner, min_severity=1)
    services.call_people([incident.pk], by=system())
    jobs.tell_changes([incident.pk])

    assert Run.objects.get().title == f"Security incident {incident.pk}: sign in to read what it is"
    assert Run.objects.get().item is None
    assert SECRET not in Trouble.objects.get(item=item).title


def test_what_becomes_a_security_incident_is_veiled_in_what_runs(db):
    team, item = make.team("csirt"), make.item("vault")
    make.escalation_route(policy=make.policy(), min_severity=1)
    incident = services.declare(by=system(), title=SECRET, severity=5, root_item=item, owner=team)
    services.call_people([incident.pk], by=system())
    assert Run.objects.get().title == SECRET

    services.describe(incident, by=system(), title=SECRET, severity=5, root_item=item, owner=team,
                      is_security=True)  # fmt: skip
    assert SECRET not in Run.objects.get().title


def test_new_alerts_of_the_same_item_stay_with_operations(case, alertmanager, take_in):
    incident, _, _ = case
    Alert.objects.update(starts_at=time.now())
    alertmanager.notify(firing(severity="critical", fullscore_item="vault"))
    take_in()

    assert incident.alerts.count() == 1
    assert Incident.objects.filter(is_security=False).count() == 1


def test_like_is_merged_with_like_only_and_split_stays_closed(case):
    incident, _, item = case
    with pytest.raises(Conflict, match="only like goes into like"):
        services.merge(incident, by=system(), other=make.incident().pk)
    second = make.alert(incident=incident, item=item)

    new = services.split(incident, by=system(), alerts=str(second.pk))
    assert (new.is_security, new.owner) == (True, incident.owner)


def test_every_noun_that_hangs_on_incidents_follows_it(case):
    """A noun with a key to incidents shows an outsider no row of a security incident."""
    incident, _, _ = case
    olga = make.user("olga", role="operator")
    seen = []
    for resource in RESOURCES:
        for field in resource.model._meta.concrete_fields:
            if field.related_model is Incident and resource.model is not Incident:
                rows = resource.visible_to(olga).filter(**{field.name: incident})
                seen += [resource.name] * rows.count()

    assert seen == []
