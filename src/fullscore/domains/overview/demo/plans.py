"""What Brightwater changed in three months, and what it is about to. Pure.

Days and hours are counted from now: negative lies behind. Everything that went wrong did so once,
and was looked back on, so that no check of changes has anything to say.
"""

from typing import NamedTuple

AMARA, PIETER, LI, SOFIA = "Amara Okafor", "Pieter Bakker", "Li Wei", "Sofia Rossi"
JONAS, INES, TOMASZ, ELIF = "Jonas Lindqvist", "Ines Ferreira", "Tomasz Nowak", "Elif Demir"
MAYA, KARIM, PRIYA, FELIX = "Maya de Boer", "Karim Benali", "Priya Raman", "Felix Braun"
CHIARA, GRACE = "Chiara Conti", "Grace Mensah"


class Template(NamedTuple):
    """A standard change: title, allowed items, plan, who wrote and who approved it."""

    title: str
    selector: str
    plan: str
    written_by: str
    approved_by: str


class Planned(NamedTuple):
    """One change. `starts` and `hours` are its window; approvers are those who said yes."""

    title: str
    starts: float  # hours from now
    hours: float
    items: tuple[str, ...]
    requested_by: str
    state: str
    executor: str = ""
    approvers: tuple[str, ...] = ()
    kind: str = "normal"
    rollback: str = "written"
    verification: str = "automated"
    template: str = ""
    outcome: str = ""
    plan: str = ""
    why: str = ""


