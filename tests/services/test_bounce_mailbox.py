"""The mailbox for bounces on a real IMAP server: Dovecot, with a certificate of its own, for one user."""

import datetime as dt
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient
from pytest_django import Settings

from newsletter.bounce_mailbox import read_bounces
from newsletter.bounces import envelope_sender
from newsletter.models import DeliveryEvent
from tests.factories import NOW

pytestmark = [pytest.mark.services, pytest.mark.django_db]

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def write_certificate(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(start).not_valid_after(start + dt.timedelta(days=9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    (folder / "certificate.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)


def wait_for(port: int, log: Path) -> None:
    for _ in range(100):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(log.read_text() if log.exists() else "Dovecot does not answer")


@pytest.fixture
def mailbox(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[IMAPClient]:
    """A mailbox that is empty, set as the one that is read; and a second connection to it."""
    # Sockets have short names, and an unprivileged user must reach it.
    folder = Path(f"/tmp/dovecot-{uuid4().hex[:8]}")  # noqa: S108
    folder.mkdir(mode=0o755)
    write_certificate(folder)
    owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    port = free_port()
    facts = {"folder": folder, "port": port, "user": owner.pw_name, "uid": owner.pw_uid, "gid": owner.pw_gid}
    group = subprocess.run(["id", "-gn", owner.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(**facts, group=group))
    for name in ("mail", "run", "state"):
        (folder / name).mkdir()
    if os.getuid() == 0:
        shutil.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    server = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", folder / "dovecot.conf"])
    try:
        wait_for(port, folder / "log")
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
        settings.BOUNCE_ADDRESS = "bounces@papers.example"
        settings.BOUNCE_MAILBOX_URL = f"imaps://reader%40papers:secret@127.0.0.1:{port}/INBOX"
        with IMAPClient("127.0.0.1", port=port, ssl_context=ssl.create_default_context()) as client:
            client.login("reader@papers", "secret")
            client.select_folder("INBOX")
            yield client
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def bounce(delivery_id: UUID, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A report as RFC 3464 has it."""
    return f"""\
Return-Path: <>
Delivered-To: {envelope_sender(delivery_id)}
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: {envelope_sender(delivery_id)}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 18:05:00 +0000
Message-ID: <{delivery_id.hex}.{action}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

I could not deliver your message.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; reader@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} reader@example.org

--cut
Content-Type: text/rfc822-headers

Subject: Papers of today

--cut--
""".encode()


def qmail_bounce(delivery_id: UUID) -> bytes:
    """A report for people only."""
    mail = EmailMessage()
    mail["To"] = envelope_sender(delivery_id)
    mail["From"] = "MAILER-DAEMON@mx.example"
    mail["Subject"] = "failure notice"
    mail.set_content(
        "Hi. This is the qmail-send program at mx.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<reader@example.org>:\nSorry, no mailbox here by that name.\n\n"
        "--- Below this line is a copy of the message.\n\nSubject: Papers of today\n"
    )
    return mail.as_bytes()


def found(mailbox: IMAPClient, criterion: str = "ALL") -> int:
    """How many mails are in the mailbox now."""
    mailbox.noop()
    return len(mailbox.search(criterion))


def letter(to: str) -> bytes:
    mail = EmailMessage()
    mail["To"], mail["From"], mail["Subject"] = to, "somebody@example.org", "Hello"
    mail.set_content("I like your papers.")
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("action", "status", "kind", "is_permanent"),
    [
        ("failed", "5.1.1", "bounced", True),
        ("failed", "5.2.2", "bounced", False),
        ("failed", "4.4.1", "bounced", False),
        ("delayed", "4.4.1", "deferred", None),
    ],
)
def test_a_bounce_becomes_news_and_is_deleted(
    mailbox: IMAPClient, action: str, status: str, kind: str, is_permanent: bool | None
) -> None:
    delivery_id = uuid4()
    mailbox.append("INBOX", bounce(delivery_id, action=action, status=status))
    assert read_bounces(NOW) == {kind: 1}
    event = DeliveryEvent.objects.get()
    assert (event.kind, event.reference, event.is_permanent) == (kind, str(delivery_id), is_permanent)
    assert event.happened_at == dt.datetime(2026, 11, 23, 18, 5, tzinfo=dt.UTC)
    assert "@" not in event.detail
    assert event.raw == {}
    assert found(mailbox) == 0


def test_a_bounce_for_people_only_is_understood(mailbox: IMAPClient) -> None:
    mailbox.append("INBOX", qmail_bounce(uuid4()))
    assert read_bounces(NOW) == {"bounced": 1}
    assert DeliveryEvent.objects.get().is_permanent


def test_what_is_no_bounce_of_ours_is_left_and_read_once(mailbox: IMAPClient) -> None:
    mailbox.append("INBOX", letter("bounces@papers.example"))
    mailbox.append("INBOX", letter(envelope_sender(uuid4())))
    made_up = bounce(uuid4()).replace(b"bounces+", b"bounces+0")
    mailbox.append("INBOX", made_up)
    assert read_bounces(NOW) == {"left": 3}
    assert read_bounces(NOW) == {}
    assert found(mailbox, "FLAGGED") == 3
    assert not DeliveryEvent.objects.exists()


def test_a_mail_that_cannot_be_read_does_not_stop_the_others(mailbox: IMAPClient) -> None:
    nonsense = bounce(uuid4()).replace(b"Date: Mon, 23 Nov 2026", b"Date: Mon, 99 Nov \xff\xfe")
    for mail in (b"\xff\xfe\x00", nonsense, bounce(uuid4())):
        mailbox.append("INBOX", mail)
    counts = read_bounces(NOW)
    assert counts.total() == 3
    assert counts["bounced"] >= 1


def test_the_same_bounce_twice_is_once(mailbox: IMAPClient) -> None:
    report = bounce(uuid4())
    for _ in range(2):
        mailbox.append("INBOX", report)
        read_bounces(NOW)
    assert DeliveryEvent.objects.count() == 1


def test_a_mailbox_that_does_not_answer_is_tried_another_time(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.BOUNCE_MAILBOX_URL = f"imaps://user:secret@127.0.0.1:{free_port()}/INBOX"
    assert read_bounces(NOW) == {}
    assert "cannot be read" in caplog.text
    assert "secret" not in caplog.text


def test_without_a_mailbox_there_is_nothing_to_read(caplog: pytest.LogCaptureFixture) -> None:
    assert read_bounces(NOW) == {}
    assert caplog.text == ""
