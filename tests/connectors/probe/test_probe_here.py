"""What the probe tells of this very machine, and what that costs."""

import datetime
import ipaddress
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fullscore.connectors.probe import parse, probe
from fullscore.connectors.probe.client import SCRIPT
from fullscore.connectors.probe.sections import SECTIONS
from tests.connectors.probe import roots

ON_DEBIAN = os.path.exists("/var/lib/dpkg/status")


@pytest.fixture(scope="module")
def here():
    """Return (the raw report, the report read) of this machine."""
    text = probe.printed(probe.collect(probe.Host(seconds=10)))
    return json.loads(text), parse.read(text.encode())


def test_every_section_is_told_or_its_absence_explained(here):
    _, report = here

    unexplained = [name for name in SECTIONS if name not in report.facts and not report.why(name)]
    assert unexplained == []
    assert set(dict(probe.SECTIONS)) == set(SECTIONS)


def test_the_reader_keeps_every_field_the_probe_prints(here):
    raw, report = here

    assert lost(raw["facts"], report.facts) == []


def lost(sent, kept, place=""):
    """Return the places that the reader dropped."""
    if isinstance(sent, dict):
        gone = [f"{place}.{key}" for key in sent if key not in kept]
        inner = [lost(sent[key], kept[key], f"{place}.{key}") for key in sent if key in kept]
        return gone + [one for found in inner for one in found]
    if isinstance(sent, list):
        pairs = zip(sent, kept, strict=True)
        return [one for first, second in pairs for one in lost(first, second, place + "[]")]
    return []


def test_no_section_fails_on_this_machine(here):
    _, report = here

    assert [error for error in report.errors if error.reason.startswith("failed")] == []


@pytest.mark.skipif(not ON_DEBIAN, reason="dpkg-query lists packages on Debian and its kin only")
def test_packages_are_those_dpkg_lists(here):
    _, report = here
    form = "${Package} ${Version} ${Architecture}\n"
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True
    )

    rows = [f"{r['name']} {r['version']} {r['architecture']}" for r in report.facts["packages"]]

    assert sorted(rows) == sorted(line for line in listed.stdout.splitlines())


def test_addresses_are_those_the_system_names(here):
    if shutil.which("ip") is None:
        pytest.skip("`ip` is not here: install iproute2 (Debian's name) to compare with it")
    _, report = here
    told = subprocess.run(["ip", "-j", "address"], capture_output=True, text=True, check=True)

    expected = {
        (link["ifname"], f"{address['local']}/{address['prefixlen']}")
        for link in json.loads(told.stdout)
        for address in link["addr_info"]
    }
    found = {(row["name"], a) for row in report.facts["interfaces"] for a in row["addresses"]}
    assert found == expected


def test_a_listener_is_traced_to_its_process():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        rows = [row for row in probe.listeners(probe.Host()) if row["port"] == port]

    assert [(row["transport"], row["address"], row["pid"]) for row in rows] == [
        ("tcp", "127.0.0.1", os.getpid())
    ]


def test_a_busy_process_is_listed_with_its_secret_masked():
    busy = "import sys\nwhile True: pass"
    process = subprocess.Popen([sys.executable, "-c", busy, "--token", "s3cr3t", "--db-password=x"])
    try:
        host = probe.Host()
        host.first_ticks = probe.first_ticks(host)
        wait_for_cpu(process.pid, seconds=0.3)
        rows = {row["pid"]: row for row in probe.facts_processes(host)["rows"]}
    finally:
        process.kill()
        process.wait()

    row = rows[process.pid]
    assert row["cpu_percent"] > 0
    assert row["cpu_seconds"] >= 0.3
    assert row["arguments"].endswith("--token *** --db-password=***")
    assert abs(row["started_at"] - time.time()) < 60


def wait_for_cpu(pid, *, seconds):
    """Wait until a process has worked for so long; a busy machine may need a while for it."""
    while True:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if (int(words[11]) + int(words[12])) / probe.TICKS >= seconds:
            return
        time.sleep(0.05)


