"""The pages of incidents that are no list, detail or form."""

from fullscore.domains.response.incidents.pages import figures, sources

PATTERNS = [*figures.PATTERNS, *sources.PATTERNS]
