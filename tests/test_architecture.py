"""The rules that no import contract can see, over every file; and that each rule can fail."""

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, get_resolver

from fullscore.config.resources import RESOURCES
from tests import architecture as rules

pytestmark = pytest.mark.once

REPOSITORY = Path(__file__).parents[1]
ROOT = REPOSITORY / "src/fullscore"

KIT_LINES = 4_100
INTERFACE_LINES = 5_420
"""The budgets were 3,200 and 3,000, set before assistants, charts, the palette and as-of pages were
part of either floor: those four are 1,500 lines. What these floors held then is within the budget;
the figures here keep them from growing further unnoticed."""
FILE_LINES = 440
FUNCTION_LINES = 40
LONG_FILES = {"connectors/probe/probe.py"}  # one file by design: it runs alone, on targets

MAY_WRITE = {
    # rows of the session library, kept in step with the session itself
    "domains/foundation/access/sessions.py:SessionEnds",
    "domains/foundation/access/sessions.py:step_up",
    # a person's own views and unread marks: no records, so no audit
    "interfaces/web/own.py:forget_view",
    "interfaces/web/own.py:notifications",
}

FIXED_NAMES = {"add", "edit", "delete", "import", "bulk", "panel", "changes", "list", "show",
               "change", "export.csv", "export.xlsx"}  # fmt: skip


def texts(pattern: str, *floors: str) -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob(pattern)):
        inside = path.relative_to(ROOT)
        if "node_modules" not in inside.parts and (not floors or inside.parts[0] in floors):
            yield inside.as_posix(), path.read_text()


@pytest.mark.parametrize(
    ("rule", "path", "bad"),
    [
        pytest.param(rules.raw_sql, "kit/x.py", "cursor.execute('SELECT 1')", id="raw SQL"),
        pytest.param(rules.raw_sql, "domains/a/b/queries.py", "Item.objects.raw('')", id="raw"),
        pytest.param(rules.shells, "kit/x.py", "run('ls', shell=True)", id="a shell"),
        pytest.param(rules.shells, "kit/x.py", "subprocess.run(a, shell=b)", id="maybe a shell"),
        pytest.param(rules.shells, "kit/x.py", "os.system('ls')", id="os.system"),
        pytest.param(rules.unescaped_python, "kit/x.py", "mark_safe(name)", id="marked safe"),
        pytest.param(rules.unescaped_python, "kit/x.py", "SafeString(f'<b>{a}')", id="a safe f"),
        pytest.param(rules.clocks_in_engines, "engines/x.py", "datetime.now(UTC)", id="a clock"),
        pytest.param(rules.clocks_in_engines, "engines/x.py", "default_rng()", id="no seed"),
        pytest.param(rules.keys_by_string, "kit/x.py", "ForeignKey('estate.Item')", id="a string"),
        pytest.param(rules.nameless_files, "kit/utils.py", '"""Many things."""', id="utils"),
        pytest.param(rules.nameless_files, "domains/a/b/views.py", '"""Views."""', id="views"),
        pytest.param(rules.undone, "kit/x.py", "# TO" + "DO later", id="left for later"),
        pytest.param(rules.undocumented, "kit/x.py", "a = 1", id="no docstring"),
        pytest.param(
            rules.undocumented, "kit/x.py", '"""X."""\nclass A(models.Model): pass', id="a model"
        ),
        pytest.param(
            rules.undocumented, "domains/a/b/__init__.py", '"""X."""\na = 1', id="code in a package"
        ),
    ],
)
def test_each_rule_of_the_code_can_fail_and_no_file_breaks_it(rule, path, bad):
    assert list(rule(path, bad))

    assert list(chain.from_iterable(rule(*file) for file in texts("*.py"))) == []


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("item.save()", id="save"),
        pytest.param("item.save(update_fields=['name'])", id="save some fields"),
        pytest.param("Item.objects.create(name='x')", id="create"),
        pytest.param("rows.update(name='x')", id="update"),
        pytest.param("rows.delete()", id="delete"),
        pytest.param("Item.objects.bulk_create(rows)", id="many"),
    ],
)
def test_a_write_outside_services_is_seen(bad):
    assert list(rules.writes_outside_services("domains/a/b/pages.py", bad))


