#!/usr/bin/env python3
"""A DNS of the test's own: NSD on a free port of 127.0.0.1, the root zone and others, signed by ldns-signzone.

    with name_server.NameServer([
        Zone("example", "@ MX 10 mail\\nmail A 127.0.0.1"),
        Zone("plain", "@ A 127.0.0.2", "unsigned"),
    ]) as dns:
        dns.server        # "127.0.0.1@5353", as resolver.servers has it
        dns.anchor        # file with the DS record of our root

All zones hang directly below our root, which delegates them; a resolver that forwards to us sees one DNS. As a program
it serves ZONES, prints "SERVER ANCHOR" on one line, and ends when its standard input does.
"""

import dataclasses
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import server

NEEDED = ("nsd", "ldns-keygen", "ldns-signzone")
ALGORITHM = "ECDSAP256SHA256"
LONG_AGO = ("20200101000000", "20200201000000")


@dataclasses.dataclass
class Zone:
    """`security`: "signed"; "unsigned" (no DS in the root: insecure); "expired" (signatures of long ago: bogus);
    "stripped" (a DS in the root, but no signatures: bogus); "failing" (SERVFAIL)."""

    name: str
    records: str
    security: str = "signed"


# What the tests of the resolver look up.
ZONES = (
    Zone(
        "example",
        """
@       MX     20 backup.example.
@       MX     10 mail.example.
@       TXT    "v=spf1 mx" " -all"
mail    A      127.0.0.1
mail    AAAA   ::1
backup  A      127.0.0.2
_25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
one     CNAME  two
two     CNAME  three
three   A      127.0.0.3
out     CNAME  host.plain.
lost    CNAME  nowhere.example.
loop    CNAME  pool
pool    CNAME  loop
short   2 A    127.0.0.9
silent  MX     0 .
sub     MX     20 backup
sub     MX     10 mail
sender  TXT    "v=spf1 a:three.example" " -all"
big     TXT    """
        + " ".join(f'"{chr(97 + i % 26) * 200}"' for i in range(40))
        + "\n",
    ),
    Zone("plain", "host A 127.0.0.4\n@ MX 5 host\nback CNAME mail.example.\n", "unsigned"),
    Zone("expired", "host A 127.0.0.5\n", "expired"),
    Zone("stripped", "host A 127.0.0.6\n", "stripped"),
    Zone("failing", "", "failing"),
    Zone("10.in-addr.arpa", "1.0.0 PTR mail.example.\n", "unsigned"),
)


def missing_tools():
    """Which programs are not here that this needs; empty when all are."""
    search = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
    return [each for each in NEEDED if not shutil.which(each, path=search)]


def program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin")


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            port = random.choice(server.PORTS)
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class NameServer:
    def __init__(self, zones=ZONES, port=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stagepost-dns-"))
        self.port = port or free_port()
        self.server = f"127.0.0.1@{self.port}"
        self.anchor = self.folder / "root.ds"
        self.process = None
        try:
            self.write(zones)
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, zones):
        """Makes the files of these zones; a running server has to be stopped and started to serve them."""
        root = []
        served = [".", *(zone.name for zone in zones)]
        for zone in zones:
            root.append(f"{zone.name}. NS ns.{zone.name}.\nns.{zone.name}. A 127.0.0.1")
            if zone.security == "failing":
                continue
            signed = self._sign(zone)
            if zone.security != "unsigned":
                root.append(signed)
        # What stands between the root and a deeper zone must not be a hole in its chain.
        self.anchor.write_text(self._sign(Zone(".", "\n".join(root) + "\n")))
        self._write_config(served)

    def _path(self, name, suffix="zone"):
        return self.folder / f"{'root' if name == '.' else name}.{suffix}"

    def _sign(self, zone):
        """Writes the file of a zone and returns its DS records."""
        origin = zone.name if zone.name == "." else zone.name + "."
        ns = "ns." if zone.name == "." else f"ns.{origin}"
        text = (
            f"$ORIGIN {origin}\n$TTL 300\n@ SOA {ns} hostmaster.{origin.lstrip('.')} {int(time.time())} 900 300 86400 60\n"
            f"@ NS {ns}\nns{'.' if zone.name == '.' else ''} A 127.0.0.1\n{zone.records}"
        )
        path = self._path(zone.name)
        path.write_text(text)
        if zone.security == "unsigned":
            return ""
        key = self._run("ldns-keygen", "-a", ALGORITHM, "-k", origin).strip()
        dates = ["-i", LONG_AGO[0], "-e", LONG_AGO[1]] if zone.security == "expired" else []
        signed = self._path(zone.name, "signed")
        self._run("ldns-signzone", *dates, "-o", origin, "-f", signed.name, path.name, key)
        if zone.security != "stripped":
            signed.replace(path)
        return (self.folder / f"{key}.ds").read_text()

    def _run(self, name, *arguments):
        done = subprocess.run([program(name), *arguments], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{name} {' '.join(arguments)}: {done.stderr}{done.stdout}")
        return done.stdout

    def _write_config(self, names):
        lines = [
            "server:",
            f"  ip-address: 127.0.0.1@{self.port}",
            "  server-count: 1",
            '  username: ""',
            '  chroot: ""',
            '  database: ""',
            f'  zonesdir: "{self.folder}"',
            f'  zonelistfile: "{self.folder}/zone.list"',
            f'  xfrdfile: "{self.folder}/xfrd.state"',
            f'  xfrdir: "{self.folder}"',
            f'  pidfile: "{self.folder}/nsd.pid"',
            f'  logfile: "{self.folder}/log"',
            "  rrl-ratelimit: 0",
            "remote-control:",
            "  control-enable: no",
        ]
        for name in names:
            lines += ["zone:", f'  name: "{name}"', f'  zonefile: "{self._path(name).name}"']
        (self.folder / "nsd.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        self.process = subprocess.Popen(
            [program("nsd"), "-d", "-c", str(self.folder / "nsd.conf")], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = self.folder / "log"
                raise AssertionError(f"nsd does not answer:\n{log.read_text() if log.exists() else 'no log'}")

    def _answers(self):
        ask_for_root = b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.1)
            udp.connect(("127.0.0.1", self.port))
            try:
                udp.send(ask_for_root)
                answer = udp.recv(4096)
            except OSError:
                time.sleep(0.02)
                return False
        return answer[:2] == ask_for_root[:2] and answer[3] & 15 == 0

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def resolver_settings(self, by=None):
        """The section `resolver` of a server that asks this one, or `by` that asks it, and believes its signatures."""
        return {
            "servers": f'["{by or self.server}"]',
            "trust_anchor_file": f'"{self.anchor}"',
            "lookup_timeout_seconds": 5,
        }

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    if missing_tools():
        print("missing: " + " ".join(missing_tools()))
        return 77
    with NameServer() as dns:
        print(dns.server, dns.anchor, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
