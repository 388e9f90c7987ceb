"""Ask what somebody may see and do. `foundation/access` answers; `config` joins the two.

A *reach* says where a permission holds: everywhere, or only for what some teams own or what stands
at some sites. Querysets turn a reach into rows (`visible_to`), `perform` into a yes or no.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q

Actor = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Reach:
    """Where one permission holds for one person."""

    everywhere: bool = False
    teams: frozenset[int] = frozenset()
    sites: frozenset[int] = frozenset()

    @property
    def is_anything(self) -> bool:
        """Say whether the permission is held at all."""
        return self.everywhere or bool(self.teams) or bool(self.sites)

    def rows(self, *, team: str = "", site: str = "") -> Q:
        """Return the condition that keeps the rows in reach.

        The arguments are field paths to ids.
        """
        if self.everywhere:
            return ~Q(pk__in=[])  # not Q(): an empty Q vanishes when it is joined by `|`
        inside = Q(pk__in=[])
        if team and self.teams:
            inside |= Q(**{f"{team}__in": self.teams})
        if site and self.sites:
            inside |= Q(**{f"{site}__in": self.sites})
        return inside


NOWHERE = Reach()
EVERYWHERE = Reach(everywhere=True)

Answer = Callable[[Actor, str], Reach]
_answer: list[Answer] = []


def answer_with(answer: Answer) -> None:
    """Let `answer(user, permission)` decide from now on; called once, by `config`."""
    _answer[:] = [answer]


def reach(user: Actor, permission: str) -> Reach:
    """Return where `user` holds `permission` (as `app.action_noun`).

    Denied unless somebody grants it.
    """
    if not _answer or not user.is_active:
        return NOWHERE
    return _answer[0](user, permission)


def may(user: Actor, permission: str) -> bool:
    """Say whether the person holds the permission anywhere; rows are a second question."""
    return reach(user, permission).is_anything


def permission(model: type[Model] | Any, action: str) -> str:
    """Return the name of the permission to do `action` to records of `model`."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"
