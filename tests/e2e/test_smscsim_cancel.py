"""smscsim: messages that are taken back, what a handset gets, and the fields that a test wants to see."""
import os
import struct
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                                            # noqa: E402
from harness import case, equal, http_post, wait_for                      # noqa: E402
import smpp_client as smpp                                                # noqa: E402
from smpp_client import Esme                                              # noqa: E402

SOURCE = "+12025550100"
_sim = None
_next = [0]


def sim(mode):
    """The simulator of all cases, without faults and with what the case before left taken out."""
    global _sim
    if _sim is None:
        _sim = harness.Smscsim("--seed", "11")
        harness.at_end(_sim.stop)
    _sim.clear_faults()
    _sim.receipts(mode="none")
    _sim.receipts(mode=mode, state="DELIVRD", delay_ms=0)
    return _sim


def fresh():
    """A number that no other case uses."""
    _next[0] += 1
    return "+1202555%04d" % (5000 + _next[0])


def bound(s, system_id=None):
    esme = Esme(s.port)
    equal(esme.bind(system_id or "case%d" % _next[0]).status, smpp.ROK, "bind")
    return esme


def newest(s):
    return s.stats()["messages"]


def submit(esme, dest, **more):
    more.setdefault("registered_delivery", 1)
    return esme.submit_ok(dest, smpp.single(smpp.si_push()), esm_class=0x40, **more)


def delivered(s, **query):
    answer = s.get("messages", delivered="true", **query)
    equal(answer.status, 200, answer.text)
    return answer.json()


def next_receipt(esme):
    request = esme.next_request()
    equal(request.id, smpp.DELIVER_SM)
    esme.answer(request)
    fields = smpp.parse_receipt(request.body)["fields"]
    return fields["id"], fields["stat"], fields["dlvrd"]


# ---- cancel_sm -----------------------------------------------------------------------------------

@case
def held_then_cancelled():
    """a message that is held is taken back: no handset gets it, its receipt says DELETED"""
    s = sim("hold")
    dest, since, before = fresh(), newest(s), s.stats()["cancelled"]
    with bound(s) as esme:
        gone, stays, quiet = submit(esme, dest), submit(esme, dest), submit(esme, dest, registered_delivery=0)
        got = esme.cancel(gone, dest)
        equal((got.id, got.status, got.body), (smpp.CANCEL_SM | smpp.RESP, smpp.ROK, b""))
        equal(esme.cancel(quiet, dest).status, smpp.ROK)
        equal(s.stats()["cancelled"] - before, 2)
        equal([m["state"] for m in s.messages(since=since)], ["DELETED", "ENROUTE", "DELETED"])
        equal(delivered(s, since=since), [], "held")
        equal(delivered(s, since=since, dest=dest), [], "held")
        s.receipts(mode="auto")
        equal(next_receipt(esme), (gone, "DELETED", "000"))
        equal(next_receipt(esme), (stays, "DELIVRD", "001"))
        wait_for(lambda: s.stats()["receipts_waiting"] == 0, "all to be told: one did not ask")
        equal([m["message_id"] for m in delivered(s, since=since)], [stays])
        equal([m["message_id"] for m in delivered(s, since=since, dest=dest)], [stays])
        equal([m["state"] for m in s.messages(since=since)], ["DELETED", "DELIVRD", "DELETED"])
        equal(esme.cancel(stays, dest).status, smpp.RCANCELFAIL, "delivered")
        equal(esme.cancel(gone, dest).status, smpp.RCANCELFAIL, "once more")
    equal(s.stats()["cancelled"] - before, 2)


@case
def delivered_is_delivered():
    """receipts at once: every cancel_sm comes too late"""
    s = sim("auto")
    dest, since, before = fresh(), newest(s), s.stats()["cancelled"]
    with bound(s) as esme:
        for asked in 0, 1:
            message = submit(esme, dest, registered_delivery=asked)
            equal(esme.cancel(message, dest).status, smpp.RCANCELFAIL)
        equal(next_receipt(esme), (message, "DELIVRD", "001"))
    equal(len(delivered(s, since=since)), 2)
    equal(s.stats()["cancelled"], before)


