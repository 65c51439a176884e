"""A reload while pushes flow: links that change, come and go, limits; nothing is lost and nothing is sent twice."""
import calendar
import collections
import signal
import threading
import time

import harness
from gateway import Gateway, initiator, new_id
from harness import case, equal, wait_for

LINK = """
group = smsc
smsc = smpp
smsc-id = {id}
host = 127.0.0.1
port = {port}
smsc-username = ppg
smsc-password = secret
source-addr = "+12025550100"
reconnect-delay-max = 1s
{more}
"""


def link(smsc_id, sim, more=""):
    return LINK.format(id=smsc_id, port=sim.port, more=more)


def links(gw):
    return {l["smsc_id"]: l for l in gw.admin("/api/v1/links").json()}


def wait_up(gw, *names):
    wait_for(lambda: sorted(links(gw)) == sorted(names) and all(l["state"] == "up" for l in links(gw).values()),
             "links %s to be up, now %s" % (names, links(gw)))


def reload(gw, **changes):
    gw.write_config(**changes)
    answer = gw.admin("/api/v1/reload", "POST")
    equal(answer.status, 200, answer.text)


class Flow:
    """Pushes to one number after the other until it is told to stop."""

    def __init__(self, gw, first):
        self.gw, self.first, self.sent, self.refused = gw, first, [], []
        self.halt = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.halt.is_set():
            number = "+1202556%04d" % (self.first + len(self.sent))
            reply = self.gw.push(number)
            if reply.code == 1001:
                self.sent.append(number[1:])
            else:
                self.refused.append(reply)

    def wait(self, more):
        target = len(self.sent) + more
        wait_for(lambda: len(self.sent) >= target or self.refused, "%d more pushes" % more)

    def stop(self):
        self.halt.set()
        self.thread.join()
        equal(self.refused, [])
        return self.sent


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def arrived(*sims):
    return collections.Counter(m["dest"] for sim in sims for m in sim.messages())


@case
def links_change_while_pushes_flow():
    """One more, another host and window, one less: each push comes exactly once."""
    old, new, other = harness.Smscsim(), harness.Smscsim(), harness.Smscsim()
    gw = Gateway(old.port, start=False)
    gw.write_config(smsc_more=link("second", other))
    gw.start()
    wait_up(gw, "main", "second")
    flow = Flow(gw, 0)
    flow.wait(20)
    untouched = other.stats()["binds"]
    reload(gw, smsc_port=new.port, smsc_more="max-pending-submits = 3\n" + link("second", other))     # changed
    flow.wait(20)
    wait_up(gw, "main", "second")
    wait_for(lambda: old.stats()["sessions"] == 0, "the old connection to end")
    reload(gw, smsc_more="max-pending-submits = 3\n" + link("second", other) + link("third", old))    # added
    wait_up(gw, "main", "second", "third")
    before = old.stats()["messages"]
    wait_for(lambda: old.stats()["messages"] > before, "the third link to carry some")
    equal(other.stats()["binds"], untouched, "binds of the link that did not change")
    reload(gw, smsc_more="max-pending-submits = 3\n" + link("third", old))                            # removed
    wait_for(lambda: other.stats()["sessions"] == 0, "the removed link to unbind")
    assert "second" not in links(gw), links(gw)
    flow.wait(20)
    sent = flow.stop()
    wait_for(lambda: gw.metric("recipients_pending") == 0, "every push to be delivered")
    equal(arrived(old, new, other), collections.Counter(sent))
    gw.stop()
    for sim in (old, new, other):
        sim.stop()


@case
def a_removed_link_waits_for_its_answers():
    """Its unanswered PDUs are answered before it unbinds: nothing goes out again on another link."""
    slow, other = harness.Smscsim(), harness.Smscsim()
    gw = Gateway(slow.port, smsc_more="max-pending-submits = 5")
    wait_up(gw, "main")
    slow.fault("delay", value=2000)
    ids = [new_id() for _ in range(30)]
    for n, push_id in enumerate(ids):
        equal(gw.push("+12025570%03d" % n, push_id=push_id).code, 1001)
    wait_for(lambda: slow.stats()["submit_sm"] == 5, "its window to be full")
    reload(gw, smsc_port=other.port)
    for push_id in ids:
        gw.wait_state(push_id, "delivered")
    equal((slow.stats()["submit_sm"], other.stats()["submit_sm"]), (5, 25))
    equal(gw.metric("maybe_sent_total"), 0)
    wait_for(lambda: slow.stats()["sessions"] == 0, "the old connection to end")
    gw.stop()
    slow.stop()
    other.stop()


