"""Every check, joined to what it reads."""

from fullscore.domains.foundation.changes import checks as changes
from fullscore.domains.foundation.changes.queries import standing as made
from fullscore.domains.foundation.estate import checks as estate
from fullscore.domains.foundation.estate import queries as items
from fullscore.domains.foundation.findings import checks as findings
from fullscore.domains.foundation.findings import queries as found
from fullscore.domains.foundation.telemetry import checks as telemetry
from fullscore.domains.foundation.telemetry import queries as measured
from fullscore.domains.foundation.telemetry.reading import rhythm, senders
from fullscore.domains.foundation.telemetry.reading import storage as kept
from fullscore.domains.foundation.telemetry.reading.facts import threshold_facts
from fullscore.domains.infrastructure.cloud.checks import accounts as clouds
from fullscore.domains.infrastructure.cloud.checks import costs as bills
from fullscore.domains.infrastructure.cloud.queries import accounts as rented
from fullscore.domains.infrastructure.cloud.queries import costs as spent
from fullscore.domains.infrastructure.patching import checks as patching
from fullscore.domains.infrastructure.patching.queries import standing as patched
from fullscore.domains.infrastructure.servers.checks import (
    capacity,
    logins,
    owners,
    reaching,
    running,
    samples,
    software,
    storage,
    virtual,
)
from fullscore.domains.infrastructure.servers.queries import (
    altered,
    hosts,
    latest,
    shares,
    sums,
    visited,
    volumes,
    waiting,
)
from fullscore.domains.infrastructure.servers.queries import capacity as used
from fullscore.domains.infrastructure.servers.queries import logins as opened
from fullscore.domains.infrastructure.servers.queries import virtual as machines
from fullscore.domains.response.incidents import checks as incidents
from fullscore.domains.response.incidents import queries as alerts
from fullscore.domains.response.oncall import checks as oncall
from fullscore.domains.response.oncall.queries import checking as duty
from fullscore.kit.checks import Check

