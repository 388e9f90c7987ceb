"""How accounts, their roles and their tokens are seen."""

from typing import Any

from fullscore.domains.foundation.access import roles
from fullscore.domains.foundation.access.models import ApiToken, RoleGrant
from fullscore.domains.foundation.access.services import accounts, grants, keys, links
from fullscore.kit import time
from fullscore.kit.models import User
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource


def _closed(user: Any) -> str:
    return "" if user.is_active else "This account is closed."


def _no_door(user: Any) -> str:
    return _closed(user) or ("" if user.kind == User.Kind.PERSON else "Only people sign in.")


def _over(grant: Any) -> str:
    is_over = grant.ends_on is not None and grant.ends_on <= time.now().date()
    return "This role has ended." if is_over else ""


def _dead(token: Any) -> str:
    return "This token is revoked." if token.revoked_at else ""


ACCOUNT = Resource(
    User,
    needs_fresh=True,
    columns=["name", "email", "kind", "is_active", "joined_at"],
    fields=["email", "name", "kind"],
    filters=["kind", "is_active"],
    search=["name", "email"],
    order=["name", "email", "-joined_at"],
    icon="user-check",
    group="System",
    people={"email": "team"},
    add=accounts.add,
    change=accounts.change,
    in_bulk=False,
    panels=[
        Panel(
            "Roles",
            rows=lambda user: user.role_grants.all(),
            columns=["role", "team", "site", "starts_on", "ends_on", "granted_by"],
        ),
        Panel(
            "API tokens",
            rows=lambda user: user.api_tokens.all(),
            columns=["name", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"],
        ),
    ],
    verbs=[
        Verb(
            grants.grant,
            permission="access.add_rolegrant",
            needs_fresh=True,
            icon="key-round",
            tone="primary",
            when=_closed,
            in_bulk=False,
            choices={"role": roles.CHOICES},
            done=lambda g: f"Granted: {g}.",
        ),
        Verb(
            links.send,
            name="send_link",
            done="A link that signs in once is on its way to {}.",
            permission="access.add_signinlink",
            needs_fresh=True,
            icon="mail",
            when=_no_door,
            in_bulk=False,
        ),
        Verb(
            accounts.deactivate,
            permission="kit.deactivate_user",
            done="{} can no longer sign in.",
            needs_fresh=True,
            icon="x",
            tone="danger",
            when=_closed,
            in_bulk=False,
        ),
    ],
)

ROLE_GRANT = Resource(
    RoleGrant,
    needs_fresh=True,
    columns=["user", "role", "team", "site", "starts_on", "ends_on", "granted_by"],
    filters=["role", "user", "team", "site"],
    search=["user__name", "user__email"],
    order=["user", "role", "-starts_on"],
    icon="user-plus",
    group="System",
    under="Accounts",
    in_bulk=False,
    verbs=[
        Verb(
            grants.end,
            permission="access.change_rolegrant",
            needs_fresh=True,
            icon="x",
            tone="danger",
            when=_over,
            in_bulk=False,
        )
    ],
)

API_TOKEN = Resource(
    ApiToken,
    adds_by_page=True,
    needs_fresh=True,
    name="api-token",
    columns=["name", "user", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"],
    facts=["address_range", "issued_at"],
    filters=["user"],
    search=["name", "prefix"],
    order=["-issued_at", "expires_at", "name"],
    icon="key-round",
    group="System",
    under="Accounts",
    verbs=[
        Verb(keys.revoke, permission="access.revoke_apitoken", icon="x", tone="danger", when=_dead)
    ],
)
