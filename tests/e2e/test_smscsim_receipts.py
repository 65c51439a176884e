"""smscsim: outcomes by chance that repeat, spelling of message ids, query_sm, messages of handsets."""
import collections
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                                            # noqa: E402
from harness import case, equal, http_post, http_request, wait_for        # noqa: E402
import smpp_client as smpp                                                # noqa: E402
from smpp_client import Esme                                              # noqa: E402

DEST = "+12025550123"
DEFAULTS = {"mode": "auto", "state": "DELIVRD", "delay_ms": 0, "jitter_ms": 0, "id_format": "dec",
            "submit_id_format": "dec", "tlvs": True, "text": None}
_sim = None


def sim():
    global _sim
    if _sim is None:
        _sim = harness.Smscsim("--seed", "7")
        harness.at_end(_sim.stop)
    _sim.clear_faults()
    _sim.receipts(**dict(DEFAULTS, mode="none"))        # what the case before left is taken out
    _sim.receipts(**DEFAULTS)
    return _sim


def bound(s, system_id="receipts", kind=smpp.BIND_TRANSCEIVER):
    esme = Esme(s.port)
    equal(esme.bind(system_id, kind=kind).status, smpp.ROK, "bind")
    return esme


def submit(esme, dest=DEST):
    return esme.submit_ok(dest, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)


def receipt(esme):
    request = esme.next_request()
    equal(request.id, smpp.DELIVER_SM)
    esme.answer(request)
    return smpp.parse_receipt(request.body)


def state(esme, message):
    return smpp.parse_query(esme.query(message).body)


# ---- chance ------------------------------------------------------------------------------------

