"""Cloud accounts, what they have, and what it costs."""

from fullscore.domains.infrastructure.cloud.models.accounts import CloudAccount, CloudResource
from fullscore.domains.infrastructure.cloud.models.costs import CostExport, CostPeriod, CostRow

__all__ = ["CloudAccount", "CloudResource", "CostExport", "CostPeriod", "CostRow"]
