"""What is left of error budgets, measured each minute and kept as series."""

from datetime import datetime

from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.domains.response.incidents.models import ServiceObjective
from fullscore.domains.response.incidents.queries.budgets import left_of

SERIES = "service_error_budget_ratio"


def measure_objectives(*, now: datetime) -> int:
    """Write what is left of each error budget; return how many were measured.

    A program that measures writes no audit entry: the series is the record.
    """
    objectives = list(ServiceObjective.objects.select_related("service"))
    found = left_of(objectives, now=now)
    measured = [(one, found[one.pk]) for one in objectives if found[one.pk] is not None]
    for one, left in measured:
        labels = {"objective": one.kind if one.kind == "up" else one.total}
        sample = Measured(SERIES, labels, float(left or 0.0), milliseconds(now))
        telemetry.ingest([sample], item=one.service, now=now)
        ServiceObjective.objects.filter(pk=one.pk).update(left=left, measured_at=now)
    return len(measured)
