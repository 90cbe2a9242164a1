"""The measurements of mail that leaves: in by SMTP on one side, out to one smtp-sink on the other."""

import smtplib
import statistics
import time

import processes
from measurements import MESSAGES_CAP, FlushWatch
from sink import Sink

DOMAIN = "far.example"  # of all recipients, so that the limit of a destination is what bounds the connections
FAN_OUT_RECIPIENTS, FAN_OUT_DOMAINS = 1000, 100


def _sink_port(server):
    return server.ports["smtp"] + 1  # nobody has it, on either side


def _load(server, bench, connections, messages, size, **options):
    return bench.load(server, "smtp", "smtp", "--connections", connections, "--messages", messages, "--size", size,
                      "--users-format", f"u%04d@{DOMAIN}", "--user-count", 1000, **options)


def _come_to_rest(server):
    if not processes.wait_until_quiet(server.pids, server.is_idle):
        print("    the server did not come to rest", flush=True)


def _check_queue(server):
    if left := server.mails_waiting():
        print(f"    {left} messages still wait in the server's queue", flush=True)


class _Clock:
    """Wall time and the processor time of server and sink, from its making on."""

    def __init__(self, server, sink):
        self._server, self._sink = server, sink
        self._cpu, self._sink_cpu = processes.cpu_seconds(server.pids), sink.cpu_seconds()
        self.began_at = time.monotonic()

    def cpu(self):
        return processes.cpu_seconds(self._server.pids) - self._cpu

    def sink_cpu(self):
        return self._sink.cpu_seconds() - self._sink_cpu


