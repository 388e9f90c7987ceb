"""People, services, and a small estate of two teams at two sites."""

from dataclasses import dataclass

import pytest
from django.core.cache import cache

from fullscore.domains.foundation.access import queries
from fullscore.domains.foundation.access.services import grants
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import access
from fullscore.kit.models import User
from fullscore.kit.models.user import system


@pytest.fixture(autouse=True)
def _access_answers():
    before = access._answer[:]
    access.answer_with(queries.reach)
    yield
    access._answer[:] = before


@pytest.fixture
def someone(db):
    """Make an account by name, with roles that hold everywhere."""

    def make(name: str, *roles: str, kind: str = User.Kind.PERSON) -> User:
        user = User.objects.create_user(f"{name}@example.org", name=name.title(), kind=kind)
        for role in roles:
            grants.grant(user, by=system(), role=role)
        return user

    return make


@dataclass
class Estate:
    red: Team
    blue: Team
    north: Item
    south: Item
    red_north: Item
    blue_north: Item
    blue_south: Item


@pytest.fixture
def estate(db):
    red, blue = Team.objects.create(name="Red"), Team.objects.create(name="Blue")
    north = Item.objects.create(kind="site", name="North")
    south = Item.objects.create(kind="site", name="South")

    def host(name, owner, site):
        return Item.objects.create(kind="host", name=name, owner=owner, site=site)

    return Estate(
        red, blue, north, south,
        host("rn", red, north), host("bn", blue, north), host("bs", blue, south),
    )  # fmt: skip


@pytest.fixture
def pages(settings, db):
    """Let the pages of access stand behind the middlewares that `config` puts before them."""
    settings.ROOT_URLCONF = "tests.domains.foundation.access.urls"
    settings.MIDDLEWARE = in_order(settings.MIDDLEWARE)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # for speed
    cache.clear()


def in_order(middlewares):
    """Return them as they must stand: problems outside the library's, which has own exceptions."""
    problems = "fullscore.interfaces.web.problems.ProblemsAndOrigin"
    own = [f"fullscore.domains.foundation.access.sessions.{name}"
           for name in ("SessionEnds", "SecondFactor", "FreshSignIn")]  # fmt: skip
    others = [m for m in middlewares if m not in (problems, *own)]
    place = others.index("allauth.account.middleware.AccountMiddleware")
    return [*others[:place], problems, *others[place:], *own]
