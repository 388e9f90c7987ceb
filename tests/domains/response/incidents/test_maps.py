"""Where each item of an incident stands on its map."""

import re

import pytest

from fullscore.domains.response.incidents.maps import DESK, HAND, Size, layered

LETTERS = 11 * 0.68  # the widest a letter of a name is on average, in units of the picture


def drawn(count, links=(), size=HAND, names=None, alerting=()):
    names = names or {n: f"host-{n}" for n in range(count)}
    return layered(names, links, {0: "crit"}, alerting, size)


def tree(count):
    return [((n - 1) // 3, n) for n in range(1, count)]


@pytest.mark.parametrize("size", [HAND, DESK], ids=["hand", "desk"])
@pytest.mark.parametrize("links", [[], None], ids=["no links", "a tree"])
@pytest.mark.parametrize("count", [1, 3, 12, 40])
def test_no_box_lies_on_another_or_leaves_the_picture(count, size, links):
    names = {n: f"db-replica-{n}.berlin-example.prod.example.org" for n in range(count)}

    flow = drawn(count, tree(count) if links is None else links, size, names)

    assert len(flow.boxes) == count
    for place, a in enumerate(flow.boxes):
        assert a.x >= 0
        assert a.x + a.width <= flow.width
        assert a.bottom <= flow.height
        assert all(len(line) * LETTERS <= a.width + 1 for line in a.lines)
        for b in flow.boxes[place + 1 :]:
            assert a.x + a.width < b.x or b.x + b.width < a.x or a.bottom < b.y or b.bottom < a.y


def test_each_item_stands_above_all_it_needs():
    links = [(0, 1), (1, 2), (0, 2), (3, 2)]

    flow = drawn(4, links)

    y = {box.item: box.y for box in flow.boxes}
    assert all(y[a] < y[b] for a, b in links)
    assert {(a.item, b.item) for a, b, _, _ in flow.edges} == set(links)
    assert [tone for a, b, tone, _ in flow.edges if b.item == 0] == []


def test_a_circle_is_drawn_without_the_link_that_closes_it():
    flow = drawn(3, [(0, 1), (1, 2), (2, 0), (1, 1)])

    assert {(a.item, b.item) for a, b, _, _ in flow.edges} == {(0, 1), (1, 2)}


def test_what_is_not_connected_stands_below():
    flow = drawn(3, [(1, 2)])

    y = {box.item: box.y for box in flow.boxes}
    assert y[0] > y[2] > y[1]


def test_links_to_what_is_not_shown_are_left_out():
    assert drawn(1, [(0, 99), (99, 0)]).edges == []


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("db1", ("db1",)),
        ("db-replica-1.berlin", ("db-replica-1.", "berlin")),
        ("x" * 60, ("x" * 17, "x" * 16 + "…")),
    ],
)
def test_a_name_has_two_lines_at_most(name, lines):
    (box,) = drawn(1, names={0: name}).boxes

    assert box.lines == lines
    assert len(box.baselines) == len(lines)


def test_no_edge_runs_over_a_box_of_the_layers_it_joins():
    """What would pass another row goes down between two columns."""
    flow = drawn(9, [(0, n) for n in range(1, 9)], Size(288.0, 2))

    for _, b, _, path in flow.edges:
        numbers = [float(n) for n in re.findall(r"V([\d.]+)H", path)]
        assert bool(numbers) is (b.y > min(x.y for x in flow.boxes if x.item))


def test_what_alerts_is_told_apart():
    flow = drawn(2, alerting=[1])

    assert [(box.tone, box.is_alerting) for box in flow.boxes] == [("crit", False), ("", True)]
