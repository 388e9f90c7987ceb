"""Two servers beside each other: what each tells of packages, units, logins and settings."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fullscore.domains.infrastructure.servers.models import Facts, Server
from fullscore.engines import versions
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import require

RIGHTS = ("servers.view_facts", "servers.view_account", "servers.view_accountkey",
          "servers.view_sudorule")  # fmt: skip
ABSENT = ""  # what one has not is told as nothing


class Row(NamedTuple):
    """One thing of a section: what each server says of it, and which has the newer one."""

    name: str
    a: str
    b: str
    newer: str = ""  # "a" or "b", where versions compare

    @property
    def differs(self) -> bool:
        """Say whether the two are not alike."""
        return self.a != self.b


@dataclass(frozen=True, slots=True)
class Part:
    """One section of both: its rows, how many differ of how many, or who told nothing of it."""

    key: str
    title: str
    rows: Sequence[Row]
    total: int
    differing: int
    untold: str = ""  # the name of who tells nothing: then nothing is compared


Rows = Mapping[str, str]


def compare(a: Server, b: Server, *, by: User, everything: bool = False) -> list[Part]:
    """Return how two servers differ, part by part; with `everything` what is alike, too.

    What a server has not told is not compared: it is not known, which is not absent.
    """
    for right in RIGHTS:
        require(right, by=by)
    if a.pk == b.pk:
        raise Invalid("Name two servers: these are one and the same.", {"b": ["Another one."]})
    told: dict[int, dict[str, Any]] = {a.pk: {}, b.pk: {}}
    sections = {section for _, _, section, _ in PARTS}
    rows = Facts.objects.visible_to(by).filter(server__in=(a, b), section__in=sections)
    for server, section, content in rows.values_list("server", "section", "content"):
        told[server][section] = content
    return [
        _part(*part, ((a, told[a.pk]), (b, told[b.pk])), everything=everything) for part in PARTS
    ]


def _part(
    key: str, title: str, section: str, read: Callable[[Any], Rows],
    sides: Sequence[tuple[Server, Mapping[str, Any]]], *, everything: bool,
) -> Part:  # fmt: skip
    silent = [server.item.name for server, told in sides if told.get(section) is None]
    if silent:
        return Part(key, title, (), 0, 0, " and ".join(silent))
    (_, of_a), (_, of_b) = sides
    first, second = read(of_a[section]), read(of_b[section])
    managers = _managers(of_a[section]) & _managers(of_b[section]) if key == "packages" else set()
    manager = next(iter(managers)) if len(managers) == 1 else ""
    rows = [
        _row(name, first.get(name, ABSENT), second.get(name, ABSENT), manager)
        for name in sorted(first.keys() | second.keys())
    ]
    differing = [row for row in rows if row.differs]
    shown = rows if everything else differing
    return Part(key, title, shown, len(rows), len(differing))


def _row(name: str, a: str, b: str, manager: str) -> Row:
    newer = ""
    if manager and a and b and a != b and "; " not in a + b:  # of one version each
        newer = {1: "a", -1: "b", 0: ""}[versions.compare(manager, a, b)]
    return Row(name, a, b, newer)


def _managers(packages: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(one.get("manager")) for one in packages} & versions.KEYS.keys()


# ── what of each section is compared, and what tells one thing of it from another ──────────────


def _packages(rows: Iterable[Mapping[str, Any]]) -> Rows:
    installed = (one for one in rows if one.get("state") in ("installed", None, ""))
    return _joined((_named(one), str(one.get("version") or "")) for one in installed)


def _named(package: Mapping[str, Any]) -> str:
    architecture = package.get("architecture")
    plain = architecture in (None, "", "all", "noarch", "amd64", "x86_64")
    return f"{package['name']}" if plain else f"{package['name']} ({architecture})"


def _units(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return _joined(
        (str(one["name"]), _words(one.get("enabled"), one.get("active"))) for one in rows
    )


def _logins(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return _joined((str(one["name"]), _login(one)) for one in rows)


def _login(user: Mapping[str, Any]) -> str:
    told = user.get("keys") or []
    keys = sorted(str(key.get("comment") or key.get("fingerprint")) for key in told)
    return _words(
        f"number {user.get('uid')}", user.get("shell"),
        f"in {', '.join(sorted(user.get('groups') or []))}" if user.get("groups") else "",
        {True: "locked", False: "with a password"}.get(user.get("is_locked")),  # type: ignore[arg-type]
        f"keys: {', '.join(keys)}" if keys else "",
    )  # fmt: skip


def _sudo(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return _joined(
        (
            f"{_listed(one.get('who'))} as {_listed(one.get('run_as')) or 'root'}",
            _words(_listed(one.get("tags")), _listed(one.get("commands"))),
        )
        for one in rows
    )


def _sshd(content: Mapping[str, Any]) -> Rows:
    told = {str(k).lower(): str(v) for k, v in (content.get("settings") or {}).items()}
    for match in content.get("matches") or []:
        for name, value in (match.get("settings") or {}).items():
            told[f"{str(name).lower()} for {match.get('criteria')}"] = str(value)
    return told


def _sysctls(content: Mapping[str, Any]) -> Rows:
    return {str(name): str(value) for name, value in (content.get("sysctls") or {}).items()}


def _listeners(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return _joined(
        (f"{one.get('transport')} {one.get('address')} {one.get('port')}",
         str(one.get("unit") or one.get("command") or "listens"))
        for one in rows
    )  # fmt: skip


def _disks(content: Mapping[str, Any]) -> Rows:
    return _joined((str(one["name"]), _disk(one)) for one in content.get("disks") or [])


def _disk(disk: Mapping[str, Any]) -> str:
    kind = {True: "rotating", False: "solid state"}.get(disk.get("rotational"))  # type: ignore[arg-type]
    return _words(f"{disk.get('size_bytes') or 0:,} bytes", kind, disk.get("model"))


def _system(content: Mapping[str, Any]) -> Rows:
    names = {"name": "system", "kernel": "kernel", "architecture": "architecture", "libc": "libc",
             "time_zone": "time zone"}  # fmt: skip
    return {words: str(content[name]) for name, words in names.items() if content.get(name)}


def _joined(pairs: Iterable[tuple[str, str]]) -> Rows:
    """Return names with what is said of them; of a name that stands twice, all that is said."""
    told: dict[str, list[str]] = {}
    for name, words in pairs:
        told.setdefault(name, []).append(words)
    return {name: "; ".join(sorted(set(many))) for name, many in told.items()}


def _words(*words: Any) -> str:
    return ", ".join(str(one) for one in words if one)


def _listed(words: Any) -> str:
    return ", ".join(map(str, words)) if isinstance(words, list) else str(words or "")


PARTS: tuple[tuple[str, str, str, Callable[[Any], Rows]], ...] = (
    ("system", "System", "os", _system),
    ("packages", "Packages", "packages", _packages),
    ("units", "Units", "units", _units),
    ("logins", "Logins", "users", _logins),
    ("sudo", "Sudo rules", "sudo", _sudo),
    ("sshd", "SSH server", "sshd", _sshd),
    ("sysctls", "Kernel settings", "kernel", _sysctls),
    ("listeners", "Listening", "listeners", _listeners),
    ("disks", "Disks", "hardware", _disks),
)


def lines(parts: Iterable[Part]) -> Iterator[tuple[str, Row]]:
    """Yield all rows with the title of their part."""
    for part in parts:
        for row in part.rows:
            yield part.title, row
