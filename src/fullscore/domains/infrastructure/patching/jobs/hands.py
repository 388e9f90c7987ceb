"""Who does on a host what a step asks. Steps, their order and what is judged are the same for all.

Two ways: `by_ssh` over a connection of our own, `by_ansible` by playbooks. What alters something
does it once, however often it is asked, so that another process may go on where one died.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from fullscore.connectors.apt import commands as apt_commands
from fullscore.connectors.apt import parse as apt_parse
from fullscore.connectors.apt.parse import Identity
from fullscore.connectors.apt.transaction import Transaction
from fullscore.connectors.dnf import commands as dnf_commands
from fullscore.connectors.dnf import parse as dnf_parse

LEAST_VAR_KIB = 512 * 1024  # our judgement: lists, packages and their unpacking
LEAST_BOOT_KIB = 64 * 1024  # a kernel and its initramfs

Packages = Sequence[Sequence[str]]  # [name, from, to]


class Tool(NamedTuple):
    """How one family of distributions is spoken to: two modules with the same functions."""

    commands: Any
    parse: Any


TOOLS = {"deb": Tool(apt_commands, apt_parse), "rpm": Tool(dnf_commands, dnf_parse)}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds."""

    poll: float = 2.0
    update: float = 3600.0
    reboot: float = 600.0
    settle: float = 600.0  # until services are back, and the most a good host is watched


class Failed(Exception):
    """A step went wrong; the message is a sentence for a person."""

    def __init__(self, message: str, evidence: str = "") -> None:
        super().__init__(message)
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Look:
    """A host before it is altered: what would be done, its boot, what runs and listens."""

    transaction: Transaction
    text: str  # in which the host told it
    identity: Identity
    units: frozenset[str]
    listens: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """Which versions were installed, and what was kept of them."""

    versions: dict[str, str]
    names: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Which versions are installed, and what runs and listens."""

    versions: dict[str, str]
    units: frozenset[str]
    listens: frozenset[str]


class Hands(Protocol):
    """What a way of carrying out can do. All of it may raise Failed, Unreachable and Refused."""

    async def look(self, packages: Packages) -> Look:
        """See whether packages are sound, space is left and repositories answer: then the rest."""

    async def has_hooks(self) -> bool:
        """Say whether the host has what takes it out of service, and what brings it back."""

    async def hook(self, place: str, name: str) -> str:
        """Run a hook of the host, once, and wait for the end; returns the log."""

    async def could_keep(self, packages: Packages) -> frozenset[str]:
        """Return the names of the packages that `keep` could have as they are; keeps nothing."""

    async def keep(self, place: str, packages: Packages) -> Kept:
        """Have the packages as they are in a folder on the host."""

    async def update(self, place: str, packages: Packages, *, removes: bool = False) -> str:
        """Bring packages to their planned versions, once, and wait for the end; returns the log.

        Nothing is removed unless `removes` says that this was approved.
        """

    async def put_back(self, place: str, kept: str, packages: Packages) -> str:
        """Install what was kept, once, and wait for the end; returns the log."""

    async def stand(self, packages: Packages) -> Stand:
        """See versions, services and listeners as they are now."""

    async def wants_reboot(self) -> bool:
        """Say whether the distribution asks for a reboot."""

    async def reboot(self) -> None:
        """Order a reboot."""

    async def identity(self) -> Identity:
        """See which boot of which kernel runs."""

    def leave(self) -> None:
        """Let go of the host; whatever is asked next goes there anew."""


def need_space(free_kib: Sequence[int]) -> None:
    """Raise Failed where /var or /boot is too full to alter packages."""
    if free_kib and (free_kib[0] < LEAST_VAR_KIB or free_kib[-1] < LEAST_BOOT_KIB):
        raise Failed(f"There is too little space: {min(free_kib) // 1024} MiB are left.")


def ended(text: str, tool: Tool) -> str | None:
    """Return the log of something detached that ended well; None while it runs or is lost.

    Raises Failed where it ended otherwise.
    """
    state, status, log = apt_parse.detached(text)
    if state != "ended":
        return None
    if status != 0:
        raise Failed(tool.parse.complaint(log), log)
    return log
