"""What no sender means to send: bytes, JSON of any shape, and good bodies with something broken."""

import json
from typing import Any

from hypothesis import strategies as st

texts = st.text(max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def spoiled(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """Return bytes: of nothing, of any JSON, or of a good body with one value replaced."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60) | anything.map(lambda told: json.dumps(told).encode()))
    told = json.loads(json.dumps(good))
    holder: Any = told
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = draw(st.sampled_from(keys))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            break
        holder = inner
    holder[key] = draw(anything)
    return json.dumps(told).encode()
