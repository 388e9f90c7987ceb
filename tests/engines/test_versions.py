"""Versions sort as their package managers sort them, told by the managers themselves."""

import shutil
import subprocess
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullscore.engines.versions import compare, key

DPKG, RPM = shutil.which("dpkg"), shutil.which("rpm")
DEB = [
    "1.0~~", "1.0~~a", "1.0~", "1.0~rc1-1", "1.0", "1.0-0+b1", "1.0-1~bpo12+1", "1.0-1",
    "1.0-1ubuntu1", "1.0-1+deb12u1", "1.0-1+deb12u2", "1.0-1.1", "1.0-2", "1.0a", "1.0+dfsg-1",
    "1.0.1-1", "1.9", "1.10", "3.0.11-1~deb12u2", "3.0.15-1~deb12u1", "20240101", "1:0.1", "2:0",
]  # fmt: skip
RPM_ORDER = [
    "1.0~beta-1", "1.0~rc1-1", "1.0~rc1^git1-1", "1.0~rc2-1", "1.0", "1.0-1.el9", "1.0-1.el9_2",
    "1.0-10.el9", "1.0^", "1.0^20240101-1", "1.0^20240101.git1-1", "1.0.a-1", "1.0.1-1", "1.9-1",
    "1.10-1", "2.0.1a-1", "2.0.1.1-1", "5.14.0-427.el9", "5.14.0-427.13.1.el9_4", "1:0.1-1",
]  # fmt: skip
APK = [
    "1.0_alpha", "1.0_alpha2", "1.0_alpha2-r1", "1.0_beta1", "1.0_pre1", "1.0_rc1", "1.0_rc1_p1",
    "1.0", "1.0-r0", "1.0-r2", "1.0-r10", "1.0~0a1b", "1.0_cvs1", "1.0_git20240101", "1.0_p1",
    "1.0_p1-r1", "1.0_p10", "1.0a", "1.0b-r1", "1.0.01", "1.0.1", "1.0.9", "1.0.10", "1.1",
    "3.0.12-r4", "3.1.0-r0", "10",
]  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize(
    ("manager", "ascending"),
    [
        pytest.param("deb", DEB, id="Debian"),
        pytest.param("rpm", RPM_ORDER, id="the RPM family"),
        pytest.param("apk", APK, id="Alpine"),
    ],
)
def test_versions_known_to_ascend_have_keys_that_ascend(manager, ascending):
    for older, newer in combinations(ascending, 2):
        assert compare(manager, older, newer) == -1, (older, newer)
        assert compare(manager, newer, older) == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("manager", "one", "other"),
    [
        pytest.param("deb", "1.0", "1.00", id="leading zeros count nothing"),
        pytest.param("deb", "0:1.0", "1.0", id="no epoch is the epoch 0"),
        pytest.param("deb", "1.0", "1.0-0", id="no revision is the revision 0"),
        pytest.param("deb", "1.", "1.0", id="no number is the number 0"),
        pytest.param("rpm", "1.0", "1_0", id="one separator is as good as another"),
        pytest.param("rpm", "0:1.01-1", "1.1-1", id="leading zeros in rpm"),
        pytest.param("apk", "1.0-r1", "1.0-r01", id="leading zeros of a revision"),
    ],
)
def test_versions_a_manager_takes_for_the_same_have_one_key(manager, one, other):
    assert key(manager, one) == key(manager, other)


@pytest.mark.once
def test_another_manager_is_refused_by_name():
    with pytest.raises(ValueError, match="“pip”"):
        key("pip", "1.0")


@pytest.mark.once
@given(st.sampled_from(["deb", "rpm", "apk"]), st.text(max_size=60))
def test_every_text_has_a_key_and_is_as_new_as_itself(manager, text):
    assert key(manager, text) == key(manager, text)
    assert compare(manager, text, text) == 0


SIGNS = "019.+~aZ-"
upstream = st.text(SIGNS, max_size=6).map(lambda rest: "1" + rest)
debian = st.builds(
    lambda epoch, version, revision: epoch + version + revision,
    st.sampled_from(["", "0:", "1:"]), upstream,
    st.sampled_from(["", "-0", "-1", "-1~a", "-1+b1"]),
).filter(lambda version: not version.endswith("-"))  # fmt: skip
real = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.once
@pytest.mark.real  # skipped in CI, it fails
@pytest.mark.skipif(DPKG is None, reason="there is no dpkg here to ask")
@real
@given(debian, debian)
def test_debian_versions_compare_as_dpkg_says(one, other):
    def says(operator):
        asked = ["dpkg", "--compare-versions", one, operator, other]
        return subprocess.run(asked, check=False, stderr=subprocess.DEVNULL).returncode == 0

    expected = -1 if says("lt") else 1 if says("gt") else 0

    assert compare("deb", one, other) == expected


part = st.lists(
    st.sampled_from(["0", "1", "01", "9", "10", "a", "Ab", "rc", ".", "_", "~", "^", "+"]),
    min_size=1, max_size=6,
).map("".join)  # fmt: skip


@pytest.mark.once
@pytest.mark.real  # skipped in CI, it fails
@pytest.mark.skipif(RPM is None, reason="there is no rpm here to ask")
@real
@given(st.lists(st.tuples(part, part), min_size=40, max_size=40))
def test_rpm_versions_compare_as_rpm_says(pairs):
    asked = "".join(f'print(rpm.vercmp("{a}","{b}") .. " ")' for a, b in pairs)
    program = ["rpm", "--eval", "%{lua:" + asked + "}"]
    said = subprocess.run(program, check=True, capture_output=True, text=True).stdout.split()

    for (one, other), expected in zip(pairs, said, strict=True):
        assert compare("rpm", one, other) == int(expected), (one, other)


@pytest.mark.once
@given(st.sampled_from([("deb", DEB), ("rpm", RPM_ORDER), ("apk", APK)]), st.randoms())
def test_a_shuffled_list_is_sorted_back_by_its_keys(known, chance):
    manager, ascending = known
    shuffled = list(ascending)
    chance.shuffle(shuffled)

    found = sorted(shuffled, key=lambda version: key(manager, version))

    assert found == ascending
    assert all(key(manager, a) < key(manager, b) for a, b in pairwise(found))
