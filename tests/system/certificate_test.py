#!/usr/bin/env python3
"""Which certificate is shown, and how another one comes into force without anybody being cut off."""

import socket
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402


class CertificateTest(server.ServerTest):
    def common_name(self, asked_for=None, listener="imaps"):
        """Of the certificate that is shown to a client that asks for this name, right or wrong."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with self.server.connect(listener) as plain:
            if listener == "smtp":
                for line in (b"", b"EHLO client.example\r\n", b"STARTTLS\r\n"):
                    plain.sendall(line)
                    plain.recv(4096)
            with context.wrap_socket(plain, server_hostname=asked_for) as tls:
                certificate = tls.getpeercert(binary_form=True)
        path = self.server.folder / "shown.der"
        path.write_bytes(certificate)
        openssl = [server.tool("openssl"), "x509", "-inform", "der", "-in", path, "-noout", "-subject"]
        said = server.run(openssl, text=True)
        return said.strip().rpartition("=")[2].strip()

    def test_1_the_certificate_fits_the_name_that_was_asked_for(self):
        self.server.make_certificate("second", "second-key", "mail.other.example")
        self.server.make_certificate("wild", "wild-key", "any.wild.example")
        self.server.further_certificates = [
            ("mail.other.example", "second", "second-key"),
            ("*.wild.example", "wild", "wild-key"),
        ]
        self.server.write_config()
        self.assertIn("reloaded", self.server.reload())
        for listener in ("imaps", "smtp"):
            for asked_for, shown in (
                (None, server.HOST_NAME),
                (server.HOST_NAME, server.HOST_NAME),
                ("mail.other.example", "mail.other.example"),
                ("MAIL.other.example", "mail.other.example"),
                ("imap.wild.example", "any.wild.example"),
                ("a.b.wild.example", server.HOST_NAME),
                ("unheard.example", server.HOST_NAME),
            ):
                self.assertEqual(self.common_name(asked_for, listener), shown, (listener, asked_for))

    def test_2_a_new_certificate_counts_after_a_reload_and_nobody_is_cut_off(self):
        with self.server.imap("alice") as encrypted, Lines(self.server.connect("smtp")) as plain:
            plain.line()
            encrypted.select("INBOX")
            self.server.make_certificate("certificate", "key", "renewed.example", server.HOST_NAME)
            self.assertEqual(self.common_name(), server.HOST_NAME, "not before it is told to")
            self.assertIn("reloaded", self.server.reload())
            self.assertEqual(self.common_name(), "renewed.example")
            self.assertEqual(encrypted.noop()[0], "OK")
            self.assertEqual(plain.ask(b"NOOP")[:3], b"250")
        with self.server.imap("alice") as imap:
            self.assertEqual(imap.noop()[0], "OK", "and it is verified as before")

    def test_3_the_control_program_can_ask_for_a_reload(self):
        self.server.make_certificate("certificate", "key", "by-control.example", server.HOST_NAME)
        self.server.ctl("reload")
        server.wait_until("the new certificate", lambda: self.common_name() == "by-control.example")

    def test_4_a_bad_certificate_changes_nothing(self):
        before = self.common_name()
        certificate = self.server.certificate.read_bytes()
        self.server.certificate.write_text("this is no certificate\n")
        self.assertIn(str(self.server.certificate), self.server.reload())
        self.assertEqual(self.common_name(), before)
        self.server.certificate.write_bytes(certificate)

    def test_5_a_bad_file_of_settings_changes_nothing(self):
        text = self.server.config.read_text()
        self.server.config.write_text(text + "nonsense: true\n")
        said = self.server.reload()
        self.assertRegex(said, rf"{self.server.config}:{text.count(chr(10)) + 1}: ")
        self.server.config.write_text(text)
        with self.server.imap("alice") as imap:
            self.assertEqual(imap.noop()[0], "OK")

    def test_6_old_versions_of_tls_are_not_spoken(self):
        def speaks(version):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with self.server.connect("imaps") as plain:
                try:
                    with context.wrap_socket(plain) as tls:
                        return tls.version()
                except (ssl.SSLError, ConnectionResetError):
                    return None

        self.assertEqual(speaks(ssl.TLSVersion.TLSv1_2), "TLSv1.2")
        self.assertEqual(speaks(ssl.TLSVersion.TLSv1_3), "TLSv1.3")
        self.assertIsNone(speaks(ssl.TLSVersion.TLSv1_1))
        self.server.set(tls__min_version="1.3")
        self.server.restart()
        self.assertIsNone(speaks(ssl.TLSVersion.TLSv1_2))
        self.assertEqual(speaks(ssl.TLSVersion.TLSv1_3), "TLSv1.3")

    def test_7_a_handshake_that_does_not_come_is_not_waited_for(self):
        self.during_test(tls__handshake_timeout_seconds=1)
        with self.server.connect("imaps") as silent:
            self.assertEqual(silent.recv(1), b"")

    def test_8_what_is_sent_right_behind_the_handshake_is_answered(self):
        """Records that arrive together must not wait for the next one."""
        context = self.server.tls()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=server.HOST_NAME)
        with self.server.connect("imaps") as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
            for commands in (b"a NOOP\r\n" * 1500, b"a NOOP\r\n" * 1500, b"a LOGOUT\r\n"):
                tls.write(commands)
            plain.sendall(outgoing.read())  # the end of the handshake and the records, in one piece
            said = b""
            while b"LOGOUT" not in said.upper().rpartition(b"* BYE")[2]:
                try:
                    octets = tls.read(65536)
                except ssl.SSLWantReadError:
                    octets = None
                    incoming.write(plain.recv(65536))
                if octets == b"":
                    break
                said += octets or b""
        self.assertEqual(said.count(b"a OK "), 3001)


if __name__ == "__main__":
    server.main()
