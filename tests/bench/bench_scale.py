#!/usr/bin/env python3
"""Large stores: answers, cancels, starts and memory with a million recipients, against targets.

Part "scale" of bench.py; alone: bench_scale.py [--stored N]. Half of the recipients are delivered, half wait for a
link that is down; a quarter of each half are pushes to one, the rest pushes to 1,000 and to 10,000.
"""
import argparse
import base64
import http.client
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness                                                      # noqa: E402
import gateway                                                      # noqa: E402
from gateway import Gateway, USER, PASSWORD                         # noqa: E402

MANY = 100000                   # addresses of the largest push
numbers = iter(range(1, 10000))


def line(name, value, more=""):
    print("  %-52s %14s  %s" % (name, value, more), flush=True)


def judge(name, value, unit, limit):
    line(name, "%.1f %s" % (value, unit), "target < %g: %s" % (limit, "met" if value < limit else "MISSED"))


def memory_mib(pid, name="VmRSS"):
    with open("/proc/%d/status" % pid) as f:
        for text in f:
            if text.startswith(name + ":"):
                return int(text.split()[1]) / 1024


class Client:
    """One connection of the initiator, kept."""

    def __init__(self, gw):
        self.connection = http.client.HTTPConnection("127.0.0.1", gw.port, timeout=300)
        login = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        self.headers = {"Authorization": "Basic " + login}

    def post(self, body, content_type="application/xml"):
        """Seconds to the whole answer, and its text."""
        began = time.monotonic()
        self.connection.request("POST", "/wappush", body, dict(self.headers, **{"Content-Type": content_type}))
        response = self.connection.getresponse()
        text = response.read()
        took = time.monotonic() - began
        harness.equal(response.status, 202, text[:300])
        return took, text


def operation(element, push_id, addresses=()):
    return ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n'
            '<pap><%s push-id="%s">%s</%s></pap>' % (
                gateway.PAP_TYPES["2.0"], element, push_id,
                "".join('<address address-value="%s"/>' % gateway.address(a) for a in addresses), element)).encode()


def address_list(n):
    return ["+1202%07d" % i for i in range(n)]


def submission(push_id, to):
    return gateway.multipart(gateway.push_message(push_id, to), gateway.SI)


def load(gw, count, recipients=1, connections=16, seconds=300):
    """The load generator's result, and its push-ids."""
    log = os.path.join(gw.folder, "ids-%d" % next(numbers))
    done = subprocess.run(
        [harness.built("tests/bench/load"), "--port", str(gw.port), "--user", "%s:%s" % (USER, PASSWORD),
         "--connections", str(connections), "--count", str(count), "--recipients", str(recipients),
         "--seconds", str(seconds), "--prefix", "s%d" % next(numbers), "--log", log], capture_output=True, text=True)
    with open(log) as f:
        return json.loads(done.stdout), f.read().split()


