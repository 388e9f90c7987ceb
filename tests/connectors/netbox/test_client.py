"""Reading page by page from a server on loopback: tokens, limits, faults, and going on."""

from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest

from fullscore.connectors.base import Garbled, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.netbox import client as netbox
from fullscore.connectors.netbox.client import Client, Place
from tests.connectors.netbox.served import Served, serving

pytestmark = pytest.mark.once


def client(url, token="t0ken", slept=None):
    guard = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset({urlsplit(url).port}))
    sleep = (slept if slept is not None else []).append
    return Client(url, token, guard=guard, is_http_allowed=True, sleep=sleep)


def sites(count):
    return {"dcim/sites": [{"id": n, "name": f"s{n}"} for n in range(count)]}


def test_all_pages_of_all_endpoints_are_read_and_a_missing_endpoint_is_empty(monkeypatch):
    monkeypatch.setattr(netbox, "PAGE", 2)
    served = Served(sites(5) | {"ipam/vlans": [{"id": 1}]})

    with serving(served) as url:
        pages = list(client(url).pages())

    assert [one["id"] for page in pages for one in page.records if page.path == "dcim/sites"] == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip
    assert sum(len(page.records) for page in pages) == 6
    assert pages[-1].next is None


def test_one_goes_on_where_one_stopped(monkeypatch):
    monkeypatch.setattr(netbox, "PAGE", 2)
    served = Served(sites(5))

    with serving(served) as url:
        first = client(url).page(Place())
        left = [one["id"] for page in client(url).pages(first.next) for one in page.records]

    assert left == [2, 3, 4]


def test_a_server_that_asks_to_slow_down_is_waited_for():
    served, slept = Served(sites(1)), []
    served.faults = [429, 503]

    with serving(served) as url:
        page = client(url, slept=slept).page(Place())

    assert (len(page.records), slept) == (1, [7.0, 7.0])


def test_a_server_that_goes_on_failing_is_given_up():
    served, slept = Served(sites(1)), []
    served.faults = [500] * 9

    with serving(served) as url, pytest.raises(Unreachable, match="500"):
        client(url, slept=slept).page(Place())

    assert len(slept) == netbox.ATTEMPTS - 1


def test_a_wrong_token_says_so():
    with serving(Served(sites(1))) as url, pytest.raises(Refused, match="token"):
        client(url, "other").page(Place())


def test_tokens_of_the_second_kind_are_bearers():
    served = Served(sites(1), token="Bearer nbt_abc.def")

    with serving(served) as url:
        assert client(url, "nbt_abc.def").page(Place()).total == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"results": [1]}'])
def test_what_is_no_page_of_records_is_garbled(body, monkeypatch):
    served = Served(sites(1))
    monkeypatch.setattr(served, "answer", lambda *asked: (200, body, {}))

    with serving(served) as url, pytest.raises(Garbled, match="dcim/sites"):
        client(url).page(Place())


def test_an_address_that_no_operator_opened_is_never_called():
    served = Served(sites(1))

    with serving(served) as url:
        shut = Client(url, "t0ken", guard=Guard(), is_http_allowed=True)
        with pytest.raises(Refused):
            shut.page(Place())

    assert served.asked == []
