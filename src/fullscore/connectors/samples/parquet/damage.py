"""What to do when segments cannot be read: find out which, set them aside, serve the rest."""

from collections.abc import Iterable

from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.manifest import Manifest, Segment


def set_aside(manifest: Manifest, files: Files, segments: Iterable[Segment]) -> bool:
    """Quarantine the damaged ones of some segments; False when all of them are whole.

    Also true when one was merged away meanwhile: then a newer look is all that is needed.
    """
    live = manifest.live()
    there = list(segments)
    damaged = files.damaged([segment for segment in there if segment.name in live])
    for name in damaged:
        manifest.quarantine(name)
    return bool(damaged) or any(segment.name not in live for segment in there)
