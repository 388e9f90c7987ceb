"""Real servers for tests, on loopback, each with a data folder of its own."""

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

POSTGRESQL_FOLDERS = [Path("/usr/lib/postgresql"), Path("/usr/local/pgsql")]
UNSAFE_BUT_FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server and yield the URL of an empty database; skip where there is none.

    The server refuses to run as root, so then it runs as `postgres` (Debian's account).
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="fullscore-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        port = free_port()
        _run(
            [
                programs / "initdb",
                *("--pgdata", folder / "data", "--username", "fullscore"),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ]
        )
        settings = [
            f"port={port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
        ]
        options = " ".join(f"-c {setting}" for setting in [*settings, *UNSAFE_BUT_FAST])
        control = [programs / "pg_ctl", "--pgdata", folder / "data", "-w"]
        _run([*control, "--log", folder / "log", "--options", options, "start"])
        try:
            yield f"postgresql://fullscore@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "--mode", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    for folder in POSTGRESQL_FOLDERS:
        for initdb in sorted(folder.glob("**/bin/initdb"), reverse=True):
            return initdb.parent
    pytest.skip("PostgreSQL is not installed here")


def _run(command: list[str | Path]) -> None:
    drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = drop if os.geteuid() == 0 else []
    # Output to a file, not a pipe: the server inherits it and would keep a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [*prefix, *map(str, command)], stdout=output, stderr=output, cwd="/", timeout=60
        )
        output.seek(0)
        assert done.returncode == 0, output.read()


@contextmanager
def nginx(*, port: int, behind: int) -> Iterator[None]:
    """Speak https on a port for what listens on another, with a certificate of its own."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        pytest.skip("No nginx here: sudo apt-get install nginx-light")
    home = Path(tempfile.mkdtemp(prefix="fullscore-nginx-"))
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", home / "key.pem", "-out", home / "cert.pem"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, *files], check=True, capture_output=True, timeout=60)
    (home / "nginx.conf").write_text(
        f"""pid {home}/pid; error_log {home}/error.log; daemon off;
        events {{}}
        http {{
          access_log off;
          client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
          fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
          server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem;
            client_max_body_size 16m;
            location / {{
              proxy_pass http://127.0.0.1:{behind};
              proxy_http_version 1.1;
              proxy_buffering off;
              proxy_set_header Host $http_host;
              proxy_set_header X-Forwarded-For $remote_addr;
              proxy_set_header X-Forwarded-Proto https;
            }}
          }}
        }}"""
    )
    words = ["-c", home / "nginx.conf", "-p", home, "-e", home / "error.log"]
    process = subprocess.Popen([program, *words])
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def prometheus(settings: str) -> Iterator[Path]:
    """Run a Prometheus with these settings; yield where its log is; skip where there is none."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("No Prometheus here: sudo apt-get install prometheus")
    home, port = Path(tempfile.mkdtemp(prefix="fullscore-prometheus-")), free_port()
    (home / "prometheus.yml").write_text(settings)
    log = home / "log"
    words = [
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.remote.flush-deadline=1s",
    ]
    with log.open("w") as output:
        process = subprocess.Popen([program, *words], stdout=output, stderr=output, cwd=home)
    try:
        wait_for(port)
        yield log
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def icinga(settings: str, scripts: Path) -> Iterator[Path]:
    """Run an Icinga 2 with these objects; yield where its log is; skip where there is none."""
    program = shutil.which("icinga2")
    if program is None:
        pytest.skip("No Icinga 2 here: sudo apt-get install icinga2")
    home = Path(tempfile.mkdtemp(prefix="fullscore-icinga-"))
    for name in ("conf", "data", "cache", "log", "run", "spool"):
        (home / name).mkdir()
    shutil.copytree(scripts, home / "conf" / "scripts")
    objects = home / "conf" / "icinga2.conf"
    objects.write_text(f"include <itl>\n{settings}")
    owner = pwd.getpwuid(os.geteuid())
    log = home / "output"
    with log.open("w") as output:
        process = subprocess.Popen(
            [program, "daemon", "-c", str(objects), *_icingas_places(home, owner.pw_name)],
            stdout=output, stderr=output, cwd=home, start_new_session=True,
        )  # fmt: skip
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _icingas_places(home: Path, user: str) -> list[str]:
    """Return the options that keep an Icinga out of the machine's own folders."""
    constants = {
        "ConfigDir": home / "conf", "DataDir": home / "data", "CacheDir": home / "cache",
        "LogDir": home / "log", "InitRunDir": home / "run", "SpoolDir": home / "spool",
        "PidPath": home / "run/pid", "StatePath": home / "data/state",
        "ObjectsPath": home / "cache/objects", "VarsPath": home / "cache/vars",
        "ModAttrPath": home / "data/attributes", "RunAsUser": user,
        "RunAsGroup": grp.getgrgid(os.getegid()).gr_name,
    }  # fmt: skip
    return [word for name, value in constants.items() for word in ("-D", f"{name}={value}")]


