"""What a record is made of is added on its page, also while there is none of it yet."""

import pytest

from fullscore.domains.infrastructure.patching.models import Ring
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("made", "page", "add"),
    [
        (make.schedule, "/schedules/{}", "/rota-layers/add?schedule={}"),
        (make.policy, "/escalation-policies/{}", "/escalation-steps/add?policy={}"),
        (make.policy, "/escalation-policies/{}", "/escalation-routes/add?policy={}"),
        (make.baseline, "/patch-baselines/{}", "/patch-rings/add?baseline={}"),
        (make.baseline, "/patch-baselines/{}", "/package-holds/add?baseline={}"),
        (make.ssh_host, "/ssh-hosts/{}", "/patch-accesses/add?host={}"),
        (make.review, "/incident-reviews/{}", "/review-actions/add?review={}"),
    ],
)
def test_a_page_offers_to_add_its_parts(made, page, add):
    record = made()
    user = make.user(role="engineer")
    make.grant(user=user, role="administrator")
    shown = make.client(user).get(page.format(record.pk)).content.decode()

    assert add.format(record.pk) in shown


def test_who_may_only_look_is_offered_nothing():
    schedule = make.schedule()
    page = make.client(make.user(role="viewer")).get(f"/schedules/{schedule.pk}")

    assert "/rota-layers/add" not in page.content.decode()


def test_a_part_that_was_added_leads_back_to_the_whole():
    baseline = make.baseline()
    browser = make.client(make.user(role="engineer"))
    url = f"/patch-rings/add?baseline={baseline.pk}&next=/patch-baselines/{baseline.pk}"
    form = browser.get(url).context["form"]
    sent = {n: form[n].value() for n in form.fields if form[n].value() is not None}
    answer = browser.post(url, sent | {"name": "canary", "place": 1})

    assert answer.url == f"/patch-baselines/{baseline.pk}"
    assert Ring.objects.get().baseline == baseline
