"""What happened, one line of JSON each: an event name and fields, never prose, never a secret."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"pass(word|phrase|wd)?$|secret|token|credential|authorization|cookie|(api|master|private|secret)_?key",
    re.IGNORECASE,
)
SECRET_VALUES = re.compile(
    r"(?P<url>://[^\s/:@]*:)[^\s/@]+(?=@)"  # the password in an address
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]+"
    r"|(?P<ours>\bfs_)[\w-]{16,}",  # our own API tokens
    re.IGNORECASE,
)


def get_logger(**fields: Any) -> Any:
    """Return a logger; `fields` stand on each of its lines."""
    return structlog.get_logger(**fields)


def set_up(level: str = "info", *, stream: TextIO | None = None) -> None:
    """Send every line, Django's and libraries' too, to `stream` (standard error) as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                hide_secrets,
                structlog.processors.JSONRenderer(
                    default=str
                ),  # escapes line ends: one event, one line
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    for noisy in ("django_tasks", "django_tasks_db", "asyncio"):  # each says every job twice
        logging.getLogger(noisy).setLevel(logging.WARNING)


def hide_secrets(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Blank out fields named like a secret, and secrets known by their form inside any text."""
    return {key: _safe(key, value) for key, value in event.items()}


def _safe(key: str, value: Any) -> Any:
    if SECRET_NAMES.search(key):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(k): _safe(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe("", v) for v in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return SECRET_VALUES.sub(_kept, str(value))


def _kept(match: re.Match[str]) -> str:
    return next(part for part in match.groups() if part is not None) + HIDDEN
