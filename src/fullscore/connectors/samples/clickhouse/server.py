"""Talks to one ClickHouse: questions, blocks of rows, and errors in words."""

import os
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from numpy.typing import NDArray

from fullscore.connectors.base import Refused, Unreachable
from fullscore.connectors.samples.clickhouse import native

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

QUESTION_SECONDS = 60
UPKEEP_SECONDS = 3600  # nobody waits for it
CONNECT_SECONDS = 10
MOST_BYTES = 64 * 2**20  # of a statement: a million series stand in it with about 10 MB
WORDS = {
    159: "was asked for more than it can tell in time: ask for fewer series, a shorter time or a"
    " longer step",
    243: "has no room: free space on its disks",
    516: "does not know the user or the password of `samples_url`",
    497: "does not let this user do what is needed: grant SELECT, INSERT, CREATE TABLE and"
    " ALTER DELETE on the database",
    241: "has not the memory for this question: ask for fewer series or a shorter time",
}  # by ClickHouse's number of the error
# Fewer rows are gathered by the server with those of others: each insert makes files of its own.
FEW_ROWS = 10_000
MOST_WORDS = 300  # characters of an error without words of ours
Told = TypeVar("Told")


class Server:
    """One address; each process that was forked opens a client of its own."""

    def __init__(self, url: str, *, seconds: int = QUESTION_SECONDS) -> None:
        """Keep an address of `clickhouse://` or `chdb://`. Raises Refused when it names nothing."""
        self._place, self._seconds = urlsplit(url), seconds
        asked = parse_qs(self._place.query)
        self.is_embedded = self._place.scheme == "chdb"
        named = asked.get("database", [self._place.path.strip("/") or "default"])
        self.database = asked.get("database", ["default"])[0] if self.is_embedded else named[0]
        if not re.fullmatch(r"[A-Za-z_]\w{0,63}", self.database):
            raise Refused(f"“{self.database}” is no name for a database of ClickHouse.")
        self._is_secure = asked.get("secure", ["false"])[0] in ("true", "1")
        try:
            self._port = self._place.port or (8443 if self._is_secure else 8123)
        except ValueError as error:
            raise Refused("The port of `samples_url` is no number from 1 to 65535.") from error
        where = self._place.path if self.is_embedded else f"{self._place.hostname}:{self._port}"
        self.name = "the ClickHouse at " + where
        self._opening, self._pid = threading.Lock(), 0
        self._client: Client | None = None

    def _connected(self) -> "Client":
        """Return this process's client, which opens with the first question."""
        with self._opening:
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._opened(), os.getpid()
            return self._client

    def _opened(self) -> "Client":
        from clickhouse_connect import get_client

        limits = {"max_execution_time": self._seconds, "max_query_size": MOST_BYTES}
        if self.is_embedded:
            return get_client(interface="chdb", path=self._place.path, settings=limits)
        return get_client(
            interface="https" if self._is_secure else "http",
            host=self._place.hostname or "localhost",
            port=self._port,
            username=unquote(self._place.username or "default"),
            password=unquote(self._place.password or ""),
            connect_timeout=CONNECT_SECONDS,
            send_receive_timeout=self._seconds + CONNECT_SECONDS,
            autogenerate_session_id=False,  # a session answers one question at a time
            query_retries=1,
            # An error after the first block would end an answer early, and look like one.
            settings={**limits, "wait_end_of_query": 1},
        )

    def ask(self, sql: str) -> dict[str, NDArray[Any]]:
        """Return the columns of an answer."""
        content = self._spoken(lambda: self._connected().raw_query(sql, fmt="Native"))
        return native.columns(content)

    def tell(self, sql: str) -> None:
        """Let a statement without an answer happen."""
        self._spoken(lambda: self._connected().command(sql))

    def insert(
        self, table: str, columns: Mapping[str, tuple[str, native.Column]], *, token: str
    ) -> None:
        """Store a block of rows; they are visible to everybody on return.

        A block of one token is stored once, however often it is sent: so it is sent again when the
        line broke, and nobody knows whether it arrived.
        """
        block, rows = native.block(columns), len(next(iter(columns.values()))[1])
        told: dict[str, Any] = {"insert_deduplicate": 1, "insert_deduplication_token": token}
        if rows < FEW_ROWS and not self.is_embedded:
            told |= {"async_insert": 1, "wait_for_async_insert": 1, "async_insert_deduplicate": 1}

        def send() -> object:
            return self._connected().raw_insert(
                table, list(columns), block, settings=told, fmt="Native"
            )

        try:
            self._spoken(send)
        except Unreachable:
            self._spoken(send)

    def _spoken(self, act: Callable[[], Told]) -> Told:
        """Return what an act returns; what goes wrong is told in words, without the password."""
        from clickhouse_connect.driver import exceptions

        try:
            return act()
        except exceptions.DatabaseError as error:
            if error.code is None and isinstance(error, exceptions.OperationalError):
                raise Unreachable(f"{self.name} does not answer: {_first_line(error)}.") from error
            words = WORDS.get(error.code or 0) or f"refused: {_first_line(error)}"
            raise Refused(f"{self.name} {words}.") from error
        except exceptions.ClickHouseError as error:
            raise Refused(f"{self.name} cannot be used: {_first_line(error)}.") from error

    def close(self) -> None:
        """Let go of connections; what a fork inherited is not this process's to close."""
        with self._opening:
            if self._client is not None and self._pid == os.getpid():
                self._client.close()
            self._client = None


def _first_line(error: Exception) -> str:
    """Return what the server itself says of an error, without what the library says around it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    told = lines[0].rpartition("DB::Exception: ")[2].partition(" (for url ")[0]
    return told.rstrip(".")[:MOST_WORDS]
