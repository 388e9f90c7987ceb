"""The command `fullscore`.

Nouns and verbs come from the resources; the commands here are all others.

Nothing heavy is imported at the top: the data folder must be known before the settings are read.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fullscore.config.serving import behind, collector, pass_on, ready, scheduler, web, worker
from fullscore.interfaces.cli.run import Command, run

if TYPE_CHECKING:
    from fullscore.kit.models import User
    from fullscore.kit.resource import Resource


def main() -> None:
    """Run one command and exit with its code."""
    os.umask(0o077)  # the data folder holds what only its owner may read
    argv = _take_folder(sys.argv[1:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fullscore.config.settings")
    sys.exit(run(argv, _resources, COMMANDS, _who))


def _take_folder(argv: list[str]) -> list[str]:
    """Move `--data-dir X` from the words to the environment, where all processes find it."""
    left, words = [], iter(argv)
    for word in words:
        name, has_value, value = word.partition("=")
        if name == "--data-dir":
            os.environ["FULLSCORE_HOME"] = value if has_value else next(words, "")
        else:
            left.append(word)
    return left


def _resources() -> "Sequence[Resource]":
    ready()
    from fullscore.config.resources import RESOURCES

    return RESOURCES


def _who(email: str | None) -> "User":
    """Return the account to act as: the named one, else the first administrator's."""
    from fullscore.domains.foundation.access.services import links
    from fullscore.kit.errors import Invalid
    from fullscore.kit.models import User

    _check_installed()
    wanted = email or os.environ.get("FULLSCORE_USER") or links.FIRST_EMAIL
    user = User.objects.filter(email__iexact=wanted, is_active=True).first()
    if user is None:
        raise Invalid(f"There is no active account “{wanted}”: name one with --as EMAIL.")
    return user


def _check_installed() -> None:
    """Raise Invalid where there are no tables yet."""
    from django.conf import settings
    from django.db import connection

    from fullscore.kit.errors import Invalid

    if "kit_user" not in connection.introspection.table_names():
        raise Invalid(
            f"There is no installation in {settings.OPTIONS.home} yet: run `fullscore up`."
        )


def up(argv: Sequence[str]) -> int:
    """Start everything, print the address and a one-time sign-in link, and run until stopped."""
    parser = ArgumentParser("fullscore up", description=up.__doc__)
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (8470)")
    given = parser.parse_args(argv)
    pass_on(given)
    from fullscore.config import starting

    return starting.up()


def status(argv: Sequence[str]) -> int:
    """Say where everything lies, and what the sample store holds."""
    ArgumentParser("fullscore status", description=status.__doc__).parse_args(argv)
    ready()
    from fullscore.domains.foundation.telemetry.commands import status as samples

    return samples()


def migrate(argv: Sequence[str]) -> int:
    """Bring the database to this program's version."""
    ready()
    from fullscore.config import starting

    starting.migrate()
    print("The database is up to date.")
    return 0


def mcp(argv: Sequence[str]) -> int:
    """Answer an assistant on standard input and output, read-only."""
    parser = ArgumentParser("fullscore mcp", description=mcp.__doc__)
    parser.add_argument("--as", dest="email", help="the account whose rights it has")
    given = parser.parse_args(argv)
    ready()
    from fullscore.config.doors import build_mcp
    from fullscore.interfaces.mcp.transports import serve_pipe

    serve_pipe(build_mcp, _who(given.email))
    return 0


def audit(argv: Sequence[str]) -> int:
    """Verify the chain of the audit and the heads written outside; name the first bad entry."""
    parser = ArgumentParser("fullscore audit", description=audit.__doc__)
    parser.add_argument("act", choices=["verify", "head"])
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.foundation.system.services import anchors
    from fullscore.kit.audit import head

    if given.act == "head":
        number, hash_ = head()
        print(f"{number} {hash_}")
        return 0
    good, problem = anchors.verify()
    print(
        f"{good} entries, one unbroken chain." if not problem else f"{good} good entries. {problem}"
    )
    return 1 if problem else 0


def access(argv: Sequence[str]) -> int:
    """Print a one-time sign-in link for an account."""
    parser = ArgumentParser("fullscore access", description=access.__doc__)
    parser.add_argument("act", choices=["link"])
    parser.add_argument("email")
    given = parser.parse_args(argv)
    ready()
    from django.conf import settings

    from fullscore.domains.foundation.access.services import links
    from fullscore.domains.foundation.system import folder

    address = folder.address_of(settings.OPTIONS.home) or settings.OPTIONS.address
    print(address + links.from_machine(given.email))
    return 0


