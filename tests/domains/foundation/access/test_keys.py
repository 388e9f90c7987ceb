"""API tokens: made once, checked on each use."""

from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.access.models import ApiToken
from fullscore.domains.foundation.access.services import keys
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.models.user import system
from fullscore.kit.perform import Verb, perform

HERE = "192.0.2.7"


@pytest.fixture
def ann(someone):
    return someone("ann", "viewer")


def issued(user, **values):
    return keys.issue(user, by=user, **{"name": "script", "scopes": ["read"], **values})


def test_a_token_opens_its_account(ann):
    token, text = issued(ann)

    assert keys.authenticate(text, address=HERE) == (ann, token)
    assert text.startswith("fs_")
    assert token.prefix == text[:11]


def test_a_tokens_text_and_digest_are_nowhere_in_the_open(ann):
    token, text = issued(ann)

    with connection.cursor() as cursor:
        cursor.execute("SELECT name, prefix, digest FROM access_apitoken")
        stored = str(cursor.fetchall())
    entry = AuditEntry.objects.latest("n")
    assert text not in stored
    assert text not in str(entry.after)
    assert token.digest not in str(entry.after)
    assert entry.after["digest"].startswith("sha256:")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"expires_at": -1}, "expired", id="expired"),
        pytest.param({"revoked_at": 0}, "revoked", id="revoked"),
        pytest.param({"address_range": "198.51.100.0/24"}, "address", id="other address"),
        pytest.param({"digest": "0" * 64}, "not known", id="unknown, same prefix"),
        pytest.param({"prefix": "fs_00000000"}, "not known", id="unknown prefix"),
    ],
)
def test_a_token_that_does_not_hold_is_refused_with_a_reason(ann, change, sentence):
    token, text = issued(ann)
    for name, value in change.items():
        if isinstance(value, int):
            value = time.now() + timedelta(seconds=value)
        ApiToken.objects.filter(pk=token.pk).update(**{name: value})

    with pytest.raises(NotAllowed, match=sentence):
        keys.authenticate(text, address=HERE)


@pytest.mark.parametrize(
    ("network", "address", "is_let_in"),
    [
        pytest.param("", HERE, True, id="no range"),
        pytest.param("192.0.2.0/24", HERE, True, id="inside"),
        pytest.param("192.0.2.9/24", HERE, True, id="written with host bits"),
        pytest.param("192.0.2.0/24", "::ffff:192.0.2.7", True, id="the same, as IPv6"),
        pytest.param("192.0.2.0/24", "192.0.3.7", False, id="outside"),
        pytest.param("192.0.2.0/24", "2001:db8::1", False, id="other family"),
        pytest.param("2001:db8::/32", "2001:db8::1", True, id="IPv6"),
        pytest.param("192.0.2.0/24", "", False, id="no address"),
        pytest.param("192.0.2.0/24", "testclient", False, id="no address at all"),
    ],
)
def test_a_token_opens_only_from_its_range(ann, network, address, is_let_in):
    _, text = issued(ann, address_range=network)

    if is_let_in:
        assert keys.authenticate(text, address=address)[0] == ann
    else:
        with pytest.raises(NotAllowed, match="address"):
            keys.authenticate(text, address=address)


@pytest.mark.parametrize("field", ["is_active", "kind"])
def test_a_closed_account_is_not_opened(ann, field):
    _, text = issued(ann)
    User.objects.filter(pk=ann.pk).update(**{field: False if field == "is_active" else "system"})

    with pytest.raises(NotAllowed, match="closed"):
        keys.authenticate(text, address=HERE)


@pytest.mark.parametrize(
    "text",
    ["", "fs_", "Bearer x", "fs_" + "a" * 49, "fs_" + "ä" * 49, "x" * 52, "fs_" + "0" * 500],
)
def test_what_is_no_token_is_refused_without_asking_the_database(
    text, db, django_assert_num_queries
):
    with django_assert_num_queries(0), pytest.raises(NotAllowed, match="not a token"):
        keys.authenticate(text, address=HERE)


def test_a_slip_of_the_pen_is_told_by_the_checksum():
    text = tokens.new()

    for place in range(3, len(text)):
        other = "a" if text[place] != "a" else "b"
        assert not tokens.is_well_formed(text[:place] + other + text[place + 1 :])
    assert tokens.is_well_formed(text)
    assert not tokens.is_well_formed(text + "\n")


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_every_random_number_fits_its_digits(number):
    text = tokens._base62(number, tokens.BODY)

    assert len(text) == tokens.BODY
    assert sum(tokens.ALPHABET.index(d) * 62**n for n, d in enumerate(reversed(text))) == number


