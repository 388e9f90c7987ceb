"""Errors a person can act on: the message says what to do next.

Problem
├── NotAllowed   403  you may not do this
├── NotFound     404  there is no such record, or you may not see it
├── Conflict     409  the record is not in a state that allows this
├── Invalid      422  the values do not make sense; `fields` says which
└── TooMany      429  try again in `retry_after_seconds`
"""

from collections.abc import Mapping


class Problem(Exception):
    """Something a person can put right. Each interface translates it in one place."""

    status = 400
    title = ""  # of the page that tells it, in place of the status's own


class NotAllowed(Problem):
    """The person may see this but may not do it."""

    status = 403


class NotFound(Problem):
    """There is no such record, or the person may not see it: outside, both look the same."""

    status = 404


class Conflict(Problem):
    """The record is not in a state that allows this."""

    status = 409


class Invalid(Problem):
    """The values do not make sense; `fields` maps a field's name to its sentences."""

    status = 422

    def __init__(self, message: str, fields: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class TooMany(Problem):
    """Too many requests: the caller should wait and try again."""

    status = 429

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
