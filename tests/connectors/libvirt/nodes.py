"""Hypervisors that libvirt's own test driver plays: real virsh, machines out of a file."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

NAMESPACE = "http://libvirt.org/schemas/domain/test/1.0"
OFF = 5


def need_virsh() -> None:
    if shutil.which("virsh") is None:
        pytest.skip("No virsh here: sudo apt-get install libvirt-clients")


def uuid(number: int) -> str:
    return str(UUID(int=0x11223344_5566_7788_99AA_BBCCDDEE0000 + number))


def domain(number: int, *, memory_mib: int = 1024, is_off: bool = False, saved: str = "") -> str:
    state = f"<test:runstate>{OFF}</test:runstate>" if is_off else ""
    snapshot = (
        f"<test:domainsnapshot><name>{saved}</name><state>running</state>"
        f"<creationTime>1790000000</creationTime><active>1</active>{_domain(number, memory_mib)}"
        "</test:domainsnapshot>"
        if saved else ""
    )  # fmt: skip
    return _domain(number, memory_mib, state + snapshot)


def _domain(number: int, memory_mib: int, more: str = "") -> str:
    return f"""
    <domain type='test' xmlns:test='{NAMESPACE}'>
      {more}
      <name>web{number:02}</name>
      <uuid>{uuid(number)}</uuid>
      <memory unit='MiB'>{memory_mib}</memory>
      <vcpu>2</vcpu>
      <os><type>hvm</type></os>
      <devices>
        <disk type='file' device='disk'>
          <source file='/pool/web{number:02}.qcow2'/><target dev='vda' bus='virtio'/>
        </disk>
        <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
        <interface type='network'>
          <mac address='52:54:00:00:00:{number:02x}'/><source network='lan'/>
        </interface>
      </devices>
    </domain>"""


def node(folder: Path, *domains: str, memory_gib: int = 64) -> str:
    """Write a hypervisor of these machines; returns its address."""
    text = f"""<node>
    {"".join(domains)}
    <network><name>lan</name><uuid>{uuid(1000)}</uuid><forward mode='route'/>
      <bridge name='br0'/><ip address='10.9.0.1' netmask='255.255.255.0'/></network>
    <pool type='dir'><name>images</name><uuid>{uuid(2000)}</uuid>
      <target><path>/pool</path></target></pool>
    <cpu><mhz>3000</mhz><model>x86_64</model><active>32</active><nodes>1</nodes>
      <sockets>2</sockets><cores>8</cores><threads>2</threads></cpu>
    <memory>{memory_gib * 1024 * 1024}</memory>
    </node>"""
    path = folder / "node.xml"
    path.write_text(text)
    return f"test://{path}"
