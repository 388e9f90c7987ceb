"""Who may do what: twelve roles, as one table over the areas of the product.

A permission is `app.action_noun`. Every permission lies in exactly one *area*; a role says, area
by area, which `action_noun` it covers (`*` stands for anything). What is not named is refused.
Areas are found by pattern, so a new domain is covered without this page knowing it: what no pattern
places is ordinary work. Rows are a second question: `visible_to` of the noun, within the grant's
team or site.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

# The first area that fits counts, so narrow patterns stand before wide ones.
AREAS: list[tuple[str, str]] = [
    ("secrets", "kit.*_secret"),
    ("audit", "kit.*_auditentry"),
    ("access", "kit.*_user"),
    ("access", "access.*"),
    ("system", "kit.*"),
    ("work", "system.*_import"),  # of what one may add anyway: the noun's own rights decide
    ("system", "system.*"),
    ("directory", "directory.*"),
    ("people", "talent.*"),
    ("people", "supervision.*"),
    ("people", "hiring.*"),
    ("awareness", "awareness.*"),
    ("confidential", "security.*"),
    ("system", "incidents.*_alertsource"),  # who may send is a setting, no incident's content
    ("system", "telemetry.*_storagerule"),  # what is dropped is gone: administrators alone
    ("incidents", "incidents.*"),
    ("incidents", "oncall.*"),
    ("incidents", "troubleshooting.*"),
    ("money", "budget.*"),
    ("money", "vendors.*"),
    ("planning", "projects.*"),
    ("planning", "strategy.*"),
]
WORK = "work"  # everything else: estate, findings, telemetry, changes, servers, databases …

ALL = ("*",)
VIEW = ("view_*",)
EDIT = ("view_*", "add_*", "change_*")
DAILY = (
    "add_*", "change_*", "acknowledge_*", "assign_*", "comment_*", "request_*", "note_*", "link_*",
    "declare_*", "decide_*", "ask_*", "run_*", "resolve_*", "reopen_*", "close_*", "draft_*",
    "snooze_*",
)  # fmt: skip
TALK = ("acknowledge_*", "assign_*", "comment_*", "request_*")
RUN = (*TALK, "add_checkliststep", "change_checkliststep", "delete_checkliststep", "publish_*")
ACT = (
    "mute_*",
    "tune_*",
    "execute_*",
    "start_*",
    "stop_*",
    "pause_*",
    "resume_*",
    "apply_*",
    "take_*",
    "restore_*",
    "trust_*",
)
DECIDE = ("approve_*", "grant_*", "waive_*")
OWN_KEYS = ("revoke_apitoken",)  # of one's own: the rows and the verb see to that


@dataclass(frozen=True, slots=True)
class Role:
    """One role: what it is for, which others it contains, and what it adds in each area."""

    name: str
    about: str
    contains: tuple[str, ...] = ()
    may: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_privileged: bool = False  # needs a second factor


ROLES: tuple[Role, ...] = (
    Role(
        "viewer",
        "Sees everything but people's records, secrets, accounts and the audit.",
        may={
            WORK: VIEW, "directory": VIEW, "system": VIEW, "incidents": VIEW, "money": VIEW,
            "planning": VIEW, "access": OWN_KEYS,
        },
    ),
    Role(
        "engineer",
        "Does the daily work: changes, acknowledges, assigns, comments.",
        contains=("viewer",),
        may={WORK: DAILY, "incidents": DAILY, "planning": TALK},
    ),
    Role(
        "operator",
        "Also lets things happen on the estate: starts, stops, applies, restores.",
        contains=("engineer",),
        may={WORK: ACT, "incidents": ACT},
        is_privileged=True,
    ),
    Role(
        "approver",
        "Also lets others go ahead; does not execute.",
        contains=("engineer",),
        may={WORK: DECIDE, "incidents": (*DECIDE, "publish_*"), "planning": DECIDE},
        is_privileged=True,
    ),
    Role(
        "manager",
        "Leads a team: plans, sees its people, lets others in as far as they are in themselves.",
        contains=("viewer",),
        may={
            WORK: TALK, "incidents": RUN, "planning": EDIT, "people": EDIT,
            "access": ("view_user", "view_rolegrant", "add_rolegrant", "change_rolegrant"),
        },
    ),
    Role("executive", "Sees and comments.", contains=("viewer",), may={"planning": ("comment_*",)}),
    Role(
        "hr",
        "Keeps the people's records.",
        contains=("viewer",),
        may={"directory": EDIT, "people": ALL},
    ),
    Role(
        "controller",
        "Keeps budgets, contracts and invoices.",
        contains=("viewer",),
        may={"money": ALL, "planning": TALK},
    ),
    Role(
        "security",
        "Handles security incidents; reads accounts and the audit.",
        contains=("engineer",),
        may={"confidential": ALL, "access": VIEW, "audit": VIEW},
    ),
    Role(
        "awareness_officer",
        "Runs training and simulations, and alone sees their results.",
        contains=("viewer",),
        may={"awareness": ALL},
    ),
    Role(
        "auditor",
        "Reads everything but people's records and secrets, the audit too.",
        contains=("viewer",),
        may={"access": VIEW, "audit": VIEW, "confidential": VIEW, "awareness": ("view_course",)},
    ),
    Role(
        "administrator",
        "Settings, accounts and everything technical; no people's records, no incident content.",
        may={
            WORK: ALL, "directory": ALL, "system": ALL, "access": ALL, "secrets": ALL,
            "audit": VIEW,
        },
        is_privileged=True,
    ),
)  # fmt: skip
BY_NAME: dict[str, Role] = {role.name: role for role in ROLES}
CHOICES = [(role.name, role.name.replace("_", " ").capitalize()) for role in ROLES]
PRIVILEGED = frozenset(role.name for role in ROLES if role.is_privileged)


def grants(role: str, permission: str) -> bool:
    """Say whether a role covers a permission; an unknown role or a malformed name never does."""
    codename = permission.partition(".")[2]
    return bool(codename) and any(
        fnmatchcase(codename, pattern) for pattern in covered(role, area_of(permission))
    )


@lru_cache(maxsize=4096)
def area_of(permission: str) -> str:
    """Return the one area a permission lies in."""
    return next((area for area, pattern in AREAS if fnmatchcase(permission, pattern)), WORK)


@lru_cache(maxsize=256)
def covered(role: str, area: str) -> tuple[str, ...]:
    """Return what a role covers in an area, with the roles it contains."""
    found = BY_NAME.get(role)
    if found is None:
        return ()
    contained = (pattern for other in found.contains for pattern in covered(other, area))
    return (*found.may.get(area, ()), *contained)


def exceeds(role: str, held: Iterable[str]) -> bool:
    """Say whether a role covers anything that the held ones together do not."""
    held = tuple(held)
    areas = {WORK, *(area for area, _ in AREAS)}
    return any(
        not any(fnmatchcase(pattern, other) for one in held for other in covered(one, area))
        for area in areas
        for pattern in covered(role, area)
    )


def place(area: str, *patterns: str) -> None:
    """Put further permissions into an area, before everything placed so far; called by `config`."""
    AREAS[:0] = [(area, pattern) for pattern in patterns]
    area_of.cache_clear()
