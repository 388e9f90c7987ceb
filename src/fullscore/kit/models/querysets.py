"""Row-level privacy lives in querysets, nowhere else."""

from typing import Any, TypeVar

from django.db import models
from django.db.models import Model, Q, QuerySet

from fullscore.kit import access

M = TypeVar("M", bound=models.Model)


class VisibleQuerySet(models.QuerySet[M]):
    """Rows seen by whoever holds the view permission anywhere.

    Override `visible_to` for finer rules.
    """

    def visible_to(self, user: access.Actor) -> "VisibleQuerySet[M]":
        """Return the rows this person may know of; none without the view permission."""
        permission = access.permission(self.model, "view")
        return self if access.reach(user, permission).is_anything else self.none()


def offered(
    model: type[Model], user: access.Actor, *, kept: Any = None, also_gone: bool = False
) -> QuerySet[Any]:
    """Return the records that somebody may choose among: every chooser of every form asks here.

    Those they may see, without what is gone where the queryset says which that is (`here`); but
    for what is `kept`, the present choice, and where the gone are meant as well. Lists, filters and
    pages show everything that may be seen.
    """
    seen: QuerySet[Any] = model._default_manager.visible_to(user)  # type: ignore[attr-defined]
    if also_gone or not hasattr(seen, "here"):
        return seen
    chosen = [getattr(one, "pk", one) for one in (kept if isinstance(kept, list) else [kept])]
    return seen.filter(Q(pk__in=seen.here().values("pk")) | Q(pk__in=filter(None, chosen)))
