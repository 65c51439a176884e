"""ppgd with an SMSC that is not ours: smsc_node.js, on node-smpp; and node-smpp as an ESME of smscsim."""
import os
import re
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
import node_peer                                           # noqa: E402
from gateway import Gateway, PAP_TYPES, SENDER, new_id     # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402

argv, env, why_not = node_peer.command()
if why_not:
    print("1..0 # SKIP " + why_not)
    raise SystemExit(0)

PORTS = "0605040b8423f0"


class Smsc:
    """smsc_node.js and a gateway that is bound to it."""

    def __init__(self, more=""):
        self.program = harness.Program(argv, env=env)
        self.port = int(self.program.wait_line(r"^port (\d+)").group(1))
        self.gw = Gateway(self.port, store_more="receipt-margin = 10m",
                          smsc_more="enquire-link-interval = 1\nreconnect-delay = 1\n" + more.format(port=self.port))
        self.gw.wait_link()

    def printed(self, number, n_parts):
        """The submit_sm PDUs for a number, as dictionaries."""
        def lines():
            found = [line for line in self.program.text().splitlines() if line.startswith("submit to=%s " % number)]
            return found if len(found) >= n_parts else None
        parts = wait_for(lines, "%d submit_sm" % n_parts)
        equal(len(parts), n_parts)
        return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in parts]

    def push(self, number, state, n_parts=1, **more):
        """The recipient that the gateway shows in the end, and the submit_sm PDUs."""
        push_id = new_id()
        equal(self.gw.push("+" + number, push_id=push_id, **more).code, 1001)
        recipient = self.gw.wait_state(push_id, state)["recipients"][0]
        return recipient, self.printed(number, n_parts)

    def stop(self):
        self.gw.stop()
        assert "error" not in self.program.text(), self.program.tail()
        equal(self.program.text("err"), "")
        self.program.kill()


LONG = dict(content="x" * 600, content_type="text/plain")
smsc = Smsc()


@case
def delivered():
    """one part, and the receipt is matched by an id that is no number"""
    recipient, parts = smsc.push("12025550400", "delivered")
    equal((parts[0]["from"], parts[0]["esm"], parts[0]["coding"], parts[0]["receipt"]), (SENDER[1:], "64", "4", "1"))
    equal(recipient["message_ids"], [parts[0]["id"]])
    assert parts[0]["ud"].startswith(PORTS), parts


@case
def delivered_in_parts():
    """with 16-bit references"""
    recipient, parts = smsc.push("12025550401", "delivered", 5, **LONG)
    equal(recipient["message_ids"], [p["id"] for p in parts])
    octets = [bytes.fromhex(p["ud"]) for p in parts]
    for n, o in enumerate(octets, 1):
        equal((o[:3], o[5:]), (b"\x0c\x08\4", bytes([5, n]) + bytes.fromhex("05040b8423f0") + o[13:]))
    equal(len({o[3:5] for o in octets}), 1, "one reference")
    assert b"".join(o[13:] for o in octets).endswith(b"x" * 600), octets


@case
def delivered_by_a_receipt_of_text_alone():
    smsc.push("12025550407", "delivered")


@case
def undeliverable_by_receipt():
    smsc.push("12025550409", "undeliverable")


@case
def refused():
    recipient, parts = smsc.push("12025550408", "undeliverable")
    equal((recipient["code"], parts[0]["status"]), (2002, "11"))
    assert "RINVDSTADR" in recipient["desc"], recipient


@case
def throttled():
    """put off twice, then taken"""
    recipient, parts = smsc.push("12025550405", "delivered", 3)
    equal([p["status"] for p in parts], ["88", "88", "0"])
    equal(recipient["message_ids"], [parts[2]["id"]])


@case
def cancelled():
    """one cancel_sm for each part, with the addresses and ids that it knows"""
    push_id = new_id()
    equal(smsc.gw.push("+12025550406", push_id=push_id, **LONG).code, 1001)
    ids = [p["id"] for p in smsc.printed("12025550406", 5)]
    wait_for(lambda: smsc.gw.show(push_id)["recipients"][0]["message_ids"] == ids, "the ids to be stored")
    reply = smsc.gw.post(('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n<pap>'
                          '<cancel-message push-id="%s"/></pap>' % (PAP_TYPES["2.0"], push_id)).encode(), "application/xml")
    root = xml.etree.ElementTree.fromstring(reply.text)
    equal([result.get("code") for result in root.iter("cancel-result")], ["1000"], reply.text)
    smsc.gw.wait_state(push_id, "cancelled")
    got = re.findall(r"^cancel id=(\S+) good=(\d)$", smsc.program.text(), re.M)
    equal(sorted(got), sorted((i, "1") for i in ids))


