"""From nothing to a running installation, with a line for each step."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fullscore.config import options
from fullscore.config.serving import check_safe, ready
from fullscore.domains.foundation.system.supervising import Supervisor
from fullscore.kit.errors import Invalid


def up(*, began: float | None = None) -> int:
    """Prepare the data folder and run everything on it until stopped.

    `began` is when, on the monotonic clock, if something was done for it before.
    """
    from fullscore.domains.foundation.system import folder

    began = began or time.monotonic()
    chosen = _options()
    folder.make(chosen.home)
    folder.check_port(chosen.host, chosen.port)
    held = folder.hold(chosen.home)
    folder.tell_address(held, chosen.address)
    supervisor = Supervisor([["web"], ["behind"]])
    supervisor.prepare(0)
    try:
        ready()
        migrate()
        _first_facts()
        path = _way_in()
    except BaseException:
        supervisor.give_up()
        raise
    code = _supervise(supervisor, lambda: _tell_ready(chosen, path, began=began))
    held.close()
    return code


def _tell_ready(chosen: options.Options, path: str | None, *, began: float) -> bool:
    """Print the address once it answers: whoever opens it sees a page, not a refusal."""
    try:
        socket.create_connection((chosen.host, chosen.port), timeout=1).close()
    except OSError:
        return False
    print(f"\n  Fullscore is ready after {time.monotonic() - began:.1f} s.\n")
    print(f"  {chosen.address}{path or '/'}")
    print("  (this link signs you in once, within an hour)\n" if path else "")
    print("  Stop with Ctrl-C.", flush=True)
    return True


def _options() -> options.Options:
    try:
        chosen = options.load()
    except (ValueError, OSError) as error:
        raise Invalid(str(error)) from error
    check_safe(chosen)
    return chosen


@contextmanager
def _step(words: str) -> Iterator[None]:
    """Tell a step and how long it took."""
    began = time.monotonic()
    print(f"  {words} … ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} s", flush=True)


def migrate() -> None:
    """Bring the database to this program's version, and its tables of checks with it."""
    from django.core.management import call_command
    from django.db import OperationalError, connection
    from django.db.migrations.executor import MigrationExecutor

    from fullscore.domains.foundation.findings import services as findings
    from fullscore.kit.models.user import system

    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            with _step("Making the tables"):
                call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        raise Invalid(f"The database cannot be reached: {str(error).strip()}") from error
    findings.list_checks(by=system())


def _first_facts() -> None:
    """Read this machine before the first page, so that it has something to say."""
    from django.conf import settings

    from fullscore.connectors.base import ConnectorError
    from fullscore.domains.infrastructure.servers import jobs
    from fullscore.domains.infrastructure.servers.models import Server

    if settings.OPTIONS.is_sample or Server.objects.filter(way=Server.Way.LOCAL).exists():
        return
    with _step("Reading this machine"):
        try:
            jobs.read_local()
        except ConnectorError as error:
            print(f"({error}) ", end="")
            return
    with _step("Running the checks"):
        _run_checks()


def _run_checks() -> None:
    from fullscore.domains.foundation.findings.models import Check
    from fullscore.domains.foundation.findings.services import run_check
    from fullscore.kit.models.user import system

    for check in Check.objects.filter(is_enabled=True, last_at__isnull=True):
        run_check(check, by=system())


def _way_in() -> str | None:
    from fullscore.domains.foundation.access.services import links

    return links.open_installation()


def _supervise(supervisor: Supervisor, tell: Callable[[], bool]) -> int:
    from django.db import connections

    connections.close_all()
    return supervisor.run(tell)


def demo(*, seed: int, size: float, remove: bool, only_fill: bool) -> int:
    """Fill a separate folder with the sample company, and start it."""
    began, own = time.monotonic(), os.environ.get("FULLSCORE_HOME")
    home = Path(own) if own else options.default_home().with_name("fullscore-sample")
    os.environ["FULLSCORE_HOME"] = str(home)
    os.environ["FULLSCORE_IS_SAMPLE"] = "true"
    os.environ.setdefault("FULLSCORE_PORT", "8471")
    mark = home / "sample"
    if remove:
        if not mark.exists():
            raise Invalid(f"{home} holds no sample company; nothing was removed.")
        shutil.rmtree(home)
        print(f"{home} removed.")
        return 0
    if home.exists() and any(home.iterdir()) and not mark.exists():
        raise Invalid(f"{home} holds other data: the sample company is never put beside real data.")
    from fullscore.domains.foundation.system import folder

    folder.make(home)
    is_filled = mark.exists()
    mark.write_text(f"{seed} {size}\n")
    ready()
    migrate()
    if not is_filled:
        from fullscore.domains.overview.demo import services

        _way_in()  # the administrator comes first: beside other people nobody would be made one
        with _step("Founding Brightwater"):
            services.fill(seed=seed, size=size)
        with _step("Running the checks"):
            _run_checks()
        with _step("Living through ninety days"):
            services.live_through()
    if only_fill:
        return 0
    sys.stdout.flush()
    return up(began=began)
