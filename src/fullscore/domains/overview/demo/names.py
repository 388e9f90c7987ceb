"""What things and people are called at Brightwater."""

from typing import NamedTuple

DOMAIN = "brightwater.example"
TEAMS = ("Platform", "Network", "Data", "Applications")
OPERATIONS_MANAGER, LEAVER, COMING = "Maya de Boer", "Thijs Visser", "Noor Haddad"


class Somebody(NamedTuple):
    """A person: name, team, what they do, and the roles of the account (none: no account)."""

    name: str
    team: str
    work: str
    roles: tuple[str, ...] = ("engineer",)


# The first of each team leads it; Maya leads the leaders.
PEOPLE: tuple[Somebody, ...] = (
    Somebody(OPERATIONS_MANAGER, "Platform", "Operations manager", ("manager", "operator")),
    Somebody("Jonas Lindqvist", "Platform", "Lead", ("approver", "operator")),
    Somebody("Amara Okafor", "Platform", "Systems engineer"),
    Somebody("Pieter Bakker", "Platform", "Systems engineer"),
    Somebody("Li Wei", "Platform", "Virtualisation engineer"),
    Somebody(LEAVER, "Platform", "Systems engineer"),
    Somebody("Sofia Rossi", "Platform", "Cloud engineer"),
    Somebody("Daan Mulder", "Platform", "Service desk", ("viewer",)),
    Somebody("Ines Ferreira", "Network", "Lead", ("approver", "operator")),
    Somebody("Karim Benali", "Network", "Network engineer"),
    Somebody("Hanna Virtanen", "Network", "Network engineer"),
    Somebody("Ruben Jansen", "Network", "Security engineer", ("security",)),
    Somebody("Olga Petrova", "Network", "Network engineer"),
    Somebody("Tomasz Nowak", "Data", "Lead", ("approver", "operator")),
    Somebody("Priya Raman", "Data", "Database administrator"),
    Somebody("Lars Eriksen", "Data", "Database administrator"),
    Somebody("Chiara Conti", "Data", "Storage and backup engineer"),
    Somebody(COMING, "Data", "Database administrator", ()),
    Somebody("Elif Demir", "Applications", "Lead", ("approver", "operator")),
    Somebody("Mark de Wit", "Applications", "Application engineer"),
    Somebody("Grace Mensah", "Applications", "Application engineer"),
    Somebody("Felix Braun", "Applications", "Release engineer"),
    Somebody("Nadia Haidari", "Applications", "Application engineer"),
    Somebody("Sven Maes", "Applications", "Integration engineer"),
    Somebody("Yuki Tanaka", "Applications", "Director of technology", ("executive",)),
)  # fmt: skip

# Site, its short name, its documentation networks.
SITES = (
    ("Amsterdam head office", "ams", "192.0.2.", "2001:db8:a::"),
    ("Rotterdam data centre", "rtm", "198.51.100.", "2001:db8:b::"),
    ("Venlo warehouse", "vnl", "203.0.113.", "2001:db8:c::"),
)
CLOUD_ACCOUNT, CLOUD_NETWORKS = "brightwater-production", ("", "2001:db8:d::")

CAPABILITIES = (
    "Sell and inform", "Move goods", "Store goods", "Exchange with partners", "Run the company",
    "Keep the systems",
)  # fmt: skip
# Capability, service, criticality. The first are the ones the company stands on.
SERVICES: tuple[tuple[int, str, int], ...] = (
    (0, "Customer portal", 1),
    (0, "Track and trace", 1),
    (1, "Transport planning", 1),
    (1, "Driver dispatch", 1),
    (2, "Warehouse management", 1),
    (3, "Carrier messages", 1),
    (1, "Fleet tracking", 2),
    (1, "Route optimisation", 2),
    (2, "Label printing", 2),
    (2, "Dock scheduling", 2),
    (2, "Stock counting", 2),
    (3, "Customs declarations", 2),
    (3, "Partner interface", 2),
    (4, "Invoicing", 2),
    (4, "Payroll", 2),
    (4, "Electronic mail", 2),
    (5, "Sign-in", 2),
    (5, "File shares", 2),
    (0, "Quotations", 3),
    (0, "Web site", 3),
    (0, "Customer survey", 4),
    (1, "Fuel cards", 3),
    (1, "Tachograph archive", 3),
    (1, "Trailer telemetry", 3),
    (2, "Pallet accounts", 3),
    (2, "Returns", 3),
    (2, "Temperature log", 3),
    (3, "Rate import", 3),
    (3, "Document exchange", 3),
    (4, "Intranet", 4),
    (4, "Expenses", 3),
    (4, "Recruiting", 4),
    (4, "Reporting", 3),
    (4, "Archive", 4),
    (5, "Monitoring", 3),
    (5, "Build and release", 3),
    (5, "Ticketing", 3),
    (5, "Software mirror", 4),
    (5, "Remote access", 3),
    (5, "Test environment", 4),
)
