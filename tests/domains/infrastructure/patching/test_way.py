"""By what a campaign is carried out, on its page and form, by API and by command."""

import pytest

from fullscore.config.resources import RESOURCES
from fullscore.connectors.ansible import client as ansible
from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.interfaces.cli.run import run
from fullscore.kit.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def absent(monkeypatch):
    """Let Ansible not be installed."""
    monkeypatch.setattr(ansible, "_path", lambda: "/usr/bin:/bin")


@pytest.fixture
def ann():
    return make.user("ann", role="administrator")


def test_its_page_and_its_form_say_by_what_it_is_carried_out(ann):
    campaign = make.campaign(drafted_by=ann, way="ansible")
    browser = make.client(ann)

    page = browser.get(f"/patch-campaigns/{campaign.pk}").content.decode()
    form = browser.get(f"/patch-campaigns/{campaign.pk}/edit").content.decode()

    assert "by Ansible&#x27;s playbooks" in page
    assert "over SSH, by steps of our own" in form
    assert "The same steps either way." in form


def test_over_ssh_is_what_is_meant_when_nothing_is_said(ann, absent):
    assert make.campaign(drafted_by=ann).way == "ssh"


def test_it_is_chosen_by_api_and_command(ann, capsys):
    campaign = make.campaign(drafted_by=ann)
    path = f"/api/patch-campaigns/{campaign.pk}"

    answer = make.client(ann).patch(path, {"way": "ansible"}, content_type="application/json")
    assert (answer.status_code, answer.json()["way"]) == (200, "ansible")
    words = ["patch-campaign", "change", str(campaign.pk), "--way", "ssh"]
    assert run(words, lambda: RESOURCES, (), lambda email: ann) == 0

    campaign.refresh_from_db()
    assert campaign.way == "ssh"


def test_where_ansible_is_not_installed_every_way_in_says_how_to_install_it(ann, absent, capsys):
    campaign = make.campaign(drafted_by=ann)
    path = f"/api/patch-campaigns/{campaign.pk}"

    answer = make.client(ann).patch(path, {"way": "ansible"}, content_type="application/json")
    words = ["patch-campaign", "change", str(campaign.pk), "--way", "ansible"]
    code = run(words, lambda: RESOURCES, (), lambda email: ann)
    told = capsys.readouterr()

    assert answer.status_code == 422
    assert answer.json()["fields"] == {"way": [ansible.INSTALL]}
    assert code != 0
    assert ansible.INSTALL in told.out + told.err
    with pytest.raises(Invalid, match=r"pip install 'fullscore\[ansible\]'"):
        services.draft(by=ann, title="x", baseline=campaign.baseline, way="ansible")
    campaign.refresh_from_db()
    assert campaign.way == "ssh"


def test_what_was_approved_is_also_by_what_it_is_carried_out():
    campaign = make.campaign()
    before = planning.digest(campaign)

    campaign.way = "ansible"

    assert planning.digest(campaign) != before
