"""Root causes of recorded incidents: how often the true one stands first."""

import random

import pytest

from fullscore.engines.rootcause import RecentChange
from tests.shared import shared_data

from . import cases

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def petshop():
    return list(cases.petshop(shared_data("rca", "petshop")))


def places(told):
    return [cases.place_of(case, case.ranked()) for case in told]


def test_the_pet_shop_s_causes_stand_first(petshop):
    found = places(petshop)

    assert cases.share_within(found, 1) >= 0.80
    assert cases.share_within(found, 3) >= 0.92
    assert cases.average_of_five(found) >= 0.90


@pytest.mark.parametrize(
    ("system", "first", "among_three"),
    [
        pytest.param("onlineboutique", 0.65, 0.80, id="a shop of ten services"),
        pytest.param("trainticket", 0.13, 0.20, id="a ticket office of forty, mostly code faults"),
    ],
)
def test_causes_of_a_system_with_few_samples(system, first, among_three):
    found = places(cases.nezha(shared_data("rca", "nezha"), system))

    assert cases.share_within(found, 1) >= first
    assert cases.share_within(found, 3) >= among_three


def test_the_true_change_among_three_others_helps_and_others_alone_hardly_harm(petshop):
    chance = random.Random(11)
    alone, told = [], []
    for case in petshop:
        others = chance.sample([i for i in case.items() if i != case.root_cause], 3)
        decoys = tuple(
            RecentChange(item, "Something else", chance.uniform(5, 240)) for item in others
        )
        true = RecentChange(case.root_cause, "New version", 10)
        alone.append(cases.place_of(case, case.ranked(decoys)))
        told.append(cases.place_of(case, case.ranked((*decoys, true))))

    assert cases.share_within(told, 1) >= 0.80
    assert cases.share_within(alone, 1) >= cases.share_within(places(petshop), 1) - 0.08
