"""What the checks of this domain read, as values."""

from typing import NamedTuple


class Unowned(NamedTuple):
    """A sender, and how many of its series are nobody's."""

    key: int
    name: str
    item: int | None  # the site the key is for
    series: int
    unowned: int
    examples: tuple[dict[str, str], ...] = ()


class Targeted(NamedTuple):
    """A scrape target, and how often in a row it failed."""

    target: int
    item: int
    item_name: str
    url: str
    failures: int
    error: str
