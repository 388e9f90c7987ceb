"""What a live chart of series is told: points in the unit of its page, lines, marks, a sentence."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fullscore.domains.foundation.telemetry.models import Series, Threshold
from fullscore.domains.foundation.telemetry.reading import asking, marks
from fullscore.interfaces.web import figures
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.errors import Invalid


def answer(
    request: SignedIn,
    chosen: Sequence[Series],
    span: asking.Span,
    *,
    function: str = "",
    names: Mapping[int, str] | None = None,
    has_p95: bool = False,
    note: str = "",
) -> dict[str, Any]:
    """Return one chart of series that share a unit; `names` are those of its legend.

    Raises Invalid for series of several units: a chart has one axis.
    """
    units = list(asking.by_unit(chosen, function))
    if len(units) > 1:
        raise Invalid("A chart has one unit; these series have several.")
    unit = units[0] if units else ""
    span = asking.fitting(span, chosen)
    told = asking.points(chosen, span, function=function)
    names = names or {one.pk: asking.name_of(one) for one in chosen}
    drawn = [
        {"name": names[one.pk], "points": _scaled(one, told[one.pk], function)} for one in chosen
    ]
    resolution = f"{_made(chosen, function)}, {span.resolution}"
    return {
        "title": "",
        "unit": unit,
        "kind": "line",
        "step_seconds": span.step_seconds,
        "resolution": " · ".join(part for part in (resolution, note) if part),
        "time_zone": request.user.time_zone,
        "series": drawn,
        "marks": marks.of(chosen, span, by=request.user),
        "thresholds": _lines(chosen, span, function, has_p95=has_p95),
        "sentence": _sentence(drawn, unit),
    }


def _scaled(one: Series, points: asking.Points, function: str) -> asking.Points:
    _, scale = asking.shown_in(one.metric, asking.function_for(one, function))
    return [(at, None if value is None else value * scale) for at, value in points]


def _made(chosen: Sequence[Series], function: str) -> str:
    made = dict.fromkeys(asking.function_for(one, function) for one in chosen)
    labels = dict(Threshold.Function.choices)
    return " and ".join(labels[name] for name in made) or "nothing chosen"


def _lines(
    chosen: Sequence[Series], span: asking.Span, function: str, *, has_p95: bool
) -> list[dict[str, Any]]:
    """Return the thresholds in force, and p95 where it is asked for."""
    told = []
    for threshold in asking.thresholds_of(chosen, function=function):
        _, scale = asking.shown_in(threshold.metric, threshold.function)
        for word in ("medium", "high", "critical"):
            value = getattr(threshold, f"{word}_at")
            if value is not None:
                told.append({"label": word, "value": value * scale})
    if has_p95:
        high = asking.high_points(chosen, span, function=function)
        for one in chosen:
            _, scale = asking.shown_in(one.metric, asking.function_for(one, function))
            if one.pk in high:
                whose = f" of {one.item or one.metric}" if len(chosen) > 1 else ""
                told.append({"label": f"p95{whose}", "value": high[one.pk] * scale})
    return told


def _sentence(drawn: Sequence[dict[str, Any]], unit: str) -> str:
    told = [(v, at, one["name"]) for one in drawn for at, v in one["points"] if v is not None]
    if not told:
        return "Nothing was measured in this time."
    value, at, name = max(told)
    when = datetime.fromtimestamp(at / 1000, UTC)
    return f"Peak: {name} {figures.figure(value, unit)} at {when:%-d %b %H:%M} UTC."
