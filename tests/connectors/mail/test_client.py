"""Mail fetched from a real Dovecot, and from servers that mean no good."""

import socket
import ssl
import threading
from contextlib import contextmanager
from ipaddress import ip_network

import pytest

from fullscore.connectors.base import Garbled, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.mail import client
from fullscore.connectors.mail.mailbox import Mailbox, mailbox_of
from tests.servers import dovecot, free_port

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
ANY_PORT = frozenset(range(1, 65536))
WORD = "open sesame"


@pytest.fixture(scope="module")
def server():
    with dovecot() as served:
        yield served


@pytest.fixture
def guard(server):
    return Guard(LOOPBACK, ANY_PORT, str(server.certificate), lambda host, port: ["127.0.0.1"])


def mailbox(server, way="imaps", **values):
    port = server.tls if way == "imaps" else server.plain
    return Mailbox(**{"host": "localhost", "port": port, "user": "alerts",
                      "is_tls": way == "imaps"} | values)  # fmt: skip


def mail(n, body=b"It broke."):
    return b"Subject: Number %d\r\nMessage-ID: <%d@x>\r\n\r\n" % (n, n) + body


@pytest.mark.real
@pytest.mark.parametrize("way", ["imaps", "imap"])
def test_what_is_new_is_taken_once_and_marked(server, guard, way):
    before = server.seen()
    server.deliver(mail(1))
    server.deliver(mail(2))
    kept = []

    assert client.take_new(mailbox(server, way), WORD, kept.append, guard=guard) == 2
    assert client.take_new(mailbox(server, way), WORD, kept.append, guard=guard) == 0
    assert [one.replace(b"\r", b"").split(b"\n")[0] for one in kept] == [
        b"Subject: Number 1", b"Subject: Number 2",
    ]  # fmt: skip
    assert server.seen() == before + 2


@pytest.mark.real
def test_what_could_not_be_kept_is_not_marked(server, guard):
    before = server.seen()
    server.deliver(mail(3))
    kept = []

    def fails(raw):
        raise Refused("The disk is full.")

    with pytest.raises(Refused, match="disk is full"):
        client.take_new(mailbox(server), WORD, fails, guard=guard)

    assert server.seen() == before
    assert client.take_new(mailbox(server), WORD, kept.append, guard=guard) == 1


@pytest.mark.real
def test_what_somebody_marked_as_deleted_stays_there(server, guard):
    server.deliver(mail(5))
    with client._visit(mailbox(server), WORD, guard) as imap:
        for uid in client._unseen(imap):
            imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")

    kept = []
    client.take_new(mailbox(server), WORD, kept.append, guard=guard)

    assert len(kept) == 1


@pytest.mark.real
def test_of_a_huge_mail_the_first_mebibyte_is_read(server, guard):
    server.deliver(mail(4, b"x" * 3_000_000))
    kept = []

    client.take_new(mailbox(server), WORD, kept.append, guard=guard)

    assert [len(one) for one in kept] == [1024 * 1024]


@pytest.mark.real
def test_a_wrong_password_folder_or_certificate_is_told(server, guard):
    cases = [
        (mailbox(server), "wrong", guard, Refused, "does not let alerts in"),
        (mailbox(server), "pässword", guard, Refused, "outside ASCII"),
        (mailbox(server, folder='No"ne'), WORD, guard, Refused, "does not let us open No"),
        (mailbox(server), WORD, Guard(LOOPBACK, ANY_PORT, "", guard.look_up), Refused,
         "cannot be trusted"),
        (mailbox(server, host="other.example.org"), WORD, guard, Refused, "cannot be trusted"),
        (mailbox(server), WORD, Guard((), ANY_PORT, "", guard.look_up), Refused, "this machine"),
        (mailbox(server, port=free_port()), WORD, guard, Unreachable, "cannot be reached"),
    ]  # fmt: skip
    for where, password, watched, kind, words in cases:
        with pytest.raises(kind, match=words):
            client.take_new(where, password, lambda raw: None, guard=watched)


@contextmanager
def speaking(server, *lines):
    """Be an IMAP server over TLS that says these lines, whatever it is told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.home / "cert.pem", server.home / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve():
            raw, _ = door.accept()
            with context.wrap_socket(raw, server_side=True) as told:
                for line in lines:
                    told.sendall(line)
                    if not told.recv(4096):
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield door.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        pytest.param([b"HTTP/1.1 400 Bad Request\r\n"], (Garbled, Unreachable), id="no IMAP"),
        pytest.param([b"* OK hi\r\n", b"* X {99999999999}\r\n"], Unreachable, id="endless literal"),
        pytest.param([b"* OK " + b"x" * 2_000_000], (Garbled, Unreachable), id="endless line"),
        pytest.param([b"* OK hi\r\n", b""], Unreachable, id="it goes away"),
        pytest.param([b"* BYE go away\r\n"], (Garbled, Unreachable), id="it does not want us"),
    ],
)
def test_a_server_that_means_no_good_is_left(server, guard, lines, kind):
    with speaking(server, *lines) as port, pytest.raises(kind):
        client.take_new(mailbox(server, port=port), WORD, lambda raw: None, guard=guard)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("imaps://alerts@mail.example.org/INBOX", Mailbox("mail.example.org", 993, "alerts")),
        ("imaps://a%40b.org@mail:9993/Alerts/New", Mailbox("mail", 9993, "a@b.org", "Alerts/New")),
        ("imaps://a@b.org@mail", Mailbox("mail", 993, "a@b.org")),
        ("imap://alerts@mail/", Mailbox("mail", 143, "alerts", "INBOX", False)),
    ],
)
def test_the_address_of_a_mailbox_is_read(text, expected):
    assert mailbox_of(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "mail", "https://a@b/", "imaps://mail/INBOX", "imaps://a:pw@mail/", "imaps://a@mail:x/",
     "imaps://a%0d%0aX@mail/", "imaps://ä@mail/"],
)  # fmt: skip
def test_what_is_no_mailbox_is_refused(text):
    with pytest.raises(Garbled, match="imaps://alerts@mail"):
        mailbox_of(text)
