"""The words an item is recognised by: learned from sightings, shared by clones."""

from collections.abc import Iterable

from django.db.models import Q

from fullscore.domains.foundation.estate.models import Identifier, Item
from fullscore.domains.foundation.estate.queries import identity as known
from fullscore.domains.foundation.estate.services.links import drop
from fullscore.engines import identity
from fullscore.engines.identity import Word
from fullscore.kit.audit import recorded
from fullscore.kit.models import User


def learn(item: Item, words: Iterable[Word], index: identity.Index, *, by: User) -> None:
    """Keep the words an item is recognised by; known ones are left alone.

    A strong word of another live item is not taken: one thing or two? A person decides. That of a
    retired one is, for it is found in the place of the old.
    """
    own = set(item.identifiers.values_list("kind", "value", "vendor"))
    for word in sorted(set(words)):
        if tuple(word) in own:
            continue
        if identity.is_strong(word) and not _is_free(word, item, by=by):
            continue
        found = Identifier(item=item, kind=word.kind, value=word.value, vendor=word.vendor)
        if word.kind == "ssh_key":
            found.is_shared = _is_image_key(word, item, by=by)
        with recorded(found, "identify", by=by):
            pass
    index.add(known.known_by([item.pk])[0])


def _is_free(word: Word, item: Item, *, by: User) -> bool:
    """Say whether no other live item has a word; a retired one gives it up."""
    rows = Identifier.objects.filter(kind=word.kind, value__in=identity.forms(word))
    rows = rows.exclude(item=item).filter(Q(vendor=word.vendor) | Q(vendor=""), is_shared=False)
    for row in rows.select_related("item"):
        if row.item.state != Item.State.RETIRED:
            return False
        drop(row, by=by)
    return True


def _is_image_key(word: Word, item: Item, *, by: User) -> bool:
    """Say whether an ssh key came with an image; with the third item that has it, on all."""
    rows = Identifier.objects.filter(kind="ssh_key", value=word.value).exclude(item=item)
    holders = {word: [*rows.values_list("item", flat=True), item.pk]}
    if word not in identity.shared_keys(holders):
        return False
    for row in rows.filter(is_shared=False):
        with recorded(row, "share", by=by, note="three items or more have this key"):
            row.is_shared = True
    return True
