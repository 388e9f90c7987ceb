"""A web server of ours as a process of its own, a key to send with, and what it has stored."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager

from tests.installation import ROOT
from tests.servers import wait_for

KEY = """
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import PushKey
from fullscore.kit.models.user import system
_, answer = services.issue_push_key(None, by=system(), name="p")
PushKey.objects.update(per_minute={per_minute})
"""
STORED = """
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Series
rows = Series.objects.filter(metric__name="{name}")
names = {{s.pk: s.labels.get("n", "") for s in rows}}
found = queries.store().read(list(names), start_ms=0, end_ms=2**42)
answer = [[names[s], t, v] for s, t, v in
          zip(found.series.tolist(), found.ts_ms.tolist(), found.values.tolist(), strict=True)]
"""
TOO_OFTEN = """
from datetime import timedelta
from fullscore.domains.foundation.telemetry.models import PushKey
from fullscore.kit.models.limits import LimitCount
from fullscore.kit.time import now
key, ends_at = PushKey.objects.get(), now() + timedelta(seconds=15)
told = {"count": 6000, "ends_at": ends_at}
answer = LimitCount.objects.update_or_create(key=f"push:{key.pk}", defaults=told)[1]
"""


@contextmanager
def serving(installation, port):
    """Run our web server as a process of its own; killed at the end, as by a power cut."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fullscore", "web", "--port", str(port)],
        env=installation.environment,
        cwd=ROOT,
    )
    try:
        wait_for(port)
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def settle(seconds, is_so):
    """Wait until something is so; return whether it came."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if is_so():
            return True
        time.sleep(0.5)
    return False
