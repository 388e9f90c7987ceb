"""What is scraped, and who scrapes."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.secret import Secret

# Where metrics are shown: the web's ports, and what no service of the system owns.
PORTS = frozenset({80, 443, *range(1024, 65536)})


def check_url(url: str) -> None:
    """Raise ValidationError unless it is a web address without a password in it."""
    URLValidator(schemes=["http", "https"])(url.replace("//localhost", "//127.0.0.1"))
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValidationError("Leave out the password: it is given as the credential.")
    if parts.port is not None and parts.port not in PORTS:
        raise ValidationError(f"Metrics are read at port 80, 443 or from 1024, not {parts.port}.")


class ScrapeTarget(models.Model):
    """An address that shows metrics as text, read every so often for one item."""

    class State(models.TextChoices):
        NEW = "new"
        OK = "ok"
        FAILING = "failing"
        PAUSED = "paused"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="scrape_targets")
    url = models.CharField(
        "address (URL)",
        max_length=500,
        validators=[check_url],
        help_text="Where the metrics are shown, such as http://web1.example.org:9100/metrics.",
    )
    every_seconds = models.PositiveIntegerField(
        "scrape every",
        default=60,
        validators=[MinValueValidator(15), MaxValueValidator(3600)],
        help_text="Seconds from one scrape to the next, 15 to 3,600.",
    )
    timeout_seconds = models.PositiveIntegerField(
        "give up after",
        default=10,
        validators=[MinValueValidator(1)],
        help_text="Seconds, fewer than from one scrape to the next.",
    )
    sample_limit = models.PositiveIntegerField(
        "most samples", default=50_000, help_text="A scrape that brings more is not kept."
    )
    read_from = models.ForeignKey(
        Item,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        limit_choices_to={"kind": "site"},
        related_name="+",
        help_text="A site with a collector of its own; empty: this installation's collectors.",
    )
    username = models.CharField(max_length=80, blank=True, editable=False)  # empty: bearer
    credential = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State, default=State.NEW, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # one after the other
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    last_at = models.DateTimeField(null=True, editable=False)
    last_took_ms = models.PositiveIntegerField(null=True, editable=False)
    last_samples = models.PositiveIntegerField(null=True, editable=False)
    first_metrics = models.TextField(blank=True, editable=False)
    wanted_at = models.DateTimeField(null=True, editable=False)  # somebody asked for a scrape
    holder = models.CharField(max_length=80, blank=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)

    objects = OfItemQuerySet.as_manager()
    audit_leaves_out = (
        "failures",
        "last_error",
        "last_at",
        "last_took_ms",
        "last_samples",
        "first_metrics",
        "wanted_at",
        "holder",
        "held_until",
    )

    class Meta:
        ordering = ["url"]
        verbose_name = "scrape target"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "url"],
                name="scrape_target_once_per_item",
                violation_error_message="This item is scraped there already.",
            ),
            models.CheckConstraint(
                name="scrape_ends_before_the_next",
                condition=Q(timeout_seconds__lt=F("every_seconds")),
                violation_error_message="A scrape must time out before the next one begins.",
            ),
        ]

    def __str__(self) -> str:
        return self.instance

    @property
    def instance(self) -> str:
        """Return what tells its series from those of the item's other targets."""
        parts = urlsplit(self.url)
        more = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return parts.netloc + ("" if more in ("", "/metrics") else more)


class Collector(models.Model):
    """A process that scrapes. It beats every 5 seconds and counts as gone after 15."""

    name = models.CharField(max_length=80, unique=True)
    site = models.ForeignKey(
        Item, on_delete=models.CASCADE, null=True, related_name="+"
    )  # null: beside the database
    seen_at = models.DateTimeField()
    capacity = models.FloatField(default=1.0)  # relative to the others
    waiting = models.PositiveIntegerField("scrapes waiting", default=0)  # in its spool
    dropped = models.PositiveIntegerField("scrapes dropped", default=0)  # its spool was full

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
