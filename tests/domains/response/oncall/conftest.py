"""What tests of being on call share."""

from datetime import timedelta

import pytest

from fullscore.domains.response.oncall import jobs
from fullscore.domains.response.oncall.services import escalating, sending
from fullscore.domains.response.oncall.services.escalating import Subject
from fullscore.kit import time
from fullscore.kit.models.user import system


@pytest.fixture
def clock(monkeypatch):
    """Return a function that moves the time on by so many seconds, and tells it."""
    now = [time.now().replace(microsecond=0)]
    monkeypatch.setattr(time, "now", lambda: now[0])

    def on(seconds=0.0):
        now[0] += timedelta(seconds=seconds)
        return now[0]

    return on


class Post:
    """Takes every letter instead of the world, and can refuse."""

    def __init__(self):
        self.letters, self.problem, self.is_final = [], "", False

    def send(self, letter, *, guard):
        self.letters.append(letter)
        return sending.Outcome(
            letter.attempt, answer="" if self.problem else "taken", problem=self.problem,
            is_final=self.is_final,
        )  # fmt: skip

    @property
    def addresses(self):
        return [letter.target.address for letter in self.letters]


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def live(clock, post):
    """Return a function that lets time pass, second by second where something is due."""

    def on(seconds=0, step=5):
        jobs.tick(post.send)
        for _ in range(int(seconds // step)):
            clock(step)
            jobs.tick(post.send)

    return on


def subject(record=1, severity=5, **more):
    return Subject("tests.subject", record, "Shop is down", "/incidents/1", severity, **more)


@pytest.fixture
def start():
    """Return a function that begins an escalation."""
    return lambda **more: escalating.start(subject(**more), by=system())
