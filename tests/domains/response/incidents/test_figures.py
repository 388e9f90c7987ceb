"""How fast incidents are handled and how changes go, through page, file, API and command."""

import csv
import io
from datetime import timedelta

import pytest

from fullscore.domains.response.incidents import queries, reading
from fullscore.domains.response.incidents.commands import tell_figures
from fullscore.domains.response.incidents.queries import Asked
from fullscore.engines.aftermath import Spread
from fullscore.kit import time
from fullscore.kit.errors import Invalid, NotFound
from tests import make

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ann():
    return make.user("ann", role="engineer")


def over(now, *, minutes=30, **values):
    """Return an incident of yesterday, noticed after one minute and taken after five more."""
    at = now - timedelta(days=1)
    known = {
        "starts_at": at - MINUTE, "detected_at": at, "acknowledged_at": at + 5 * MINUTE,
        "resolved_at": at + minutes * MINUTE, "state": "resolved", "resolution": "Restarted.",
    }  # fmt: skip
    return make.incident(**known | values)


def asked(now, **values):
    return Asked(now - timedelta(days=28), now, **values)


def test_merged_incidents_are_left_out(ann):
    now = time.now()
    one = over(now, minutes=10)
    over(now, minutes=30)
    over(now, minutes=900, merged_into=one)

    told = queries.times_of(asked(now), ann)

    assert told.detect == Spread(2, 60, 60, 60)
    assert told.acknowledge == Spread(2, 300, 300, 300)
    assert told.resolve == Spread(2, 1200, 1200, 1680)


def test_figures_of_a_service_are_those_of_what_it_needs(ann):
    now = time.now()
    shop, database, other = make.item(kind="service"), make.item(), make.item()
    make.link(from_item=shop, to_item=database)
    for item in (database, other):
        make.alert(incident=over(now), item=item)
    team = make.team()
    over(now, owner=team, priority=1, minutes=60)

    def count(**values):
        return queries.incidents_in(asked(now, **values), ann).count()

    assert count() == 3
    assert count(service=shop) == 1
    assert count(team=team) == count(priority=1) == 1


def closed(now, state="done", **values):
    known = {"state": state, "ended_at": now - timedelta(hours=1), "outcome": "As planned.",
             "is_recorded": state == "done"}  # fmt: skip
    known |= {} if state == "done" else {"points": 10, "band": "low"}
    return make.change(**known | values)


def test_the_five_figures_follow_from_changes_and_what_they_caused(ann):
    now = time.now()
    lasted = closed(now)
    make.change_event(change=lasted, kind="requested", at=lasted.ended_at - timedelta(hours=2))
    cause, fix = closed(now, state="rolled_back"), closed(now)
    make.incident_change(change=cause, incident=over(now, minutes=29))
    make.incident_change(change=fix, incident=over(now), kind="fix")
    make.change()

    told = queries.delivery_of(asked(now), ann)

    assert (told.carried_out, told.per_week) == (3, 0.75)
    assert told.lead == Spread(1, 7200, 7200, 7200)
    assert told.fail_rate == told.rework_rate == pytest.approx(1 / 3)
    assert told.recovery == Spread(1, 1800, 1800, 1800)


def test_weeks_cover_the_whole_time(ann):
    now = time.now()
    over(now)

    weeks = queries.weeks_of(asked(now), ann)

    assert [week.incidents for week in weeks] == [0, 0, 0, 1]
    assert weeks[-1].median_seconds == 1800
    assert weeks[0].median_seconds is None


def test_page_file_api_and_command_tell_the_same(ann, capsys):
    over(time.now())
    browser = make.client(ann)

    page = browser.get("/figures?days=28")
    rows = list(csv.reader(io.StringIO(browser.get("/figures.csv").content.decode("utf-8-sig"))))
    code = tell_figures(days=28, service=None, team=None, priority=None, by=ann)

    assert "Time to resolve (MTTR)" in page.content.decode()
    assert "30 min" in page.content.decode()
    assert rows[3] == ["time to resolve (MTTR)", "s", "1", "1800.0", "1800.0", "1800.0"]
    assert rows[6][0] == "change fail rate"
    assert code == 0
    assert "1 incidents" in capsys.readouterr().out


def test_what_cannot_be_asked_is_said(ann):
    hidden = make.user("ben")

    with pytest.raises(Invalid, match="1 to 730"):
        reading.figures(ann, days=0)
    with pytest.raises(Invalid, match="priority"):
        reading.figures(ann, priority=9)
    with pytest.raises(NotFound):
        reading.figures(ann, service=10**9)
    assert make.client(ann).get("/figures?service=abc").status_code == 422
    assert make.client(hidden).get("/figures").status_code == 403
