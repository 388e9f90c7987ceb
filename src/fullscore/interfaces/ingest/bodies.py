"""Bodies of what programs send: read under a limit, unpacked under a limit."""

import io
import zlib
from gzip import GzipFile

from django.http import HttpRequest

from fullscore.connectors.base import Garbled
from fullscore.interfaces.ingest.doors import TooLarge


def read(request: HttpRequest, *, most_bytes: int) -> bytes:
    """Return the body as it came. Raises TooLarge.

    Read and not `request.body`, whose limit is that of forms.
    """
    body = request.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise TooLarge(f"At most {most_bytes // 2**20} MiB are taken at once.")
    return bytes(body)


def unpacked(request: HttpRequest, *, most_bytes: int) -> bytes:
    """Return the body, unzipped where it says so: a bomb is refused before it has grown.

    Raises TooLarge and Garbled.
    """
    body = read(request, most_bytes=most_bytes)
    if request.headers.get("Content-Encoding", "").lower() != "gzip":
        return body
    try:
        with GzipFile(fileobj=io.BytesIO(body)) as packed:
            told = packed.read(most_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Garbled(f"The body is not gzip: {error}.") from error
    if len(told) > most_bytes:
        raise Garbled(f"The body unpacks to more than {most_bytes // 2**20} MiB.")
    return told
