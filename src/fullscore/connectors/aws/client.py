"""Asking AWS: a role taken on with an external id, its regions side by side, at an even pace.

boto3 is the extra `aws`, and is loaded only when an account is read.
"""

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fullscore.connectors.aws import parse
from fullscore.connectors.aws.calls import GLOBAL, REGIONAL, Call, action
from fullscore.connectors.aws.shapes import Gap, Reading, Thing
from fullscore.connectors.base import ConnectorError, Garbled, Refused, Unreachable

AT_ONCE = 4  # regions
PER_SECOND = 5.0  # calls in one region
MOST_PAGES = 500
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure",
          "UnauthorizedAccess", "InvalidClientTokenId", "SignatureDoesNotMatch",
          "UnrecognizedClientException", "ExpiredToken")  # fmt: skip
SLOW = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException")


class Denied(Refused):
    """The policy of the role lacks an action."""

    def __init__(self, lacks: str, code: str) -> None:
        super().__init__(f"The role does not allow {lacks} ({code}): add it to its policy.")
        self.lacks = lacks


@dataclass(frozen=True, slots=True)
class Login:
    """Which role is taken on, by what; without a key, by the machine's own role."""

    role_arn: str
    external_id: str
    regions: tuple[str, ...]
    key_id: str = ""
    key: str = field(default="", repr=False)


def read(login: Login) -> Reading:
    """Return what an account has in its regions.

    Raises Refused when the role cannot be taken on, and Unreachable. A call the policy does not
    allow is a gap that names the action; everything else is read.
    """
    session = _Session(login)
    account = session.account()
    with ThreadPoolExecutor(AT_ONCE, "aws") as threads:
        parts = [threads.submit(_read_global, session)]
        parts += [threads.submit(_read_region, session, region) for region in login.regions]
        found = [part.result() for part in parts]
    things = [thing for some, _ in found for thing in some]
    return Reading(account, tuple(things), tuple(gap for _, gaps in found for gap in gaps))


class _Session:
    """One role taken on; makes a client per service and region, each with its own pace."""

    def __init__(self, login: Login) -> None:
        try:
            self._boto3 = importlib.import_module("boto3")
            self._config = importlib.import_module("botocore.config").Config
        except ModuleNotFoundError as error:
            raise Refused("AWS needs the extra: pip install 'fullscore[aws]'.") from error
        keys = {"aws_access_key_id": login.key_id, "aws_secret_access_key": login.key}
        own = self._boto3.Session(**(keys if login.key_id else {}))
        home = login.regions[0] if login.regions else "us-east-1"
        sts = own.client("sts", region_name=home, config=self._settings())
        taken = told("sts", "AssumeRole", lambda: sts.assume_role(
            RoleArn=login.role_arn, RoleSessionName="fullscore", ExternalId=login.external_id,
            DurationSeconds=3600,
        ))["Credentials"]  # fmt: skip
        self._session = self._boto3.Session(
            taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region_name=home
        )
        self._lock = threading.Lock()  # making clients is not safe in two threads

    def account(self) -> str:
        """Return the number of the account the role belongs to."""
        sts = self.client("sts", None)
        identity = told("sts", "GetCallerIdentity", sts.get_caller_identity)
        return str(identity["Account"])

    def client(self, service: str, region: str | None) -> Any:
        """Return a client of one service."""
        with self._lock:
            return self._session.client(service, region_name=region, config=self._settings())

    def _settings(self) -> Any:
        retries = {"mode": "adaptive", "total_max_attempts": 6}
        return self._config(retries=retries, connect_timeout=10, read_timeout=30)


class _Pace:
    """Lets so many calls a second through."""

    def __init__(self) -> None:
        self._next = 0.0

    def wait(self) -> None:
        """Return when the next call may be made."""
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / PER_SECOND


def told(service: str, operation: str, ask: Callable[[], Any]) -> Any:
    """Ask, and turn what the library raises into a sentence that names the action."""
    errors = importlib.import_module("botocore.exceptions")
    named = action(service, operation)
    try:
        return ask()
    except errors.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in DENIED:
            raise Denied(named, code) from error
        if code in SLOW:
            raise Unreachable(f"{named} was asked too often, six times over: later.") from error
        raise Garbled(f"{named} answered {code}.") from error
    except errors.BotoCoreError as error:
        raise Unreachable(f"{named} could not be asked: {str(error)[:200]}.") from error


def _read_region(session: _Session, region: str) -> tuple[list[Thing], list[Gap]]:
    found: dict[str, list[dict[str, Any]]] = {}
    gaps: list[Gap] = []
    pace, clients = _Pace(), {}
    for call in REGIONAL:
        if call.service not in clients:
            clients[call.service] = session.client(call.service, region)
        try:
            found[call.kind] = list(_pages(clients[call.service], call, pace))
        except ConnectorError as error:
            gaps.append(_gap(call, region, error))
    for group in found.get("target group", ()):
        _add_health(clients["elbv2"], group, pace, gaps, region)
    asked = found.pop("public snapshot", None)  # None: not known, which is not “not public”
    public = None if asked is None else {row["SnapshotId"] for row in asked}
    things = [one for kind, rows in found.items() for one in parse.things(kind, rows, region)]
    return [_marked(one, public) for one in things], gaps


