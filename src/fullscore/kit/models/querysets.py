"""Row-level privacy lives in querysets, nowhere else."""

from typing import TypeVar

from django.db import models

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
