"""The rules of the building as functions: a file's path and text in, complaints out."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

Found = Iterator[str]

MANY = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITERS = ("services.py", "rows.py")
NAMELESS = {"utils", "util", "helpers", "helper", "misc", "constants", "managers", "signals"}
FLAT = NAMELESS | {"forms", "views", "serializers"}  # a domain has resources and pages instead
UNDONE = re.compile("TO" + r"DO|FIX" + r"ME|\bXX" + r"X\b|issue #\d|/wor" + "k/")
UNESCAPED = re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off")
MAY_SPEAK_SQL = (
    "connectors/",  # files of their own, not our tables
    "kit/live.py",  # LISTEN and NOTIFY, and what SQLite says of its file
    "kit/audit.py",  # the lock under which the chain grows
    "kit/past.py",  # a question of the past is one of the present with other tables before it
    "kit/bulk.py",  # many rows in one statement, which the ORM writes a few dozen at a time
    "kit/models/search.py",  # the trigram index has no words in the ORM
    "domains/foundation/estate/migrations/0001_initial.py",  # a range that excludes others
    "kit/migrations/0003_search_index_and_audit_guard.py",  # that index, and the audit's triggers
)


JOINS_ESCAPED = ("interfaces/web/cells.py:body",)  # rows of cells, each escaped as it is drawn


def writes_outside_services(path: str, text: str) -> Found:
    """Only services write: `rows.py` holds their bulk half, migrations move what was written.

    Django's writing calls take no positional arguments, those of dicts, caches and files do; with
    `by=` it is a service or a resource that is called.
    """
    if path.endswith(WRITERS) or "/services/" in path or "/migrations/" in path:
        return
    for scope, call in _calls(text):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        words = {word.arg for word in call.keywords}
        is_one = name in ("save", "delete") and not call.args and "by" not in words
        is_set = name in ("create", "update") and words and not call.args and "by" not in words
        if name in MANY or is_one or is_set:
            yield f"{path}:{scope} calls .{name}("


def raw_sql(path: str, text: str) -> Found:
    """SQL stands where a reason for it is listed, nowhere else."""
    if path.startswith(MAY_SPEAK_SQL):
        return
    for scope, call in _calls(text):
        name = _name(call.func)
        if name in {"cursor", "execute", "executemany", "raw", "extra", "RawSQL", "RunSQL"}:
            yield f"{path}:{scope} calls {name}("


def shells(path: str, text: str) -> Found:
    """No program is started through a shell."""
    for scope, call in _calls(text):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        library = owner.id if isinstance(owner, ast.Name) else ""
        given = [ast.unparse(w.value) for w in call.keywords if w.arg == "shell"]
        if "True" in given or (library == "subprocess" and given not in ([], ["False"])):
            yield f"{path}:{scope} passes shell={given[0]}"
        if library == "os" and _name(call.func) in {"system", "popen"}:
            yield f"{path}:{scope} calls os.{_name(call.func)}"


def unescaped_python(path: str, text: str) -> Found:
    """Text is declared safe when it is written here, or came through the allow-list of nh3."""
    for scope, call in _calls(text):
        if _name(call.func) in {"mark_safe", "SafeString"} and call.args:
            given = call.args[0]
            is_cleaned = isinstance(given, ast.Call) and ast.unparse(given.func) == "nh3.clean"
            is_known = is_cleaned or f"{path}:{scope}" in JOINS_ESCAPED
            if not isinstance(given, ast.Constant) and not is_known:
                yield f"{path}:{scope} declares {ast.unparse(given)} safe"


def unescaped_template(path: str, text: str) -> Found:
    """Templates escape everything."""
    for number, line in enumerate(text.splitlines(), 1):
        if UNESCAPED.search(line):
            yield f"{path}:{number} does not escape"


def clocks_in_engines(path: str, text: str) -> Found:
    """An engine is told the time and the seed."""
    if not path.startswith("engines/"):
        return
    for scope, call in _calls(text):
        name = _name(call.func)
        if name in {"now", "utcnow", "today"} or (name == "default_rng" and not call.args):
            yield f"{path}:{scope} calls {name}("


def keys_by_string(path: str, text: str) -> Found:
    """A foreign key names the class, so that the import contract sees it."""
    if "/migrations/" in path:
        return
    for scope, call in _calls(text):
        if _name(call.func) in {"ForeignKey", "OneToOneField", "ManyToManyField"} and call.args:
            target = call.args[0]
            if isinstance(target, ast.Constant) and target.value != "self":
                yield f"{path}:{scope} points at {target.value!r}"


def nameless_files(path: str, text: str = "") -> Found:
    """A file is named after what is in it."""
    names = FLAT if path.startswith("domains/") else NAMELESS
    if PurePosixPath(path).stem in names:
        yield f"{path} says nothing about what is in it"


def undone(path: str, text: str) -> Found:
    """Nothing is left for later, and nothing points at one machine or one tracker."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := UNDONE.search(line):
            yield f"{path}:{number} says {found.group()}"


def undocumented(path: str, text: str) -> Found:
    """Every module and model has a docstring; the `__init__` of a domain has nothing else."""
    if path.endswith("/apps.py") or "/migrations/" in path:
        return
    tree = ast.parse(text)
    if tree.body and not ast.get_docstring(tree):
        yield f"{path} has no docstring"
    parts = PurePosixPath(path).parts
    is_domain = len(parts) == 4 and parts[0] == "domains" and parts[-1] == "__init__.py"
    if is_domain and len(tree.body) != 1:
        yield f"{path} holds more than a docstring"
    for node in tree.body:
        is_model = isinstance(node, ast.ClassDef) and any(
            ast.unparse(base) == "models.Model" for base in node.bases
        )
        if is_model and not ast.get_docstring(node):
            yield f"{path}: {node.name} has no docstring"


def long_functions(path: str, text: str, *, most: int) -> Found:
    """Return the functions of more than so many lines, without signature and docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = node.end_lineno - body[0].lineno + 1 if body else 0
            if lines > most:
                yield f"{path}:{node.name} has {lines} lines"


def _calls(text: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call with the name of the outermost function or class it stands in."""
    for top in ast.parse(text).body:
        scope = getattr(top, "name", "module")
        for node in ast.walk(top):
            if isinstance(node, ast.Call):
                yield scope, node


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
