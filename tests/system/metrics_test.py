#!/usr/bin/env python3
"""/metrics and /healthz on the HTTP port."""

import contextlib
import http.client
import os
import re
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

SAMPLE = re.compile(r'^[a-z_0-9]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$')


class MetricsTest(server.ServerTest):
    def ask(self, path, method="GET", from_address="127.0.0.1"):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.ports["http"], timeout=30, source_address=(from_address, 0)
        )
        self.addCleanup(connection.close)
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers

    def figures(self):
        lines = self.ask("/metrics")[1].splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}

    def test_the_server_is_well(self):
        status, text, _ = self.ask("/healthz")
        self.assertEqual((status, text), (200, "ok\n"))

    def test_figures_are_written_as_prometheus_reads_them(self):
        status, text, headers = self.ask("/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        described, samples = set(), 0
        for line in text.splitlines():
            if line.startswith("#"):
                self.assertRegex(line, r"^# (HELP|TYPE) [a-z_0-9]+ .+")
                described.add(line.split()[2])
            else:
                self.assertRegex(line, SAMPLE)
                self.assertIn(re.split(r"[ {]", line)[0], described)
                samples += 1
        self.assertGreater(samples, 10)

    def test_what_happens_is_counted(self):
        before = self.figures()
        with self.server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", ["alice@example.test", "bob@example.test"], "Subject: x\r\n\r\nx\r\n")
        self.server.wait_for_local_deliveries()
        with self.server.imap("alice"):
            during = self.figures()
        more = {name: during[name] - before[name] for name in during}
        self.assertEqual(more["stagepost_messages_accepted_total"], 1)
        self.assertEqual(more["stagepost_messages_delivered_total"], 2)
        self.assertEqual(more["stagepost_logins_total"], 1)
        self.assertGreater(more["stagepost_smtp_connections_total"], 0)
        self.assertEqual(during["stagepost_imap_connections"], 1)

    def test_only_some_may_see_figures(self):
        self.during_test(metrics__allowed_networks="127.0.0.5")
        self.assertEqual(self.ask("/metrics")[0], 403)
        self.assertEqual(self.ask("/healthz")[0], 200, "whether it is well anybody may know")
        self.assertEqual(self.ask("/metrics", from_address="127.0.0.5")[0], 200)

    def test_figures_can_be_switched_off(self):
        self.during_test(metrics__enabled="false")
        self.assertIn(self.ask("/metrics")[0], (403, 404))

    def test_other_pages_and_methods_are_refused(self):
        self.assertEqual(self.ask("/nothing")[0], 404)
        self.assertEqual(self.ask("/metrics", method="POST")[0], 405)
        status, text, headers = self.ask("/healthz", method="HEAD")
        self.assertEqual((status, text, headers["Content-Length"]), (200, "", "3"))

    def test_a_connection_serves_several_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["http"], timeout=30)
        self.addCleanup(connection.close)
        for _ in range(3):
            connection.request("GET", "/healthz")
            self.assertEqual(connection.getresponse().read(), b"ok\n")

    def test_nonsense_is_refused(self):
        for nonsense in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 20000 + b"\r\n\r\n"):
            with self.server.connect("http") as plain:
                plain.sendall(nonsense)
                self.assertTrue(plain.recv(100).startswith(b"HTTP/1.1 4"), nonsense[:10])

    def test_a_client_that_never_pauses_keeps_nobody_from_the_server(self):
        """More of them than there are processors; others are served, and the daemon still ends when it is told to."""
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 200
        ended = threading.Event()

        def ask_on():
            with socket.create_connection(("127.0.0.1", self.server.ports["http"]), timeout=30) as client:
                reader = threading.Thread(target=swallow, args=(client,))
                reader.start()
                try:
                    while not ended.is_set():
                        client.sendall(request)
                except OSError:
                    pass  # the server has ended
                finally:
                    with contextlib.suppress(OSError):
                        client.shutdown(socket.SHUT_RDWR)
                    reader.join()

        def swallow(client):
            with contextlib.suppress(OSError):
                while client.recv(1 << 16):
                    pass

        clients = [threading.Thread(target=ask_on) for _ in range(2 * (os.cpu_count() or 1))]
        for each in clients:
            each.start()
        try:
            with self.server.imap("alice") as imap:
                self.assertEqual(imap.noop()[0], "OK")
            self.assertEqual(self.server.stop(), 0)
        finally:
            ended.set()
            for each in clients:
                each.join()
            self.server.start()


if __name__ == "__main__":
    server.main()
