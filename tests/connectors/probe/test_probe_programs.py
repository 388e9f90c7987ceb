"""What the probe reads of the programs a live host runs: recorded answers instead of the host."""

import json
import struct
from itertools import pairwise

import pytest

from fullscore.connectors.probe import probe
from tests.connectors.probe import roots
from tests.shared import shared_data


class Answering(probe.Host):
    """A host whose programs have answered already."""

    def __init__(self, root="/", folders=(), **answers):
        super().__init__(str(root), seconds=5)
        self.is_live = True
        self.root_of_files = probe.Host(str(root))
        self.answers = {name.replace("_", " "): text for name, text in answers.items()}
        self.programs = dict.fromkeys(self.answers)
        self.folders = folders

    def path(self, path):
        return self.root_of_files.path(path)

    def output(self, name):
        if name not in self.answers:
            raise probe.Unknown("absent: no program for " + name)
        return self.answers[name]

    def is_folder(self, path):
        return path in self.folders or super().is_folder(path)


UNITS = """\
Id=ssh.service
Type=notify
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
NRestarts=2
MainPID=612
StateChangeTimestamp=Tue 2026-11-24 00:00:10 UTC
Result=success
ConditionResult=yes
FragmentPath=/lib/systemd/system/ssh.service
User=
ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D ; ignore_errors=no ; status=0/0 }

Id=backup.service
Type=oneshot
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=static
NRestarts=0
MainPID=0
StateChangeTimestamp=n/a
Result=exit-code
ConditionResult=no
FragmentPath=/etc/systemd/system/backup.service
User=backup
ExecStart={ path=/opt/one ; argv[]=/opt/one --token=abc ; ignore_errors=no ; status=0/0 }
ExecStart={ path=/opt/two ; argv[]=/opt/two ; ignore_errors=no ; status=0/0 }

Id=tmp.mount
LoadState=loaded
ActiveState=inactive
"""


def test_units_tell_state_programs_and_who_could_replace_them(tmp_path):
    (tmp_path / "opt").mkdir()
    for name, mode in (("one", 0o777), ("two", 0o755)):
        (tmp_path / "opt" / name).write_text("")
        (tmp_path / "opt" / name).chmod(mode)
    host = Answering(tmp_path, folders=["/run/systemd/system"], units=UNITS)

    ssh, backup, mount = probe.facts_units(host)

    assert (ssh["active"], ssh["restarts"], ssh["main_pid"]) == ("active", 2, 612)
    assert (ssh["since"], ssh["user"], ssh["writable"]) == (1_795_478_410.0, "root", [])
    assert backup["programs"] == ["/opt/one", "/opt/two"]
    assert backup["writable"] == ["/opt/one"]
    assert (backup["result"], backup["condition_met"], backup["since"]) == (
        "exit-code",
        False,
        None,
    )
    assert (mount["type"], mount["main_pid"], mount["path"]) == (None, None, None)


TIMERS = """\
Id=daily.timer
Unit=daily.service
ActiveState=active
UnitFileState=enabled
LastTriggerUSec=Tue 2026-11-24 00:00:10 UTC
NextElapseUSecRealtime=Wed 2026-11-25 00:00:00 UTC
NextElapseUSecMonotonic=infinity
TimersCalendar={ OnCalendar=*-*-* 00:00:00 ; next_elapse=Wed 2026-11-25 00:00:00 UTC }
TimersMonotonic=

Id=tidy.timer
Unit=tidy.service
ActiveState=active
LastTriggerUSec=n/a
NextElapseUSecRealtime=
NextElapseUSecMonotonic=1d 15min 2.5s
TimersCalendar=
TimersMonotonic={ OnUnitActiveUSec=1d ; next_elapse=1d 15min 2.5s }
"""


