"""`fullscore changed`."""

from datetime import datetime

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.troubleshooting.reading import asked
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


def tell_changed(
    *, incident: int | None, item: str | None, at: str | None, hours: int, by: User
) -> int:
    """Print what changed before an incident, or before a moment at an item, worst first."""
    told = asked.changed(
        by, incident=incident, item=_item(item, by) if item else None, at=_moment(at), hours=hours
    )
    print(f"{told['count']} things changed in the {hours} h before {told['moment']:%F %H:%M} UTC.")
    for row in told["rows"]:
        print(f"{row['score']:.2f}  {row['at']:%F %H:%M}  {row['item']['name']}  {row['what']}")
        print(f"      {' '.join(row['why'])}")
    return 0


def _item(word: str, by: User) -> int:
    """Return the item of a number, or of a name that only one has."""
    seen = Item.objects.visible_to(by).live()
    found = list(seen.filter(pk=word) if word.isdecimal() else seen.filter(name__iexact=word))
    if len(found) != 1:
        told = "There is no" if not found else "More than one is called"
        raise Invalid(f"{told} item “{word[:80]}”: name one by its number.")
    return found[0].pk


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(f"“{text}” is no moment: write one such as 2026-11-17T02:13.") from error
