"""Who is suspected of an incident, and what it was in the end."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import Incident
from fullscore.kit import access

KIND_LETTERS, TEXT_LETTERS = 20, 300


class OfIncidentQuerySet(models.QuerySet[Any]):
    """Rows that hang on an incident, seen with it."""

    def in_reach(self, reach: access.Reach) -> "OfIncidentQuerySet":
        """Return the rows of the incidents a grant covers."""
        if reach.everywhere:
            return self
        return self.filter(incident__in=Incident.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfIncidentQuerySet":
        """Return the rows of the incidents the person may see."""
        reach = access.reach(user, access.permission(self.model, "view"))
        return self.in_reach(reach).filter(incident__in=Incident.objects.visible_to(user))


class Ranking(models.Model):
    """One look at an incident: which items are suspected of it, by what was measured until then."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="rankings")
    at = models.DateTimeField()
    items = models.PositiveIntegerField("items looked at")
    signals = models.PositiveIntegerField("metrics compared")
    happened = models.JSONField("kinds of changes before", default=list)
    note = models.CharField("why nothing can be said", max_length=TEXT_LETTERS, blank=True)

    objects = OfIncidentQuerySet.as_manager()
    named_by = ("incident",)

    class Meta:
        ordering = ["-at", "-pk"]
        permissions = [("run_ranking", "Can rank suspects again")]
        indexes = [models.Index(fields=["incident", "-at"])]

    def __str__(self) -> str:
        return f"suspects of {self.incident}"[:160]


class SuspectQuerySet(models.QuerySet[Any]):
    """Suspects, seen with the incident and with the item they are."""

    def in_reach(self, reach: access.Reach) -> "SuspectQuerySet":
        """Return the suspects of incidents a grant covers, that are items it covers."""
        if reach.everywhere:
            return self
        incidents, items = Incident.objects.in_reach(reach), Item.objects.in_reach(reach)
        return self.filter(ranking__incident__in=incidents, item__in=items)

    def visible_to(self, user: access.Actor) -> "SuspectQuerySet":
        """Return the suspects of incidents the person may see, that are items they may see."""
        reach = access.reach(user, "troubleshooting.view_suspect")
        if not reach.is_anything:
            return self.none()
        return self.filter(
            ranking__in=Ranking.objects.visible_to(user), item__in=Item.objects.visible_to(user)
        )


class Suspect(models.Model):
    """An item that may have caused an incident, how much speaks against it, and what."""

    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, related_name="suspects")
    place = models.PositiveSmallIntegerField()
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    # Other items are called “item 12” here: who reads it may not see them all.
    reasons = models.JSONField(default=list)
    series = models.JSONField("series that shifted most", default=list, editable=False)

    objects = SuspectQuerySet.as_manager()
    named_by = ("item",)

    class Meta:
        ordering = ["place"]
        permissions = [("decide_cause", "Can name the cause of an incident")]
        constraints = [
            models.UniqueConstraint(fields=["ranking", "place"], name="suspect_once_per_place"),
            models.UniqueConstraint(fields=["ranking", "item"], name="suspect_once_per_item"),
        ]

    def __str__(self) -> str:
        return str(self.item)


class CauseQuerySet(OfIncidentQuerySet):
    """Causes, seen with the incident and with the item they lay in."""

    def visible_to(self, user: access.Actor) -> "CauseQuerySet":
        """Return the causes of incidents the person may see, of items they may see."""
        of_item = Q(item__isnull=True) | Q(item__in=Item.objects.visible_to(user))
        found: CauseQuerySet = super().visible_to(user).filter(of_item)  # type: ignore[assignment]
        return found


class Cause(models.Model):
    """What an incident came from, as somebody said when it was found."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="cause")
    item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=KIND_LETTERS)  # of what happened; “item”: the item itself
    text = models.CharField("what it was", max_length=TEXT_LETTERS)
    at = models.DateTimeField("named")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = CauseQuerySet.as_manager()
    keeps_history = True
    named_by = ("incident",)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["at", "id"])]

    def __str__(self) -> str:
        return self.text
