"""What can be done with alerts and incidents."""

from fullscore.domains.response.incidents.services.grouping import place_new
from fullscore.domains.response.incidents.services.intake import (
    beat,
    count_in,
    new_key,
    receive,
    receive_each,
)
from fullscore.domains.response.incidents.services.paging import (
    NOUN,
    call_people,
    leave_people,
    page,
    take_answered,
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
)
from fullscore.domains.response.incidents.services.tasks import (
    add_task,
    finish_task,
    hand_task,
    lay_out,
    take_up_task,
)
from fullscore.domains.response.incidents.services.telling import tell
from fullscore.domains.response.incidents.services.upkeep import (
    expire_acknowledgements,
    forget_events,
    hear_silence,
    resolve_due,
    settle,
    tell_findings,
)
from fullscore.domains.response.incidents.services.working import (
    acknowledge,
    acknowledge_alert,
    assign,
    merge,
    note,
    reopen,
    resolve,
    resolve_alert,
    split,
    take_out,
)

__all__ = [
    "NOUN",
    "acknowledge",
    "acknowledge_alert",
    "add_silence",
    "add_task",
    "assign",
    "beat",
    "call_people",
    "change_silence",
    "configure",
    "count_in",
    "end",
    "end_role",
    "expire_acknowledgements",
    "finish_task",
    "forget_events",
    "forget_old",
    "give_credential",
    "hand_task",
    "hear_silence",
    "issue_source",
    "lay_out",
    "leave_people",
    "let_in",
    "merge",
    "new_key",
    "note",
    "own",
    "page",
    "place_new",
    "read_receipts",
    "receive",
    "receive_each",
    "refuse_to_add",
    "reopen",
    "replay",
    "resolve",
    "resolve_alert",
    "resolve_due",
    "revoke",
    "settle",
    "shut_out",
    "signals_in",
    "signing",
    "source_of",
    "split",
    "start_role",
    "take_answered",
    "take_out",
    "take_up_task",
    "tell",
    "tell_findings",
]
