"""Commands about incidents that are no noun and no verb."""

from fullscore.domains.response.incidents import reading
from fullscore.interfaces.web.figures import figure
from fullscore.kit.models import User


def tell_figures(
    *, days: int, service: int | None, team: int | None, priority: int | None, by: User
) -> int:
    """Print how fast incidents are handled and how changes go."""
    told = reading.figures(by, days=days, service=service, team=team, priority=priority)
    print(f"Last {days} days: {told['incidents']} incidents,"
          f" {told['delivery']['carried_out']} changes carried out.")  # fmt: skip
    print(f"{'':34}{'count':>8}{'mean':>14}{'median':>14}{'p90':>14}")
    for name, unit, count, *values in reading.rows_of(told):
        shown = "".join(f"{figure(value, unit):>14}" for value in values)
        print(f"{name:34}{count:>8}{shown}")
    return 0