def test_timers_tell_last_and_next_run_on_one_clock(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_text("cpu 1\nbtime 1000\n")
    host = Answering(tmp_path, folders=["/run/systemd/system"], timers=TIMERS)

    daily, tidy = probe.facts_timers(host)

    assert daily["schedule"] == "OnCalendar=*-*-* 00:00:00"
    assert daily["next_at"] - daily["last_at"] == 86_390
    assert (tidy["last_at"], tidy["next_at"]) == (None, 1000 + 86_400 + 900 + 2.5)


def test_apt_updates_are_security_when_a_security_suite_offers_them(tmp_path):
    lists = tmp_path / "var/lib/apt/lists"
    lists.mkdir(parents=True)
    (lists / "x_Packages").write_text("")
    told = (
        "Listing...\n"
        "openssl/jammy-updates,jammy-security 3.0.2-0ubuntu1.18 amd64 "
        "[upgradable from: 3.0.2-0ubuntu1.15]\n"
        "vim/jammy-updates 2:8.2.1 amd64 [upgradable from: 2:8.2.0]\n"
    )
    host = Answering(tmp_path, apt=told)

    rows = probe.facts_updates(host)["rows"]

    assert [(row["name"], row["candidate"], row["is_security"]) for row in rows] == [
        ("openssl", "3.0.2-0ubuntu1.18", True),
        ("vim", "2:8.2.1", False),
    ]


def test_debian_with_rpm_beside_has_no_packages_of_rpms(tmp_path):
    (tmp_path / "var/lib/rpm").mkdir(parents=True)  # empty, as Debian's package of rpm leaves it

    assert probe.rpm_packages(Answering(tmp_path, rpm="")) == []


def test_dnf_updates_take_the_newest_and_their_advisories(tmp_path):
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    (tmp_path / "var/lib/rpm/rpmdb.sqlite").touch()
    host = Answering(
        tmp_path,
        rpm="openssl-libs\t1\t3.0.7\t27.el9\tx86_64\topenssl-3.0.7-27.el9.src.rpm\n",
        dnf="openssl-libs 1:3.0.7-27.el9_1 x86_64 baseos\n"
        "openssl-libs 1:3.0.7-28.el9 x86_64 baseos\n"
        "vim 0:9.0-1.el9 x86_64 appstream\n",
        dnf_security="RLSA-2026:1 Important/Sec. openssl-libs-1:3.0.7-28.el9.x86_64\n"
        "RLBA-2026:2 bugfix vim-9.0-1.el9.x86_64\n",
    )

    ssl, vim = probe.dnf_updates(host)

    assert (ssl["installed"], ssl["candidate"]) == ("1:3.0.7-27.el9", "1:3.0.7-28.el9")
    assert ssl["is_security"]
    assert (vim["candidate"], vim["is_security"]) == ("9.0-1.el9", False)


def test_apk_updates_cannot_say_what_is_security(tmp_path):
    told = "Installed:    Available:\nbusybox-1.36.1-r28   < 1.36.1-r29 \n"

    (row,) = probe.apk_updates(Answering(tmp_path, apk=told))

    assert (row["name"], row["installed"], row["candidate"]) == (
        "busybox",
        "1.36.1-r28",
        "1.36.1-r29",
    )
    assert row["is_security"] is None


def test_an_unprivileged_account_reads_sudoers_and_locks_through_its_grants(tmp_path):
    host = Answering(
        tmp_path,
        sudoers="/etc/sudoers:3:ann ALL=(ALL) \\\n/etc/sudoers:4:  NOPASSWD: ALL\n",
        passwords="ann P 01/12/2025 0 99999 7 -1\n"
        "eve NP 2025-01-12 0 99999 7 -1\n"
        "bob L 2025-01-12\n",
    )

    (rule,) = probe.facts_sudo(host)
    told = probe.shadow(host)

    assert (rule["who"], rule["tags"], rule["line"]) == (["ann"], ["NOPASSWD"], 3)
    assert [told[name]["is_locked"] for name in ("ann", "eve", "bob")] == [False, False, True]
    assert told["eve"]["has_empty_password"]
    assert told["ann"]["changed_on"] == told["bob"]["changed_on"] == "2025-01-12"


def test_sshd_told_by_the_program_keeps_what_repeats():
    told = probe.sshd_settings(Answering(sshd="port 22\nport 2222\npermitrootlogin no\n"))

    assert told["source"] == "sshd -T"
    assert told["settings"] == {"port": "22 2222", "permitrootlogin": "no"}


def test_health_comes_from_both_kinds_of_disks():
    table = {"table": [{"id": 5, "raw": {"value": 8}}]}
    log = {"available_spare": 9, "available_spare_threshold": 10}
    ata = json.dumps({"smart_status": {"passed": True}, "ata_smart_attributes": table})
    nvme = json.dumps({"nvme_smart_health_information_log": log})
    host = Answering(smart_sda=ata, smart_nvme0n1=nvme, smart_sdb="not json")

    assert probe.health_of(host, "sda")["reallocated_sectors"] == 8
    assert probe.health_of(host, "nvme0n1")["spare_percent"] == 9
    assert probe.health_of(host, "sdb") is None
    assert host.errors[0]["reason"].startswith("failed: health of sdb")


MAPS = """\
7f10-7f20 r-xp 00000000 fe:00 12 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f20-7f30 r--p 00000000 fe:00 13 /usr/lib/x86_64-linux-gnu/libz.so.1 (deleted)
7f30-7f40 r-xp 00000000 00:01 14 /memfd:jit (deleted)
7f40-7f50 r-xp 00000000 fe:00 15 /usr/lib/x86_64-linux-gnu/libc.so.6
"""


def test_a_process_on_replaced_code_is_named_with_its_unit(tmp_path):
    roots.write(
        tmp_path,
        {
            "/proc/612/maps": MAPS,
            "/proc/612/comm": "sshd\n",
            "/proc/612/cgroup": "0::/system.slice/ssh.service\n",
            "/proc/613/maps": "",
        },
    )

    (row,) = probe.processes_on_deleted(Answering(tmp_path))

    assert (row["pid"], row["command"], row["unit"]) == (612, "sshd", "ssh.service")
    assert row["files"] == ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]


