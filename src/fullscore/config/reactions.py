"""Who reacts to what. Each reaction is queued in the transaction of the announcement."""

from fullscore.domains.foundation.findings import announcements as findings
from fullscore.domains.foundation.findings import jobs as findings_jobs
from fullscore.domains.infrastructure.servers import announcements as servers
from fullscore.domains.infrastructure.servers import jobs as servers_jobs
from fullscore.kit.announcements import Reactions

REACTIONS: Reactions = {
    servers.FactsTaken: [servers_jobs.check_facts],
    findings.FindingsOpened: [findings_jobs.notify_opened],
    findings.FindingsRaised: [findings_jobs.notify_opened],
    findings.FindingsReopened: [findings_jobs.notify_opened],
    findings.FindingsOverdue: [findings_jobs.notify_opened],
    findings.ExceptionAsked: [findings_jobs.notify_asked],
    findings.ExceptionEnding: [findings_jobs.notify_ending],
}
