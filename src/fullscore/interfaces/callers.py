"""Who comes in through a door for programs, and how far what they came with reaches."""

from collections.abc import Callable
from dataclasses import dataclass

from fullscore.interfaces import wire
from fullscore.kit.errors import NotAllowed
from fullscore.kit.models import User
from fullscore.kit.resource import Resource


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that calls, and how far what it came with reaches.

    `allows(noun, action)` narrows what the account may do; it never widens it. `private` is the
    action of seeing private fields of people, for which a token must be made. `token_name` stands
    in the audit, so it is no secret and has at most 16 characters.
    """

    user: User
    token_name: str = ""
    allows: Callable[[str, str], bool] = lambda noun, action: True

    def check(self, noun: str, action: str) -> None:
        """Raise NotAllowed when what the caller came with does not cover the action."""
        if not self.allows(noun, action):
            raise NotAllowed(f"This token does not cover “{action}” of {noun}: make one that does.")

    def seen(self, resource: Resource) -> Resource:
        """Return the noun as this caller sees it."""
        if self.allows(resource.name, "private"):
            return resource
        return wire.without_private(resource)


Authenticate = Callable[[str, str], Caller]  # (token, address) → caller; raises NotAllowed
