"""Roots of hosts to read with `--root`, written small: each says what its distribution does."""

import os
import sqlite3
import struct
from pathlib import Path

NOW = 1_795_000_000.0  # the moment the package lists were fetched, in roots that have some

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
ann:x:1000:1000:Ann Example,,,:/home/ann:/bin/bash
toor:x:0:0::/root:/bin/sh
"""
SHADOW = """\
root:!:19800:0:99999:7:::
daemon:*:19800:0:99999:7:::
ann:$y$j9T$secrethash:20100:0:99999:7::20999:
toor::20000:0:99999:7:::
"""
GROUP = "root:x:0:\nsudo:x:27:ann\nann:x:1000:\n"
ED25519 = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr ann@laptop"
)
STAT = "cpu  10 0 20 300 4 0 1 0 0 0\ncpu0 10 0 20 300 4 0 1 0 0 0\nctxt 99\nbtime 1794000000\n"


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below `root`; return it."""
    for name, content in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def linux(root: Path) -> Path:
    """Write what every distribution has."""
    return write(
        root,
        {
            "/etc/passwd": PASSWD,
            "/etc/shadow": SHADOW,
            "/etc/group": GROUP,
            "/etc/hostname": "web1\n",
            "/etc/hosts": "127.0.0.1 localhost\n10.0.0.5 web1.example.net web1\n",
            "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
            "/proc/stat": STAT,
            "/proc/1/mounts": "/dev/vda1 / ext4 rw,relatime 0 0\nproc /proc proc rw 0 0\n",
            "/proc/sys/kernel/osrelease": "6.1.0-28-amd64\n",
            "/home/ann/.ssh/authorized_keys": f'# mine\nfrom="10.0.0.*",no-pty {ED25519}\n',
        },
    )


def debian12(root: Path) -> Path:
    """A web server that has not been restarted since its last kernel, with one security update."""
    linux(root)
    write(
        root,
        {
            "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'
            'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "/var/lib/dpkg/status": DEB_STATUS,
            "/var/lib/apt/lists/deb.example.net_dists_bookworm_main_binary-amd64_Packages": stanza(
                "openssl", "3.0.9-1"
            ),
            "/var/lib/apt/lists/deb.example.net_dists_bookworm-security_main_"
            "binary-amd64_Packages": stanza("openssl", "3.0.15-1~deb12u1") + stanza("nginx", "2"),
            "/boot/vmlinuz-6.1.0-28-amd64": "",
            "/boot/vmlinuz-6.1.0-9-amd64": "",
            "/boot/vmlinuz-6.1.0-30-amd64": "",
            "/run/reboot-required": "*** System restart required ***\n",
            "/run/reboot-required.pkgs": "linux-image-amd64\nlibc6\nlibc6\n",
            "/etc/sudoers": SUDOERS,
            "/etc/sudoers.d/backup": "backup ALL=(postgres,mail:disk) NOPASSWD: /bin/restic\n",
            "/etc/sudoers.d/skipped.bak": "eve ALL=(ALL) ALL\n",
            "/etc/ssh/sshd_config": SSHD_CONFIG,
            "/etc/ssh/sshd_config.d/10-site.conf": "PasswordAuthentication no\n",
            "/etc/crontab": "SHELL=/bin/sh\n17 * * * * root cd / && run-parts /etc/cron.hourly\n",
            "/etc/cron.d/backup": "0 2 * * * backup /usr/bin/restic --password=hunter2 backup /\n",
            "/var/spool/cron/crontabs/ann": "@daily /home/ann/bin/tidy\n",
            "/etc/cron.daily/logrotate": "#!/bin/sh\n",
            "/etc/iptables/rules.v4": IPTABLES,
        },
    )
    for stamp in ("/var/lib/apt/lists/partial", "/var/lib/apt/lists"):
        (root / stamp.lstrip("/")).mkdir(exist_ok=True)
        os.utime(root / stamp.lstrip("/"), (NOW, NOW))
    return root


def stanza(name: str, version: str) -> str:
    return f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nDescription: x\n\n"


DEB_STATUS = """\
Package: openssl
Status: install ok installed
Architecture: amd64
Version: 3.0.9-1
Description: toolkit
 Version: not a field

Package: libssl3
Status: hold ok installed
Architecture: amd64
Source: openssl (3.0.9-1)
Version: 3.0.9-1+b1

Package: nginx
Status: deinstall ok config-files
Architecture: amd64
Version: 1.22.1-9

"""
SUDOERS = """\
Defaults env_reset
User_Alias ADMINS = ann, %wheel
Cmnd_Alias SHELLS = /bin/sh, \\
    /bin/bash
root ALL=(ALL:ALL) ALL
ADMINS ALL=(root) NOPASSWD: SHELLS, !/usr/bin/su, PASSWD: /usr/bin/less
#1005 ALL=(ALL) /usr/bin/id   # a uid, not a comment
@includedir /etc/sudoers.d
"""
SSHD_CONFIG = """\
Include /etc/ssh/sshd_config.d/*.conf
Port 22
Port 2222
PasswordAuthentication yes
PermitRootLogin prohibit-password
Match Group sftp
    PermitRootLogin yes
    ChrootDirectory /srv
"""
IPTABLES = """\
*filter
:INPUT DROP [0:0]
:SITE - [0:0]
-A INPUT -i lo -j ACCEPT
-A SITE -p tcp --dport 22 -j ACCEPT
COMMIT
"""


