"""A list as somebody wants to see it again."""

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from fullscore.kit.access import Actor


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """One's own views, and those that are shared."""

    def visible_to(self, user: Actor) -> QuerySet["SavedView"]:
        """Return the person's own views and the shared ones."""
        return self.filter(Q(owner=user.pk) | Q(is_shared=True))


class SavedView(models.Model):
    """A named filter, order and choice of columns of one list."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)  # the address's query string: filter, order, columns
    is_shared = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "noun", "name"], name="saved_view_name_once_per_list"
            )
        ]

    def __str__(self) -> str:
        return self.name
