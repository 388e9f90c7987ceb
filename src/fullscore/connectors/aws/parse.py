"""Reading AWS's answers; pure. What is not there is empty, never guessed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from fullscore.connectors.aws.shapes import Thing
from fullscore.connectors.output import readable

Row = Mapping[str, Any]
ANYWHERE = ("0.0.0.0/0", "::/0")
MOST = 300


def things(kind: str, rows: Sequence[Row], region: str) -> Iterator[Thing]:
    """Yield what one call lists."""
    if kind == "instance":
        rows = [one for reservation in rows for one in reservation.get("Instances", ())]
    read = READERS.get(kind)
    for row in rows:
        if read is not None:
            yield read(row, region)


def tags(row: Row) -> dict[str, str]:
    """Return tags, which AWS writes as pairs under one of two names."""
    pairs = row.get("Tags") or row.get("TagSet") or row.get("TagList") or ()
    return {_text(p.get("Key")): _text(p.get("Value")) for p in list(pairs)[:50]}


def open_ports(group: Row) -> list[list[int]]:
    """Return the ranges of ports a security group opens to everybody; all traffic is 0–65535."""
    found = []
    for rule in group.get("IpPermissions", ()):
        ranges = [r.get("CidrIp") for r in rule.get("IpRanges", ())]
        ranges += [r.get("CidrIpv6") for r in rule.get("Ipv6Ranges", ())]
        if not any(one in ANYWHERE for one in ranges):
            continue
        if rule.get("IpProtocol") in ("icmp", "icmpv6", "1", "58"):
            continue
        is_all = rule.get("IpProtocol") == "-1"
        first, last = (0, 65535) if is_all else (rule.get("FromPort", 0), rule.get("ToPort", 65535))
        found.append([int(first), int(last)])
    return found


def _instance(row: Row, region: str) -> Thing:
    volumes = [m.get("Ebs", {}).get("VolumeId", "") for m in row.get("BlockDeviceMappings", ())]
    facts = {
        "type": row.get("InstanceType"), "launched": _moment(row.get("LaunchTime")),
        "address": row.get("PrivateIpAddress"), "public_address": row.get("PublicIpAddress"),
        "subnet": row.get("SubnetId"), "network": row.get("VpcId"),
        "groups": [g.get("GroupId") for g in row.get("SecurityGroups", ())],
        "stopped": _text(row.get("StateTransitionReason")),
    }  # fmt: skip
    zone = row.get("Placement", {}).get("AvailabilityZone", "")
    state = row.get("State", {}).get("Name", "")
    return _thing("instance", row["InstanceId"], row, region, zone, state, facts, volumes)


def _volume(row: Row, region: str) -> Thing:
    held = [a.get("InstanceId", "") for a in row.get("Attachments", ())]
    facts = {"size_gib": row.get("Size"), "is_encrypted": row.get("Encrypted"),
             "type": row.get("VolumeType"), "made": _moment(row.get("CreateTime"))}  # fmt: skip
    zone, state = row.get("AvailabilityZone", ""), row.get("State", "")
    return _thing("volume", row["VolumeId"], row, region, zone, state, facts, held)


def _snapshot(row: Row, region: str) -> Thing:
    facts = {"size_gib": row.get("VolumeSize"), "is_encrypted": row.get("Encrypted"),
             "made": _moment(row.get("StartTime"))}  # fmt: skip
    of = [row.get("VolumeId", "")]
    return _thing("snapshot", row["SnapshotId"], row, region, "", row.get("State", ""), facts, of)


def _group(row: Row, region: str) -> Thing:
    facts = {"open": open_ports(row), "network": row.get("VpcId")}
    return _thing("security group", row["GroupId"], row, region, "", "", facts,
                  name=row.get("GroupName", ""))  # fmt: skip


def _address(row: Row, region: str) -> Thing:
    used = row.get("AssociationId") or row.get("InstanceId") or ""
    facts = {"address": row.get("PublicIp"), "is_used": bool(used)}
    key = row.get("AllocationId") or row.get("PublicIp", "")
    return _thing("address", key, row, region, "", "", facts, name=row.get("PublicIp", ""))


def _balancer(row: Row, region: str) -> Thing:
    facts = {"type": row.get("Type"), "scheme": row.get("Scheme"), "host": row.get("DNSName"),
             "zones": [z.get("ZoneName") for z in row.get("AvailabilityZones", ())]}  # fmt: skip
    state = row.get("State", {}).get("Code", "")
    return _thing("balancer", row["LoadBalancerArn"], row, region, "", state, facts,
                  name=row.get("LoadBalancerName", ""))  # fmt: skip


def _target_group(row: Row, region: str) -> Thing:
    facts = {"port": row.get("Port"), "health": row.get("Health", {})}
    return _thing(
        "target group", row["TargetGroupArn"], row, region, "", "", facts,
        row.get("LoadBalancerArns", ()), name=row.get("TargetGroupName", ""),
    )  # fmt: skip


def _scaling_group(row: Row, region: str) -> Thing:
    facts = {"needed": row.get("MinSize"), "wanted": row.get("DesiredCapacity"),
             "most": row.get("MaxSize"), "zones": row.get("AvailabilityZones", [])}  # fmt: skip
    members = [i.get("InstanceId", "") for i in row.get("Instances", ())]
    arn = row.get("AutoScalingGroupARN") or row["AutoScalingGroupName"]
    return _thing("scaling group", arn, row, region, "", "", facts, members,
                  name=row["AutoScalingGroupName"])  # fmt: skip


def _database(row: Row, region: str) -> Thing:
    facts = {
        "engine": row.get("Engine"), "version": row.get("EngineVersion"),
        "is_public": row.get("PubliclyAccessible"), "is_encrypted": row.get("StorageEncrypted"),
        "has_standby": row.get("MultiAZ"), "backup_days": row.get("BackupRetentionPeriod"),
    }  # fmt: skip
    zone, state = row.get("AvailabilityZone", ""), row.get("DBInstanceStatus", "")
    key = row.get("DBInstanceArn") or row["DBInstanceIdentifier"]
    return _thing("database", key, row, region, zone, state, facts,
                  name=row["DBInstanceIdentifier"])  # fmt: skip


def _bucket(row: Row, region: str) -> Thing:
    facts = {n: row.get(n) for n in ("is_public", "is_blocked", "is_encrypted")}
    return _thing("bucket", f"arn:aws:s3:::{row['Name']}", row, "", "", "", facts,
                  name=row["Name"])  # fmt: skip


def _user(row: Row, region: str) -> Thing:
    facts = {"has_mfa": row.get("HasMfa"), "has_password": row.get("PasswordLastUsed") is not None,
             "keys": row.get("Keys", [])}  # fmt: skip
    return _thing("user", row["Arn"], row, "", "", "", facts, name=row.get("UserName", ""))


def _plain(kind: str, key: str) -> Any:
    def read(row: Row, region: str) -> Thing:
        facts = {"network": row.get("VpcId"), "prefix": row.get("CidrBlock"),
                 "address": row.get("PrivateIpAddress")}  # fmt: skip
        zone = row.get("AvailabilityZone", "")
        state = row.get("State") or row.get("Status") or ""
        return _thing(kind, row[key], row, region, zone, str(state), facts)

    return read


READERS = {
    "instance": _instance, "volume": _volume, "snapshot": _snapshot, "security group": _group,
    "address": _address, "balancer": _balancer, "target group": _target_group,
    "scaling group": _scaling_group, "database": _database, "bucket": _bucket, "user": _user,
    "image": _plain("image", "ImageId"), "network": _plain("network", "VpcId"),
    "interface": _plain("interface", "NetworkInterfaceId"),
    "subnet": _plain("subnet", "SubnetId"), "route table": _plain("route table", "RouteTableId"),
}  # fmt: skip


def _thing(
    kind: str, key: str, row: Row, region: str, zone: str, state: str, facts: Mapping[str, Any],
    joins: Sequence[str] = (), name: str = "",
) -> Thing:  # fmt: skip
    told = tags(row)
    kept = {n: v for n, v in facts.items() if v is not None and v != ""}
    arn = key if key.startswith("arn:") else ""
    return Thing(
        kind, _text(key)[:200], _text(told.get("Name") or name or key), region, _text(zone),
        _text(state), arn[:200], told, kept, tuple(_text(j) for j in joins if j),
    )  # fmt: skip


def _moment(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None


def _text(value: Any) -> str:
    return readable(str(value or "").encode("utf-8", "replace"))[:MOST].strip()
