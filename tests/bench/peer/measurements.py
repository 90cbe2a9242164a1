"""The measurements behind the rows. Each takes a running server and returns the value of each of its rows."""

import statistics
import threading
import time

import processes
from load import Load

FLUSHES_WANTED = 3  # memtables of the shipped size; then writes have paid for being sorted and written again
MESSAGES_CAP = 60_000  # where our write rows stop even without those flushes

RARE_WORD, RARE_EVERY = "quixotry", 1000  # as the load generator's message_maker.hpp has it


class Bench:
    """What a measurement needs besides the server: the load generator, and how much is enough."""

    def __init__(self, load_program, quick):
        self.program = load_program
        self.quick = quick

    def scaled(self, count, quick_count):
        return quick_count if self.quick else count

    def load(self, server, door, verb, *arguments, **options):
        return Load(self.program, *verb.split(), "--port", server.ports[door], *arguments, **options)

    def mailbox_user(self, server):
        return ["--user", "u0001@example.test", "--password", server.password]


class FlushWatch:
    """Ends a write load once our server has seen enough memtable flushes; lets a peer's load run its course."""

    def __init__(self, server, run):
        self._server, self._run, self._done = server, run, threading.Event()
        self._thread = None

    def __enter__(self):
        if hasattr(self._server, "flushes_seen"):
            self._thread = threading.Thread(target=self._watch)
            self._thread.start()
        return self

    def _watch(self):
        while not self._done.wait(0.25):
            if self._server.flushes_seen() >= FLUSHES_WANTED:
                self._run.stop_early()
                return

    def __exit__(self, *_):
        self._done.set()
        if self._thread:
            self._thread.join()

    def tell(self, figures):
        if self._thread:
            seen = self._server.flushes_seen()
            capped = "" if seen >= FLUSHES_WANTED else f", fewer than {FLUSHES_WANTED}: stopped at the cap"
            print(f"    {figures['messages']} messages, {seen} memtable flushes{capped}", flush=True)


def _write_messages(server, bench, peer_messages, quick_messages, cap):
    """How many messages a write row offers: ours stops earlier, when the flushes were seen."""
    return bench.scaled(cap if hasattr(server, "flushes_seen") else peer_messages, quick_messages)


def _send(server, bench, connections, size, recipients=1, peer_messages=1500, quick_messages=200, cap=MESSAGES_CAP):
    """Sends mail until it is enough, waits until all of it is visible over IMAP and the server has come to rest, and
    then reads every message back. Returns the load generator's figures and the processor time of the server."""
    messages = _write_messages(server, bench, peer_messages, quick_messages, cap)
    with bench.load(server, "smtp", "smtp", "--connections", connections, "--messages", messages, "--size", size,
                    "--recipients", recipients, "--user-count", 100, "--verify", "imap", "--verify-port",
                    server.ports["imap"], "--verify-password", server.password, steps=True) as run:
        run.reach("ready")
        processes.wait_until_quiet(server.pids, server.is_idle)
        cpu_before = processes.cpu_seconds(server.pids)
        run.go()
        with FlushWatch(server, run) as flushes:
            run.reach("delivered")
        if not processes.wait_until_quiet(server.pids, server.is_idle):
            print("    the server did not come to rest", flush=True)
        cpu = processes.cpu_seconds(server.pids) - cpu_before
        run.go()
        figures = run.figures()
    flushes.tell(figures)
    print(f"    {figures['deliveries']} deliveries, {figures['checked']} read back, {figures['lost']} lost, "
          f"{figures['duplicates']} doubled, {figures['damaged_bodies']} damaged; p50 "
          f"{figures['transaction_p50_ms']:.1f} ms; client CPU {figures['client_cpu_seconds']:.1f} s", flush=True)
    return figures, cpu


def smtp_4k(server, bench):
    figures, cpu = _send(server, bench, connections=20, size=4096)
    return {"smtp-deliver-4k": figures["delivered_per_second"], "smtp-accept-4k": figures["accepted_per_second"],
            "smtp-cpu-4k": 1000 * cpu / max(1, figures["deliveries"])}


def smtp_64k(server, bench):
    figures, _ = _send(server, bench, connections=20, size=65536, quick_messages=100)
    return {"smtp-deliver-64k": figures["delivered_per_second"]}


