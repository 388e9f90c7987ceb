"""Every noun of the product, in the order of the menu."""

from fullscore.domains.foundation.access.resources import ACCOUNT, API_TOKEN, ROLE_GRANT
from fullscore.domains.foundation.directory.resources import MEMBERSHIP, PERSON, TEAM
from fullscore.domains.foundation.estate.resources import (
    CERTIFICATE,
    CLAIM,
    DIFFERENCE,
    DOWNTIME_COST,
    IDENTIFIER,
    ITEM,
    LINK,
    LISTENER,
    REQUIREMENT,
)
from fullscore.domains.foundation.findings.resources import (
    BLIND,
    CHECK,
    CHECK_RUN,
    CHECK_SETTING,
    COMMENT,
    DUE_RULE,
    EVENT,
    FINDING,
    OWNER_RULE,
    PROOF,
    WAIVER,
)
from fullscore.domains.foundation.system.resources import IMPORT
from fullscore.domains.foundation.telemetry.resources import (
    BREACH,
    COLLECTOR,
    METRIC,
    PUSH_KEY,
    REFUSAL,
    SCRAPE_TARGET,
    SERIES,
    STORAGE_RULE,
    THRESHOLD,
)
from fullscore.domains.infrastructure.servers.resources import (
    ACCOUNT as SERVER_ACCOUNT,
)
from fullscore.domains.infrastructure.servers.resources import (
    FACTS,
    FILESYSTEM,
    INSTALLED,
    PACKAGE,
    SERVER,
    SSH_HOST,
    UNIT,
)
from fullscore.domains.overview.attention.resources import PROPOSAL, SHARING
from fullscore.domains.response.incidents.resources import (
    ALERT,
    ALERT_EVENT,
    ALERT_SOURCE,
    INCIDENT,
    RECEIPT,
    SILENCE,
    TIMELINE_ENTRY,
)
from fullscore.domains.response.oncall.resources.escalations import (
    ESCALATION,
    ESCALATION_EVENT,
    PAGE_DELIVERY,
)
from fullscore.domains.response.oncall.resources.people import (
    ABSENCE,
    CONTACT_CHANNEL,
    CONTACT_RULE,
    SWAP,
)
from fullscore.domains.response.oncall.resources.policies import POLICY, ROUTE, STEP
from fullscore.domains.response.oncall.resources.schedules import (
    LAYER,
    OVERRIDE,
    SCHEDULE,
    SHIFT,
    TURN,
)
from fullscore.kit.resource import Resource

RESOURCES: tuple[Resource, ...] = (
    FINDING,
    WAIVER,
    SERVER,
    SSH_HOST,
    ITEM,
    DIFFERENCE,
    LISTENER,
    CERTIFICATE,
    FILESYSTEM,
    UNIT,
    SERVER_ACCOUNT,
    PACKAGE,
    CHECK,
    BLIND,
    INCIDENT,
    ALERT,
    SILENCE,
    ALERT_SOURCE,
    RECEIPT,
    SCHEDULE,
    POLICY,
    ESCALATION,
    SWAP,
    ABSENCE,
    METRIC,
    SERIES,
    THRESHOLD,
    BREACH,
    SCRAPE_TARGET,
    COLLECTOR,
    PUSH_KEY,
    REFUSAL,
    STORAGE_RULE,
    PERSON,
    TEAM,
    ACCOUNT,
    ROLE_GRANT,
    API_TOKEN,
    # Seen through others' pages:
    MEMBERSHIP,
    LINK,
    REQUIREMENT,
    IDENTIFIER,
    CLAIM,
    DOWNTIME_COST,
    INSTALLED,
    FACTS,
    CHECK_RUN,
    CHECK_SETTING,
    DUE_RULE,
    OWNER_RULE,
    EVENT,
    PROOF,
    COMMENT,
    ALERT_EVENT,
    TIMELINE_ENTRY,
    LAYER,
    TURN,
    OVERRIDE,
    SHIFT,
    STEP,
    ROUTE,
    CONTACT_CHANNEL,
    CONTACT_RULE,
    ESCALATION_EVENT,
    PAGE_DELIVERY,
    IMPORT,
    SHARING,
    PROPOSAL,
)
