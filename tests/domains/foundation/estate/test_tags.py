"""Tags are words, whichever way they come in."""

import pytest

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.system import services
from fullscore.kit.errors import Invalid
from fullscore.kit.resource import named
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        pytest.param("finance", ["finance"], id="a word"),
        pytest.param("sales; eu", ["sales", "eu"], id="words"),
        pytest.param('"[""a"", ""b""]"', ["a", "b"], id="as it is exported"),
        pytest.param("", [], id="none"),
    ],
)
def test_a_file_gives_them_as_words(cell, tags):
    ann = make.user("ann", role="administrator")
    told = services.receive(by=ann, noun="item", text=f"kind,name,tags\nhost,web1,{cell}\n")

    services.write(services.apply(told, by=ann), by=ann)

    assert Item.objects.get().tags == tags


@pytest.mark.parametrize("value", ["a", {"a": 1}, [1], ["x" * 61], None])
def test_what_is_no_list_of_words_is_refused(value):
    ann = make.user("ann", role="administrator")

    with pytest.raises(Invalid, match=r"words|null|valid"):
        named("item").create({"kind": "host", "name": "web1", "tags": value or 0}, by=ann)

    assert not Item.objects.exists()
