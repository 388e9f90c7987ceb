"""`fullscore server enrol` and `fullscore server grants`."""

from django.conf import settings

from fullscore.connectors.probe import probe
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import User
from fullscore.kit.perform import require

TIMER = """
# /etc/systemd/system/fullscore-probe.service
[Service]
Type=oneshot
DynamicUser=yes
StateDirectory=fullscore-probe
LoadCredential=token:/etc/fullscore-probe.token
ExecStart=/usr/bin/python3 /usr/local/lib/fullscore-probe.py --facts --samples \\
  --push {address}/api/push --token-file %d/token

# /etc/systemd/system/fullscore-probe.timer
[Timer]
OnBootSec=30
OnUnitActiveSec=15min
[Install]
WantedBy=timers.target
"""


def enrol(name: str, *, by: User) -> int:
    """Make a host known, give it a key to push with, and print how to install the probe there."""
    require("servers.add_server", by=by)
    item = Item.objects.visible_to(by).live().filter(kind__in=["host", "vm", "hypervisor"])
    found = item.filter(name__iexact=name).first()
    if found is None:
        require("estate.add_item", by=by)
        found = Item(kind="host", name=name)
        with recorded(found, "add", by=by, note="enrolled"):
            pass
    if not Server.objects.filter(item=found).exists():
        services.enrol(found, by=by)
    _, text = telemetry.issue_push_key(found, by=by)
    print(f"# The key of {found}; it is shown once. Put it into /etc/fullscore-probe.token (0400):")
    print(text)
    print(f"\n# Copy {probe.__file__} to /usr/local/lib/fullscore-probe.py on the host, then:")
    print(TIMER.format(address=settings.OPTIONS.address))
    return 0


def make_push_key(name: str, *, item: str, is_collectors: bool, by: User) -> int:
    """Make a key to send samples with, and print it, this once."""
    found = find_item(item, by=by) if item else None
    _, text = telemetry.issue_push_key(found, by=by, name=name, collects=is_collectors)
    print(text)
    return 0


def find_item(words: str, *, by: User) -> Item:
    """Return the item of a number or a name. Raises NotFound and Invalid."""
    items = Item.objects.visible_to(by).live()
    some = items.filter(pk=int(words)) if words.isdecimal() else items.filter(name__iexact=words)
    found = list(some[:2])
    if not found:
        raise NotFound(f"There is no item “{words}”, or you may not see it.")
    if len(found) > 1:
        raise Invalid(f"There are several items “{words}”: name one by its number.")
    return found[0]


def print_grants(name: str) -> int:
    """Print a sudoers file with the exact read-only commands the probe may run as root."""
    print(f"# /etc/sudoers.d/fullscore-probe on {name}: exact, read-only; check with visudo -c")
    for command in probe.GRANTS.values():
        program = probe.find_program(command[0]) or f"/usr/sbin/{command[0]}"
        words = " ".join([program, *command[1:]])
        print(f"fullscore-probe ALL=(root) NOPASSWD: {words}")
    return 0
