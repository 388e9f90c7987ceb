"""What the probe reads of other hosts' roots."""

import ast
import json
import subprocess
import sys
import time

import pytest

from fullscore.connectors.probe import parse, probe
from fullscore.connectors.probe.client import SCRIPT
from tests.connectors.probe import roots


def facts_of(root, **options):
    report = probe.collect(probe.Host(str(root), seconds=20, **options), samples=False)
    return parse.read(probe.printed(report).encode())


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    return facts_of(roots.debian12(tmp_path_factory.mktemp("debian")))


def test_the_file_is_python_3_6():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


def test_a_host_is_named_by_its_own_files(debian):
    identity = debian.facts["identity"]

    assert (identity["hostname"], identity["fqdn"]) == ("web1", "web1.example.net")
    assert identity["machine_id"] == "0123456789abcdef0123456789abcdef"
    assert identity["booted_at"] == 1_794_000_000.0
    assert debian.facts["os"]["codename"] == "bookworm"


@pytest.mark.parametrize(
    ("maker", "tag", "cloud"),
    [
        ("Amazon EC2", "i-0123456789abcdef0", ("aws", "i-0123456789abcdef0")),
        ("Amazon EC2", "Not Specified", ("aws", None)),
        ("Dell Inc.", "i-0123456789abcdef0", None),
    ],
)
def test_an_instance_of_aws_knows_its_id_by_its_firmware(tmp_path, maker, tag, cloud):
    firmware = {"sys_vendor": maker, "board_asset_tag": tag}
    root = roots.write(
        roots.debian12(tmp_path), {f"sys/class/dmi/id/{n}": f"{v}\n" for n, v in firmware.items()}
    )

    told = facts_of(root).facts["identity"]["cloud"]

    assert (told and (told["provider"], told["instance_id"])) == cloud


def test_packages_carry_their_source_and_state(debian):
    rows = [
        (row["name"], row["version"], row["source"], row["source_version"], row["state"])
        for row in debian.facts["packages"]
    ]

    assert rows == [
        ("openssl", "3.0.9-1", "openssl", "3.0.9-1", "installed"),
        ("libssl3", "3.0.9-1+b1", "openssl", "3.0.9-1", "held"),
        ("nginx", "1.22.1-9", "nginx", "1.22.1-9", "config-files"),
    ]


def test_updates_come_from_the_lists_with_their_age(debian):
    updates = debian.facts["updates"]

    (row,) = updates["rows"]
    assert (row["name"], row["installed"]) == ("openssl", "3.0.9-1")
    assert (row["candidate"], row["is_security"]) == ("3.0.15-1~deb12u1", True)
    assert row["origin"] == "bookworm-security"
    assert updates["age_seconds"] == pytest.approx(debian.at - roots.NOW, abs=1)


def test_the_newest_kernel_is_told_by_number_not_by_spelling(debian):
    restart = debian.facts["restart"]

    assert debian.facts["os"]["installed_kernels"][0] == "6.1.0-9-amd64"
    assert restart["newest_kernel"] == "6.1.0-30-amd64"
    assert restart["reasons"] == ["packages", "kernel"]
    assert restart["packages"] == ["libc6", "linux-image-amd64"]


def test_accounts_tell_locks_empty_passwords_and_keys_never_a_hash(debian):
    users = {row["name"]: row for row in debian.facts["users"]}

    assert [users[name]["is_locked"] for name in ("root", "ann", "toor")] == [True, False, False]
    assert users["toor"]["has_empty_password"]
    assert users["toor"]["uid"] == 0
    assert users["ann"]["password_changed_on"] == "2025-01-12"
    assert users["ann"]["groups"] == ["ann", "sudo"]
    (key,) = users["ann"]["keys"]
    assert (key["type"], key["bits"], key["comment"]) == ("ssh-ed25519", 256, "ann@laptop")
    assert key["options"] == 'from="10.0.0.*",no-pty'
    assert "secrethash" not in json.dumps(debian.facts)


def test_sudo_rules_are_expanded_and_traced_to_their_line(debian):
    rows = [
        (row["who"], row["run_as"], row["tags"], row["commands"], row["file"], row["line"])
        for row in debian.facts["sudo"]
    ]

    main, shells = "/etc/sudoers", ["/bin/sh", "/bin/bash", "!/usr/bin/su"]
    assert rows == [
        (["root"], ["ALL", ":ALL"], [], ["ALL"], main, 5),
        (["ann", "%wheel"], ["root"], ["NOPASSWD"], shells, main, 6),
        (["ann", "%wheel"], ["root"], ["PASSWD"], ["/usr/bin/less"], main, 6),
        (["#1005"], ["ALL"], [], ["/usr/bin/id"], main, 7),
        (
            ["backup"],
            ["postgres", "mail", ":disk"],
            ["NOPASSWD"],
            ["/bin/restic"],
            "/etc/sudoers.d/backup",
            1,
        ),
    ]


