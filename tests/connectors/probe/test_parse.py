"""Reading a probe's output that may be anything."""

import gzip
import json

import pytest

from fullscore.connectors.base import Garbled
from fullscore.connectors.probe import parse
from fullscore.connectors.probe.parse import Missing


def body(**changes):
    report = {
        "format": 1,
        "probe": "1.0",
        "at": 1_795_000_000.0,
        "took_ms": 12,
        "complete": True,
        "facts": {},
        "samples": [],
        "errors": [],
    }
    return json.dumps({**report, **changes}).encode()


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def test_a_report_is_read_whole():
    report = parse.read(
        body(
            facts={"routes": [{"prefix": "0.0.0.0/0", "via": "10.0.0.1", "device": "eth0"}]},
            samples=[["node_load1", {}, 0.42], ["node_disk_io_now", {"device": "sda"}, 3]],
            errors=[{"section": "sudo", "reason": "permission"}],
        )
    )

    assert report.facts["routes"] == [
        {"prefix": "0.0.0.0/0", "via": "10.0.0.1", "device": "eth0", "metric": None}
    ]
    assert report.samples == (
        ("node_load1", {}, 0.42),
        ("node_disk_io_now", {"device": "sda"}, 3.0),
    )
    assert report.errors == (Missing("sudo", "permission"),)
    assert (report.why("sudo"), report.why("users")) == ("permission", None)
    assert report.complete


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"\xff\xfe{}", "not JSON", id="not text"),
        pytest.param(b"<html>", "not JSON", id="a web page"),
        pytest.param(body()[:-2], "not JSON", id="cut short"),
        pytest.param(b"[" * 200_000, "not JSON", id="only brackets"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b'{"format": NaN}', "not JSON", id="not a number"),
        pytest.param(b'{"at": ' + b"9" * 5000 + b"}", "not JSON", id="a number of 5,000 digits"),
        pytest.param(b"{}", "format", id="no format"),
        pytest.param(body(format=2), "format '2'", id="a later format"),
        pytest.param(body(format=True), "format 'True'", id="true is not one"),
        pytest.param(body(extra=nested(6)), "too deep in extra", id="nested 7 deep"),
        pytest.param(body(at=None), "at is missing", id="no moment"),
        pytest.param(body(at="now"), "at must be a number", id="a moment in words"),
        pytest.param(body(at=-1), "at is not a moment", id="a moment before 1970"),
        pytest.param(body(complete=1), "complete must be true or false", id="complete is 1"),
        pytest.param(body(facts=[]), "facts must be an object", id="facts are a list"),
        pytest.param(body(facts={"os": []}), "facts.os must be an object", id="os is a list"),
        pytest.param(
            body(facts={"users": [{}, {"uid": "0"}]}),
            r"facts.users\[1\].uid must be a whole number",
            id="a uid in words",
        ),
        pytest.param(
            body(facts={"users": [{"uid": 2**63}]}),
            r"facts.users\[0\].uid is too large",
            id="a uid of 64 bits",
        ),
        pytest.param(
            body(facts={"hardware": {"disks": [{"health": {"passed": "yes"}}]}}),
            r"facts.hardware.disks\[0\].health.passed must be true or false",
            id="deep inside",
        ),
        pytest.param(
            body(facts={"kernel": {"sysctls": {"vm.swappiness": 60}}}),
            "facts.kernel.sysctls.vm.swappiness must be text",
            id="a setting that is a number",
        ),
        pytest.param(body(samples={}), "samples must be a list", id="samples are an object"),
        pytest.param(
            body(samples=[["a", {}, 1], ["b", {}]]), r"samples\[1\] must be \[name", id="no value"
        ),
        pytest.param(
            body(samples=[["a b", {}, 1]]), r"samples\[0\] has a name", id="a blank in a name"
        ),
        pytest.param(
            body(samples=[["a", {"b-c": "d"}, 1]]), "label that is none", id="a dash in a label"
        ),
        pytest.param(
            body(samples=[["a", {f"l{n}": "" for n in range(65)}, 1]]), "64 labels", id="65 labels"
        ),
        pytest.param(
            body(samples=[["a", {}, "1"]]), r"samples\[0\] must be a number", id="a value in words"
        ),
        pytest.param(body(errors=["x"]), r"errors\[0\] must be an object", id="an error in words"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(content, named):
    with pytest.raises(Garbled, match=named):
        parse.read(content)


def test_oversize_is_refused_before_it_is_read():
    with pytest.raises(Garbled, match="101 bytes; 100 are allowed"):
        parse.read(b" " * 101, limit_bytes=100)


def test_six_levels_are_allowed():
    health = {"disks": [{"name": "sda", "health": {"passed": True}}]}

    report = parse.read(body(facts={"hardware": health}, extra=nested(5)))

    assert report.facts["hardware"]["disks"][0]["health"]["passed"]


def test_unknown_sections_and_fields_are_dropped():
    report = parse.read(body(facts={"spells": [1], "logs": {"path": "/var/log", "spell": 1}}))

    assert set(report.facts) == {"logs"}
    assert set(report.facts["logs"]) == {
        "path",
        "size_bytes",
        "mount",
        "journal_is_persistent",
        "journal_limit",
    }


def test_a_section_not_told_is_unknown_not_empty():
    report = parse.read(body(facts={"sudo": None, "users": []}))

    assert "sudo" not in report.facts
    assert report.facts["users"] == []


def test_too_many_rows_are_cut_and_said_so():
    rows = [{"name": f"g{number}"} for number in range(5001)]

    report = parse.read(body(facts={"groups": rows}))

    assert len(report.facts["groups"]) == 5000
    assert not report.complete
    assert report.why("groups") == "cut: 5000 of 5001 rows"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colours"),
        pytest.param("a\x1b]0;title\x07b", "ab", id="a window title"),
        pytest.param("a\x00b\nc\x7f\x9b", "abc", id="controls"),
        pytest.param("\ud800x", "x", id="half of a surrogate pair"),
        pytest.param("\u202egpj.exe", "gpj.exe", id="reversed text"),
        pytest.param("Zoë 東京", "Zoë 東京", id="real names stay"),
        pytest.param("é" * 5000, "é" * 1024, id="too long"),
    ],
)
def test_text_is_safe_to_store_and_show(sent, kept):
    facts = {"groups": [{"name": sent}], "kernel": {"sysctls": {sent: sent}}}

    report = parse.read(body(facts=facts, samples=[["a", {"l": sent}, 1]]))

    assert report.facts["groups"][0]["name"] == kept
    assert report.facts["kernel"]["sysctls"] == {kept: kept}
    assert report.samples[0][1] == {"l": kept}


def test_a_gzip_body_is_unpacked_within_the_limit():
    assert parse.unpacked(gzip.compress(b"abc"), limit_bytes=3) == b"abc"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(gzip.compress(b"a" * 1_000_000), "more than 1000 bytes", id="a bomb"),
        pytest.param(b"plain", "not gzip", id="plain text"),
        pytest.param(gzip.compress(b"abc")[:-4], "cut short", id="cut short"),
    ],
)
def test_a_gzip_body_that_is_wrong_is_refused(content, named):
    with pytest.raises(Garbled, match=named):
        parse.unpacked(content, limit_bytes=1000)
