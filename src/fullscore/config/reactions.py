"""Who reacts to what. Each reaction is queued in the transaction of the announcement."""

from fullscore.domains.foundation.access import jobs as access_jobs
from fullscore.domains.foundation.changes import announcements as changes
from fullscore.domains.foundation.changes import jobs as changes_jobs
from fullscore.domains.foundation.directory import announcements as directory
from fullscore.domains.foundation.estate import announcements as estate
from fullscore.domains.foundation.findings import announcements as findings
from fullscore.domains.foundation.findings import jobs as findings_jobs
from fullscore.domains.foundation.system import announcements as system
from fullscore.domains.foundation.system import jobs as system_jobs
from fullscore.domains.infrastructure.cloud import announcements as cloud
from fullscore.domains.infrastructure.cloud import jobs as cloud_jobs
from fullscore.domains.infrastructure.patching import announcements as patching
from fullscore.domains.infrastructure.patching import jobs as patching_jobs
from fullscore.domains.infrastructure.servers import announcements as servers
from fullscore.domains.infrastructure.servers import jobs as servers_jobs
from fullscore.domains.response.incidents import announcements as incidents
from fullscore.domains.response.incidents import jobs as incidents_jobs
from fullscore.domains.response.oncall import announcements as oncall
from fullscore.domains.response.oncall import jobs as oncall_jobs
from fullscore.domains.response.troubleshooting import jobs as troubleshooting_jobs
from fullscore.kit.announcements import Reactions

REACTIONS: Reactions = {
    directory.PersonLeft: [access_jobs.clear_account, findings_jobs.return_to_teams],
    estate.DifferenceRejected: [changes_jobs.bring_back],
    estate.ItemsMerged: [findings_jobs.follow_merge],
    system.ImportAccepted: [system_jobs.write_import],
    system.InventoryAsked: [system_jobs.fetch_inventory],
    system.ImportRevoked: [system_jobs.take_back_import],
    servers.FactsTaken: [servers_jobs.check_facts],
    servers.HypervisorWanted: [servers_jobs.read_hypervisor],
    servers.ActOrdered: [servers_jobs.carry_out],
    cloud.AccountWanted: [cloud_jobs.read_account],
    findings.FindingsOpened: [findings_jobs.notify_opened, incidents_jobs.alert_findings],
    findings.FindingsRaised: [findings_jobs.notify_opened, incidents_jobs.alert_findings],
    findings.FindingsReopened: [findings_jobs.notify_opened, incidents_jobs.alert_findings],
    findings.FindingsClosed: [findings_jobs.unfold, incidents_jobs.alert_findings],
    findings.FindingsOverdue: [findings_jobs.notify_opened],
    findings.ExceptionAsked: [findings_jobs.notify_asked],
    findings.ExceptionEnding: [findings_jobs.notify_ending],
    incidents.IncidentsAltered: [
        incidents_jobs.weigh_incidents,
        incidents_jobs.tell_changes,
        incidents_jobs.tell_alerts,
    ],
    incidents.ReceiptsCame: [incidents_jobs.take_in],
    changes.ApprovalAsked: [changes_jobs.notify_asked],
    changes.ChangeStarted: [changes_jobs.expect_breaches],
    changes.ChangeFinished: [
        changes_jobs.expect_no_more,
        changes_jobs.check_linked,
        incidents_jobs.call_after_change,
    ],
    changes.RollbackProposed: [changes_jobs.notify_proposed],
    changes.RunbookTold: [incidents_jobs.tell_runbook],
    changes.RunbookAsks: [changes_jobs.notify_driver],
    patching.PlanAsked: [patching_jobs.draw_up],
    patching.CampaignPaused: [patching_jobs.notify_paused],
    incidents.IncidentsOpened: [
        incidents_jobs.call_people,
        incidents_jobs.weigh_incidents,
        incidents_jobs.tell_changes,
        troubleshooting_jobs.rank_opened,
    ],
    incidents.IncidentsRaised: [incidents_jobs.call_people, incidents_jobs.weigh_incidents],
    incidents.IncidentsResolved: [
        incidents_jobs.leave_people,
        incidents_jobs.tell_changes,
        incidents_jobs.owe_reviews,
    ],
    incidents.StatusPublished: [incidents_jobs.write_status, incidents_jobs.tell_subscribers],
    incidents.SubscriptionAsked: [incidents_jobs.ask_subscriber],
    oncall.RunAcknowledged: [incidents_jobs.take_answered],
    oncall.CalendarWanted: [oncall_jobs.read_calendar],
    oncall.StepWants: [incidents_jobs.grant_step],
}
