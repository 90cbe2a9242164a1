"""A DNS between a server and the real one that fails as it is told: mail servers ask it, it asks on.

    between = FaultyResolver(dns.port)
    between.fault = SILENT
"""

import contextlib
import socket
import threading

import name_server

SILENT, SLOW, SERVFAIL, GARBAGE, CUT_OFF = "silent", "slow", "servfail", "garbage", "cut off"
SLOWLY = 0.3  # seconds for each answer


class FaultyResolver:
    """`fault` is None (it passes on what it is asked and told), SILENT, SLOW, SERVFAIL, GARBAGE (octets that
    are no answer) or CUT_OFF (says that the answer is too long, and hangs up over TCP). `questions` counts what was
    asked by UDP."""

    def __init__(self, port):
        self.fault = None
        self.questions = 0
        self._to = ("127.0.0.1", port)
        self.port = name_server.free_port()
        self.server = f"127.0.0.1@{self.port}"
        self._ending = threading.Event()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._tcp = socket.create_server(("127.0.0.1", self.port))
        for work in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        self._ending.set()
        with contextlib.suppress(OSError):
            self._udp.sendto(b"", ("127.0.0.1", self.port))  # wakes its thread
        with contextlib.suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()

    def _serve_udp(self):
        with self._udp:
            while not self._ending.is_set():
                question, who = self._udp.recvfrom(65536)
                if len(question) < 12:
                    continue
                self.questions += 1
                threading.Thread(target=self._answer, args=(question, who), daemon=True).start()

    def _answer(self, question, who):
        answer = self._answer_to(question)
        with contextlib.suppress(OSError):
            if answer is not None:
                self._udp.sendto(answer, who)

    def _answer_to(self, question):
        fault = self.fault
        if fault == SILENT:
            return None
        if fault == SERVFAIL:
            return self._header(question, 2)
        if fault == GARBAGE:
            return question[:2] + b"\xff" * 40
        if fault == CUT_OFF:
            answer = bytearray(self._header(question, 0))
            answer[2] |= 2  # TC
            return bytes(answer)
        if fault == SLOW:
            self._ending.wait(SLOWLY)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as on:
            on.settimeout(5)
            try:
                on.sendto(question, self._to)
                return on.recv(65536)
            except OSError:
                return None

    @staticmethod
    def _header(question, code):
        """The question, as an answer without records."""
        return question[:2] + bytes([0x80 | question[2] & 0x79, 0x80 | code]) + question[4:6] + bytes(6) + question[12:]

    def _serve_tcp(self):
        while not self._ending.is_set():
            try:
                line, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_tcp, args=(line,), daemon=True).start()

    def _pass_tcp(self, line):
        with line, contextlib.suppress(OSError):
            if self.fault not in (None, SLOW):
                return
            with socket.create_connection(self._to, timeout=5) as on:
                line.settimeout(5)
                while question := line.recv(65536):
                    on.sendall(question)
                    line.sendall(on.recv(65536))