CHECKS: tuple[Check, ...] = (
    # What runs full, or is under pressure
    samples.disk_filling.reading(
        volumes(
            "node_filesystem_size_bytes",
            "node_filesystem_avail_bytes",
            check="servers.disk_filling",
        )
    ),
    samples.inodes_filling.reading(
        volumes(
            "node_filesystem_files", "node_filesystem_files_free", check="servers.inodes_filling"
        )
    ),
    samples.memory_low.reading(
        latest("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes")
    ),
    samples.memory_pressure.reading(
        shares("node_pressure_memory_stalled_seconds_total", minutes=5)
    ),
    samples.cpu_pressure.reading(shares("node_pressure_cpu_waiting_seconds_total", minutes=15)),
    samples.io_pressure.reading(shares("node_pressure_io_stalled_seconds_total", minutes=10)),
    samples.cpu_stolen.reading(waiting.stolen),
    samples.disk_slow.reading(waiting.slow),
    samples.swap_thrash.reading(sums("node_vmstat_pswpin", "node_vmstat_pswpout", minutes=10)),
    samples.oom_killed.reading(sums("node_vmstat_oom_kill", minutes=60, function="increase")),
    samples.file_handles.reading(latest("node_filefd_allocated", "node_filefd_maximum")),
    # What will not last, and what nobody uses
    capacity.saturating.reading(used.standings),
    capacity.idle.reading(used.standings),
    # What runs
    running.unit_failed.reading(hosts("units")),
    running.unit_restarting.reading(hosts("units")),
    running.unit_not_running.reading(hosts("units")),
    running.timer_missed.reading(hosts("timers")),
    running.zombies.reading(hosts("processes")),
    running.process_stuck.reading(hosts("processes")),
    running.process_oversized.reading(hosts("processes", "hardware")),
    running.clock_off.reading(hosts("os")),
    running.clock_unsynchronised.reading(hosts("os", "identity")),
    running.host_silent.reading(hosts()),
    reaching.ssh_failing.reading(visited),
    reaching.ssh_key_changed.reading(visited),
    # Kernel and packages
    software.reboot_needed.reading(hosts("restart")),
    software.kernel_outdated.reading(hosts("restart")),
    software.deleted_libraries.reading(hosts("restart")),
    software.security_updates.reading(hosts("updates")),
    software.package_lists_old.reading(hosts("updates")),
    software.packages_broken.reading(hosts("packages")),
    # Who can log in, and become root
    logins.empty_password.reading(hosts("users")),
    logins.second_root.reading(hosts("users")),
    owners.unexplained.reading(opened.logins),
    owners.of_leavers.reading(opened.of_people),
    logins.weak_key.reading(hosts("users")),
    logins.sudo_without_password.reading(hosts("sudo")),
    logins.sudo_escape.reading(hosts("sudo")),
    logins.ssh_root_password.reading(hosts("sshd")),
    logins.ssh_passwords.reading(hosts("sshd")),
    logins.ssh_weak_algorithms.reading(hosts("sshd")),
    logins.root_path_writable.reading(hosts("cron", "units")),
    # Disks, logs, backups
    storage.read_only.reading(hosts("filesystems")),
    storage.disk_failing.reading(hosts("hardware", "identity")),
    storage.log_size.reading(hosts("logs", "filesystems")),
    storage.journal_unlimited.reading(hosts("logs")),
    storage.no_backup.reading(hosts("cron", "timers", "units")),
    # Hypervisors and their machines
    virtual.hypervisor_failing.reading(machines.rooms),
    virtual.vm_no_failover.reading(machines.rooms),
    virtual.vm_overcommitted.reading(machines.rooms),
    virtual.vm_together.reading(machines.together),
    virtual.vm_snapshot_old.reading(machines.snapshots),
    virtual.vm_waits.reading(machines.machines),
    virtual.vm_unrecorded.reading(machines.machines),
    # What is rented in the cloud
    clouds.unread.reading(rented.accounts),
    clouds.open_to_world.reading(rented.owned("security group", "bucket", "snapshot", "database")),
    clouds.weak_access.reading(rented.owned("user", "root")),
    clouds.unprotected.reading(rented.owned("volume", "database")),
    clouds.idle.reading(rented.owned("volume", "address", "instance", "snapshot")),
    clouds.one_zone.reading(rented.groups),
    clouds.untagged.reading(rented.owned("instance", "volume", "balancer", "database", "bucket")),
    # What the cloud costs
    bills.invoice_differs.reading(spent.billed),
    bills.bill_unread.reading(spent.billed),
    # The estate
    estate.end_of_life.reading(items.aging),
    estate.certificate_ends.reading(items.worn),
    estate.certificate_weak.reading(items.worn),
    estate.open_to_world.reading(items.sockets),
    estate.unowned.reading(items.held),
    estate.understated.reading(items.held),
    estate.unseen.reading(items.held),
    estate.single_point.reading(items.leaning),
    estate.needs_lesser.reading(items.astray),
    estate.spares_together.reading(items.sharing),
    estate.difference_old.reading(items.disputed),
    # What measures
    telemetry.target_down.reading(measured.targeted),
    telemetry.unowned.reading(measured.senders_without_owner),
    telemetry.series_late.reading(rhythm.lateness),
    telemetry.clock_skew.reading(senders.leads),
    telemetry.label_churn.reading(senders.churning),
    telemetry.unit_unknown.reading(senders.unitless),
    telemetry.store_filling.reading(kept.filling),
    telemetry.store_refuses.reading(kept.turned_away),
    # Alerts and their senders
    incidents.alert_noisy.reading(alerts.rang),
    incidents.alert_flapping.reading(alerts.swung),
    incidents.source_silent.reading(alerts.heard),
    incidents.source_garbled.reading(alerts.heard),
    incidents.alert_unlinked.reading(alerts.unlinked),
    incidents.backlog.reading(alerts.waiting),
    incidents.unreviewed.reading(alerts.owed),
    incidents.action_late.reading(alerts.late),
    telemetry.threshold.reading(threshold_facts),
    # How changes are made
    changes.unreviewed.reading(made.ended),
    changes.failed_twice.reading(made.repeated),
    changes.unrecorded.reading(altered),
    # How servers are patched
    patching.uncovered.reading(patched.coverage),
    patching.hold_presses.reading(patched.held),
    patching.below_minimum.reading(patched.below),
    # Who is called
    oncall.gap.reading(duty.uncovered),
    oncall.single.reading(duty.reached),
    oncall.unreachable.reading(duty.duties),
    oncall.channel_failing.reading(duty.duties),
    oncall.absent.reading(duty.duties),
    oncall.overload.reading(duty.loads),
    oncall.unanswered.reading(duty.unheard),
    oncall.calendar_unmatched.reading(duty.calendars),
    oncall.calendar_unread.reading(duty.calendars),
    # The checks themselves
    findings.check_failing.reading(found.failing_checks),
    findings.job_failed.reading(found.jobs_given_up),
)