@pytest.mark.parametrize(
    ("path", "good"),
    [
        pytest.param("domains/a/b/services.py", "item.save()", id="in a service"),
        pytest.param("domains/a/b/pages.py", "seen.update(others)", id="a dict"),
        pytest.param("domains/a/b/pages.py", "resource.create(values, by=ann)", id="with an actor"),
        pytest.param("domains/a/b/pages.py", "cache.delete('key')", id="a cache"),
    ],
)
def test_what_only_looks_like_a_write_is_none(path, good):
    assert not list(rules.writes_outside_services(path, good))


def test_only_services_write():
    told = chain.from_iterable(
        rules.writes_outside_services(*file)
        for file in texts("*.py", "domains", "interfaces", "config")
    )

    assert {one.split(" ")[0] for one in told} == MAY_WRITE  # one allowed too many fails, too


def test_templates_escape_everything():
    assert list(rules.unescaped_template("x.html", "<b>{{ name|safe }}</b>"))
    assert list(rules.unescaped_template("x.html", "{% autoescape off %}"))

    assert not list(chain.from_iterable(rules.unescaped_template(*f) for f in texts("*.html")))


# ── sizes ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("floor", "most"), [("kit", KIT_LINES), ("interfaces", INTERFACE_LINES)])
def test_a_floor_keeps_to_its_size(floor, most):
    lines = sum(
        text.count("\n") for path, text in texts("*.py", floor) if "/migrations/" not in path
    )

    assert most * 0.9 < lines <= most  # far below: lower the figure, so that it still tells


def test_files_can_be_read_in_one_sitting():
    written = ((path, text) for path, text in texts("*.py") if "/migrations/" not in path)
    long = {path for path, text in written if text.count("\n") > FILE_LINES}

    assert long == LONG_FILES


def test_functions_hold_one_thought():
    assert list(rules.long_functions("x.py", "def a():\n" + "    b()\n" * 41, most=FUNCTION_LINES))

    found = [
        told
        for path, text in texts("*.py")
        if path not in LONG_FILES and "/migrations/" not in path
        for told in rules.long_functions(path, text, most=FUNCTION_LINES)
    ]
    assert found == []


# ── foreign keys ───────────────────────────────────────────────────────────────────────────────


def ranks() -> dict[str, int]:
    """Return how high each package stands, from the import contracts themselves."""
    told = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    layers = {
        contract["containers"][0]: [
            name.strip(" ()") for row in reversed(contract["layers"]) for name in row.split("|")
        ]
        for contract in told["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    }
    found = {"fullscore.kit": 0}
    for group in layers["fullscore.domains"]:
        for package in layers.get(f"fullscore.domains.{group}", ()):
            found[f"fullscore.domains.{group}.{package}"] = len(found)
    return found


def rank(model: type, known: dict[str, int]) -> int:
    own = max((n for n in known if f"{model.__module__}.".startswith(f"{n}.")), default="")
    return known.get(own, -1)  # a library's model stands below everything of ours


def looks_up(model: type, target: type, known: dict[str, int]) -> bool:
    return rank(target, known) > rank(model, known)


def test_foreign_keys_look_down():
    known, models = ranks(), apps.get_models()
    lower, higher = apps.get_model("estate.Item"), apps.get_model("findings.Finding")
    assert looks_up(lower, higher, known)
    assert not looks_up(higher, lower, known)

    up = [
        str(field)
        for model in models
        if model.__module__.startswith("fullscore.")
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if field.related_model and looks_up(model, field.related_model, known)
    ]
    assert up == []


# ── names outside ──────────────────────────────────────────────────────────────────────────────


def twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def test_names_and_addresses_are_given_once():
    assert twice(["item", "team", "item"]) == {"item"}

    assert twice([r.name for r in RESOURCES]) == set()
    assert twice([r.path for r in RESOURCES]) == set()
    assert twice([r.noun for r in RESOURCES]) == set()


def test_verbs_do_not_take_the_place_of_what_every_noun_has():
    taken = [(r.name, v.name) for r in RESOURCES for v in r.verbs if v.name in FIXED_NAMES]
    doubled = {r.name: twice([v.name for v in r.verbs]) for r in RESOURCES}

    assert taken == []
    assert not any(doubled.values())


def test_pages_of_their_own_do_not_hide_a_noun():
    paths = {r.path for r in RESOURCES}
    plain = [str(p.pattern) for p in get_resolver().url_patterns if isinstance(p, URLPattern)]
    own = [p for p in plain if p.strip("/") and not re.match(r"^\W", p)]

    assert [p for p in paths if own.count(p) > 1] == []
    assert paths & {"api", "static", "live", "mcp"} == set()
