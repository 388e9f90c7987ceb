"""The whole REST interface, from the list of nouns."""

from collections.abc import Callable, Sequence
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from fullscore.interfaces.api import operations, questions, schemas
from fullscore.interfaces.api.answers import TITLES, in_one_shape, translate
from fullscore.interfaces.api.bodies import StrictJson
from fullscore.interfaces.api.callers import Session, Token
from fullscore.interfaces.api.once import HEADER, LONGEST_KEY
from fullscore.interfaces.callers import Authenticate
from fullscore.kit.resource import Resource
from fullscore.kit.words import titled

REFUSED = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
# Described here and not as models of each operation: the library would build 7 classes for each.
REFUSALS = {
    str(status): {"description": TITLES[status], "content": REFUSED}
    for status in (401, 403, 404, 409, 413, 422, 429, 500)
}
ONCE = {
    "in": "header", "name": HEADER, "required": False,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "The same key with the same call, within a day, gets the first answer again.",
}  # fmt: skip


def build(
    resources: Sequence[Resource], authenticate: Authenticate, *, namespace: str = "api",
    asked: Sequence[questions.Question] = (),
) -> NinjaAPI:  # fmt: skip
    """Return the API over `resources`; mount it as `path("api/", build(…).urls)`.

    `authenticate(token, address)` returns the caller or raises NotAllowed. There is no page of
    documentation: those of the library load from elsewhere or need inline scripts.
    """
    api = Api(
        title="Fullscore", version="1", urls_namespace=namespace, docs_url=None,
        description="Every noun and verb. Lists are paged by mark; times are ISO 8601, UTC.",
        auth=[Token(authenticate), Session()], parser=StrictJson(), openapi_url="",
    )  # fmt: skip
    translate(api)
    for resource in resources:
        _add(api, resource)
    questions.add(api, asked, REFUSALS)
    api.default_router.add_api_operation(
        "/openapi.json", ["GET"], lambda request: api.get_openapi_schema(), auth=api.auth,
        include_in_schema=False, operation_id="openapi",
    )  # fmt: skip
    api.default_router.add_api_operation(
        "/{path:rest}", ["GET", "POST", "PUT", "PATCH", "DELETE"], operations.nothing_here,
        include_in_schema=False, auth=None, operation_id="nothing_here",
    )  # fmt: skip
    return api


class Api(NinjaAPI):
    """The library's, whose description also holds the shape of all refusals."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """Return the description."""
        told = super().get_openapi_schema(**given)
        told["components"]["schemas"]["Refusal"] = schemas.Refusal.model_json_schema()
        return told

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        """Return the addresses; a method they do not know is refused as everything else is."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if pattern.callback is not None:
                pattern.callback = in_one_shape(pattern.callback)
        return patterns, app, namespace


def _add(api: NinjaAPI, resource: Resource) -> None:
    """Give one noun its addresses."""
    base, one = f"/{resource.path}", f"/{resource.path}/{{pk}}"
    item = schemas.item_of(resource)
    add = _Adder(api, resource)
    add("GET", base, operations.list_of, "list", schemas.page_of(resource, item),
        parameters=schemas.list_parameters(resource))  # fmt: skip
    if resource.fields:
        new = schemas.input_of(resource, is_new=True)
        add("POST", base, operations.add_of, "add", item, new, status=201)
    add("GET", one, operations.show_of, "show", item,
        parameters=schemas.at_parameter(resource))  # fmt: skip
    if resource.fields:
        some = schemas.input_of(resource, is_new=False)
        add("PATCH", one, operations.change_of, "change", item, some)
    if resource.can_delete:
        add("DELETE", one, operations.delete_of, "delete", None, status=204)
    add("GET", f"{one}/history", operations.history_of, "history", schemas.Entries,
        parameters=schemas.page_parameters())  # fmt: skip
    done = schemas.done_of(resource, item)
    for verb in resource.verbs:
        wanted = schemas.verb_input_of(resource, verb)
        add("POST", f"{one}/{verb.name}", operations.verb_of, verb.name, done, verb, wanted,
            about=verb.about)  # fmt: skip


class _Adder:
    """Adds operations of one noun, each with its own name and all it may answer."""

    def __init__(self, api: NinjaAPI, resource: Resource) -> None:
        self.api, self.resource = api, resource

    def __call__(
        self, method: str, path: str, view_of: Callable[..., operations.View], action: str,
        made: Any, *given: Any, status: int = 200, parameters: Sequence[Any] = (),
        about: str = "",
    ) -> None:  # fmt: skip
        noun = self.resource.name.replace("-", "_")
        title = self.resource.title
        words = f"{titled(action)}: {title}"
        keys = [] if method == "GET" else [ONCE]
        self.api.default_router.add_api_operation(
            path, [method], view_of(self.resource, *given), response={status: made},
            operation_id=f"{noun}_{action}", summary=words, description=about or view_of.__doc__,
            tags=[self.resource.title_plural], auth=self.api.auth,
            openapi_extra={"parameters": [*parameters, *keys], "responses": dict(REFUSALS)},
        )  # fmt: skip
