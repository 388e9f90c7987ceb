"""Whose personal rows somebody sees: the own, and those of the people who answer to them."""

from django.db.models import Q, QuerySet

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.kit import access, time


def about_nobody_or(user: access.Actor) -> Q:
    """Return the condition that keeps rows about no person, about `user`, or about a report."""
    return Q(person__isnull=True) | Q(person__in=people_seen_by(user))


def people_seen_by(user: access.Actor) -> QuerySet[Person]:
    """Return the person behind an account, and those whose line manager that person is today."""
    me = Person.objects.filter(user=user.pk)
    reports = Membership.objects.on(time.now().date()).filter(manager__in=me).values("person")
    return Person.objects.filter(Q(user=user.pk) | Q(pk__in=reports))
