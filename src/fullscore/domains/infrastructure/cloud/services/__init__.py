"""What can be done with clouds: bills taken in and reconciled."""

from fullscore.domains.infrastructure.cloud.services.costs import reconcile, take_bill

__all__ = ["reconcile", "take_bill"]
