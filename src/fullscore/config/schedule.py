"""Everything on the clock, and what the collector does."""

from collections.abc import Callable, Sequence

from fullscore.domains.foundation.changes import jobs as changes
from fullscore.domains.foundation.directory import jobs as directory
from fullscore.domains.foundation.estate import jobs as estate
from fullscore.domains.foundation.findings import jobs as findings
from fullscore.domains.foundation.system import jobs as system
from fullscore.domains.foundation.telemetry import jobs as telemetry
from fullscore.domains.infrastructure.cloud import jobs as cloud
from fullscore.domains.infrastructure.patching import jobs as patching
from fullscore.domains.infrastructure.servers import jobs as servers
from fullscore.domains.overview.attention import jobs as attention
from fullscore.domains.overview.demo import jobs as demo
from fullscore.domains.response.incidents import jobs as incidents
from fullscore.domains.response.oncall import jobs as oncall
from fullscore.domains.response.troubleshooting import jobs as troubleshooting
from fullscore.kit import jobs, limits, live, notify
from fullscore.kit.jobs import Clocked

SCHEDULE: Sequence[Clocked] = (
    directory.let_go,
    estate.ask_again,
    findings.run_due,
    findings.keep_promises,
    findings.tell_overdue,
    findings.prune,
    system.prune_imports,
    system.write_audit_head,
    system.thin_versions,
    system.check_versions,
    servers.declare_silent,
    servers.match_logins,
    servers.measure_capacity,
    servers.read_hypervisors,
    cloud.read_accounts,
    telemetry.maintain_store,
    telemetry.bind_unowned,
    telemetry.end_mutes,
    telemetry.mark_doubles,
    telemetry.tell_refused,
    oncall.catch_up,
    oncall.write_shifts,
    oncall.read_calendars,
    oncall.prune,
    telemetry.learn_intervals,
    telemetry.measure_store,
    incidents.keep_up,
    incidents.read_mailboxes,
    incidents.weigh_live,
    incidents.measure_objectives,
    incidents.write_figures,
    incidents.prune,
    telemetry.judge_thresholds,
    changes.watch,
    changes.finish_watched,
    troubleshooting.rank_young,
    troubleshooting.look_at_watched,
    troubleshooting.prune,
    attention.let_pass,
    jobs.prune,
    live.prune,
    limits.prune,
    notify.prune,
    notify.queue_digests,
)

# What the collector does by itself: (seconds between, what). Facts first: they name the host.
COLLECTED: Sequence[tuple[float, Callable[[], Callable[[], None]]]] = (
    (900, lambda: servers.read_local),
    (15, servers.LocalSampler),
)
# In the sample company nothing is read: its hosts go on as they were. Checks read the last two
# minutes.
SAMPLED: Sequence[tuple[float, Callable[[], Callable[[], None]]]] = ((15, lambda: demo.go_on),)

# What the collector does beside it, without end.
BESIDE = (
    telemetry.Scraper, servers.Visitor, patching.Patcher, oncall.Pager, changes.Runner,
    incidents.SyslogListener,
)  # fmt: skip
# What it does beside it in the sample company, whose hosts do not exist: nothing is sent.
BESIDE_SAMPLED = (changes.Runner,)
