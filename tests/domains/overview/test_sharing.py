"""A team's open work is shared out as proposals, which people accept or refuse."""

import pytest

from fullscore.domains.overview.attention import jobs, services
from fullscore.domains.overview.attention.models import Proposal, Sharing
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry, Notification
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make.team("unix")


@pytest.fixture
def lead():
    return make.user("lead", role="administrator")


def member(name, team, **values):
    person = make.person(name, user=make.user(name, role="engineer"), **values)
    make.membership(team=team, person=person)
    return person


def found(team, **values):
    item = make.item(criticality=1)
    return make.finding(item=item, owner=team, due_on=make.AT.date().replace(year=2099), **values)


def proposed(sharing):
    return {(p.title, p.person and p.person.name) for p in sharing.proposals.all()}


def test_open_work_goes_to_who_has_least_and_everybody_hears_of_it(team, lead):
    ann, ben = member("ann", team), member("ben", team)
    found(team, title="taken", assignee=ann, state="acknowledged")
    found(team, title="one")
    found(make.team(), title="another team's")

    sharing = services.share_out(by=lead, team=team)

    assert proposed(sharing) == {("one", "ben")}
    told = Notification.objects.get(user=ben.user)
    assert (told.title, told.url) == ("1 thing is proposed to you", "/proposals?state=proposed")
    assert AuditEntry.objects.filter(verb="propose", by=lead).count() == 1


def test_what_exceeds_the_hours_is_proposed_to_nobody(team, lead):
    member("ann", team)
    for title in ("a", "b", "c"):
        found(team, title=title)

    sharing = services.share_out(by=lead, team=team, hours_each=1.0)

    names = sorted(p.person.name if p.person else "" for p in sharing.proposals.all())
    assert names == ["", "ann", "ann"]


@pytest.mark.parametrize("state", ["away", "left", "coming"])
def test_who_is_not_here_is_proposed_nothing(team, lead, state):
    member("ann", team, state=state)
    found(team, title="one")

    with pytest.raises(Conflict, match="Nobody of unix is here"):
        services.share_out(by=lead, team=team)

    assert not Sharing.objects.exists()


def test_what_is_about_a_person_is_not_handed_round(team, lead):
    member("ann", team)
    found(team, title="a leaver's account", person=make.person())

    with pytest.raises(Conflict, match="Nothing of unix waits"):
        services.share_out(by=lead, team=team)


def test_who_accepts_is_on_it(team, lead):
    ann = member("ann", team)
    finding = found(team)
    proposal = services.share_out(by=lead, team=team).proposals.get()

    services.accept(proposal, by=ann.user)

    finding.refresh_from_db()
    assert (finding.assignee, finding.state, proposal.state) == (ann, "acknowledged", "accepted")


def test_what_somebody_took_meanwhile_passes(team, lead):
    ann, finding = member("ann", team), found(team)
    proposal = services.share_out(by=lead, team=team).proposals.get()
    finding.assignee = make.person("ben")
    finding.save()

    services.accept(proposal, by=ann.user)

    finding.refresh_from_db()
    assert (proposal.state, str(finding.assignee)) == ("passed", "ben")


def test_what_is_done_or_taken_waits_for_no_answer(team, lead):
    member("ann", team)
    done, taken, _ = (found(team, title=title) for title in ("done", "taken", "left"))
    services.share_out(by=lead, team=team)
    done.state, taken.assignee = "excepted", make.person("ben")
    done.save()
    taken.save()

    jobs.let_pass()

    states = {p.title: p.state for p in Proposal.objects.all()}
    assert states == {"done": "passed", "taken": "passed", "left": "proposed"}


def test_who_refuses_says_why_and_the_next_round_proposes_anew(team, lead):
    ann = member("ann", team)
    found(team)
    proposal = services.share_out(by=lead, team=team).proposals.get()
    with pytest.raises(Invalid, match="Say why"):
        services.refuse(proposal, by=ann.user, reason=" ")

    services.refuse(proposal, by=ann.user, reason="On leave from tomorrow")

    assert (proposal.state, proposal.reason) == ("refused", "On leave from tomorrow")
    assert services.share_out(by=lead, team=team).proposals.get().state == "proposed"


def test_a_new_round_lets_unanswered_proposals_pass(team, lead):
    member("ann", team)
    found(team)
    first = services.share_out(by=lead, team=team).proposals.get()

    services.share_out(by=lead, team=team)

    first.refresh_from_db()
    assert first.state == "passed"
    with pytest.raises(Conflict, match="passed"):
        services.accept(first, by=first.person.user)


def test_only_who_is_named_answers(team, lead):
    member("ann", team)
    found(team)
    proposal = services.share_out(by=lead, team=team).proposals.get()

    with pytest.raises(NotAllowed, match="Only ann"):
        services.accept(proposal, by=lead)


def test_rounds_are_seen_in_reach_of_the_team_and_by_who_is_named(team, lead):
    ann = make.person("ann", user=make.user("ann"))
    make.membership(team=team, person=ann)
    found(team)
    services.share_out(by=lead, team=team)
    inside = make.user("in", role="viewer", team=team)
    outside = make.user("out", role="viewer", team=make.team())

    assert Proposal.objects.visible_to(ann.user).count() == 1
    assert Sharing.objects.visible_to(inside).count() == 1
    assert not Sharing.objects.visible_to(outside).exists()
    assert not Proposal.objects.visible_to(outside).exists()


def test_the_queue_shows_what_is_proposed_and_takes_it_in_place(team, lead):
    ann, finding = member("ann", team), found(team, title="Disk full")
    services.share_out(by=lead, team=team)
    browser = make.client(ann.user)

    page = browser.get("/queue").content.decode()
    answer = browser.post(f"/proposals/{Proposal.objects.get().pk}/accept", {"next": "/queue"})

    finding.refresh_from_db()
    assert "Proposed to you" in page
    assert (answer.status_code, answer["Location"]) == (302, "/queue")
    assert finding.assignee == ann
