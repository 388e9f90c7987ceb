"""Which series the keys of a sender lead to, remembered in this process."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping

MOST = 2_000_000  # keys, at about 350 bytes each


class Memory:
    """Keys of senders and their series; what was not asked for longest is forgotten first.

    Two generations: what is used is young, and once the young ones are half of all that may be
    kept, the old ones go and the young ones are old. That costs nothing per use; the exact order
    of use would double the time of finding a key.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._young: dict[str, dict[bytes, int]] = defaultdict(dict)
        self._old: dict[str, dict[bytes, int]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def of(self, sender: str) -> Mapping[bytes, int]:
        """Return the young keys of a sender; a plain dictionary, to be found in quickly."""
        return self._young[sender]

    def recall(self, sender: str, keys: Iterable[bytes]) -> dict[bytes, int]:
        """Return the series of those keys that are old, which makes them young again."""
        old = self._old.get(sender, {})
        found = {key: old[key] for key in keys if key in old}
        self.learn(sender, found)
        return found

    def learn(self, sender: str, known: Mapping[bytes, int]) -> None:
        """Remember the series of some keys."""
        if not known:
            return
        with self._lock:
            mine = self._young[sender]
            before = len(mine)
            mine.update(known)
            self._count += len(mine) - before
            if self._count > self._most // 2:
                self._old, self._young, self._count = self._young, defaultdict(dict), 0

    def forget(self, sender: str) -> None:
        """Let everything about a sender be found anew."""
        with self._lock:
            self._count -= len(self._young.pop(sender, {}))
            self._old.pop(sender, None)

    def clear(self) -> None:
        """Let everything be found anew."""
        with self._lock:
            self._young, self._old, self._count = defaultdict(dict), {}, 0
