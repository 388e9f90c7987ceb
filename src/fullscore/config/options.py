"""What an operator may set, in one place.

Every field becomes FULLSCORE_<NAME> or a line in fullscore.toml.

Order: command line, environment, `fullscore.toml` in the data folder, default. A value that is a
secret may also come from a file named by FULLSCORE_<NAME>_FILE.
"""

import os
import secrets
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints


def _doc(text: str, default: Any, *, secret: bool = False) -> Any:
    """Declare an option with the sentence the documentation prints."""
    factory = {"default_factory": default} if callable(default) else {"default": default}
    return field(**factory, metadata={"doc": text, "secret": secret})


LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_KEY = 32  # letters


def default_home() -> Path:
    """Return the data folder when none is named.

    The system's for root, the person's own otherwise.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/fullscore")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "fullscore"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything an operator may set."""

    home: Path = _doc("The data folder: database, samples, keys, uploads, logs.", default_home)
    host: str = _doc("The address the web process listens on.", "127.0.0.1")
    port: int = _doc("The port the web process listens on.", 8470)
    base_url: str = _doc(
        "How people reach this installation, for links in mail; default: host and port.", ""
    )
    allowed_hosts: str = _doc(
        "Host names the web process answers to, with commas; default: its own and loopback.",
        "",
    )
    database_url: str = _doc(
        "postgresql://user:password@host:5432/name; empty: SQLite in the data folder.",
        "",
        secret=True,
    )
    samples_url: str = _doc(
        "Where samples are stored: parquet:///folder, or"
        " clickhouse://user:password@host:8123/database, with ?secure=true for TLS;"
        " empty: `samples` in the data folder.",
        "",
        secret=True,
    )
    secret_key: str = _doc(
        "Signs sessions; made and kept in the data folder when empty.", "", secret=True
    )
    master_key: str = _doc(
        "Wraps the keys of stored credentials (32 bytes, base64); kept apart from the database.",
        "",
        secret=True,
    )
    smtp_url: str = _doc(
        "smtp://user:password@host:587 or smtps://…; empty: mail is written to the data folder.",
        "",
        secret=True,
    )
    mail_from: str = _doc("The sender of mail.", "fullscore@localhost")
    currency: str = _doc("The currency of every amount, by its code of ISO 4217.", "EUR")
    time_zone: str = _doc("Default time zone of new accounts.", "UTC")
    audit_heads: str = _doc(
        "A file to which the audit's head is added each hour, best on another machine's disk;"
        " empty: `audit-heads` in the data folder. The log tells it, too.",
        "",
    )
    trusted_proxies: str = _doc(
        "Addresses whose X-Forwarded-* headers count, separated by commas.", ""
    )
    allowed_networks: str = _doc(
        "Networks that scrapes may reach although they are private, separated by commas.", ""
    )
    trusted_networks: str = _doc(
        "Networks in which a session may be idle for 8 hours, separated by commas.", ""
    )
    sns_certificate: str = _doc(
        "A PEM file: the one certificate Amazon SNS signs with; empty: fetched from Amazon.", ""
    )
    syslog_host: str = _doc("The address on which syslog is heard.", "127.0.0.1")
    syslog_udp_port: int = _doc("The port on which syslog is heard over UDP; 0: none.", 0)
    syslog_tcp_port: int = _doc("The port on which syslog is heard over TCP; 0: none.", 0)
    syslog_tls_port: int = _doc("The port on which syslog is heard over TLS; 0: none.", 0)
    syslog_certificate: str = _doc("A PEM file: the certificate of syslog over TLS.", "")
    syslog_key: str = _doc("A PEM file: its private key; empty: it stands in the same file.", "")
    syslog_authorities: str = _doc(
        "A PEM file of authorities: whoever sends over TLS has to show a certificate of theirs;"
        " empty: none is asked for.",
        "",
    )
    is_status_public: bool = _doc(
        "Show the status page at /status/ to everybody, and let them subscribe.", False
    )
    status_title: str = _doc("What the status page is called.", "Status")
    status_folder: str = _doc(
        "Where the files of the status page are written, to be served from elsewhere too; empty:"
        " `status` in the data folder.",
        "",
    )
    is_https: bool = _doc("People reach this installation by https (behind a proxy).", False)
    is_open_http: bool = _doc(
        "Whoever reaches the port is trusted, as in a container that is published on loopback:"
        " answer plain HTTP on an address that is not loopback.",
        False,
    )
    is_debug: bool = _doc("Development only: tracebacks in the browser.", False)
    is_sample: bool = _doc("Marks every page as sample data; set by `fullscore demo`.", False)
    log_level: str = _doc("debug, info, warning or error.", "info")

    @property
    def status_files(self) -> Path:
        """Return the folder with the files of the status page."""
        return Path(self.status_folder) if self.status_folder else self.home / "status"

    @property
    def address(self) -> str:
        """Return the address people open."""
        everywhere = ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104  compared, never bound
        host = "localhost" if self.host in everywhere else self.host
        return self.base_url.rstrip("/") or f"http://{host}:{self.port}"