@case
def who_may_cancel_what():
    """another id, account, source, destination, TON or NPI: refused, and nothing is cancelled"""
    s = sim("hold")
    dest, since, before = fresh(), newest(s), s.stats()["cancelled"]
    with bound(s) as esme, bound(s, "somebody") as other:
        message = submit(esme, dest)

        def raw(source=smpp.address(SOURCE), to=smpp.address(dest), service=""):
            return esme.request(smpp.CANCEL_SM, smpp.cstr(service) + smpp.cstr(message) + source + to).status

        equal(other.cancel(message, dest).status, smpp.RINVMSGID)
        for wrong in "1", "x", "9" * 64, str(int(message) + 1):
            equal(esme.cancel(wrong, dest).status, smpp.RINVMSGID, wrong)
        equal(raw(source=smpp.address("+12025550111")), smpp.RCANCELFAIL)
        equal(raw(source=b"\0\1" + smpp.cstr(SOURCE[1:])), smpp.RCANCELFAIL, "TON of the source")
        equal(raw(source=b"\1\0" + smpp.cstr(SOURCE[1:])), smpp.RCANCELFAIL, "NPI of the source")
        equal(raw(to=smpp.address(fresh())), smpp.RCANCELFAIL)
        equal(raw(to=b"\0\1" + smpp.cstr(dest[1:])), smpp.RCANCELFAIL, "TON of the destination")
        equal(raw(to=b"\1\3" + smpp.cstr(dest[1:])), smpp.RCANCELFAIL, "NPI of the destination")
        equal(s.messages(since=since)[0]["state"], "ENROUTE")
        equal(s.stats()["cancelled"], before)
        equal(raw(), smpp.ROK)
    equal(s.stats()["cancelled"], before + 1)


@case
def one_part_of_many():
    """one segment of a long message is enough: the handset cannot put it together"""
    s = sim("hold")
    dest, since = fresh(), newest(s)
    with bound(s) as esme:
        ids = [esme.submit_ok(dest, part, esm_class=0x40, registered_delivery=1)
               for part in smpp.segments(smpp.si_push(text="long " * 60), 0x55)]
        assert len(ids) > 2
        equal(esme.cancel(ids[1], dest).status, smpp.ROK)
        s.receipts(mode="auto")
        equal([next_receipt(esme)[:2] for _ in ids],
              [(i, "DELETED" if i == ids[1] else "DELIVRD") for i in ids])
    equal([m["state"] for m in s.messages(since=since)], ["DELETED"])
    equal(delivered(s, since=since), [])


@case
def bad_cancels():
    """cut at every octet: answered with an error, nothing is cancelled, the session goes on"""
    s = sim("hold")
    dest, before = fresh(), s.stats()["cancelled"]
    with bound(s) as esme:
        message = submit(esme, dest)
        whole = smpp.cstr("") + smpp.cstr(message) + smpp.address(SOURCE) + smpp.address(dest)
        for n in range(len(whole)):
            got = esme.request(smpp.CANCEL_SM, whole[:n])
            equal((got.id, got.status), (smpp.CANCEL_SM | smpp.RESP, smpp.RINVCMDLEN), str(n))
        equal(s.stats()["cancelled"], before)
        equal(esme.request(smpp.CANCEL_SM, whole).status, smpp.ROK)
    with Esme(s.port) as esme:
        equal(esme.cancel(message, dest).status, smpp.RINVBNDSTS)


# ---- faults ----------------------------------------------------------------------------------------

@case
def faults_of_cancel():
    """on cancel_sm: refused it is not done; without an answer it is"""
    s = sim("hold")
    dest, other, since = fresh(), fresh(), newest(s)
    with bound(s) as esme:
        ids = [submit(esme, dest) for _ in range(4)] + [submit(esme, other)]
        s.fault("reject", value=0x11, on="cancel_sm", count=2, match={"dest": dest})
        equal(esme.cancel(ids[4], other).status, smpp.ROK, "another destination")
        equal(esme.cancel(ids[0], dest).status, smpp.RCANCELFAIL)
        submit(esme, dest)                                  # that is not what the fault falls on
        equal(esme.cancel(ids[0], dest).status, smpp.RCANCELFAIL)
        equal(esme.cancel(ids[0], dest).status, smpp.ROK, "the fault is spent")
        s.fault("throttle", on="cancel_sm", count=1)
        equal(esme.cancel(ids[1], dest).status, smpp.RTHROTTLED)
        s.fault("delay", value=50, on="cancel_sm", count=1)
        equal(esme.cancel(ids[1], dest).status, smpp.ROK)
        s.fault("drop_response", on="cancel_sm", count=1)
        lost = esme.send(smpp.CANCEL_SM, smpp.cstr("") + smpp.cstr(ids[2]) + smpp.address(SOURCE)
                         + smpp.address(dest))
        equal(esme.enquire_link().status, smpp.ROK)
        equal([r for r in esme.responses if r.seq == lost], [])
        s.fault("disconnect", value=7, on="cancel_sm", count=1)
        esme.send(smpp.CANCEL_SM, smpp.cstr("") + smpp.cstr(ids[3]) + smpp.address(SOURCE) + smpp.address(dest))
        equal(esme.receive_raw(16), struct.pack(">II", 16, smpp.CANCEL_SM | smpp.RESP)[:7])
        assert esme.is_closed()
    equal([m["state"] for m in s.messages(since=since)], ["DELETED"] * 5 + ["ENROUTE"])
    got = http_post(s.url + "faults", {"kind": "throttle", "on": "query_sm"})
    equal(got.status, 400)
    assert "cancel_sm" in got.text, got.text


