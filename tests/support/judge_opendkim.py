"""What opendkim-testmsg says of the signature of a message. It asks the DNS on port 53 alone, so it runs in namespaces of
its own, where 127.0.0.1 is nobody else's and /etc/resolv.conf another:

    unshare -Urnm judge_opendkim.py ZONE RECORDS MESSAGE

RECORDS is a file with lines of the zone ZONE. Prints what the judge said and ends with its status: 0 where the signature
passes."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import name_server  # noqa: E402


def main(zone, records, message):
    subprocess.run([name_server.program("ip"), "link", "set", "lo", "up"], check=True)
    zones = [name_server.Zone(zone, pathlib.Path(records).read_text(), "unsigned")]
    with name_server.NameServer(zones, port=53) as dns:
        resolver = dns.folder / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", resolver, "/etc/resolv.conf"], check=True)
        with open(message, "rb") as octets:
            done = subprocess.run([name_server.program("opendkim-testmsg"), "-C"], stdin=octets, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
