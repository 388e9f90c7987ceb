"""Reviews, what they want done, and the changes that had a part in incidents."""

from datetime import timedelta

import pytest
from django.utils.dateparse import parse_datetime

from fullscore.config.checks import CHECKS
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.response.incidents import jobs, queries, services
from fullscore.domains.response.incidents.models import IncidentChange, Review, ReviewAction
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db
AT = parse_datetime("2026-11-20T10:00:00Z")  # a Friday
BY_ID = {check.id: check for check in CHECKS}


def over(**values):
    """Return an incident that lasted an hour, noticed after ten minutes."""
    known = {
        "state": "resolved", "priority": 1, "starts_at": AT, "resolution": "The disk was changed.",
        "detected_at": AT + timedelta(minutes=10), "resolved_at": AT + timedelta(hours=1),
    }  # fmt: skip
    return make.incident(**known | values)


def bad(ident, now):
    check = BY_ID[f"incidents.{ident}"]
    told = check.verdicts(Scope(now), Limits(check.limits))
    return [verdict.title for verdict in told if verdict.outcome == "bad"]


def test_a_review_is_filled_from_the_timeline():
    shop, database = make.item(kind="service"), make.item()
    make.link(from_item=shop, to_item=database)
    incident = over()
    make.alert(incident=incident, item=database, state="resolved", starts_at=AT,
               ends_at=AT + timedelta(minutes=30))  # fmt: skip
    make.alert(incident=incident, item=database, starts_at=AT + timedelta(minutes=50))

    review = services.open_review(incident, by=make.user())

    assert f"{review.due_on}" == "2026-11-27"
    assert "20 Nov 11:00 UTC: over" in review.summary
    assert "The disk was changed." in review.summary
    assert "10 min after the first symptom" in review.detection
    assert review.impact == [{"item": shop.pk, "seconds": 2400}]


@pytest.mark.parametrize(
    ("values", "begun"),
    [
        pytest.param({}, 1, id="P1"),
        pytest.param({"priority": 2}, 1, id="P2"),
        pytest.param({"priority": 3}, 0, id="P3"),
    ],
)
def test_grave_incidents_that_are_over_get_a_review(values, begun):
    incident = over(**values)

    jobs.owe_reviews.func([incident.pk])
    jobs.owe_reviews.func([incident.pk])

    assert Review.objects.count() == begun


def test_merged_and_open_incidents_are_not_reviewed():
    with pytest.raises(Conflict, match="Resolve the incident first"):
        services.open_review(make.incident(), by=make.user())
    with pytest.raises(Conflict, match="was merged"):
        services.open_review(over(merged_into=over()), by=make.user())


def test_a_review_closes_when_it_says_what_made_it_possible():
    ann, review = make.user(), services.open_review(over(), by=make.user())

    with pytest.raises(Invalid, match="what made it possible"):
        services.close_review(review, by=ann)
    services.revise_review(review, by=ann, factors="No alert on the disk's age.")
    services.close_review(review, by=ann)

    assert (review.state, review.closed_by) == ("closed", ann)
    assert review.incident.timeline.filter(text__startswith="Reviewed: 0 actions").exists()
    with pytest.raises(Conflict, match="take it up"):
        services.revise_review(review, by=ann, factors="Else.")


@pytest.mark.parametrize(
    ("day", "late"),
    [
        pytest.param("2026-11-27T23:00:00Z", False, id="on its day"),
        pytest.param("2026-11-28T00:10:00Z", True, id="the day after"),
    ],
)
def test_what_is_not_reviewed_in_time_is_found_without_its_title(day, late):
    incident = over(title="Secret matter")

    found = bad("unreviewed", parse_datetime(day))

    assert found == ([f"Incident {incident.pk} (P1) is not reviewed"] if late else [])
    make.review(incident=incident, state="closed", factors="Age.", closed_at=AT)
    assert bad("unreviewed", parse_datetime(day)) == []


