"""Which known thing a sighting is: the rules as tables, and what must hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines import identity
from fullscore.engines.identity import Index, Known, Outcome, Seen, Word

pytestmark = pytest.mark.once

U1 = "4c4c4544-0043-3510-8053-b7c04f4e3233"
U1_TURNED = "44454c4c-4300-1035-8053-b7c04f4e3233"
U2 = "a1b2c3d4-0043-3510-8053-b7c04f4e3233"


def words(*told):
    return identity.cleaned(Word(*one) for one in told)


def known(thing, *told, site=None, shared=()):
    return Known(thing, words(*told), site, frozenset(shared))


def decide(seen, *things, site=None):
    told = identity.decide(Seen(words(*seen), site), Index.of(things))
    return str(told.outcome), told.things


@pytest.mark.parametrize(
    ("kind", "value", "cleaned"),
    [
        pytest.param("serial", " CZ12 34 ", "cz12 34", id="a serial in one spelling"),
        pytest.param("serial", "To be filled by O.E.M.", None, id="to be filled"),
        pytest.param("serial", "Default string", None, id="default string"),
        pytest.param("serial", "0000000", None, id="one repeated character"),
        pytest.param("serial", "XX-XX", None, id="one repeated letter with a hyphen"),
        pytest.param("serial", "", None, id="empty"),
        pytest.param("serial", "None", None, id="none"),
        pytest.param("serial", "NANO77", "nano77", id="only begins like junk"),
        pytest.param("system_uuid", U1.upper(), U1, id="a UUID in capitals"),
        pytest.param("system_uuid", "{" + U1.replace("-", "") + "}", U1, id="without hyphens"),
        pytest.param("system_uuid", "0" * 32, None, id="all zero"),
        pytest.param("system_uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff", None, id="all F"),
        pytest.param("system_uuid", "03000200-0400-0500-0006-000700080009", None, id="a board's"),
        pytest.param("system_uuid", "not-a-uuid", None, id="no UUID"),
        pytest.param("mac", "00-1B-21-AA-BB-CC", "00:1b:21:aa:bb:cc", id="with hyphens"),
        pytest.param("mac", "001b.21aa.bbcc", "00:1b:21:aa:bb:cc", id="as switches write it"),
        pytest.param("mac", "00:00:5e:00:01:0a", None, id="VRRP"),
        pytest.param("mac", "00:00:0c:07:ac:01", None, id="HSRP"),
        pytest.param("mac", "02:42:ac:11:00:02", None, id="a container's"),
        pytest.param("mac", "52:54:00:12:34:56", None, id="locally administered"),
        pytest.param("mac", "01:00:5e:00:00:01", None, id="a group's"),
        pytest.param("chassis_mac", "ff:ff:ff:ff:ff:ff", None, id="everybody's"),
        pytest.param("fqdn", "Web1.Example.org.", "web1.example.org", id="a name"),
        pytest.param("fqdn", "localhost.localdomain", None, id="every machine's name"),
        pytest.param("machine_id", "0" * 32, None, id="an empty machine id"),
        pytest.param("shoe_size", "42", None, id="a kind nobody knows"),
    ],
)
def test_a_word_has_one_spelling_or_is_junk(kind, value, cleaned):
    told = identity.clean(Word(kind, value))

    assert (told.value if told else None) == cleaned


SERVER = known(1, ("system_uuid", U1), ("serial", "abc1", "Dell Inc."), ("machine_id", "m1ab"))
CASES = [
    ("a UUID alone", [("system_uuid", U1)], [SERVER], "matched", (1,)),
    ("in the other byte order", [("system_uuid", U1_TURNED)], [SERVER], "matched", (1,)),
    ("a serial of the same vendor", [("serial", "ABC1", "DELL")], [SERVER], "matched", (1,)),
    ("a serial of another vendor", [("serial", "abc1", "HP")], [SERVER], "candidate", ()),
    ("a serial without a vendor", [("serial", "abc1")], [SERVER], "proposed", (1,)),
    ("installed anew", [("system_uuid", U1), ("machine_id", "m2cd")], [SERVER], "matched", (1,)),
    (
        "a cloned VM",
        [("machine_id", "m1ab"), ("system_uuid", U2)],
        [SERVER],
        "disputed",
        (1,),
    ),
    (
        "another board in the same chassis",
        [("system_uuid", U1), ("serial", "zzz9", "Dell")],
        [SERVER],
        "disputed",
        (1,),
    ),
    (
        "two items match",
        [("system_uuid", U1), ("cloud_id", "i-0a1b")],
        [SERVER, known(2, ("cloud_id", "i-0a1b"))],
        "disputed",
        (1, 2),
    ),
    ("an address alone", [("address", "10.0.0.7")], [known(1, ("address", "10.0.0.7"))],
     "candidate", ()),
    (
        "address and MAC",
        [("address", "10.0.0.7"), ("mac", "00:1b:21:aa:bb:cc")],
        [known(1, ("address", "10.0.0.7"), ("mac", "00:1b:21:aa:bb:cc"))],
        "proposed",
        (1,),
    ),
    (
        "address of one, MAC of another",
        [("address", "10.0.0.7"), ("mac", "00:1b:21:aa:bb:cc")],
        [known(1, ("address", "10.0.0.7")), known(2, ("mac", "00:1b:21:aa:bb:cc"))],
        "candidate",
        (),
    ),
    ("an ssh key", [("ssh_key", "k7f")], [known(1, ("ssh_key", "k7f"))], "proposed", (1,)),
    (
        "an ssh key of an image",
        [("ssh_key", "k7f")],
        [known(1, ("ssh_key", "k7f"), shared=[("ssh_key", "k7f")])],
        "candidate",
        (),
    ),
    (
        "a name, but the UUID of something else",
        [("fqdn", "web1"), ("system_uuid", U2)],
        [known(1, ("fqdn", "web1"), ("system_uuid", U1))],
        "candidate",
        (),
    ),
    ("nothing at all", [], [SERVER], "candidate", ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "things", "outcome", "which"), [pytest.param(*c[1:], id=c[0]) for c in CASES]
)
def test_a_sighting_is(seen, things, outcome, which):
    assert decide(seen, *things) == (outcome, which)


@pytest.mark.parametrize(
    ("site", "outcome"),
    [pytest.param(7, "proposed", id="here"), pytest.param(8, "candidate", id="elsewhere")],
)
def test_a_name_counts_at_its_site(site, outcome):
    told = decide([("fqdn", "web1.example.org")], known(1, ("fqdn", "web1.example.org"), site=7),
                  site=site)  # fmt: skip

    assert told[0] == outcome


def test_a_key_on_three_things_is_an_images():
    key = Word("ssh_key", "k7f")

    assert identity.shared_keys({key: [1, 2]}) == frozenset()
    assert identity.shared_keys({key: [1, 2, 2, 3]}) == {key}


def test_what_is_learned_within_a_batch_counts_for_the_next():
    index = Index.of([known(1, ("machine_id", "m1ab"))])
    index.add(known(1, ("cloud_id", "i-0a1b")))

    told = identity.decide(Seen(words(("cloud_id", "i-0a1b"))), index)
    forgotten = identity.decide(Seen(words(("machine_id", "m1ab"))), index)

    assert (told.outcome, forgotten.outcome) == (Outcome.MATCHED, Outcome.CANDIDATE)


# ── what holds of any ──────────────────────────────────────────────────────────────────────────

hexes = st.text("0123456789abcdef", min_size=32, max_size=32)
value = st.sampled_from(["a1", "b2", "c3", U1, U1_TURNED, U2, "00:1b:21:aa:bb:01", "10.0.0.1"])
word = st.builds(Word, st.sampled_from(identity.KINDS), value, st.sampled_from(["", "dell", "hp"]))
told_words = st.frozensets(word, max_size=6).map(identity.cleaned)
things = st.lists(told_words, max_size=5).map(
    lambda many: [Known(number, one) for number, one in enumerate(many, 1)]
)


@given(hexes)
def test_either_byte_order_is_the_same_word(digits):
    one = identity.clean(Word("system_uuid", digits))
    if one is None:
        return
    turned = identity.clean(Word("system_uuid", identity.forms(one)[-1]))

    assert turned is not None
    assert identity.same(one, turned)
    assert identity.same(turned, one)


@given(st.builds(Word, st.sampled_from(identity.KINDS), st.text(max_size=40), st.text(max_size=9)))
def test_cleaning_twice_is_cleaning_once(told):
    once = identity.clean(told)

    assert once is None or identity.clean(once) == once


@given(told_words, things, st.randoms(use_true_random=False))
def test_the_order_of_things_does_not_matter(seen, many, dice):
    shuffled = list(many)
    dice.shuffle(shuffled)

    assert identity.decide(Seen(seen), Index.of(many)) == identity.decide(
        Seen(seen), Index.of(shuffled)
    )


@given(told_words, things)
def test_a_match_has_a_strong_word_and_nothing_against_it(seen, many):
    told = identity.decide(Seen(seen), Index.of(many))
    by_number = {one.thing: one for one in many}

    if told.outcome == Outcome.MATCHED:
        (thing,) = told.things
        own = by_number[thing].words
        assert any(identity.is_strong(w) and identity.same(w, o) for w in seen for o in own)
        assert identity.contradictions(seen, by_number[thing]) == ()
    if told.outcome == Outcome.CANDIDATE:
        assert told.things == ()


@given(told_words, things)
def test_a_thing_with_exactly_these_words_is_never_overlooked(seen, many):
    twin = Known(99, seen)
    told = identity.decide(Seen(seen), Index.of([*many, twin]))

    if any(map(identity.is_strong, seen)):
        assert 99 in told.things or told.outcome == Outcome.DISPUTED