def fill(gw, half):
    """{recipients of a push: push-ids}"""
    return {1: load(gw, half // 4)[1], 1000: load(gw, half // 2000, 1000)[1],
            10000: load(gw, (half // 4) // 10000, 10000, 1)[1]}


class Scale:
    def __init__(self, stored):
        self.sim = harness.Smscsim("--max-messages", "1000", "--quiet")
        self.gw = Gateway(self.sim.port, log_level=2, smsc_more="max-pending-submits = 500\nreconnect-delay-max = 1s")
        self.stored = stored

    def make(self):
        gw, half = self.gw, self.stored // 2
        gw.wait_link()
        began = time.monotonic()
        self.delivered = fill(gw, half)
        harness.wait_for(lambda: gw.metric("recipients_pending") == 0, "the first half to be delivered", 900, 0.2)
        self.sim.stop()
        gw.wait_link("down")
        self.pending = fill(gw, half)
        print("%d recipients stored, %d of them pending, %.0f MiB on disk (made in %.0f s; load average %.1f)" % (
            gw.metric("store_recipients"), gw.metric("recipients_pending"), self.disk_mib(), time.monotonic() - began,
            os.getloadavg()[0]))
        line("RSS after that, peak / now", "%.1f / %.1f MiB" % (memory_mib(gw.program.pid, "VmHWM"),
                                                                memory_mib(gw.program.pid)))

    def disk_mib(self):
        return sum(os.path.getsize(os.path.join(self.gw.folder, f)) for f in os.listdir(self.gw.folder)
                   if f.startswith("ppg.db")) / 1048576

    def start(self):
        self.gw.kill()
        began = time.monotonic()
        self.gw.start()
        judge("start after kill -9", time.monotonic() - began, "s", 2)
        judge("RSS after the start", memory_mib(self.gw.program.pid), "MiB", 96)

    def status(self):
        client = Client(self.gw)
        for name, ids in (("pending", self.pending[1]), ("delivered", self.delivered[1])):
            chosen = ids[::max(1, len(ids) // 500)]
            took = sorted(client.post(operation("statusquery-message", i))[0] * 1000 for i in chosen)
            judge("status of one %s push, median of %d" % (name, len(took)), statistics.median(took), "ms", 5)
            line("  p99", "%.1f ms" % took[int(len(took) * 0.99)])
        some = self.pending[10000][0]
        took = sorted(client.post(operation("statusquery-message", some, ["+12030000100"]))[0] * 1000
                      for _ in range(100))
        judge("status of one address of 10,000, median", statistics.median(took), "ms", 5)
        assert b'"pending"' in client.post(operation("statusquery-message", some, ["+12030000100"]))[1]
        took, text = client.post(operation("statusquery-message", some))
        line("status of all 10,000", "%.0f ms" % (took * 1000), "%d octets" % len(text))

    def cancel(self):
        client = Client(self.gw)
        for push_id in self.pending[10000][:3]:
            took, text = client.post(operation("cancel-message", push_id))
            assert b'code="1000"' in text, text[:500]
            judge("cancel of 10,000 recipients", took, "s", 1)

    def meanwhile(self, work):
        """The slowest answer that another connection got while work() ran, and without it, in ms; and its result."""
        quiet, _ = load(self.gw, 10000000, 1, 1, 3)
        other = subprocess.Popen(
            [harness.built("tests/bench/load"), "--port", str(self.gw.port), "--user", "%s:%s" % (USER, PASSWORD),
             "--connections", "1", "--count", "10000000", "--seconds", "3", "--prefix", "w%d" % next(numbers)],
            stdout=subprocess.PIPE, text=True)
        accepted = self.gw.metric("pushes_accepted_total")
        harness.wait_for(lambda: self.gw.metric("pushes_accepted_total") > accepted + 50, "the other to begin")
        result = work()
        return json.loads(other.communicate()[0])["max_ms"], quiet["max_ms"], result

    def repeat(self, name, works):
        """Each of the works, and how much longer others wait because of them."""
        worst = []
        for work in works:
            with_it, without, (took, text) = self.meanwhile(work)
            line(name, "%.2f s" % took, "answer of %.1f MiB; others wait %.1f ms, without it %.1f ms" % (
                len(text) / 1048576, with_it, without))
            worst.append(with_it - without)
        judge("  others wait longer by, median of %d" % len(works), statistics.median(worst), "ms", 50)

    def many(self):
        client = Client(self.gw)
        bodies = [submission("many-%d" % i, address_list(MANY)) for i in range(3)]
        ids = ["many-%d" % i for i in range(3)]
        self.repeat("one push to %d addresses" % MANY, [lambda b=b: client.post(*b) for b in bodies])
        self.repeat("status of all of them", [lambda i=i: client.post(operation("statusquery-message", i)) for i in ids])
        self.repeat("cancel of all of them", [lambda i=i: client.post(operation("cancel-message", i)) for i in ids])

    def run(self):
        self.make()
        self.start()
        self.status()
        self.cancel()
        judge("RSS after these, peak", memory_mib(self.gw.program.pid, "VmHWM"), "MiB", 96)
        self.many()
        line("RSS after that, peak / now", "%.1f / %.1f MiB" % (memory_mib(self.gw.program.pid, "VmHWM"),
                                                                memory_mib(self.gw.program.pid)))
        self.start()
        print("  (load average at the end %.1f)" % os.getloadavg()[0])
        self.gw.stop()


def run(stored=1000000):
    Scale(stored).run()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--stored", type=int, default=1000000, help="recipients (default 1000000)")
    run(options.parse_args().stored)
    for fn in reversed(harness._at_end):
        fn()
