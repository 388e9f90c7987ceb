"""The collector of a site: it asks the centre what to read, and sends what it read.

It needs neither database nor sample store, only the centre's address and a key. What it reads
waits in a folder until the centre has stored it, so a centre that is away for hours costs nothing.
"""

import gzip
import json
import threading
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from fullscore.connectors import documents, http
from fullscore.connectors.base import ConnectorError, Garbled, Limits, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import Answer, Call
from fullscore.domains.foundation.telemetry.jobs.reader import Aim, Came, Reader, name_of_this
from fullscore.domains.foundation.telemetry.jobs.spool import Spool
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from fullscore.kit.log import get_logger

BEAT_SECONDS, WAIT_SECONDS = 5.0, 5.0
MOST_AT_ONCE = 8 * 1024 * 1024  # of text in one body
ASKED = Limits(timeout_seconds=30, size_bytes=16 * 1024 * 1024)
NEVER_GOOD = (400, 413, 415)  # sending it again would not help
NOT_NOW = (401, 403, 429, 503)  # the key or the moment is wrong, not what was sent
MOST_TRIES = 5  # of a body the centre stumbles over while it takes others
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
log = get_logger()


class RemoteScraper:
    """One collector, for the site whose key it has."""

    def __init__(self, centre: str, key: str, spool: Spool, *, name: str = "") -> None:
        self.name = name or name_of_this()
        self._centre, self._key = checked(centre), key
        self._guard = Guard(allowed=EVERYWHERE, ports=frozenset(range(1, 65536)))
        self._spool = spool
        self._reader = Reader()
        self._aims: dict[int, Aim] = {}
        self._paused: set[int] = set()
        self._before: dict[int, set[bytes]] = {}  # by target: the keys of its last scrape
        self._told = ""  # the last trouble with the centre, so that it is told once
        self._taken = 0  # bodies the centre took
        self._tries: dict[str, tuple[int, int]] = {}  # by body: how often, and what was taken then
        self._is_kept = True  # so that a full disk is told once, too
        self._stopped = threading.Event()
        self._sender = threading.Thread(target=self._send, name="send", daemon=True)

    def run(self) -> None:
        """Scrape until `stop`."""
        self._sender.start()
        while not self._stopped.is_set():
            self.turn(time.now())
            self._stopped.wait(0.5)
        self._sender.join(ASKED.timeout_seconds)
        self._reader.close()
        self._spool.close()

    def stop(self) -> None:
        """Let `run` return after its present turn; what was read waits in the spool."""
        self._stopped.set()

    def turn(self, now: datetime) -> None:
        """Start what is due, and lay what has come back into the spool."""
        for pk, aim in list(self._aims.items()):
            if self._reader.is_due(pk, aim.every_seconds, now) and pk not in self._paused:
                self._reader.start(aim, now)
        lines = [self._line(one) for one in self._reader.came()]
        for body in packed(lines):
            self._keep(body)

    def _keep(self, body: bytes) -> None:
        """Lay a body into the spool; a disk that takes none costs this body and no more."""
        try:
            self._spool.put(body)
            self._is_kept = True
        except OSError as error:
            if self._is_kept:
                log.warning("what is read cannot be kept", why=str(error))
            self._is_kept = False

    def _line(self, came: Came) -> bytes:
        read, keys = came.read, set(came.read.found.keys)
        gone = self._before.get(came.pk, set()) - keys
        self._before[came.pk] = keys
        told = {
            "target": came.pk,
            "at": came.at.isoformat(),
            "took_ms": read.took_ms,
            "error": read.error,
            "gone": [key.decode(errors="replace") for key in sorted(gone)],
            "text": read.body.decode(errors="replace"),
        }
        return json.dumps(told).encode()

    def _send(self) -> None:
        beat_at = 0.0
        while not self._stopped.is_set():
            now = time.now().timestamp()
            try:
                if not 0 <= now - beat_at < BEAT_SECONDS:
                    beat_at = now
                    self.beat()
                if not self.send_one():
                    self._stopped.wait(0.5)
            except (ConnectorError, OSError) as error:  # the second: the spool cannot be read
                self._tell(str(error))
                self._stopped.wait(WAIT_SECONDS)
            except Exception:  # what nobody foresaw must not end the sending for good
                log.exception("sending begins again after a fault")
                self._stopped.wait(WAIT_SECONDS)

    def beat(self) -> None:
        """Say that this lives, and learn what it reads. Raises what the centre answers amiss."""
        told = {
            "name": self.name,
            "waiting": self._spool.waiting,
            "dropped": self._spool.dropped,
        }
        answer = self._post("beat", json.dumps(told).encode())
        if answer.status != 200:
            raise Unreachable(_sentence(answer))
        targets = list(documents.read(answer.body).field("targets").items())
        self._aims = {aim.pk: aim for aim in map(_aim, targets)}
        self._paused = {int(one.value["id"]) for one in targets if one.value["is_paused"]}
        for one in targets:
            if one.value["is_wanted"]:
                self._reader.start(_aim(one), time.now())
        self._tell("")

    def send_one(self) -> bool:
        """Send what has waited longest; False when nothing does. Raises Unreachable."""
        found = self._spool.oldest()
        if found is None:
            return False
        name, body = found
        answer = self._post("scrapes", body, **{"Content-Encoding": "gzip"})
        if answer.status == 200:
            self._taken += 1
            _warn_of_wrong(answer)
        elif answer.status in NEVER_GOOD:
            log.warning("scrapes were not taken", why=_sentence(answer))
        else:
            if answer.status not in NOT_NOW:
                self._set_back(name, _sentence(answer))
            raise Unreachable(_sentence(answer))
        self._tries.pop(name, None)
        self._spool.remove(name)
        return True

    def _set_back(self, name: str, why: str) -> None:
        """Let others be sent first: the fault may lie in this body, or in the centre.

        It is the body's when others are taken meanwhile; then it is given up after a few times.
        """
        tries, taken = self._tries.pop(name, (0, -1))
        tries += self._taken > taken
        if tries < MOST_TRIES:
            self._tries[self._spool.set_back(name)] = (tries, self._taken)
            return
        log.warning("scrapes were given up", why=why, tries=tries)
        self._spool.remove(name)
        self._spool.dropped += 1

    def _post(self, path: str, body: bytes, **headers: str) -> Answer:
        headers |= {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        url = f"{self._centre}/api/collectors/{path}"
        call = Call(url, "POST", headers, body, is_http_allowed=True)
        return http.fetch(call, guard=self._guard, limits=ASKED)

    def _tell(self, why: str) -> None:
        if why != self._told:
            self._told = why
            if why:
                log.warning("the centre is not reached", why=why, waiting=self._spool.waiting)
            else:
                log.info("the centre is reached", waiting=self._spool.waiting)


def checked(centre: str) -> str:
    """Return the centre's address; raises Invalid where a key would travel in the clear."""
    parts = urlsplit(centre)
    is_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or (parts.scheme != "https" and not is_loopback):
        raise Invalid("Name the centre by an https:// address: the key must not travel in clear.")
    return centre.rstrip("/")


def packed(lines: Sequence[bytes]) -> list[bytes]:
    """Return lines as a few bodies, each of a size that is taken."""
    bodies: list[list[bytes]] = []
    size = MOST_AT_ONCE
    for line in lines:
        if size + len(line) > MOST_AT_ONCE:
            bodies.append([])
            size = 0
        bodies[-1].append(line)
        size += len(line)
    return [gzip.compress(b"\n".join(some), 5) for some in bodies]


def _aim(told: documents.Node) -> Aim:
    value: dict[str, Any] = told.of(dict)
    try:
        return Aim(
            int(value["id"]),
            str(value["url"]),
            max(1, int(value["every_seconds"])),
            int(value["timeout_seconds"]),
            int(value["sample_limit"]),
            {str(k): str(v) for k, v in value["headers"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Garbled(f"The centre named a target without {error}.") from error


def _warn_of_wrong(answer: Answer) -> None:
    """Log the lines of a body that the centre did not understand."""
    try:
        wrong = documents.read(answer.body).optional("wrong")
        told = [one.of(str) for one in wrong.items()] if wrong else []
    except Garbled:
        return  # it was taken: how the centre says so does not matter
    if told:
        log.warning("some scrapes were not taken", why=told)


def _sentence(answer: Answer) -> str:
    try:
        why = documents.read(answer.body).words("detail", most=300)
    except Garbled:
        why = ""
    return f"The centre answered {answer.status}. {why}".strip()
