"""What a line of prose is about, and whether it says that something is over.

For senders without a key and a state of their own: syslog and e-mail. Words in capitals mean
themselves in capitals only (OK), others in any case (recovered).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

TEMPLATE_LETTERS = 1000
_SPACE = re.compile(r"\s+")
# In this order. Each is bounded, and the text is short: nothing here takes long on any text.
_CHANGING = (
    (re.compile(r'"[^"]{0,200}"|(?<!\w)\'[^\']{0,200}\'(?!\w)|“[^”]{0,200}”'), '"*"'),
    (re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "#"),
    (re.compile(r"(?i)\b0x[0-9a-f]+\b"), "#"),
    (re.compile(r"(?i)(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])"), "#"),
    (re.compile(r"(?i)\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b"), "#"),
    (re.compile(r"[0-9]+"), "#"),
    (re.compile(r"#(?:[.:,/-]#)+"), "#"),
)


def template(text: str) -> str:
    """Return a text without what changes from time to time: numbers, addresses, quoted values."""
    text = text[:TEMPLATE_LETTERS]
    for pattern, mark in _CHANGING:
        text = pattern.sub(mark, text)
    return tidied(text)


def tidied(text: str) -> str:
    """Return a text with single spaces, and none around it."""
    return _SPACE.sub(" ", text).strip()


@dataclass(frozen=True, slots=True)
class StateWords:
    """Which words say that something began, and which that it is over."""

    opened: tuple[re.Pattern[str], ...] = ()
    over: tuple[re.Pattern[str], ...] = ()

    def is_over(self, text: str) -> bool:
        """Say whether a text tells that it is over: of words of both kinds the last counts."""
        return _last(self.over, text) > _last(self.opened, text)

    def without(self, text: str) -> str:
        """Return a text without these words: the same for beginning and end."""
        for pattern in (*self.opened, *self.over):
            text = pattern.sub(" ", text)
        return tidied(text)


@lru_cache(maxsize=256)
def state_words(rules: Sequence[str]) -> StateWords:
    """Read rules such as `down = up`, or `RECOVERED` alone. Raises ValueError with a sentence."""
    opened, over = [], []
    for rule in rules:
        first, sign, second = (part.strip() for part in rule.partition("="))
        if not first or (sign and not second) or "=" in second:
            raise ValueError(f"“{rule}” is neither a word, nor two as in “down = up”.")
        if sign:
            opened.append(first)
        over.append(second or first)
    if both := {word for word in opened if word in over}:
        raise ValueError(f"“{min(both)}” cannot say both that it began and that it is over.")
    return StateWords(_patterns(opened), _patterns(over))


def _patterns(words: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.NOFLAG if word.isupper() else re.I)
        for word in dict.fromkeys(words)
    )


def _last(patterns: Sequence[re.Pattern[str]], text: str) -> int:
    return max((found.start() for p in patterns for found in p.finditer(text)), default=-1)