def ubuntu2404(root: Path) -> Path:
    """A host whose os-release is a link, with an nftables file and a certificate for nginx."""
    linux(root)
    write(
        root,
        {
            "/usr/lib/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
            "/var/lib/dpkg/status": DEB_STATUS,
            "/etc/nftables.conf": NFT,
            "/etc/nginx/sites-available/site": "ssl_certificate /etc/ssl/site.pem;\n",
            "/usr/lib/systemd/journald.conf": "[Journal]\n#SystemMaxUse=\n",
            "/etc/systemd/journald.conf.d/size.conf": "[Journal]\nSystemMaxUse=500M\n",
            "/var/log/syslog": "x" * 5000,
        },
    )
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    (root / "etc/nginx/sites-enabled").mkdir()
    (root / "etc/nginx/sites-enabled/site").symlink_to("/etc/nginx/sites-available/site")
    return root


NFT = """\
table inet filter {
\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\tiif "lo" accept
\t\ttcp dport { 22, 443 } accept
\t}
\tchain site {
\t\tcounter drop
\t}
}
"""


def rocky9(root: Path) -> Path:
    """A host of the RPM family: its packages stand in SQLite, its kernels in /boot."""
    linux(root)
    write(
        root,
        {
            "/etc/os-release": 'ID="rocky"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\n',
            "/boot/vmlinuz-5.14.0-427.el9.x86_64": "",
            "/boot/vmlinuz-0-rescue-0123456789abcdef": "",
            "/var/lib/rpm/.rpm.lock": "",
        },
    )
    database = sqlite3.connect(root / "var/lib/rpm/rpmdb.sqlite")
    database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    for tags in (
        {1000: "openssl-libs", 1001: "3.0.7", 1002: "27.el9", 1003: 1, 1022: "x86_64",
         1044: "openssl-3.0.7-27.el9.src.rpm"},
        {1000: "gpg-pubkey", 1001: "350d275d", 1002: "6279464b"},
        {1000: "bash", 1001: "5.1.8", 1002: "9.el9", 1022: "x86_64",
         1044: "bash-5.1.8-9.el9.src.rpm"},
    ):  # fmt: skip
        database.execute("INSERT INTO Packages (blob) VALUES (?)", (rpm_header(tags),))
    database.commit()
    database.close()
    return root


def rpm_header(tags: dict[int, str | int]) -> bytes:
    """Build the header rpm keeps of a package: counts, index entries, values."""
    index, values = b"", b""
    for tag, value in tags.items():
        values += b"\0" * (-len(values) % 4)
        kind = 4 if isinstance(value, int) else 6
        index += struct.pack(">IIII", tag, kind, len(values), 1)
        values += struct.pack(">I", value) if isinstance(value, int) else value.encode() + b"\0"
    return struct.pack(">II", len(tags), len(values)) + index + values


def alpine(root: Path) -> Path:
    """A small host: musl, apk, no shadow age."""
    linux(root)
    return write(
        root,
        {
            "/etc/os-release": "ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME='Alpine Linux v3.20'\n",
            "/lib/ld-musl-x86_64.so.1": "",
            "/lib/apk/db/installed": "P:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\n\n"
            "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\n",
        },
    )


def container(root: Path) -> Path:
    """A container without /proc: a distroless image."""
    return write(
        root,
        {
            "/.dockerenv": "",
            "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
            "/etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\n",
            "/etc/group": "root:x:0:\n",
            "/var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a-0+deb12u1\n"
            "Architecture: all\n\n",
        },
    )


def hostile(root: Path) -> Path:
    """A host that wants to harm its reader: escapes, loops, devices, links that lead outside."""
    linux(root)
    write(
        root,
        {
            "/etc/os-release": b"ID=\x1b[31mdebian\x1b[0m\nPRETTY_NAME=\xff\xfe\x00\n",
            "/etc/passwd": PASSWD + "bad\x1b]0;title\x07:x:1001:1001::/h:/s\nshort:x\n:::::::::\n"
            "huge:x:99999999999999999999:1:::\n" + "e" * 5000 + ":x:1002:1:::\n",
            "/etc/sudoers": "%s\n@include /etc/sudoers\n= = =\nann ALL\n" % ("(" * 500),
            "/var/lib/dpkg/status": "Package: a\nStatus: x\nVersion: 1\n\n"
            "Package: b\nVersion:\n\nPackage: c\x1b[2J\nVersion: \u202e1\n",
            "/etc/cron.d/ev\x1b[31mil\n* * * * * root x": "* * * * * root true\n",
            "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config\nPort 22\n",
            "/etc/nginx/nginx.conf": "ssl_certificate /etc/shadow;\nssl_certificate /etc/zero;\n",
            "/proc/1/mounts": b"dev /mnt/\\040a\\012b ext4 rw 0 0\nx\n\xff\xff \xff ext4 rw 0 0\n",
        },
    )
    (root / "etc/loop").symlink_to("loop")
    (root / "etc/machine-id").unlink()
    (root / "etc/machine-id").symlink_to("../../../../../../../../etc/hostname")
    os.mkfifo(root / "etc/zero")
    os.mkfifo(root / "etc/crontab")
    return root
