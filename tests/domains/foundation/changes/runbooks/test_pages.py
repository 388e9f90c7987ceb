"""The pages of runbooks: written beside what is read of them, started, and gone on with."""

import pytest

from fullscore.domains.foundation.changes.models import Runbook, RunbookRun
from fullscore.domains.foundation.changes.services.runbooks import driving
from tests import make
from tests.domains.foundation.changes.runbooks.conftest import WITH_UNIT, approve, last


@pytest.fixture
def ann(crew):
    return make.client(crew.ann)


def test_what_cannot_be_read_is_shown_while_it_is_written(ann):
    html = ann.post("/runbooks/preview", {"text": "## A\n```wait\nsoon\n```"}).content.decode()

    assert "1 thing cannot be read" in html
    assert "Line 3" in html
    assert "“soon” is no time" in html


def test_the_steps_are_shown_as_they_are_read_and_nothing_in_them_is_run_by_the_browser(ann):
    text = f"<script>alert(1)</script>\n{WITH_UNIT}\n## <b>Then</b>\n<img src=x onerror=alert(1)>"

    html = ann.post("/runbooks/preview", {"text": text}).content.decode()

    assert "systemctl restart {unit}" in html
    assert "alters" in html
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;b&gt;Then&lt;/b&gt;" in html


def test_a_runbook_is_written_edited_and_not_overwritten(ann, crew):
    assert "Kinds of steps" in ann.get("/runbooks/add").content.decode()
    form = {"title": "Web", "text": WITH_UNIT, "is_offered": "on"}
    answer = ann.post("/runbooks/add", form)
    runbook = Runbook.objects.get(title="Web")
    assert answer["Location"] == f"/runbooks/{runbook.pk}"

    edited = form | {"text": WITH_UNIT + "\n## Then\nRest."}
    address = f"/runbooks/{runbook.pk}/edit"
    assert ann.post(address, edited | {"seen": "1"}).status_code == 302
    late = ann.post(address, form | {"seen": "1"})

    runbook.refresh_from_db()
    assert late.status_code == 422
    assert "Version 2 was written meanwhile" in late.content.decode()
    assert (runbook.number, runbook.editions.count()) == (2, 2)
    assert runbook.current.written_by == crew.ann


def test_a_form_with_steps_that_cannot_be_read_is_kept_and_says_why(ann):
    html = ann.post("/runbooks/add", {"title": "Web", "text": "## A\n## A"}).content.decode()

    assert "Line 2: “A” is there already" in html
    assert not Runbook.objects.exists()


def test_the_page_that_starts_shows_the_exact_command(crew, host):
    runbook = make.runbook(text=WITH_UNIT, written_by=crew.ann, approved_by=crew.ada)
    otto = make.client(crew.otto)

    page = otto.get(f"/runbooks/{runbook.pk}/run?item={host.pk}&reference=").content.decode()
    seen = otto.post(f"/runbooks/{runbook.pk}/foresee", {"item": host.pk, "value_unit": "redis"})
    wrong = otto.post(f"/runbooks/{runbook.pk}/foresee", {"item": host.pk, "value_unit": "a b"})

    assert "systemctl restart nginx" in page
    assert "systemctl restart redis" in seen.content.decode()
    assert "is a name of letters" in wrong.content.decode()
    assert "systemctl" not in wrong.content.decode()


def test_it_is_started_and_leads_to_its_run(crew, host):
    runbook = make.runbook(text=WITH_UNIT, written_by=crew.ann, approved_by=crew.ada)

    answer = make.client(crew.otto).post(
        f"/runbooks/{runbook.pk}/run", {"item": host.pk, "value_unit": "redis", "is_dry": "on"}
    )

    run = RunbookRun.objects.get()
    assert answer["Location"] == f"/runbook-runs/{run.pk}"
    assert (run.is_dry, run.given) == (True, {"unit": "redis", "item": "web-1"})


def test_who_may_only_look_starts_nothing(crew, host):
    runbook = make.runbook(text=WITH_UNIT)
    vic = make.client(make.user("vic", role="viewer"))

    assert vic.get(f"/runbooks/{runbook.pk}").status_code == 200
    assert vic.get(f"/runbooks/{runbook.pk}/run").status_code == 403
    assert vic.post(f"/runbooks/{runbook.pk}/run", {"item": host.pk}).status_code == 403
    assert vic.post("/runbooks/preview", {"text": "## A"}).status_code == 403
    assert not RunbookRun.objects.exists()


def test_the_page_of_a_run_asks_what_it_waits_for(crew, host, begin, hand):
    text = "## Up?\n```decision\nask: Is it up?\nyes: end\nno: Last\n```\n## Last\nCall."
    run = begin(text)
    hand.on(run)
    otto = make.client(crew.otto)

    page = otto.get(f"/runbook-runs/{run.pk}").content.decode()
    otto.post(f"/runbook-runs/{run.pk}/go_on", {"answer": "no"})

    assert "Is it up?" in page
    assert 'name="answer" value="yes"' in page
    run.refresh_from_db()
    assert run.following == 2


def test_output_is_shown_as_text_with_its_change_and_what_is_to_come(crew, begin, hand, host):
    run = begin(WITH_UNIT + "\n## Then\nRest.")
    hand.on(run)
    approve(run, crew.ada)
    hand.answers(hand.on(run), None, b"<script>\x1b[2J</script>", "It broke.")

    page = make.client(crew.otto).get(f"/runbook-runs/{run.pk}").content.decode()

    assert "&lt;script&gt;&lt;/script&gt;" in page
    assert f"/changes/{last(run).change_id}" in page
    assert "Look at the host: was it done?" in page
    assert "To come" in page


def test_a_run_of_an_item_one_may_not_see_is_not_there(crew, begin):
    run = begin("## Look\nAt it.")
    eli = make.user("eli")
    make.grant(user=eli, role="operator", team=make.team("far"))

    assert make.client(eli).get(f"/runbook-runs/{run.pk}").status_code == 404


def test_whoever_does_not_hold_the_item_drives_nothing(crew, begin, hand, host):
    run = begin("## Look\nAt it.")
    hand.on(run)
    vic = make.client(make.user("vic", role="viewer"))

    assert vic.post(f"/runbook-runs/{run.pk}/go_on", {}).status_code == 403
    driving.go_on(run, by=crew.ann)
    hand.on(run)
    assert run.state == "done"


def test_the_page_of_an_account_says_what_to_put_on_the_host(crew, host):
    make.runbook(text=WITH_UNIT)

    html = make.client(make.user("root", role="administrator")).get(
        f"/command-accesses/{host.command_access.pk}"
    )

    assert "restrict ssh-ed25519 " in html.content.decode()
    assert "systemctl restart {unit}" in html.content.decode()
