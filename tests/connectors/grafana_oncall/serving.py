"""Grafana OnCall's API, as its public reference has it, two rows a page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.connectors.answering import Tool, answering

RECORDED = json.loads((Path(__file__).parent / "recordings" / "whole.json").read_bytes())
TOKEN = "meowmeowmeow"
PAGE = 2


@contextmanager
def serving(**more: Any) -> Iterator[Tool]:
    told = RECORDED | more

    def answers(path: str, query: dict[str, str]) -> Any:
        name = path.removeprefix("/api/v1/").strip("/")
        if name.endswith("/final_shifts"):
            ref = name.split("/")[1]
            rows = told.get("final_shifts", {}).get(ref, [])
        elif name in told:
            rows = told[name]["results"] if isinstance(told[name], dict) else told[name]
        else:
            return None
        page = int(query.get("page", "1"))
        some = rows[(page - 1) * PAGE : page * PAGE]
        onward = (
            f"http://elsewhere.example{path}?page={page + 1}" if page * PAGE < len(rows) else None
        )
        return {"count": len(rows), "next": onward, "previous": None, "results": some}

    with answering(answers, token=TOKEN) as tool:
        yield tool
