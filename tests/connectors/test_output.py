"""What a target says is read up to a limit and shown harmlessly."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled, Limits
from fullscore.connectors.output import bounded, readable

pytestmark = pytest.mark.once


def test_output_up_to_the_limit_passes_unchanged():
    assert list(bounded([b"ab", b"", b"cd"], size_bytes=4, source="db1")) == [b"ab", b"", b"cd"]


def test_one_byte_more_is_garbled():
    with pytest.raises(Garbled, match="db1 sent more than the 4 bytes"):
        list(bounded([b"ab", b"cde"], size_bytes=4, source="db1"))


def test_an_endless_line_is_read_no_further_than_the_limit():
    limit = Limits().size_bytes
    chunks = bounded(itertools.repeat(b"x" * 65536), size_bytes=limit, source="db1")

    got = sum(len(chunk) for chunk in itertools.islice(chunks, limit // 65536))

    assert got == limit == 4 * 1024 * 1024
    with pytest.raises(Garbled):
        next(chunks)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("Größe\t1\n".encode(), "Größe\t1\n", id="plain text stays"),
        pytest.param(b"a\r\nb\rc", "a\nbc", id="line ends"),
        pytest.param(b"\x1b[31mred\x1b[0m", "red", id="colours"),
        pytest.param(b"\x1b]0;owned\x07title", "title", id="window title"),
        pytest.param(b"\x1b]52;c;ZXZpbA==\x1b\\x", "x", id="clipboard"),
        pytest.param(b"\x1b", "", id="a lone escape"),
        pytest.param(b"rm\x08\x08ls\x00", "rmls", id="backspace and nul"),
        pytest.param(b"\xff\xfeok", "��ok", id="not UTF-8"),
        pytest.param("abc\u202etxt.exe".encode(), "abctxt.exe", id="reversed text"),
        pytest.param("a\u2028b\u2066c".encode(), "abc", id="hidden line ends and isolates"),
        pytest.param(b"{{ 7*7 }}", "{{ 7*7 }}", id="template syntax is only text"),
    ],
)
def test_control_and_escape_characters_are_not_shown(raw, shown):
    assert readable(raw) == shown


@given(
    st.lists(
        st.sampled_from([b"\x1b", b"[", b"]", b"3", b";", b"m", b"\x9b", b"\xc2", b"\x07", b"\n"])
    )
)
def test_no_mixture_of_pieces_leaves_a_control_character(pieces):
    assert all(
        character.isprintable() or character in "\n\t" for character in readable(b"".join(pieces))
    )
