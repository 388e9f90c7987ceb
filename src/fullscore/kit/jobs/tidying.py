"""Keep the queue's tables small."""

from datetime import timedelta

from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from fullscore.kit.jobs.declare import every
from fullscore.kit.models.jobs import DeadLetter, WorkerBeat
from fullscore.kit.time import now

FINISHED_KEPT = timedelta(hours=24)
LETTERS_KEPT = timedelta(days=90)


@every(hours=1)
def prune() -> None:
    """Forget finished jobs after a day, and dead letters 90 days after somebody dealt with them."""
    DBTaskResult.objects.filter(
        status=TaskResultStatus.SUCCESSFUL, finished_at__lt=now() - FINISHED_KEPT
    ).delete()
    WorkerBeat.objects.filter(beat_at__lt=now() - FINISHED_KEPT).delete()
    DeadLetter.objects.filter(settled_at__lt=now() - LETTERS_KEPT).delete()
