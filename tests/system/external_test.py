#!/usr/bin/env python3
"""Who shows a certificate of the authority that is trusted for it logs in without a password (SASL EXTERNAL)."""

import base64
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402
from lines import Lines  # noqa: E402


class ExternalTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.openssl = server.tool("openssl")
        cls.make_authority("ca")
        cls.make_authority("other-ca")
        for name, authority, address in (
            ("alice", "ca", server.address("alice")),
            ("nobody", "ca", "nobody@elsewhere.example"),
            ("forged", "other-ca", server.address("alice")),
        ):
            cls.make_client(name, authority, address)
        cls.server.set(tls__client_ca_file=cls.server.folder / "ca.pem")
        cls.server.restart()

    @classmethod
    def run_openssl(cls, *arguments):
        subprocess.run([cls.openssl, *map(str, arguments)], check=True, capture_output=True, cwd=cls.server.folder)

    @classmethod
    def make_authority(cls, name):
        cls.run_openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
        )  # fmt: skip

    @classmethod
    def make_client(cls, name, authority, address):
        cls.run_openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr",
        )  # fmt: skip
        (cls.server.folder / f"{name}.ext").write_text(
            f"subjectAltName=email:{address}\nextendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n"
        )
        cls.run_openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-days", "7", "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip

    def wrap(self, connection, certificate):
        context = self.server.tls()
        if certificate:
            context.load_cert_chain(
                self.server.folder / f"{certificate}.pem", self.server.folder / f"{certificate}.key"
            )
        return context.wrap_socket(connection, server_hostname=server.HOST_NAME)

    def imap(self, certificate):
        client = Lines(self.wrap(self.server.connect("imaps"), certificate))
        self.addCleanup(client.close)
        return client, client.line()

    def test_imap_lets_in_who_shows_a_certificate(self):
        client, greeting = self.imap("alice")
        self.assertIn(b" AUTH=EXTERNAL", greeting)
        self.assertRegex(client.ask_imap(b"a", b"AUTHENTICATE EXTERNAL =")[-1], rb"a OK ")
        self.assertRegex(client.ask_imap(b"b", b"SELECT INBOX")[-1], rb"b OK ")

    def test_a_name_may_be_given_if_it_is_in_the_certificate(self):
        client, _ = self.imap("alice")
        bob = base64.b64encode(server.address("bob").encode())
        self.assertRegex(client.ask_imap(b"a", b"AUTHENTICATE EXTERNAL " + bob)[-1], rb"a NO \[AUTHENTICATIONFAILED\]")
        alice = base64.b64encode(server.address("alice").encode())
        self.assertRegex(client.ask_imap(b"b", b"AUTHENTICATE EXTERNAL " + alice)[-1], rb"b OK ")

    def test_only_a_verified_certificate_counts(self):
        for certificate in (None, "forged"):
            client, greeting = self.imap(certificate)
            self.assertNotIn(b"EXTERNAL", greeting)
            self.assertRegex(client.ask_imap(b"a", b"AUTHENTICATE EXTERNAL =")[-1], rb"a NO ")
            login = f'LOGIN {server.address("alice")} "{server.PASSWORD}"'.encode()
            self.assertRegex(client.ask_imap(b"b", login)[-1], rb"b OK ", "a password is as good as ever")

    def test_a_certificate_of_somebody_unknown_opens_nothing(self):
        client, _ = self.imap("nobody")
        self.assertRegex(client.ask_imap(b"a", b"AUTHENTICATE EXTERNAL =")[-1], rb"a NO \[AUTHENTICATIONFAILED\]")

    def test_pop3_and_submission_take_it_too(self):
        with Lines(self.wrap(self.server.connect("pop3s"), "alice")) as pop3:
            pop3.line()
            self.assertRegex(pop3.ask(b"AUTH EXTERNAL ="), rb"\+OK")
        plain = self.server.connect("submission")
        plain.recv(4096)
        plain.sendall(b"EHLO client.example\r\n")
        self.assertNotIn(b"EXTERNAL", plain.recv(4096))
        plain.sendall(b"STARTTLS\r\n")
        plain.recv(4096)
        with Lines(self.wrap(plain, "alice")) as smtp:
            self.assertIn(b" EXTERNAL", b"".join(smtp.ask_smtp(b"EHLO client.example")))
            self.assertEqual(smtp.ask_smtp(b"AUTH EXTERNAL =")[-1][:3], b"235")

    def test_the_port_for_strangers_asks_for_no_certificate(self):
        plain = self.server.connect("smtp")
        plain.recv(4096)
        plain.sendall(b"EHLO client.example\r\n")
        plain.recv(4096)
        plain.sendall(b"STARTTLS\r\n")
        self.assertEqual(plain.recv(4096)[:3], b"220")
        with Lines(self.wrap(plain, "alice")) as smtp:
            self.assertNotIn(b"EXTERNAL", b"".join(smtp.ask_smtp(b"EHLO client.example")))


if __name__ == "__main__":
    server.main()
