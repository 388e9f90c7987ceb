"""The words that changes, their templates and their policies share."""

from django.db import models


class Kind(models.TextChoices):
    """How a change comes about; the word is that of the risk engine."""

    STANDARD = "standard"
    NORMAL = "normal"
    EMERGENCY = "emergency"


class Band(models.TextChoices):
    """How risky it is; the word is that of the risk engine."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Rollback(models.TextChoices):
    """What is known of the way back."""

    NONE = "none"
    WRITTEN = "written"
    REHEARSED = "rehearsed"


class Verification(models.TextChoices):
    """How the result is checked."""

    NONE = "none"
    MANUAL = "manual"
    AUTOMATED = "automated"


class Result(models.TextChoices):
    """What the check of the result said."""

    GOOD = "good"
    BAD = "bad"
