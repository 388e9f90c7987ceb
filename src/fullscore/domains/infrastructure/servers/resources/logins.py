"""How it is seen who gets in: the keys that open logins, and what sudo lets them do."""

import django_filters
from django.db.models import QuerySet

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.infrastructure.servers.models import Account, AccountKey, Server, SudoRule
from fullscore.kit.resource import Panel, Resource, Searched


def _rules_for(account: Account) -> QuerySet[SudoRule]:
    """Return the rules that may be a login's: those of its server, the widest first."""
    return account.server.sudo_rules.order_by("-gives_root", "file", "line", "part")


class SudoFilters(Searched):
    """What sudo rules are found by beside their fields."""

    tag = django_filters.CharFilter(field_name="tags", lookup_expr="icontains", label="Tag")


ACCOUNT_KEY = Resource(
    AccountKey,
    columns=["account", "person", "type", "bits", "comment", "fingerprint", "options"],
    facts=["server", "file"],
    filters=["server", "person", "type", "bits", "account__name", "account__can_log_in"],
    quick={"Of people who have left": "person__state=left", "In root": "account__name=root"},
    search=["comment", "fingerprint", "account__name", "server__item__name", "person__name"],
    order=["fingerprint", "pk"],
    icon="key-square",
    group="Estate",
    under="Servers",
    name="account-key",
    subtitle=lambda k: " · ".join(filter(None, [k.type, f"{k.bits} bits" if k.bits else ""])),
    panels=[
        Panel("Keys that open it", on=Server, rows=lambda s: s.account_keys.all(),
              columns=["account", "person", "type", "bits", "comment"]),
        Panel("Keys that open it", on=Account, rows=lambda a: a.keys.all(),
              columns=["comment", "person", "type", "bits", "fingerprint", "options"]),
        Panel("Keys on servers", on=Person, rows=lambda p: p.server_keys.all(),
              columns=["account", "server", "comment", "fingerprint"]),
    ],
)  # fmt: skip

SUDO_RULE = Resource(
    SudoRule,
    columns=["who", "server", "run_as", "tags", "commands", "gives_root", "file", "line"],
    facts=["hosts"],
    filters=["server", "who", "gives_root", "file"],
    filterset=SudoFilters,
    quick={"Everything as root": "gives_root=true", "Without a password": "tag=NOPASSWD"},
    search=["who", "commands", "file", "server__item__name"],
    order=["who", "file", "pk"],
    icon="user-key",
    group="Estate",
    under="Servers",
    name="sudo-rule",
    panels=[
        Panel("What sudo allows", on=Server, rows=lambda s: s.sudo_rules.all(),
              columns=["who", "run_as", "tags", "commands", "file", "line"]),
        Panel("What sudo allows on its server", on=Account, rows=_rules_for,
              columns=["who", "run_as", "tags", "commands", "file", "line"]),
    ],
)  # fmt: skip
