"""Who knows of changes that charts mark."""

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.telemetry.reading.marks import Source
from fullscore.domains.infrastructure.servers import queries as servers

MARKS: tuple[Source, ...] = (servers.changes_of, estate.altered)
