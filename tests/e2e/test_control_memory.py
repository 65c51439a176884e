"""What E-07, E-16 and E-20 remember when ppgd is killed, and what E-08 does not. Also what counts as a failure for E-07."""
import gateway
import glob
import hashlib
import hmac
import sqlite3
import time
import urllib.parse

import harness
from gateway import PROVURL, initiator, new_id
from harness import Smscsim, case, equal, wait_for

CP = "text/vnd.wap.connectivity-xml"
DOCUMENT = ('<?xml version="1.0"?><wap-provisioningdoc version="1.1"><characteristic type="%s">'
            '<parm name="%s" value="%s"/></characteristic></wap-provisioningdoc>')
APN = (DOCUMENT % ("CM_GPRSEntries", "NAME", "x")).encode()
POLICY = (DOCUMENT % ("SecurityPolicy", "4107", "3200")).encode()
TYPES = 'content-type = "text/plain;text/vnd.wap.si;%s"' % CP
CONTROL = '\ngroup = control\ne-17-tps-urls = "%s"\ne-20-subscribers = 3\ne-07-subscribers = 2000\n' % PROVURL
FORGETS = "E-08 remembers nothing from before this start"

sim = Smscsim()
gw = gateway.Gateway(sim.port, smsc_more="query-receipts = false", store_more="receipt-margin = 1\n" + CONTROL, initiators=(
    initiator("tps", user="tps", password="tps", more=TYPES + '\nrights = "secrets;privileged;open-device"') +
    initiator("shop", user="shop", password="shop", role="ppg-auth", uri="https://shop.example.net/", more=TYPES)))
gw.wait_link()
_last = [0]


def number():
    _last[0] += 1
    return "+12025556%03d" % _last[0]


def signed(body, pin):
    return CP + "; SEC=USERPIN; MAC=%s" % hmac.new(pin, body, hashlib.sha1).hexdigest().upper()


def push(to, content=APN, content_type=None, pin=b"7391", who="tps", push_id=None, attributes=""):
    return gw.push(to, content=content, content_type=content_type or signed(content, pin), user=who, password=who,
                   push_id=push_id or new_id(), headers=(("Cache-Control", "no-transform"),), attributes=attributes)


def accepted(reply):
    equal(reply.code, 1001, reply.text)
    return reply


def refused(reply, words):
    equal(reply.code, 2001, reply.text)
    assert words in reply.desc, reply.desc


def settled():
    """What was given to the store before this is in it."""
    accepted(push(number(), "x", "text/plain"))


def kill_and_start():
    gw.kill()
    gw.start()
    gw.wait_link()


@case
def rates_outlive_a_kill():
    one, other = number(), number()
    for pin in (b"7391", b"7402", b"7413"):
        accepted(push(one, pin=pin))
    accepted(push(other))
    kill_and_start()
    refused(push(one, pin=b"7424"), "E-07: 3 PIN-signed documents of this account")
    accepted(push(one, pin=b"7424", who="shop"))
    kill_and_start()
    accepted(push(one, pin=b"7435", who="shop"))
    refused(push(one, pin=b"7446", who="shop"), "E-07: 5 PIN-signed documents to the subscriber")
    accepted(push(other, pin=b"7457"))


@case
def each_of_many_recipients_is_remembered():
    many = [number() for _ in range(1100)]              # two chunks
    accepted(push(many))
    kill_and_start()
    for to in (many[0], many[999], many[1000], many[-1]):
        refused(push(to), "E-16")
    accepted(push(number()))


@case
def a_replay_is_one_after_a_kill():
    to = number()
    accepted(push(to, pin=b"6204"))
    kill_and_start()
    refused(push(to, pin=b"6204", who="shop"), "E-16: a document with this MAC was sent to the subscriber already")
    accepted(push(to, pin=b"6215"))


