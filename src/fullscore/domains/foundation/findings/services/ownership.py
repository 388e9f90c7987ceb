"""Who answers for a finding, and by when."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models import Check, DueRule, OwnerRule
from fullscore.kit import time
from fullscore.kit.checks import Verdict

DAYS = {5: 1, 4: 7, 3: 30, 2: 90}  # findings.md §2; severity 1 has no due day


class Owners:
    """Answers for many verdicts with a handful of questions, whatever their number."""

    def __init__(self, check: Check, verdicts: Iterable[Verdict]) -> None:
        ids = {v.subject.item for v in verdicts if v.subject.item is not None}
        self.items = Item.objects.select_related("contact").in_bulk(ids)
        self._teams = _teams_of_contacts(self.items.values())
        self._by_item = estate.owners_of(ids)
        self._by_rule: dict[int, int] = {}
        self._for_all: int | None = None  # the installation's default, asked last
        self._for_check: int | None = None  # what a rule says of the whole check
        self._due_rules = list(DueRule.objects.all())
        rules = OwnerRule.objects.filter(Q(check_of=check.pk) | Q(check_of__isnull=True))
        for rule in sorted(
            rules, key=lambda r: (r.check_of_id is not None, estate.specificity(r.selector))
        ):
            self._obey(rule, ids)

    def _obey(self, rule: OwnerRule, ids: set[int]) -> None:
        """Take in a rule; the later ones are narrower and win."""
        if rule.selector:
            matching = set(estate.selected(rule.selector).values_list("pk", flat=True))
            self._by_rule.update(dict.fromkeys(matching & ids, rule.team_id))
        elif rule.check_of_id is None:
            self._for_all = rule.team_id
        else:
            self._for_check = rule.team_id
            self._by_rule.update(dict.fromkeys(ids, rule.team_id))

    def team_for(self, verdict: Verdict) -> int | None:
        """Return the team: the verdict's, a rule's, the item's, that of what depends on it."""
        item = verdict.subject.item
        if verdict.team is not None:
            return verdict.team
        if item is None:
            return self._for_check or self._for_all
        return self._by_rule.get(item) or self._by_item.get(item) or self._for_all

    def contact_for(self, verdict: Verdict) -> int | None:
        """Return the item's contact, if active and in the team that owns the finding."""
        item = self.items.get(verdict.subject.item) if verdict.subject.item is not None else None
        contact = item.contact if item else None
        if contact is None or contact.state != Person.State.ACTIVE:
            return None
        return contact.pk if self.team_for(verdict) in self._teams.get(contact.pk, ()) else None

    def due_day(self, verdict: Verdict, item: Item | None, now: datetime) -> date | None:
        """Return the day by which it should be gone."""
        return due_day(verdict, item, now, rules=self._due_rules)


def _teams_of_contacts(items: Iterable[Item]) -> dict[int, set[int]]:
    """Return the teams in which the contacts of some items are today."""
    contacts = {item.contact_id for item in items if item.contact_id is not None}
    found: dict[int, set[int]] = {}
    if contacts:
        held = Membership.objects.on(time.now().date()).filter(person__in=contacts)
        for person, team in held.values_list("person_id", "team_id"):
            found.setdefault(person, set()).add(team)
    return found


def due_day(
    verdict: Verdict, item: Item | None, now: datetime, *, rules: Iterable[DueRule] | None = None
) -> date | None:
    """Return the day by which it should be gone.

    The rule's or the check's own, the first counts.
    """
    days = _days(verdict.severity, item, DueRule.objects.all() if rules is None else rules)
    by_rule = now.date() + timedelta(days=days) if days is not None else None
    return min(filter(None, [by_rule, verdict.due_on]), default=None)


def _days(severity: int, item: Item | None, rules: Iterable[DueRule]) -> int | None:
    """Return the days of the most specific rule; the shipped figure without one."""
    best: tuple[int, int] | None = None
    for rule in rules:
        if rule.severity != severity:
            continue
        if rule.criticality is not None and (item is None or item.criticality != rule.criticality):
            continue
        if rule.environment and (item is None or item.environment != rule.environment):
            continue
        weight = (rule.criticality is not None) + bool(rule.environment)
        if best is None or weight > best[0]:
            best = (weight, rule.days)
    return best[1] if best else DAYS.get(severity)