def test_facts_take_at_most_two_seconds_and_samples_little_cpu():
    facts = cost("--facts")
    samples = min(cost("--samples")["cpu"] for _ in range(3))

    assert facts["wall"] < 3  # two, and what starting Python takes on a busy machine
    assert facts["kilobytes"] < 5000
    assert samples < 0.2  # 0.1 measured, most of it Python reading the file anew


def cost(flag):
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), flag], capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": time.monotonic() - started,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "kilobytes": len(done.stdout) / 1000,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_an_account_without_rights_lacks_some_facts_and_says_so():
    program = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("no Python for every account is here: apt-get install python3")
    with SCRIPT.open("rb") as file:
        done = subprocess.run(
            [program, "-I", "-S", "-", "--facts"],
            stdin=file,
            capture_output=True,
            check=True,
            user=65534,
            group=65534,
            extra_groups=[],
            cwd="/",
        )

    report = parse.read(done.stdout)
    root = report.facts["users"][0]
    assert (root["is_locked"], root["has_empty_password"], root["keys"]) == (None, None, None)
    assert report.why("users").startswith("permission")
    assert report.why("listeners").startswith("permission")
    assert [error for error in report.errors if error.reason.startswith("failed")] == []


def python_3_6():
    """Return a Python 3.6, or skip."""
    known = Path.home().glob(".pyenv/versions/3.6.*/bin/python3")
    for program in [*map(str, known), "python3.6", "/usr/libexec/platform-python"]:
        version = [program, "-c", "import sys; print(sys.version_info[:2])"]
        found = shutil.which(program)
        if found and subprocess.run(version, capture_output=True).stdout == b"(3, 6)\n":
            return found
    pytest.skip("no Python 3.6 is here: install one (pyenv install 3.6) to run the probe with it")


def test_python_3_6_runs_it_from_standard_input():
    done = subprocess.run(
        [python_3_6(), "-"], input=SCRIPT.read_bytes(), capture_output=True, check=True
    )

    report = parse.read(done.stdout)
    assert report.samples
    assert report.facts["identity"]["hostname"]
    assert [error for error in report.errors if error.reason.startswith("failed")] == []


MASKED = [
    pytest.param(["app", "--password", "x y"], "app --password ***", id="a word after its flag"),
    pytest.param(["app", "--api-key=abc"], "app --api-key=***", id="a flag with its value"),
    pytest.param(["mysql", "-phunter2"], "mysql -p***", id="glued to the letter"),
    pytest.param(["curl", "-u", "ann:pw", "https://x"], "curl -u *** https://x", id="curl's user"),
    pytest.param(["app", "postgres://a:b@h/d"], "app postgres://a:***@h/d", id="in an address"),
    pytest.param(["env", "DB_PASSWORD=x", "run"], "env DB_PASSWORD=*** run", id="in a variable"),
    pytest.param(
        ["curl", "-H", "Authorization: Bearer abc"],
        "curl -H Authorization: Bearer ***",
        id="in a header",
    ),
    pytest.param(["app", "AKIAABCDEFGHIJKLMNOP"], "app ***", id="a cloud key by its shape"),
    pytest.param(
        ["app", "0123456789abcdef0123456789abcdef"], "app ***", id="a long hexadecimal word"
    ),
    pytest.param(["ls", "-l", "/etc/passwd"], "ls -l /etc/passwd", id="an innocent path"),
    pytest.param(["ssh", "-p", "2222", "host"], "ssh -p 2222 host", id="an innocent port"),
    pytest.param([], "", id="nothing"),
]


@pytest.mark.parametrize(("arguments", "shown"), MASKED)
def test_secrets_in_arguments_are_masked(arguments, shown):
    assert probe.masked(arguments) == shown


def test_rows_and_bytes_have_limits(monkeypatch):
    host = probe.Host()
    host.section = "groups"

    cut = probe.limited(host, [1] * 5001, 5000)
    told = {"packages": ["x" * 1000] * 4600, "os": {}}
    probe.fit(host, told)

    assert len(cut) == 5000
    assert set(told) == {"os"}
    assert [e["reason"].split(":")[0] for e in host.errors] == ["cut", "cut"]