def test_late_actions_are_found_until_they_are_done():
    action = make.review_action(due_on=AT.date())
    day_after = AT + timedelta(days=1)

    assert bad("action_late", AT) == []
    assert len(bad("action_late", day_after)) == 1
    services.finish_action(action, by=make.user())
    assert bad("action_late", day_after) == []


def test_an_action_is_verified_by_another_after_it_is_done():
    ann, ben = make.user("ann"), make.user("ben")
    action = make.review_action(owner=make.person(user=ann), created_at=time.now())

    with pytest.raises(Conflict, match="not done yet"):
        services.verify_action(action, by=ben, proof="Pulled the plug.")
    services.finish_action(action, by=ann)
    with pytest.raises(Conflict, match="Somebody else"):
        services.verify_action(action, by=ann, proof="Trust me.")
    with pytest.raises(Invalid, match="how one can tell"):
        services.verify_action(action, by=ben, proof=" ")
    services.verify_action(action, by=ben, proof="Pulled the plug: it went on.")

    assert (action.verified_by, action.proof) == (ben, "Pulled the plug: it went on.")


def test_an_action_becomes_a_change_on_what_alerted():
    ann = make.user(role="engineer")
    action = make.review_action()
    alert = make.alert(incident=action.review.incident)

    change = services.ask_change(action, by=ann)

    assert list(change.items.all()) == [alert.item]
    assert (change.title, change.state) == (action.title, Change.State.DRAFT)
    assert ReviewAction.objects.get(pk=action.pk).change == change
    with pytest.raises(Conflict, match="asked for already"):
        services.ask_change(action, by=ann)


def test_a_change_has_one_part_in_an_incident():
    incident, change, ann = make.incident(), make.change(), make.user()

    services.link_change(incident, by=ann, change=change, part="cause")

    assert IncidentChange.objects.get().kind == "cause"
    assert incident.timeline.filter(text=f"Change {change.pk} caused it.").exists()
    with pytest.raises(Invalid, match="linked to this incident already"):
        services.link_change(incident, by=ann, change=change, part="fix")
    with pytest.raises(Invalid, match="cause or the fix"):
        services.link_change(incident, by=ann, change=make.change(), part="blame")


def test_similar_incidents_come_with_what_is_shared():
    root = make.item()
    one, other, strange = over(root_item=root), over(root_item=root), over()
    for incident in (one, other):
        make.alert(incident=incident, item=root, title="Disk slow")
    make.alert(incident=strange, title="Else")

    told = queries.similar_to(one, system())

    assert [(row[0], row[2]) for row in told] == [
        (other, ("the same root", "1 of its items", "the same alert: Disk slow"))
    ]


def test_reviews_of_security_incidents_are_for_insiders():
    ann = make.user(role="engineer")
    review = make.review(incident=over(is_security=True, owner=make.team()))
    action = make.review_action(review=review)

    assert Review.objects.visible_to(ann).count() == 0
    assert ReviewAction.objects.visible_to(ann).count() == 0
    review.incident.admitted.add(make.person(user=ann))
    assert ReviewAction.objects.visible_to(ann).get() == action


def test_the_pages_show_impact_and_likeness(client):
    ann = make.user(role="engineer")
    shop = make.item("webshop", kind="service")
    review = make.review(incident=over(), impact=[{"item": shop.pk, "seconds": 2400}])
    browser = make.client(ann)

    page = browser.get(f"/incident-reviews/{review.pk}").content.decode()
    similar = browser.get(f"/incidents/{review.incident_id}/panel/similar-incidents")

    assert "webshop" in page
    assert "40 min" in page
    assert "No other incident is like this one." in similar.content.decode()


def test_an_action_is_not_set_for_a_day_that_is_over():
    review, owner = make.review(), make.person()
    yesterday = time.now().date() - timedelta(days=1)

    with pytest.raises(Invalid, match="not over"):
        services.add_action(
            review, by=system(), title="Alarm", kind="detect", owner=owner, due_on=yesterday
        )
    action = services.add_action(
        review, by=system(), title="Alarm", kind="detect", owner=owner,
        due_on=time.now().date(),
    )  # fmt: skip
    assert action.pk