def test_sshd_takes_the_first_value_and_keeps_match_blocks_apart(debian):
    sshd = debian.facts["sshd"]

    assert sshd["source"] == "files"
    assert sshd["settings"]["passwordauthentication"] == "no"
    assert sshd["settings"]["port"] == "22 2222"
    assert sshd["settings"]["permitrootlogin"] == "prohibit-password"
    assert sshd["matches"] == [
        {
            "criteria": "Group sftp",
            "settings": {"permitrootlogin": "yes", "chrootdirectory": "/srv"},
        }
    ]


def test_timetables_are_listed_with_secrets_masked(debian):
    rows = {row["file"]: row for row in debian.facts["cron"]}

    assert rows["/etc/cron.d/backup"]["command"] == "/usr/bin/restic --password=*** backup /"
    assert rows["/etc/cron.d/backup"]["user"] == "backup"
    assert rows["/etc/crontab"]["command"] == "cd / && run-parts /etc/cron.hourly"
    assert rows["/var/spool/cron/crontabs/ann"]["schedule"] == "@daily"
    assert rows["/etc/cron.daily/logrotate"]["user"] == "root"


def test_saved_iptables_rules_are_chains(debian):
    chains = debian.facts["firewall"]["chains"]

    assert [(c["chain"], c["policy"], c["rules"]) for c in chains] == [
        ("INPUT", "drop", ["-i lo -j ACCEPT"]),
        ("SITE", None, ["-p tcp --dport 22 -j ACCEPT"]),
    ]


def test_ubuntu_nftables_journal_and_a_linked_release(tmp_path):
    facts = facts_of(roots.ubuntu2404(tmp_path)).facts

    assert (facts["os"]["id"], facts["os"]["version_id"]) == ("ubuntu", "24.04")
    first, second = facts["firewall"]["chains"]
    assert (first["hook"], first["policy"]) == ("input", "drop")
    assert first["rules"] == ['iif "lo" accept', "tcp dport { 22, 443 } accept"]
    assert (second["chain"], second["hook"]) == ("site", None)
    assert facts["logs"]["journal_limit"] == "500M"
    assert facts["logs"]["size_bytes"] >= 5000


def test_rocky_packages_are_read_from_sqlite_without_rpm(tmp_path):
    facts = facts_of(roots.rocky9(tmp_path)).facts

    assert [(r["name"], r["version"], r["source"]) for r in facts["packages"]] == [
        ("openssl-libs", "1:3.0.7-27.el9", "openssl"),
        ("bash", "5.1.8-9.el9", "bash"),
    ]
    assert facts["restart"]["newest_kernel"] == "5.14.0-427.el9.x86_64"


def test_alpine_packages_know_their_source_and_libc(tmp_path):
    facts = facts_of(roots.alpine(tmp_path)).facts

    assert facts["packages"][0]["source"] == "openssl"
    assert facts["packages"][0]["manager"] == "apk"
    assert facts["os"]["libc"] == "musl"
    assert facts["os"]["name"] == "Alpine Linux v3.20"


def test_a_container_without_proc_still_tells_what_it_holds(tmp_path):
    report = facts_of(roots.container(tmp_path))

    assert report.facts["identity"]["virtualization"] == "docker"
    assert report.facts["packages"][0]["name"] == "tzdata"
    assert "processes" not in report.facts
    assert report.why("processes").startswith("absent")


def test_python_packages_are_listed_when_asked(tmp_path):
    roots.write(tmp_path, {"/usr/lib/python3/dist-packages/Foo_Bar-1.2.dist-info/METADATA": ""})

    rows = facts_of(tmp_path, languages=True).facts["packages"]

    assert [(row["manager"], row["name"], row["version"]) for row in rows] == [
        ("pip", "foo-bar", "1.2")
    ]


def test_a_hostile_root_harms_neither_the_run_nor_the_reader(tmp_path):
    outside = tmp_path / "hostname"
    outside.write_text("outside")
    root = roots.hostile(tmp_path / "root")
    started = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), f"--root={root}", "--facts", "--samples"],
        capture_output=True,
        timeout=30,
        check=True,
    )

    assert time.monotonic() - started < 5
    report = parse.read(done.stdout)
    assert done.stdout.isascii()
    assert report.facts["os"]["id"] == "debian"
    assert report.facts["identity"]["machine_id"] == "web1"  # the root's own file, not ours
    assert [row["version"] for row in report.facts["packages"]] == ["1", "\ufffd1"]
    assert all(len(row["name"]) <= 1024 for row in report.facts["users"])
    assert "huge" not in {row["name"] for row in report.facts["users"]}
    assert "\\u001b" not in done.stdout.decode()