def load(**given: Any) -> Options:
    """Return the options in force; raises ValueError with a sentence naming the bad one."""
    home = Path(given.get("home") or os.environ.get("FULLSCORE_HOME") or default_home())
    written = _read_file(home / "fullscore.toml")
    known = {f.name for f in fields(Options)}
    if unknown := sorted(set(written) - known):
        raise ValueError(f"{home / 'fullscore.toml'} sets {unknown[0]!r}, which is not an option.")
    values: dict[str, Any] = {"home": home}
    types = get_type_hints(Options)
    for option in fields(Options):
        if option.name == "home":
            continue
        for source in (given.get(option.name), _environment(option), written.get(option.name)):
            if source is not None:
                values[option.name] = _converted(option.name, source, types[option.name])
                break
    return Options(**values)


def objection(options: Options) -> str:
    """Return why an installation with these options must not answer people; empty when it may."""
    is_near = options.host in LOOPBACK
    is_behind = options.is_https and options.trusted_proxies
    if "*" in options.allowed_hosts:
        return "allowed_hosts answers to every name: list the names people use."
    if options.secret_key and len(options.secret_key) < SHORTEST_KEY:
        return f"secret_key is shorter than {SHORTEST_KEY} letters: leave it empty, one is made."
    if options.is_debug and not is_near:
        return "is_debug shows how things work inside: it is for 127.0.0.1 alone."
    if not (is_near or is_behind or options.is_open_http):
        return (
            f"On {options.host} passwords would travel in the clear. Listen on 127.0.0.1 with an"
            " HTTPS proxy in front, or set is_https and trusted_proxies for one on another host."
        )
    return ""


def with_keys(options: Options) -> Options:
    """Return the options with both keys filled; missing ones are made in the data folder."""
    folder = options.home / "keys"
    return replace(
        options,
        secret_key=options.secret_key
        or _kept(folder / "secret_key", lambda: secrets.token_urlsafe(64)),
        master_key=options.master_key or _kept(folder / "master_key", _new_master_key),
    )


def _new_master_key() -> str:
    import base64

    return base64.b64encode(secrets.token_bytes(32)).decode()


def _kept(path: Path, make: Any) -> str:
    """Return the content of `path`, written once, readable by the owner alone."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(handle, "w") as out:
            out.write(make())
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(fresh, path)  # the first writer wins; a second process reads what it wrote
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def _read_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    if path.stat().st_mode & 0o004:
        raise ValueError(f"{path} can be read by everybody: run `chmod o-rwx {path}` first.")
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not valid TOML: {error}.") from error


def _environment(option: Any) -> str | None:
    name = f"FULLSCORE_{option.name.upper()}"
    if option.metadata["secret"] and (file := os.environ.get(f"{name}_FILE")):
        return Path(file).read_text().strip()
    return os.environ.get(name)


def _converted(name: str, value: Any, kind: Any) -> Any:
    if kind is bool and not isinstance(value, bool):
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off", ""):
            return False
        raise ValueError(f"{name} is {value!r}: write true or false.")
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is {value!r}: it should be {kind.__name__}.") from error
