"""Every call that is ever made, and the policy that allows these and no others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call that lists things: of which service, under which key of the answer."""

    kind: str
    service: str
    operation: str
    key: str
    params: Mapping[str, Any] = field(default_factory=dict)


REGIONAL = (
    Call("instance", "ec2", "DescribeInstances", "Reservations"),
    Call("volume", "ec2", "DescribeVolumes", "Volumes"),
    Call("snapshot", "ec2", "DescribeSnapshots", "Snapshots", {"OwnerIds": ["self"]}),
    Call("public snapshot", "ec2", "DescribeSnapshots", "Snapshots",
         {"OwnerIds": ["self"], "RestorableByUserIds": ["all"]}),
    Call("image", "ec2", "DescribeImages", "Images", {"Owners": ["self"]}),
    Call("interface", "ec2", "DescribeNetworkInterfaces", "NetworkInterfaces"),
    Call("address", "ec2", "DescribeAddresses", "Addresses"),
    Call("security group", "ec2", "DescribeSecurityGroups", "SecurityGroups"),
    Call("network", "ec2", "DescribeVpcs", "Vpcs"),
    Call("subnet", "ec2", "DescribeSubnets", "Subnets"),
    Call("route table", "ec2", "DescribeRouteTables", "RouteTables"),
    Call("balancer", "elbv2", "DescribeLoadBalancers", "LoadBalancers"),
    Call("target group", "elbv2", "DescribeTargetGroups", "TargetGroups"),
    Call("scaling group", "autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups"),
    Call("database", "rds", "DescribeDBInstances", "DBInstances"),
)  # fmt: skip
GLOBAL = (
    Call("user", "iam", "ListUsers", "Users"),
    Call("bucket", "s3", "ListBuckets", "Buckets"),
)
# Asked about one thing at a time, or to know where we are.
SINGLE = (
    ("elbv2", "DescribeTargetHealth"), ("iam", "ListAccessKeys"), ("iam", "ListMFADevices"),
    ("iam", "GetAccessKeyLastUsed"), ("iam", "GetAccountSummary"), ("s3", "GetBucketPolicyStatus"),
    ("s3", "GetPublicAccessBlock"), ("s3", "GetBucketEncryption"), ("sts", "GetCallerIdentity"),
)  # fmt: skip
# Where the action is called otherwise than the operation.
ACTIONS = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}
PREFIX = {"elbv2": "elasticloadbalancing"}


def action(service: str, operation: str) -> str:
    """Return the word a policy allows a call by."""
    named = f"{PREFIX.get(service, service)}:{operation}"
    return ACTIONS.get(named, named)


def policy() -> str:
    """Return the policy of the role we are to be given, ready to be pasted."""
    calls = [(c.service, c.operation) for c in (*REGIONAL, *GLOBAL)]
    actions = sorted({action(*one) for one in (*calls, *SINGLE)})
    statement = {"Sid": "FullscoreReads", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def trust(external_id: str, principal: str) -> str:
    """Return the trust policy of that role: who may take it on, and by which external id."""
    statement = {
        "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
