"""Who holds what, where: the answer `kit.access` asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from allauth.mfa.models import Authenticator

from fullscore.domains.foundation.access import roles
from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import time
from fullscore.kit.access import EVERYWHERE, NOWHERE, Actor, Reach
from fullscore.kit.models import User

REMEMBERED_SECONDS = 5  # a request is over sooner; a live connection learns of changes within it


@dataclass(frozen=True, slots=True)
class Held:
    """One role somebody holds, and for which team or site (neither: everywhere)."""

    role: str
    team: int | None
    site: int | None

    def covers(self, team: int | None, site: int | None) -> bool:
        """Say whether the role holds for all of a team, of a site, or (neither) everywhere."""
        if self.team is None and self.site is None:
            return True
        return (self.team, self.site) == (team, site)


def reach(user: Actor, permission: str) -> Reach:
    """Return where somebody holds a permission: the union over the grants of this day.

    The system reaches everywhere. One question to the database per user object and five seconds.
    """
    if not isinstance(user, User) or not user.is_active:
        return NOWHERE
    if user.kind == User.Kind.SYSTEM:
        return EVERYWHERE
    fitting = [held for held in held_by(user) if roles.grants(held.role, permission)]
    if any(held.covers(None, None) for held in fitting):
        return EVERYWHERE
    return Reach(
        teams=frozenset(held.team for held in fitting if held.team is not None),
        sites=frozenset(held.site for held in fitting if held.site is not None),
    )


def held_by(user: User) -> Sequence[Held]:
    """Return the roles somebody holds today; kept on the user object for the request."""
    kept: tuple[float, list[Held]] | None = getattr(user, "_grants", None)
    if kept and monotonic() - kept[0] < REMEMBERED_SECONDS:
        return kept[1]
    rows = RoleGrant.objects.on(time.now().date()).filter(user_id=user.pk)
    held = [Held(*row) for row in rows.order_by("pk").values_list("role", "team_id", "site_id")]
    user._grants = (monotonic(), held)  # type: ignore[attr-defined]
    return held


def forget(user: User) -> None:
    """Let the next question about this user object go to the database."""
    user._grants = None  # type: ignore[attr-defined]


def may_grant(by: User, role: str, *, team: Team | None, site: Item | None) -> bool:
    """Say whether somebody may give a role there: nobody gives more than they hold there."""
    if by.kind == User.Kind.SYSTEM:
        return by.is_active
    where = (team.pk if team else None, site.pk if site else None)
    held = {one.role for one in held_by(by) if by.is_active and one.covers(*where)}
    if "administrator" in held:
        return True
    may = any(roles.grants(one, "access.add_rolegrant") for one in held)
    return may and not roles.exceeds(role, held)


def is_privileged(user: User) -> bool:
    """Say whether somebody holds a role that needs a second factor."""
    return any(held.role in roles.PRIVILEGED for held in held_by(user))


def has_second_factor(user: User) -> bool:
    """Say whether a code generator or a passkey is set up; recovery codes alone do not count."""
    strong = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=strong).exists()


def has_passkey(user: User) -> bool:
    """Say whether somebody can sign in with a passkey."""
    passkeys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return passkeys.exists()


def is_alone() -> bool:
    """Say whether only one person's account can sign in, so that nobody could be the second eye."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    return len(people.values_list("pk", flat=True)[:2]) < 2
