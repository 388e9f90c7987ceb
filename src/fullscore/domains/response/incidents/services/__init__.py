"""What can be done with alerts and incidents."""

from fullscore.domains.response.incidents.services.declaring import declare, describe
from fullscore.domains.response.incidents.services.entries import (
    BY_PEOPLE,
    decide,
    edit,
    hide,
    note,
)
from fullscore.domains.response.incidents.services.grouping import place_new
from fullscore.domains.response.incidents.services.intake import (
    beat,
    count_in,
    new_key,
    receive,
    receive_each,
)
from fullscore.domains.response.incidents.services.outside import record_change
from fullscore.domains.response.incidents.services.paging import (
    NOUN,
    call_after,
    call_people,
    grant_step,
    leave_people,
    page,
    take_answered,
    tell_alerts,
)
from fullscore.domains.response.incidents.services.reading import signals_in
from fullscore.domains.response.incidents.services.receipts import (
    forget_old,
    read_receipts,
    replay,
)
from fullscore.domains.response.incidents.services.roles import (
    end_role,
    let_in,
    shut_out,
    start_role,
)
from fullscore.domains.response.incidents.services.silences import (
    add_silence,
    change_silence,
    end,
)
from fullscore.domains.response.incidents.services.sources import (
    configure,
    give_credential,
    issue_source,
    own,
    refuse_to_add,
    revoke,
    signing,
    source_of,
    take_turn_of_alert,
    take_turn_of_incidents,
)
from fullscore.domains.response.incidents.services.tasks import (
    add_task,
    finish_task,
    hand_task,
    lay_out,
    take_up_task,
)
from fullscore.domains.response.incidents.services.telling import tell
from fullscore.domains.response.incidents.services.updates import publish_update
from fullscore.domains.response.incidents.services.upkeep import (
    expire_acknowledgements,
    forget_events,
    hear_silence,
    resolve_due,
    settle,
    tell_findings,
)
from fullscore.domains.response.incidents.services.urgency import (
    NUMBERS,
    let_weigh,
    set_priority,
    weigh,
)
from fullscore.domains.response.incidents.services.working import (
    acknowledge,
    acknowledge_alert,
    assign,
    merge,
    mitigate,
    reopen,
    resolve,
    resolve_alert,
    split,
    take_out,
)

__all__ = [
    "BY_PEOPLE",
    "NOUN",
    "NUMBERS",
    "acknowledge",
    "acknowledge_alert",
    "add_silence",
    "add_task",
    "assign",
    "beat",
    "call_after",
    "call_people",
    "change_silence",
    "configure",
    "count_in",
    "decide",
    "declare",
    "describe",
    "edit",
    "end",
    "end_role",
    "expire_acknowledgements",
    "finish_task",
    "forget_events",
    "forget_old",
    "give_credential",
    "grant_step",
    "hand_task",
    "hear_silence",
    "hide",
    "issue_source",
    "lay_out",
    "leave_people",
    "let_in",
    "let_weigh",
    "merge",
    "mitigate",
    "new_key",
    "note",
    "own",
    "page",
    "place_new",
    "publish_update",
    "read_receipts",
    "receive",
    "receive_each",
    "record_change",
    "refuse_to_add",
    "reopen",
    "replay",
    "resolve",
    "resolve_alert",
    "resolve_due",
    "revoke",
    "set_priority",
    "settle",
    "shut_out",
    "signals_in",
    "signing",
    "source_of",
    "split",
    "start_role",
    "take_answered",
    "take_out",
    "take_turn_of_alert",
    "take_turn_of_incidents",
    "take_up_task",
    "tell",
    "tell_alerts",
    "tell_findings",
    "weigh",
]
