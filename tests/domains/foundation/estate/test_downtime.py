"""What an hour without something costs."""

import pytest

from fullscore.domains.foundation.estate import queries, services
from fullscore.domains.foundation.estate.models import DowntimeCost
from fullscore.domains.foundation.estate.queries import Downtime
from fullscore.domains.foundation.findings import queries as findings
from fullscore.kit.errors import Invalid
from fullscore.kit.models.user import system
from fullscore.kit.resource import named
from tests import make

pytestmark = pytest.mark.django_db


def cost(item):
    return queries.downtime_per_hour([item])[item.pk]


def test_without_a_statement_the_criticality_decides():
    assert cost(make.item(criticality=2)) == Downtime(300.0, True)


def test_what_is_stated_of_a_service_holds_for_all_it_hard_depends_on():
    shop, base, disk = make.item(kind="service", criticality=2), make.item(), make.item()
    services.require(shop, by=system(), to=base)
    services.require(base, by=system(), to=disk)
    make.downtime_cost(service=shop, low=100, base=900, high=2000)

    assert cost(disk) == Downtime(900.0, False)


def test_the_dearest_of_those_that_depend_on_it_counts():
    shop, wiki, base = make.item(kind="service"), make.item(criticality=1), make.item()
    for upper in (shop, wiki):
        services.require(upper, by=system(), to=base)
    make.downtime_cost(service=shop, low=1, base=2, high=3)

    assert cost(base) == Downtime(2000.0, True)


def test_a_service_that_is_only_helped_does_not_count():
    shop, cache = make.item(kind="service"), make.item(criticality=4)
    services.link(shop, by=system(), to=cache, kind="replicates")
    make.downtime_cost(service=shop, low=1, base=900, high=901)

    assert cost(cache) == Downtime(0.0, True)


def test_the_queue_says_which_prices_are_defaults():
    ann = make.user("ann", role="administrator")
    shop = make.item(kind="service")
    make.downtime_cost(service=shop, base=60)
    stated, default = make.finding(item=shop, severity=5), make.finding(severity=5)

    concerns, found = findings.concerns(ann, make.AT)

    assert {key: f.is_default_price for key, f in found.items()} == {
        findings.key_of(stated): False, findings.key_of(default): True,
    }  # fmt: skip
    assert {c.key: c.stake for c in concerns}[findings.key_of(stated)] == 60 * 4


@pytest.mark.parametrize(
    ("low", "base", "high"),
    [
        pytest.param(10, 5, 20, id="likely below low"),
        pytest.param(10, 20, 15, id="high below likely"),
        pytest.param(-1, 5, 20, id="negative"),
    ],
)
def test_a_range_out_of_order_is_refused(low, base, high):
    ann, shop = make.user("ann", role="administrator"), make.item(kind="service")

    with pytest.raises(Invalid, match="low ≤ likely ≤ high"):
        named("downtime-cost").create(
            {"service": shop, "low": low, "base": base, "high": high}, by=ann
        )

    assert not DowntimeCost.objects.exists()
