"""The small parts of every page: pictures, severities, badges, moments, controls."""

from datetime import datetime
from functools import cache
from typing import Any

import nh3
from django import forms, template
from django.forms import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from markdown_it import MarkdownIt

from fullscore.interfaces.web import figures
from fullscore.kit import tables, time
from fullscore.kit.resource import Resource
from fullscore.kit.words import past, titled

register = template.Library()
register.filter("past", past)
register.filter("titled", titled)
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table"])

# (word, tone, bars lit) of the severities 5 to 1; the worst is a sign, not a bar.
SEVERITIES = {
    5: ("Critical", "crit", 0), 4: ("High", "high", 3), 3: ("Medium", "warn", 2),
    2: ("Low", "info", 1), 1: ("Note", "info", 1),
}  # fmt: skip
TONES = ("crit", "high", "warn", "ok", "info", "none")
SIGN = SafeString(
    '<rect x="1.5" y="1.5" width="13" height="13" rx="3.5" fill="currentColor"/>'
    '<path class="cut" d="M8 4.6v4M8 11.2v.1"/>'
)
BARS = ((2, 9, 5), (6.5, 6, 8), (11, 3, 11))  # x, y and height of three rising bars


@register.simple_tag
@cache  # some hundred on a page, and the sprite's address is sought out each time
def icon(name: str, classes: str = "") -> SafeString:
    """Draw a picture of the sprite; it is decoration, so screen readers skip it."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        classes, static("dist/icons.svg"), name,
    )  # fmt: skip


@register.simple_tag
def severity(level: int, words: bool = False) -> SafeString:
    """Show how bad something is, 1 to 5, as a named glyph; with `words`, the word beside it."""
    word, tone, lit = SEVERITIES.get(int(level or 1), SEVERITIES[1])
    drawn = SIGN if not lit else _bars(lit)
    glyph = format_html(
        '<svg class="sev is-{}" viewBox="0 0 16 16" role="img" aria-label="{}">{}</svg>',
        tone, word, drawn,
    )  # fmt: skip
    if not words:
        return glyph
    return format_html('<span class="who">{}<span aria-hidden="true">{}</span></span>', glyph, word)


def _bars(lit: int) -> SafeString:
    return format_html_join(
        "",
        '<rect x="{}" y="{}" width="3" height="{}" rx="1" fill="currentColor" class="{}"/>',
        ((*bar, "" if n < lit else "off") for n, bar in enumerate(BARS)),
    )


@register.simple_tag
def badge(words: Any, tone: str = "") -> SafeString:
    """Show a state in a pill; an unknown tone is quiet."""
    return format_html(
        '<span class="badge is-{}">{}</span>', tone if tone in TONES else "none", words
    )


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """Show how long ago something was, or how soon it is; the exact moment is the hint."""
    if moment is None:
        return "–"
    seconds = (time.now() - moment).total_seconds()
    words = figures.duration(abs(seconds), parts=1)
    told = "just now" if abs(seconds) < 60 else f"{words} ago" if seconds > 0 else f"in {words}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"), f"{localtime(moment):%-d %b %Y %H:%M:%S %Z}", told,
    )  # fmt: skip


@register.simple_tag
def avatar(who: Any) -> SafeString:
    """Show a person's initials in a colour of their own."""
    name = str(who or "")
    initials = getattr(who, "initials", "") or "".join(w[0] for w in name.split()[:2]).upper()
    hue = sum(ord(c) * (n + 7) for n, c in enumerate(name)) % 360
    return format_html(
        '<span class="av" style="--h:{}" title="{}" aria-hidden="true">{}</span>',
        hue, name, initials,
    )  # fmt: skip


@register.simple_tag
def chart(src: str, title: str, window: str = "24h") -> SafeString:
    """Place a live chart that reads `src`; until it stands, bones show where."""
    return format_html(
        '<ts-chart src="{}" title="{}" range="{}">'
        '<div class="bones" aria-hidden="true"><i></i><i></i><i></i><i></i></div></ts-chart>',
        src, title, window,
    )  # fmt: skip


@register.simple_tag
def unknown_words(resource: Resource, query: QueryDict) -> list[str]:
    """Return the words of a list's address that are none of its filters, and so do nothing."""
    return sorted(set(query) - set(resource.filter_class().base_filters) - set(tables.OWN))


@register.filter
def markdown(text: str) -> SafeString:
    """Return what somebody wrote in Markdown as HTML; only harmless tags are let through."""
    return SafeString(nh3.clean(_markdown.render(text), link_rel="nofollow noopener"))


@register.filter
def is_check(field: BoundField) -> bool:
    """Say whether a field is a single box to tick."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def says_optional(field: BoundField) -> bool:
    """Say whether a field is marked as optional: it can be left empty, and another cannot."""
    needed = any(
        f.required and not isinstance(f, forms.ChoiceField) for f in field.form.fields.values()
    )
    return needed and not field.field.required


@register.filter
def is_group(field: BoundField) -> bool:
    """Say whether a field is several controls under one legend."""
    return bool(field.use_fieldset)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """Draw a field's control, tied to its help and its faults."""
    told = [f"{field.auto_id}_helptext"] if field.help_text else []
    told += [f"{field.auto_id}_error"] if field.errors else []
    attrs: dict[str, str | bool] = {} if is_check(field) or is_group(field) else {"class": "input"}
    if told:
        attrs["aria-describedby"] = " ".join(told)
    return field.as_widget(attrs=attrs)
