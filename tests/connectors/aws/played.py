"""AWS as moto plays it: a real HTTP server on loopback, spoken to by the real boto3."""

import json
import logging
import os
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from werkzeug.serving import make_server

OWN, OTHER = "123456789012", "210987654321"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
THROTTLED = b"""<?xml version="1.0"?><Response><Errors><Error><Code>RequestLimitExceeded</Code>
<Message>Request limit exceeded.</Message></Error></Errors></Response>"""
DENIED = b"""<?xml version="1.0"?><Response><Errors><Error><Code>UnauthorizedOperation</Code>
<Message>You are not authorized.</Message></Error></Errors></Response>"""


@dataclass
class Played:
    """The server, and what it is to refuse: operations by name, and how often each is slowed."""

    address: str = ""
    denied: set[str] = field(default_factory=set)
    slowed: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def client(self, service: str, region: str = "eu-central-1", account: str = OWN) -> Any:
        """Return a client of somebody who may do everything in an account."""
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": region}
        if account != OWN:
            role = f"arn:aws:iam::{account}:role/maker"
            sts = boto3.client("sts", endpoint_url=self.address, **keys)
            taken = sts.assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
            keys |= {"aws_access_key_id": taken["AccessKeyId"],
                     "aws_secret_access_key": taken["SecretAccessKey"],
                     "aws_session_token": taken["SessionToken"]}  # fmt: skip
        return boto3.client(service, endpoint_url=self.address, **keys)

    def refusal(self, body: bytes) -> tuple[str, bytes] | None:
        """Return how a call is turned down, if it is."""
        words = dict(pair.partition("=")[::2] for pair in body.decode("latin-1").split("&"))
        operation = words.get("Action", "")
        self.asked.append(operation)
        if operation in self.denied:
            return "403 Forbidden", DENIED
        if self.slowed.get(operation, 0) > 0:
            self.slowed[operation] -= 1
            return "503 Service Unavailable", THROTTLED
        return None


@contextmanager
def aws() -> Iterator[Played]:
    """Run moto's server on a free port of loopback."""
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # else others' images count as one's own
    from moto.server import DomainDispatcherApplication, create_backend_app

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    inner, played = DomainDispatcherApplication(create_backend_app), Played()

    def app(environ: dict[str, Any], start: Any) -> Any:
        import io

        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if (told := played.refusal(body)) is not None:
            start(told[0], [("Content-Type", "text/xml")])
            return [told[1]]
        return inner(environ, start)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    played.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # What was played before in this process would be there still: moto keeps it in the process.
    reset = urllib.request.Request(f"{played.address}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    try:
        yield played
    finally:
        server.shutdown()
        thread.join(timeout=10)


def furnish(played: Played, account: str = OWN, region: str = "eu-central-1") -> dict[str, Any]:
    """Put a small company's things into an account; returns their ids."""
    ec2 = played.client("ec2", region, account)
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=network, CidrBlock="10.0.0.0/24", AvailabilityZone=f"{region}a"
    )["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="open", Description="d", VpcId=network)["GroupId"]
    everybody = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                  "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]  # fmt: skip
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everybody)
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "shop"},
                                                  {"Key": "owner", "Value": "web"}]}]  # fmt: skip
    made = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, TagSpecifications=tags
    )
    loose = ec2.create_volume(AvailabilityZone=f"{region}a", Size=8)["VolumeId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return {"instance": made["Instances"][0]["InstanceId"], "volume": loose, "group": group,
            "address": address, "subnet": subnet}  # fmt: skip


def readable_policy(text: str) -> list[str]:
    """Return the actions of a policy."""
    return list(json.loads(text)["Statement"][0]["Action"])