PATCH, DISK = "Monthly patches of one host", "Replace a failed disk"
TEMPLATES = (
    Template(
        PATCH, "", "Move guests away\nInstall updates\nRestart\nLook at the checks", AMARA, JONAS
    ),
    Template(
        DISK, "kind=hypervisor", "Mark it failed\nSwap it\nWait for the rebuild", PIETER, JONAS
    ),
)
# Name, kind, band, environment, tag, approvals, team.
POLICIES = (
    ("Low risk goes ahead", "", "low", "", "", 0, ""),
    ("Production has a second pair of eyes", "normal", "medium", "production", "", 1, ""),
    ("Databases: one of Data", "normal", "medium", "", "database", 1, "Data"),
    ("Emergencies: one who may approve", "emergency", "", "", "", 1, ""),
)
# Name, reason, items, first and last hour from now.
FREEZES = (
    ("Quarter close", "Finance closes the books.", "tag=database", -24 * 52, -24 * 49),
    ("Peak week", "Twice the usual shipments.", "", 24 * 12, 24 * 19),
)
UPGRADE = "Say so in the channel\nTake a snapshot\nUpgrade\nRun the smoke test"
CHANGES = (
    Planned(
        "Move the core switch to the new firmware",
        -24 * 80,
        2,
        ("core-ams-2",),
        KARIM,
        "done",
        INES,
        (JONAS, TOMASZ),
        plan=UPGRADE,
        outcome="As planned, 40 minutes.",
    ),
    Planned(
        "Patches of September",
        -24 * 76,
        2,
        ("inf-01",),
        AMARA,
        "done",
        JONAS,
        (),
        "standard",
        template=PATCH,
        outcome="As planned.",
    ),
    Planned(
        "Larger volume for db-02",
        -24 * 72,
        1,
        ("db-02",),
        PRIYA,
        "done",
        TOMASZ,
        (JONAS,),
        plan="Grow the volume\nGrow the file system",
        outcome="As planned.",
    ),
    Planned(
        "New release of the customer portal",
        -24 * 66,
        1,
        ("customer-portal (ams)",),
        FELIX,
        "rolled_back",
        ELIF,
        (JONAS,),
        rollback="rehearsed",
        plan=UPGRADE,
        outcome="Sign-in failed for partners; the former release was back in nine minutes.",
    ),
    Planned(
        "New release of the customer portal, second try",
        -24 * 59,
        1,
        ("customer-portal (ams)",),
        FELIX,
        "done",
        ELIF,
        (JONAS,),
        rollback="rehearsed",
        plan=UPGRADE,
        outcome="As planned; partners were tested first.",
    ),
    Planned(
        "Firewall rules for the new carrier",
        -24 * 55,
        1,
        ("fw-rtm-1",),
        KARIM,
        "done",
        INES,
        (JONAS, TOMASZ),
        plan="Load the rules\nTest from outside",
        outcome="As planned.",
    ),
    Planned(
        "Patches of October",
        -24 * 46,
        2,
        ("inf-02",),
        AMARA,
        "done",
        JONAS,
        (),
        "standard",
        template=PATCH,
        outcome="As planned.",
    ),
    Planned(
        "Replace the disk of hv-ams-02",
        -24 * 41,
        3,
        ("hv-ams-02",),
        PIETER,
        "done",
        JONAS,
        (),
        "standard",
        template=DISK,
        outcome="Rebuilt over night.",
    ),
    Planned(
        "Minor upgrade of PostgreSQL on db-04",
        -24 * 38,
        2,
        ("db-04",),
        PRIYA,
        "failed",
        TOMASZ,
        (JONAS,),
        rollback="rehearsed",
        plan=UPGRADE,
        outcome="The package was withdrawn by its maker; nothing was altered in the end.",
    ),
    Planned(
        "Restart the message broker",
        -24 * 33,
        0.5,
        ("app-05",),
        GRACE,
        "done",
        ELIF,
        (JONAS,),
        "emergency",
        "none",
        "manual",
        outcome="Messages flowed after two minutes.",
    ),
    Planned(
        "Second uplink of the warehouse",
        -24 * 30,
        3,
        ("core-vnl-1",),
        KARIM,
        "done",
        INES,
        (JONAS, TOMASZ),
        plan="Patch the fibre\nJoin the links",
        outcome="As planned.",
    ),
    Planned("Deploy of rate-import 4.2", -24 * 27, 0.25, ("rate-import (ams)",), FELIX, "recorded"),
    Planned(
        "New certificate for the balancer",
        -24 * 24,
        0.5,
        ("lb-ams-1",),
        KARIM,
        "done",
        INES,
        (JONAS, TOMASZ),
        verification="automated",
        outcome="As planned.",
    ),
    Planned(
        "Move backups to the new target",
        -24 * 20,
        4,
        ("inf-03",),
        CHIARA,
        "abandoned",
        outcome="The target has no room before spring.",
    ),
    Planned(
        "Rename the service accounts",
        -24 * 17,
        2,
        ("inf-04",),
        AMARA,
        "done",
        JONAS,
        (TOMASZ,),
        plan="Make the new ones\nSwitch\nRemove the old ones",
        outcome="As planned.",
    ),
    Planned(
        "Deploy of tracking 9.1", -24 * 12, 0.25, ("track-and-trace (ams)",), FELIX, "recorded"
    ),
    Planned(
        "Turn off old ciphers on the web site",
        -24 * 9,
        1,
        ("web-site (ams)",),
        GRACE,
        "done",
        ELIF,
        (JONAS,),
        outcome="As planned; one old scanner complained.",
    ),
    Planned(
        "Clear the full log volume of app-07",
        -26,
        1,
        ("app-07",),
        GRACE,
        "done",
        ELIF,
        (JONAS,),
        "emergency",
        "none",
        "manual",
        outcome="The volume is at 40 %; rotation is still to be set.",
    ),
    Planned(
        "Kernel of cloud-03",
        -1.2,
        2,
        ("cloud-03",),
        SOFIA,
        "verifying",
        JONAS,
        (TOMASZ,),
        plan="Install the kernel\nRestart",
    ),
    Planned(
        "Move guests off hv-rtm-01",
        -0.4,
        3,
        ("hv-rtm-01",),
        LI,
        "running",
        MAYA,
        (JONAS,),
        rollback="rehearsed",
        plan="Stop new guests\nMove the guests\nSet it to maintenance",
    ),
    Planned(
        "Minor upgrade of PostgreSQL on db-06",
        20,
        2,
        ("db-06",),
        PRIYA,
        "approved",
        TOMASZ,
        (JONAS,),
        rollback="rehearsed",
        plan=UPGRADE,
    ),
    Planned(
        "Patches of this month",
        44,
        2,
        ("inf-01",),
        AMARA,
        "approved",
        JONAS,
        (),
        "standard",
        template=PATCH,
    ),
    Planned(
        "New firmware for both firewalls",
        68,
        3,
        ("fw-ams-1", "fw-rtm-1"),
        KARIM,
        "waiting",
        INES,
        rollback="none",
        verification="manual",
        plan="Upgrade the first\nFail over\nUpgrade the second",
        why="The maker closes a hole that is used by attackers.",
    ),
    Planned(
        "Larger pool of the sign-in service",
        70,
        1,
        ("sign-in (ams)",),
        FELIX,
        "waiting",
        ELIF,
        rollback="none",
        plan="Raise the limit\nRestart one by one",
    ),
    Planned(
        "Replace the access switch in Venlo",
        24 * 6,
        4,
        ("sw-vnl-01",),
        KARIM,
        "assessed",
        plan="Label the cables\nSwap it\nLoad the configuration",
    ),
    Planned(
        "Move the archive to cheaper storage",
        24 * 14,
        8,
        ("db-08",),
        CHIARA,
        "draft",
        why="It costs three times what it should.",
    ),
)
