"""Giving roles and taking them back."""

from datetime import date

from fullscore.domains.foundation.access import queries, roles
from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import sessions
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User


def grant(
    user: User,
    *,
    by: User,
    role: str,
    team: Team | None = None,
    site: Item | None = None,
    ends_on: date | None = None,
) -> RoleGrant:
    """Give an account a role: everywhere, for a team's things, or at a site."""
    _check_grant(user, by=by, role=role, team=team, site=site)
    today = time.now().date()
    same = RoleGrant.objects.on(today).filter(user=user, role=role, team=team, site=site)
    if same.exists():
        raise Conflict(f"{user} holds this role there already.")
    if ends_on is not None and ends_on <= today:
        raise Invalid("The end lies in the past.", {"ends_on": ["Choose a day after today."]})
    made = RoleGrant(
        user=user, role=role, team=team, site=site, starts_on=today, ends_on=ends_on, granted_by=by
    )
    with recorded(made, "grant", by=by):
        pass
    _changed(user)
    return made


def end(grant: RoleGrant, *, by: User, note: str = "") -> RoleGrant:
    """Take a role back from today on; the account's sessions end, so that nothing lingers."""
    today = time.now().date()
    if grant.ends_on is not None and grant.ends_on <= today:
        raise Conflict(f"This role ended on {grant.ends_on}.")
    if not queries.may_grant(by, grant.role, team=grant.team, site=grant.site):
        raise NotAllowed("You can only take back what you could grant yourself.")
    _keep_an_administrator(grant)
    with recorded(grant, "end", by=by, note=note):
        grant.ends_on = today
    _changed(grant.user)
    return grant


def _check_grant(user: User, *, by: User, role: str, team: Team | None, site: Item | None) -> None:
    if role not in roles.BY_NAME:
        raise Invalid(f"There is no role “{role}”.", {"role": ["Choose one of the roles."]})
    if user.pk == by.pk:
        raise NotAllowed("Nobody grants a role to themselves; ask another administrator.")
    if user.kind == User.Kind.SYSTEM:
        raise Conflict("The system's own account needs no roles.")
    if site is not None and site.kind != "site":
        raise Invalid(f"{site} is a {site.kind}, not a site.", {"site": ["Choose a site."]})
    if not queries.may_grant(by, role, team=team, site=site):
        raise NotAllowed(
            f"You can only grant what you hold yourself there; “{role}” goes beyond it."
        )


def _keep_an_administrator(grant: RoleGrant) -> None:
    """Refuse to take the last administrator's role: nobody could give it back."""
    if grant.role != "administrator" or grant.team_id or grant.site_id:
        return
    others = RoleGrant.objects.on(time.now().date()).filter(
        role="administrator", team=None, site=None, user__is_active=True, user__kind="person"
    )
    if not others.exclude(user=grant.user).exists():
        raise Conflict(f"{grant.user} is the last administrator: make another one first.")


def _changed(user: User) -> None:
    queries.forget(user)
    sessions.end_all(user)