def test_last_use_is_noted_at_most_each_minute(ann, monkeypatch):
    token, text = issued(ann)
    start = time.now()
    noted = []
    for seconds in (0, 30, 59, 61):
        moment = start + timedelta(seconds=seconds)
        monkeypatch.setattr(time, "now", lambda moment=moment: moment)
        keys.authenticate(text, address=HERE)
        token.refresh_from_db()
        noted.append((token.last_used_at - start).total_seconds())

    assert noted == [0, 0, 0, 61]


def test_use_alone_writes_no_audit(ann):
    _, text = issued(ann)
    before = AuditEntry.objects.count()

    keys.authenticate(text, address=HERE)

    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_must_expire_within_a_year(ann, days):
    with pytest.raises(Invalid, match="365"):
        issued(ann, days=days)


def test_a_token_lives_90_days_unless_said_otherwise(ann):
    token, _ = issued(ann)

    assert (token.expires_at - time.now()).days == 89


def test_a_twenty_first_live_token_is_refused(ann):
    made = [issued(ann, name=f"n{n}")[0] for n in range(20)]
    with pytest.raises(Conflict, match="20 live"):
        issued(ann)

    keys.revoke(made[0], by=ann)
    assert issued(ann)


@pytest.mark.parametrize(
    "scopes",
    [[], ["write"], ["read:"], ["read:Items"], ["act:items.add.x"], ["read\n"], "read", [["read"]]],
)
def test_a_scope_that_is_none_is_refused(ann, scopes):
    token, _ = issued(ann)
    token.scopes = scopes

    with pytest.raises(Exception, match="scope"):
        token.full_clean()


def test_an_address_range_that_is_none_is_refused(ann):
    with pytest.raises(Invalid, match="address range"):
        issued(ann, address_range="office")


@pytest.mark.parametrize(
    ("scopes", "noun", "action", "expected"),
    [
        pytest.param(["read"], "items", "view", True, id="read reads all"),
        pytest.param(["read"], "items", "add", False, id="read does not act"),
        pytest.param(["read:findings"], "findings", "view", True, id="reads its noun"),
        pytest.param(["read:findings"], "items", "view", False, id="reads no other"),
        pytest.param(["act"], "items", "add", True, id="act acts on all"),
        pytest.param(["act"], "items", "view", False, id="acting is not reading"),
        pytest.param(["act:findings"], "findings", "waive", True, id="all verbs of a noun"),
        pytest.param(["act:findings.waive"], "findings", "waive", True, id="one verb"),
        pytest.param(["act:findings.waive"], "findings", "delete", False, id="no other verb"),
        pytest.param(["act:findings.waive"], "items", "waive", False, id="no other noun"),
        pytest.param(["read:items", "act:findings.waive"], "findings", "waive", True, id="several"),
    ],
)
def test_scopes_say_what_a_token_may(scopes, noun, action, expected):
    assert keys.token_allows(ApiToken(scopes=scopes), noun, action) is expected


def test_nobody_makes_a_token_of_another_person(someone, ann):
    root = someone("root", "administrator")

    with pytest.raises(NotAllowed, match="own tokens"):
        keys.issue(ann, by=root, name="x", scopes=["read"])


def test_whoever_manages_access_makes_tokens_of_service_accounts(someone, ann):
    root, probe = someone("root", "administrator"), someone("probe", kind=User.Kind.SERVICE)

    assert keys.issue(probe, by=root, name="x", scopes=["read"])[0].user == probe
    with pytest.raises(NotAllowed, match="manages access"):
        keys.issue(probe, by=ann, name="x", scopes=["read"])


def test_the_system_has_no_tokens(someone):
    with pytest.raises(NotAllowed, match="no tokens"):
        keys.issue(system(), by=system(), name="x", scopes=["read"])


def test_one_sees_and_revokes_ones_own_tokens_only(someone, ann):
    bob, root = someone("bob", "viewer"), someone("root", "administrator")
    mine, theirs = issued(ann)[0], issued(bob)[0]
    verb = Verb(keys.revoke, permission="access.revoke_apitoken")

    assert list(ApiToken.objects.visible_to(ann)) == [mine]
    assert set(ApiToken.objects.visible_to(root)) == {mine, theirs}
    with pytest.raises(NotAllowed, match="somebody else"):
        keys.revoke(theirs, by=ann)
    perform(verb, ApiToken, mine.pk, by=ann, values={})
    perform(verb, ApiToken, theirs.pk, by=root, values={})
    mine.refresh_from_db()
    assert mine.revoked_at is not None
    with pytest.raises(Conflict, match="already"):
        keys.revoke(mine, by=ann)
