"""The command line, run in this process."""

from dataclasses import dataclass

import pytest

from fullscore.interfaces.cli.run import Command, run
from fullscore.kit.errors import NotFound
from fullscore.kit.models import User
from tests.interfaces.people import ALL, RESOURCES, SEEING, account, holding


@dataclass(frozen=True)
class Ran:
    """What one command left."""

    code: int
    out: str
    err: str


def who(email):
    """Return the named account; Ann when nobody is named."""
    found = User.objects.filter(email=email or "ann@example.org").first()
    if found is None:
        raise NotFound(f"There is no account {email}.")
    return found


COMMANDS = (
    Command("echo", "say it again", lambda words: print(*words) or 0),
    Command("break", "fail without a reason", lambda words: 1 // 0),
)


@pytest.fixture
def ann(db):
    """Return an account that may do everything in the directory."""
    ann, _ = account("ann"), account("bob")
    with holding({"ann@example.org": ALL, "bob@example.org": SEEING}):
        yield ann


@pytest.fixture
def fullscore(capsys, monkeypatch):
    """Return the command, on a terminal 80 wide."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FULLSCORE_USER", raising=False)

    def ran(*words, resources=lambda: RESOURCES):
        code = run(words, resources, COMMANDS, who)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return ran
