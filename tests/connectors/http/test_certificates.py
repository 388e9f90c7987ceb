"""Whom a call believes to be who they say."""

import ssl

import pytest

from fullscore.connectors.base import Refused, Unreachable
from fullscore.connectors.http import fetch
from tests.connectors.http.outside import Authority, answer, call_to, guard_for, moved, serving

pytestmark = pytest.mark.once


def test_an_own_authority_is_believed_and_the_name_is_the_one_asked_for(authority):
    with serving(answer(b"safe"), context=authority.context("app.example")) as server:
        guard = guard_for(server, ca_bundle=str(authority.bundle))

        got = fetch(call_to(server, scheme="https"), guard=guard)

    assert got.body == b"safe"
    assert server.names == ["app.example"]
    assert f"Host: app.example:{server.port}".encode() in server.requests[0]


@pytest.mark.parametrize(
    ("host", "days", "is_known", "why"),
    [
        pytest.param("app.example", 1, False, "local issuer", id="an unknown authority"),
        pytest.param("other.example", 1, True, "mismatch", id="another name"),
        pytest.param("127.0.0.1", 1, True, "mismatch", id="the address instead of the name"),
        pytest.param("app.example", -1, True, "expired", id="expired"),
    ],
)
def test_a_wrong_certificate_is_refused(authority, host, days, is_known, why):
    with serving(answer(), context=authority.context(host, days=days)) as server:
        guard = guard_for(server, ca_bundle=str(authority.bundle) if is_known else "")
        with pytest.raises(Refused, match=f"certificate of app.example is not trusted: .*{why}"):
            fetch(call_to(server, scheme="https"), guard=guard)

        assert server.requests == []


def test_authorities_named_in_the_environment_are_not_believed(authority, monkeypatch, tmp_path):
    other = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    with serving(answer(), context=authority.context("app.example")) as server:
        guard = guard_for(server, ca_bundle=str(other.bundle))
        with pytest.raises(Refused, match="not trusted"):
            fetch(call_to(server, scheme="https"), guard=guard)


def test_a_target_marked_insecure_is_called_whatever_its_certificate(authority):
    with serving(answer(b"old"), context=authority.context("other.example")) as server:
        call = call_to(server, scheme="https", is_insecure=True)

        assert fetch(call, guard=guard_for(server)).body == b"old"


def test_insecure_does_not_extend_to_where_a_target_sends_us(authority):
    with serving(answer(), context=authority.context("other.example")) as other:
        target = f"https://third.example:{other.port}/"
        with serving(moved(target), context=authority.context("x.example")) as server:
            call = call_to(server, scheme="https", is_insecure=True, redirects=1)
            with pytest.raises(Refused, match=r"certificate of third\.example"):
                fetch(call, guard=guard_for(server, other))

        assert other.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_protocol_is_not_spoken(authority):
    context = authority.context("app.example")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(answer(), context=context) as server, pytest.raises(Unreachable):
        fetch(call_to(server, scheme="https", is_insecure=True), guard=guard_for(server))

    assert server.requests == []


def test_a_bundle_that_cannot_be_read_is_named():
    with serving(answer()) as server:
        guard = guard_for(server, ca_bundle="/nowhere.pem")
        with pytest.raises(Refused, match=r"/nowhere\.pem cannot be read"):
            fetch(call_to(server, scheme="https"), guard=guard)
