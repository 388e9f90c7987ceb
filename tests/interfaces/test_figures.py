"""One table of figures for both formatters, so a page and its charts never disagree."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fullscore.interfaces.web import figures

pytestmark = pytest.mark.once
TABLE = json.loads(Path(__file__).with_name("figures.json").read_text())
SCRIPT = Path(figures.__file__).parent / "front/js/figures.js"


@pytest.mark.parametrize(
    ("value", "unit", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE]
)
def test_a_figure_is_said_as_people_write_it(value, unit, expected):
    assert figures.figure(value, unit) == expected


def test_infinity_is_a_dash():
    assert figures.figure(float("inf"), "By") == "–"


def test_the_script_says_the_same():
    if not (node := shutil.which("node")):
        pytest.skip("No Node on this machine: the script's formatter was not run.")
    code = (
        f"const {{figure}} = await import({json.dumps(SCRIPT.as_uri())});"
        f"const told = {json.dumps(TABLE)}.map(([, value, unit]) => figure(value, unit));"
        "console.log(JSON.stringify(told));"
    )

    told = subprocess.run(
        [node, "--input-type=module", "-e", code], capture_output=True, text=True, check=True
    )

    assert json.loads(told.stdout) == [row[3] for row in TABLE]
