"""Receipts that do not come: the SMSC is asked what became of the message (query_sm) before the wait for them ends."""
import time

import harness
import smpp_client
from gateway import Gateway, Receiver, new_id
from harness import case, equal, note, wait_for

MARGIN = "receipt-margin = 10m"
sim = harness.Smscsim()
receiver = Receiver()
NOTIFY = 'ppg-notify-requested-to="%s" ' % receiver.url


def before(t):
    return 'deliver-before-timestamp="%s" ' % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def gateway(**more):
    more.setdefault("store_more", MARGIN)
    gw = Gateway(sim.port, ppg_more='notify-allow = "127.0.0.0/8"\n', **more)
    gw.wait_link()
    return gw


def push(gw, to, in_s=3, **more):
    push_id = new_id()
    reply = gw.push(to, push_id=push_id, attributes=NOTIFY + before(int(time.time()) + in_s), **more)
    equal(reply.code, 1001, reply.desc)
    return push_id


def sent(gw, push_id):
    """Has all of it gone to the SMSC? Its end may have come since: a machine may stand still for seconds."""
    return all(r["step"] == "submitted" or r["state"] != "pending" for r in gw.show(push_id)["recipients"])


def link(gw, name="main"):
    return [l for l in gw.admin("/api/v1/links").json() if l["smsc_id"] == name][0]


def audited(gw, push_id):
    answer = gw.admin("/api/v1/audit?push-id=" + push_id)
    equal(answer.status, 200, answer.text)
    return [row["event"] for row in answer.json()["rows"]]


def over(at):
    time.sleep(max(0, at + 0.1 - time.time()))


# ---- what the SMSC answers --------------------------------------------------------------------------------

@case
def delivered_without_a_receipt():
    gw = gateway()
    sim.receipts(mode="auto", state="DELIVRD")
    sim.fault("unknown_id", count=100)
    push_id = push(gw, "+12025550181", content="x" * 300, content_type="text/plain")    # three parts
    wait_for(lambda: sent(gw, push_id), "the parts to be submitted")
    gw.wait_state(push_id, "delivered")
    sim.clear_faults()
    equal((link(gw)["queries"], link(gw)["queried"]), (3, 3))
    equal(gw.metric("asked_total"), 1)
    equal(gw.metric("delivered_total"), 1)
    got = receiver.wait(1)[-1]
    equal((got["message-state"], got["code"]), ("delivered", "1000"))
    events = audited(gw, push_id)
    equal(events[-2:], ["state asked for", "receipt delivered"], events)
    gw.stop()


@case
def failed_without_a_receipt():
    gw = gateway()
    sim.receipts(mode="auto", state="UNDELIV")
    sim.fault("unknown_id", count=100)
    push_id = push(gw, "+12025550182")
    gw.wait_state(push_id, "undeliverable")
    sim.clear_faults()
    assert "asked: state 5" in gw.show(push_id)["recipients"][0]["desc"], gw.show(push_id)
    sim.receipts(state="DELIVRD")
    gw.stop()


@case
def expired_without_a_receipt():
    gw = gateway()
    sim.receipts(mode="auto", state="EXPIRED")
    sim.fault("unknown_id", count=100)
    push_id = push(gw, "+12025550183")
    gw.wait_state(push_id, "expired")
    sim.clear_faults()
    sim.receipts(state="DELIVRD")
    gw.stop()


@case
def the_smsc_does_not_know_yet():
    """ENROUTE decides nothing: the wait for the receipt ends it, and one question was enough."""
    gw = gateway(store_more="receipt-margin = 5s")
    sim.receipts(mode="hold")
    push_id = push(gw, "+12025550184", in_s=2)
    wait_for(lambda: link(gw)["queried"] == 1, "the question")
    gw.wait_state(push_id, "undeliverable")
    equal(audited(gw, push_id)[-2:], ["state asked for", "no receipt"])
    equal(link(gw)["queries"], 1)
    sim.receipts(mode="auto")
    gw.stop()


@case
def a_receipt_after_the_question():
    gw = gateway()
    sim.receipts(mode="hold")
    push_id = push(gw, "+12025550185", in_s=2)
    wait_for(lambda: link(gw)["queried"] == 1, "the question")
    sim.receipts(mode="auto")
    gw.wait_state(push_id, "delivered")
    equal(link(gw)["queries"], 1)
    gw.stop()


@case
def an_smsc_that_has_forgotten_it():
    """It refuses the question; the wait for the receipt ends it."""
    own = harness.Smscsim()
    own.receipts(mode="hold")
    gw = Gateway(own.port, store_more="receipt-margin = 6s", smsc_more="reconnect-delay-max = 1s")
    gw.wait_link()
    push_id = push(gw, "+12025550190", in_s=8)      # the SMSC has gone by then
    wait_for(lambda: sent(gw, push_id), "the submission")
    own.stop()
    own = harness.Smscsim(port=own.port)
    gw.wait_state(push_id, "undeliverable")
    equal(audited(gw, push_id)[-2:], ["state asked for", "no receipt"])
    equal((link(gw)["queries"], link(gw)["queried"]), (1, 0))
    gw.stop()
    own.stop()


