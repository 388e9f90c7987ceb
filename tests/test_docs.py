"""What is written down is what the program does."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from fullscore.config.checks import CHECKS
from fullscore.config.commands import COMMANDS
from fullscore.config.options import Options
from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.access.roles import ROLES
from fullscore.interfaces.cli.parsers import parser_of, word_of
from tests import documentation
from tests.documentation import REFERENCE, ROOT, sentence

pytestmark = pytest.mark.once

WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(?:sh|console|text)\n(.*?)^```", re.M | re.S)
WORDS = ("title", "why", "source", "fix")
LINK = re.compile(r"(?<!`)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("name", documentation.pages())
def test_the_reference_says_what_the_code_says(name):
    written = (REFERENCE / name).read_text() if (REFERENCE / name).exists() else ""

    assert written == documentation.pages()[name], "run `python -m tests.documentation`"


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("options.md", [f"`{o.name}`" for o in fields(Options)]),
        ("nouns.md", [f"### {r.name}\n" for r in RESOURCES]),
        ("nouns.md", [f"| `{word_of(v)}` | {v.about}" for r in RESOURCES for v in r.verbs]),
        ("api.md", [f"## {r.path}\n\n| call" for r in RESOURCES]),
        ("checks.md", [f"## {c.id} {{#" for c in CHECKS]),
        ("roles.md", [f"| `{r.name}` | {r.about}" for r in ROLES]),
        ("commands.md", [f"## fullscore {c.name}\n" for c in COMMANDS]),
    ],
    ids=["options", "nouns", "verbs", "addresses", "checks", "roles", "commands"],
)  # fmt: skip
def test_everything_is_in_the_reference(page, names):
    written = (REFERENCE / page).read_text()

    missing = [name for name in names if name not in written]

    assert names
    assert missing == []


def test_everything_says_what_it_is_for():
    told = {
        **{f"option {o.name}": o.metadata["doc"] for o in fields(Options)},
        **{f"noun {r.name}": sentence(r.model.__doc__) for r in RESOURCES},
        **{f"verb {r.name} {v.name}": v.about for r in RESOURCES for v in r.verbs},
        **{f"check {c.id}: {word}": getattr(c, word) for c in CHECKS for word in WORDS},
        **{f"role {r.name}": r.about for r in ROLES},
        **{f"command {c.name}": c.help for c in COMMANDS},
    }  # fmt: skip

    silent = [name for name, text in told.items() if len(text.split()) < 2]
    # Django gives a model without a docstring its signature, such as "Finding(id, title)".
    unspoken = [name for name, text in told.items() if re.match(r"\w+\(\w+(, \w+)*\)$", text)]

    assert (silent, unspoken) == ([], [])


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    targets = [a or b for a, b in LINK.findall(text)]
    near = [t.split("#")[0] for t in targets if not re.match(r"[a-z]+:|#", t)]

    broken = [target for target in near if target and not (path.parent / target).exists()]

    assert broken == []


def test_targets_of_make_that_are_named_exist():
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {
        (name_of(path), target)
        for path in WRITTEN
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.M)
    }

    assert {where for where, _ in named} >= {"README.md", "CONTRIBUTING.md"}
    assert [one for one in named if one[1] not in known] == []


def test_variables_that_are_named_are_options():
    # Not options: who acts on the command line, the token of an inventory that it reads, and which
    # database the tests take.
    known = {"FULLSCORE_USER", "FULLSCORE_INVENTORY_TOKEN", "FULLSCORE_TEST_DATABASE",
             "FULLSCORE_SHARED"}  # fmt: skip
    for option in fields(Options):
        known |= {f"FULLSCORE_{option.name.upper()}"}
        known |= {f"FULLSCORE_{option.name.upper()}_FILE"} if option.metadata["secret"] else set()
    named = {
        (name_of(path), word)
        for path in [*WRITTEN, *(ROOT / "deploy").rglob("*")]
        if path.is_file()
        for word in re.findall(r"FULLSCORE_[A-Z_]+[A-Z]", path.read_text())
    }

    assert named
    assert [one for one in sorted(named) if one[1] not in known] == []


def printed() -> list[tuple[str, str]]:
    """Return every `fullscore …` line of the code blocks, with the file it stands in."""
    found = []
    for path in WRITTEN:
        for block in BLOCK.findall(path.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                words = re.sub(r"\s+[|>#].*| && .*", "", line.strip().removeprefix("$ "))
                if match := re.match(
                    r"(?:sudo -u fullscore )?(?:[A-Z_]+=\S+ )*fullscore (.+)", words
                ):
                    found.append((name_of(path), match.group(1)))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("where", "line"), printed())
def test_commands_that_are_printed_are_understood(where, line):
    words = shlex.split(line)
    if words[0] == "--data-dir":
        words = words[2:]
    if "--as" in words:
        place = words.index("--as")
        words = words[:place] + words[place + 2 :]
    command = next((c for c in COMMANDS if c.name == words[0]), None)
    resource = next((r for r in RESOURCES if r.name == words[0]), None)
    own = {"--all", "enrol", "grants", "file", "make", "bring"}
    is_own = command and (resource is None or own & set(words))

    if words[0] in ("explain", "help", "--help"):
        assert all(any(r.name == word for r in RESOURCES) for word in words[1:])
    elif is_own:
        parser = documentation.parser_of(command)
        assert parser or words[1:] == []
        assert parser is None or parser.parse_args(words[1:])
    else:
        assert resource, f"{words[0]} is no noun"
        assert parser_of(resource).parse_args(words[1:])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site once; return its folder and what the builder said."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True, timeout=110,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},  # the theme's news about another program
    )  # fmt: skip
    return folder, built


def test_the_site_is_built_without_a_warning(site):
    folder, built = site

    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    assert (folder / "index.html").exists()


def test_the_site_loads_nothing_from_other_hosts(site):
    folder, _ = site
    loads = re.compile(
        r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^\s>]+"
    )

    pages = list(folder.rglob("*.html"))
    found = {hit for page in pages for hit in loads.findall(page.read_text())}

    assert len(pages) > 30
    assert found == set()
