"""Grouping is good enough, and fast enough, on invented estates of many shapes."""

from time import process_time

import pytest
from bench.correlation import LOADS, SHAPES, by_time, grouped, judged, story

pytestmark = pytest.mark.once


def test_incidents_follow_causes_on_estates_of_every_shape():
    stories = [story(shape, load, n) for shape in SHAPES for load in LOADS.values() for n in (1, 2)]

    f1s, mixed = zip(*(judged(told.cause, grouped(told)) for told in stories), strict=True)

    assert sum(f1s) / len(stories) >= 0.85
    assert sum(mixed) / len(stories) <= 0.13


def test_time_alone_would_not_do():
    told = story("broad", LOADS["anywhere"], 1)

    f1, mixed = judged(told.cause, by_time(told))

    assert f1 < 0.5
    assert mixed > 0.7


def test_a_storm_is_grouped_as_fast_as_it_comes():
    told = story("broad", LOADS["in the middle"], 3)
    begin = process_time()

    grouped(told)

    assert len(told.sent) / (process_time() - begin) >= 3_000
