"""`fullscore schedule bring`."""

import json
import os
from pathlib import Path
from typing import Any

from fullscore.domains.response.oncall.models import RotaImport
from fullscore.domains.response.oncall.services import bringing
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

MOST_BYTES = 10 * 1024 * 1024


def bring(
    kind: str, *, folder: str | None, url: str | None, token_file: str | None, is_applied: bool,
    by: User,
) -> int:  # fmt: skip
    """Say what would come of another tool's rotas and, when told so, write it.

    1 when somebody is not known here, or something could not be taken.
    """
    if url:
        import_ = bringing.fetch(kind, url=url, token=_token(token_file), by=by)
    elif folder:
        text = json.dumps(bundled(Path(folder)))
        import_ = bringing.receive(by=by, kind=kind, name=Path(folder).name, text=text)
    else:
        raise Invalid("Name the folder of exported files, or the API's address with --url.")
    for line in _told(import_):
        print(line)
    if is_applied:
        bringing.apply(import_, by=by)
    counts = ", ".join(f"{count} {words}" for words, count in import_.counts.items())
    print(f"Rota import {import_.pk}, {import_.state}: {counts}.")
    return 1 if import_.counts["not known here"] or import_.counts["not taken"] else 0


def bundled(folder: Path) -> dict[str, Any]:
    """Return a folder's files as one object: `users.json` as `users`, a folder as an object."""
    if not folder.is_dir():
        raise Invalid(f"{folder} is no folder.")
    told: dict[str, Any] = {}
    size = 0
    for file in sorted(folder.rglob("*.json")):
        size += file.stat().st_size
        if size > MOST_BYTES:
            raise Invalid("These files have more than 10 MiB; at most that is read.")
        try:
            value = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise Invalid(f"{file} is not JSON that can be read: {error}") from error
        inside = told
        for part in file.relative_to(folder).parts[:-1]:
            inside = inside.setdefault(part, {})
        inside[file.stem] = value
    if not told:
        raise Invalid(f"There is no .json file in {folder}.")
    return told


def _token(file: str | None) -> str:
    if not file:
        raise Invalid("Give the API token in a file with --token-file: words here are seen by all.")
    try:
        return Path(os.path.expanduser(file)).read_text().strip()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error


def _told(import_: RotaImport) -> list[str]:
    shown = import_.shown
    lines = [f"not known here: {one['name']} <{one['email']}>" for one in shown["people"]
             if not one["person"]]  # fmt: skip
    for kind in ("schedules", "policies"):
        lines += [f"{one['name']}: {one['why']}" for one in shown[kind] if one["why"]]
    lines += [f"{where}: {what}" for where, what in shown["notes"]]
    for one in shown["schedules"]:
        lines += [
            f"{one['name']}: {row['from'][:16]} to {row['until'][:16]} UTC there "
            f"{row['there'] or 'nobody'}, here {row['here'] or 'nobody'}"
            for row in one["differences"]
        ]
    return lines
