"""What the queue itself does not keep: jobs that gave up, the clock's memory, who is at work."""

from django.conf import settings
from django.db import models

from fullscore.kit.models.querysets import VisibleQuerySet


class DeadLetterQuerySet(VisibleQuerySet["DeadLetter"]):
    """Who may see jobs that gave up: those with the permission, all of them."""

    def waiting(self) -> "DeadLetterQuerySet":
        """Return those nobody has dealt with."""
        return self.filter(state=DeadLetter.State.WAITING)


class DeadLetter(models.Model):
    """A job that failed at its last attempt and waits for somebody to retry or discard it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RETRIED = "retried"
        DISCARDED = "discarded"

    task = models.CharField("job", max_length=200)  # the dotted path of its function
    queue = models.CharField(max_length=32)
    arguments = models.JSONField()  # {"args": […], "kwargs": {…}}, as they were queued
    attempts = models.PositiveSmallIntegerField()
    error = models.CharField(max_length=500)  # one sentence
    traceback = models.TextField(blank=True)  # its last lines
    failed_at = models.DateTimeField()
    state = models.CharField(
        max_length=9, choices=State, default=State.WAITING, editable=False, db_index=True
    )
    settled_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-failed_at"]
        verbose_name = "dead letter"
        permissions = [
            ("retry_deadletter", "Can queue a failed job again"),
            ("discard_deadletter", "Can discard a failed job"),
        ]

    def __str__(self) -> str:
        return f"{self.task.rpartition('.')[2]}, failed {self.failed_at:%F %H:%M}"


class ClockedRun(models.Model):
    """When a clocked job was last put on the queue."""

    name = models.CharField(max_length=200, unique=True)
    last_enqueued_at = (
        models.DateTimeField()
    )  # the tick it stood for, not the second it was noticed
    result_id = models.UUIDField(
        null=True
    )  # the queue's row, to see whether it is still on its way

    def __str__(self) -> str:
        return self.name


class Lease(models.Model):
    """Who leads at something only one process should do; lost unless renewed in time."""

    name = models.CharField(max_length=60, unique=True)
    holder = models.CharField(max_length=64)
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class WorkerBeat(models.Model):
    """A worker that is alive: it says so every few seconds, or loses its jobs to others."""

    worker = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField("process id")
    queues = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.host}, process {self.process}"
