"""The score on public labelled series, and the scoring itself."""

from time import process_time

import numpy as np
import pytest
from bench.anomaly import Series, best, series, summed, tally, windowed_gaussian

from fullscore.engines.anomaly import ALARM, scores
from tests.shared import shared_data

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def every():
    shared_data("nab", "windows.json")
    return series(shared_data("nab"))


def test_one_threshold_finds_the_labelled_anomalies_of_all_series_and_of_either_half(every):
    begin = process_time()
    found = [scores(one.at, one.values) for one in every]
    seconds = process_time() - begin
    tallies = [tally(one, each, ALARM) for one, each in zip(every, found, strict=True)]

    assert summed(tallies).score >= 60
    assert min(summed(tallies[half::2]).score for half in (0, 1)) >= 55
    assert sum(map(len, found)) / seconds >= 5_000


def test_the_scoring_gives_a_known_detector_its_published_figure(every):
    found = best([windowed_gaussian(one.values) for one in every], every)

    assert summed(found).score == pytest.approx(39.4, abs=0.5)


def one_window(count=400, window=(200, 249)):
    return Series("group/one.csv", np.arange(count), np.zeros(count), [window])


@pytest.mark.parametrize(
    ("hits", "score"),
    [
        pytest.param([], 0.0, id="never"),
        pytest.param([200], 100.0, id="at once"),
        pytest.param([200, 230], 100.0, id="the second counts nothing"),
        pytest.param([59], 0.0, id="before anything is scored"),
        pytest.param([249], 52.5, id="at the last moment"),
        pytest.param([60, 200], 94.5, id="a false alarm before"),
        pytest.param([399, 200], 94.5, id="and long after"),
        pytest.param([200, 250], 99.7, id="one just after is forgiven"),
    ],
)
def test_detections_earn_what_the_rules_say(hits, score):
    found = np.zeros(400)
    found[hits] = 1.0

    assert tally(one_window(), found, 0.5).score == pytest.approx(score, abs=0.06)
