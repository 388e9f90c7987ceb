"""Putting off a row of one's own queue, and sharing out a team's."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.overview.attention import queries
from fullscore.domains.overview.attention.models import Proposal, Sharing, Snooze
from fullscore.engines import attention
from fullscore.kit import notify, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from fullscore.kit.models import User
from fullscore.kit.models.user import system

MOST_TIMES = 3


@transaction.atomic
def share_out(*, by: User, team: Team, hours_each: float = 8.0) -> Sharing:
    """Propose who of a team takes what of its open work: the dearest first, to the least loaded.

    Able are the members who are here. Hours already taken are off what each has free.
    """
    Team.objects.select_for_update().get(pk=team.pk)  # two rounds at once would propose twice
    made = Sharing(team=team, hours_each=hours_each, at=time.now(), by=by)
    waits = queries.waiting(by, made.at)
    of_team = {key: one for key, one in waits.items() if one.source.team_of(one.record) == team.pk}
    people = _members(team)
    if not people:
        raise Conflict(f"Nobody of {team} is here: let people join it first.")
    if not any(not one.source.is_taken(one.record) for one in of_team.values()):
        raise Conflict(f"Nothing of {team} waits for somebody to take it.")
    with recorded(made, "share_out", by=by):
        pass
    workers = _workers(people, of_team.values(), hours_each)
    entries = attention.ranked(
        [one.concern for one in of_team.values() if not one.source.is_taken(one.record)],
        now=made.at,
    )
    able = {entry.key: list(people) for entry in entries}
    _pass_by(list(able), by)
    shared = attention.share_out(entries, workers, able)
    for entry in entries:
        one, name = of_team[entry.key], shared[entry.key]
        proposed = Proposal(
            sharing=made, key=entry.key, title=one.source.tell(one.record, by).title[:300],
            person=people[name] if name else None, cost_per_hour=entry.cost_per_hour,
            work_hours=entry.work_hours,
        )  # fmt: skip
        with recorded(proposed, "propose", by=by):
            pass
    _tell([people[name] for name in shared.values() if name])
    return made


def _tell(proposed_to: Sequence[Person]) -> None:
    for person, count in Counter(proposed_to).items():
        if person.user is not None and person.user.is_active:
            words = f"{count} {'thing is' if count == 1 else 'things are'} proposed to you"
            notify.notify(person.user, words, url="/proposals?state=proposed", severity=2)


def keep(sharing: Sharing, *, by: User, **values: object) -> Sharing:
    """Refuse: a round is what it was."""
    raise Conflict("A round is not altered: share out anew.")


def _members(team: Team) -> dict[str, Person]:
    """Return the people of a team who are here today, by a name that is theirs alone."""
    held = Membership.objects.on(time.now().date()).filter(team=team)
    rows = Person.objects.filter(memberships__in=held, state=Person.State.ACTIVE).distinct()
    return {f"{person.name} {person.pk}": person for person in rows}


def _workers(
    people: Mapping[str, Person], waits: Iterable[queries.Waiting], hours_each: float
) -> list[attention.Worker]:
    taken: dict[int, float] = {}
    for one in waits:
        on_it = one.source.tell(one.record, system()).assignee
        if on_it is not None:
            taken[on_it.pk] = taken.get(on_it.pk, 0.0) + one.concern.work_hours
    return [
        attention.Worker(
            name, max(hours_each - taken.get(person.pk, 0.0), 0.0), taken.get(person.pk, 0.0)
        )
        for name, person in people.items()
    ]


def _pass_by(keys: Sequence[str], by: User) -> None:
    """Let what was proposed earlier and never answered pass: it is proposed anew."""
    for old in Proposal.objects.filter(key__in=keys, state=Proposal.State.PROPOSED):
        with recorded(old, "pass", by=by, note="shared out anew"):
            old.state = Proposal.State.PASSED


def let_pass(*, by: User) -> None:
    """Let proposals pass whose work is done or taken: nobody need answer them any more."""
    open_ = list(Proposal.objects.filter(state=Proposal.State.PROPOSED))
    waits = queries.waiting(by, time.now()) if open_ else {}
    for proposal in open_:
        one = waits.get(proposal.key)
        if one is None or one.source.is_taken(one.record):
            with recorded(proposal, "pass", by=by, note="done or taken meanwhile"):
                proposal.state = Proposal.State.PASSED


def accept(proposal: Proposal, *, by: User) -> Proposal:
    """Take what was proposed: it is assigned to whoever was named."""
    _check_answer(proposal, by)
    one = queries.waiting(by, time.now()).get(proposal.key)
    if one is None or one.source.is_taken(one.record):
        with recorded(proposal, "pass", by=by, note="done or taken meanwhile"):
            proposal.state = Proposal.State.PASSED
        return proposal
    with recorded(proposal, "accept", by=by):
        one.source.give(one.record, person=proposal.person, by=by)
        proposal.state = Proposal.State.ACCEPTED
    return proposal


def refuse(proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """Leave what was proposed to others, and say why."""
    _check_answer(proposal, by)
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    with recorded(proposal, "refuse", by=by, note=reason):
        proposal.state, proposal.reason = Proposal.State.REFUSED, reason.strip()[:300]
    return proposal


def _check_answer(proposal: Proposal, by: User) -> None:
    if proposal.state != Proposal.State.PROPOSED:
        raise Conflict(f"This proposal is {proposal.state}.")
    if proposal.person is None:
        raise Conflict("Nobody had the hours for it: assign it, or share out more hours.")
    if proposal.person.user_id != by.pk:
        raise NotAllowed(f"Only {proposal.person} answers this; others assign the work itself.")


def snooze(key: str, *, by: User, until: datetime, reason: str) -> Snooze:
    """Keep a row out of one's own queue until a moment; it returns early when its cost doubles."""
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    if not timedelta(0) < until - time.now() <= timedelta(days=90):
        raise Invalid("Choose a moment in the coming 90 days.", {"until": ["Not then."]})
    found = queries.queue(by, limit=5000)
    row = next((r for r in found.rows if r.entry.key == key), None)
    if row is None:
        raise NotFound("This row is not in your queue.")
    if row.told.severity == 5:
        raise Conflict("What is critical cannot be put off.")
    known = Snooze.objects.filter(user=by, key=key).first()
    if known and known.times >= MOST_TIMES:
        raise Conflict(
            f"You have put this off {MOST_TIMES} times: do it, assign it, or ask for an exception."
        )
    kept = known or Snooze(user=by, key=key, times=0)
    with recorded(kept, "snooze", by=by, note=reason):
        kept.until, kept.reason = until, reason.strip()[:300]
        kept.cost_per_hour = row.entry.cost_per_hour
        kept.times += 1
    return kept
