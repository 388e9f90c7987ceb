"""The pages of incidents that are no list, detail or form."""

from fullscore.domains.response.incidents.pages import sources

PATTERNS = [*sources.PATTERNS]
