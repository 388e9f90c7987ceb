"""Runbooks as text: Markdown in, steps out; commands with their values in, one shell line out."""

from fullscore.engines.runbooks.book import (
    ALTERS,
    KINDS,
    Book,
    Kind,
    Parameter,
    Step,
    Trouble,
)
from fullscore.engines.runbooks.filling import filled, given, wrong
from fullscore.engines.runbooks.parsing import read

__all__ = [
    "ALTERS",
    "KINDS",
    "Book",
    "Kind",
    "Parameter",
    "Step",
    "Trouble",
    "filled",
    "given",
    "read",
    "wrong",
]
