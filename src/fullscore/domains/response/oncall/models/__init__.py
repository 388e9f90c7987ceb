"""The nouns of being on call."""

from fullscore.domains.response.oncall.models.calendars import CalendarDuty, DutyCalendar
from fullscore.domains.response.oncall.models.imports import RotaImport
from fullscore.domains.response.oncall.models.people import (
    Absence,
    CalendarKey,
    ContactChannel,
    ContactRule,
    Swap,
)
from fullscore.domains.response.oncall.models.policies import (
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
)
from fullscore.domains.response.oncall.models.runs import Attempt, Page, Run, RunEvent, Timer
from fullscore.domains.response.oncall.models.schedules import (
    Layer,
    Override,
    Schedule,
    Shift,
    Turn,
)

__all__ = [
    "Absence", "Attempt", "CalendarDuty", "CalendarKey", "ContactChannel", "ContactRule",
    "DutyCalendar", "EscalationPolicy", "EscalationRoute", "EscalationStep", "Layer", "Override",
    "Page", "RotaImport", "Run", "RunEvent", "Schedule", "Shift", "Swap", "Timer", "Turn",
]  # fmt: skip
