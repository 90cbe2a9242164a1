#!/usr/bin/env python3
"""How clients find their settings: Outlook's and Thunderbird's ways, over HTTP and HTTPS."""

import http.client
import imaplib
import json
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

REQUEST_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
RESPONSE_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILE_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
OUTLOOK = "/autodiscover/autodiscover.xml"
POINTER = "/autodiscover/autodiscover.json"
THUNDERBIRD = "/mail/config-v1.1.xml"


def request_for(address, schema=RESPONSE_SCHEMA):
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{REQUEST_SCHEMA}"><Request>'
        f"<EMailAddress>{address}</EMailAddress>"
        f"<AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>"
    ).encode()


def without_namespaces(text):
    root = ElementTree.fromstring(text)
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
    return root


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class AutodiscoverTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        https = server.free_ports(1)[0]
        listener = {"name": "https", "service": "http", "address": "127.0.0.1", "port": https, "tls": "implicit"}
        cls.server = server.Server(more_listeners=(listener,))
        cls.server.ports["https"] = https
        cls.addClassCleanup(cls.server.close)

    def ask(self, path, body=None, door="http", host=None):
        """Status, text and headers of the answer."""
        scheme = "https" if door == "https" else "http"
        asked = urllib.request.Request(f"{scheme}://127.0.0.1:{self.server.ports[door]}{path}", data=body)
        if host:
            asked.add_header("Host", host)
        if body:
            asked.add_header("Content-Type", "text/xml; charset=utf-8")
        opener = urllib.request.build_opener(
            StayHere, urllib.request.HTTPSHandler(context=self.server.tls()), urllib.request.ProxyHandler({})
        )
        try:
            with opener.open(asked, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(), refused.headers

    def outlook(self, address="alice@example.test", door="https", path=OUTLOOK):
        """The Protocol blocks by type, each a dictionary."""
        status, text, headers = self.ask(path, request_for(address), door)
        self.assertEqual(status, 200, text)
        self.assertTrue(headers["Content-Type"].startswith("text/xml"))
        root = without_namespaces(text)
        blocks = [{each.tag: each.text for each in block} for block in root.iter("Protocol")]
        return {block["Type"]: block for block in blocks}

    def outlook_error(self, body, door="https"):
        status, text, _ = self.ask(OUTLOOK, body, door)
        self.assertEqual(status, 200, text)
        self.assertNotIn("<Protocol>", text)
        return without_namespaces(text).findtext("Response/Error/ErrorCode")

    def thunderbird(self, query="?emailaddress=alice%40example.test", path=THUNDERBIRD, host=None):
        """Servers by type, each a dictionary."""
        status, text, _ = self.ask(path + query, host=host)
        self.assertEqual(status, 200, text)
        root = without_namespaces(text)
        self.assertEqual(root.findtext("emailProvider/domain"), "example.test")
        servers = [*root.iter("incomingServer"), *root.iter("outgoingServer")]
        return {one.get("type"): {each.tag: each.text for each in one} for one in servers}

    def test_outlook_is_told_the_servers_of_a_domain(self):
        for door in ("http", "https"):
            for path in (OUTLOOK, "/Autodiscover/Autodiscover.xml"):
                found = self.outlook(door=door, path=path)
                self.assertEqual(set(found), {"IMAP", "POP3", "SMTP"})
                for kind, port in (("IMAP", "imaps"), ("POP3", "pop3s"), ("SMTP", "submissions")):
                    block = found[kind]
                    self.assertEqual(block["Server"], server.HOST_NAME)
                    self.assertEqual(block["Port"], str(self.server.ports[port]))
                    self.assertEqual((block["SSL"], block["Encryption"]), ("on", "SSL"))
                    self.assertEqual(block["LoginName"], "alice@example.test")
                    self.assertEqual((block["SPA"], block["AuthRequired"]), ("off", "on"))

    def test_a_client_that_believes_the_answer_can_log_in(self):
        port = int(self.outlook()["IMAP"]["Port"])
        with imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=self.server.tls(), timeout=30) as imap:
            self.assertEqual(imap.login(server.address("alice"), server.PASSWORD)[0], "OK")

    def test_imap_is_announced_as_set(self):
        self.during_test(imap__autodiscover_host="imap.example.test", imap__autodiscover_port=1993)
        block = self.outlook()["IMAP"]
        self.assertEqual((block["Server"], block["Port"], block["SSL"]), ("imap.example.test", "1993", "on"))
        self.assertEqual(self.thunderbird()["imap"]["hostname"], "imap.example.test")
        self.during_test(imap__autodiscover_ssl="false")
        self.assertEqual(self.outlook()["IMAP"]["SSL"], "off")
        self.assertEqual(self.thunderbird()["imap"]["socketType"], "plain")

    def test_pop3_is_announced_as_set(self):
        self.during_test(pop3__autodiscover_host="pop.example.test", pop3__autodiscover_port=110)
        block = self.outlook()["POP3"]
        self.assertEqual((block["Server"], block["Port"]), ("pop.example.test", "110"))
        self.assertEqual((block["SSL"], block["Encryption"]), ("on", "TLS"))
        self.assertEqual(self.thunderbird()["pop3"]["socketType"], "STARTTLS")
        self.during_test(pop3__autodiscover_ssl="false")
        self.assertEqual((self.outlook()["POP3"]["SSL"], self.outlook()["POP3"]["Encryption"]), ("off", "None"))

    def test_smtp_is_announced_as_set(self):
        self.during_test(smtp_in__autodiscover_host="smtp.example.test", smtp_in__autodiscover_port=2525)
        block = self.outlook()["SMTP"]
        self.assertEqual((block["Server"], block["Port"], block["Encryption"]), ("smtp.example.test", "2525", "TLS"))
        self.assertEqual(self.thunderbird()["smtp"]["port"], "2525")
        self.during_test(smtp_in__autodiscover_ssl="false")
        self.assertEqual(self.outlook()["SMTP"]["SSL"], "off")

    def test_without_encryption_the_port_is_one_that_can_do_without(self):
        self.during_test(imap__autodiscover_ssl="false")
        self.assertEqual(self.outlook()["IMAP"]["Port"], str(self.server.ports["imap"]))

    def test_values_out_of_bounds_are_refused(self):
        for wrong in ("imap.autodiscover_port=0", "pop3.autodiscover_port=65536", "imap.autodiscover_host=a b"):
            self.assertEqual(self.server.try_ctl("settings", "set", wrong).returncode, 1, wrong)

    def test_what_is_switched_off_or_closed_is_not_announced(self):
        self.during_test(pop3__enabled="false", imap__blacklisted_networks="127.0.0.1")
        self.assertEqual(set(self.outlook()), {"SMTP"})
        self.assertEqual(set(self.thunderbird()), {"smtp"})

    def test_nobody_learns_who_exists(self):
        for address in ("nobody@example.test", "alice@example.test"):
            self.assertEqual(set(self.outlook(address)), {"IMAP", "POP3", "SMTP"})
        self.assertEqual(self.outlook_error(request_for("alice@elsewhere.example")), "500")

    def test_outlook_hears_why_there_is_no_answer(self):
        self.assertEqual(self.outlook_error(request_for("alice@example.test", MOBILE_SCHEMA)), "601")
        entity = b'<!DOCTYPE Autodiscover [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + request_for("&a;@example.test")
        for bad in (b"nonsense", request_for("alice"), request_for(""), entity, request_for("a@b").rstrip(b">")):
            self.assertEqual(self.outlook_error(bad), "600", bad)
        self.assertEqual(self.ask(OUTLOOK, b" " * 70000)[0], 413)

    def test_what_a_client_says_is_no_markup(self):
        address = "&quot;&lt;SSL&gt;&quot;@example.test"
        self.assertEqual(self.outlook(address)["IMAP"]["LoginName"], '"<SSL>"@example.test')

    def test_a_domain_that_is_switched_off_is_not_announced(self):
        self.domain_during_test(disabled="true")
        self.assertEqual(self.outlook_error(request_for("alice@example.test")), "500")
        self.assertEqual(self.ask(THUNDERBIRD + "?emailaddress=alice@example.test")[0], 404)

    def test_every_name_of_a_domain_is_announced(self):
        self.server.ctl("domain", "set", server.DOMAIN, "--add-name", "example.net")
        self.addCleanup(self.server.ctl, "domain", "set", server.DOMAIN, "--drop-name", "example.net")
        self.assertEqual(self.outlook("alice@EXAMPLE.NET")["IMAP"]["Server"], server.HOST_NAME)

    def test_get_leads_from_http_to_https(self):
        status, _, headers = self.ask(OUTLOOK, host="autodiscover.example.test")
        self.assertEqual(status, 302)
        self.assertEqual(headers["Location"], f"https://{server.HOST_NAME}:{self.server.ports['https']}{OUTLOOK}")
        status, text, _ = self.ask(OUTLOOK, door="https")
        self.assertEqual(status, 200)
        self.assertIn("<ErrorCode>600</ErrorCode>", text)

    def test_the_json_form_points_to_the_other(self):
        for door in ("http", "https"):
            status, text, headers = self.ask(f"{POINTER}?Email=alice@example.test&Protocol=AutodiscoverV1", door=door)
            self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, "application/json"))
            url = f"https://{server.HOST_NAME}:{self.server.ports['https']}{OUTLOOK}"
            self.assertEqual(json.loads(text), {"Protocol": "AutodiscoverV1", "Url": url})
        self.assertEqual(self.ask(f"{POINTER}?Email=alice@example.test&Protocol=EWS")[0], 400)
        self.assertEqual(self.ask(f"{POINTER}?Protocol=AutodiscoverV1")[0], 400)
        status, text, _ = self.ask(f"{POINTER}?Email=a@elsewhere.example&Protocol=AutodiscoverV1")
        self.assertEqual((status, json.loads(text)["ErrorCode"]), (404, "UserNotFound"))

    def test_thunderbird_is_told_the_servers_of_a_domain(self):
        for path in (THUNDERBIRD, "/.well-known/autoconfig" + THUNDERBIRD):
            found = self.thunderbird(path=path)
            self.assertEqual(set(found), {"imap", "pop3", "smtp"})
            self.assertEqual(
                found["imap"],
                {
                    "hostname": server.HOST_NAME,
                    "port": str(self.server.ports["imaps"]),
                    "socketType": "SSL",
                    "username": "%EMAILADDRESS%",
                    "authentication": "password-cleartext",
                },
            )

    def test_thunderbird_may_name_the_domain_by_the_host(self):
        for host in ("autoconfig.example.test", "AutoConfig.Example.Test:80", "example.test"):
            self.assertEqual(set(self.thunderbird(query="", host=host)), {"imap", "pop3", "smtp"})
        self.assertEqual(self.ask(THUNDERBIRD, host="autoconfig.elsewhere.example")[0], 404)
        self.assertEqual(self.ask(THUNDERBIRD)[0], 404)

    def test_a_connection_serves_several_requests_with_bodies(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["http"], timeout=30)
        self.addCleanup(connection.close)
        for _ in range(3):
            connection.request("POST", OUTLOOK, body=request_for("alice@example.test"))
            self.assertIn(b"<Type>IMAP</Type>", connection.getresponse().read())

    def test_a_client_that_awaits_leave_gets_it(self):
        body = request_for("alice@example.test")
        with self.server.connect("http") as plain:
            plain.sendall(
                f"POST {OUTLOOK} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            )
            self.assertEqual(plain.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            plain.sendall(body)
            with plain.makefile("rb") as stream:
                self.assertIn(b"<Type>IMAP</Type>", stream.read())


if __name__ == "__main__":
    server.main()
