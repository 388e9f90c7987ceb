"""The program's start, as processes: what is in its way is a sentence, and nothing stays behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from fullscore.config import options
from fullscore.domains.foundation.system import folder
from tests.browsing import environment, running, wait_for
from tests.installation import ROOT, Installation

LONG = 120  # seconds, for a machine that has much to do


def ask(home, *words, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "fullscore", *map(str, words)], env=environment(home), cwd=ROOT,
        input=stdin, capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip


@pytest.fixture
def taken():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        yield door.getsockname()[1]


def test_a_taken_port_is_told_and_no_table_is_made(tmp_path, taken):
    done = ask(tmp_path, "up", "--port", taken)
    assert done.returncode != 0
    assert f"Port {taken} on 127.0.0.1 is not free" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.sqlite3"))


def test_a_port_that_is_none_is_told(tmp_path):
    done = ask(tmp_path, "up", "--port", 99999)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "99999" in done.stderr


@pytest.mark.parametrize("command", ["worker", "scheduler", "behind", "collector"])
def test_help_of_a_process_starts_nothing(tmp_path, command):
    done = ask(tmp_path, command, "--help")
    assert done.returncode == 0
    assert f"usage: fullscore {command}" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ["worker", "--queues", "default,quick"], "There is no queue “quick”", id="queue"
        ),
        pytest.param(
            ["worker", "default"], "unrecognized arguments: default", id="a word too many"
        ),
        pytest.param(
            ["scheduler", "now"], "unrecognized arguments: now", id="also the scheduler's"
        ),
        pytest.param(["worker"], "run `fullscore migrate`", id="a worker without tables"),
        pytest.param(["scheduler"], "run `fullscore migrate`", id="a scheduler without tables"),
        pytest.param(["collector"], "run `fullscore migrate`", id="a collector without tables"),
    ],
)
def test_what_a_process_cannot_do_is_told_once_and_it_ends(tmp_path, words, told):
    done = ask(tmp_path, *words)
    assert done.returncode != 0
    assert done.stderr.count(told) == 1
    assert "Traceback" not in done.stderr


def test_a_worker_serves_the_queues_it_is_given_and_ends_when_told(tmp_path):
    place = Installation(tmp_path)
    place.migrate()
    place.ask(f"""
from tests.kit.chores import mark
for queue in ("slow", "default", "urgent"):
    mark.using(queue_name=queue).enqueue({str(tmp_path / "marks")!r}, queue)
