"""Pictures of figures, drawn on the server: the same in a page, a mail and a PDF.

Every picture is SVG with a title, a sentence that says the finding, and CSS classes instead of
colours. Missing figures are gaps, bars start at zero, at most six series are drawn apart.
"""

from fullscore.interfaces.web.charts.amounts import bars, objective, waterfall
from fullscore.interfaces.web.charts.grids import gantt, heatmap, matrix
from fullscore.interfaces.web.charts.lines import (
    Limit,
    Mark,
    Series,
    line,
    quantile_band,
    sparkline,
)

__all__ = [
    "Limit", "Mark", "Series", "bars", "gantt", "heatmap", "line", "matrix", "objective",
    "quantile_band", "sparkline", "waterfall",
]  # fmt: skip
