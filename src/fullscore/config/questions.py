"""Every question of programs that is no noun."""

from fullscore.domains.foundation.changes.resources import RUNBOOK
from fullscore.domains.foundation.estate.resources import ITEM
from fullscore.domains.foundation.telemetry import endpoints as telemetry
from fullscore.domains.foundation.telemetry.resources import SERIES, THRESHOLD
from fullscore.domains.infrastructure.servers.queries import told as servers
from fullscore.domains.infrastructure.servers.resources import ACCOUNT, FACTS
from fullscore.domains.response.incidents.reading import figures, runbooks
from fullscore.domains.response.incidents.resources import INCIDENT
from fullscore.domains.response.troubleshooting.reading import asked
from fullscore.interfaces.api.questions import Question

QUESTIONS: tuple[Question, ...] = (
    Question("/telemetry/query", "telemetry_query", SERIES, telemetry.query),
    Question("/telemetry/preview", "telemetry_preview", THRESHOLD, telemetry.preview),
    Question("/troubleshooting/changed", "troubleshooting_changed", ITEM, asked.changed),
    Question("/suggested/runbooks", "suggested_runbooks", RUNBOOK, runbooks),
    Question("/access", "who_gets_in", ACCOUNT, servers.who_gets_in),
    Question("/access/why", "why_access", ACCOUNT, servers.why),
    Question("/compared-servers", "compare_servers", FACTS, servers.compare),
    Question("/figures", "figures", INCIDENT, figures),
)
