"""Pushes to very many addresses: size, states, cancels, death in the middle, and what others notice of them."""
import base64
import collections
import os
import random
import socket
import sqlite3
import threading
import time
import urllib.parse
import xml.etree.ElementTree

import harness
from gateway import Gateway, PAP_TYPES, PASSWORD, USER, address, initiator, new_id
from harness import case, equal, note, wait_for

MANY = int(os.environ.get("MANY_ADDRESSES", "100000"))
SOME = MANY // 10
SEED = int(os.environ.get("KILL_SEED", str(int(time.time()))))
OTHER = ("other", "other-password")
RECONNECT = "reconnect-delay-max = 1s"


def numbers(n, prefix="2"):
    return ["+1202%s%06d" % (prefix, i) for i in range(n)]


def operation(gw, element, push_id, to=()):
    doc = ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n<pap><%s push-id="%s">%s</%s></pap>'
           % (PAP_TYPES["2.0"], element, push_id, "".join('<address address-value="%s"/>' % address(n) for n in to), element))
    login = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
    began = time.monotonic()
    answer = harness.http_post(gw.url, doc.encode(), headers={"Content-Type": "application/xml", "Authorization": "Basic " + login})
    took = time.monotonic() - began
    equal(answer.status, 202, answer.text[:300])
    return xml.etree.ElementTree.fromstring(answer.text)[0], took


def results(response):
    """How many recipients have each (code, state); one without an address stands for all and counts once."""
    out = collections.Counter()
    for r in response:
        out[(int(r.get("code")), r.get("message-state"))] += len(r.findall("address")) or 1
    return out


def status(gw, push_id, to=()):
    return results(operation(gw, "statusquery-message", push_id, to)[0])


def pending(n):
    return collections.Counter({(1000, "pending"): n})


def stored(gw):
    """{push_id: recipients in the store}, of all pushes, seen or not."""
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(gw.folder, "ppg.db"), uri=True)
    try:
        equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        ids = dict(db.execute("SELECT id, push_id FROM push"))
        counts = collections.Counter(row[0] >> 20 for row in db.execute("SELECT id FROM recipient"))
        return {ids.get(push, push): counts[push] for push in set(ids) | set(counts)}
    finally:
        db.close()


