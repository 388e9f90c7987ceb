"""dnf and rpm themselves, in a root of their own: planned, kept, updated, put back, refused."""

import shutil
import time

import pytest

from fullscore.connectors.apt import parse as hosts
from fullscore.connectors.apt import transaction
from fullscore.connectors.base import Refused
from fullscore.connectors.dnf import commands, parse
from tests.connectors.dnf import roots

pytestmark = [pytest.mark.once, pytest.mark.real]
LONG = "a-package-whose-name-is-so-long-that-dnf-makes-its-table-wider-for-it"
PLANNED = [["webapp", "1.0-1", "2.0-1"]]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    roots.needed()
    folder = tmp_path_factory.mktemp("rpms")
    built = [
        roots.rpm(folder, "webapp", "1.0-1"),
        roots.rpm(folder, "webapp", "2.0-1"),
        roots.rpm(folder, "webapp", "3.0-1", more="Requires: dep"),
        roots.rpm(folder, "dep", "1.0-1"),
        roots.rpm(folder, "failing", "1.0-1"),
        roots.rpm(folder, "failing", "2.0-1", script='%pre -p <lua>\nerror("no")'),
        roots.rpm(folder, "libold", "1.0-1"),
        roots.rpm(folder, "libold", "1.5-1", file="other", more="Epoch: 1"),
        roots.rpm(folder, LONG, "1.0-1"),
        roots.rpm(folder, LONG, "1.0.20250101.gitabcdef0123-2.el9"),
        roots.rpm(folder, "kernel", "5.1-1", file="a", more="Provides: installonlypkg(kernel)"),
        roots.rpm(folder, "kernel", "5.2-1", file="b", more="Provides: installonlypkg(kernel)"),
    ]
    return roots.repository(folder / "repository", *built)


