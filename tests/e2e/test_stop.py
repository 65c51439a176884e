"""SIGTERM while something is under way: it ends in time, and everybody is answered."""
import http.server
import threading
import time

import harness
from gateway import Gateway, new_id
from harness import case, equal, note, wait_for

SLOW = "wait-ack = 10m\nenquire-link-interval = 10m"
CANCEL = ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" '
          '"http://www.wapforum.org/DTD/pap_2.0.dtd">\n<pap><cancel-message push-id="%s"/></pap>')


def submitted(gw, push_id, n):
    wait_for(lambda: [r["step"] for r in gw.show(push_id)["recipients"]] == ["submitted"] * n, "all to be submitted")


def stop(gw):
    began = time.monotonic()
    gw.stop()
    note("%.1f s" % (time.monotonic() - began))


@case
def cancels_that_the_smsc_does_not_answer():
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more=SLOW)
    gw.wait_link()
    sim.receipts(mode="hold")
    push_id = new_id()
    equal(gw.push(["+12025550%03d" % n for n in range(100, 200)], push_id=push_id, content="x" * 300,
                  content_type="text/plain").code, 1001)
    submitted(gw, push_id, 100)
    sim.fault("drop_response", count=1000, on="cancel_sm")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(gw.post(
        (CANCEL % push_id).encode(), "application/xml")))
    asking.start()
    wait_for(lambda: sim.stats()["cancelled"] > 0, "a cancel_sm")
    stop(gw)
    asking.join()
    equal((answers[0].element, answers[0].code), ("cancel-response", 2008), answers[0])
    assert "stopping" in answers[0].desc, answers[0].desc
    gw.start()
    equal({r["step"] for r in gw.show(push_id)["recipients"]}, {"submitted"})
    gw.kill()


@case
def an_smsc_that_has_died():
    """Neither submissions nor the unbind are answered: they are sent again after the next start."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more=SLOW)
    gw.wait_link()
    sim.fault("half_open", count=1)
    push_id = new_id()
    equal(gw.push(["+12025550%03d" % n for n in range(100, 150)], push_id=push_id).code, 1001)
    stop(gw)
    sim.clear_faults()
    gw.start()
    gw.wait_state(push_id, "delivered")
    gw.stop()


def counted(sim):
    """How often each number got a message."""
    got = {}
    for message in sim.wait_messages(sim.stats()["messages"]) if sim.stats()["messages"] else ():
        got[message["dest"]] = got.get(message["dest"], 0) + 1
    return got


@case
def what_is_under_way_is_waited_for():
    """The answers come within stop-wait: nobody gets anything twice."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, ppg_more="stop-wait = 60s")
    gw.wait_link()
    sim.fault("delay", value=2500, count=10)
    numbers = ["+12025550%03d" % n for n in range(200, 210)]
    push_id = new_id()
    equal(gw.push(numbers, push_id=push_id).code, 1001)
    wait_for(lambda: gw.admin("/api/v1/links").json()[0]["window_used"] == 10, "all to be on the link")
    stop(gw)
    gw.start()
    gw.wait_state(push_id, "delivered")
    equal(counted(sim), {n[1:]: 1 for n in numbers})
    equal(gw.metric("recovered_total"), 0)
    gw.stop()
    sim.stop()


@case
def what_waits_is_kept():
    """Of many on a slow link some have left when the gateway stops; the others go after its next start, each once."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more="throughput = 20\nmax-pending-submits = 5")
    gw.wait_link()
    numbers = ["+12025551%03d" % n for n in range(100)]
    push_id = new_id()
    equal(gw.push(numbers, push_id=push_id).code, 1001)
    sim.wait_messages(10)
    stop(gw)
    note("%d of 100 had left" % sim.stats()["messages"])
    assert sim.stats()["messages"] < 100
    gw.start()
    gw.wait_state(push_id, "delivered")
    equal(counted(sim), {n[1:]: 1 for n in numbers})
    gw.stop()
    sim.stop()


@case
def the_wait_is_as_long_as_configured():
    """The SMSC takes its time, the gateway does not: what had no answer may be sent again, and is marked so."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, ppg_more="stop-wait = 1s", smsc_more=SLOW)
    gw.wait_link()
    sim.fault("delay", value=120000, count=1)
    push_id = new_id()
    equal(gw.push("+12025550211", push_id=push_id).code, 1001)
    wait_for(lambda: gw.admin("/api/v1/links").json()[0]["window_used"] == 1, "it to be on the link")
    began = time.monotonic()
    stop(gw)
    assert time.monotonic() - began < 60
    sim.clear_faults()
    gw.start()
    gw.wait_state(push_id, "delivered")
    equal(gw.show(push_id)["recipients"][0]["maybe_sent_twice"], True)
    gw.stop()
    sim.stop()


class Source:
    """Subscribers that nobody knows; while `silent` is set it keeps everybody waiting."""

    def __init__(self):
        outer = self
        self.asked, self.silent = 0, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                wait_for(lambda: not outer.silent.is_set(), "the source to answer")
                try:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 100

            def handle_error(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.config = '\ngroup = subscriber-source\nsource = http\nurl = "http://127.0.0.1:%d/{number}"\n' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        harness.at_end(self.server.shutdown)


@case
def while_subscribers_are_looked_up():
    """Whose look-up is given up is asked for again after the next start; nobody is forgotten."""
    sim, source = harness.Smscsim(), Source()
    gw = Gateway(sim.port, smsc_more=source.config)
    numbers = ["+1202556%04d" % n for n in range(3000)]
    source.silent.set()
    push_id = new_id()
    equal(gw.push(numbers, push_id=push_id).code, 1001)
    for _ in range(8):
        wait_for(lambda: source.asked > 0, "a look-up")
        stop(gw)
        source.asked = 0
        gw.start()
    source.silent.clear()
    gw.wait_state(push_id, "delivered")
    equal(counted(sim), {n[1:]: 1 for n in numbers})
    gw.stop()
    sim.stop()


harness.main()
