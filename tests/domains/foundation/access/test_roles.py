"""The table of roles: what each covers, and what it must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.foundation.access import roles

NAMES = [role.name for role in roles.ROLES]


@pytest.mark.parametrize(
    ("role", "covered", "refused"),
    [
        pytest.param(
            "viewer",
            ["estate.view_item", "findings.view_finding", "directory.view_person",
             "servers.view_server", "nextyear.view_thing"],
            ["estate.change_item", "kit.view_secret", "kit.view_auditentry", "kit.view_user",
             "talent.view_review", "security.view_incident", "awareness.view_result",
             "access.view_apitoken", "findings.waive_finding"],
            id="viewer",
        ),
        pytest.param(
            "engineer",
            ["estate.view_item", "estate.change_item", "findings.acknowledge_finding",
             "findings.assign_finding", "findings.comment_finding"],
            ["changes.execute_change", "changes.approve_change", "estate.delete_item",
             "directory.change_person", "kit.add_secret", "access.add_rolegrant"],
            id="engineer",
        ),
        pytest.param(
            "operator",
            ["changes.execute_change", "estate.change_item"],
            ["changes.approve_change", "findings.waive_finding", "access.add_rolegrant"],
            id="operator executes and does not approve",
        ),
        pytest.param(
            "approver",
            ["changes.approve_change", "findings.waive_finding", "findings.grant_waiver"],
            ["changes.execute_change", "access.add_rolegrant"],
            id="approver approves and does not execute",
        ),
        pytest.param(
            "manager",
            ["talent.view_review", "projects.change_project", "access.add_rolegrant"],
            ["kit.add_user", "access.add_apitoken", "access.add_signinlink", "talent.delete_review",
             "changes.approve_change"],
            id="manager",
        ),
        pytest.param(
            "executive", ["budget.view_budget"], ["budget.change_budget", "talent.view_review"],
            id="executive",
        ),
        pytest.param(
            "hr", ["directory.add_person", "hiring.add_opening"],
            ["estate.change_item", "awareness.view_result", "kit.view_user"], id="hr",
        ),
        pytest.param(
            "controller", ["budget.close_period", "vendors.add_contract"],
            ["estate.change_item", "talent.view_review"], id="controller",
        ),
        pytest.param(
            "security", ["security.view_incident", "kit.view_auditentry", "kit.view_user"],
            ["kit.view_secret", "kit.change_user", "awareness.view_result"], id="security",
        ),
        pytest.param(
            "awareness_officer", ["awareness.view_result"], ["security.view_incident"],
            id="awareness officer",
        ),
        pytest.param(
            "auditor",
            ["kit.view_auditentry", "access.view_apitoken", "kit.view_user", "budget.view_budget"],
            ["kit.view_secret", "talent.view_review", "awareness.view_result",
             "estate.change_item"],
            id="auditor reads everything but people and secrets",
        ),
        pytest.param(
            "administrator",
            ["estate.merge_item", "findings.waive_finding", "kit.add_secret", "kit.change_user",
             "access.add_rolegrant", "system.view_process", "directory.add_team",
             "telemetry.change_threshold", "kit.view_auditentry"],
            ["talent.view_review", "supervision.view_note", "hiring.view_candidate",
             "security.view_incident", "incidents.view_incident", "kit.change_auditentry",
             "kit.delete_auditentry", "awareness.view_result"],
            id="administrator has no people's records and no incidents",
        ),
        pytest.param("king", [], ["estate.view_item"], id="unknown role"),
    ],
)  # fmt: skip
def test_a_role_covers_its_work_and_nothing_else(role, covered, refused):
    assert [name for name in covered if not roles.grants(role, name)] == []
    assert [name for name in refused if roles.grants(role, name)] == []


@pytest.mark.parametrize("name", ["", "view_item", "estate.", "*"])
def test_a_malformed_permission_is_never_covered(name):
    assert not any(roles.grants(role, name) for role in NAMES)


def test_nobody_may_alter_the_audit():
    for role in NAMES:
        for action in ("add", "change", "delete"):
            assert not roles.grants(role, f"kit.{action}_auditentry")


def test_the_twelve_roles_are_those_of_the_design():
    assert sorted(NAMES) == [
        "administrator", "approver", "auditor", "awareness_officer", "controller", "engineer",
        "executive", "hr", "manager", "operator", "security", "viewer",
    ]  # fmt: skip
    assert set(roles.PRIVILEGED) == {"administrator", "approver", "operator"}


@pytest.mark.parametrize(
    ("role", "held", "expected"),
    [
        pytest.param("viewer", ["viewer"], False, id="the same"),
        pytest.param("viewer", ["manager"], False, id="contained"),
        pytest.param("engineer", ["manager"], True, id="beyond"),
        pytest.param("executive", ["manager", "viewer"], True, id="comments the manager lacks"),
        pytest.param("administrator", NAMES[:-1], True, id="all others are no administrator"),
        pytest.param("operator", ["administrator"], True, id="an administrator has no incidents"),
        pytest.param("viewer", [], True, id="nothing held"),
    ],
)
def test_a_role_exceeds_what_is_held_when_it_covers_more(role, held, expected):
    assert roles.exceeds(role, held) is expected


@given(
    role=st.sampled_from(NAMES),
    held=st.lists(st.sampled_from(NAMES), max_size=4),
    app=st.sampled_from(["estate", "kit", "talent", "access", "budget", "incidents", "security"]),
    word=st.sampled_from(
        ["view_item", "add_rolegrant", "approve_change", "execute_change", "view_secret",
         "view_user", "delete_item", "comment_goal", "view_course", "view_auditentry"]
    ),
)  # fmt: skip
def test_what_does_not_exceed_covers_no_permission_beyond(role, held, app, word):
    name = f"{app}.{word}"

    if not roles.exceeds(role, held) and roles.grants(role, name):
        assert any(roles.grants(one, name) for one in held)


def test_config_can_place_further_nouns_apart():
    kept = roles.AREAS[:]
    try:
        assert roles.grants("viewer", "vendors.view_salaryband")
        roles.place("people", "vendors.*_salaryband")

        assert not roles.grants("viewer", "vendors.view_salaryband")
        assert roles.grants("hr", "vendors.view_salaryband")
        assert roles.grants("viewer", "vendors.view_contract")
    finally:
        roles.AREAS[:] = kept
        roles.area_of.cache_clear()