answer = 0
""")
    command = [sys.executable, "-m", "fullscore", "worker", "--queues", "urgent,default"]
    worker = subprocess.Popen(command, env=place.environment, cwd=ROOT)
    marks = tmp_path / "marks"
    ends = time.monotonic() + LONG
    while not marks.exists() or marks.read_text().count("done") < 2:
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.1)
    worker.terminate()
    assert worker.wait(LONG) == 0
    assert {line.split()[1] for line in marks.read_text().splitlines()} == {"urgent", "default"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = ask(tmp_path / "file" / "data", "up")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr
    assert "--data-dir" in done.stderr


@pytest.mark.parametrize("process", ["up", "web"])
@pytest.mark.parametrize(
    ("set_so", "told"),
    [
        ({"HOST": "0.0.0.0"}, "passwords would travel in the clear"),
        ({"HOST": "0.0.0.0", "IS_HTTPS": "true"}, "passwords would travel in the clear"),
        ({"IS_DEBUG": "true", "HOST": "0.0.0.0", "IS_OPEN_HTTP": "true"}, "is_debug"),
        ({"SECRET_KEY": "abc"}, "secret_key is shorter than 32 letters"),
        ({"ALLOWED_HOSTS": "ops.example.org,*"}, "allowed_hosts answers to every name"),
        ({"ALLOWED_HOSTS": ".example.org", "HOST": "::"}, "passwords would travel in the clear"),
    ],
)
def test_what_would_be_unsafe_does_not_start(tmp_path, process, set_so, told):
    given = {f"FULLSCORE_{name}": value for name, value in set_so.items()}
    done = subprocess.run(
        [sys.executable, "-m", "fullscore", process], env=environment(tmp_path, **given),
        cwd=ROOT, capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip
    assert done.returncode == 1
    assert "It does not start: " in done.stderr
    assert told in done.stderr
    assert not list(tmp_path.glob("*.sqlite3"))


@pytest.mark.parametrize(
    "set_so",
    [
        {},
        {"is_debug": True},
        {"host": "0.0.0.0", "is_open_http": True},
        {"host": "10.1.2.3", "is_https": True, "trusted_proxies": "10.1.2.4"},
        {"secret_key": "k" * 32, "allowed_hosts": "ops.example.org,.example.com"},
    ],
)
def test_what_is_safe_starts(set_so):
    assert options.objection(options.Options(**set_so)) == ""


def test_a_database_that_cannot_be_reached_is_told_and_nothing_is_left_running(tmp_path, taken):
    done = subprocess.run(
        [sys.executable, "-m", "fullscore", "up", "--port", str(_free())],
        env=environment(tmp_path, FULLSCORE_DATABASE_URL="postgresql://x@127.0.0.1:1/x"),
        cwd=ROOT, capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "database cannot be reached" in done.stderr
    assert not _processes_of(tmp_path)


def test_a_second_one_on_the_same_folder_is_told_who_holds_it():
    with running(is_migrated=True) as started:
        done = ask(started.home, "up", "--port", _free())
        assert done.returncode != 0
        assert f"runs on {started.home} already (process " in done.stderr
        assert folder.address_of(started.home) == started.address
        assert len(_processes_of(started.home)) == 3  # the first one is as it was
    assert not _processes_of(started.home)


def test_a_web_process_that_dies_is_started_again():
    with running(is_migrated=True) as started:
        web = next(pid for pid, words in _processes_of(started.home).items() if " web" in words)
        os.kill(web, signal.SIGKILL)
        time.sleep(0.5)
        wait_for(started.address)
        others = _processes_of(started.home)
        assert web not in others
        assert len(others) == 3


def test_when_the_one_that_minds_them_is_killed_the_others_end_and_the_port_is_free():
    with running(is_migrated=True) as started:
        minding = next(p for p, words in _processes_of(started.home).items() if " up" in words)
        os.kill(minding, signal.SIGKILL)
        ends = time.monotonic() + LONG
        while _processes_of(started.home) and time.monotonic() < ends:
            time.sleep(0.1)
        assert _processes_of(started.home) == {}
        folder.check_port("127.0.0.1", int(started.address.rpartition(":")[2]))


def test_web_serves_on_a_word_and_ends_without_one(tmp_path):
    Installation(tmp_path).migrate()
    port = _free()
    assert ask(tmp_path, "web", "--port", port, "--on-word", stdin="").returncode == 0
    web = subprocess.Popen(
        [sys.executable, "-m", "fullscore", "web", "--port", str(port), "--on-word"],
        env=environment(tmp_path), cwd=ROOT, stdin=subprocess.PIPE,
    )  # fmt: skip
    try:
        time.sleep(1)
        folder.check_port("127.0.0.1", port)  # nobody listens yet
        web.stdin.write(b"begin\n")
        web.stdin.close()
        wait_for(f"http://localhost:{port}")
        with urllib.request.urlopen(f"http://localhost:{port}/sign-in/", timeout=LONG) as page:
            assert page.status == 200
    finally:
        web.terminate()
        web.wait(LONG)


def _free():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def _processes_of(home):
    """Return the program's processes on a data folder: pid → command line."""
    found = {}
    for entry in os.scandir("/proc"):
        try:
            with open(f"/proc/{entry.name}/environ", "rb") as file:
                if f"FULLSCORE_HOME={home}\0".encode() not in file.read() + b"\0":
                    continue
            with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                found[int(entry.name)] = file.read().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
    return {pid: words for pid, words in found.items() if "fullscore" in words}
