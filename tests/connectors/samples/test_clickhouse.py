"""ClickHouse: the rules of a sample store on chDB, and once over HTTP; errors in words.

chDB is ClickHouse as a library, in processes of their own: one that has it loaded cannot fork.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from clickhouse_connect.driver.exceptions import OperationalError

from fullscore.connectors.base import Garbled, Refused, Unreachable
from fullscore.connectors.samples import Event, Samples, open_store
from fullscore.connectors.samples.clickhouse import native
from fullscore.connectors.samples.clickhouse.schema import TABLES
from fullscore.connectors.samples.clickhouse.server import Server
from tests.connectors.samples.adapters import VARIABLE

pytestmark = [
    pytest.mark.once,
    pytest.mark.real,
    # Only looked for: whoever imports it cannot fork any more, and other tests do.
    pytest.mark.skipif(not find_spec("chdb"), reason="chDB comes with the development group"),
]
ROOT = Path(__file__).parents[3]
RULES = "tests/connectors/samples/test_contract.py"
ONE = Samples(np.array([1]), np.array([1000]), np.array([1.5]))


@pytest.fixture
def folder():
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None) as base:
        yield base


@pytest.fixture
def server(folder):
    """Yield the host and port of a ClickHouse, as far as our client can tell."""
    command = [sys.executable, "-m", "tests.connectors.samples.shim", folder]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def ended(url, *chosen):
    """Return how the rules end on a store, in a process of its own, and what is printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", RULES, "-p", "no:cacheprovider", *chosen],
        cwd=ROOT, env={**os.environ, VARIABLE: url}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_rules_hold_on_clickhouse_as_a_library(folder):
    code, printed = ended(f"chdb://{folder}/chdb")

    assert code == 0, printed
    assert "passed" in printed


def test_the_rules_hold_over_http(server):
    code, printed = ended(
        f"clickhouse://default:right@{server}",
        "-k",
        "appended or events_are_found or below_the_drop",
    )

    assert code == 0, printed
    assert "passed" in printed


def test_a_wrong_password_is_refused_and_told_nowhere(server):
    with pytest.raises(Refused, match="does not know the user or the password") as refused:
        open_store(f"clickhouse://default:wr0ng@{server}/samples")

    assert "wr0ng" not in str(refused.value)


def test_what_the_server_refuses_is_told_in_its_words(server):
    store = open_store(f"clickhouse://default:right@{server}/samples")
    store.server.tell("DROP TABLE samples.samples")

    with pytest.raises(Refused, match=r"127\.0\.0\.1:\d+ refused: .*samples"):
        store.append(ONE)


def test_a_server_that_is_away_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and listens not
        port = taken.getsockname()[1]

        with pytest.raises(Unreachable, match=f"127.0.0.1:{port} does not answer"):
            open_store(f"clickhouse://127.0.0.1:{port}/samples")


@pytest.mark.parametrize("times", [1, 2], ids=["and is back", "and stays away"])
def test_a_block_is_sent_again_with_its_token_when_the_line_breaks(monkeypatch, times):
    tokens = []

    class Breaking:
        def raw_insert(self, *args, settings, **options):
            tokens.append(settings["insert_deduplication_token"])
            if len(tokens) <= times:
                raise OperationalError("the line broke")

    server = Server("clickhouse://host/samples")
    monkeypatch.setattr(server, "_connected", Breaking)
    block = {"series": ("UInt64", np.array([1]))}

    if times == 1:
        server.insert("samples", block, token="of this block")
    else:
        with pytest.raises(Unreachable, match="host:8123 does not answer: the line broke"):
            server.insert("samples", block, token="of this block")

    assert tokens == ["of this block"] * 2


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("clickhouse://host:8123/no-name", id="a hyphen in the name of a database"),
        pytest.param("clickhouse://host:8123/a;b", id="a statement in the name of a database"),
    ],
)
def test_a_database_without_a_plain_name_is_refused(url):
    with pytest.raises(Refused, match="no name for a database"):
        open_store(url)


def test_the_tables_of_a_cluster_are_clickhouses_and_have_our_columns(server):
    asked = open_store(f"clickhouse://default:right@{server}/samples").server
    script = (ROOT / "deploy/clickhouse/cluster.sql").read_text()
    told = re.sub(r"--.*", "", script)

    for statement in filter(None, map(str.strip, told.split(";"))):
        quoted = statement.replace("\\", "\\\\").replace("'", "\\'")
        asked.ask(f"SELECT formatQuery('{quoted}') AS parsed")

    written = re.sub(r"\s+", "", told)
    for table, what in TABLES.items():
        assert re.sub(r"\s+", "", what.split(" ENGINE")[0]) in written, table


def test_a_port_that_is_no_number_is_refused():
    with pytest.raises(Refused, match="port of `samples_url`"):
        open_store("clickhouse://host:http/samples")


def test_an_event_out_of_time_stores_nothing(server):
    store = open_store(f"clickhouse://default:right@{server}/samples")

    with pytest.raises(Garbled, match="seconds or nanoseconds"):
        store.write_events([Event(1, 1, "trap", 4, "fine"), Event(2**43, 1, "trap", 4, "wrong")])

    assert store.find_events(start_ms=0, end_ms=2**42) == []


def test_a_block_comes_back_bit_for_bit():
    bits = np.array([0x7FF0000000000002, 0x8000000000000000, 1], dtype=np.uint64)
    sent = {
        "series": ("UInt64", np.array([1, 2, 2**63 - 1])),
        "value": ("Float64", bits.view(np.float64)),
        "text": ("String", ["", "two words", "ä" * 200]),
    }

    found = native.columns(native.block(sent) * 2)

    assert found["series"].tolist() == [1, 2, 2**63 - 1] * 2
    assert found["value"].view(np.uint64).tolist() == bits.tolist() * 2
    assert found["text"].tolist() == ["", "two words", "ä" * 200] * 2
    assert native.columns(b"") == {}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x01\x02\x01a\x06UInt64\x00", id="ends too soon"),
        pytest.param(b"\x01\x01\x01a\x04Date\x00\x00", id="a type that is none of ours"),
        pytest.param(b"Code: 1", id="words"),
        pytest.param(b"\x01\x01\x01a\x06String\x09abc", id="a text ends too soon"),
    ],
)
def test_an_answer_that_is_no_block_is_garbled(content):
    with pytest.raises(Garbled, match="cannot be understood"):
        native.columns(content)