@case
def an_smsc_that_does_not_answer():
    """It was asked, and that is all; the link stays, and a receipt is welcome."""
    port = harness.free_port()
    gw = gateway(smsc_more="\ngroup = smsc\nsmsc = smpp\nsmsc-id = mute\nsmsc-username = ppg\nwait-ack = 1s\n"
                 "outbind-port = %d\noutbind-allow = 127.0.0.1\noutbind-password = hello\noutbind-bind = transceiver\n"
                 "\ngroup = route\nname = mute\nprefix = +34\nlinks = mute\n" % port)
    wait_for(lambda: harness.is_listening(port), "the port for outbind")
    smsc = smpp_client.Esme(port)
    smsc.send(smpp_client.OUTBIND, b"x\0hello\0")
    smsc.answer(smsc.next_request(), body=b"x\0")
    push_id = push(gw, "+34255550192")
    submit = smsc.next_request()
    equal(submit.id, smpp_client.SUBMIT_SM)
    smsc.answer(submit, body=b"A9\0")
    query = smsc.next_request()
    equal((query.id, query.body[:3]), (smpp_client.QUERY_SM, b"A9\0"))
    wait_for(lambda: "state asked for" in audited(gw, push_id), "the question to be given up")
    equal((link(gw, "mute")["state"], link(gw, "mute")["queried"]), ("up", 0))
    equal(gw.show(push_id)["state"], "pending")
    receipt = smpp_client.submit_body("+12025550100", b"id:A9 stat:DELIVRD err:000", source="+34255550192", esm_class=4)
    equal(smsc.response(smsc.send(smpp_client.DELIVER_SM, receipt)).status, 0)
    gw.wait_state(push_id, "delivered")
    gw.program.signal(15)
    smsc.answer(smsc.next_request(), body=b"")
    equal(gw.program.wait(), 0)


@case
def sent_from_the_address_of_a_route():
    """The SMSC tells only who asks from the address that the message came from."""
    gw = gateway(smsc_more="\ngroup = route\nname = own\nlinks = main\nsource-addr = 4242")
    sim.receipts(mode="auto")
    sim.fault("unknown_id", count=100)
    push_id = push(gw, "+12025550191")
    gw.wait_state(push_id, "delivered")
    sim.clear_faults()
    equal((link(gw)["queries"], link(gw)["queried"]), (2, 1))
    gw.stop()


# ---- when it cannot be asked -------------------------------------------------------------------------------

@case
def asked_when_the_link_is_back():
    gw = gateway()
    sim.receipts(mode="hold")
    at = int(time.time()) + 8               # the link has gone by then, also where the machine stands still for a while
    push_id = push(gw, "+12025550186", in_s=8)
    wait_for(lambda: sent(gw, push_id), "the submission")
    right = gw.settings["smsc_port"]
    gw.write_config(smsc_port=harness.free_port())
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    wait_for(lambda: link(gw)["state"] != "up", "the link to be down")
    sim.receipts(mode="none")       # it keeps no receipt for later
    over(at + 2)
    equal(gw.show(push_id)["state"], "pending")
    gw.write_config(smsc_port=right)
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    gw.wait_link()
    wait_for(lambda: link(gw)["queried"] == 1, "the question")
    assert "state asked for" in audited(gw, push_id), audited(gw, push_id)
    sim.receipts(mode="auto")
    gw.stop()


@case
def asked_after_a_restart():
    """The deadline passes while nobody runs."""
    gw = gateway()
    sim.receipts(mode="auto")
    sim.fault("unknown_id", count=100)
    at = int(time.time()) + 2
    push_id = push(gw, "+12025550187", in_s=2)
    wait_for(lambda: sent(gw, push_id), "the submission")
    gw.kill()
    over(at)
    gw.start()
    gw.wait_state(push_id, "delivered")
    sim.clear_faults()
    gw.stop()


@case
def where_it_is_not_wanted():
    gw = gateway(smsc_more="query-receipts = false", store_more="receipt-margin = 3s")
    sim.receipts(mode="auto")
    sim.fault("unknown_id", count=100)
    push_id = push(gw, "+12025550188", in_s=2)
    gw.wait_state(push_id, "undeliverable")
    sim.clear_faults()
    equal(link(gw)["queries"], 0)
    assert "state asked for" not in audited(gw, push_id)
    gw.stop()


# ---- many --------------------------------------------------------------------------------------------------

@case
def a_backlog_is_asked_for_slowly():
    """A tenth of the throughput, each once, and pushes go on beside it."""
    many = 60
    gw = gateway(smsc_more="throughput = 200\nmax-pending-submits = 50")
    sim.receipts(mode="auto")
    sim.fault("unknown_id", count=1000)
    at = int(time.time()) + 4
    push_id = push(gw, ["+12025551%03d" % n for n in range(many)], in_s=4)
    wait_for(lambda: sent(gw, push_id), "the submissions")
    sim.clear_faults()
    over(at)
    other = new_id()
    equal(gw.push("+12025550189", push_id=other).code, 1001)
    gw.wait_state(other, "delivered")
    gw.wait_state(push_id, "delivered")
    took = time.time() - at             # nobody is asked before
    note("%d in %.1f s" % (many, took))
    assert took > 1.5, took             # 20 a second
    equal(link(gw)["queries"], many)
    equal(gw.metric("asked_total"), many)
    said = [line for line in gw.program.tail(1000) if "receipts do not come" in line]
    equal(len(said), 1, said)
    gw.stop()


harness.main()