def _pass_on(server, bench, sink, connections, size, messages, quick_messages):
    """Mail comes and goes at the same time. Messages a second from the first offer until the sink had the last one,
    and the milliseconds of processor time each took until the server was at rest."""
    # In Postfix's favour, which starts its processes when they are first needed.
    with _load(server, bench, connections, 5 * connections, size) as run:
        run.figures()
    processes.wait_until_quiet(server.pids, server.is_idle)
    before = sink.count
    ours = hasattr(server, "flushes_seen")
    offered = bench.scaled(messages["ours" if ours else "peer"], quick_messages)
    with _load(server, bench, connections, offered, size, steps=True) as run:
        run.reach("ready")
        processes.wait_until_quiet(server.pids, server.is_idle)
        clock = _Clock(server, sink)
        run.go()
        with FlushWatch(server, run) as flushes:
            run.reach("delivered")  # to the server; the sink is asked below
        had_at_the_end_of_input = sink.count - before
        run.go()
        figures = run.figures()
    accepted = figures["accepted"]
    if not sink.wait_for(before + accepted) and sink.count == before:
        raise RuntimeError("no message came to the sink")
    _come_to_rest(server)
    cpu, sink_cpu = clock.cpu(), clock.sink_cpu()
    seconds, arrived = sink.time_of(before + accepted) - clock.began_at, sink.count - before
    _check_queue(server)
    flushes.tell(figures)
    print(f"    {accepted} accepted at {figures['accepted_per_second']:.0f}/s, {arrived} at the sink "
          f"({had_at_the_end_of_input} of them when the last was accepted); {1000 * cpu / accepted:.2f} ms CPU each; "
          f"sink {100 * sink_cpu / seconds:.0f} % of a processor, client {figures['client_cpu_seconds']:.1f} s",
          flush=True)
    tenth = max(1, accepted // 10)
    first, last = sink.rate(before + 1, before + tenth), sink.rate(before + accepted - tenth, before + accepted)
    print(f"    at the sink: {first:.0f}/s in the first tenth, {last:.0f}/s in the last", flush=True)
    if arrived != accepted:
        print(f"    {'lost' if arrived < accepted else 'doubled'}: {abs(accepted - arrived)}", flush=True)
    return min(arrived, accepted) / seconds, 1000 * cpu / accepted


def _drain(server, bench, sink, connections, size, messages):
    """A remark, no row: a queue that was filled before is let go. From the first message at the sink to the last."""
    server.hold_mail()
    before = sink.count
    with _load(server, bench, 20, messages, size) as run:
        accepted = run.figures()["accepted"]
    processes.wait_until_quiet(server.pids, server.is_idle, limit_seconds=20)
    if sink.count != before:
        print(f"    {sink.count - before} messages left although mail was held", flush=True)
        before = sink.count
    waiting = server.mails_waiting()
    clock = _Clock(server, sink)
    server.release_mail()
    sink.wait_for(before + waiting)
    _come_to_rest(server)
    cpu, sink_cpu = clock.cpu(), clock.sink_cpu()
    _check_queue(server)
    if waiting == 0:
        return
    print(f"    remark: a full queue of {waiting} of {accepted} drains at {sink.rate(before + 1, before + waiting):.0f}"
          f"/s, {1000 * cpu / waiting:.2f} ms CPU each, sink {1000 * sink_cpu / waiting:.2f} ms; the first came after "
          f"{sink.time_of(before + 1) - clock.began_at:.1f} s", flush=True)


def _send_out(server, bench, connections, size, messages, quick_messages, drained):
    with Sink(_sink_port(server)) as sink:
        server.send_out(sink.port, connections)
        found = _pass_on(server, bench, sink, connections, size, messages, quick_messages)
        _drain(server, bench, sink, connections, size, bench.scaled(drained, quick_messages))
    return found


def _send_4k(server, bench, connections):
    return _send_out(server, bench, connections, 4096, {"ours": MESSAGES_CAP, "peer": 4000}, 200, drained=3000)


def _send_100k(server, bench, connections):
    # Fewer, for each fills a memtable more: the flushes are seen long before.
    return _send_out(server, bench, connections, 100 * 1024, {"ours": 5000, "peer": 1500}, 100, drained=1000)


def outbound_4k_c20(server, bench):
    rate, cpu = _send_4k(server, bench, 20)
    return {"outbound-4k-c20": rate, "outbound-cpu-4k": cpu}


def outbound_4k_c100(server, bench):
    return {"outbound-4k-c100": _send_4k(server, bench, 100)[0]}


def outbound_100k_c20(server, bench):
    rate, cpu = _send_100k(server, bench, 20)
    return {"outbound-100k-c20": rate, "outbound-cpu-100k": cpu}


def outbound_100k_c100(server, bench):
    return {"outbound-100k-c100": _send_100k(server, bench, 100)[0]}


def _fan_out_once(server, sink, recipients):
    """The seconds from the 250 until the sink had the last recipient, and the transactions that took."""
    before = sink.count
    text = "Subject: to many\r\nMessage-ID: <%d@sender.test>\r\n\r\n" % time.monotonic_ns()
    text += ("x" * 70 + "\r\n") * ((4096 - len(text)) // 72)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], "load.sender.test", timeout=60) as client:
        client.ehlo()
        client.mail("load@sender.test")
        for each in recipients:
            code, answer = client.rcpt(each)
            if code != 250:
                raise RuntimeError(f"{each} was refused: {code} {answer}")
        code, answer = client.data(text)
        accepted_at = time.monotonic()
        if code != 250:
            raise RuntimeError(f"the message was refused: {code} {answer}")
    sink.wait_for(before + FAN_OUT_DOMAINS, patience_seconds=10)
    _come_to_rest(server)  # so that more would have come
    return sink.time_of(sink.count) - accepted_at, sink.count - before


def outbound_fanout(server, bench):
    """One message to many, again and again, each begun when the server has come to rest."""
    domains = [f"d{number:02d}.{DOMAIN}" for number in range(FAN_OUT_DOMAINS)]
    recipients = [f"r{number:04d}@{domains[number % len(domains)]}" for number in range(FAN_OUT_RECIPIENTS)]
    server.send_out(_sink_port(server), FAN_OUT_DOMAINS, domains)
    processes.wait_until_quiet(server.pids, server.is_idle)
    # The first is looked at and not timed, for writing recipients down takes the sink some time.
    with Sink(_sink_port(server), list_recipients=True) as sink:
        _, usual = _fan_out_once(server, sink, recipients)
        found = sink.recipients()
    if sorted(found) != sorted(recipients):
        print(f"    of {len(recipients)} recipients the sink has {len(set(found))}, {len(found) - len(set(found))} of "
              "them more than once", flush=True)
    with Sink(_sink_port(server)) as sink:
        clock = _Clock(server, sink)
        tries = [_fan_out_once(server, sink, recipients) for _ in range(bench.scaled(15, 3))]
        cpu, sink_cpu = (1000 * spent / len(tries) for spent in (clock.cpu(), clock.sink_cpu()))
    seconds, transactions = zip(*tries)
    if set(transactions) != {usual}:
        print(f"    {usual} transactions at first, then {' '.join(map(str, transactions))}", flush=True)
    print(f"    {usual} transactions; ms: {' '.join(f'{1000 * each:.0f}' for each in seconds)}; {cpu:.0f} ms CPU a "
          f"message, sink {sink_cpu:.0f}", flush=True)
    _check_queue(server)
    return {"outbound-fanout-1000": FAN_OUT_RECIPIENTS / statistics.median(seconds)}


# As those of measurements.py.
ROWS = {
    "outbound-4k-c20": ("messages/s", "higher", outbound_4k_c20),
    "outbound-4k-c100": ("messages/s", "higher", outbound_4k_c100),
    "outbound-100k-c20": ("messages/s", "higher", outbound_100k_c20),
    "outbound-100k-c100": ("messages/s", "higher", outbound_100k_c100),
    "outbound-cpu-4k": ("CPU ms a message", "lower", outbound_4k_c20),
    "outbound-cpu-100k": ("CPU ms a message", "lower", outbound_100k_c20),
    "outbound-fanout-1000": ("recipients/s", "higher", outbound_fanout),
}

# Dovecot has no part in them.
ONE_FORMAT_IS_ENOUGH = {row[2] for row in ROWS.values()}
