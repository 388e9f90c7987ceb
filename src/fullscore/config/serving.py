"""The commands that are processes: web, worker, scheduler, collector, and all but web in one.

Nothing heavy is imported at the top: the data folder must be known before the settings are read.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any


def ready() -> None:
    """Load settings and models; what is wrong with them is a sentence."""
    import django

    from fullscore.kit.errors import Invalid

    try:
        django.setup()
    except ValueError as error:
        raise Invalid(str(error)) from error
    except OSError as error:
        raise Invalid(
            f"The data folder cannot be used ({error.strerror}: {error.filename}): choose another"
            " with --data-dir, or give this account the right to write there."
        ) from error


def check_safe(chosen: Any) -> None:
    """Raise Invalid where an installation with these options must not answer people."""
    from fullscore.config import options
    from fullscore.kit.errors import Invalid

    if problem := options.objection(chosen):
        raise Invalid(f"It does not start: {problem}")


def pass_on(given: Any) -> None:
    """Put given options where this process and its children find them."""
    for name, value in vars(given).items():
        if value is not None:
            os.environ[f"FULLSCORE_{name.upper()}"] = str(value)


def web(argv: Sequence[str]) -> int:
    """Serve pages and API."""
    parser = ArgumentParser("fullscore web", description=web.__doc__)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument(
        "--on-word", action="store_true",
        help="load everything, but serve only after a line on standard input; end without one",
    )  # fmt: skip
    given = parser.parse_args(argv)
    is_on_word = vars(given).pop("on_word")
    pass_on(given)
    ready()
    from django.conf import settings

    from fullscore.domains.foundation.system import processes

    chosen = settings.OPTIONS
    check_safe(chosen)
    if is_on_word:
        import_module(processes.APPLICATION)
        if not sys.stdin.readline():
            return 0
    processes.serve_web(host=chosen.host, port=chosen.port, proxies=chosen.trusted_proxies)
    return 0


def worker(argv: Sequence[str]) -> int:
    """Run jobs: all of them, or those of some queues only."""
    parser = ArgumentParser("fullscore worker", description=worker.__doc__)
    parser.add_argument(
        "--queues", help="queues to serve, separated by commas (urgent,default,slow)"
    )
    given = parser.parse_args(argv)
    ready()
    from fullscore.domains.foundation.system import processes

    processes.serve_worker(_queues(given.queues))
    return 0


def _queues(words: str | None) -> list[str]:
    """Return the queues that are named, all where none is. Raises Invalid for one there is not."""
    from fullscore.kit.errors import Invalid
    from fullscore.kit.jobs import QUEUES

    named = list(QUEUES) if words is None else [word.strip() for word in words.split(",")]
    unknown = [word for word in named if word not in QUEUES]
    if unknown:
        raise Invalid(f"There is no queue “{unknown[0]}”: there are {', '.join(QUEUES)}.")
    _check_tables()
    return list(dict.fromkeys(named))


def _check_tables() -> None:
    """Raise Invalid where the database is not of this program's version: one sentence, once."""
    from django.db import OperationalError, connection
    from django.db.migrations.executor import MigrationExecutor

    from fullscore.kit.errors import Invalid

    try:
        executor = MigrationExecutor(connection)
        is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except OperationalError as error:
        raise Invalid(f"The database cannot be reached: {str(error).strip()}") from error
    if is_behind:
        raise Invalid(
            "The tables of this installation are missing or older than this program:"
            " run `fullscore migrate`, or `fullscore up`, which does so itself."
        )


def scheduler(argv: Sequence[str]) -> int:
    """Queue clocked jobs when their time comes; one of several leads."""
    ArgumentParser("fullscore scheduler", description=scheduler.__doc__).parse_args(argv)
    ready()
    _check_tables()
    from fullscore.config.schedule import SCHEDULE
    from fullscore.domains.foundation.system import processes

    processes.serve_scheduler(SCHEDULE)
    return 0


def collector(argv: Sequence[str]) -> int:
    """Collect this machine's samples and facts; with --centre, read a site's targets for it."""
    parser = ArgumentParser("fullscore collector", description=collector.__doc__)
    parser.add_argument("--centre", help="the installation to collect for, https://…")
    parser.add_argument("--key-file", help="a file with the site's collector key, or -")
    parser.add_argument("--spool", help="a folder for what waits while the centre is away")
    parser.add_argument("--name", default="", help="tells collectors of one site apart")
    given = parser.parse_args(argv)
    if given.centre:
        return _collect_for(given)
    ready()
    _check_tables()
    from fullscore.config.schedule import BESIDE, COLLECTED
    from fullscore.domains.foundation.system import processes

    processes.serve_collector(COLLECTED, BESIDE)
    return 0


def _collect_for(given: Any) -> int:
    """Be the collector of a site: no database, no store, only a spool."""
    from fullscore.kit.errors import Invalid

    if not (given.key_file and given.spool):
        raise Invalid("A collector for a centre needs --key-file and --spool.")
    key = _read_key(given.key_file)
    ready()
    from fullscore.domains.foundation.system import processes
    from fullscore.domains.foundation.telemetry.jobs import RemoteScraper, Spool

    processes.serve_alone(
        RemoteScraper(given.centre, key, Spool(Path(given.spool)), name=given.name)
    )
    return 0


def _read_key(file: str) -> str:
    from fullscore.kit.errors import Invalid

    try:
        key = (sys.stdin.read() if file == "-" else Path(file).read_text()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The key cannot be read from {file}: {error}.") from error
    if not key:
        raise Invalid(f"There is no key in {file}.")
    return key


def behind(argv: Sequence[str]) -> int:
    """Be worker, scheduler and collector in one process."""
    ArgumentParser("fullscore behind", description=behind.__doc__).parse_args(argv)
    ready()
    from django.conf import settings

    from fullscore.config.schedule import (
        BESIDE,
        BESIDE_SAMPLED,
        COLLECTED,
        SAMPLED,
        SCHEDULE,
    )
    from fullscore.domains.foundation.system import processes

    is_sample = settings.OPTIONS.is_sample
    collected, beside = (SAMPLED, BESIDE_SAMPLED) if is_sample else (COLLECTED, BESIDE)
    processes.serve_behind(SCHEDULE, collected, beside)
    return 0
