"""Callers of the API."""

from typing import Any

import pytest
from django.test import Client

from tests.interfaces.people import ALL, SEEING, account, holding


class Calls:
    """A client that sends JSON with a token and reads JSON."""

    def __init__(self, token: str) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer to one call."""
        is_read = method == "get"
        data = "" if body is None else body
        sent = {} if is_read else {"data": data, "content_type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(
            f"/api{path}", headers={**self.headers, **named}, **sent
        )


@pytest.fixture
def ann(db):
    """Return an account that may do everything in the directory."""
    ann, *_ = account("ann"), account("eve"), account("bob")
    held = {"ann@example.org": ALL, "bob@example.org": SEEING}
    with holding(held):
        yield ann


@pytest.fixture
def call(ann):
    """Return calls with a token of Ann's that covers everything."""
    return Calls("fs_ann_all")


@pytest.fixture
def call_with(ann):
    """Return a maker of calls with any token."""
    return Calls