def test_the_last_login_is_the_latest_any_record_tells(tmp_path):
    lastlog = bytes(292 * 1000) + struct.pack("=I", 1_790_000_000) + bytes(288)
    wtmp = [session(7, "ann", 1_780_000_000), session(8, "ann", 1_799_000_000)]
    roots.linux(tmp_path)
    roots.write(
        tmp_path,
        {
            "/var/log/lastlog": lastlog,
            "/var/log/wtmp": b"".join([*wtmp, session(7, "root", 1_781_000_000), b"cut"]),
        },
    )

    users = {row["name"]: row for row in probe.facts_users(probe.Host(str(tmp_path)))}

    assert users["ann"]["last_login_at"] == 1_790_000_000.0
    assert users["root"]["last_login_at"] == 1_781_000_000.0
    assert users["daemon"]["last_login_at"] is None


def session(kind, name, at):
    """Build one record of wtmp."""
    head = struct.pack("=hxxi32s4s32s256s", kind, 1, b"pts/0", b"", name.encode(), b"")
    return (head + bytes(4) + struct.pack("=iI", 0, at)).ljust(384, b"\0")


CGROUP = "/sys/fs/cgroup/system.slice/ssh.service/"


def test_units_are_metered_by_their_control_groups(tmp_path):
    roots.linux(tmp_path)
    roots.write(
        tmp_path,
        {
            CGROUP + "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            CGROUP + "memory.current": "4096\n",
            CGROUP + "pids.current": "3\n",
        },
    )

    rows = {name: (labels, value) for name, labels, value in probe.collect_samples(str(tmp_path))}

    unit = {"unit": "ssh.service"}
    assert rows["unit_cpu_seconds_total"] == (unit, 2.5)
    assert rows["unit_memory_bytes"] == (unit, 4096)
    assert rows["unit_tasks"] == (unit, 3)


def test_restarts_are_asked_again_only_after_some_unit_started_anew():
    told = "Id=ssh.service\nNRestarts=2\n\nId=tmp.mount\n"
    host = Answering(folders=["/run/systemd/system"], restarts=told)
    host.start = lambda *_: asked.append(1)
    host.close = lambda: None
    asked = []

    for start in ("a", "a", "b"):
        rows = probe.restarts_of(host, [("ssh.service", start)])

    assert rows == [("ssh.service", 2)]
    assert len(asked) == 2


def test_with_sudo_an_account_without_rights_runs_the_exact_commands_granted(tmp_path, monkeypatch):
    for name in ("sudo", "sshd", "grep"):
        (tmp_path / name).write_text('#!/bin/sh\necho "$0 $@"\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(probe, "PROGRAM_PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(probe.os, "geteuid", lambda: 1000)
    plain, granted = probe.Host(), probe.Host(sudo=True)

    probe.start_privileged(plain)
    probe.start_privileged(granted)
    told = {name: granted.output(name) for name in ("sshd", "sudoers")}
    granted.close()

    assert plain.programs == {}
    assert told["sshd"] == f"{tmp_path}/sudo -n {tmp_path}/sshd -T\n"
    assert told["sudoers"].endswith(f"{tmp_path}/grep -rn . /etc/sudoers /etc/sudoers.d\n")


def test_a_program_that_does_not_answer_costs_its_section_not_the_run(tmp_path, monkeypatch):
    (tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "slow").chmod(0o755)
    monkeypatch.setattr(probe, "PROGRAM_PATH", f"{tmp_path}:/usr/bin:/bin")
    host = probe.Host(seconds=0.5)

    host.start("slow", ["slow"])
    with pytest.raises(probe.Unknown, match="time: slow did not answer"):
        host.output("slow")

    assert host.left() > 0


ORDERED = ["1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0a", "1.0+1", "1.0.1", "1.10", "2:0.1"]


@pytest.mark.parametrize(("low", "high"), list(pairwise(ORDERED)))
def test_debian_versions_are_ordered_as_dpkg_does(low, high):
    assert probe.deb_order(low) < probe.deb_order(high)


def test_debian_versions_agree_with_dpkg_on_its_own_cases():
    cases = json.loads(shared_data("vercmp", "deb-authority.json").read_text())["cases"]

    wrong = [
        case
        for case in cases
        if sign(probe.deb_order(case[0]), probe.deb_order(case[1])) != case[2]
    ]

    assert len(cases) > 1000
    assert wrong == []


def sign(first, second):
    return (first > second) - (first < second)