@pytest.fixture(scope="module")
def template(packages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("root") / "r"
    names = ("webapp-1.0-1", "failing-1.0-1", "libold-1.0-1", f"{LONG}-1.0-1", "kernel-5.1-1")
    roots.made(folder, packages, *names)
    return folder


@pytest.fixture
def root(template, packages, tmp_path):
    """Return a root of this test's own."""
    folder = tmp_path / "root"
    shutil.copytree(template, folder)
    for path in folder.glob("bin/*"):
        path.write_text(path.read_text().replace(str(template), str(folder)))
    made = roots.Root(folder)
    roots.use(folder, packages)
    assert made.run(commands.refresh())[0] == 0
    return made


def versions(root, *names):
    _, said = root.run(commands.versions([[name, "1-1", "2-1"] for name in names]))
    return hosts.versions(said)


def ended(root, start, place):
    """Start something detached and wait for its end; returns its status and its log."""
    assert root.run(start)[0] == 0
    for _ in range(200):
        state, status, log = hosts.detached(root.run(commands.peek(place))[1])
        if state == "ended":
            return status, log
        time.sleep(0.1)
    raise AssertionError("It did not end")


def test_a_package_is_planned_kept_updated_and_put_back(root):
    assert root.run(commands.sound())[0] == 0
    status, said = root.run(commands.simulate(PLANNED))
    assert (status, parse.transaction(said).differs_from(transaction.planned(PLANNED))) == (0, "")
    assert versions(root, "webapp") == {"webapp": "1.0-1"}  # nothing was done

    status, said = root.run(commands.keep("keep-1", PLANNED))
    assert (status, said.split()) == (0, ["webapp-1.0-1.noarch.rpm"])

    status, log = ended(root, commands.update("update-1", PLANNED), "update-1")
    assert (status, versions(root, "webapp")) == (0, {"webapp": "2.0-1"}), log

    status, log = ended(root, commands.put_back("back-1", "keep-1", PLANNED), "back-1")
    assert (status, versions(root, "webapp")) == (0, {"webapp": "1.0-1"}), log


def test_what_was_kept_a_month_ago_is_cleared_away(root):
    root.run(commands.keep("keep-1", PLANNED))
    root.run(commands.keep("keep-2", PLANNED))
    kept = root.folder / ".fullscore"
    root.run(f"touch -d '31 days ago' {kept}/keep-1")

    root.run(commands.keep("keep-3", PLANNED))

    assert {one.name for one in kept.iterdir()} == {"keep-2", "keep-3"}


def test_what_was_begun_is_not_done_again(root):
    ended(root, commands.update("update-1", PLANNED), "update-1")
    root.run("dnf -y -q downgrade webapp-1.0-1")

    status, _ = ended(root, commands.update("update-1", PLANNED), "update-1")

    assert (status, versions(root, "webapp")) == (0, {"webapp": "1.0-1"})


def test_what_comes_along_is_told(root):
    _, said = root.run(commands.simulate([["webapp", "1.0-1", "3.0-1"]]))

    told = parse.transaction(said).differs_from(transaction.planned([["webapp", "1.0-1", "3.0-1"]]))
    assert told == "also install dep"


def test_names_longer_than_the_table_are_read(root):
    planned = [[LONG, "1.0-1", "1.0.20250101.gitabcdef0123-2.el9"], *PLANNED]

    _, said = root.run(commands.simulate(planned))

    assert parse.transaction(said).differs_from(transaction.planned(planned)) == ""


def test_an_epoch_is_part_of_a_version(root):
    planned = [["libold", "1.0-1", "1:1.5-1"]]
    _, said = root.run(commands.simulate(planned))
    assert parse.transaction(said).differs_from(transaction.planned(planned)) == ""

    status, log = ended(root, commands.update("update-2", planned), "update-2")

    assert (status, versions(root, "libold")) == (0, {"libold": "1:1.5-1"}), log


def test_a_kernel_comes_beside_the_older_one(root):
    planned = [["kernel", "5.1-1", "5.2-1"]]
    _, said = root.run(commands.simulate(planned))
    assert parse.transaction(said).differs_from(transaction.planned(planned)) == ""

    status, log = ended(root, commands.update("update-3", planned), "update-3")

    assert (status, versions(root, "kernel")) == (0, {"kernel": "5.2-1"}), log
    assert root.run("rpm -q kernel")[1].split() == ["kernel-5.1-1.noarch", "kernel-5.2-1.noarch"]


def test_a_kernel_is_no_way_back(root):
    status, said = root.run(commands.keep("keep-2", [["kernel", "5.1-1", "5.2-1"], *PLANNED]))

    assert (status, parse.kept(said)) == (0, {"webapp"})


def cached(root, script):
    """Return a script that looks for dnf's cache where this root has it."""
    return script.replace("/var/cache/dnf", f"{root.folder}/var/cache/dnf")


def test_what_no_repository_has_any_more_is_had_from_the_cache_or_packed_anew(root, packages):
    newest = roots.repository(root.folder / "newest", packages / "webapp-2.0-1.noarch.rpm")
    roots.use(root.folder, newest)
    root.run(commands.refresh())
    could = cached(root, commands.could_keep(PLANNED))
    assert root.run(could)[1] == ""
    assert root.run(cached(root, commands.keep("keep-5", PLANNED)))[1] == ""

    cache = root.folder / "var/cache/dnf/updates-1/packages"
    cache.mkdir(parents=True)
    shutil.copy(packages / "webapp-1.0-1.noarch.rpm", cache)
    assert root.run(could)[1].split() == ["webapp"]
    said = root.run(cached(root, commands.keep("keep-6", PLANNED)))[1]
    assert said.split() == ["webapp-1.0-1.noarch.rpm"]

    shutil.rmtree(cache)
    program = root.folder / "bin/rpmrebuild"
    program.write_text(
        '#!/bin/sh\n[ "$1 $2 $4" = "--batch --directory webapp-1.0-1" ] || exit 1\n'
        f'mkdir -p "$3/noarch" && cp {packages}/webapp-1.0-1.noarch.rpm "$3/noarch"\n'
    )
    program.chmod(0o755)
    assert root.run(could)[1].split() == ["webapp"]
    said = root.run(cached(root, commands.keep("keep-7", PLANNED)))[1]
    assert said.split() == ["webapp-1.0-1.noarch.rpm"]


@pytest.mark.parametrize(
    ("name", "is_beside"),
    [("kernel", True), ("kernel-core", True), ("kernel-modules-core", True),
     ("kernel-headers", False), ("kernel-tools-libs", False), ("kernelish", False)],
)  # fmt: skip
def test_what_is_installed_beside_its_older_versions_is_known_by_name(name, is_beside):
    assert bool(commands.BESIDE.match(name)) == is_beside


def test_a_version_that_is_nowhere_cannot_be_simulated(root):
    status, said = root.run(commands.simulate([["webapp", "1.0-1", "9.0-1"]]))

    assert status == 1
    assert "webapp-9.0-1" in said
    assert parse.complaint(said) == "No packages marked for upgrade."


def test_of_two_the_one_that_is_nowhere_is_missed(root):
    planned = [*PLANNED, ["failing", "1.0-1", "9.0-1"]]

    _, said = root.run(commands.simulate(planned))

    assert (
        parse.transaction(said).differs_from(transaction.planned(planned))
        == "leave failing as it is"
    )


def test_a_package_whose_script_fails_ends_badly_in_words(root):
    planned = [["failing", "1.0-1", "2.0-1"]]

    status, log = ended(root, commands.update("update-4", planned), "update-4")

    assert status != 0
    assert "failing" in parse.complaint(log)
    assert versions(root, "failing") == {"failing": "1.0-1"}


def test_a_repository_that_is_gone_fails_the_refresh_in_words(root, tmp_path):
    roots.use(root.folder, tmp_path / "nowhere", name="gone")

    status, said = root.run(commands.refresh())

    assert status == 1
    assert parse.complaint(said).startswith("Failed to download metadata for repo 'gone'")


def test_broken_dependencies_are_not_sound(root, packages):
    root.run(f"rpm -U --nodeps {packages}/webapp-3.0-1.noarch.rpm")

    status, said = root.run(commands.sound())

    assert status == 1
    assert "dep" in said


@pytest.mark.parametrize(
    "one",
    [
        ["web app", "1-1", "2-1"], ["-y", "1-1", "2-1"], ["web;app", "1-1", "2-1"],
        ["webapp", "1-1", "2"], ["webapp", "1-1", "$(id)-1"], ["webapp", "1-1", "2-1 x"],
        ["", "1-1", "2-1"], ["webapp", "1-1", ""],
    ],
)  # fmt: skip
def test_what_is_no_package_is_not_asked_of_a_shell(one):
    with pytest.raises(Refused):
        commands.update("update-5", [one])


@pytest.mark.parametrize("place", ["../x", "", "a b", "x" * 61])
def test_a_folder_that_is_not_ours_is_refused(place):
    with pytest.raises(Refused):
        commands.put_back("back-1", place, PLANNED)
