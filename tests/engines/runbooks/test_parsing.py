"""A runbook as text: what is read, and which sentence tells what cannot be, with its line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullscore.engines import runbooks

WHOLE = """When the shop is slow.

```parameters
unit: name = nginx.service
speed: choice (slow, fast) = slow
```

## Look first
Ask **who** is on it.

```sh
# what stands in other blocks is prose
```

## Disk
```check
servers.disk_filling
```

## Load
```query
metric: node_load1
is: <= 4.5
over: 10 min
take: most
labels: cpu=0, mode=user
```

## Restart
```command
systemctl restart {unit}
within: 2 min
```

## Give it time
```wait
30 s
```

## Did it help?
```decision
ask: Does it load now?
Yes: end
no: way back
```

# Way back

## Start the old one
```command
systemctl status {unit} --lines={speed}
alters: no
```
"""


def test_everything_a_runbook_may_say_is_read():
    book = runbooks.read(WHOLE)

    assert book.troubles == ()
    assert book.intro == "When the shop is slow."
    assert [(p.name, p.kind, p.default) for p in book.parameters] == [
        ("unit", "name", "nginx.service"), ("speed", "choice", "slow")
    ]  # fmt: skip
    assert [step.kind for step in book.steps] == [
        "read", "check", "query", "command", "wait", "decision"
    ]  # fmt: skip
    look, disk, load, restart, pause, helped = book.steps
    assert "who" in look.text
    assert "other blocks is prose" in look.text
    assert disk.check == "servers.disk_filling"
    assert (load.metric, load.operator, load.limit) == ("node_load1", "<=", 4.5)
    assert (load.function, load.over_seconds) == ("max", 600)
    assert load.labels == {"cpu": "0", "mode": "user"}
    assert (restart.command, restart.within_seconds) == ("systemctl restart {unit}", 120)
    assert restart.is_altering
    assert pause.wait_seconds == 30
    assert helped.branches == {"yes": "end", "no": "way back"}
    assert [(step.title, step.alters) for step in book.back] == [("Start the old one", False)]


def a(kind, *lines, title="Step"):
    """Return the text of one step with one block."""
    return "\n".join([f"## {title}", f"```{kind}", *lines, "```"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("Only words.", "Line 1: there is no step", id="no step"),
        pytest.param("## \n", "Line 1: “” is no title", id="a mark alone"),
        pytest.param("## End\n", "Line 1: “End” is no title", id="a word of ours as a title"),
        pytest.param("## A\n## a\n", "Line 2: “a” is there already", id="a title twice"),
        pytest.param("## A\n```check\nx.y", "Line 2: this block is not closed", id="not closed"),
        pytest.param(a("comand", "ls"), "Line 2: “comand” is no kind of step: write “command”",
                     id="a slip"),
        pytest.param(a("check"), "Line 2: this check block is empty: write servers.disk_filling",
                     id="an empty check"),
        pytest.param(a("check", "the disk"), "Line 3: “the disk” is no check", id="no check"),
        pytest.param(a("query", "metric: x"), "Line 2: is is missing", id="no condition"),
        pytest.param(a("query", "metric: x", "is: about 4"), "Line 4: “about 4” is no condition",
                     id="a vague condition"),
        pytest.param(a("query", "metric: x", "is: < 4", "take: all"), "Line 5: “all” is not known",
                     id="an unknown function"),
        pytest.param(a("query", "metrik: x"), "Line 3: “metrik: x” is not known here",
                     id="an unknown word"),
        pytest.param(a("query", "metric: x", "is: < 4", "labels: cpu"), "Line 5: “cpu” is no label",
                     id="half a label"),
        pytest.param(a("command", "ls", "alter: no"), "Line 4: “alter: no” is a second line",
                     id="a second command"),
        pytest.param(a("command", "alters: no"), "Line 2: it says nothing to do", id="no command"),
        pytest.param(a("command", "ls", "alters: maybe"), "Line 4: “maybe” is neither",
                     id="neither yes nor no"),
        pytest.param(a("command", "ls", "within: 3 h"), "Line 4: between 1 s and 10 min",
                     id="too long"),
        pytest.param(a("command", "ls\x07"), "Line 3: there is a sign in it", id="a bell"),
        pytest.param(a("command", "ls {what}"), "Line 3: there is no parameter “what”",
                     id="an unknown parameter"),
        pytest.param(a("command", 'echo "{item}"'), 'Line 3: leave the " around {item} away',
                     id="quoted twice"),
        pytest.param(a("command", "echo \\{item}"), "Line 3: leave the \\ around {item} away",
                     id="escaped"),
        pytest.param(a("command", "echo `id {item}`"), "Line 3: a value cannot stand in a command",
                     id="backquotes"),
        pytest.param(a("command", "sudo -n {item} now"), "Line 3: {item} would choose what is run",
                     id="a value as the program"),
        pytest.param(a("wait", "soon"), "Line 3: “soon” is no time", id="no time"),
        pytest.param(a("wait", "3 days"), "Line 3: “3 days” is no time", id="days"),
        pytest.param(a("decision", "yes: end", "no: end"), "Line 2: say either", id="no question"),
        pytest.param(a("decision", "ask: x?", "yes: end"), "Line 2: two answers", id="one answer"),
        pytest.param(a("decision", "ask: x?", "yes: end", "no: Stap"),
                     "Line 5: there is no step “Stap”: did you mean “Step”", id="a slip in it"),
        pytest.param(a("decision", "ask: x?", "yes: end", "no: way back"),
                     "Line 5: there is no way back", id="no way back"),
        pytest.param(a("decision", "by: Later", "good: end", "bad: end") + "\n" + a("check", "a.b",
                     title="Later"), "Line 1: “Later” cannot decide", id="decided by what comes"),
        pytest.param(a("decision", "by: Step", "yes: end", "no: end"),
                     "Line 4: a step's result is good or bad", id="a result that is none"),
        pytest.param("```parameters\nunit\n```\n## A", "Line 2: “unit” is no parameter",
                     id="a parameter without its kind"),
        pytest.param("```parameters\nx: choice\n```\n## A", "Line 2: a choice names",
                     id="nothing to choose"),
        pytest.param("```parameters\nx: number = many\n```\n## A", "Line 2: “x” is a whole number",
                     id="a default that does not fit"),
        pytest.param("```parameters\nitem: name\n```\n## A", "Line 2: “item” is there already",
                     id="a name of ours"),
        pytest.param("## A\n```parameters\nx: name\n```", "Line 2: parameters stand before",
                     id="parameters too late"),
        pytest.param(a("check", "a.b") + "\n```wait\n1 s\n```", "Line 5: a step does one thing",
                     id="two things"),
        pytest.param("## A\n# Chapter\n", "Line 2: one “#” begins the way back", id="a chapter"),
        pytest.param("```check\na.b\n```\n## A", "Line 1: a check block belongs to a step",
                     id="a block before any step"),
        pytest.param("\n".join(f"## {n}" for n in range(61)), "Line 61: at most 60 steps",
                     id="too many steps"),
        pytest.param("x" * 70_000, "Line 1: it has more than 65,536", id="too long a text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_line_and_what_to_write(text, told):
    troubles = [str(one) for one in runbooks.read(text).troubles]

    assert any(one.startswith(told) for one in troubles), troubles


WORDS = st.sampled_from(
    ["## A", "## B", "# Way back", "```", "```command", "```decision", "```query", "~~~check",
     "ask: x?", "by: A", "yes: end", "no: B", "is: < 4", "metric: m", "{item}", "ls {item}",
     "'", '"', "alters: no", "parameters", "```parameters", "u: name = x", "u: choice (a, b)"]
)  # fmt: skip


@given(st.lists(st.one_of(WORDS, st.text(max_size=30)), max_size=25))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_read_or_told_never_raised(lines):
    text = "\n".join(lines)

    book = runbooks.read(text)

    count = max(1, len(text.splitlines()))
    assert all(1 <= one.line <= count and one.told for one in book.troubles)
    assert book.steps or book.troubles
    if not book.troubles:
        titles = {step.title.lower() for step in book.steps}
        led = {target.lower() for step in book.steps for target in step.branches.values()}
        assert led <= titles | {"end", "next", "way back"}
