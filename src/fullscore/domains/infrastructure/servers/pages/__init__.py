"""The pages of servers that are no list, detail or form."""

from fullscore.domains.infrastructure.servers.pages import access, charts, compare

PATTERNS = [*charts.PATTERNS, *access.PATTERNS, *compare.PATTERNS]
