"""The API over the directory, with tokens that say who they are."""

from dataclasses import replace

from django.urls import path

from fullscore.interfaces.api.build import build
from fullscore.interfaces.callers import Caller
from fullscore.kit.errors import NotAllowed
from fullscore.kit.models import User
from tests.interfaces.people import RESOURCES

PERSON, TEAM, MEMBERSHIP = RESOURCES
SHOWN = (
    replace(PERSON, people={**PERSON.people, "ends_on": "private"}),
    replace(TEAM, can_delete=True),
    MEMBERSHIP,
)


def authenticate(text: str, address: str) -> Caller:
    """Read tokens such as `fs_ann`, `fs_ann_read` and, for what is private too, `fs_ann_all`."""
    start, _, rest = text.partition("_")
    name, _, scope = rest.partition("_")
    user = User.objects.filter(email=f"{name}@example.org").first()
    if start != "fs" or user is None:
        raise NotAllowed("This token is not known here.")

    def allows(noun: str, action: str) -> bool:
        if action == "private":
            return scope == "all"
        return action == "view" or scope != "read"

    return Caller(user, token_name=f"fs_{name}", allows=allows)


api = build(SHOWN, authenticate)
urlpatterns = [path("api/", api.urls)]
