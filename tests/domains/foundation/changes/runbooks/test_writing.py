"""Runbooks as they are written: versions are kept, and somebody else approves what is run."""

import pytest
from django.db import IntegrityError, transaction

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.models import RunbookVersion
from fullscore.domains.foundation.changes.services.runbooks import starting
from fullscore.kit.errors import Conflict, Invalid
from tests import make

READ = "## Look\nAt the screen.\n"
RUN = "## Restart\n```command\nsystemctl restart nginx\n```\n"


def test_an_edit_of_the_steps_is_a_new_version_and_the_old_one_is_kept(crew):
    runbook = services.add_runbook(by=crew.ann, title="Web", text=READ)

    services.change_runbook(runbook, by=crew.otto, text=RUN)
    services.change_runbook(runbook, by=crew.otto, summary="When it is slow")

    assert runbook.number == 2
    versions = runbook.editions.order_by("number")
    assert [(v.number, v.text, v.written_by) for v in versions] == [
        (1, READ, crew.ann),
        (2, RUN, crew.otto),
    ]


def test_steps_that_cannot_be_read_are_refused_line_by_line(crew):
    with pytest.raises(Invalid) as refused:
        services.add_runbook(by=crew.ann, title="Web", text="## A\n```wait\nsoon\n```\n## A")

    assert refused.value.fields == {
        "text": [
            "Line 3: “soon” is no time: write such as 30 s, 2 min or 1 h.",
            "Line 5: “A” is there already: decisions name steps by their titles.",
        ]
    }


def test_a_check_that_does_not_exist_is_refused(crew):
    with pytest.raises(Invalid, match="Line 1: there is no check “disk"):
        services.add_runbook(by=crew.ann, title="Web", text="## A\n```check\ndisk.full\n```")


def test_what_items_are_not_selected_by_is_refused(crew):
    with pytest.raises(Invalid, match="not selected by"):
        services.add_runbook(by=crew.ann, title="Web", text=READ, selector="colour=red")


def test_nobody_approves_what_they_wrote(crew):
    runbook = services.add_runbook(by=crew.ada, title="Web", text=RUN)

    with pytest.raises(Conflict, match="Someone else"):
        services.approve_runbook(runbook, by=crew.ada)
    services.approve_runbook(runbook, by=crew.eve)

    assert runbook.current.approved_by == crew.eve
    with pytest.raises(Conflict, match="already"):
        services.approve_runbook(runbook, by=crew.abe)


def test_the_database_itself_lets_nobody_approve_their_own(crew):
    version = make.runbook(written_by=crew.ann, approved_by=crew.ada).current

    with pytest.raises(IntegrityError), transaction.atomic():
        RunbookVersion.objects.filter(pk=version.pk).update(approved_by=crew.ann)


def test_an_edit_takes_the_approval_back_and_a_run_goes_on_with_its_own_version(crew, host):
    runbook = services.add_runbook(by=crew.ann, title="Web", text=READ + RUN)
    services.approve_runbook(runbook, by=crew.ada)
    run = starting.run(runbook, by=crew.otto, item=host)

    services.change_runbook(runbook, by=crew.ann, text=READ + RUN + "\n## Then\nRest.\n")

    assert runbook.current.approved_by is None
    assert run.version.number == 1
    assert len(run.version.book.steps) == 2
    with pytest.raises(Conflict, match="nobody has approved it"):
        starting.run(runbook, by=crew.otto, item=make.item("web-2"))


def test_another_standard_change_takes_the_approval_back_too(crew):
    runbook = services.add_runbook(by=crew.ann, title="Web", text=RUN)
    services.approve_runbook(runbook, by=crew.ada)

    services.change_runbook(runbook, by=crew.ann, standard=make.standard_change())

    assert runbook.number == 2
    assert runbook.current.approved_by is None