def test_a_section_that_raises_costs_itself_alone(monkeypatch):
    def broken(host):
        raise RuntimeError("strange")

    monkeypatch.setattr(probe, "SECTIONS", (("os", broken), ("groups", probe.facts_groups)))

    report = probe.collect(probe.Host(), samples=False)

    assert set(report["facts"]) == {"groups"}
    assert report["errors"] == [{"section": "os", "reason": "failed: RuntimeError: strange"}]
    assert not report["complete"]


def test_time_that_is_spent_is_said_so():
    report = probe.collect(probe.Host(seconds=0), samples=False)

    assert report["facts"] == {}
    assert {error["reason"].split(":")[0] for error in report["errors"]} == {"time"}


KEYS = [
    pytest.param(lambda: rsa.generate_private_key(65537, 2048), "rsa", 2048, id="RSA"),
    pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), "ec", 384, id="P-384"),
    pytest.param(ed25519.Ed25519PrivateKey.generate, "ed25519", 256, id="Ed25519"),
]


@pytest.mark.parametrize(("make_key", "kind", "bits"), KEYS)
def test_a_certificate_that_nginx_names_is_read(tmp_path, make_key, kind, bits):
    certificate = signed(make_key())
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    settings = "server {\n  ssl_certificate     /etc/ssl/site.pem;\n}\n"
    roots.write(tmp_path, {"/etc/ssl/site.pem": pem, "/etc/nginx/conf.d/site.conf": settings})

    (row,) = probe.facts_certificates(probe.Host(str(tmp_path)))

    assert row["fingerprint"] == certificate.fingerprint(hashes.SHA256()).hex()
    assert row["named_by"] == "/etc/nginx/conf.d/site.conf"
    assert row["subject"] == "O=Zoë, CN=site.example.net"
    assert row["names"] == ["site.example.net", "*.example.net", "10.0.0.5", "::1"]
    assert (row["key_kind"], row["key_bits"]) == (kind, bits)
    assert row["ends_at"] == certificate.not_valid_after_utc.timestamp()
    assert row["not_before"] == certificate.not_valid_before_utc.timestamp()
    assert row["signature"] == ("ed25519" if kind == "ed25519" else f"sha256-{kind}").replace(
        "-ec", "-ecdsa"
    )


def signed(key):
    """Return a certificate that `key` signed for itself, valid into the years after 2050."""
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Zoë"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "site.example.net"),
        ]
    )
    names = [x509.DNSName("site.example.net"), x509.DNSName("*.example.net")]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ("10.0.0.5", "::1")]
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins.replace(year=2051))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    is_plain = isinstance(key, ed25519.Ed25519PrivateKey)
    return builder.sign(key, None if is_plain else hashes.SHA256())


def test_broken_certificates_cost_themselves_alone(tmp_path):
    pem = signed(ed25519.Ed25519PrivateKey.generate()).public_bytes(serialization.Encoding.DER)
    names = [f"/etc/ssl/{number}.der" for number in range(len(pem))]
    settings = "".join(f"ssl_certificate {name};\n" for name in names)
    files = {name: pem[:cut] for cut, name in enumerate(names)}
    roots.write(tmp_path, {**files, "/etc/nginx/nginx.conf": settings})
    host = probe.Host(str(tmp_path))

    assert probe.facts_certificates(host) == []
    assert len(host.errors) == len(pem)


def test_containers_are_asked_of_the_engines_socket(tmp_path, monkeypatch):
    told = [
        {"Id": "abc", "Names": ["/web"], "Image": "nginx:1.27@sha256:aa", "State": "running"},
        {"Id": "def", "Names": [], "Image": "redis", "ImageID": "sha256:bb", "State": "exited"},
    ]

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Keep the test's output quiet."""

    asked = []
    path = str(tmp_path / "docker.sock")
    monkeypatch.setattr(probe, "CONTAINER_SOCKETS", (("docker", path),))
    with UnixStreamServer(path, Engine) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        web, redis = probe.facts_containers(probe.Host())
        thread.join()

    assert asked == ["/containers/json?all=1"]
    assert (web["name"], web["image"], web["digest"]) == ("web", "nginx:1.27", "sha256:aa")
    assert (redis["name"], redis["digest"], redis["state"]) == ("", "sha256:bb", "exited")
