"""An SMSC that misbehaves: whatever it does, every accepted push is delivered in the end, and repeats are counted."""
import harness
from gateway import Gateway, new_id
from harness import case, equal

sim = harness.Smscsim()
gw = Gateway(sim.port, log_level=2, smsc_more="max-pending-submits = 10\nwait-ack = 2s\nreconnect-delay = 1s\n"
             "reconnect-delay-max = 2s\nenquire-link-interval = 5s")
gw.wait_link()
PUSHES = 40


def survive(kind, **fault):
    """Push under a fault that goes away; all are delivered, repeats stay within what ppgd counted."""
    before, maybe = sim.stats(), gw.metric("maybe_sent_total")
    sim.fault(kind, **fault)
    ids = [new_id(kind) for _ in range(PUSHES)]
    for n, push_id in enumerate(ids):
        equal(gw.push("+1202557%04d" % n, push_id=push_id).code, 1001)
    harness.wait_for(lambda: gw.metric("recipients_pending") == 0, "all pushes to be final", 180)
    sim.clear_faults()
    for push_id in ids:
        equal(gw.show(push_id)["state"], "delivered", push_id)
    sent = sim.stats()["messages"] - before["messages"]
    repeats = gw.metric("maybe_sent_total") - maybe
    assert PUSHES <= sent <= PUSHES + repeats, "%d sent, %d pushed, %d may be repeats" % (sent, PUSHES, repeats)
    gw.wait_link()


@case
def s13_throttled():
    survive("throttle", count=5)
    equal(gw.metric("refused_total"), 0)


@case
def s13_queue_full():
    survive("queue_full", count=5)
    equal(gw.metric("refused_total"), 0)


@case
def s14_responses_stop():
    survive("drop_response", count=10)


@case
def connection_lost_in_the_middle_of_a_response():
    survive("disconnect", value=7, count=3)


@case
def s01_garbage_instead_of_a_response():
    survive("garbage", count=2)


@case
def s14_half_open_connection():
    survive("half_open", count=1)


@case
def slow_responses():
    survive("delay", value=20, count=40)


@case
def s04_responses_to_nothing_that_was_asked():
    survive("wrong_sequence", count=5)


@case
def s10_receipts_overtake_the_responses():
    survive("receipt_first", value=100)


@case
def s11_every_receipt_three_times():
    before = sim.stats()["receipts_sent"]
    survive("duplicate_receipt", value=2)
    harness.wait_for(lambda: sim.stats()["receipts_waiting"] == 0, "all receipts to be answered")
    equal(sim.stats()["receipts_sent"] - before, 3 * PUSHES)


@case
def peer_that_reads_slowly():
    survive("slow_reader", value=2000, count=1)


@case
def parts_of_one_message_under_faults():
    """A message of several parts is delivered whole, with the same reference when it is sent again."""
    push_id = new_id()
    sim.fault("disconnect", count=1)
    equal(gw.push("+12025570999", content="y" * 700, content_type="text/plain", push_id=push_id).code, 1001)
    gw.wait_state(push_id, "delivered", 120)
    got = sim.messages(dest="12025570999")
    equal(got[-1]["message"]["body"]["value"], "y" * 700)
    udhs = [bytes.fromhex(part)[1:13] for m in got for part in m["segments"]]
    refs = {udh[udh.index(b"\x08\x04") + 2:][:2] for udh in udhs}
    equal(len(refs), 1, refs)


@case
def s10_receipts_for_nothing_that_was_sent():
    """They are answered, and change nothing: the push waits for its own, others go on."""
    harness.wait_for(lambda: sim.stats()["receipts_waiting"] == 0, "answers to those of the cases before")
    before = sim.stats()["receipts_acknowledged"]
    sim.fault("unknown_id", count=1)
    lonely, other = new_id(), new_id()
    equal(gw.push("+12025570998", push_id=lonely).code, 1001)
    harness.wait_for(lambda: sim.stats()["receipts_acknowledged"] == before + 1, "the answer to the receipt")
    equal(gw.push("+12025570997", push_id=other).code, 1001)
    gw.wait_state(other, "delivered")
    equal(gw.show(lonely)["state"], "pending")


@case
def orderly_stop():
    gw.stop()
    sim.stop()


harness.main()
