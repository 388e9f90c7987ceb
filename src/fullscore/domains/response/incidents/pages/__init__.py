"""The pages of incidents that are no list, detail or form."""

from fullscore.domains.response.incidents.pages import figures, room, sources, status

PATTERNS = [*figures.PATTERNS, *sources.PATTERNS, *room.PATTERNS, *status.PATTERNS]
