"""One box over everything: records, pages, and the verbs of the record one looks at."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from fullscore.interfaces.web import records, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, limits, search
from fullscore.kit.errors import NotFound
from fullscore.kit.perform import find
from fullscore.kit.resource import Resource

PER_GROUP = 6
PREFIXES = {"h:": ("item", "server"), "@": ("person", "team"), "#": ("finding",)}


def palette(request: SignedIn) -> HttpResponse:
    """Answer what fits the typed words: the record's verbs, then pages, then records."""
    limits.limit(f"search:{request.user.pk}", per=timedelta(minutes=1), count=120)
    text = request.GET.get("q", "").strip()[:100]
    groups = [_verbs(request, text), _pages(request, text), *_records(request, text)]
    context = {"groups": [g for g in groups if g["hits"]], "text": text}
    answer = render(request, "palette_results.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _verbs(request: SignedIn, text: str) -> dict[str, Any]:
    """Return the verbs of the record whose page is open; `>` asks for nothing else."""
    words = text.removeprefix(">").strip().lower()
    hits: list[dict[str, str]] = []
    if opened := _open_record(request):
        resource, record = opened
        for button in records.buttons(resource, record, request.user):
            if words in button["label"].lower() and not button["why_not"]:
                hits.append({
                    "title": button["label"], "url": button["url"], "icon": button["icon"],
                    "hint": str(record),
                })  # fmt: skip
    else:
        hits = _verbs_of_nouns(request, words) if words else []
    return {"title": "Do", "hits": hits[:PER_GROUP]}


def _verbs_of_nouns(request: SignedIn, words: str) -> list[dict[str, str]]:
    """Return verbs by name where no record is open: they lead to the list one chooses from."""
    return [
        {"title": f"{verb.label} {resource.title} …", "url": resource.url(), "icon": verb.icon,
         "hint": f"choose {resource.title_plural}"}
        for resource in shell.resources()
        for verb in resource.verbs
        if words in f"{verb.label} {resource.title}".lower()
        and access.may(request.user, verb.permission)
    ]  # fmt: skip


def _open_record(request: SignedIn) -> tuple[Resource, Any] | None:
    parts = request.GET.get("on", "").strip("/").split("/")
    resource = next((r for r in shell.resources() if r.path == parts[0]), None)
    if resource is None or len(parts) < 2 or not parts[1].isdecimal():
        return None
    try:
        return resource, find(resource.model, parts[1], by=request.user)
    except NotFound:
        return None


def _pages(request: SignedIn, text: str) -> dict[str, Any]:
    if text.startswith((">", "@", "#", "h:")):
        return {"title": "Go to", "hits": []}
    hits = [
        {"title": e["title"], "url": e["url"], "icon": e["icon"], "hint": group["title"]}
        for group in shell.menu(request)
        for outer in group["entries"]
        for e in (outer, *outer["inner"])
        if text.lower() in e["title"].lower()
    ]
    may_add = [
        r for r in shell.resources() if r.fields and access.may(request.user, r.permission("add"))
    ]
    hits += [
        {"title": f"Add {r.title}", "url": r.url("add"), "icon": "plus", "hint": ""}
        for r in may_add
        if text and text.lower() in f"add {r.title}"
    ]
    return {"title": "Go to", "hits": hits[: PER_GROUP if text else 12]}


def _records(request: SignedIn, text: str) -> list[dict[str, Any]]:
    if not text or text.startswith(">"):
        return []
    nouns = {r.noun: r for r in shell.resources()}
    wanted = None
    for prefix, names in PREFIXES.items():
        if text.startswith(prefix):
            text = text.removeprefix(prefix).strip()
            wanted = [r.noun for r in nouns.values() if r.name in names]
    groups: dict[str, dict[str, Any]] = {}
    for hit in search.find(text, by=request.user, nouns=wanted):
        resource = nouns.get(hit.noun)
        if resource is None:
            continue
        group = groups.setdefault(hit.noun, {"title": resource.heading, "hits": []})
        if len(group["hits"]) < PER_GROUP:
            group["hits"].append({
                "title": hit.title, "url": resource.url(hit.record_id), "icon": resource.icon,
                "hint": "",
            })  # fmt: skip
    return list(groups.values())
