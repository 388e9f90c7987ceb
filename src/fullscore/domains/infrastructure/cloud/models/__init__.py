"""What the cloud costs."""

from fullscore.domains.infrastructure.cloud.models.costs import CostExport, CostPeriod, CostRow

__all__ = ["CostExport", "CostPeriod", "CostRow"]
