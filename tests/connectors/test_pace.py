"""How fast we send, and how many conversations a host bears."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Refused
from fullscore.connectors.pace import Hosts, Pace

pytestmark = pytest.mark.once


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def sent(pace, clock, count):
    """Send `count` packets as told and return when each went out, from 0."""
    began, times = clock.now, []
    for _ in range(count):
        clock.now += pace.take()
        times.append(clock.now - began)
    return times


def test_packets_leave_evenly():
    clock = Clock()

    assert sent(Pace(100, clock=clock), clock, 4) == pytest.approx([0, 0.01, 0.02, 0.03])


def test_a_pause_saves_up_no_more_than_one_burst():
    clock = Clock()
    pace = Pace(10, burst=3, clock=clock)
    sent(pace, clock, 3)
    clock.now += 60

    assert sent(pace, clock, 5) == pytest.approx([0, 0, 0, 0.1, 0.2])


def test_bookings_of_several_threads_queue_up():
    pace = Pace(10, clock=Clock())

    assert [pace.take() for _ in range(3)] == pytest.approx([0, 0.1, 0.2])


def test_loss_slows_to_a_quarter_until_things_recover():
    clock = Clock()
    pace = Pace(100, clock=clock)
    pace.take()

    pace.lost()
    pace.lost()
    slow = sent(pace, clock, 2)
    pace.recovered()
    fast = sent(pace, clock, 2)

    assert slow == pytest.approx([0.04, 0.08])
    assert fast == pytest.approx([0.01, 0.02])


@given(
    rate=st.floats(0.5, 1000),
    burst=st.integers(1, 20),
    idle=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_no_stretch_of_time_ever_sees_more_than_rate_and_burst(rate, burst, idle):
    clock = Clock()
    pace = Pace(rate, burst=burst, clock=clock)
    times = []
    for seconds in idle:
        clock.now += seconds
        times += sent_at(pace, clock)

    for first, start in enumerate(times):
        for last in range(first, len(times)):
            most = burst + (times[last] - start) * rate
            assert last - first + 1 <= most + 1e-6


def sent_at(pace, clock):
    clock.now += pace.take()
    return [clock.now]


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_pace_that_never_sends_is_a_mistake(rate, burst):
    with pytest.raises(ValueError, match="rate above 0"):
        Pace(rate, burst=burst)


def test_a_host_bears_two_conversations_and_another_host_its_own():
    hosts = Hosts(2)

    with hosts.connection("10.0.0.1"), hosts.connection("10.0.0.1"):
        with pytest.raises(Refused, match="already has 2"), hosts.connection("10.0.0.1"):
            pass
        with hosts.connection("10.0.0.2"):
            pass

    with hosts.connection("10.0.0.1"):
        pass


def test_a_conversation_that_fails_gives_its_place_back():
    hosts = Hosts(1)

    with pytest.raises(ZeroDivisionError), hosts.connection("10.0.0.1"):
        raise ZeroDivisionError

    with hosts.connection("10.0.0.1"):
        pass