class Others:
    """Another initiator's pushes, one after the other, while something else goes on."""

    def __init__(self, gw):
        self.gw, self.ids, self.took, self.failed, self.halt = gw, [], [], [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        wait_for(lambda: len(self.ids) >= 3, "the other initiator's first pushes")

    def run(self):
        while not self.halt.is_set():
            began, push_id = time.monotonic(), new_id("other")
            reply = self.gw.push("+12035550123", push_id=push_id, user=OTHER[0], password=OTHER[1])
            self.took.append(time.monotonic() - began)
            (self.ids if reply.code == 1001 else self.failed).append(push_id)

    def stop(self, what):
        self.halt.set()
        self.thread.join()
        equal(self.failed, [])
        note("%s: %d pushes of another initiator meanwhile, answered in %.1f ms at the most" % (
            what, len(self.took), max(self.took) * 1000))
        assert max(self.took) < harness.SOON_S, max(self.took)


@case
def one_push_to_very_many():
    """Its body is stored once; every recipient has its state; others go on."""
    gw = Gateway(harness.free_port(), initiators=initiator() + initiator("other", *OTHER), smsc_more=RECONNECT)
    to, push_id = numbers(MANY), new_id()
    others = Others(gw)
    before, began = len(others.ids), time.monotonic()
    reply = gw.push(to, push_id=push_id, content="x" * 20000, content_type="text/plain")
    equal(reply.code, 1001, reply.desc)
    note("accepted in %.2f s" % (time.monotonic() - began))
    assert len(others.ids) > before, "nobody else was answered meanwhile"
    others.stop("acceptance")
    size = sum(os.path.getsize(os.path.join(gw.folder, f)) for f in os.listdir(gw.folder) if f.startswith("ppg.db"))
    note("the store has %.1f MiB" % (size / 1048576))
    assert size < MANY * 1000 + 20000000, size           # a body each would be 20 times as much
    equal((gw.show(push_id)["n_recipients"], gw.show(push_id)["n_final"]), (MANY, 0))
    others = Others(gw)
    equal(status(gw, push_id), pending(MANY))
    for at in (0, MANY // 2, MANY - 1):
        equal(status(gw, push_id, [to[at]]), pending(1))
    equal(status(gw, push_id, ["+12029999999"]), {(2003, "unknown"): 1})

    response, took = operation(gw, "cancel-message", push_id, to[SOME:2 * SOME])
    note("%d cancelled in %.2f s" % (SOME, took))
    equal(results(response), {(1000, None): SOME})
    equal(gw.show(push_id)["n_final"], SOME)
    equal(status(gw, push_id, [to[SOME - 1], to[SOME], to[2 * SOME - 1], to[2 * SOME]]),
          {(1000, "pending"): 2, (1000, "cancelled"): 2})
    response, took = operation(gw, "cancel-message", push_id)
    note("the rest cancelled in %.2f s" % took)
    equal(results(response), {(1000, None): MANY - SOME, (3003, None): SOME})
    equal(gw.show(push_id)["n_final"], MANY)
    equal(status(gw, push_id), {(1000, "cancelled"): MANY})
    others.stop("status and cancel")
    gw.stop()


@case
def cancel_of_many_that_are_at_the_smsc():
    """Some are waiting, some on the link, some at the SMSC: each is answered for, and what is cancelled stays so."""
    n = SOME // 5
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more="max-pending-submits = 20")
    gw.wait_link()
    sim.receipts(mode="hold")
    push_id = new_id()
    equal(gw.push(numbers(n), push_id=push_id).code, 1001)
    wait_for(lambda: sim.stats()["messages"] >= n // 20, "some to be at the SMSC")
    response, took = operation(gw, "cancel-message", push_id)
    got = results(response)
    note("%d cancelled in %.2f s, %d of them at the SMSC" % (n, took, sim.stats()["cancelled"]))
    equal(sum(got.values()) if len(got) > 1 else list(got), n if len(got) > 1 else [(1000, None)], str(got))
    assert {code for code, _ in got} <= {1000, 2008}, got
    cancelled = n if len(got) == 1 else got[(1000, None)]
    sim.receipts(mode="auto")
    wait_for(lambda: gw.metric("recipients_pending") == 0, "every recipient to reach a final state")
    states = status(gw, push_id)
    equal(states[(1000, "cancelled")], cancelled, str(states))
    live = collections.Counter(m["state"] for m in sim.messages())
    assert live["DELIVRD"] == n - cancelled, live
    gw.stop()
    sim.stop()


@case
def death_in_the_middle_of_the_acceptance():
    """Of a push that was not answered nothing is left, or all of it; one that was answered is whole."""
    rng, n = random.Random(SEED), MANY // 4
    note("seed %d (KILL_SEED)" % SEED)
    gw = Gateway(harness.free_port(), smsc_more=RECONNECT)
    to = numbers(n)
    began = time.monotonic()
    whole = [new_id()]
    equal(gw.push(to, push_id=whole[0]).code, 1001)
    usual = time.monotonic() - began
    outcome = collections.Counter()
    for number in range(8):
        push_id, replies = new_id(), []

        def submit(push_id=push_id, replies=replies):
            try:
                replies.append(gw.push(to, push_id=push_id).code)
            except OSError:
                replies.append(None)
            except Exception as why:                            # an answer that was cut off
                replies.append(None if "RemoteDisconnected" in repr(why) or "IncompleteRead" in repr(why) else repr(why))
        thread = threading.Thread(target=submit, daemon=True)
        thread.start()
        time.sleep(usual * rng.uniform(0.1, 1.2))               # the moment of death is what is random here
        gw.kill()
        thread.join()
        gw.start()
        shown = gw.show(push_id)
        assert replies[0] in (None, 1001), replies
        outcome["answered" if replies[0] else "whole" if shown else "gone"] += 1
        if replies[0] or shown:
            equal((shown["n_recipients"], len(shown["recipients"]) > 0), (n, True))
            whole.append(push_id)
        else:
            equal([code for code, _ in status(gw, push_id)], [2004])
        if number % 2 == 0 and not shown:
            equal(gw.push(to, push_id=push_id).code, 1001)      # its push-id was not used up
            whole.append(push_id)
    note(dict(outcome))
    wait_for(lambda: gw.metric("store_recipients") == n * len(whole), "the rest to be swept", 120)
    gw.stop()
    equal(stored(gw), {push_id: n for push_id in whole})


@case
def death_while_it_is_sent():
    """Twice; every recipient gets it, and no more twice than were counted as possible."""
    rng, n = random.Random(SEED + 1), SOME
    sim = harness.Smscsim()
    gw = Gateway(sim.port, log_level=2, smsc_more="max-pending-submits = 10")
    gw.wait_link()
    push_id = new_id()
    equal(gw.push(numbers(n), push_id=push_id).code, 1001)
    recovered = 0
    for part in (0.2, 0.5):
        wait_for(lambda: sim.stats()["messages"] >= n * part * rng.uniform(0.5, 1), "some to be sent", every_s=0.002)
        gw.kill()
        gw.start()
        gw.wait_link()
        recovered += gw.metric("recovered_total")
    gw.wait_state(push_id, "delivered", 120)
    equal(gw.show(push_id)["n_final"], n)
    got = collections.Counter(m["dest"] for m in sim.messages())
    twice = sum(got.values()) - n
    note("%d sent twice, %d counted as possible" % (twice, recovered))
    equal(sorted(got), [x[1:] for x in numbers(n)])
    assert twice <= recovered, "more duplicates than were counted as possible"
    gw.stop()
    sim.stop()


def ask_and_wait(gw, push_id):
    """A connection whose status query is being answered, of which the kernel takes little."""
    doc = ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n<pap><statusquery-message push-id="%s"/></pap>'
           % (PAP_TYPES["2.0"], push_id)).encode()
    login = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(harness.DEADLINE_S)
    sock.connect(("127.0.0.1", urllib.parse.urlsplit(gw.url).port))
    sock.sendall(("POST /wappush HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nContent-Type: application/xml\r\n"
                  "Connection: close\r\nContent-Length: %d\r\n\r\n" % (login, len(doc))).encode() + doc)
    return sock, sock.recv(12)


@case
def answers_that_nobody_takes():
    """They count in max-held: a query has to wait for room, and gets its answer when there is some."""
    if MANY < 100000:
        raise harness.Skip("the kernel takes answers of this size")
    own = Gateway(harness.free_port(), ppg_more="max-held = 16M\n")
    push_id = new_id()
    equal(own.push(numbers(MANY), push_id=push_id).code, 1001)
    slow = [ask_and_wait(own, push_id) for _ in range(2)]
    equal([head for _, head in slow], [b"HTTP/1.1 202"] * 2)
    sock, head = ask_and_wait(own, push_id)
    equal(head, b"HTTP/1.1 503")
    text = sock.recv(4096).decode()
    assert "Retry-After: 1\r\n" in text and "try again" in text, text
    for s in (slow[0][0], sock):
        s.close()
    wait_for(lambda: ask_and_wait(own, push_id)[1] == b"HTTP/1.1 202", "room")
    own.stop()


harness.main()
