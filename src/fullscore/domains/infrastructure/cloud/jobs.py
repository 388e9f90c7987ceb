"""Reading cloud accounts."""

from fullscore.connectors.aws import client
from fullscore.connectors.aws.client import Login
from fullscore.connectors.base import ConnectorError
from fullscore.domains.infrastructure.cloud import services
from fullscore.domains.infrastructure.cloud.models import CloudAccount
from fullscore.kit import time
from fullscore.kit.errors import Problem
from fullscore.kit.jobs import every, job
from fullscore.kit.models.user import system


@every(hours=1)
def read_accounts() -> None:
    """Read every cloud account."""
    rows = CloudAccount.objects.exclude(state=CloudAccount.State.PAUSED)
    for pk in rows.values_list("pk", flat=True):
        read_account.enqueue(account=pk)


@job(attempts=1)
def read_account(account: int) -> None:
    """Read one cloud account and take over what it has."""
    found = CloudAccount.objects.select_related("item", "credential").filter(pk=account).first()
    if found is None or found.state == CloudAccount.State.PAUSED:
        return
    try:
        reading = client.read(_login(found))
    except (ConnectorError, Problem) as error:
        services.note_unread(found, str(error), by=system())
        return
    services.take_reading(found, reading, by=system(), now=time.now())


def _login(account: CloudAccount) -> Login:
    regions = tuple(account.regions)
    if account.credential is None:
        return Login(account.role_arn, account.external_id, regions)
    with account.credential.open() as key:
        return Login(account.role_arn, account.external_id, regions, account.key_id, key)
