"""Syslog that comes in: whose it is, whether it is an alert, and that it is kept.

One listener in one process hears it, so what is only counted is counted in memory first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.db import InterfaceError, OperationalError
from django.db.models import F

from fullscore.connectors.addresses import Network, read
from fullscore.connectors.base import Refused
from fullscore.connectors.syslog import parse
from fullscore.connectors.syslog.parse import Came
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.domains.response.incidents.services.intake import count_in, receive_all
from fullscore.domains.response.incidents.services.reading import words_of
from fullscore.kit import time
from fullscore.kit.errors import TooMany
from fullscore.kit.log import get_logger

log = get_logger()
LOOK_AGAIN = timedelta(seconds=5)
LOOK_FOR_NOBODYS = timedelta(seconds=1)  # who makes a source tries it at once
MOST_NAMED = 10


class Senders:
    """Which source a message belongs to: by its address, by its host's name, or what is left."""

    def __init__(self, sources: Iterable[AlertSource]) -> None:
        self._networks: list[tuple[Network, AlertSource]] = []
        self._names: dict[str, AlertSource] = {}
        self._left: AlertSource | None = None
        for source in sources:
            for word in source.senders:
                self._add(word.strip().lower(), source)
            if not source.senders and self._left is None:
                self._left = source
        self._networks.sort(key=lambda one: -one[0].prefixlen)

    def _add(self, word: str, source: AlertSource) -> None:
        try:
            self._networks.append((ip_network(word, strict=False), source))
        except ValueError:
            self._names.setdefault(word, source)

    def of(self, peer: str, host: str = "") -> AlertSource | None:
        """Return the source of a message; the narrowest network that holds its address is first."""
        address = read(peer)
        for network, source in self._networks:
            if address is not None and address in network:
                return source
        host = host.lower()
        return self._names.get(host) or self._names.get(host.partition(".")[0]) or self._left


@dataclass(slots=True)
class Inbox:
    """Takes what a listener heard, and notes what is no alert."""

    looked_at: datetime | None = None
    senders: Senders = field(default_factory=lambda: Senders(()))
    passed_over: Counter[int] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    nobodys: Counter[str] = field(default_factory=Counter)
    # Of those that will be handed over again, how many are counted towards their source's rate.
    counted: Counter[int] = field(default_factory=Counter)

    def take(self, came: Sequence[Came], lost: Mapping[str, int]) -> None:
        """Keep what are alerts; when this returns, they are on the disk. Raises Refused."""
        now = time.now()
        try:
            if self._is_due(LOOK_AGAIN):
                self._note(now)
                self._look()
        except (OperationalError, InterfaceError) as error:
            raise Refused("Syslog cannot be written down now.") from error
        counts = Counter(self.passed_over), Counter(self.lost), Counter(self.nobodys)
        try:
            self._keep(came, lost)
        except (Refused, OperationalError, InterfaceError) as error:
            self.passed_over, self.lost, self.nobodys = counts  # it will be handed over again
            raise Refused("Syslog cannot be written down now.") from error

    def _is_due(self, after: timedelta) -> bool:
        """Say whether the sources were last read so long ago, or at no time that can be."""
        return self.looked_at is None or not timedelta(0) <= time.now() - self.looked_at < after

    def _keep(self, came: Sequence[Came], lost: Mapping[str, int]) -> None:
        wanted: dict[AlertSource, list[Came]] = {}
        for one in came:
            if (source := self._source_of(one)) is not None:
                wanted.setdefault(source, []).append(one)
        for peer, count in lost.items():
            if (known := self.senders.of(peer)) is not None:
                self.lost[known.pk] += count
            else:
                self.nobodys[peer] += count
        try:
            receive_all((source, parse.packed(some)) for source, some in wanted.items())
        except Refused:
            self.counted += Counter({source.pk: len(some) for source, some in wanted.items()})
            raise

    def _source_of(self, came: Came) -> AlertSource | None:
        """Return whose alert a message is; None for what is none, which is counted."""
        told = parse.message(came.data, now=came.at)
        source = self.senders.of(came.peer, told.host)
        if source is None and self._is_due(LOOK_FOR_NOBODYS):
            self._look()
            source = self.senders.of(came.peer, told.host)
        if source is None:
            self.nobodys[came.peer] += 1
            return None
        if not parse.is_wanted(told, least=source.least_severity, words=words_of(source)):
            self.passed_over[source.pk] += 1
            return None
        if self.counted[source.pk] > 0:
            self.counted[source.pk] -= 1
            return source
        try:
            count_in(source)
        except TooMany:
            self.lost[source.pk] += 1
            return None
        return source

    def _look(self) -> None:
        rows = AlertSource.objects.filter(kind=AlertSource.Kind.SYSLOG, revoked_at=None)
        self.senders, self.looked_at = Senders(rows.order_by("pk")), time.now()

    def _note(self, now: datetime) -> None:
        """Write down what was counted since the last time."""
        for pk in {*self.passed_over, *self.lost}:
            over, lost = self.passed_over[pk], self.lost[pk]
            moved = {"left_out_at": now} if lost else {}
            AlertSource.objects.filter(pk=pk).update(
                passed_over=F("passed_over") + over,
                lost=F("lost") + lost,
                last_seen_at=now,
                **moved,
            )
            del self.passed_over[pk], self.lost[pk]
        if self.nobodys:
            told = dict(self.nobodys.most_common(MOST_NAMED))
            log.warning("syslog of no source", messages=self.nobodys.total(), senders=told)
            self.nobodys.clear()