# ---- what a handset gets ------------------------------------------------------------------------------

@case
def handset_waits():
    """delivered=true with wait: the answer comes with the outcome, not with the submission"""
    s = sim("hold")
    dest, since, got = fresh(), newest(s), []
    with bound(s) as esme:
        threads = [threading.Thread(target=lambda q=q: got.append(delivered(s, since=since, wait=60, **q)))
                   for q in ({}, {"dest": dest})]
        for thread in threads:
            thread.start()
        wait_for(lambda: s.stats()["polls"] == 2, "the polls")
        first, second = submit(esme, dest), submit(esme, dest)
        equal(len(s.messages(since=since, wait=20)), 2)
        equal((s.stats()["polls"], got), (2, []))
        equal(esme.cancel(first, dest).status, smpp.ROK)
        equal((s.stats()["polls"], got), (2, []))
        s.receipts(mode="auto")
        for thread in threads:
            thread.join(harness.DEADLINE_S)
        equal([[m["message_id"] for m in answer] for answer in got], [[second], [second]])


@case
def handset_misses_none():
    """what is behind a late message comes after it, so that `since` skips nothing"""
    s = sim("auto")
    late, soon, since = fresh(), fresh(), newest(s)
    s.receipts(delay_ms=86400000)
    with bound(s) as esme:
        one = submit(esme, late)
        s.receipts(delay_ms=0)
        two = submit(esme, soon)
        equal([m["state"] for m in s.messages(since=since)], ["ENROUTE", "DELIVRD"])
        equal(delivered(s, since=since), [])
        equal([m["message_id"] for m in delivered(s, since=since, dest=soon)], [two], "of its own handset")
        equal(delivered(s, since=since, dest=late), [])
        equal(esme.cancel(one, late).status, smpp.ROK)
        equal([m["message_id"] for m in delivered(s, since=since)], [two])
        equal(delivered(s, since=since, dest=late), [])
        dest, since, ids = fresh(), newest(s), []
        for delay_ms in 0, 0, 86400000, 0, 86400000:
            s.receipts(delay_ms=delay_ms)
            ids.append(submit(esme, dest))
        for query in {}, {"dest": dest}:
            equal([m["message_id"] for m in delivered(s, since=since, **query)], ids[:2])
            equal([m["message_id"] for m in delivered(s, since=since, limit=1, **query)], ids[:1])
            equal([m["message_id"] for m in delivered(s, since=since + 1, **query)], ids[1:2])


@case
def handset_by_state():
    """only what reached it; without receipts everything does"""
    s = sim("auto")
    since = newest(s)
    with bound(s) as esme:
        expected = []
        for state, reaches in (("DELIVRD", True), ("EXPIRED", False), ("UNDELIV", False), ("REJECTD", False),
                               ("ACCEPTD", True), ("UNKNOWN", True), ("DELETED", False)):
            s.receipts(state=state)
            message = submit(esme, fresh(), registered_delivery=0)
            expected += [message] if reaches else []
        s.receipts(mode="none", state="DELIVRD")
        expected.append(submit(esme, fresh()))
        s.receipts(mode="hold")
        held = submit(esme, fresh())
        equal([m["message_id"] for m in delivered(s, since=since)], expected)
        s.receipts(mode="none")                             # what was held has its outcome
        equal([m["message_id"] for m in delivered(s, since=since)], expected + [held])
    equal(len(s.get("messages", since=since, delivered="false").json()), 9)
    for wrong in "", "1", "yes", "TRUE":
        answer = s.get("messages", delivered=wrong)
        equal(answer.status, 400, wrong)
        assert "delivered" in answer.text, answer.text


# ---- fields --------------------------------------------------------------------------------------------

@case
def times_and_priority():
    """validity_period, schedule_delivery_time and priority_flag are shown as they came"""
    s = sim("auto")
    dest, since = fresh(), newest(s)
    rows = (0, "", ""), (3, "260102150500000+", "260103150500000+"), (1, "", "000000001000000R")
    with bound(s) as esme:
        for priority, schedule, validity in rows:
            data = smpp.single(smpp.si_push())
            got = esme.request(smpp.SUBMIT_SM, smpp.cstr("") + smpp.address(SOURCE) + smpp.address(dest)
                               + bytes([0x40, 0, priority]) + smpp.cstr(schedule) + smpp.cstr(validity)
                               + bytes([0, 0, 4, 0, len(data)]) + data)
            equal(got.status, smpp.ROK)
        equal(esme.request(smpp.DATA_SM, smpp.data_body(dest, esm_class=0x40, tlvs=smpp.tlv(
            smpp.MESSAGE_PAYLOAD, smpp.single(smpp.si_push())))).status, smpp.ROK)
    equal([(m["priority_flag"], m["schedule_delivery_time"], m["validity_period"])
           for m in s.messages(since=since)], list(rows) + [(0, "", "")])


if __name__ == "__main__":
    harness.main()
