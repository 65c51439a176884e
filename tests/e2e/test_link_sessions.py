"""Links of several sessions, a transmitter with its receiver, ways to cut: pushes go out, receipts come back."""
import gateway
import harness
from gateway import Gateway, Receiver, new_id
from harness import case, equal

PUSHES = 30


def delivers(more, sessions):
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more=more.format(port=sim.port))
    try:
        gw.wait_link()
        harness.wait_for(lambda: sim.stats()["binds"] == sessions, "%d binds" % sessions)
        ids = [new_id("session") for _ in range(PUSHES)]
        for n, push_id in enumerate(ids):
            equal(gw.push("+1202555%04d" % n, push_id=push_id).code, 1001)
        harness.wait_for(lambda: gw.metric("recipients_pending") == 0, "all pushes to be final")
        for push_id in ids:
            equal(gw.show(push_id)["state"], "delivered", push_id)
        equal(sim.stats()["messages"], PUSHES)
    finally:
        gw.stop()


@case
def three_transceivers():
    delivers("instances = 3\nmax-pending-submits = 2", 3)


@case
def transmitters_and_receivers():
    delivers("receive-port = {port}\ninstances = 2", 4)


@case
def every_way_to_cut():
    content = gateway.SI.replace("You have new mail", "You have new mail. " * 20)
    for way in ("udh16", "udh8", "sar", "payload"):
        sim = harness.Smscsim()
        gw = Gateway(sim.port, smsc_more="segmentation = " + way)
        try:
            gw.wait_link()
            push_id = new_id(way)
            equal(gw.push("+12025550188", push_id=push_id, content=content).code, 1001)
            harness.wait_for(lambda: gw.show(push_id)["state"] == "delivered", "the push to be delivered", 30)
            (message,) = sim.messages()
            equal(message["ports_in"], "udh" if way.startswith("udh") else "tlv")
            equal(len(message["message_ids"]) > 1, way != "payload")
            assert "You have new mail. You have new mail." in str(message), message
        finally:
            gw.stop()


@case
def receipts_that_decide_nothing():
    sim = harness.Smscsim()
    gw = Gateway(sim.port)
    gw.wait_link()
    for state in ("UNKNOWN", "ACCEPTD", "ENROUTE"):
        before = sim.stats()["receipts_acknowledged"]
        sim.receipts(mode="auto", state=state)
        push_id = new_id(state)
        equal(gw.push("+12025550190", push_id=push_id).code, 1001)
        harness.wait_for(lambda: sim.stats()["receipts_acknowledged"] > before, "the receipt to be acknowledged")
        equal(gw.show(push_id)["state"], "pending")
    gw.stop()


@case
def receipts_twice_early_and_of_nobody():
    """One that comes again or before its response counts once; one that names nothing is kept for a while, and counted."""
    sim, receiver = harness.Smscsim(), Receiver()
    gw = Gateway(sim.port, ppg_more='notify-allow = "127.0.0.0/8"')
    gw.wait_link()

    def push(number, **more):
        push_id = new_id()
        equal(gw.push(number, push_id=push_id, attributes='ppg-notify-requested-to="%s" ' % receiver.url, **more).code, 1001)
        return push_id

    sim.fault("duplicate_receipt", value=3, count=3)
    several = push("+12025550191", content="x" * 300, content_type="text/plain")        # each of three parts
    gw.wait_state(several, "delivered")
    harness.wait_for(lambda: gw.metric("receipts_total") == 12, "each receipt four times")
    sim.clear_faults()
    sim.fault("receipt_first", count=1)
    early = push("+12025550192")
    gw.wait_state(early, "delivered")
    unknown = gw.metric("receipts_unknown_total")
    sim.clear_faults()
    sim.fault("unknown_id", count=1)
    lost = push("+12025550193")
    harness.wait_for(lambda: gw.metric("receipts_unknown_total") == unknown + 1, "the receipt of nobody")
    equal(gw.show(lost)["state"], "pending")
    equal(gw.metric("delivered_total"), 2)
    receiver.wait(2)
    equal(sorted(receiver.read(body)["push-id"] for _, _, body in receiver.got), sorted([several, early]))
    gw.stop()
    sim.stop()


harness.main()