def _marked(one: Thing, public: set[str] | None) -> Thing:
    if one.kind != "snapshot" or public is None:
        return one
    facts = {**one.facts, "is_public": one.id in public}
    return Thing(one.kind, one.id, one.name, one.region, one.zone, one.state, one.arn, one.tags,
                 facts, one.joins)  # fmt: skip


def _add_health(
    client: Any, group: dict[str, Any], pace: _Pace, gaps: list[Gap], region: str
) -> None:
    pace.wait()
    try:
        answer = told("elbv2", "DescribeTargetHealth", lambda: client.describe_target_health(
            TargetGroupArn=group["TargetGroupArn"]))  # fmt: skip
    except ConnectorError as error:
        call = Call("target health", "elbv2", "DescribeTargetHealth", "")
        if not any(gap.kind == call.kind for gap in gaps):
            gaps.append(_gap(call, region, error))
        return
    group["Health"] = {
        str(one["Target"]["Id"]): str(one.get("TargetHealth", {}).get("State", ""))
        for one in answer.get("TargetHealthDescriptions", ())
    }


def _read_global(session: _Session) -> tuple[list[Thing], list[Gap]]:
    gaps: list[Gap] = []
    things: list[Thing] = []
    pace = _Pace()
    for call in GLOBAL:
        client = session.client(call.service, None)
        try:
            rows = list(_pages(client, call, pace))
            for row in rows:
                pace.wait()
                (_fill_user if call.kind == "user" else _fill_bucket)(client, row, pace)
            things += parse.things(call.kind, rows, "")
            if call.kind == "user":
                things.append(_root(client))
        except ConnectorError as error:
            gaps.append(_gap(call, "", error))
    return things, gaps


def _root(client: Any) -> Thing:
    summary = told("iam", "GetAccountSummary", client.get_account_summary)["SummaryMap"]
    facts = {"has_mfa": bool(summary.get("AccountMFAEnabled")),
             "root_keys": int(summary.get("AccountAccessKeysPresent", 0))}  # fmt: skip
    return Thing("root", "root", "root", facts=facts)


def _fill_user(client: Any, row: dict[str, Any], pace: _Pace) -> None:
    name = row["UserName"]
    devices = told("iam", "ListMFADevices", lambda: client.list_mfa_devices(UserName=name))
    keys = told("iam", "ListAccessKeys", lambda: client.list_access_keys(UserName=name))
    row["HasMfa"], row["Keys"] = bool(devices["MFADevices"]), []
    for key in keys["AccessKeyMetadata"]:
        pace.wait()
        key_id = key["AccessKeyId"]
        asked = partial(client.get_access_key_last_used, AccessKeyId=key_id)
        used = told("iam", "GetAccessKeyLastUsed", asked)["AccessKeyLastUsed"]
        last = used.get("LastUsedDate")
        row["Keys"].append({
            "id": key_id[-4:].rjust(8, "…"), "is_active": key["Status"] == "Active",
            "made": key["CreateDate"].isoformat(), "used": last.isoformat() if last else None,
        })  # fmt: skip


def _fill_bucket(client: Any, row: dict[str, Any], pace: _Pace) -> None:
    bucket = row["Name"]
    status = _unless_absent("GetBucketPolicyStatus", client.get_bucket_policy_status, bucket)
    block = _unless_absent("GetPublicAccessBlock", client.get_public_access_block, bucket)
    sealed = _unless_absent("GetBucketEncryption", client.get_bucket_encryption, bucket)
    row["is_public"] = bool(status and status["PolicyStatus"]["IsPublic"])
    settings = (block or {}).get("PublicAccessBlockConfiguration", {})
    row["is_blocked"] = bool(settings) and all(settings.values())
    row["is_encrypted"] = sealed is not None


def _unless_absent(operation: str, ask: Any, bucket: str) -> Any:
    """Ask about a bucket; None where it has no such setting, which AWS answers as an error."""
    try:
        return told("s3", operation, lambda: ask(Bucket=bucket))
    except Garbled as error:
        if "NoSuch" in str(error) or "NotFound" in str(error):
            return None
        raise


def _pages(client: Any, call: Call, pace: _Pace) -> Iterator[dict[str, Any]]:
    method = "".join(f"_{c.lower()}" if c.isupper() else c for c in call.operation).lstrip("_")
    method = method.replace("_d_b_", "_db_")
    if not client.can_paginate(method):
        pace.wait()
        answer = told(call.service, call.operation, lambda: getattr(client, method)(**call.params))
        yield from answer.get(call.key, ())
        return
    pages = iter(client.get_paginator(method).paginate(**call.params))
    for _ in range(MOST_PAGES):
        pace.wait()
        page = told(call.service, call.operation, lambda: next(pages, None))
        if page is None:
            return
        yield from page.get(call.key, ())


def _gap(call: Call, region: str, error: ConnectorError) -> Gap:
    lacks = error.lacks if isinstance(error, Denied) else ""
    return Gap(call.kind, region, str(error)[:300], lacks)