@case
def failures_outlive_a_kill():
    to = number()
    sim.receipts(state="UNDELIV")
    try:
        for pin in (b"7391", b"7402"):
            push_id = new_id()
            accepted(push(to, pin=pin, push_id=push_id))
            gw.wait_state(push_id, "undeliverable")
        settled()
        sim.receipts(mode="none", state="DELIVRD")
        push_id = new_id()
        accepted(push(to, pin=b"7413", who="shop", push_id=push_id))
        wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "the third one to be sent")
    finally:
        sim.receipts(mode="auto", state="DELIVRD")
    kill_and_start()
    accepted(push(to, pin=b"7424", who="shop"))         # two failures do not block
    kill_and_start()
    sim.receipts(state="UNDELIV")
    try:
        push_id = new_id()
        accepted(push(to, pin=b"7435", who="shop", push_id=push_id))
        gw.wait_state(push_id, "undeliverable")
    finally:
        sim.receipts(state="DELIVRD")
    settled()
    kill_and_start()
    refused(push(to, pin=b"7446", who="shop"), "E-07: PIN-signed documents to the subscriber failed too often")


@case
def what_was_sent_before_a_kill_fails_after_it():
    """The document is known to be one, and whose it was, although another process sent it"""
    to, late = number(), new_id()
    sim.receipts(mode="none")
    try:
        for i, pin in enumerate((b"7391", b"7402", b"7413")):
            before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20))
            accepted(push(to, pin=pin, push_id=late + str(i), attributes='deliver-before-timestamp="%s"' % before))
            wait_for(lambda: gw.show(late + str(i))["recipients"][0]["step"] == "submitted", "it to be sent")
        kill_and_start()
        # no receipt until the deadline and the margin: the store's own tick ends them
        for i in range(3):
            wait_for(lambda: gw.show(late + str(i))["n_final"] == 1, "the end of the wait")
            assert gw.show(late + str(i))["recipients"][0]["state"] != "delivered"
    finally:
        sim.receipts(mode="auto")
    wait_for(lambda: "failed too often" in (push(to, pin=b"7424", who="shop").desc or ""), "the block")
    settled()
    kill_and_start()
    refused(push(to, pin=b"7435", who="shop"), "failed too often")


@case
def how_many_were_reached_outlives_a_kill():
    gw.write_config(store_more="receipt-margin = 1\n" + CONTROL.replace("group = control", "group = control\ne-20 = enforce\ne-10 = off"))
    kill_and_start()
    first = new_id()
    accepted(push(number(), POLICY, CP + "; SEC=NETWPIN; MAC=" + "A" * 40, push_id=first))
    wait_for(lambda: gw.show(first)["recipients"][0]["step"] == "quarantined", "it to be held")
    equal(gw.admin("/api/v1/pushes/release?" + urllib.parse.urlencode({"push-id": first}), method="POST").status, 200)
    kill_and_start()                                    # of that one no more than 2 in this hour
    hour = int(time.time()) // 3600
    replies = [accepted(push(number(), POLICY, CP + "; SEC=NETWPIN; MAC=%040X" % i)) for i in range(2)]
    kill_and_start()
    replies.append(accepted(push(number(), POLICY, CP + "; SEC=NETWPIN; MAC=%040X" % 3)))
    held = ["for more than 3 subscribers" in (r.desc or "") for r in replies]
    if int(time.time()) // 3600 == hour:        # they count by the hour of the clock
        equal(held, [False, False, True])


@case
def e_08_says_that_it_forgets():
    wait_for(lambda: any(FORGETS in line for line in gw.program.tail()), "the log to tell")
    gw.write_config(store_more=CONTROL.replace("group = control", "group = control\ne-08 = off"))
    kill_and_start()
    assert not any(FORGETS in line for line in gw.program.tail()), gw.program.tail()


@case
def nothing_of_it_can_be_read_in_the_store():
    if not glob.glob(gw.folder + "/ppg.db"):
        raise harness.Skip("the store is no file")
    to, mac = number(), hmac.new(b"6631", APN, hashlib.sha1).hexdigest().upper()
    accepted(push(to, pin=b"6631"))
    db = sqlite3.connect("file:%s/ppg.db?mode=ro" % gw.folder, uri=True)
    rows = db.execute("SELECT key, other FROM memory").fetchall()
    db.close()
    assert len(rows) > 1000, len(rows)
    for row in rows:
        for octets in row:
            equal(len(octets), 16)
            assert mac[:16].encode() not in octets and to[1:].encode() not in octets and bytes.fromhex(mac)[:16] != octets


harness.main()