def secret(argv: Sequence[str]) -> int:
    """Wrap all stored credentials anew with the present master key."""
    parser = ArgumentParser("fullscore secret", description=secret.__doc__)
    parser.add_argument("act", choices=["rotate"])
    parser.parse_args(argv)
    ready()
    from fullscore.domains.foundation.access.services import factors
    from fullscore.kit import secrets
    from fullscore.kit.models.user import system

    count = secrets.rotate(by=system())
    factors.reseal(by=system())
    print(f"{count} credentials wrapped anew.")
    return 0


def demo(argv: Sequence[str]) -> int:
    """Start the sample company in a data folder of its own."""
    parser = ArgumentParser("fullscore demo", description=demo.__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--remove", action="store_true", help="remove its data folder")
    parser.add_argument("--only-fill", action="store_true", help="fill it, do not start it")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    given = parser.parse_args(argv)
    pass_on(ArgumentParser().parse_args([])) if given.port is None else None
    for name in ("host", "port"):
        if (value := getattr(given, name)) is not None:
            os.environ[f"FULLSCORE_{name.upper()}"] = str(value)
    from fullscore.config import starting

    return starting.demo(
        seed=given.seed, size=given.size, remove=given.remove, only_fill=given.only_fill
    )


def check(argv: Sequence[str]) -> int:
    """Run checks now.

    `fullscore check run --all --fail-at high` exits 1 when that or worse is open.
    """
    if "--all" not in argv:
        return run(["--as", "", "check", *argv][2:], _resources, (), _who)
    parser = ArgumentParser("fullscore check", description=check.__doc__)
    parser.add_argument("act", choices=["run"])
    parser.add_argument("--all", action="store_true", required=True)
    parser.add_argument("--fail-at", help="info, low, medium, high or critical")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.config import checking

    return checking.run_all(fail_at=given.fail_at, by=_who(given.email))


def push_key(argv: Sequence[str]) -> int:
    """Push keys: beside the noun's own acts, `make NAME`, which prints the key once."""
    if not argv or argv[0] != "make":
        return run(["push-key", *argv], _resources, (), _who)
    parser = ArgumentParser("fullscore push-key", description=push_key.__doc__)
    parser.add_argument("act", choices=["make"])
    parser.add_argument("name", help="what will send with it")
    parser.add_argument("--item", default="", help="a host or a site, by number or name")
    parser.add_argument("--collects", action="store_true", help="for a collector at that site")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.config import enrolling

    by = _who(given.email)
    return enrolling.make_push_key(given.name, item=given.item, is_collectors=given.collects, by=by)


def server(argv: Sequence[str]) -> int:
    """Servers: beside the noun's own acts, `enrol`, `grants`, `access` (who gets in), `compare`."""
    if argv and argv[0] in ("access", "compare"):
        ready()
        from fullscore.domains.infrastructure.servers import commands

        return commands.run(argv, who=_who)
    if not argv or argv[0] not in ("enrol", "grants"):
        return run(["server", *argv], _resources, (), _who)
    parser = ArgumentParser("fullscore server", description=server.__doc__)
    parser.add_argument("act", choices=["enrol", "grants"])
    parser.add_argument("name")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.config import enrolling

    if given.act == "grants":
        return enrolling.print_grants(given.name)
    return enrolling.enrol(given.name, by=_who(given.email))


def runbook(argv: Sequence[str]) -> int:
    """Runbooks: beside the noun's own acts, `suggest` for an incident, and `read FILE`."""
    if not argv or argv[0] not in ("suggest", "read"):
        return run(["runbook", *argv], _resources, (), _who)
    parser = ArgumentParser("fullscore runbook", description=runbook.__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    suggest = acts.add_parser("suggest", help="which runbooks fit, and how often each helped")
    about = suggest.add_mutually_exclusive_group(required=True)
    about.add_argument("--incident", type=int, metavar="NUMBER")
    about.add_argument("--item", type=int, metavar="NUMBER")
    suggest.add_argument("--as", dest="email")
    acts.add_parser("read", help="say what is wrong with one").add_argument("file", help="Markdown")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.response.incidents import commands

    if given.act == "read":
        return commands.read_runbook(given.file)
    return commands.suggest_runbooks(incident=given.incident, item=given.item, by=_who(given.email))


def alert_mail(argv: Sequence[str]) -> int:
    """Keep the mail on standard input as an alert of a source: for a mail server's pipe."""
    parser = ArgumentParser("fullscore alert-mail", description=alert_mail.__doc__)
    parser.add_argument("source", help="the name of an alert source of the kind e-mail")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.response.incidents.commands import take_mail

    return take_mail(given.source)


def schedule(argv: Sequence[str]) -> int:
    """On-call schedules: beside the noun's own acts, `bring TOOL` from Grafana OnCall, Opsgenie."""
    if not argv or argv[0] != "bring":
        return run(["schedule", *argv], _resources, (), _who)
    parser = ArgumentParser("fullscore schedule", description=schedule.__doc__)
    parser.add_argument("act", choices=["bring"])
    parser.add_argument("tool", choices=["grafana-oncall", "opsgenie"])
    parser.add_argument("folder", nargs="?", help="of exported files, such as users.json")
    parser.add_argument("--url", help="read it by its API at this address instead")
    parser.add_argument("--token-file", metavar="FILE", help="holds the API token")
    parser.add_argument("--apply", action="store_true", help="write what can be taken")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.response.oncall.commands import bring

    return bring(
        given.tool, folder=given.folder, url=given.url, token_file=given.token_file,
        is_applied=given.apply, by=_who(given.email),
    )  # fmt: skip


def import_(argv: Sequence[str]) -> int:
    """Imports: beside the noun's own acts, `file FILE --into NOUN` looks at one, `--apply` too."""
    if not argv or argv[0] != "file":
        return run(["import", *argv], _resources, (), _who)
    parser = ArgumentParser("fullscore import", description=import_.__doc__)
    parser.add_argument("act", choices=["file"])
    parser.add_argument("file", help="CSV or XLSX")
    parser.add_argument("--into", required=True, metavar="NOUN", help="such as item or person")
    parser.add_argument("--apply", action="store_true", help="write the good rows")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.foundation.system.commands import import_file

    return import_file(given.file, into=given.into, is_applied=given.apply, by=_who(given.email))


def focus(argv: Sequence[str]) -> int:
    """Take a FOCUS file in: what a cloud costs, as CSV, gzipped CSV or Parquet."""
    parser = ArgumentParser("fullscore focus", description=focus.__doc__)
    parser.add_argument("act", choices=["import"])
    parser.add_argument("file", help="CSV, CSV.GZ or Parquet")
    parser.add_argument("--export", required=True, metavar="NAME", help="whose bill it is")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.infrastructure.cloud.commands import import_bill

    return import_bill(given.file, export=given.export, by=_who(given.email))


def inventory(argv: Sequence[str]) -> int:
    """Read an inventory from NetBox or Nautobot, or write one's own: `fetch URL`, `export`."""
    parser = ArgumentParser("fullscore inventory", description=inventory.__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    fetch = acts.add_parser("fetch", help="the token is read from FULLSCORE_INVENTORY_TOKEN")
    fetch.add_argument("url", help="such as https://netbox.example.org")
    fetch.add_argument("--apply", action="store_true", help="write what is good")
    export = acts.add_parser("export", help="to standard output")
    export.add_argument("--form", choices=["yaml", "graphml"], default="yaml")
    for one in (fetch, export):
        one.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.foundation.system.commands import export_inventory, fetch_inventory

    by = _who(given.email)
    if given.act == "export":
        return export_inventory(given.form, by=by)
    token = os.environ.get("FULLSCORE_INVENTORY_TOKEN", "")
    return fetch_inventory(given.url, token=token, is_applied=given.apply, by=by)


def changed(argv: Sequence[str]) -> int:
    """Say what changed before this broke: before an incident, or before a moment at an item."""
    parser = ArgumentParser("fullscore changed", description=changed.__doc__)
    about = parser.add_mutually_exclusive_group(required=True)
    about.add_argument("--incident", type=int, metavar="NUMBER")
    about.add_argument("--item", metavar="NAME", help="its name or number")
    parser.add_argument("--at", metavar="MOMENT", help="such as 2026-11-17T02:13; without it, now")
    parser.add_argument("--hours", type=int, default=24, help="how far back (24)")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.response.troubleshooting.commands import tell_changed

    return tell_changed(
        incident=given.incident, item=given.item, at=given.at, hours=given.hours,
        by=_who(given.email),
    )  # fmt: skip


def figures(argv: Sequence[str]) -> int:
    """Say how fast incidents are handled and how changes go: MTTA, MTTR, MTTD and DORA."""
    parser = ArgumentParser("fullscore figures", description=figures.__doc__)
    parser.add_argument("--days", type=int, default=91, help="of how many days (91)")
    parser.add_argument("--service", type=int, metavar="NUMBER", help="and what it needs")
    parser.add_argument("--team", type=int, metavar="NUMBER")
    parser.add_argument("--priority", type=int, help="1 to 4: incidents only")
    parser.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.response.incidents.commands import tell_figures

    return tell_figures(
        days=given.days, service=given.service, team=given.team, priority=given.priority,
        by=_who(given.email),
    )  # fmt: skip


COMMANDS = tuple(
    Command(one.__name__.rstrip("_").replace("_", "-"), (one.__doc__ or "").split("\n")[0], one)
    for one in (
        up, demo, web, worker, scheduler, collector, behind, status, migrate, mcp, audit, access,
        secret, check, server, push_key, alert_mail, runbook, schedule, import_, inventory, focus,
        changed, figures,
    )
)  # fmt: skip
