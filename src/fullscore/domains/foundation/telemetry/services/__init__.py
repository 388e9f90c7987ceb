"""What can be done with samples, series and keys."""

from fullscore.domains.foundation.telemetry.services.doubles import mark_doubles
from fullscore.domains.foundation.telemetry.services.expecting import expect, expect_no_more
from fullscore.domains.foundation.telemetry.services.intake import (
    Batch,
    Taken,
    ingest,
    known_keys,
    take,
)
from fullscore.domains.foundation.telemetry.services.judging import judge
from fullscore.domains.foundation.telemetry.services.keys import (
    issue_push_key,
    owner_of_key,
    revoke,
)
from fullscore.domains.foundation.telemetry.services.made import Made, keep_made
from fullscore.domains.foundation.telemetry.services.scraped import (
    Scraped,
    note_scraped,
    store_scrape,
    unopened,
)
from fullscore.domains.foundation.telemetry.services.senders import (
    Sender,
    of_item,
    of_key,
    of_target,
)
from fullscore.domains.foundation.telemetry.services.series import (
    Called,
    Measured,
    bind,
    bind_unowned,
    end_mutes,
    fingerprint_of,
    forget,
    learn_intervals,
    metrics_named,
    mute,
    unmute,
)
from fullscore.domains.foundation.telemetry.services.storage import (
    DAYS,
    change_storage,
    measure_store,
    set_storage,
)
from fullscore.domains.foundation.telemetry.services.targets import (
    authorization,
    beat,
    give_credential,
    hold,
    leave,
    pause,
    resume,
    scrape_now,
)
from fullscore.domains.foundation.telemetry.services.thresholds import (
    change_threshold,
    checked,
    preview,
    set_threshold,
)

__all__ = [
    "DAYS",
    "Batch",
    "Called",
    "Made",
    "Measured",
    "Scraped",
    "Sender",
    "Taken",
    "authorization",
    "beat",
    "bind",
    "bind_unowned",
    "change_storage",
    "change_threshold",
    "checked",
    "end_mutes",
    "expect",
    "expect_no_more",
    "fingerprint_of",
    "forget",
    "give_credential",
    "hold",
    "ingest",
    "issue_push_key",
    "judge",
    "keep_made",
    "known_keys",
    "learn_intervals",
    "leave",
    "mark_doubles",
    "measure_store",
    "metrics_named",
    "mute",
    "note_scraped",
    "of_item",
    "of_key",
    "of_target",
    "owner_of_key",
    "pause",
    "preview",
    "resume",
    "revoke",
    "scrape_now",
    "set_storage",
    "set_threshold",
    "store_scrape",
    "take",
    "unmute",
    "unopened",
]