@case
def asked():
    """query_sm of each part when the receipts do not come: what it answers counts"""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    recipient, parts = smsc.push("12025550403", "delivered", 5, attributes='deliver-before-timestamp="%s"' % until, **LONG)
    got = re.findall(r"^query id=(\S+) good=(\d)$", smsc.program.text(), re.M)
    equal(sorted(got), sorted((p["id"], "1") for p in parts))


@case
def both_ends_ask_whether_the_other_is_there():
    smsc.program.wait_line(r"pdu enquire_link_resp status=0")
    smsc.program.wait_line(r"pdu enquire_link status=0")


@case
def an_smsc_that_unbinds():
    """is answered; the link comes back and serves"""
    smsc.push("12025550404", "delivered")
    smsc.program.wait_line(r"pdu unbind_resp status=0")
    smsc.program.wait_line(r"^gone")
    wait_for(lambda: len(re.findall(r"^bind ", smsc.program.text(), re.M)) == 2, "the second bind")
    smsc.gw.wait_link()
    smsc.push("12025550402", "delivered")


@case
def an_orderly_end():
    receipts = len(re.findall(r"^submit .* status=0 ", smsc.program.text(), re.M)) - 10	# cancelled, or asked for
    wait_for(lambda: smsc.program.text().count("pdu deliver_sm_resp status=0") == receipts, "answers to %d receipts" % receipts)
    smsc.gw.stop()
    smsc.program.wait_line(r"pdu unbind status=0")
    wait_for(lambda: smsc.program.text().count("gone") == 2, "the end of the connection")
    smsc.stop()


@case
def sar():
    """ports and parts in TLVs; a transmitter and a receiver"""
    own = Smsc("segmentation = sar\nreceive-port = {port}")
    _, parts = own.push("12025550410", "delivered", 5, **LONG)
    equal([(p["esm"], p["source_port"], p["dest_port"]) for p in parts], [("0", "9200", "2948")] * 5)
    equal([(p["sar_msg_ref_num"], p["sar_total_segments"], p["sar_segment_seqnum"]) for p in parts],
          [(parts[0]["sar_msg_ref_num"], "5", str(n)) for n in range(1, 6)])
    assert bytes.fromhex("".join(p["ud"] for p in parts)).endswith(b"x" * 600), parts
    equal(sorted(re.findall(r"^bind (\w+)", own.program.text(), re.M)), ["bind_receiver", "bind_transmitter"])
    own.stop()


@case
def payload():
    """all of it in message_payload; version 5.0"""
    own = Smsc("segmentation = payload\ninterface-version = 50")
    _, parts = own.push("12025550410", "delivered", 1, **LONG)
    equal((parts[0]["ud"], parts[0]["source_port"], parts[0]["dest_port"]), ("", "9200", "2948"))
    assert bytes.fromhex(parts[0]["payload"]).endswith(b"x" * 600), parts
    equal(re.findall(r"^bind bind_transceiver version=(\d+)", own.program.text(), re.M), ["80"])
    own.stop()


@case
def an_esme_of_smscsim():
    """bind, submit_sm, query_sm, cancel_sm, unbind by node-smpp"""
    sim = harness.Smscsim("--quiet")
    sim.receipts(delay_ms=60000)
    client = harness.Program(argv + ["client", str(sim.port)], env=env)
    equal(client.wait(), 0)
    answers = [dict(re.findall(r"(\w+)=(\S*)", line), pdu=line.split()[1])
               for line in client.text().splitlines() if line.startswith("answer ")]
    equal([(a["pdu"], a["status"]) for a in answers],
          [("bind_transceiver_resp", "0"), ("enquire_link_resp", "0"), ("submit_sm_resp", "0"), ("query_sm_resp", "0"),
           ("cancel_sm_resp", "0"), ("query_sm_resp", "0"), ("cancel_sm_resp", "12"), ("unbind_resp", "0")])
    equal([a["message_state"] for a in answers if a["pdu"] == "query_sm_resp"], ["1", "4"])      # en route, deleted
    equal(client.text("err"), "")
    sim.stop()


harness.main()
