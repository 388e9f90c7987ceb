"""Limits: so much and no more, however many count."""

from datetime import timedelta

import pytest

from fullscore.kit import limits
from fullscore.kit.errors import TooMany
from fullscore.kit.limits import limit
from fullscore.kit.models import LimitCount
from fullscore.kit.time import now

MINUTE = timedelta(minutes=1)
COUNT = """
from datetime import timedelta
from fullscore.kit.errors import TooMany
from fullscore.kit.limits import limit
passed = 0
for _ in range(40):
    try:
        limit("shared", per=timedelta(hours=1), count=50)
        passed += 1
    except TooMany:
        pass
print(passed)
"""


@pytest.mark.django_db
def test_one_too_many_is_refused_with_the_time_to_wait():
    for _ in range(3):
        limit("search:1", per=MINUTE, count=3)

    with pytest.raises(TooMany, match="try again in") as refused:
        limit("search:1", per=MINUTE, count=3)

    assert 58 <= refused.value.retry_after_seconds <= 60


@pytest.mark.django_db
def test_others_are_not_affected():
    limit("search:1", per=MINUTE, count=1)

    limit("search:2", per=MINUTE, count=1)


@pytest.mark.django_db
def test_a_window_that_is_over_begins_again():
    limit("search:1", per=MINUTE, count=1)
    LimitCount.objects.update(ends_at=now() - timedelta(seconds=1))

    limit("search:1", per=MINUTE, count=1)

    with pytest.raises(TooMany):
        limit("search:1", per=MINUTE, count=1)


@pytest.mark.django_db
def test_being_refused_writes_nothing(django_assert_num_queries):
    limit("search:1", per=MINUTE, count=1)

    with django_assert_num_queries(1), pytest.raises(TooMany):
        limit("search:1", per=MINUTE, count=1)


@pytest.mark.django_db
def test_windows_that_are_over_are_forgotten():
    limit("old", per=MINUTE, count=1)
    LimitCount.objects.update(ends_at=now())
    limit("new", per=MINUTE, count=1)

    limits.prune()

    assert LimitCount.objects.get().key == "new"


@pytest.mark.real
def test_many_processes_count_together(installed):
    installed.ask(
        "from fullscore.kit.models import LimitCount as L; answer = L.objects.all().delete()"
    )

    counting = [installed.start(COUNT) for _ in range(2)]

    assert sum(int(installed.wait(one)) for one in counting) == 50
