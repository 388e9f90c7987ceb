"""The graph engine against sixty worked cases."""

import json

import numpy as np
import pytest

from fullscore.engines.graph import build, cut_nodes, cut_off, impact, single_points, why
from tests.engines.graph.cases import Requirement, dependencies
from tests.shared import shared_data

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def cases():
    return json.loads(shared_data("graph-impact", "cases.json").read_text())


def graph_of(case):
    rows = case["requirements"]
    requirements = [Requirement(r["dependent"], r["needed"], tuple(r["supports"])) for r in rows]
    return build(dependencies(case["node_count"], requirements))


def test_impact_is_as_worked_out(cases):
    for case in cases:
        result = impact(graph_of(case), case["failed"])

        assert result.down.tolist() == case["down"]
        assert result.degraded.tolist() == case["degraded"]


def test_reasons_are_as_long_as_worked_out(cases):
    for case in cases:
        assert len(why(graph_of(case), case["failed"], case["node"])) == case["why_length"]


def test_single_points_are_as_worked_out(cases):
    for case in cases:
        assert single_points(graph_of(case), case["node"]).tolist() == case["single_points"]


def test_cuts_are_as_worked_out(cases):
    for case in cases:
        a, b = np.array(case["edges"], np.int32).reshape(-1, 2).T
        off = cut_off(case["node_count"], a, b, case["roots"], case["failed"])

        assert cut_nodes(case["node_count"], a, b).tolist() == case["cut_nodes"]
        assert off.tolist() == case["cut_off"]
