"""smscsim: faults that come beside the answer, and whom faults fall on. doc/smscsim.1 has the contract."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                                            # noqa: E402
from harness import case, equal, http_post, wait_for                      # noqa: E402
import smpp_client as smpp                                                # noqa: E402
from smpp_client import Esme                                              # noqa: E402

DEST = "+12025550123"
_sim = None


def sim():
    global _sim
    if _sim is None:
        _sim = harness.Smscsim("--seed", "7")
        harness.at_end(_sim.stop)
    _sim.clear_faults()
    _sim.receipts(mode="auto", state="DELIVRD", delay_ms=0, id_format="dec", tlvs=True, text=None)
    return _sim


def bound(s, system_id="faults", kind=smpp.BIND_TRANSCEIVER):
    esme = Esme(s.port)
    equal(esme.bind(system_id, kind=kind).status, smpp.ROK, "bind")
    return esme


def push(dest=DEST):
    return smpp.submit_body(dest, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)


def receipt(esme):
    request = esme.next_request()
    equal(request.id, smpp.DELIVER_SM)
    esme.answer(request)
    return smpp.parse_receipt(request.body)


@case
def wrong_sequence():
    """wrong_sequence: the message is taken, the answer is to nothing that was asked; bind and enquire_link too"""
    s = sim()
    before = s.stats()
    with bound(s) as esme:
        for value, expected in ((None, 0x10000000), (1, 1), (0x7FFFFFFF, 0)):
            s.fault("wrong_sequence", count=1, **({} if value is None else {"value": value}))
            seq = esme.send(smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x"))
            got = esme.receive()
            equal((got.id, got.status), (smpp.SUBMIT_SM | smpp.RESP, smpp.ROK))
            equal(got.seq, ((seq + expected - 1) % 0x7FFFFFFF + 1) if value != 0x7FFFFFFF else (seq - 1 or 1))
            assert smpp.message_id(got)
        s.fault("wrong_sequence", on="enquire_link", count=1, value=5)
        seq = esme.send(smpp.ENQUIRE_LINK)
        equal(esme.receive().seq, seq + 5)
        # beside another one that decides on the answer
        s.fault("wrong_sequence", count=1, value=3)
        s.fault("throttle", count=1)
        seq = esme.send(smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x"))
        got = esme.receive()
        equal((got.seq, got.status), (seq + 3, smpp.RTHROTTLED))
    after = s.stats()
    equal(after["accepted"] - before["accepted"], 3)
    equal(after["faults_applied"] - before["faults_applied"], 5)


@case
def duplicate_receipt():
    """duplicate_receipt: the same receipt so many times more, each answered by itself"""
    s = sim()
    before = s.stats()
    with bound(s) as esme:
        for value, times in ((None, 2), (1, 2), (3, 4)):
            s.fault("duplicate_receipt", count=1, **({} if value is None else {"value": value}))
            message = smpp.message_id(esme.request(smpp.SUBMIT_SM, push()))
            got = [receipt(esme) for _ in range(times)]
            equal({r["fields"]["id"] for r in got}, {message})
            equal({r["fields"]["stat"] for r in got}, {"DELIVRD"})
        esme.enquire_link()
        equal(list(esme.requests), [])
        # held ones, too, and more of them than a window has room for
        s.receipts(mode="hold")
        s.fault("duplicate_receipt", count=2, value=100)
        messages = [smpp.message_id(esme.request(smpp.SUBMIT_SM, push())) for _ in range(2)]
        s.receipts(mode="auto")
        got = [receipt(esme)["fields"]["id"] for _ in range(202)]
        equal(got, [messages[0]] * 101 + [messages[1]] * 101)
    wait_for(lambda: s.stats()["receipts_waiting"] == 0, "the window to empty")
    equal(s.stats()["receipts_acknowledged"] - before["receipts_acknowledged"], 210)


@case
def receipt_first():
    """receipt_first: the receipt, then the answer; a delay of receipts does not count"""
    s = sim()
    with bound(s) as esme:
        s.fault("receipt_first", count=1)
        seq = esme.send(smpp.SUBMIT_SM, push())
        first, second = esme.receive(), esme.receive()
        equal((first.id, second.id, second.seq), (smpp.DELIVER_SM, smpp.SUBMIT_SM | smpp.RESP, seq))
        equal(smpp.parse_receipt(first.body)["fields"]["id"], smpp.message_id(second))
        esme.answer(first)
        s.receipts(delay_ms=3600000)
        s.fault("receipt_first", count=1, value=50)
        began = time.monotonic()
        esme.send(smpp.SUBMIT_SM, push())
        first, second = esme.receive(), esme.receive()
        equal((first.id, second.id), (smpp.DELIVER_SM, smpp.SUBMIT_SM | smpp.RESP))
        assert time.monotonic() - began >= 0.04
        esme.answer(first)


@case
def unknown_id():
    """unknown_id: text and TLV name a message that there never was, in both spellings"""
    s = sim()
    with bound(s) as esme:
        for spelling, base in (("dec", 10), ("hex", 16)):
            s.receipts(id_format=spelling)
            s.fault("unknown_id", count=1)
            message = smpp.message_id(esme.request(smpp.SUBMIT_SM, push()))
            got = receipt(esme)
            told = got["fields"]["id"]
            equal(got["tlvs"][smpp.RECEIPTED_MESSAGE_ID], told.encode() + b"\0")
            assert int(told, base) > 0xFFFFFFFF, told
            assert told.lower() not in (message, "%x" % int(message))
            message = smpp.message_id(esme.request(smpp.SUBMIT_SM, push()))
            equal(int(receipt(esme)["fields"]["id"], base), int(message), "the next one is right")


@case
def slow_reader():
    """slow_reader: what the peer sends piles up at its side; others are served, DELETE /faults ends it"""
    s = sim()
    before = s.stats()["submit_sm"]
    with bound(s, "slow") as esme, bound(s, "quick") as other:
        s.fault("slow_reader", value=200, count=1)
        equal(esme.request(smpp.SUBMIT_SM, push()).status, smpp.ROK)
        body = smpp.pdu(smpp.ENQUIRE_LINK) * 4096
        esme.socket.settimeout(1)
        sent = 0
        try:
            while sent < 64 << 20:
                sent += esme.socket.send(body)
        except socket.timeout:
            pass
        assert sent < 64 << 20, "64 MiB were taken by a slow reader"
        equal(other.request(smpp.SUBMIT_SM, push()).status, smpp.ROK)
        equal(s.stats()["submit_sm"] - before, 2)
        # it reads, slowly: 20 octets at a time here
        esme.receive()
        s.clear_faults()
        got = 1
        while got < sent // 16:
            esme.receive()
            got += 1
    # slow as it is, a PDU gets there octet by octet
    with bound(s, "slow") as esme:
        s.fault("slow_reader", value=100, count=1)
        esme.request(smpp.SUBMIT_SM, push())
        began = time.monotonic()
        equal(esme.enquire_link().status, smpp.ROK)
        equal(esme.enquire_link().status, smpp.ROK)
        assert time.monotonic() - began >= 0.1, "32 octets at 100 a second"


@case
def disconnect_inside_a_pdu():
    """disconnect with a value cuts the answer there, for the account that was named only"""
    s = sim()
    s.fault("disconnect", value=20, match={"system_id": "cut"})
    with bound(s, "cut") as esme, bound(s, "whole") as other:
        esme.send(smpp.SUBMIT_SM, push())
        assert esme.is_closed()
        equal(len(esme.buffer), 20)
        equal(other.request(smpp.SUBMIT_SM, push()).status, smpp.ROK)


@case
def only_this_account():
    """match.system_id: submissions, cancel_sm, enquire_link and binds of that account; with dest both have to fit"""
    s = sim()
    with bound(s, "one") as one, bound(s, "two") as two:
        s.fault("throttle", match={"system_id": "one"})
        equal([e.request(smpp.SUBMIT_SM, push()).status for e in (one, two)], [smpp.RTHROTTLED, 0])
        equal(s.get("faults").json()[0]["match"], {"system_id": "one"})
        s.clear_faults()
        s.fault("throttle", match={"system_id": "two", "dest": "1"})
        equal([e.request(smpp.SUBMIT_SM, push(d)).status for e in (one, two) for d in (DEST, "1")],
              [0, 0, 0, smpp.RTHROTTLED])
        equal(s.get("faults").json()[0]["match"], {"dest": "1", "system_id": "two"})
        s.clear_faults()
        for on, request in (("enquire_link", lambda e: e.enquire_link().status),
                            ("cancel_sm", lambda e: e.cancel("1", "1").status)):
            s.fault("reject", value=0x45, on=on, match={"system_id": "two"})
            assert request(one) != 0x45 and request(two) == 0x45, on
            s.clear_faults()
    s.fault("reject", value=0x0D, on="bind", match={"system_id": "two"})
    s.fault("reject", value=0x0E, on="enquire_link", match={"system_id": "two"})
    with Esme(s.port) as esme:
        equal(esme.enquire_link().status, 0, "nobody yet")
        equal(esme.bind("two").status, 0x0D)
        equal(esme.bind("one").status, 0)


@case
def jitter_repeats():
    """jitter_ms: a delay between value and value + jitter, the same with the same seed"""
    def order(seed):
        s = harness.Smscsim("--seed", seed, "--quiet")
        s.fault("delay", value=1, jitter_ms=1500)
        with bound(s) as esme:
            esme.send_raw(b"".join(smpp.pdu(smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x"), n) for n in range(1, 9)))
            got = [esme.receive().seq for _ in range(8)]
        s.stop()
        return got
    one = order("21")
    equal(sorted(one), list(range(1, 9)))
    assert one != sorted(one), "all as they came"
    equal(order("21"), one)
    assert order("22") != one


@case
def refused():
    """what makes no sense is refused with a sentence"""
    s = sim()
    for body in ({"kind": "slow_reader", "value": 0}, {"kind": "slow_reader", "value": 1000001},
                 {"kind": "wrong_sequence", "value": 0}, {"kind": "wrong_sequence", "value": 1 << 31},
                 {"kind": "duplicate_receipt", "value": 101}, {"kind": "duplicate_receipt", "on": "bind"},
                 {"kind": "receipt_first", "on": "enquire_link"}, {"kind": "unknown_id", "on": "cancel_sm"},
                 {"kind": "throttle", "match": {"system_id": ""}}, {"kind": "throttle", "match": {"system_id": 1}},
                 {"kind": "throttle", "match": {"system_id": "x" * 17}}, {"kind": "throttle", "jitter_ms": 1},
                 {"kind": "delay", "value": 1, "jitter_ms": -1}):
        got = http_post(s.url + "faults", body)
        equal(got.status, 400, str(body))
        assert 5 < len(got.text) <= 201, got.text
    equal(s.get("faults").json(), [])


harness.main()
