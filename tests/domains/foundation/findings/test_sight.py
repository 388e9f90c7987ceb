"""Who sees a finding about a person: that person and the line manager, nobody else."""

import pytest

from fullscore.domains.foundation.access.services import grants
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.findings.models import Blind, Comment, Event, Finding
from fullscore.kit import search
from fullscore.kit.checks import Subject, bad, unknown
from fullscore.kit.models.user import system


@pytest.fixture
def about_ann(voice, someone):
    """A finding about Ann, whose manager is Mia; Olga owns the installation, Tom is in the team."""
    mia = someone("mia", "viewer", team="Web")
    ann = someone("ann", team="Web", manager=mia)
    grants.grant(ann, by=system(), role="viewer", team=Team.objects.get(name="Web"))
    tom = someone("tom", "viewer", team="Web", manager=ann)
    olga = someone("olga", "administrator")
    voice.says(bad(Subject(person=ann.person.pk), severity=3, title="Too many hours worked"))
    people = {"ann": ann, "mia": mia, "tom": tom, "olga": olga, "nobody": someone("nobody")}
    return Finding.objects.get(), people


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        pytest.param("ann", True, id="the person, whose role holds for one team only"),
        pytest.param("mia", True, id="the line manager"),
        pytest.param("tom", False, id="a colleague who answers to that person"),
        pytest.param("olga", False, id="an owner of the installation"),
        pytest.param("nobody", False, id="an account without a role"),
    ],
)
def test_a_finding_about_a_person_is_seen_and_counted_by_two(about_ann, name, sees):
    finding, people = about_ann
    user = people[name]
    Comment.objects.create(finding=finding, by=user, at=finding.opened_at, text="Hm")

    assert Finding.objects.visible_to(user).count() == sees
    assert Event.objects.visible_to(user).exists() == sees
    assert Comment.objects.visible_to(user).exists() == sees
    assert bool(search.find("Too many hours", by=user)) == sees


def test_a_former_manager_sees_nothing(about_ann, clock):
    _, people = about_ann
    people["ann"].person.memberships.update(ends_on=clock.now.date())

    assert not Finding.objects.visible_to(people["mia"]).exists()


def test_a_blind_spot_about_a_person_is_as_restricted(about_ann, voice):
    _, people = about_ann
    voice.says(unknown(Subject(person=people["ann"].person.pk), why="no time sheet"))

    seen = {name for name, user in people.items() if Blind.objects.visible_to(user).exists()}

    assert "olga" not in seen
    assert "mia" in seen


def test_a_role_for_a_team_covers_its_findings_and_those_of_its_items(voice, someone, items):
    red, blue = Team.objects.create(name="Red"), Team.objects.create(name="Blue")
    items[0].owner, items[1].owner = red, blue
    items[0].save()
    items[1].save()
    eve = someone("eve")
    grants.grant(eve, by=system(), role="viewer", team=red)
    voice.opens(items[0])
    voice.opens(items[1])
    voice.opens(items[2], team=red.pk)

    seen = Finding.objects.visible_to(eve)

    assert {f.item for f in seen} == {items[0], items[2]}
