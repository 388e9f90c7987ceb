"""What can be done with items and what they need."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.estate import authority
from fullscore.domains.foundation.estate.announcements import DifferenceRejected
from fullscore.domains.foundation.estate.kinds import HARD_LINKS, SOFT_LINKS
from fullscore.domains.foundation.estate.models import (
    Certificate,
    Claim,
    Difference,
    Identifier,
    Item,
    Link,
    Listener,
    Requirement,
)
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk, recorded, removed
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

NEVER_BACK_WITHOUT_NOTE = ("retiring", "retired")
LONGEST_IGNORE = timedelta(days=365)
ORDER = ["planned", "staged", "active", "retiring", "retired"]


def retire(item: Item, *, by: User, note: str = "") -> Item:
    """Take an item out of service: its links end, its history stays."""
    if item.state == Item.State.RETIRED:
        raise Conflict(f"{item} is retired already.")
    with recorded(item, "retire", by=by, note=note):
        item.state = Item.State.RETIRED
        for link in [*item.links_out.all(), *item.links_in.all()]:
            _drop(link, by=by)  # before the needs: their own end must be told
        for requirement in item.requirements.all():
            _drop(requirement, by=by)
    return item


def reopen(item: Item, *, by: User, note: str) -> Item:
    """Bring a retired item back; the note says why."""
    if item.state not in NEVER_BACK_WITHOUT_NOTE:
        raise Conflict(f"{item} is {item.state}; only what is retiring or retired is brought back.")
    with recorded(item, "reopen", by=by, note=note):
        item.state = Item.State.ACTIVE
    return item


def change(item: Item, *, by: User, **values: Any) -> Item:
    """Give an item new values; a state goes forward only, back is `reopen`."""
    new = values.get("state", item.state)
    if ORDER.index(new) < ORDER.index(item.state) and item.state in NEVER_BACK_WITHOUT_NOTE:
        raise Conflict(f"{item} is {item.state}: reopen it, with a note.")
    if new == Item.State.RETIRED and item.state != new:
        retire(item, by=by)
    site = values.get("site")
    if site is not None and site.kind != "site":
        raise Invalid(f"{site} is a {site.kind}, not a site.", {"site": ["Choose a site."]})
    with recorded(item, "change", by=by):
        for name, value in values.items():
            setattr(item, name, value)
    return item


def require(
    item: Item,
    *,
    by: User,
    to: Item,
    name: str = "",
    needed: int | None = None,
    kind: str = "needs",
) -> Link:
    """Say that an item needs another; with a name, that several serve one need (“2 of 3”).

    `needed` is how many of the need's supports must be up: empty for all, 0 for help that is
    welcome.
    """
    if kind not in (*HARD_LINKS, *SOFT_LINKS):
        raise Invalid(f"“{kind}” is not a way of needing: {', '.join((*HARD_LINKS, *SOFT_LINKS))}.")
    if needed is not None and needed < 0:
        raise Invalid("A number needed cannot be negative.")
    if to.pk == item.pk:
        raise Invalid("An item cannot need itself.")
    if kind in SOFT_LINKS:
        needed = 0
    with transaction.atomic():
        requirement = item.requirements.filter(kind=kind, name=name).first()
        requirement = requirement or Requirement(dependent=item, kind=kind, name=name)
        with recorded(requirement, "require", by=by):
            requirement.needed = needed
        supports = requirement.links.exclude(to_item=to).count() + 1
        if needed is not None and needed > supports:
            raise Invalid(f"{needed} are needed, but only {supports} serve “{name or kind}”.")
        link = Link.objects.filter(kind=kind, from_item=item, to_item=to).first()
        link = link or Link(kind=kind, from_item=item, to_item=to)
        with recorded(link, "link", by=by):
            link.requirement = requirement
    return link


def link(item: Item, *, by: User, to: Item, kind: str = "part_of") -> Link:
    """Join two items without a need: part of, member of, connected to."""
    if kind in (*HARD_LINKS, *SOFT_LINKS):
        return require(item, by=by, to=to, kind=kind)
    if Link.objects.filter(kind=kind, from_item=item, to_item=to).exists():
        raise Conflict(f"{item} is linked to {to} already.")
    made = Link(kind=kind, from_item=item, to_item=to)
    with recorded(made, "link", by=by):
        pass
    return made


def unlink(link: Link, *, by: User) -> None:
    """End a link; a need nobody serves any more ends with it."""
    requirement = link.requirement
    _drop(link, by=by)
    if requirement is None:
        return
    left = requirement.links.count()
    if left == 0:
        _drop(requirement, by=by)
    elif requirement.needed is not None and requirement.needed > left:
        with recorded(requirement, "require", by=by, note="a support was unlinked"):
            requirement.needed = left


def declare(listener: Listener, *, by: User, note: str = "") -> Listener:
    """Say that a socket is meant to be open."""
    if listener.is_intended:
        raise Conflict(f"{listener} is declared already.")
    with recorded(listener, "declare", by=by, note=note):
        listener.is_intended = True
    return listener


def undeclare(listener: Listener, *, by: User, note: str = "") -> Listener:
    """Say that a socket is no longer meant to be open."""
    if not listener.is_intended:
        raise Conflict(f"{listener} is not declared.")
    with recorded(listener, "undeclare", by=by, note=note):
        listener.is_intended = False
    return listener


def identify(
    item: Item, words: Iterable[tuple[str, str]], *, by: User, source: str, now: datetime
) -> None:
    """Keep the words an item is recognised by; new ones are added, known ones left alone.

    A strong word of another live item is not taken: one thing or two? A person decides.
    """
    known = set(item.identifiers.values_list("kind", "value"))
    fresh = [(kind, value[:200]) for kind, value in words if value and (kind, value) not in known]
    clashes: dict[str, str] = {}
    for kind, value in fresh:
        other = known_as([(kind, value)])
        if other is not None and other.pk != item.pk:
            clashes[kind] = f"{value} is that of {other}"
            continue
        found = Identifier(item=item, kind=kind, value=value)
        with recorded(found, "identify", by=by):
            pass
    _compare(item, "identity", None, clashes or None, by=by, source=source, now=now)


def compare(item: Item, seen: Mapping[str, Any], *, by: User, source: str, now: datetime) -> None:
    """Open a difference where a person is to be asked, and end those that are no more."""
    for attribute, actual in seen.items():
        if authority.POLICIES.get(attribute) == "ask":
            recorded_value = getattr(item, attribute)
            _compare(item, attribute, recorded_value, actual, by=by, source=source, now=now)


def _compare(
    item: Item, attribute: str, intended: Any, actual: Any, *, by: User, source: str, now: datetime
) -> None:
    rows = Difference.objects.filter(item=item, attribute=attribute)
    known = rows.filter(state__in=Difference.UNDECIDED).first()
    if actual is None or authority.agrees(attribute, intended, actual):
        if known is not None:
            with recorded(known, "end", by=by, note="both agree again"):
                known.state = Difference.State.GONE
        return
    found = known or Difference(item=item, attribute=attribute, source=source, first_seen_at=now)
    is_over = found.state == Difference.State.IGNORED and (found.until or now.date()) <= now.date()
    is_other = found.pk is not None and found.actual != actual
    if found.pk is None or is_over or is_other:
        with recorded(found, "see", by=by):
            found.intended, found.actual = intended, actual
            found.state, found.until = Difference.State.OPEN, None


def accept(difference: Difference, *, by: User, note: str = "") -> Difference:
    """Take over what is seen into the record."""
    _check_undecided(difference)
    if difference.attribute not in authority.WRITABLE:
        raise Conflict(
            "What is seen cannot be written into the record: give the clone a machine id of its"
            " own (`systemd-machine-id-setup`), or retire one of the two."
        )
    with recorded(difference, "accept", by=by, note=note):
        change(difference.item, by=by, **{difference.attribute: difference.actual})
        difference.state, difference.note = Difference.State.ACCEPTED, note
    return difference


def reject(difference: Difference, *, by: User, note: str) -> Difference:
    """Say that the record is right: the world is to be brought back to it."""
    _check_undecided(difference)
    with recorded(difference, "reject", by=by, note=note):
        difference.state, difference.note = Difference.State.REJECTED, note
        announce(DifferenceRejected(difference.pk))
    return difference


def ignore(difference: Difference, *, by: User, until: date, note: str = "") -> Difference:
    """Let a difference be until a day; then it is asked again."""
    _check_undecided(difference)
    if not timedelta(0) < until - time.now().date() <= LONGEST_IGNORE:
        raise Invalid("Choose a day in the coming year.", {"until": ["Not then."]})
    with recorded(difference, "ignore", by=by, note=note):
        difference.state, difference.until = Difference.State.IGNORED, until
        difference.note = note
    return difference


def _check_undecided(difference: Difference) -> None:
    if difference.state not in Difference.UNDECIDED:
        raise Conflict(f"This difference is {difference.state}: there is nothing to decide.")


def known_as(words: Sequence[tuple[str, str]]) -> Item | None:
    """Return the live item that one of these strong identifiers belongs to."""
    for kind, value in words:
        if kind not in Identifier.STRONG or not value:
            continue
        found = Identifier.objects.filter(kind=kind, value=value, is_shared=False).first()
        if found and found.item.state != Item.State.RETIRED:
            return found.item
    return None


def sight(
    item: Item, values: Mapping[str, Any], *, source: str, expires: timedelta, now: datetime
) -> int:
    """Renew what a source claims about an item; returns how many claims are new or changed.

    Machines claim in bulk: no entry per claim; the run that calls writes one.
    """
    known = {c.attribute: c for c in item.claims.filter(source=source)}
    fresh = [
        Claim(item=item, attribute=name, value=value, source=source, observed_at=now,
              expires_at=now + expires)
        for name, value in values.items()
    ]  # fmt: skip
    Claim.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["item", "attribute", "source"],
        update_fields=["value", "observed_at", "expires_at"],
    )  # fmt: skip
    Item.objects.filter(pk=item.pk).update(seen_at=now)
    return sum(1 for c in fresh if c.attribute not in known or known[c.attribute].value != c.value)


def see_listeners(
    item: Item, sockets: Sequence[Mapping[str, Any]], *, by: User, now: datetime
) -> None:
    """Replace what was seen listening by what is seen now; what somebody declared is kept."""
    found = {(s["address"], s["transport"], s["port"]): s for s in sockets}
    known = {(k.address, k.transport, k.port): k for k in item.listeners.all()}
    gone = [k.pk for key, k in known.items() if key not in found]
    rows = [
        Listener(
            item=item, address=key[0][:45], transport=key[1][:4], port=key[2],
            process=str(s.get("command") or "")[:80], unit=str(s.get("unit") or "")[:120],
            is_intended=known[key].is_intended if key in known else False, seen_at=now,
        )
        for key, s in found.items()
    ]  # fmt: skip
    with transaction.atomic():
        Listener.objects.filter(pk__in=gone).delete()
        Listener.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["item", "address", "transport", "port"],
            update_fields=["process", "unit", "seen_at"],
        )  # fmt: skip
        if gone or found.keys() - known.keys():
            counts = {
                "seen": len(found),
                "new": len(found.keys() - known.keys()),
                "gone": len(gone),
            }
            bulk("estate.listener", "see", by=by, counts=counts, rows=[sorted(map(str, found))])


def see_certificates(
    item: Item, seen: Sequence[Mapping[str, Any]], *, by: User, now: datetime
) -> None:
    """Replace the certificates seen in use on an item by what is seen now."""
    known = {c.path: c.sha256 for c in item.certificates.all()}
    rows = [_certificate(item, one, now) for one in seen]
    paths = {row.path: row.sha256 for row in rows}
    with transaction.atomic():
        item.certificates.exclude(path__in=paths).delete()
        Certificate.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["item", "path"],
            update_fields=[
                "sha256", "subject", "names", "issuer", "not_before", "not_after", "key_kind",
                "key_bits", "signature", "seen_at",
            ],
        )  # fmt: skip
        if known != paths:
            bulk(
                "estate.certificate",
                "see",
                by=by,
                counts={"seen": len(rows)},
                rows=sorted(paths.items()),
            )


def _certificate(item: Item, one: Mapping[str, Any], now: datetime) -> Certificate:
    return Certificate(
        item=item, path=str(one["path"])[:300], sha256=str(one.get("fingerprint") or "")[:64],
        subject=str(one.get("subject") or "")[:300], names=one.get("names") or [],
        issuer=str(one.get("issuer") or "")[:300], not_before=one.get("not_before"),
        not_after=one.get("ends_at"), key_kind=str(one.get("key_kind") or "")[:12],
        key_bits=one.get("key_bits"), signature=str(one.get("signature") or "")[:40], seen_at=now,
    )  # fmt: skip


def _drop(record: Any, *, by: User) -> None:
    with removed(record, by=by):
        pass