@contextmanager
def node_exporter() -> Iterator[int]:
    """Run Debian's node_exporter; yield its port; skip where there is none."""
    program = shutil.which("prometheus-node-exporter")
    if program is None:
        pytest.skip("No node_exporter here: sudo apt-get install prometheus-node-exporter")
    port = free_port()
    words = [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    process = subprocess.Popen([program, *words], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def alertmanager(settings: str) -> Iterator[int]:
    """Run an Alertmanager with these settings; yield its port; skip where there is none."""
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        pytest.skip("No Alertmanager here: sudo apt-get install prometheus-alertmanager")
    home, port = Path(tempfile.mkdtemp(prefix="fullscore-alertmanager-")), free_port()
    (home / "alertmanager.yml").write_text(settings)
    words = [
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with (home / "log").open("w") as output:
        process = subprocess.Popen([program, *words], stdout=output, stderr=output, cwd=home)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Sshd:
    """A running sshd: its port, and the folder with `authorized_keys` and its own key `host`."""

    port: int
    home: Path
    user: str

    def authorize(self, *lines: str) -> None:
        """Let in whoever holds one of these keys, and nobody else."""
        (self.home / "authorized_keys").write_text("".join(f"{line}\n" for line in lines))

    def line(self) -> str:
        """Return its own public key."""
        return " ".join((self.home / "host.pub").read_text().split()[:2])


@contextmanager
def sshd(*, port: int = 0, words: str = "") -> Iterator[Sshd]:
    """Run Debian's sshd for this account, with a key of its own; skip where there is none."""
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(program).exists():
        pytest.skip("No sshd here: sudo apt-get install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's separates privileges
    home, port = Path(tempfile.mkdtemp(prefix="fullscore-sshd-")), port or free_port()
    key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / "host")]
    subprocess.run(key, check=True, capture_output=True, timeout=30)
    made = Sshd(port, home, getpass.getuser())
    made.authorize()
    (home / "config").write_text(
        f"""Port {port}
        ListenAddress 127.0.0.1
        HostKey {home}/host
        AuthorizedKeysFile {home}/authorized_keys
        StrictModes no
        UsePAM no
        PidFile none
        PermitRootLogin yes
        MaxStartups 200
        {words}
        """
    )
    with (home / "log").open("w") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", home / "config"], stderr=log)
    try:
        wait_for(port)
        yield made
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def wait_for(port: int, seconds: float = 30, *, address: str = "127.0.0.1") -> None:
    """Wait until something listens on a port of this machine."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(OSError), socket.create_connection((address, port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"Nothing listened on port {port} within {seconds} s")


@dataclass(frozen=True)
class Dovecot:
    """A mail server with one account, `alerts`, whose password is `open sesame`."""

    home: Path
    tls: int  # the ports: TLS at once, and STARTTLS
    plain: int

    @property
    def certificate(self) -> Path:
        """Return the certificate, of `localhost`."""
        return self.home / "cert.pem"

    def deliver(self, raw: bytes) -> None:
        """Put a mail into the mailbox, as a delivery does."""
        folder = self.home / "mail"
        name = f"{time.time_ns()}.{len(raw)}.test"
        (folder / "tmp" / name).write_bytes(raw)
        if os.geteuid() == 0:
            shutil.chown(folder / "tmp" / name, "nobody")
        (folder / "tmp" / name).rename(folder / "new" / name)

    def seen(self) -> int:
        """Return how many mails are marked as seen."""
        return sum(
            "S" in one.name.partition(":2,")[2] for one in (self.home / "mail/cur").iterdir()
        )


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot with a mailbox; skip where there is none."""
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    if not Path(program).exists():
        pytest.skip("No Dovecot here: sudo apt-get install dovecot-imapd")
    home, is_root = Path(tempfile.mkdtemp(prefix="fullscore-dovecot-")), os.geteuid() == 0
    home.chmod(0o755)
    served = Dovecot(home, free_port(), free_port())
    files = ["-keyout", home / "key.pem", "-out", home / "cert.pem"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"]
    subject = ["/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *subject, *files], check=True, capture_output=True, timeout=60)
    for folder in ("mail", "mail/new", "mail/cur", "mail/tmp"):
        (home / folder).mkdir()
        if is_root:
            shutil.chown(home / folder, "nobody", "nogroup")
    (home / "users").write_text("alerts:{PLAIN}open sesame::::::\n")
    me = pwd.getpwuid(os.geteuid()).pw_name
    ours = grp.getgrgid(os.getegid()).gr_name
    account = ("nobody", "nogroup") if is_root else (me, ours)
    own = "" if is_root else (
        f"default_internal_user = {me}\ndefault_login_user = {me}\n"
        f"default_internal_group = {ours}\n"
        "service anvil {\n  chroot =\n}\nservice imap-login {\n  chroot =\n}\n"
    )  # fmt: skip
    (home / "dovecot.conf").write_text(
        f"""{own}
        base_dir = {home}/run
        state_dir = {home}/run
        log_path = {home}/log
        protocols = imap
        listen = 127.0.0.1
        ssl = required
        ssl_cert = <{home}/cert.pem
        ssl_key = <{home}/key.pem
        first_valid_uid = 1
        mail_location = maildir:{home}/mail
        passdb {{
          driver = passwd-file
          args = {home}/users
        }}
        userdb {{
          driver = static
          args = uid={account[0]} gid={account[1]} home={home}/mail
        }}
        service imap-login {{
          inet_listener imap {{
            port = {served.plain}
          }}
          inet_listener imaps {{
            port = {served.tls}
            ssl = yes
          }}
        }}
        """
    )
    process = subprocess.Popen([program, "-F", "-c", home / "dovecot.conf"])
    try:
        wait_for(served.tls)
        yield served
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)
