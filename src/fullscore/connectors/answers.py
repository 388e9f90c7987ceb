"""What an API answered, in the words of a person who entered its address."""

import json
from typing import Any

from fullscore.connectors import http
from fullscore.connectors.base import Garbled, Refused, Unreachable


def answered(answer: http.Answer) -> dict[str, Any]:
    """Return the object an API answered; raises ConnectorError for anything else."""
    host = answer.url.split("/")[2]
    if answer.status in (401, 403):
        raise Refused(f"{host} does not take this token: make one that may read everything.")
    if answer.status == 429 or answer.status >= 500:
        raise Unreachable(f"{host} answers {answer.status}: try again in a minute.")
    if answer.status != 200:
        raise Refused(f"{host} answers {answer.status}: is that the address of its API?")
    try:
        told = json.loads(answer.body)
    except ValueError as error:
        raise Garbled(f"{host} does not answer JSON: is that the address of its API?") from error
    if not isinstance(told, dict):
        raise Garbled(f"{host} does not answer as its documentation says.")
    return told
