"""Kannel's own push initiator, test_ppg with its si.txt and smstestppg.txt, is a client that works unchanged."""
import os

import harness
from gateway import Gateway
from harness import case, equal

FOLDER = "/usr/lib/kannel/test"
if not os.path.exists(FOLDER + "/test_ppg"):
    print("1..0 # SKIP kannel-extras is not installed")
    raise SystemExit(0)

sim = harness.Smscsim()
gw = Gateway(sim.port, trusted=True, initiators="")
gw.wait_link()


def test_ppg(*options, pap="smstestppg.txt", content="si.txt"):
    # test_ppg ends with status 0 whatever came back; what it printed tells
    status, out, err = harness.run([os.path.join(FOLDER, "test_ppg")] + list(options) + [
        gw.url, os.path.join(FOLDER, content), os.path.join(FOLDER, pap)])
    equal(status, 0)
    return out + err


@case
def si_reaches_the_device():
    said = test_ppg()
    assert "1001" in said, said
    m = sim.wait_messages(1)[-1]
    equal(m["dest"].lstrip("+"), "358408201681")
    equal(m["message"]["content_type"], "application/vnd.wap.sic")
    assert "You have 4 new emails" in m["message"]["body"]["value"], m
    equal(gw.show("9fjeo39jf084@pi.com")["initiator"], "trusted")


@case
def its_own_pap_compiler_reads_our_answers():
    said = test_ppg()
    assert "2007" in said, said         # the push-id in the file is always the same
    assert "cannot compile" not in said, said


@case
def an_address_no_link_serves_is_2002():
    said = test_ppg(pap="iptestppg.txt")
    assert "2002" in said or "2007" in said, said


harness.main()
