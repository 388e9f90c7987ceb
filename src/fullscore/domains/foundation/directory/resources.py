"""How people and teams are seen."""

from fullscore.domains.foundation.directory import services
from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

PEOPLE = {"email": "team", "starts_on": "team", "ends_on": "team", "time_zone": "team"}

TEAM = Resource(
    Team,
    columns=["name", "parent", "email"],
    fields=["name", "parent", "email"],
    filters=["parent"],
    search=["name", "email"],
    order=["name"],
    icon="users",
    group="People",
    panels=[
        Panel(
            "Members",
            rows=lambda team: team.memberships.filter(ends_on__isnull=True),
            columns=["person", "role", "manager", "starts_on"],
        )
    ],
    verbs=[
        Verb(
            services.add_member,
            permission="directory.add_membership",
            icon="user-plus",
            in_bulk=False,
            done="{} has a member more.",
        ),
    ],
)

PERSON = Resource(
    Person,
    columns=["name", "state", "email", "starts_on"],
    facts=["time_zone", "ends_on", "user"],
    fields=["name", "email", "user", "time_zone", "starts_on", "ends_on", "state"],
    filters=["state"],
    search=["name", "email"],
    order=["name"],
    icon="user",
    group="People",
    people=PEOPLE,
    change=services.change,
    panels=[
        Panel(
            "Teams",
            rows=lambda person: person.memberships.all(),
            columns=["team", "role", "manager", "starts_on", "ends_on"],
        )
    ],
    verbs=[
        Verb(
            services.join,
            permission="directory.add_membership",
            icon="user-plus",
            past="put on a team",
            done=lambda m: f"{m.person} is in {m.team}.",
        ),
        Verb(
            services.leave,
            permission="directory.change_person",
            icon="x",
            tone="danger",
            done=lambda p: f"{p} leaves on {p.ends_on:%-d %b %Y}.",
        ),
    ],
)

MEMBERSHIP = Resource(
    Membership,
    columns=["person", "team", "role", "manager", "starts_on", "ends_on"],
    facts=["is_primary"],
    fields=["person", "team", "role", "manager", "is_primary", "starts_on", "ends_on"],
    filters=["team", "person"],
    search=["person__name", "team__name"],
    order=["-starts_on"],
    icon="users",
    verbs=[Verb(services.end, permission="directory.change_membership", icon="x")],
)
