"""HTTP to addresses that a person can enter, behind the guard.

Built on httpx2's messages over one httpcore2 connection instead of `httpx2.Client`, because what
a client adds is what must not happen here: proxies and credentials from the environment, cookies,
passwords out of an address, and a log line with the address, which may hold a key.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import httpcore2
import httpx2

from fullscore.connectors.base import Deadline, Garbled, Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.output import bounded
from fullscore.connectors.wire import TimedBackend

ANSWER = Limits(size_bytes=10 * 1024 * 1024)
MOST_REDIRECTS = 3

_PORTS = {"https": 443, "http": 80}
_STANDARD = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
    "User-Agent": "fullscore",
}
# One coding at most: the size between two is nobody's to count.
_CODINGS = frozenset({"", "identity", "gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request. What is unsafe is permitted here, for this target alone."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    redirects: int = 0
    is_http_allowed: bool = False
    is_insecure: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.redirects <= MOST_REDIRECTS:
            raise ValueError(f"a call follows 0 to {MOST_REDIRECTS} redirects")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `url` is where it came from after redirects."""

    url: str
    status: int
    headers: httpx2.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is still on its way, decompressed and counted as it is read."""

    url: str
    status: int
    headers: httpx2.Headers
    chunks: Iterator[bytes]


def fetch(call: Call, *, guard: Guard, limits: Limits = ANSWER) -> Answer:
    """Return the whole answer to a call, whatever its status; raises as `opened` does."""
    with opened(call, guard=guard, limits=limits) as stream:
        body = b"".join(stream.chunks)
    return Answer(stream.url, stream.status, stream.headers, body)


@contextmanager
def opened(call: Call, *, guard: Guard, limits: Limits = ANSWER) -> Iterator[Stream]:
    """Hold the answer to a call open for reading.

    `limits.timeout_seconds` covers everything from the lookup to the last byte, redirects and the
    reader's own pauses included. Raises Refused where a rule forbids the call, Unreachable where
    nobody answers in time, Garbled for what is not HTTP or larger than `limits.size_bytes`.
    """
    deadline = Deadline(limits.timeout_seconds)
    while True:
        url = _checked(call)
        with _translated(url.host), _asked(call, url, guard, deadline) as response:
            if not response.has_redirect_location:
                chunks = bounded(_decoded(response), size_bytes=limits.size_bytes, source=url.host)
                yield Stream(str(url), response.status_code, response.headers, chunks)
                return
            call = _redirected(call, url, response.headers["Location"])


def _checked(call: Call) -> httpx2.URL:
    """Return the address of a call; raises Refused when its form alone forbids it."""
    try:
        url = httpx2.URL(call.url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Refused("That is not a web address.") from error
    if url.scheme not in ("https", "http") or not url.host:
        raise Refused("A web address has to begin with https:// and name a host.")
    if url.scheme == "http" and not call.is_http_allowed:
        raise Refused(f"{url.host} would be called without encryption; use https.")
    if url.userinfo:
        raise Refused("A web address must not contain a user name or password.")
    return url


def _redirected(call: Call, url: httpx2.URL, location: str) -> Call:
    """Return the call that a redirect asks for; raises Refused when it is not to be followed.

    Another host gets none of the caller's headers, and none of what was permitted for this one.
    """
    if call.redirects == 0 or call.method not in ("GET", "HEAD"):
        raise Refused(f"{url.host} sends the call elsewhere, which is not followed.")
    try:
        target = url.join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Garbled(f"{url.host} sends the call to something that is no address.") from error
    if url.scheme == "https" and target.scheme != "https":
        raise Refused(f"{url.host} sends the call on without encryption, which is not followed.")
    onward = replace(call, url=str(target), redirects=call.redirects - 1)
    if (target.scheme, target.host, target.port) == (url.scheme, url.host, url.port):
        return onward
    is_same_host = target.host == url.host
    return replace(
        onward,
        headers={},
        content=b"",
        is_http_allowed=call.is_http_allowed and is_same_host,
        is_insecure=call.is_insecure and is_same_host,
    )


@contextmanager
def _asked(
    call: Call, url: httpx2.URL, guard: Guard, deadline: Deadline
) -> Iterator[httpx2.Response]:
    """Send the request on a connection of its own and hold the answer."""
    port = url.port if url.port is not None else _PORTS[url.scheme]
    addresses = guard.addresses(url.host, port, deadline=deadline)
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=port, target=url.raw_path)
    with httpcore2.HTTPConnection(
        origin=target.origin,
        ssl_context=_trust(guard.ca_bundle, call.is_insecure) if url.scheme == "https" else None,
        network_backend=TimedBackend(addresses, deadline),
    ) as connection:
        request = _request(call, url, target)
        with closing(connection.handle_request(request)) as answer:
            body = _Body(answer.iter_stream())
            yield httpx2.Response(answer.status, headers=answer.headers, stream=body)


def _request(call: Call, url: httpx2.URL, target: httpcore2.URL) -> httpcore2.Request:
    """Return the request as it is sent; httpx2 adds Host and Content-Length."""
    headers = httpx2.Headers(_STANDARD)
    headers.update(call.headers)
    described = httpx2.Request(call.method, url, headers=headers, content=call.content)
    return httpcore2.Request(
        described.method, target, headers=described.headers.raw, content=call.content
    )


class _Body(httpx2.SyncByteStream):
    """Lends the bytes of a connection to httpx2, which decompresses them a mebibyte at a time."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def _decoded(response: httpx2.Response) -> Iterator[bytes]:
    """Return the decompressed body piece by piece; raises Garbled for any other packing."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in _CODINGS:
        raise Garbled(f"The answer is packed as {coding[:40]!r}, which we did not ask for.")
    return response.iter_bytes()


@lru_cache(maxsize=8)
def _trust(ca_bundle: str, is_insecure: bool) -> ssl.SSLContext:
    """Return whom to believe: the system's authorities and the operator's, or anybody.

    Read once in a process: reading the system's authorities takes about 50 ms of CPU.
    """
    context = httpx2.create_ssl_context(verify=not is_insecure, trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_bundle and not is_insecure:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except OSError as error:  # SSLError is one
            raise Refused(f"The file of authorities {ca_bundle} cannot be read.") from error
    return context


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise Unreachable(f"{host} did not answer in time.") from error
    except httpcore2.NetworkError as error:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            reason = error.__cause__.verify_message
            raise Refused(f"The certificate of {host} is not trusted: {reason}.") from error
        raise Unreachable(f"{host} cannot be reached: {str(error)[:200]}.") from error
    except httpcore2.LocalProtocolError as error:
        raise Refused(f"The request to {host} cannot be sent: {str(error)[:200]}.") from error
    except (httpcore2.ProtocolError, httpx2.DecodingError) as error:
        raise Garbled(f"{host} did not answer in proper HTTP: {str(error)[:200]}.") from error
