"""SIGTERM while something is under way: it ends in time, and everybody is answered."""
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


harness.main()
