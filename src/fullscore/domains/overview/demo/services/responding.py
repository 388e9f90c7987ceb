"""How Brightwater works on its one open incident, and a security incident it closed."""

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.overview.demo.services.people import address
from fullscore.domains.response.incidents import services as incidents
from fullscore.domains.response.incidents.models import ChecklistStep, Incident, Role
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.models import User
from fullscore.kit.models.user import system

Kind = ChecklistStep.Kind
LEAD, ENGINEER, SCRIBE = "Elif Demir", "Mark de Wit", "Grace Mensah"
# Title, down to which priority, for which kind, whose it is, minutes until it is due.
CHECKLIST = (
    ("Name an incident commander", 2, Kind.ANY, "", 5),
    ("Tell customers what does not work", 2, Kind.ORDINARY, Role.COMMUNICATIONS, 30),
    ("Stop changes on what is affected", 2, Kind.ANY, Role.COMMANDER, 15),
    ("See what changed before it began", 4, Kind.ANY, Role.OPERATIONS, 20),
    ("Keep disks and logs as they are: they are evidence", 4, Kind.SECURITY, Role.OPERATIONS, 30),
    ("Ask whether the data protection officer has to be told", 4, Kind.SECURITY, "", 240),
)
NOTES = (
    (ENGINEER, "Replies of the portal went from 0.14 s to 1.3 s. Its own hosts are idle."),
    (ENGINEER, "Queries wait for the disk of db-02, since its packages were updated."),
)


def prepare() -> None:
    """Let the checklist stand before anything happens."""
    for place, (title, least, kind, role, minutes) in enumerate(CHECKLIST, 1):
        step = ChecklistStep(
            title=title, least_priority=least, kind=kind, role=role, due_minutes=minutes,
            position=place * 10,
        )  # fmt: skip
        with recorded(step, "add", by=system()):
            pass


def respond() -> None:
    """Let people be at work on what is open, and have closed what was not for everybody."""
    live = Incident.objects.live().order_by("pk")
    for incident in live:
        incidents.weigh([incident.pk], now=time.now(), by=system())
        incident.refresh_from_db()
        _work_on(incident)
    _closed_case()


def _work_on(incident: Incident) -> None:
    lead = _user(LEAD)
    for role, name in ((Role.COMMANDER, LEAD), (Role.OPERATIONS, ENGINEER), (Role.SCRIBE, SCRIBE)):
        incidents.start_role(incident, by=lead, role=role, person=_person(name))
    for name, text in NOTES:
        incidents.note(incident, by=_user(name), text=text)
    incidents.decide(incident, by=lead, text="We roll the update of db-02 back if it is the cause.")
    named = incident.tasks.filter(title=CHECKLIST[0][0]).first()
    if named is not None:
        incidents.finish_task(named, by=lead)
    incidents.add_task(
        incident, by=lead, title="Have the way back of the update at hand",
        assignee=_person(ENGINEER), due_minutes=20,
    )  # fmt: skip


def _closed_case() -> None:
    lead = _user(LEAD)
    case = incidents.declare(
        by=lead, title="A deploy key was in a public repository", severity=4,
        root_item=Item.objects.filter(kind="application").order_by("pk").first(),
        owner=Team.objects.get(name="Applications"), is_security=True,
    )  # fmt: skip
    incidents.note(case, by=lead, text="The key opened nothing but the test system.")
    incidents.resolve(case, by=lead, resolution="The key is revoked, and nobody had used it.")


def _person(name: str) -> Person:
    return Person.objects.get(name=name)


def _user(name: str) -> User:
    return User.objects.get(email=address(name))
