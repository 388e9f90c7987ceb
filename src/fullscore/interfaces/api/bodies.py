"""What comes in: one JSON object, not too large, not too deep, only text that can be stored."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from fullscore.kit.errors import Invalid, Problem

LARGEST_BODY = 1024 * 1024  # bytes
DEEPEST = 32  # levels of lists and objects


class TooLarge(Problem):
    """The body is larger than we read."""

    status = 413

    @classmethod
    def of_a_body(cls) -> "TooLarge":
        """Return the refusal of a body over the limit."""
        return cls(f"The body is larger than {LARGEST_BODY // 1024} KiB: send less at once.")


class StrictJson(Parser):
    """Reads JSON as RFC 8259 has it; what Python would also take is refused."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the object in a body. Raises TooLarge, Invalid."""
        if len(request.body) > LARGEST_BODY:
            raise TooLarge.of_a_body()  # without a Content-Length, Django lets it through
        try:
            found = json.loads(request.body, parse_constant=_refuse_constant)
        except RecursionError as error:
            raise _too_deep() from error
        except ValueError as error:
            raise Invalid("The body is not JSON.") from error
        if not isinstance(found, dict):
            raise Invalid("The body must be a JSON object.")
        _check(found)
        return found


def _check(found: Any) -> None:
    """Walk without recursion: raise Invalid for what is too deep or cannot be encoded again."""
    left = [(found, 1)]
    while left:
        value, depth = left.pop()
        if isinstance(value, dict | list):
            if depth > DEEPEST:
                raise _too_deep()
            inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
            left += [(one, depth + 1) for one in inner]
        elif isinstance(value, str):
            _check_text(value)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid("A text holds half a character (a lone surrogate).") from error


def _too_deep() -> Invalid:
    return Invalid(f"The body is nested deeper than {DEEPEST} levels.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
