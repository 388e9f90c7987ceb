"""Hosts that take themselves out of service before they are altered: for real."""

import pytest

from fullscore.domains.infrastructure.patching import services
from fullscore.kit.errors import Conflict
from fullscore.kit.models.user import system
from tests import make
from tests.domains.infrastructure.patching import targets as hosts
from tests.domains.infrastructure.patching.campaigns import enrolled, only, started
from tests.domains.infrastructure.patching.conftest import needs

pytestmark = pytest.mark.real
VERSION = "dpkg-query -W -f '${Version}' webapp"


def says(word):
    """Return a hook that notes which version was there when it ran."""
    return f'echo "{word} $({VERSION})" >>"$T/said"'


@pytest.fixture
def source(tmp_path):
    """A repository whose update comes up, and a template."""
    hosts.needed()
    one = hosts.deb(tmp_path, "webapp", "1.0")
    template = tmp_path / "template"
    template.mkdir()
    hosts.prepared(template, one)

    def made(**values):
        two = hosts.deb(tmp_path / "2", "webapp", "2.0", **values)
        return hosts.repository(tmp_path / "source", one, two)

    return template, made


@pytest.fixture
def clock(ticking):
    """Time goes by itself."""
    return ticking


@pytest.mark.parametrize("way", ["ssh", "ansible"])
def test_a_host_is_drained_before_and_undrained_after(source, clock, patch, patience, way):
    if way == "ansible":
        patience[0] = patience[0].__class__(poll=0.1, update=60, reboot=30, settle=1)
    template, made = source
    with hosts.targets(template, made(), 1) as [target]:
        enrolled(target, "web1")
        target.hooks(says("drain"), says("undrain"))
        campaign = started(clock, drains=True, way=way)

        patch(times=1)

        run = only(campaign)
        assert (run.state, run.why) == ("done", "")
        assert (target.folder / "said").read_text().split("\n")[:2] == ["drain 1.0", "undrain 2.0"]
        assert [step.name for step in run.steps.all()] == [
            "check", "save", "drain", "update", "reboot", "verify", "undrain",
        ]  # fmt: skip


def test_one_that_is_not_verified_stays_out_of_service_until_it_is_put_back(source, clock, patch):
    template, made = source
    with hosts.targets(template, made(unit="stopped"), 1) as [target]:
        enrolled(target, "web1")
        target.hooks(says("drain"), says("undrain"))
        campaign = started(clock, drains=True)
        patch(times=1)
        assert (target.folder / "said").read_text() == "drain 1.0\n"

        services.roll_back(only(campaign), by=system(), reason="It breaks the shop.")
        patch(times=1)

        assert only(campaign).state == "back"
        assert (target.folder / "said").read_text() == "drain 1.0\nundrain 1.0\n"


@pytest.mark.parametrize(
    ("drain", "told", "is_kept"),
    [
        pytest.param("", "Check: It has no /etc/fullscore/drain", False, id="no hooks"),
        pytest.param("echo still busy; exit 1", "Drain: still busy", True, id="it does not drain"),
    ],
)
def test_what_cannot_be_drained_is_not_altered(source, clock, patch, drain, told, is_kept):
    template, made = source
    with hosts.targets(template, made(), 1) as [target]:
        server = enrolled(target, "web1")
        service = make.item(kind="service", name="shop", criticality=1)
        needs(service, server.item, make.item(kind="host"), needed=1)
        if drain:
            target.hooks(drain, says("undrain"))
        campaign = started(clock, drains=True)

        patch(times=1)

        run = only(campaign)
        assert run.state == "failed"
        assert run.why.startswith(told)
        assert target.version() == "1.0 installed"
        assert run.leases.filter(released_at=None).exists() == is_kept  # it may be half drained
        if not is_kept:
            with pytest.raises(Conflict, match="Nothing was altered"):
                services.roll_back(run, by=system(), reason="x")
