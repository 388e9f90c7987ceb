"""What follows a failed attempt: another one later, or a dead letter somebody must deal with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.module_loading import import_string
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from fullscore.kit import audit
from fullscore.kit.errors import Conflict
from fullscore.kit.jobs.declare import ATTEMPTS, Job
from fullscore.kit.models.jobs import DeadLetter
from fullscore.kit.models.user import User
from fullscore.kit.time import now

TRACEBACK_LINES = 40
WORKER_DIED = "The worker that ran this job stopped without finishing it."


def settle(result_id: UUID) -> None:
    """Let a failed job be tried again after a pause, or bury it when that was its last attempt.

    Safe to repeat: once settled, the row is no longer marked as failed. A row that still is (the
    worker was killed right here) is settled by the next worker that looks.
    """
    with transaction.atomic():
        failed = DBTaskResult.objects.select_for_update().filter(
            pk=result_id, status=TaskResultStatus.FAILED
        )
        if result := failed.first():
            attempt = len(result.worker_ids)
            declared = _declared(result.task_path)
            if declared is not None and attempt < declared.attempts:
                _try_again(result, pause_seconds=declared.pause_seconds(attempt))
            else:
                _bury(result)


def _declared(path: str) -> Job | None:
    """Return the job behind a path; None when this version of the product no longer has it."""
    try:
        found = import_string(path)
    except ImportError:
        return None
    return found if isinstance(found, Job) else None


def _try_again(result: DBTaskResult, *, pause_seconds: float) -> None:
    result.status = TaskResultStatus.READY
    result.run_after = now() + timedelta(seconds=pause_seconds)
    result.finished_at = None
    result.save(update_fields=["status", "run_after", "finished_at"])


def _bury(result: DBTaskResult) -> None:
    lines = result.traceback.strip().splitlines()
    DeadLetter.objects.create(
        task=result.task_path, queue=result.queue_name, arguments=result.args_kwargs,
        attempts=len(result.worker_ids) or ATTEMPTS,
        error=_sentence(lines, result.exception_class_path),
        traceback="\n".join(lines[-TRACEBACK_LINES:]), failed_at=result.finished_at or now(),
    )  # fmt: skip
    result.delete()


def _sentence(lines: list[str], kind: str) -> str:
    """Return the exception's own words, without the module it comes from."""
    if not lines:
        return WORKER_DIED
    name, _, words = lines[-1].partition(": ")
    return (words if name.startswith("fullscore.") else f"{name}: {words}" if words else kind)[:500]


def retry(letter: DeadLetter, *, by: User) -> DeadLetter:
    """Put the job on its queue again, with all its attempts."""
    with transaction.atomic(), _settling(letter, "retry", DeadLetter.State.RETRIED, by=by):
        declared = _declared(letter.task)
        if declared is None:
            raise Conflict("This version no longer has that job; discard the dead letter.")
        arguments = letter.arguments
        declared.using(queue_name=letter.queue).enqueue(*arguments["args"], **arguments["kwargs"])
    return letter


def discard(letter: DeadLetter, *, by: User) -> DeadLetter:
    """Give the job up for good."""
    with transaction.atomic(), _settling(letter, "discard", DeadLetter.State.DISCARDED, by=by):
        return letter


@contextmanager
def _settling(letter: DeadLetter, verb: str, state: str, *, by: User) -> Iterator[None]:
    """Refuse what is settled already; lock, so that two people do not both settle it."""
    present = DeadLetter.objects.select_for_update().get(pk=letter.pk)
    if present.state != DeadLetter.State.WAITING:
        raise Conflict(f"This dead letter was already {present.state}.")
    with audit.recorded(letter, verb, by=by):
        yield
        letter.state, letter.settled_at, letter.settled_by = state, now(), by
