"""Work that is done later, by a worker, with retries; and work that is done by the clock.

    @job(attempts=3)
    def send_invoice(invoice_id: int) -> None: …        # send_invoice.enqueue(invoice_id=4)

    @every(days=1, at="03:10")
    def tidy() -> None: …                               # listed in config/schedule.py

The queue is django-tasks-db; nothing outside this package imports it. A job runs *at least* once: a
worker may be killed between the work and the note that it is done, so write jobs to be repeated.
"""

from fullscore.kit.jobs.deadletters import discard, retry
from fullscore.kit.jobs.declare import Clocked, Job, every, job
from fullscore.kit.jobs.scheduler import Scheduler
from fullscore.kit.jobs.tidying import prune
from fullscore.kit.jobs.worker import QUEUES, Worker

__all__ = [
    "QUEUES", "Clocked", "Job", "Scheduler", "Worker", "discard", "every", "job", "prune", "retry",
]  # fmt: skip
