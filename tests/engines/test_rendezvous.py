"""Work over workers: everybody agrees, shares follow weights, and only what must move moves."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.rendezvous import holder

workers = st.dictionaries(
    st.text(min_size=1, max_size=8), st.floats(0.1, 10), min_size=1, max_size=6
)
WORK = [str(n) for n in range(4000)]


@given(workers, st.text(max_size=8))
def test_everybody_finds_the_same_holder_in_any_order(known, work):
    turned = dict(reversed(known.items()))

    assert holder(work, known) == holder(work, turned) in known


@given(workers, st.text(max_size=8), st.data())
def test_when_one_leaves_only_its_own_work_moves(known, work, data):
    gone = data.draw(st.sampled_from(sorted(known)))
    before = holder(work, known)

    after = holder(work, {who: weight for who, weight in known.items() if who != gone})

    assert after == before or before == gone


def test_shares_follow_the_weights():
    shares = Counter(holder(work, {"a": 1.0, "b": 3.0}) for work in WORK)

    assert 0.22 < shares["a"] / len(WORK) < 0.28


def test_without_workers_nobody_holds_anything():
    assert holder("1", {}) is None
