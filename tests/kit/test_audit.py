"""The audit's chain stays one, whoever writes at once."""

WRITERS, EACH = 8, 10
WRITES = f"""
from fullscore.kit import audit
from fullscore.kit.models.user import system
for n in range({EACH}):
    audit.noted(system(), "see", by=system(), note=str(n))
"""
VERIFIED = """
from fullscore.kit import audit
from fullscore.kit.models import AuditEntry
answer = [AuditEntry.objects.filter(verb="see").count(), audit.verify()[1]]
"""


def test_eight_writers_at_once_make_one_unbroken_chain(installed):
    writers = [installed.start(WRITES) for _ in range(WRITERS)]
    for writer in writers:
        installed.wait(writer)

    assert installed.ask(VERIFIED) == [WRITERS * EACH, ""]
