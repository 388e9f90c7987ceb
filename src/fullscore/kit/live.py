"""Live updates: an outbox table is the truth, one hub per process tells its readers.

`publish` inside the transaction that changes something; browsers hear *that* it changed and ask for
the fragment again, so there is one way to render and one permission check. Three rules:

1. PostgreSQL gives ids before commit, so they could appear out of order and a reader that is past
   the higher one would never see the lower: `publish` holds a lock until its transaction ends.
2. Nothing falls between page and stream: the page carries `last_id()`, the stream starts there.
3. Each change is checked against each reader, at replay and at fan-out.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

import psycopg
from django.db import close_old_connections, connection, transaction
from django.db.models import QuerySet

from fullscore.kit import access
from fullscore.kit.errors import TooMany
from fullscore.kit.jobs.declare import every
from fullscore.kit.log import get_logger
from fullscore.kit.models.live import LiveChange
from fullscore.kit.time import now

ORDER_LOCK = 0x66756C6C  # any number of our own, for pg_advisory_xact_lock
CHANNEL = "fullscore_changes"
REPLAY = 500  # further behind, loading the page again is cheaper
QUEUE = 200  # a reader further behind is let go; it comes back with its last id
STREAMS_PER_PERSON = 6
KEPT = timedelta(hours=24)
WATCH_SECONDS = 0.25  # `PRAGMA data_version` costs 11 µs (measured)
SWEEP_SECONDS = 15  # should a wake-up be lost

T = TypeVar("T")
Visible = Callable[[Any], QuerySet[Any]]

log = get_logger()
_visible: dict[str, Visible] = {}
# Streams last for hours: were each to ask in its request's thread, each would keep a connection.
_threads = ThreadPoolExecutor(4, thread_name_prefix="live")


def visible_with(visible: Mapping[str, Visible]) -> None:
    """Say which rows of a topic a person may see: topic → `visible_to`. Called by `config`."""
    _visible.clear()
    _visible.update(visible)


def publish(topic: str, key: object = "", *, permission: str = "") -> LiveChange:
    """Record that something changed; readers hear of it after the transaction commits.

    Without `key`: the list as a whole, as after a removal. The lock makes writers that publish
    wait for each other's commit; call it last. Revisit when lock waits show in the p95 of writes.
    """
    with transaction.atomic(savepoint=False):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ORDER_LOCK])
                cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return LiveChange.objects.create(topic=topic, key=str(key), permission=permission, at=now())


def last_id() -> int:
    """Return the newest id, for the page to carry; 0 before anything was published."""
    newest = LiveChange.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def heard(user: access.Actor, changes: Iterable[LiveChange]) -> list[LiveChange]:
    """Return the changes this person may know of, in order; one query per topic."""
    changes = list(changes)
    seen: dict[str, set[str]] = {
        topic: _keys_seen(user, topic, {c.key for c in changes if c.topic == topic})
        for topic in {c.topic for c in changes}
    }
    return [c for c in changes if c.key in seen[c.topic] and _permitted(user, c)]


def _permitted(user: access.Actor, change: LiveChange) -> bool:
    if change.permission:
        return access.may(user, change.permission)
    return change.topic in _visible  # neither rows nor a permission say who may know: nobody


def _keys_seen(user: access.Actor, topic: str, keys: set[str]) -> set[str]:
    if topic not in _visible:
        return keys
    rows = _visible[topic](user)
    seen = _existing(rows, keys - {""})
    unseen = keys - seen
    # What is gone cannot be asked: a removal is heard of like a change of the whole list.
    everybodys = unseen - _existing(rows.model._base_manager.all(), unseen - {""})
    return seen | everybodys if everybodys and rows.exists() else seen


def _existing(rows: QuerySet[Any], keys: set[str]) -> set[str]:
    if not keys:
        return set()
    return {str(pk) for pk in rows.filter(pk__in=keys).values_list("pk", flat=True)}


def may_hear(user: access.Actor, change: LiveChange) -> bool:
    """Say whether this person may know of a change."""
    return bool(heard(user, [change]))


def catch_up(user: access.Actor, since: int) -> list[dict[str, object]]:
    """Return what a reader at `since` has missed, and may know.

    The last message always carries the newest id, with an empty topic when the change itself is not
    for this person. A reader too far behind (pruned, over 500, or from before a restore) gets the
    one message `reload`.
    """
    changes = list(LiveChange.objects.filter(pk__gt=since).order_by("pk")[: REPLAY + 1])
    newest = changes[-1].pk if changes else last_id()
    oldest = LiveChange.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    if since > newest or 0 < since < oldest - 1 or len(changes) > REPLAY:
        return [{"id": last_id(), "topic": "reload", "key": ""}]
    messages = [change.message for change in heard(user, changes)]
    if changes and (not messages or messages[-1]["id"] != newest):
        messages.append({"id": newest, "topic": "", "key": ""})
    return messages


@every(hours=1)
def prune() -> None:
    """Forget changes after a day, but not the newest: it tells readers how far behind they are."""
    LiveChange.objects.filter(at__lt=now() - KEPT, pk__lt=last_id()).delete()


async def off_loop(ask: Callable[[], T]) -> T:
    """Return `ask()`, run in one of the few threads whose connections all streams share."""

    def asked() -> T:
        close_old_connections()
        try:
            return ask()
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, asked)


class Hub:
    """Reads the outbox once for all readers of this process."""

    def __init__(self) -> None:
        self._readers: set[asyncio.Queue[LiveChange]] = set()
        self._streams: Counter[int] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._last = 0

    def admit(self, user_id: int) -> None:
        """Refuse a person's seventh stream in this process."""
        if self._streams[user_id] >= STREAMS_PER_PERSON:
            raise TooMany(
                "You have this open in too many browsers: close one.", retry_after_seconds=60
            )

    @contextlib.asynccontextmanager
    async def reader(self, user_id: int) -> AsyncIterator[asyncio.Queue[LiveChange]]:
        """Give a queue of everything that is published from now on."""
        self.admit(user_id)
        queue: asyncio.Queue[LiveChange] = asyncio.Queue(QUEUE)
        self._streams[user_id] += 1
        self._readers.add(queue)
        try:
            await self._start()
            yield queue
        finally:
            self._readers.discard(queue)
            self._streams[user_id] -= 1

    def is_telling(self, queue: asyncio.Queue[LiveChange]) -> bool:
        """Say whether the reader is still told; not once it is far behind or the hub ended."""
        return queue in self._readers and self._task is not None and not self._task.done()

    async def _start(self) -> None:
        """Return once the hub knows where it stands: what comes later, every reader is told."""
        if self._task is None or self._task.done() or self._task.get_loop().is_closed():
            self._started = asyncio.Event()
            self._task = asyncio.create_task(self._run(self._started))
        await self._started.wait()

    async def _run(self, started: asyncio.Event) -> None:
        try:
            self._last = await off_loop(last_id)
        finally:
            started.set()  # should the database be away, readers see that the hub has ended
        wake = asyncio.Event()
        watch = _listen if connection.vendor == "postgresql" else _watch_file
        watching = asyncio.create_task(watch(wake))
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), SWEEP_SECONDS)
                wake.clear()
                await self._sweep()
        finally:
            watching.cancel()

    async def _sweep(self) -> None:
        """Tell every reader what was published since the last sweep."""
        changes = await off_loop(self._fresh)
        while changes:
            self._last = changes[-1].pk
            for change in changes:
                self._tell(change)
            changes = await off_loop(self._fresh)

    def _fresh(self) -> Sequence[LiveChange]:
        return list(LiveChange.objects.filter(pk__gt=self._last).order_by("pk")[:REPLAY])

    def _tell(self, change: LiveChange) -> None:
        for queue in list(self._readers):
            if queue.full():
                self._readers.discard(queue)
            else:
                queue.put_nowait(change)


async def _listen(wake: asyncio.Event) -> None:
    """Wake when PostgreSQL notifies. Needs a direct connection, not one from a transaction pool."""
    wanted = {"host", "port", "dbname", "user", "password", "sslmode"}
    while True:
        try:
            parameters = connection.get_connection_params()
            direct = await psycopg.AsyncConnection.connect(
                **{k: v for k, v in parameters.items() if k in wanted}, autocommit=True
            )
            async with direct:
                await direct.execute(f"LISTEN {CHANNEL}")
                wake.set()  # what came before we listened
                async for _ in direct.notifies():
                    wake.set()
        except psycopg.OperationalError as error:
            log.warning("live updates wait for the database", error=str(error))
            await asyncio.sleep(1)


async def _watch_file(wake: asyncio.Event) -> None:
    """Wake when another connection has committed to the SQLite file."""
    name, version = connection.settings_dict["NAME"], None
    with contextlib.closing(sqlite3.connect(name)) as file:
        while True:
            present = file.execute("PRAGMA data_version").fetchone()[0]
            if present != version:
                version = present
                wake.set()
            await asyncio.sleep(WATCH_SECONDS)


hub = Hub()
