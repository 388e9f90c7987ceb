"""Secrets: what is kept can be used, moved keys can be followed, and nothing shows."""

import base64
from dataclasses import replace as changed

import pytest
from django.core import serializers
from django.db import connection

from fullscore.engines import envelope
from fullscore.kit import log, secrets
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry, Secret
from fullscore.kit.models.user import system

pytestmark = pytest.mark.django_db

CANARY = "canary-8f1c-correct-horse"
OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@pytest.fixture(autouse=True)
def _master_key(settings):
    having(settings, OLD)


def having(settings, *keys: str) -> None:
    settings.OPTIONS = changed(settings.OPTIONS, master_key=" ".join(keys))


def value_of(secret: Secret) -> str:
    with Secret.objects.get(pk=secret.pk).open() as value:
        return value


def test_what_is_kept_can_be_used_and_its_use_is_noted():
    secret = secrets.keep("core switches", CANARY, kind=Secret.Kind.COMMUNITY, by=system())

    assert value_of(secret) == CANARY
    secret.refresh_from_db()
    assert secret.last_used_at is not None


def test_uses_are_audited_once_an_hour_and_without_the_value():
    secret = secrets.keep("core switches", CANARY, by=system())

    for _ in range(3):
        value_of(secret)

    verbs = [entry.verb for entry in AuditEntry.objects.order_by("n")]
    assert verbs == ["add", "use"]
    states = [(entry.before, entry.after) for entry in AuditEntry.objects.all()]
    assert "ciphertext" not in str(states)


def test_who_uses_it_again_within_the_hour_writes_nothing(django_assert_num_queries):
    value_of(kept := secrets.keep("core switches", CANARY, by=system()))
    kept.refresh_from_db()

    with django_assert_num_queries(0), kept.open() as value:
        assert value == CANARY


def test_a_replaced_secret_has_its_new_value_and_a_new_data_key():
    secret = secrets.keep("db", "old", by=system())
    before = bytes(secret.data_key)

    secrets.replace(secret, "new", by=system())

    assert value_of(secret) == "new"
    assert bytes(secret.data_key) != before


def test_the_same_value_never_looks_the_same_twice():
    a, b = secrets.keep("a", CANARY, by=system()), secrets.keep("b", CANARY, by=system())

    assert bytes(a.ciphertext) != bytes(b.ciphertext)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(["ciphertext"], id="the value"),
        pytest.param(["data_key"], id="the wrapped key"),
        pytest.param(["ciphertext", "data_key", "key_id"], id="everything sealed"),
    ],
)
def test_what_was_moved_to_another_row_cannot_be_read(fields):
    mine, theirs = (
        secrets.keep("mine", "my value", by=system()),
        secrets.keep("theirs", CANARY, by=system()),
    )
    Secret.objects.filter(pk=mine.pk).update(**{name: getattr(theirs, name) for name in fields})

    with pytest.raises(Conflict, match="altered or moved"):
        value_of(mine)


@pytest.mark.parametrize("position", [0, 12, -1], ids=["nonce", "first byte", "tag"])
def test_an_altered_byte_is_noticed(position):
    secret = secrets.keep("a", CANARY, by=system())
    altered = bytearray(secret.ciphertext)
    altered[position] ^= 1
    Secret.objects.update(ciphertext=bytes(altered))

    with pytest.raises(Conflict, match="altered or moved"):
        value_of(secret)


def test_a_truncated_secret_is_noticed():
    secret = secrets.keep("a", CANARY, by=system())
    Secret.objects.update(ciphertext=b"short")

    with pytest.raises(Conflict, match="altered or moved"):
        value_of(secret)


def test_a_lost_master_key_gives_a_sentence(settings):
    secret = secrets.keep("a", CANARY, by=system())
    having(settings, NEW)

    with pytest.raises(Conflict, match=f"master key {secret.key_id}.*enter the credential again"):
        value_of(secret)


def test_the_master_key_is_rotated_while_in_use(settings):
    kept = [secrets.keep(f"s{n}", f"{CANARY}{n}", by=system()) for n in range(3)]
    sealed = {s.pk: bytes(s.ciphertext) for s in kept}

    having(settings, NEW, OLD)
    assert value_of(kept[0]) == f"{CANARY}0"
    assert secrets.rotate(by=system()) == 3
    assert secrets.rotate(by=system()) == 0

    having(settings, NEW)
    assert [value_of(s) for s in kept] == [f"{CANARY}{n}" for n in range(3)]
    assert {s.pk: bytes(s.ciphertext) for s in Secret.objects.all()} == sealed


def test_an_empty_secret_is_refused():
    with pytest.raises(Invalid, match="cannot be empty"):
        secrets.keep("a", "", by=system())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "no master key", id="none"),
        pytest.param("not base64!", "base64", id="not base64"),
        pytest.param(base64.b64encode(b"short").decode(), "5 bytes", id="too short"),
    ],
)
def test_a_bad_master_key_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        envelope.MasterKeys.read(text)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's own dump")
def test_a_database_dump_contains_no_plaintext_and_no_master_key():
    secrets.keep("a", CANARY, by=system())
    connection.ensure_connection()

    dump = "\n".join(connection.connection.iterdump()).lower()

    assert "kit_secret" in dump
    for word in (CANARY.encode(), base64.b64decode(OLD), OLD.encode()):
        assert word.hex() not in dump
        assert word.decode("latin-1").lower() not in dump


def test_nothing_shows_in_text_serialisation_or_logs(logged):
    secret = secrets.keep("a", CANARY, by=system())

    with secret.open() as value:
        log.get_logger().info("used", secret=secret, password=value, plain=repr(secret))

    shown = (
        logged.getvalue() + serializers.serialize("json", [secret]) + f"{secret!r}{vars(secret)}"
    )
    assert CANARY not in shown
    assert '"event": "used"' in logged.getvalue()


def test_master_keys_do_not_show_in_their_own_text():
    assert OLD not in repr(envelope.MasterKeys.read(OLD))
    assert "\\x01\\x01" not in repr(envelope.MasterKeys.read(OLD))
