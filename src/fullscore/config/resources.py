"""Every noun of the product, in the order of the menu."""

from fullscore.domains.foundation.directory.resources import MEMBERSHIP, PERSON, TEAM
from fullscore.kit.resource import Resource

RESOURCES: tuple[Resource, ...] = (
    PERSON,
    TEAM,
    MEMBERSHIP,
)