@case
def receipts_of_a_link_that_left_are_taken():
    """By the link of the same name that took its place."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port)
    wait_up(gw, "main")
    sim.receipts(mode="hold")
    push_id = new_id()
    equal(gw.push("+12025550123", push_id=push_id).code, 1001)
    wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "it to be submitted")
    reload(gw, smsc_more="max-pending-submits = 2")
    wait_up(gw, "main")
    sim.receipts(mode="auto")
    gw.wait_state(push_id, "delivered")
    gw.stop()
    sim.stop()


@case
def wishes_follow_the_new_links():
    """A wanted smsc-id counts with the links there are now."""
    sim, special = harness.Smscsim(), harness.Smscsim()
    gw = Gateway(sim.port, smsc_more="denied-smsc-id = SPECIAL")
    wait_up(gw, "main")
    wish = {"X-Kannel-SMSC": "SPECIAL"}
    equal(gw.push("+12025550123", http_headers=wish).code, 2001)
    reload(gw, smsc_more="denied-smsc-id = SPECIAL\n" + link("special", special, "allowed-smsc-id = SPECIAL"))
    wait_up(gw, "main", "special")
    equal(gw.push("+12025550123", http_headers=wish).code, 1001)
    equal(special.wait_messages(1)[0]["dest"], "12025550123")
    reload(gw, ppg_more="default-smsc = SPECIAL")
    equal(gw.push("+12025550124").code, 1001)
    special.wait_messages(2)
    reload(gw, ppg_more="", smsc_more="denied-smsc-id = SPECIAL")
    equal(gw.push("+12025550123", http_headers=wish).code, 2001)
    equal(gw.push("+12025550125").code, 1001)
    equal(sim.wait_messages(1)[0]["dest"], "12025550125")
    gw.stop()
    sim.stop()
    special.stop()


@case
def limits_are_taken():
    """max-addresses, max-age, notify-allow and log-level, and back to their defaults."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, initiators=initiator(more='allow-ip = "127.0.0.1"'))
    wait_up(gw, "main")
    three = ["+1202555010%d" % n for n in range(3)]
    notify = 'ppg-notify-requested-to="http://10.255.255.1/n" '
    equal((gw.push(three).code, gw.push(three[0], attributes=notify).code), (1001, 2001))
    reload(gw, ppg_more='max-addresses = 2\nmax-age = 10m\nnotify-allow = "10.0.0.0/8"', log_level=0)
    equal(gw.push(three).code, 2000)
    push_id = new_id()
    equal(gw.push(three[0], push_id=push_id, attributes=notify).code, 1001)
    push = gw.show(push_id)
    equal(seconds(push["deadline"]) - seconds(push["received"]), 600)
    reload(gw, ppg_more="", log_level=1)
    equal((gw.push(three).code, gw.push(three[0], attributes=notify).code), (1001, 2001))
    gw.stop()
    sim.stop()


@case
def what_a_restart_needs_is_said_each_time():
    """Also by the second reload, and what was taken is not said again."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port)
    for _ in range(2):
        gw.write_config(ppg_more="inflight-max = 77\nmax-age = 1h")
        seen = len(gw.program.lines)
        gw.program.signal(signal.SIGHUP)
        gw.program.wait_line("reloaded", start=seen)
        said = "\n".join(text for _, text in gw.program.lines[seen:])
        assert "inflight-max: 77 instead of 5000 needs a restart" in said, said
    equal("max-age" in said, False, said)
    gw.stop()
    sim.stop()


@case
def a_wrong_file_changes_no_link():
    sim = harness.Smscsim()
    gw = Gateway(sim.port)
    wait_up(gw, "main")
    binds = sim.stats()["binds"]
    gw.write_config(smsc_more=link("main", sim))            # the same name twice
    answer = gw.admin("/api/v1/reload", "POST")
    equal(answer.status, 409, answer.text)
    equal(gw.push("+12025550123").code, 1001)
    sim.wait_messages(1)
    equal((sorted(links(gw)), sim.stats()["binds"]), (["main"], binds))
    gw.stop()
    sim.stop()


harness.main()