def smtp_fanout(server, bench):
    # Counted in mails of 50 deliveries each.
    figures, _ = _send(server, bench, connections=1, size=4096, recipients=50, peer_messages=40, quick_messages=5,
                       cap=MESSAGES_CAP // 10)
    return {"smtp-fanout-50": figures["delivered_per_second"]}


def smtp_c100(server, bench):
    figures, _ = _send(server, bench, connections=100, size=4096, quick_messages=300)
    return {"smtp-p99-c100": figures["transaction_p99_ms"]}


def _idle(server, bench, connections, tls=False):
    door = "imaps" if tls else "imap"
    options = ["--password", server.password, "--connections", connections, *(["--tls", "implicit"] if tls else [])]
    with bench.load(server, door, "imap idle", *options, "--prepare") as run:
        run.figures()
    processes.wait_until_quiet(server.pids, server.is_idle)
    before = processes.pss_kib(server.pids)
    with bench.load(server, door, "imap idle", *options, steps=True) as run:
        run.reach("ready")
        run.go()
        run.reach("idle")
        processes.wait_until_quiet(server.pids, server.is_idle, limit_seconds=20)
        after = processes.pss_kib(server.pids)
        run.go()
        figures = run.figures()
    if figures["alive_at_end"] != connections:
        raise RuntimeError(f"only {figures['alive_at_end']} of {connections} sessions stayed")
    print(f"    {connections} sessions, {before} -> {after} KiB, {figures['set_ups_per_second']:.0f} set-ups/s",
          flush=True)
    return (after - before) / connections


def imap_idle(server, bench):
    return {"imap-idle-memory": _idle(server, bench, bench.scaled(5000, 100))}


def imap_idle_10k(server, bench):
    return {"imap-idle-memory-10k": _idle(server, bench, bench.scaled(10_000, 200))}


def imap_idle_tls_10k(server, bench):
    return {"imap-idle-memory-tls-10k": _idle(server, bench, bench.scaled(10_000, 200), tls=True)}


def imap_login(server, bench):
    """Logins of 100 users, first each once (cold), then over and over."""
    options = ["--password", server.password, "--user-count", 100, "--connections", 4]
    rows = {}
    for row, logins in (("imap-login-cold", 100), ("imap-login", bench.scaled(2000, 200))):
        processes.wait_until_quiet(server.pids, server.is_idle)
        before = processes.cpu_seconds(server.pids)
        with bench.load(server, "imap", "imap login", *options, "--logins", logins) as run:
            figures = run.figures()
        cpu = processes.cpu_seconds(server.pids) - before
        rows[row] = figures["sessions_per_second"]
        print(f"    {row}: {figures['sessions']} sessions, {1000 * cpu / logins:.2f} ms CPU each, login p50 "
              f"{figures['login_p50_ms']:.1f} ms", flush=True)
    return rows


def tls_handshake(server, bench):
    # The client does next to nothing, and for both servers alike: it looks at neither certificate nor signature. All
    # that a client does costs more than a server's half and would be what the row measures.
    with bench.load(server, "imaps", "imap handshake", "--threads", 2, "--handshakes",
                    bench.scaled(4000, 200)) as run:
        figures = run.figures()
    return {"tls-handshake": figures["handshakes_per_second"]}


def imap_notice(server, bench):
    with bench.load(server, "imap", "imap latency", *bench.mailbox_user(server), "--smtp-port", server.ports["smtp"],
                    "--messages", bench.scaled(300, 20)) as run:
        figures = run.figures()
    print(f"    end of DATA to the reply: p50 {figures['data_to_reply_p50_ms']:.1f} ms, to EXISTS: p50 "
          f"{figures['data_to_exists_p50_ms']:.1f} ms", flush=True)
    return {"imap-idle-notice": figures["data_to_exists_p99_ms"]}


def _fill(server, bench, mailbox, messages, multipart_every=3):
    with bench.load(server, "imap", "imap fill", *bench.mailbox_user(server), "--mailbox", mailbox, "--messages",
                    messages, "--multipart-every", multipart_every, "--rare-every", RARE_EVERY) as run:
        if run.figures()["messages"] != messages:
            raise RuntimeError(f"{mailbox} could not be filled")
    processes.wait_until_quiet(server.pids, server.is_idle)


def pop3(server, bench):
    messages = bench.scaled(2000, 200)
    _fill(server, bench, "INBOX", messages, multipart_every=0)
    rows = {}
    for row, window in (("pop3-retr", 1), ("pop3-retr-pipelined", 50)):
        with bench.load(server, "pop3", "pop3 retr", *bench.mailbox_user(server), "--window", window, "--repeat",
                        bench.scaled(7, 2)) as run:
            rows[row] = run.figures()["messages_per_second"]
    return rows


def _repeat(server, bench, verb, *arguments, repeat):
    """Runs one command over and over in the mailbox Big; the figures of the load generator."""
    with bench.load(server, "imap", verb, *bench.mailbox_user(server), "--mailbox", "Big", "--repeat",
                    bench.scaled(repeat, 2), *arguments) as run:
        figures = run.figures()
    print(f"    {verb} {' '.join(arguments)}: first {1000 * figures['seconds'][0]:.1f} ms, median "
          f"{1000 * figures['median_seconds']:.1f} ms, {figures['responses'][0]} responses, {figures['bytes'][0]} "
          f"octets, hits {figures['hits'][:3]}", flush=True)
    return figures


def imap_read(server, bench):
    """10,000 messages as a mail program looks at them. Cold is the first look after they came."""
    _fill(server, bench, "Big", bench.scaled(10_000, 500))
    overview = "(FLAGS UID RFC822.SIZE ENVELOPE BODYSTRUCTURE)"
    found = _repeat(server, bench, "imap fetch", "--items", overview, repeat=10)
    rows = {"imap-fetch-cold": 1000 * found["seconds"][0],
            "imap-fetch-warm": 1000 * statistics.median(found["seconds"][1:])}
    for row, verb, *arguments in (("imap-fetch-flags", "imap fetch", "--items", "(FLAGS UID)"),
                                  ("imap-fetch-bodies", "imap fetch", "--items", "BODY.PEEK[]"),
                                  ("imap-store", "imap store")):
        rows[row] = 1000 * _repeat(server, bench, verb, *arguments, repeat=9)["median_seconds"]
    return rows


def imap_search(server, bench):
    """For words of the body: of ten messages, of a tenth of them, of none."""
    _fill(server, bench, "Big", bench.scaled(10_000, 500))
    if hasattr(server, "wait_until_indexed"):
        server.wait_until_indexed()
    rows = {}
    for row, *arguments in (("imap-search-rare", "--key", f'BODY "{RARE_WORD}"'),
                            ("imap-search-frequent", "--words", "3"),
                            ("imap-search-absent", "--key", 'BODY "xylophone"')):
        rows[row] = 1000 * _repeat(server, bench, "imap search", *arguments, repeat=5)["median_seconds"]
    return rows


def _append(server, bench, connections, peer_messages):
    messages = _write_messages(server, bench, peer_messages, 100, MESSAGES_CAP)
    with bench.load(server, "imap", "imap append", "--password", server.password, "--user-count", 100,
                    "--connections", connections, "--messages", messages, steps=True) as run:
        run.reach("ready")
        run.go()
        with FlushWatch(server, run) as flushes:
            run.reach("done")
        run.go()
        figures = run.figures()
    flushes.tell(figures)
    return figures["messages_per_second"]


def imap_append(server, bench):
    return {"imap-append-1": _append(server, bench, 1, 2000)}


def imap_append_20(server, bench):
    return {"imap-append-20": _append(server, bench, 20, 4000)}


def sync_load(server, bench):
    """A plain run for the side run that counts system calls. Returns how many messages were delivered."""
    with bench.load(server, "smtp", "smtp", "--connections", 20, "--messages", bench.scaled(1000, 100), "--verify",
                    "imap", "--verify-port", server.ports["imap"], "--verify-password", server.password) as run:
        figures = run.figures()
    time.sleep(1)
    return figures["deliveries"]


# Row: its unit, which direction is better, and the measurement that gives it.
ROWS = {
    "smtp-deliver-4k": ("deliveries/s", "higher", smtp_4k),
    "smtp-accept-4k": ("messages/s", "higher", smtp_4k),
    "smtp-cpu-4k": ("CPU ms a message", "lower", smtp_4k),
    "smtp-deliver-64k": ("deliveries/s", "higher", smtp_64k),
    "smtp-fanout-50": ("deliveries/s", "higher", smtp_fanout),
    "smtp-p99-c100": ("ms", "lower", smtp_c100),
    "imap-idle-memory": ("KiB a session", "lower", imap_idle),
    "pop3-retr": ("messages/s", "higher", pop3),
    "pop3-retr-pipelined": ("messages/s", "higher", pop3),
    "imap-login": ("sessions/s", "higher", imap_login),
    "imap-login-cold": ("sessions/s", "higher", imap_login),
    "tls-handshake": ("handshakes/s", "higher", tls_handshake),
    "imap-fetch-cold": ("ms", "lower", imap_read),
    "imap-fetch-warm": ("ms", "lower", imap_read),
    "imap-fetch-flags": ("ms", "lower", imap_read),
    "imap-fetch-bodies": ("ms", "lower", imap_read),
    "imap-store": ("ms", "lower", imap_read),
    "imap-search-rare": ("ms", "lower", imap_search),
    "imap-search-frequent": ("ms", "lower", imap_search),
    "imap-search-absent": ("ms", "lower", imap_search),
    "imap-append-1": ("messages/s", "higher", imap_append),
    "imap-append-20": ("messages/s", "higher", imap_append_20),
    "imap-idle-notice": ("ms, p99", "lower", imap_notice),
    "imap-idle-memory-10k": ("KiB a session", "lower", imap_idle_10k),
    "imap-idle-memory-tls-10k": ("KiB a session", "lower", imap_idle_tls_10k),
}

# Rows that became several: the name means the first of them.
OTHER_NAMES = {
    "imap-fetch-envelope": "imap-fetch-cold",
    "imap-search-body": "imap-search-rare",
    "imap-append": "imap-append-1",
}

# What does not depend on the mailbox format; 10,000 set-ups take minutes.
ONE_FORMAT_IS_ENOUGH = {imap_idle, imap_idle_10k, imap_idle_tls_10k, tls_handshake}
