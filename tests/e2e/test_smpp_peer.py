"""ppgd with an SMSC that is not ours: smsc.pl, on Perl's Net::SMPP."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
from gateway import Gateway, SENDER, new_id                # noqa: E402
from harness import case, equal                            # noqa: E402

try:
    missing = harness.run(["perl", "-MNet::SMPP", "-e", "1"])[0] != 0
except FileNotFoundError:
    missing = True
if missing:
    print("1..0 # SKIP Perl's Net::SMPP is not installed")
    raise SystemExit(0)

smsc = harness.Program(["perl", harness.source("tests/e2e/smsc.pl")])
gw = Gateway(int(smsc.wait_line(r"^port (\d+)").group(1)), smsc_more="enquire-link-interval = 1")
gw.wait_link()


def push(number, state, n_parts=1, **more):
    """The recipient that the gateway shows in the end, and the submit_sm PDUs that the SMSC printed."""
    push_id = new_id()
    equal(gw.push("+" + number, push_id=push_id, **more).code, 1001)
    recipient = gw.wait_state(push_id, state)["recipients"][0]

    def printed():
        lines = [line for line in smsc.text().splitlines() if line.startswith("submit to=%s " % number)]
        return lines if len(lines) >= n_parts else None
    parts = harness.wait_for(printed, "%d submit_sm" % n_parts)
    equal(len(parts), n_parts)
    return recipient, [dict(re.findall(r"(\w+)=(\S*)", line)) for line in parts]


@case
def delivered():
    """One part, and the receipt that its SMSC makes is matched by an id that is no number."""
    recipient, parts = push("12025550400", "delivered")
    equal((parts[0]["from"], parts[0]["esm"], parts[0]["coding"], parts[0]["receipt"]), (SENDER[1:], "64", "4", "1"))
    equal(recipient["message_ids"], [parts[0]["id"]])
    assert parts[0]["ud"].startswith("0605040b8423f0"), parts


@case
def delivered_in_parts():
    recipient, parts = push("12025550401", "delivered", 5, content="x" * 600, content_type="text/plain")
    equal(recipient["segments"], 5)
    equal(recipient["message_ids"], [p["id"] for p in parts])
    joined = b"".join(bytes.fromhex(p["ud"])[13:] for p in parts)
    assert joined.endswith(b"x" * 600), joined


@case
def delivered_by_a_receipt_of_text_alone():
    push("12025550407", "delivered")


@case
def undeliverable_by_receipt():
    push("12025550409", "undeliverable")


@case
def refused():
    recipient, parts = push("12025550408", "undeliverable")
    equal((recipient["code"], parts[0]["status"]), (2002, "11"))
    assert "RINVDSTADR" in recipient["desc"], recipient


@case
def both_ends_ask_whether_the_other_is_there():
    smsc.wait_line(r"pdu enquire_link_resp status=0")
    smsc.wait_line(r"pdu enquire_link status=0")


@case
def every_receipt_is_answered_and_the_end_is_orderly():
    receipts = len([line for line in smsc.text().splitlines() if " status=0 id=" in line])
    harness.wait_for(lambda: smsc.text().count("pdu deliver_sm_resp status=0") == receipts, "answers to %d receipts" % receipts)
    gw.stop()
    smsc.wait_line(r"pdu unbind status=0")
    smsc.wait_line(r"^gone")
    equal(smsc.text("err"), "")
    smsc.kill()


harness.main()
