"""How much is too much, and what is beyond it now."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.connectors.samples.contract import FUNCTIONS
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models.metrics import Metric
from fullscore.domains.foundation.telemetry.models.series import Series
from fullscore.interfaces.web.figures import duration, figure
from fullscore.kit import access
from fullscore.kit.checks import SEVERITIES
from fullscore.kit.models.querysets import VisibleQuerySet

SHORTEST, LONGEST = 15, 7 * 86_400  # seconds of a window: the pass, and a week
MOST_WINDOWS = 240  # that `for_seconds` may span: so many are read of each series
LEVELS = {3: "medium_at", 4: "high_at", 5: "critical_at"}


def _ordered(way: str) -> Q:
    """Return that `clear_at` and the limits lie in one order; what is not set is passed over."""
    told = Q()
    names = ["clear_at", *LEVELS.values()]
    for place, name in enumerate(names):
        for graver in names[place + 1 :]:
            told &= Q(**{f"{graver}__{way}": F(name)})
    return told


class Threshold(models.Model):
    """From which value on a metric is too high or too low, on the items a selector names.

    Of those for one metric, function and direction the most specific selector wins. What is judged
    is `function` over the last `window_seconds` of each series, in the metric's base unit; with
    `per` that divided by the same of a second metric of the same item and labels.
    """

    class Function(models.TextChoices):
        AVG = "avg", "mean"
        MIN = "min", "least"
        MAX = "max", "most"
        LAST = "last", "newest"
        SUM = "sum", "sum"
        COUNT = "count", "number of samples"
        INCREASE = "increase", "increase"
        RATE = "rate", "rate"

    class Operator(models.TextChoices):
        OVER = ">", "above"
        FROM = ">=", "at least"
        UNDER = "<", "below"
        DOWN_TO = "<=", "at most"

    class NoData(models.TextChoices):
        UNKNOWN = "unknown", "unknown"
        BAD = "bad", "bad"
        IGNORE = "ignore", "ignore"

    UPPER = (Operator.OVER, Operator.FROM)

    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="thresholds")
    per = models.ForeignKey(
        Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="A second metric to divide by, of the same item and labels.",
    )  # fmt: skip
    selector = models.CharField(
        max_length=300, blank=True,
        help_text="Which items, such as kind=host&environment=production. Empty: every item.",
    )  # fmt: skip
    labels = models.JSONField(
        default=dict, blank=True, help_text='Which series, such as {"mountpoint": "/"}.'
    )
    function = models.CharField(max_length=8, choices=Function, default=Function.AVG)
    window_seconds = models.PositiveIntegerField(
        "window", default=300, help_text="Seconds over which the function is taken.",
        validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)],
    )  # fmt: skip
    operator = models.CharField("worse", max_length=2, choices=Operator, default=Operator.OVER)
    medium_at = models.FloatField("medium", null=True, blank=True)
    high_at = models.FloatField("high", null=True, blank=True)
    critical_at = models.FloatField("critical", null=True, blank=True)
    clear_at = models.FloatField(
        "clear", help_text="From here on all is well again: on the good side of every limit."
    )
    for_seconds = models.PositiveIntegerField(
        "for", default=0, help_text="Seconds for which it must last before it counts."
    )
    hours = models.CharField(
        max_length=60, blank=True, help_text="Such as Mon-Fri 08:00-18:00. Empty: always."
    )
    no_data = models.CharField(max_length=8, choices=NoData, default=NoData.UNKNOWN)
    runbook = models.CharField(
        max_length=1000, blank=True, help_text="What to do, or where it is written."
    )
    source = models.CharField(max_length=300, blank=True, help_text="Where these limits come from.")

    objects = VisibleQuerySet.as_manager()
    keeps_history = True
    named_by = ("metric", "per")

    class Meta:
        ordering = ["metric", "pk"]
        constraints = [
            models.CheckConstraint(
                name="threshold_has_a_limit",
                condition=Q(medium_at__isnull=False)
                | Q(high_at__isnull=False)
                | Q(critical_at__isnull=False),
                violation_error_message="Give at least one of medium, high and critical.",
            ),
            models.CheckConstraint(
                name="threshold_limits_in_order",
                condition=(Q(operator__in=(">", ">=")) & _ordered("gt"))
                | (Q(operator__in=("<", "<=")) & _ordered("lt")),
                violation_error_message=(
                    "The limits must get worse from medium to critical, and “clear” must lie on "
                    "the good side of all of them."
                ),
            ),
            models.CheckConstraint(
                name="threshold_window_fits",
                condition=Q(window_seconds__gte=SHORTEST)
                & Q(window_seconds__lte=LONGEST)
                & Q(for_seconds__lte=F("window_seconds") * MOST_WINDOWS),
                violation_error_message=(
                    "A window is 15 seconds to 7 days, and “for” at most 240 windows."
                ),
            ),
            models.CheckConstraint(
                name="threshold_function_known",
                condition=Q(function__in=FUNCTIONS),
                violation_error_message="There is no such function.",
            ),
            models.CheckConstraint(
                name="threshold_divides_by_another",
                condition=Q(per__isnull=True) | ~Q(per=F("metric")),
                violation_error_message="A metric divided by itself is always 1.",
            ),
        ]

    def __str__(self) -> str:
        limits = [(w, getattr(self, n)) for w, n in zip(("medium", "high", "critical"),
                  LEVELS.values(), strict=True)]  # fmt: skip
        told = ", ".join(f"{w} {figure(v, self.unit)}" for w, v in limits if v is not None)
        what = f"{self.metric} per {self.per}" if self.per_id else str(self.metric)
        whose = f" on {self.selector}" if self.selector else ""
        return f"{what}, {self.said}: {self.get_operator_display()} {told}{whose}"

    @property
    def said(self) -> str:
        """Say what is made of the samples: “mean over 5 min”."""
        return f"{self.get_function_display()} over {duration(self.window_seconds)}"

    @property
    def is_upper(self) -> bool:
        """Say whether more is worse."""
        return self.operator in self.UPPER

    @property
    def unit(self) -> str:
        """Return the unit of the limits: the base unit of what is judged."""
        own = made_unit(self.metric.unit, self.function)
        if self.per is None:
            return own
        other = made_unit(self.per.unit, self.function)
        return "ratio" if own == other else f"{own}/{other}"

    @property
    def hold(self) -> int:
        """Return how many windows must be bad: those that `for_seconds` touches."""
        return max(1, -(-self.for_seconds // self.window_seconds))

    def limit_of(self, severity: int) -> float | None:
        """Return the limit of a severity."""
        found: float | None = getattr(self, LEVELS[severity])
        return found


def made_unit(unit: str, function: str) -> str:
    """Return the unit of a function of a metric: seconds per second are a ratio."""
    if function == "count":
        return "1"
    if function != "rate":
        return unit
    return "ratio" if unit == "s" else f"{unit or '1'}/s"


class BreachQuerySet(models.QuerySet["Breach"]):
    """Breaches, seen with the item of their series."""

    def in_reach(self, reach: access.Reach) -> "BreachQuerySet":
        """Return the breaches on items the grant covers."""
        if reach.everywhere:
            return self
        return self.filter(series__item__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "BreachQuerySet":
        """Return the breaches on items the person may see."""
        return self.in_reach(access.reach(user, "telemetry.view_breach"))

    def open(self) -> "BreachQuerySet":
        """Return what has not ended."""
        return self.filter(ended_at__isnull=True)


class Breach(models.Model):
    """One series beyond one threshold, from when until when."""

    threshold = models.ForeignKey(Threshold, on_delete=models.CASCADE, related_name="breaches")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="breaches")
    since = models.DateTimeField()
    # When it began, or last became graver or milder; none where the missing of samples is bad.
    value = models.FloatField(null=True)
    severity = models.PositiveSmallIntegerField(choices=[(n, SEVERITIES[n]) for n in LEVELS])
    ended_at = models.DateTimeField("ended", null=True)
    expected = models.CharField("expected by", max_length=120, blank=True)

    objects = BreachQuerySet.as_manager()
    named_by = ("series__metric",)

    class Meta:
        ordering = ["-since"]
        verbose_name_plural = "breaches"
        constraints = [
            models.UniqueConstraint(
                fields=["threshold", "series"], condition=Q(ended_at__isnull=True),
                name="breach_open_once",
            ),
            models.CheckConstraint(
                name="breach_severity_known", condition=Q(severity__gte=3) & Q(severity__lte=5)
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["-since", "-id"])]

    def __str__(self) -> str:
        return f"{self.series} since {self.since:%F %T}"


class Expectation(models.Model):
    """That the figures of an item may be odd for a while, and because of what.

    Told by whoever knows of work on the item; breaches that begin meanwhile carry its words.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    words = models.CharField(max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "words"],
                condition=Q(until__isnull=True),
                name="expectation_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.words}"
