"""Links of several sessions, and a transmitter with its receiver: pushes go out, receipts come back."""
import harness
from gateway import Gateway, new_id
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


harness.main()