def run_of(seed, states, n=300):
    """Ids and states of n messages."""
    s = harness.Smscsim("--seed", seed, "--quiet")
    s.receipts(states=states)
    with bound(s) as esme:
        body = smpp.submit_body(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        esme.send_raw(b"".join(smpp.pdu(smpp.SUBMIT_SM, body, k) for k in range(1, n + 1)))
        ids = [smpp.message_id(esme.response(k)) for k in range(1, n + 1)]
        told = dict((r["fields"]["id"], r["fields"]["stat"]) for r in (receipt(esme) for _ in range(n)))
    s.stop()
    return [(message, told[message]) for message in ids]


@case
def states_by_weight():
    """states: every state about as often as its weight; the same seed has the same ids and states"""
    states = {"DELIVRD": 70, "UNDELIV": 20, "EXPIRED": 10, "REJECTD": 0}
    one = run_of("31", states)
    n = collections.Counter(stat for _, stat in one)
    assert 150 < n["DELIVRD"] < 270 and 25 < n["UNDELIV"] < 100 and 8 < n["EXPIRED"] < 65, n
    equal(sum(n[k] for k in ("DELIVRD", "UNDELIV", "EXPIRED")), 300)
    equal(run_of("31", states), one, "once more")
    other = run_of("32", states)
    assert other[0][0] != one[0][0] and [s for _, s in other] != [s for _, s in one], "another seed"


@case
def state_replaces_states():
    """state and states stand for each other: the last one counts"""
    s = sim()
    equal(s.receipts(states={"REJECTD": 1})["states"], {"REJECTD": 1})
    with bound(s) as esme:
        submit(esme)
        equal(receipt(esme)["fields"]["stat"], "REJECTD")
        got = s.receipts(state="EXPIRED")
        equal((got["state"], got["states"]), ("EXPIRED", None))
        submit(esme)
        equal(receipt(esme)["fields"]["stat"], "EXPIRED")
        s.receipts(states={"UNDELIV": 5})
        equal(s.receipts(states=None)["states"], None)
        submit(esme)
        equal(receipt(esme)["fields"]["stat"], "EXPIRED")


@case
def jitter():
    """jitter_ms: outcomes between delay_ms and delay_ms + jitter_ms, in the same order with the same seed"""
    def order(seed):
        s = harness.Smscsim("--seed", seed, "--quiet")
        s.receipts(delay_ms=100, jitter_ms=1500)
        with bound(s) as esme:
            began = time.monotonic()
            ids = [submit(esme) for _ in range(8)]
            got = [receipt(esme)["fields"]["id"] for _ in range(8)]
            assert time.monotonic() - began >= 0.1
        s.stop()
        equal(sorted(got), ids)
        return [ids.index(i) for i in got]
    one = order("41")
    assert one != list(range(8)), "all as they came"
    equal(order("41"), one)
    assert order("43") != one


# ---- spelling ----------------------------------------------------------------------------------

@case
def id_formats():
    """receipts and submit_sm_resp spell one number each in its own way; query_sm and cancel_sm take what was said"""
    s = sim()
    read = {"dec": int, "hex": lambda t: int(t, 16), "hex_lower": lambda t: int(t, 16), "padded": int}
    with bound(s) as esme:
        for said in read:
            for told in read:
                s.receipts(mode="auto", id_format=told, submit_id_format=said)
                message = submit(esme)
                got = receipt(esme)
                equal(read[told](got["fields"]["id"]), read[said](message), said + " " + told)
                equal(got["tlvs"][smpp.RECEIPTED_MESSAGE_ID], got["fields"]["id"].encode() + b"\0")
                for text, spelled in ((message, said), (got["fields"]["id"], told)):
                    equal((len(text), text), {"dec": (10, text), "hex": (8, text.upper()), "padded": (16, text),
                                              "hex_lower": (8, text.lower())}[spelled])
                equal(state(esme, message)["state"], 2, said)
                s.receipts(mode="hold")
                message = submit(esme)
                equal(esme.cancel(message, DEST).status, smpp.ROK, said)
                s.receipts(mode="none")


# ---- query_sm ----------------------------------------------------------------------------------

@case
def query_follows_the_outcome():
    """query_sm: ENROUTE until the outcome is due, then the state with its time and error, receipts or not"""
    s = sim()
    rows = (("DELIVRD", 2, 0), ("EXPIRED", 3, 27), ("UNDELIV", 5, 1), ("REJECTD", 8, 69))
    with bound(s) as esme:
        for mode in ("auto", "none"):
            for name, number, error in rows:
                s.receipts(mode=mode, state=name, delay_ms=3600000)
                message = submit(esme)
                equal(state(esme, message), {"message_id": message, "final_date": "", "state": 1, "error": 0})
                s.receipts(delay_ms=150)
                message = submit(esme)
                got = wait_for(lambda m=message: [g for g in [state(esme, m)] if g["state"] != 1], "the outcome")[0]
                equal((got["state"], got["error"]), (number, error), mode)
                equal(len(got["final_date"]), 16)
                s.receipts(delay_ms=0)
                message = submit(esme)
                equal(state(esme, message)["state"], number)
        equal(len([r for r in esme.requests]), 8, "receipts with auto, none with none")
        for wrong in ("1", "x", "", "12345678", "9" * 10, "9" * 64):
            equal(esme.query(wrong).status, smpp.RQUERYFAIL, wrong)
        equal(esme.query(message, source="+12025550111").status, smpp.RQUERYFAIL)
        with bound(s, "somebody") as other:
            equal(other.query(message).status, smpp.RQUERYFAIL, "of another account")


# ---- settings of one account -------------------------------------------------------------------

@case
def settings_of_one_account():
    """system_id: settings of this account alone, on top of everyone's"""
    s = sim()
    s.receipts(system_id="own", state="UNDELIV", id_format="hex")
    with bound(s, "own") as own, bound(s, "any") as anyone:
        def outcome(esme):
            message, got = submit(esme), receipt(esme)["fields"]
            return got["stat"], got["id"] == message
        equal([outcome(own), outcome(anyone)], [("UNDELIV", False), ("DELIVRD", True)])
        s.receipts(state="EXPIRED", tlvs=False)
        submit(own)
        got = receipt(own)
        equal((got["fields"]["stat"], got["tlvs"]), ("UNDELIV", {}), "what is not its own follows")
        equal(outcome(anyone)[0], "EXPIRED")
        equal(s.receipts(system_id="own", states={"REJECTD": 1})["accounts"],
              {"own": {"id_format": "hex", "states": {"REJECTD": 1}}})
        equal(outcome(own)[0], "REJECTD")
        s.receipts(system_id="own", mode="hold")
        held = submit(own)
        equal(outcome(anyone)[0], "EXPIRED")
        equal(state(own, held)["state"], 1)
        equal(list(own.requests), [])
        s.receipts(system_id="own", mode="auto")
        equal(int(receipt(own)["fields"]["id"], 16), int(held))
    for wrong in ({"system_id": ""}, {"system_id": 1}, {"system_id": "x" * 17}, {"system_id": "own", "mode": "x"},
                  {"system_id": "own", "more": 1}):
        equal(http_post(s.url + "receipts", wrong).status, 400, str(wrong))
    equal(s.get("receipts").json()["accounts"],
          {"own": {"id_format": "hex", "states": {"REJECTD": 1}, "mode": "auto"}})


# ---- messages of handsets ----------------------------------------------------------------------

@case
def messages_of_handsets():
    """POST /deliver: a deliver_sm to a receiver of the account, now or when one binds; sent again after a refusal"""
    s = sim()
    before = s.stats()

    def deliver(**more):
        got = http_post(s.url + "deliver", dict({"system_id": "mo", "source": DEST, "dest": "12345"}, **more))
        equal(got.status, 200, got.text)
    deliver(text="early")
    s.receipts(mode="hold")                             # of receipts only
    with bound(s, "mo", smpp.BIND_TRANSMITTER) as sender, bound(s, "other") as other, bound(s, "mo") as esme:
        deliver(text="STOP")
        deliver(octets="0605040B8423F0 0106", esm_class=0x40, data_coding=0xF5)
        deliver(octets="")
        rows = (("early", 0, 0), ("STOP", 0, 0), ("\x06\x05\x04\x0B\x84\x23\xF0\x01\x06", 0x40, 0xF5), ("", 0, 0))
        for text, esm_class, data_coding in rows:
            request = esme.next_request()
            got = smpp.parse_receipt(request.body)
            equal((request.id, got["text"], got["esm_class"], got["data_coding"]),
                  (smpp.DELIVER_SM, text, esm_class, data_coding))
            equal((got["source"], got["source_ton"], got["source_npi"], got["dest"]), (DEST[1:], 1, 1, "12345"))
            if text == "STOP":
                esme.answer(request, smpp.RX_T_APPN)
            else:
                esme.answer(request, smpp.RX_P_APPN if text == "" else smpp.ROK)
        again = esme.next_request()
        equal(smpp.parse_receipt(again.body)["text"], "STOP")
        esme.answer(again)
        for one in (sender, other, esme):
            one.enquire_link()
            equal(list(one.requests), [])
    after = wait_for(lambda: [a for a in [s.stats()] if a["receipts_waiting"] == 0], "all answers")[0]
    equal([after[k] - before[k] for k in ("mo_sent", "mo_acknowledged", "mo_refused", "receipts_sent")], [5, 3, 1, 0])


@case
def refused():
    """what makes no sense is refused with a sentence, and changes nothing"""
    s = sim()
    good = {"system_id": "mo", "source": "1", "dest": "2", "text": "x"}
    for wrong in ([], {}, {k: v for k, v in good.items() if k != "system_id"}, dict(good, source=""),
                  {k: v for k, v in good.items() if k != "dest"}, dict(good, dest="1" * 30), dict(good, text="x" * 161),
                  dict(good, text="\u00e9"), dict(good, octets="00"), dict(good, system_id="x" * 17),
                  {"system_id": "a", "source": "1", "dest": "2", "octets": "0"},
                  {"system_id": "a", "source": "1", "dest": "2", "octets": "00" * 255},
                  dict(good, esm_class=256), dict(good, data_coding=-1), dict(good, more=1), dict(good, text=1)):
        got = http_post(s.url + "deliver", wrong)
        equal(got.status, 400, str(wrong))
        assert 5 < len(got.text) <= 201, got.text
    equal(s.get("receipts").json()["waiting"], 0)
    before = s.get("receipts").json()
    for wrong in ({"states": {}}, {"states": {"DELIVRD": 0}}, {"states": {"DELIVERED": 1}}, {"states": {"DELIVRD": -1}},
                  {"states": {"DELIVRD": 1.5}}, {"states": []}, {"jitter_ms": -1}, {"jitter_ms": 86400001},
                  {"id_format": 1}, {"submit_id_format": "oct"}):
        got = http_post(s.url + "receipts", wrong)
        equal(got.status, 400, str(wrong))
        assert 5 < len(got.text) <= 201, got.text
    equal(s.get("receipts").json(), before)
    equal(http_request("GET", s.url + "deliver").headers.get("allow"), "POST")


harness.main()
