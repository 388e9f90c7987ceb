"""The pages for programs: every address of the API, and every question of assistants."""

import inspect
from collections.abc import Iterable

from fullscore.config.doors import authenticate
from fullscore.config.questions import QUESTIONS as ASKED
from fullscore.config.resources import RESOURCES
from fullscore.config.tools import TOOLS
from fullscore.interfaces.api.build import build
from fullscore.interfaces.mcp.questions import Questions
from fullscore.kit.resource import Resource
from tests.documentation import code, sentence, table

QUESTIONS = ("search", "list", "get", "explain", "what_changed")


def api() -> Iterable[str]:
    """Return every operation, as the description of the running program names it."""
    described = description()
    count = sum(len(operations) for operations in described["paths"].values())
    yield from [
        "# API", "",
        f"{count} operations. A running installation gives the whole description, with the shape",
        "of every body and answer, at `/api/openapi.json` (OpenAPI 3.1). How to call it:",
        "[API and tokens](../guides/api-and-tokens.md). Beside these stands `POST /api/push`, for",
        "the probe on other hosts: [adding hosts](../guides/adding-hosts.md).", "",
    ]  # fmt: skip
    yield from ["## questions that are no noun", ""]
    yield from table(
        ["call", "name", "what it does"],
        [[code(f"GET /api{one.path}"), code(one.name), sentence(one.ask.__doc__)] for one in ASKED],
    )
    for resource in RESOURCES:
        yield from [f"## {resource.path}", ""]
        yield from table(["call", "name", "what it does"], _operations(described, resource))


def description() -> dict:
    """Return the OpenAPI description of the API, built as it is mounted."""
    described: dict = build(
        RESOURCES, authenticate, namespace="described", asked=ASKED
    ).get_openapi_schema(path_prefix="/api/")
    return described


def _operations(described: dict, resource: Resource) -> list[list[str]]:
    base = f"/api/{resource.path}"
    return [
        [code(f"{method.upper()} {path}"), code(told["operationId"]), sentence(told["description"])]
        for path, methods in described["paths"].items()
        if path == base or path.startswith(f"{base}/")
        for method, told in methods.items()
    ]


def assistants() -> Iterable[str]:
    """Return every question an assistant may ask."""
    yield from [
        "# Questions for assistants", "",
        "All of them only read. How to connect one: [assistants](../guides/assistants-mcp.md).", "",
    ]  # fmt: skip
    asked = [(name, getattr(Questions, name)) for name in QUESTIONS]
    own = [(tool.name, tool.function) for tool in TOOLS]
    yield from table(
        ["question", "arguments", "answer"],
        [[code(name), _arguments(one), inspect.getdoc(one)] for name, one in [*asked, *own]],
    )  # fmt: skip


def _arguments(function: object) -> str:
    signature = inspect.signature(function)  # type: ignore[arg-type]
    asked = [p for p in signature.parameters.values() if p.name not in ("self", "caller", "user")]
    return " ".join(code(p.name) if p.default is p.empty else f"({code(p.name)})" for p in asked)
