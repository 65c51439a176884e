"""smscsim: sessions, messages, reassembly, receipts, faults, bad input. doc/smscsim.1 has the contract."""
import os
import random
import re
import resource
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                                            # noqa: E402
from harness import case, equal, http_get, http_post, http_request, wait_for   # noqa: E402
import smpp_client as smpp                                                # noqa: E402
from smpp_client import Esme                                              # noqa: E402

DEST = "+12025550123"
DELAYS_MS = 1000, 5000, 30000   # the second and third when a machine that stands still ate the one before
_sim = None
_next = [0]


def sim():
    """One simulator for all cases that need nothing of their own; without faults, receipts as at its start."""
    global _sim
    if _sim is None:
        _sim = harness.Smscsim("--seed", "7")
        harness.at_end(_sim.stop)
    _sim.clear_faults()
    _sim.receipts(mode="auto", state="DELIVRD", delay_ms=0, id_format="dec", tlvs=True, text=None)
    return _sim


def fresh():
    """A number that no other case uses."""
    _next[0] += 1
    return "+1202555%04d" % (1000 + _next[0])


def bound(s, kind=smpp.BIND_TRANSCEIVER, system_id=None):
    esme = Esme(s.port)
    got = esme.bind(system_id or "case%d" % _next[0], kind=kind)
    equal(got.status, smpp.ROK, "bind")
    return esme


def newest(s):
    return s.stats()["messages"]


# ---- sessions ----------------------------------------------------------------------------------

@case
def options():
    """--help and --version answer, wrong use ends with 2"""
    program = harness.built("smscsim")
    status, out, _ = harness.run([program, "--help"])
    equal(status, 0)
    for word in ("--port", "--http-port", "--seed", "--host", "--http-host", "--max-messages", "--quiet"):
        assert word in out, word
    with open(harness.source("doc/smscsim.1")) as f:
        manual = f.read()
    for option in re.findall(r"^  (--[a-z-]+)", out, re.M):
        assert re.search(r"^\.It.* Fl %s\b" % option[1:], manual, re.M) or option == "--help", option
    for path in re.findall(r"/[a-z]+", http_get(sim().url + "nothing").text):
        assert re.search(r"^\.Ss .*%s\b" % path, manual, re.M) and path in out, path
    status, out, _ = harness.run([program, "--version"])
    assert status == 0 and re.match(r"smscsim \d", out), out
    for wrong in (["--port", "70000"], ["--port", "x"], ["--max-messages", "0"], ["--nothing"], ["more"],
                  ["--seed", "-1"], ["--port"]):
        status, out, err = harness.run([program] + wrong)
        equal((status, out), (2, ""), str(wrong))
        assert err, wrong


@case
def port_in_use():
    """a port that is taken is named, and nothing else goes wrong"""
    s = sim()
    program = harness.built("smscsim")
    status, _, err = harness.run([program, "--port", str(s.port), "--http-port", "0"])
    equal(status, 1)
    assert str(s.port) in err and "in use" in err, err
    status, _, err = harness.run([program, "--port", "0", "--http-port", str(s.http_port)])
    equal(status, 1)
    assert str(s.http_port) in err and "in use" in err, err


@case
def stops_with_work():
    """SIGTERM ends it in order while sessions, faults, receipts and long polls are open"""
    s = harness.Smscsim("--quiet")
    esme = bound(s)
    s.fault("delay", value=100000)
    s.receipts(mode="hold")
    for i in range(3):
        esme.send(smpp.SUBMIT_SM, smpp.submit_body(DEST, smpp.single(b"x"), registered_delivery=1,
                                                   esm_class=0x40))
    esme.send(smpp.SUBMIT_SM, smpp.submit_body(DEST, smpp.segments(b"y" * 300, 1)[0], esm_class=0x40))
    wait_for(lambda: s.stats()["submit_sm"] == 4, "the submissions")
    answers = []
    poll = threading.Thread(target=lambda: answers.append(s.get("messages", since=100, wait=60).status))
    poll.start()
    wait_for(lambda: s.stats()["polls"] == 1, "the long poll")
    s.stop()
    poll.join(harness.DEADLINE_S)
    equal(answers, [503])
    assert esme.is_closed()


@case
def ipv6():
    """--host and --http-host take IPv6 addresses"""
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6") or not open("/proc/net/if_inet6").read():
        raise harness.Skip("no IPv6 here")
    program = harness.Program([harness.built("smscsim"), "--host", "::1", "--http-host", "::1", "--port", "0",
                               "--http-port", "0"])
    port, http_port = program.wait_line(r"SMPP on \[::1\]:(\d+), HTTP on http://\[::1\]:(\d+)/$").groups()
    equal(http_get("http://[::1]:%s/stats" % http_port).status, 200)
    socket.create_connection(("::1", int(port))).close()
    program.stop()


@case
def binds():
    """all three binds with any credentials; system_id is recorded; second bind RALYBND"""
    s = sim()
    before = s.stats()
    for kind in (smpp.BIND_TRANSCEIVER, smpp.BIND_TRANSMITTER, smpp.BIND_RECEIVER):
        with Esme(s.port) as esme:
            got = esme.bind("acme", "", kind)
            equal((got.id, got.status), (kind | smpp.RESP, smpp.ROK))
            equal(got.body, b"smscsim\0" + smpp.tlv(0x0210, b"\x34"))
            equal(esme.bind("acme", kind=kind).status, smpp.RALYBND)
            equal(esme.enquire_link().status, smpp.ROK)
            got = esme.submit(fresh(), b"x")
            equal(got.status, smpp.RINVBNDSTS if kind == smpp.BIND_RECEIVER else smpp.ROK)
            equal(esme.unbind().status, smpp.ROK)
            assert esme.is_closed()
    after = s.stats()
    equal(after["binds"] - before["binds"], 3)
    wait_for(lambda: s.stats()["sessions"] == before["sessions"], "sessions to be gone")


@case
def before_bind():
    """what needs a bind is answered RINVBNDSTS without one; enquire_link is not"""
    with Esme(sim().port) as esme:
        equal(esme.enquire_link().status, smpp.ROK)
        for request, body in ((smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x")),
                              (smpp.DATA_SM, smpp.data_body(DEST)),
                              (smpp.QUERY_SM, smpp.cstr("1") + smpp.address("+1")),
                              (smpp.UNBIND, b"")):
            got = esme.request(request, body)
            equal((got.id, got.status), (request | smpp.RESP, smpp.RINVBNDSTS))


@case
def unknown_commands():
    """unknown and one-way commands: generic_nack RINVCMDID with the sequence number, the link stays (S-03)"""
    with bound(sim()) as esme:
        for command in (0x00000999, smpp.DELIVER_SM, smpp.OUTBIND, 0x7FFFFFFF):
            body = smpp.submit_body(DEST, b"x") if command == smpp.DELIVER_SM else b"a\0b\0"
            got = esme.request(command, body)
            equal((got.id, got.status), (smpp.GENERIC_NACK, smpp.RINVCMDID), "%X" % command)
        equal(esme.enquire_link().status, smpp.ROK)


@case
def many_sessions():
    """50 sessions at once, each gets its own answers"""
    s = sim()
    sessions = [bound(s, system_id="many") for _ in range(50)]
    seqs = [esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), b"x")) for esme in sessions]
    ids = {smpp.message_id(esme.response(seq)) for esme, seq in zip(sessions, seqs)}
    equal(len(ids), 50)
    for esme in sessions:
        esme.close()


@case
def too_many_sessions():
    """more connections than sessions, or than descriptors: the rest is turned away or waits, others are served"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        raise harness.Skip("only %d descriptors" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    s = harness.Smscsim("--quiet")
    first = bound(s)
    sockets = [socket.create_connection((s.host, s.port)) for _ in range(1000)]
    sockets[-1].settimeout(harness.DEADLINE_S)
    equal(sockets[-1].recv(1), b"", "the last one is closed")
    equal(s.stats()["sessions"], 1000)
    equal(first.enquire_link().status, smpp.ROK)
    for other in sockets:
        other.close()
    wait_for(lambda: s.stats()["sessions"] == 1, "the sessions to go")
    bound(s).close()
    s.stop()

    program = harness.Program(["sh", "-c", "ulimit -n 40; exec \"$@\"", "sh", harness.built("smscsim"), "--quiet",
                               "--port", "0", "--http-port", "0"], name="smscsim")
    port = int(program.wait_line(r"SMPP on \S+:(\d+)").group(1))
    first = Esme(port)
    equal(first.bind().status, smpp.ROK)
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    equal(first.enquire_link().status, smpp.ROK)
    last = Esme(port)
    waiting = last.send(smpp.ENQUIRE_LINK)
    for other in sockets:
        other.close()
    equal(last.response(waiting).status, smpp.ROK, "after the others left")
    program.stop()


@case
def pdu_in_pieces():
    """a PDU octet by octet, and 500 in one write: all are answered in order"""
    with bound(sim()) as esme:
        for octet in smpp.pdu(smpp.ENQUIRE_LINK, seq=77):
            esme.send_raw(bytes([octet]))
        equal(esme.response(77).status, smpp.ROK)
        body = smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40)
        esme.send_raw(b"".join(smpp.pdu(smpp.SUBMIT_SM, body, seq) for seq in range(100, 600)))
        equal([esme.receive().seq for _ in range(500)], list(range(100, 600)))


# ---- malformed PDUs ----------------------------------------------------------------------------

@case
def lost_framing():
    """command_length below 16 or huge, and plain text: generic_nack RINVCMDLEN, then closed (S-01, S-02)"""
    s = sim()
    for octets in (smpp.pdu(smpp.ENQUIRE_LINK, length=2), smpp.pdu(smpp.ENQUIRE_LINK, length=15),
                   smpp.pdu(smpp.ENQUIRE_LINK, length=0), smpp.pdu(smpp.ENQUIRE_LINK, length=0x7FFFFFFF),
                   smpp.pdu(smpp.ENQUIRE_LINK, length=70001), b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        for esme in (Esme(s.port), bound(s)):
            esme.send_raw(octets + smpp.pdu(smpp.ENQUIRE_LINK, seq=9))
            got = esme.receive()
            equal((got.id, got.status, got.seq), (smpp.GENERIC_NACK, smpp.RINVCMDLEN, 0))
            assert esme.is_closed() and not esme.buffer, "more was answered"
            esme.close()
    with bound(s) as esme:
        equal(esme.enquire_link().status, smpp.ROK)


@case
def malformed_bodies():
    """a submit_sm cut at every octet, wrong sm_length, TLV past the end: an error each, the link stays"""
    s = sim()
    before = s.stats()
    body = smpp.submit_body(fresh(), smpp.single(b"abc"), esm_class=0x40)
    with bound(s) as esme:
        for cut in range(len(body)):
            got = esme.request(smpp.SUBMIT_SM, body[:cut])
            assert got.id == smpp.SUBMIT_SM | smpp.RESP and got.status != smpp.ROK, (cut, got)
            equal(got.body, b"", "body of an error")
        long = smpp.submit_body(fresh(), b"abc").replace(b"\x03abc", b"\xFEabc")
        equal(esme.request(smpp.SUBMIT_SM, long).status, smpp.RINVMSGLEN)
        for tail in (b"\x04", b"\x04\x24", b"\x04\x24\x00", b"\x04\x24\x00\x05abcd", b"\x02\x0A\xFF\xFF"):
            got = esme.request(smpp.SUBMIT_SM, body + tail)
            equal(got.status, smpp.RINVOPTPARSTREAM, tail.hex())
        for kind in (smpp.BIND_TRANSCEIVER, smpp.QUERY_SM, smpp.CANCEL_SM, smpp.DATA_SM, smpp.REPLACE_SM):
            got = esme.request(kind, b"no end")
            assert got.id == kind | smpp.RESP and got.status not in (smpp.ROK, smpp.RALYBND), got
        equal(esme.enquire_link().status, smpp.ROK)
    after = s.stats()
    equal(after["accepted"], before["accepted"])
    assert after["errors"] - before["errors"] >= len(body) + 11, after


@case
def random_octets():
    """10,000 random PDUs do not end it"""
    s = sim()
    rng = random.Random(3)
    ids = [smpp.SUBMIT_SM, smpp.DATA_SM, smpp.QUERY_SM, smpp.CANCEL_SM, smpp.REPLACE_SM, smpp.SUBMIT_MULTI,
           smpp.DELIVER_SM | smpp.RESP, smpp.GENERIC_NACK, smpp.BIND_RECEIVER, 0x1234]
    esme = bound(s)
    sent = b""
    for seq in range(10000):
        good = bytearray(smpp.submit_body(fresh() if seq % 2 else DEST, rng.randbytes(rng.randrange(141)),
                                          esm_class=rng.choice((0, 0x40)), registered_delivery=1,
                                          tlvs=smpp.tlv(rng.choice((0x20A, 0x20B, 0x424, 0x20C, 0x20E)),
                                                        rng.randbytes(rng.randrange(4)))))
        for _ in range(rng.randrange(4)):
            good[rng.randrange(len(good))] = rng.randrange(256)
        sent += smpp.pdu(rng.choice(ids), bytes(good[:rng.randrange(len(good) + 1)]) if seq % 3 else bytes(good),
                         seq + 1000)
    reader = threading.Thread(target=lambda: esme.is_closed(deadline_s=60), daemon=True)
    reader.start()
    esme.send_raw(sent)
    with bound(s) as other:
        equal(other.enquire_link().status, smpp.ROK)
    esme.socket.shutdown(socket.SHUT_WR)
    reader.join(harness.DEADLINE_S)
    assert not reader.is_alive(), "the session did not end"
    equal(s.get("messages").status, 200)
    esme.close()


@case
def unwanted_responses():
    """deliver_sm_resp and others that answer nothing are counted and ignored (S-04)"""
    s = sim()
    before = s.stats()["ignored_responses"]
    with bound(s) as esme:
        for command in (smpp.DELIVER_SM | smpp.RESP, smpp.GENERIC_NACK, smpp.ENQUIRE_LINK | smpp.RESP,
                        smpp.SUBMIT_SM | smpp.RESP):
            esme.send(command, b"\0", seq=1)
        equal(esme.enquire_link().status, smpp.ROK)
    equal(s.stats()["ignored_responses"] - before, 4)


@case
def refused_submissions():
    """what an SMSC does not take: addresses, lengths, mixed headers, lone TLVs"""
    port, sar = smpp.tlv(0x020B, b"\x0B\x84"), smpp.tlv(0x020C, b"\0\1")
    all_sar = sar + smpp.tlv(0x020E, b"\2") + smpp.tlv(0x020F, b"\1")
    payload = smpp.tlv(0x0424, b"abc")
    rows = (
        ("no destination", 0x0B, ("", b"x"), {}),
        ("letters in the destination", 0x0B, ("12025abc", b"x"), {}),
        ("141 octets with a header", 0x01, (DEST, smpp.single(b"x" * 134)), {"esm_class": 0x40}),
        ("161 characters", 0x01, (DEST, b"x" * 161), {"data_coding": 0}),
        ("141 octets of data", 0x01, (DEST, b"x" * 141), {"data_coding": 0xF5}),
        ("a receipt from an ESME", 0x43, (DEST, b"x"), {"esm_class": 4}),
        ("header and port TLV", 0xC1, (DEST, smpp.single(b"x")), {"esm_class": 0x40, "tlvs": port}),
        ("text and payload", 0xC1, (DEST, b"x"), {"tlvs": payload}),
        ("port of one octet", 0xC2, (DEST, b"x"), {"tlvs": smpp.tlv(0x020B, b"\1")}),
        ("source port alone", 0xC3, (DEST, b"x"), {"tlvs": smpp.tlv(0x020A, b"\1\1")}),
        ("sar_ reference alone", 0xC3, (DEST, b"x"), {"tlvs": sar}),
        ("segment 3 of 2", 0xC4, (DEST, b"x"), {"tlvs": sar + smpp.tlv(0x020E, b"\2") + smpp.tlv(0x020F, b"\3")}),
        ("segment of 128 octets", 0x01, (DEST, b"x" * 128), {"tlvs": all_sar + port}),
    )
    s = sim()
    before = s.stats()
    with bound(s) as esme:
        for name, status, args, more in rows:
            equal(esme.submit(*args, **more).status, status, name)
        equal(esme.request(smpp.DATA_SM, smpp.data_body(DEST, tlvs=port)).status, 0xC3, "data_sm without data")
        for name, args, more in (
                ("140 octets", (fresh(), smpp.single(b"x" * 133)), {"esm_class": 0x40}),
                ("160 characters", (fresh(), b"x" * 160), {"data_coding": 0}),
                ("segment of 127 octets", (fresh(), b"x" * 127), {"tlvs": all_sar + port})):
            equal(esme.submit(*args, **more).status, smpp.ROK, name)
    after = s.stats()
    equal(after["refused"] - before["refused"], len(rows) + 1)
    equal(after["accepted"] - before["accepted"], 3)


# ---- messages ----------------------------------------------------------------------------------

@case
def single_push():
    """a push of one part: every member of its entry"""
    s = sim()
    since, dest = newest(s), fresh()
    push = smpp.si_push(text="Hello there", tid=9)
    with bound(s, system_id="entry") as esme:
        message_id = esme.submit_ok(dest, smpp.single(push), source="+12025550100", esm_class=0x40,
                                    data_coding=0xF5, registered_delivery=1, validity="000001000000000R")
        esme.answer(esme.next_request())
    got, = s.messages(since=since)
    equal(got["seq"], since + 1)
    for key, value in (("system_id", "entry"), ("source", "12025550100"), ("dest", dest[1:]),
                       ("esm_class", 0x40), ("data_coding", 0xF5), ("message_id", message_id),
                       ("message_ids", [message_id]), ("segments", [smpp.single(push).hex().upper()]),
                       ("registered_delivery", 1), ("dest_ton", 1), ("dest_npi", 1), ("ports_in", "udh"),
                       ("validity_period", "000001000000000R"), ("state", "DELIVRD")):
        equal(got[key], value, key)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", got["received"]), got["received"]
    assert abs(got["received_ms"] - time.time() * 1000) < 60000
    m = got["message"]
    equal((m["kind"], m["segments"], m["ports"], m["tid"]), ("sms", 1, {"dst": 2948, "src": 9200}, 9))
    equal(m["content_type"], "application/vnd.wap.sic")
    equal(m["app_id"], "x-wap-application:wml.ua")
    equal(m["body"]["format"], "xml")
    assert "Hello there" in m["body"]["value"], m


@case
def out_of_order():
    """segments in any order and repeated become one entry, with all message ids"""
    s = sim()
    dest = fresh()
    text = "".join(chr(ord("a") + i % 26) for i in range(600))
    parts = smpp.segments(smpp.si_push(text=text), ref=0x1234)
    equal(len(parts), 6)
    since, before = newest(s), s.stats()
    with bound(s) as esme:
        ids = {}
        for i in (5, 2, 0, 2, 4, 1):
            assert not s.messages(since=since), "an entry before it is complete"
            ids.setdefault(i, []).append(esme.submit_ok(dest, parts[i], esm_class=0x40))
        equal(s.stats()["incomplete"] - before["incomplete"], 1)
        ids[3] = [esme.submit_ok(dest, parts[3], esm_class=0x40)]
    got, = s.messages(since=since)
    equal(got["segments"], [p.hex().upper() for p in parts])
    equal(got["message_ids"], [ids[i][0] for i in range(6)] + ids[2][1:])
    equal(got["message_id"], ids[5][0])
    equal(got["message"]["segments"], 6)
    assert text in got["message"]["body"]["value"]
    after = s.stats()
    equal(after["duplicates"] - before["duplicates"], 1)
    equal(after["incomplete"], before["incomplete"])


@case
def messages_apart():
    """equal references of other senders, destinations, sizes and totals do not mix"""
    s = sim()
    dest, other = fresh(), fresh()
    since = newest(s)

    def part(number, total, seq, letter):
        return struct.pack(">BBBHBBBBHH", 0x0C, 8, 4, number, total, seq, 5, 4, 2948, 9200) + letter
    eight = struct.pack(">BBBBBB", 5, 0, 3, 7, 2, 2) + b"c"
    with bound(s) as esme:
        esme.submit_ok(dest, part(7, 2, 1, b"a"), esm_class=0x40)
        esme.submit_ok(other, part(7, 2, 2, b"b"), esm_class=0x40)
        esme.submit_ok(dest, eight, esm_class=0x40)
        esme.submit_ok(dest, part(7, 3, 2, b"d"), esm_class=0x40)
        esme.submit_ok(dest, part(7, 2, 2, b"e"), esm_class=0x40, source="+12025550199")
        equal(s.messages(since=since), [])
        esme.submit_ok(dest, part(7, 2, 2, b"f"), esm_class=0x40)
    got, = s.messages(since=since)
    equal([bytes.fromhex(x)[-1:] for x in got["segments"]], [b"a", b"f"])


@case
def total_of_one():
    """a concatenation header with total 1, and one that is to be ignored (U-02), make one entry each"""
    s = sim()
    dest = fresh()
    push = smpp.si_push()
    with bound(s) as esme:
        for total, seq in ((1, 1), (0, 1), (2, 0), (2, 3)):
            since = newest(s)
            esme.submit_ok(dest, struct.pack(">BBBBBBBBHH", 0x0B, 0, 3, 5, total, seq, 5, 4, 2948, 9200) + push,
                           esm_class=0x40)
            got, = s.messages(since=since)
            equal(len(got["segments"]), 1)
            equal(got["message"].get("content_type"), "application/vnd.wap.sic", str((total, seq)))


@case
def undecodable():
    """what does not decode is kept with its error"""
    s = sim()
    dest = fresh()
    with bound(s) as esme:
        for data, esm_class in ((b"hello", 0), (smpp.single(b"\x01\x06\x7F\xAE\x80"), 0x40), (b"\xFFabc", 0x40),
                                (b"", 0x40), (smpp.single(b""), 0x40)):
            since = newest(s)
            esme.submit_ok(dest, data, esm_class=esm_class)
            got, = s.messages(since=since)
            equal(got["segments"], [data.hex().upper()])
            assert got["message"].get("error"), got["message"]


@case
def ports_in_tlvs():
    """ports and sar_ in TLVs, in submit_sm and data_sm: shown as the user data that a handset gets"""
    s = sim()
    push = smpp.si_push(text="a" * 200)
    ports = smpp.tlv(0x020A, b"\x23\xF0") + smpp.tlv(0x020B, b"\x0B\x84")

    def sar(total, seq):
        return ports + smpp.tlv(0x020C, b"\0\7") + smpp.tlv(0x020E, bytes([total])) + smpp.tlv(0x020F, bytes([seq]))
    with bound(s) as esme:
        since = newest(s)
        esme.submit_ok(fresh(), smpp.si_push(), tlvs=ports)
        one, = s.messages(since=since)
        equal(one["segments"], [smpp.single(smpp.si_push()).hex().upper()])
        esme.submit_ok(fresh(), b"", tlvs=ports + smpp.tlv(0x0424, push))
        got = esme.request(smpp.DATA_SM, smpp.data_body(fresh(), tlvs=ports + smpp.tlv(0x0424, push)))
        equal((got.id, got.status), (smpp.DATA_SM | smpp.RESP, smpp.ROK))
        dest = fresh()
        ids = [esme.submit_ok(dest, push[127 * i:127 * (i + 1)], tlvs=sar(2, i + 1)) for i in (1, 0)]
        entries = s.messages(since=since)
        equal(len(entries), 4)
        equal(entries[2]["message_ids"], [smpp.message_id(got)])
        equal(entries[3]["message_ids"], ids[::-1])
        for entry in entries:
            equal(entry["ports_in"], "tlv")
            equal(entry["message"]["ports"], {"dst": 2948, "src": 9200})
            equal(entry["message"]["content_type"], "application/vnd.wap.sic")
        for entry in entries[1:]:
            equal(len(entry["segments"]), 2)
            assert "a" * 200 in entry["message"]["body"]["value"]


@case
def message_queries():
    """since, dest with and without '+', limit; wrong parameters are told apart"""
    s = sim()
    since, dest, other = newest(s), fresh(), fresh()
    with bound(s) as esme:
        for i in range(10):
            esme.submit_ok(dest if i % 2 else other, smpp.single(b"%d" % i), esm_class=0x40)
    seqs = [m["seq"] for m in s.messages(since=since)]
    equal(seqs, list(range(since + 1, since + 11)))
    equal([m["seq"] for m in s.messages(since=since, limit=3)], seqs[:3])
    equal([m["seq"] for m in s.messages(since=since + 4)], seqs[4:])
    for text in (dest, dest[1:], "%2B" + dest[1:], "%20" + dest[1:]):
        raw = http_get(s.url + "messages?since=%d&dest=%s" % (since, text)).json()
        equal([m["seq"] for m in raw], seqs[1::2], text)
    equal([m["seq"] for m in s.messages(since=since + 5, dest=dest, limit=2)], seqs[5::2][:2])
    equal(s.messages(since=10**15), [])
    equal(s.messages(dest="999"), [])
    for query in ("since=x", "since=-1", "since=1e3", "limit=0", "limit=x", "wait=-1", "wait=601", "wait=x", "wait=nan",
                  "wait=", "dest=", "dest=%zz", "dest=123456789012345678901234567890", "sinse=1", "since=1&more"):
        got = http_get(s.url + "messages?" + query)
        equal(got.status, 400, query)
        assert len(got.text) > 10, got.text


@case
def ring():
    """--max-messages: the oldest go first, numbers go on"""
    s = harness.Smscsim("--max-messages", "5", "--quiet")
    dest, other = fresh(), fresh()
    with bound(s) as esme:
        ids = [esme.submit_ok(dest if i % 3 else other, smpp.single(bytes([i])), esm_class=0x40)
               for i in range(12)]
        equal([m["seq"] for m in s.messages()], [8, 9, 10, 11, 12])
        equal([m["seq"] for m in s.messages(since=10)], [11, 12])
        equal([m["seq"] for m in s.messages(dest=dest)], [8, 9, 11, 12])
        equal([m["seq"] for m in s.messages(dest=other)], [10])
        equal(esme.query(ids[0]).status, smpp.RQUERYFAIL)
        equal(esme.query(ids[-1]).status, smpp.ROK)
        # incomplete messages are given up when they are too many: of six, the first is gone
        for ref in range(6):
            esme.submit_ok(dest, smpp.segments(b"z" * 200, ref)[0], esm_class=0x40)
        equal(s.stats()["incomplete"], 5)
        equal(s.stats()["forgotten_parts"], 1)
        esme.submit_ok(dest, smpp.segments(b"z" * 200, 0)[1], esm_class=0x40)
        equal(len(s.messages(since=12)), 0)
        esme.submit_ok(dest, smpp.segments(b"z" * 200, 5)[1], esm_class=0x40)
        equal(len(s.messages(since=12)), 1)
    s.stop()


@case
def long_poll():
    """wait: answered when a message comes, not before, for the right destination, or empty in the end"""
    s = sim()
    since, dest, other = newest(s), fresh(), fresh()
    results = {}

    def poll(name, **query):
        started = time.monotonic()
        results[name] = (s.messages(**query), time.monotonic() - started)
    polls = [threading.Thread(target=poll, args=("mine",), kwargs=dict(since=since, dest=dest, wait=30)),
             threading.Thread(target=poll, args=("any",), kwargs=dict(since=since, wait=30)),
             threading.Thread(target=poll, args=("later",), kwargs=dict(since=since + 2, wait=30)),
             threading.Thread(target=poll, args=("short",), kwargs=dict(since=since + 9, wait=0.3))]
    for thread in polls:
        thread.start()
    wait_for(lambda: s.stats()["polls"] == 3, "three that wait")
    polls[3].join(harness.DEADLINE_S)
    equal(results["short"][0], [])
    assert 0.25 < results["short"][1] < 25, results["short"]        # before it could be one of the others
    equal(sorted(results), ["short"])
    with bound(s) as esme:
        esme.submit_ok(other, smpp.single(b"1"), esm_class=0x40)
        polls[1].join(harness.DEADLINE_S)
        equal([m["dest"] for m in results["any"][0]], [other[1:]])
        assert "mine" not in results
        esme.submit_ok(dest, smpp.single(b"2"), esm_class=0x40)
        polls[0].join(harness.DEADLINE_S)
        equal([m["seq"] for m in results["mine"][0]], [since + 2])
        assert "later" not in results
        esme.submit_ok(other, smpp.single(b"3"), esm_class=0x40)
        polls[2].join(harness.DEADLINE_S)
        equal([m["seq"] for m in results["later"][0]], [since + 3])
    started = time.monotonic()
    equal(len(s.messages(since=since, wait=30)), 3)
    assert time.monotonic() - started < 25, "waited for what was there"


@case
def many_polls():
    """200 long polls at once, each for its own number, while others are served"""
    s = sim()
    since = newest(s)
    numbers = [fresh() for _ in range(200)]
    results = {}

    def poll(number):
        results[number] = s.messages(since=since, dest=number, wait=30)
    threads = [threading.Thread(target=poll, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    wait_for(lambda: s.stats()["polls"] == 200, "200 that wait")
    with bound(s) as esme:
        for number in reversed(numbers):
            esme.submit_ok(number, smpp.single(b"x"), esm_class=0x40)
    for thread in threads:
        thread.join(harness.DEADLINE_S)
    for number in numbers:
        equal([m["dest"] for m in results.get(number, [])], [number[1:]])


# ---- query and cancel --------------------------------------------------------------------------

@case
def query_and_cancel():
    """a message can be cancelled until its outcome; query_sm tells; its receipt says DELETED"""
    s = sim()
    s.receipts(mode="hold")
    dest, since = fresh(), newest(s)
    with bound(s) as esme:
        one, two, three = [esme.submit_ok(dest, smpp.single(b"%d" % i), esm_class=0x40, registered_delivery=1)
                           for i in range(3)]
        got = esme.query(one)
        equal(smpp.parse_query(got.body), {"message_id": one, "final_date": "", "state": 1, "error": 0})
        equal(esme.cancel(one, dest).status, smpp.ROK)
        got = smpp.parse_query(esme.query(one).body)
        equal(got["state"], 4)
        assert re.match(r"\d{12}000\+$", got["final_date"]), got
        equal(esme.cancel(one, dest).status, smpp.RCANCELFAIL, "cancelled twice")
        equal(esme.cancel(two, fresh()).status, smpp.RCANCELFAIL, "another destination")
        equal(esme.cancel(two, dest, source="+12025550111").status, smpp.RCANCELFAIL, "another source")
        equal(esme.query(two, source="+12025550111").status, smpp.RQUERYFAIL)
        equal(esme.cancel("1234567890", dest).status, smpp.RINVMSGID)
        for wrong in ("", "abc", "99999999999999999999"):
            equal(esme.query(wrong).status, smpp.RQUERYFAIL, wrong)
        with bound(s, system_id="somebody") as other:
            equal(other.cancel(two, dest).status, smpp.RINVMSGID, "another account")
        s.receipts(mode="auto")
        stats = {}
        for _ in range(3):
            request = esme.next_request()
            receipt = smpp.parse_receipt(request.body)
            stats[receipt["fields"]["id"]] = receipt["fields"]["stat"]
            esme.answer(request)
        equal(stats, {one: "DELETED", two: "DELIVRD", three: "DELIVRD"})
        equal(esme.cancel(two, dest).status, smpp.RCANCELFAIL, "delivered")
        equal(smpp.parse_query(esme.query(two).body)["state"], 2)
    equal([m["state"] for m in s.messages(since=since)], ["DELETED", "DELIVRD", "DELIVRD"])


@case
def cancel_all():
    """cancel_sm without a message id: all of a source and destination"""
    s = sim()
    s.receipts(mode="hold")
    dest, other, since = fresh(), fresh(), newest(s)
    with bound(s) as esme:
        for to in (dest, other, dest):
            esme.submit_ok(to, smpp.single(b"x"), esm_class=0x40)
        equal(esme.cancel("", dest).status, smpp.ROK)
        equal(esme.cancel("", dest).status, smpp.RCANCELFAIL)
        got = esme.request(smpp.REPLACE_SM, smpp.cstr("1") + smpp.address("+1") + smpp.cstr("") + smpp.cstr("")
                           + b"\0\0\0")
        equal((got.id, got.status), (smpp.REPLACE_SM | smpp.RESP, 0x13))
    equal([m["state"] for m in s.messages(since=since)], ["DELETED", "ENROUTE", "DELETED"])


# ---- receipts ----------------------------------------------------------------------------------

def next_receipt(esme, status=smpp.ROK):
    request = esme.next_request()
    equal(request.id, smpp.DELIVER_SM)
    if status is not None:
        esme.answer(request, status)
    return smpp.parse_receipt(request.body)


def barrier(esme):
    """All that the simulator wrote before its answer has been read."""
    equal(esme.enquire_link().status, smpp.ROK)


@case
def receipt_contents():
    """a receipt: text, TLVs, swapped addresses, esm_class"""
    s = sim()
    dest, before = fresh(), s.stats()
    with bound(s) as esme:
        message_id = esme.submit_ok(dest, smpp.single(b"x"), esm_class=0x40, registered_delivery=1, source="4711")
        equal(len(message_id), 10)
        r = next_receipt(esme)
        equal((r["esm_class"], r["source"], r["dest"]), (4, dest[1:], "4711"))
        equal((r["source_ton"], r["source_npi"], r["dest_ton"], r["dest_npi"]), (1, 1, 0, 1))
        assert re.match(r"id:%s sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} stat:DELIVRD err:000 text:$"
                        % message_id, r["text"]), r["text"]
        equal(r["tlvs"], {smpp.RECEIPTED_MESSAGE_ID: smpp.cstr(message_id), smpp.MESSAGE_STATE: b"\2"})
        barrier(esme)
    after = s.stats()
    equal((after["receipts_sent"] - before["receipts_sent"],
           after["receipts_acknowledged"] - before["receipts_acknowledged"]), (1, 1))


@case
def receipt_states():
    """every state, hexadecimal ids, without TLVs, with a text of one's own"""
    s = sim()
    states = {"DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7, "REJECTD": 8,
              "ENROUTE": 1}
    with bound(s) as esme:
        def one():
            return esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        for name, number in states.items():
            s.receipts(state=name)
            message_id = one()
            r = next_receipt(esme)
            equal((r["fields"]["stat"], r["tlvs"][smpp.MESSAGE_STATE]), (name, bytes([number])))
            equal(r["esm_class"], 0x20 if name == "ENROUTE" else 4, name)
            equal(r["fields"]["dlvrd"], "001" if name == "DELIVRD" else "000")
            equal(smpp.parse_query(esme.query(message_id).body)["state"], number, name)
        s.receipts(state="DELIVRD", id_format="hex")
        message_id = one()
        r = next_receipt(esme)
        equal(r["fields"]["id"], "%X" % int(message_id))
        equal(r["tlvs"][smpp.RECEIPTED_MESSAGE_ID], smpp.cstr("%X" % int(message_id)))
        s.receipts(tlvs=False)
        message_id = one()
        r = next_receipt(esme)
        equal((r["tlvs"], r["fields"]["id"]), ({}, "%X" % int(message_id)))
        s.receipts(tlvs=True, id_format="dec", text="id:{id} stat:BANANA")
        message_id = one()
        r = next_receipt(esme)
        equal((r["text"], r["tlvs"]), ("id:%s stat:BANANA" % message_id, {}))
        equal(s.get("receipts").json()["text"], "id:{id} stat:BANANA")


@case
def receipt_wishes():
    """registered_delivery: none, both, failure only, success only"""
    s = sim()
    with bound(s) as esme:
        for state, wanted in (("DELIVRD", [1, 3]), ("UNDELIV", [1, 2])):
            s.receipts(state=state)
            ids = {esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=wish): wish
                   for wish in range(4)}
            barrier(esme)
            got = []
            while esme.requests:
                got.append(ids[next_receipt(esme)["fields"]["id"]])
            equal(got, wanted, state)


@case
def receipts_held():
    """hold keeps receipts until auto, none drops them, GET /receipts shows"""
    s = sim()
    shown = s.get("receipts").json()
    before = shown.pop("waiting")
    equal(shown, {"mode": "auto", "state": "DELIVRD", "states": None, "delay_ms": 0, "jitter_ms": 0, "id_format": "dec",
                  "submit_id_format": "dec", "tlvs": True, "text": None})
    with bound(s) as esme:
        def submit(n):
            return [esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
                    for _ in range(n)]
        equal(s.receipts(mode="hold")["mode"], "hold")
        held = submit(5)
        barrier(esme)
        equal(list(esme.requests), [])
        equal(s.get("receipts").json()["waiting"], before + 5)
        s.receipts(mode="auto", state="EXPIRED")
        got = [next_receipt(esme)["fields"] for _ in range(5)]
        equal([f["id"] for f in got], held, "order")
        equal({f["stat"] for f in got}, {"EXPIRED"})
        s.receipts(mode="hold")
        submit(2)
        s.receipts(mode="none")
        submit(2)
        s.receipts(mode="auto", state="DELIVRD")
        last = submit(1)
        equal(next_receipt(esme)["fields"]["id"], last[0])
        barrier(esme)
        equal(list(esme.requests), [])


@case
def receipts_delayed():
    """delay_ms: not before its time, in order; the delay may change meanwhile"""
    s = sim()
    with bound(s) as esme:
        for delay in DELAYS_MS:
            s.receipts(delay_ms=delay)
            started = time.monotonic()
            slow = esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
            state = smpp.parse_query(esme.query(slow).body)["state"]
            s.receipts(delay_ms=100)
            fast = esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
            ids = [next_receipt(esme)["fields"]["id"] for _ in range(2)]
            assert time.monotonic() - started >= delay / 1000 - 0.01
            equal(sorted(ids), sorted([slow, fast]))
            if (state, ids) == (1, [fast, slow]):
                break
        equal((state, ids), (1, [fast, slow]))


@case
def receipts_wait_for_a_receiver():
    """without a receiver receipts wait; any receiver of the same system_id gets them, others do not"""
    s = sim()
    name = "waits%d" % newest(s)
    with bound(s, smpp.BIND_TRANSMITTER, name) as sender:
        ids = [sender.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
               for _ in range(3)]
        barrier(sender)
        equal(list(sender.requests), [])
        s.receipts(mode="hold")
        ids.append(sender.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1))
        equal(smpp.parse_query(sender.query(ids[3]).body)["state"], 1)
        s.receipts(mode="auto")
        equal(smpp.parse_query(sender.query(ids[3]).body)["state"], 2)
        with bound(s, smpp.BIND_RECEIVER, name + "x") as stranger, bound(s, smpp.BIND_RECEIVER, name) as receiver:
            equal([next_receipt(receiver)["fields"]["id"] for _ in range(4)], ids)
            barrier(stranger)
            equal(list(stranger.requests), [])


@case
def receipts_window():
    """at most 100 deliver_sm are outstanding; the rest follows the answers"""
    s = sim()
    before = s.stats()["receipts_acknowledged"]
    with bound(s) as esme:
        s.receipts(mode="hold")
        ids = [esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
               for _ in range(130)]
        s.receipts(mode="auto")
        wait_for(lambda: barrier(esme) or len(esme.requests) >= 100, "100 receipts")
        equal(len(esme.requests), 100)
        first = [esme.requests.popleft() for _ in range(100)]
        for request in first[40:50]:
            esme.answer(request)
        more = [esme.next_request() for _ in range(10)]
        barrier(esme)
        equal(list(esme.requests), [])
        for request in first[:40] + first[50:] + more:
            esme.answer(request)
        rest = [esme.next_request() for _ in range(20)]
        for request in rest:
            esme.answer(request)
        got = [smpp.parse_receipt(request.body)["fields"]["id"] for request in first + more + rest]
        equal(got, ids)
        wait_for(lambda: s.stats()["receipts_acknowledged"] == before + 130, "all answers")


@case
def receipts_again():
    """temporary errors and a lost session: sent again; permanent ones are not"""
    s = sim()
    before = s.stats()
    name = "again%d" % newest(s)
    esme = bound(s, system_id=name)
    for status in (smpp.RX_T_APPN, smpp.RMSGQFUL, smpp.RTHROTTLED, smpp.RSYSERR):
        message_id = esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        equal(next_receipt(esme, status)["fields"]["id"], message_id)
        equal(next_receipt(esme)["fields"]["id"], message_id, "%X" % status)
    ids = [esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1) for _ in range(3)]
    equal([next_receipt(esme, None)["fields"]["id"] for _ in range(3)], ids)
    esme.close()
    with bound(s, system_id=name) as again:
        equal([next_receipt(again)["fields"]["id"] for _ in range(3)], ids, "after the session was lost")
        for command, status in ((smpp.DELIVER_SM | smpp.RESP, smpp.RX_P_APPN), (smpp.GENERIC_NACK, 3)):
            again.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
            request = again.next_request()
            again.send(command, b"", status, request.seq)
        last = again.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        equal(next_receipt(again)["fields"]["id"], last)
        barrier(again)
        equal(list(again.requests), [])
    equal(s.stats()["receipts_refused"] - before["receipts_refused"], 2)


@case
def equal_sequence_numbers():
    """sequence numbers of both directions are apart (S-15)"""
    s = sim()
    before = s.stats()["receipts_acknowledged"]
    with bound(s) as esme:
        esme.seq = 0
        for _ in range(5):
            esme.submit_ok(fresh(), smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        requests = [esme.next_request() for _ in range(5)]
        equal([request.seq for request in requests], [1, 2, 3, 4, 5])
        equal([request.status for request in requests], [0] * 5)
        for request in requests:
            equal(esme.enquire_link().status, smpp.ROK)
            esme.answer(request)
        wait_for(lambda: s.stats()["receipts_acknowledged"] == before + 5, "all answers")


# ---- faults ------------------------------------------------------------------------------------

def submit(esme, dest=None, **more):
    return esme.submit(dest or fresh(), smpp.single(b"x"), esm_class=0x40, **more)


@case
def fault_list():
    """faults are numbered, listed, counted down, removed"""
    s = sim()
    one = s.fault("throttle", count=2, match={"dest": DEST})
    two = s.fault("reject", value=0x45)
    assert two > one
    listed = s.get("faults").json()
    equal([(f["id"], f["kind"], f["value"], f["count"], f["left"]) for f in listed],
          [(one, "throttle", 0, 2, 2), (two, "reject", 0x45, 0, 0)])
    equal(listed[0]["match"], {"dest": DEST[1:]})
    with bound(s) as esme:
        equal(submit(esme, DEST).status, smpp.RTHROTTLED)
        equal(submit(esme, "12025550124").status, 0x45)
        equal(s.get("faults").json()[0]["left"], 1)
        equal(submit(esme, "12025550123").status, smpp.RTHROTTLED)
        equal([f["id"] for f in s.get("faults").json()], [two])
        equal(submit(esme, DEST).status, 0x45)
        equal(http_request("DELETE", s.url + "faults").json(), {"deleted": 1})
        equal(s.get("faults").json(), [])
        equal(submit(esme, DEST).status, smpp.ROK)


@case
def fault_statuses():
    """throttle, queue_full and reject answer with an error and keep nothing; every takes each n-th"""
    s = sim()
    with bound(s) as esme:
        for kind, value, status in (("throttle", None, 0x58), ("queue_full", None, 0x14), ("reject", 0x0B, 0x0B),
                                    ("reject", 0xFFFFFFFF, 0xFFFFFFFF)):
            before = newest(s)
            s.fault(kind, count=2, **({"value": value} if value else {}))
            got = [submit(esme) for _ in range(3)]
            equal([g.status for g in got], [status, status, 0], kind)
            equal(got[0].body, b"")
            equal(newest(s) - before, 1)
        s.fault("throttle", every=2, count=3)
        equal([submit(esme).status for _ in range(8)], [0, 0x58, 0, 0x58, 0, 0x58, 0, 0])


@case
def fault_delay():
    """delay: the answer comes later, other PDUs are answered meanwhile; delays add up with an error"""
    s = sim()
    with bound(s) as esme:
        for delay in DELAYS_MS:
            s.fault("delay", value=delay, count=1)
            started = time.monotonic()
            slow = esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40,
                                                              registered_delivery=1))
            equal(esme.enquire_link().status, smpp.ROK)
            equal(submit(esme).status, smpp.ROK)
            receipt = smpp.parse_receipt(esme.next_request().body)
            overtaken = slow not in [r.seq for r in esme.responses]
            answer = esme.response(slow)
            assert time.monotonic() - started >= delay / 1000 - 0.01
            if overtaken:
                break
        assert overtaken, "the others waited too"
        equal(receipt["fields"]["id"], smpp.message_id(answer), "the receipt overtakes the answer")
        s.fault("delay", value=100, count=1)
        s.fault("delay", value=100, count=1)
        s.fault("throttle", count=1)
        started = time.monotonic()
        equal(submit(esme).status, smpp.RTHROTTLED)
        assert time.monotonic() - started >= 0.19
        s.fault("delay", value=100)
        seqs = [esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40))
                for _ in range(500)]
        for seq in seqs:
            equal(esme.response(seq).status, smpp.ROK)


@case
def fault_drop_response():
    """drop_response: taken, never answered, the link stays"""
    s = sim()
    before = newest(s)
    with bound(s) as esme:
        s.fault("drop_response", count=1)
        seq = esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40))
        equal(submit(esme).status, smpp.ROK)
        equal([r for r in esme.responses if r.seq == seq], [])
        equal(newest(s) - before, 2)


@case
def fault_disconnect():
    """disconnect: `value` octets of the answer, then closed; what was behind is not read"""
    s = sim()
    for value in (None, 0, 7, 16, 1000):
        s.fault("disconnect", count=1, **({} if value is None else {"value": value}))
        before = newest(s)
        esme = bound(s)
        body = smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40)
        esme.send_raw(smpp.pdu(smpp.SUBMIT_SM, body, 5) + smpp.pdu(smpp.SUBMIT_SM, body, 6))
        assert esme.is_closed(), value
        whole = 16 + 11
        equal(len(esme.buffer), min(value or 0, whole), str(value))
        if value:
            equal(esme.buffer[:8], struct.pack(">II", whole, smpp.SUBMIT_SM | smpp.RESP)[:value])
        equal(newest(s) - before, 1)
        esme.close()


@case
def fault_garbage():
    """garbage: random octets instead of the answer, the same with the same seed"""
    def octets(seed):
        s = harness.Smscsim("--seed", seed, "--quiet")
        s.fault("garbage", value=50, count=1)
        s.fault("garbage", count=1)
        with bound(s) as esme:
            for _ in range(2):
                esme.send(smpp.SUBMIT_SM, smpp.submit_body(DEST, smpp.single(b"x"), esm_class=0x40))
            got = esme.receive_raw(82)
            message_id = smpp.message_id(submit(esme))
        equal(s.stats()["messages"], 3)
        s.stop()
        return got, message_id
    one, again, other = octets("11"), octets("11"), octets("12")
    equal(len(one[0]), 82)
    equal(again, one)
    assert other[0] != one[0] and other[1] != one[1]


@case
def fault_half_open():
    """half_open: nothing is read or answered, the connection stays; DELETE /faults lets it go on"""
    s = sim()
    before = newest(s)
    with bound(s) as esme, bound(s, system_id="other") as other:
        s.fault("half_open", count=1)
        esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40))
        beat = esme.send(smpp.ENQUIRE_LINK)
        later = esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"y"), esm_class=0x40))
        equal(submit(other).status, smpp.ROK)
        wait_for(lambda: s.get("faults").json() == [], "the fault to fall")
        assert not esme.is_closed(deadline_s=0.3)
        equal(esme.buffer, b"")
        equal(newest(s) - before, 1)
        s.clear_faults()
        equal(esme.response(beat).status, smpp.ROK)
        equal(esme.response(later).status, smpp.ROK)
        equal(newest(s) - before, 2)
    # an answer that is late is not sent while the session sleeps, and neither is a receipt
    with bound(s) as esme:
        s.fault("delay", value=100, match={"dest": DEST})
        s.fault("half_open", count=1, match={"dest": "1"})
        body = smpp.submit_body(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        s.receipts(delay_ms=100)
        # in one piece: the session is asleep before the first answer is due, however late it is read
        esme.send_raw(smpp.pdu(smpp.SUBMIT_SM, body, 101)
                      + smpp.pdu(smpp.SUBMIT_SM, smpp.submit_body("1", smpp.single(b"x"), esm_class=0x40), 102))
        wait_for(lambda: len(s.get("faults").json()) == 1, "the fault to fall")
        assert not esme.is_closed(deadline_s=0.4)
        equal(esme.buffer, b"")
        s.clear_faults()
        equal(next_receipt(esme)["dest"], "12025550100")
    # a peer that goes away while its session sleeps leaves nothing behind
    s.receipts(delay_ms=0)
    sessions = s.stats()["sessions"]
    s.fault("half_open", count=1)
    esme = bound(s)
    esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40))
    wait_for(lambda: s.get("faults").json() == [], "the fault to fall")
    esme.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    esme.close()                    # a reset
    wait_for(lambda: s.stats()["sessions"] <= sessions, "the session to go")
    s.fault("half_open", count=1)
    esme = bound(s)
    esme.send(smpp.SUBMIT_SM, smpp.submit_body(fresh(), smpp.single(b"x"), esm_class=0x40))
    wait_for(lambda: s.get("faults").json() == [], "the fault to fall")
    esme.close()
    s.clear_faults()
    wait_for(lambda: s.stats()["sessions"] <= sessions, "the session to go")


@case
def faults_elsewhere():
    """on: faults of bind and enquire_link"""
    s = sim()
    s.fault("reject", value=0x0E, on="bind", count=1)
    with Esme(s.port) as esme:
        got = esme.bind()
        equal((got.status, got.body), (0x0E, b""))
        equal(submit(esme).status, smpp.RINVBNDSTS)
        equal(esme.bind().status, smpp.ROK)
        equal(submit(esme).status, smpp.ROK)
    s.fault("drop_response", on="enquire_link", count=1)
    with bound(s) as esme:
        lost = esme.send(smpp.ENQUIRE_LINK)
        equal(esme.enquire_link().status, smpp.ROK)
        equal([r for r in esme.responses if r.seq == lost], [])
    s.fault("drop_response", on="bind", count=1)
    with Esme(s.port) as esme:
        esme.send(smpp.BIND_TRANSCEIVER, smpp.cstr("a") + smpp.cstr("b") + smpp.cstr("") + b"\x34\0\0\0")
        equal(submit(esme).status, smpp.RINVBNDSTS, "not bound")
    s.fault("disconnect", on="bind", count=1)
    with Esme(s.port) as esme:
        esme.send(smpp.BIND_TRANSCEIVER, smpp.cstr("a") + smpp.cstr("b") + smpp.cstr("") + b"\x34\0\0\0")
        assert esme.is_closed()


@case
def peer_that_does_not_read():
    """a peer that sends without reading is not answered into memory without bound"""
    s = sim()
    esme = Esme(s.port, receive_buffer=4096)
    equal(esme.bind().status, smpp.ROK)
    body = smpp.pdu(smpp.ENQUIRE_LINK) * 4096
    esme.socket.settimeout(1)
    sent = 0
    try:
        while sent < 64 << 20:
            sent += esme.socket.send(body)
    except socket.timeout:
        pass
    assert sent < 64 << 20, "64 MiB were taken from a peer that reads nothing"
    with bound(s) as other:
        equal(other.enquire_link().status, smpp.ROK)
    got = 0
    while got < sent // 16 * 16 - 16:
        more = len(esme.receive_raw(min(1 << 16, sent // 16 * 16 - 16 - got)))
        assert more, (got, sent)
        got += more
    esme.close()


# ---- HTTP --------------------------------------------------------------------------------------

@case
def bad_http():
    """unknown paths, methods, members, values: 404, 405, 400 with a sentence, nothing changed"""
    s = sim()
    equal(http_get(s.url).status, 404)
    equal(http_get(s.url + "message").status, 404)
    got = http_post(s.url + "messages", {})
    equal((got.status, got.headers.get("allow")), (405, "GET"))
    got = http_request("DELETE", s.url + "receipts")
    equal((got.status, got.headers.get("allow")), (405, "GET, POST"))
    bad_faults = (
        b"", b"{", b"[]", b"1", b"null", b"\xFF", b'{"kind":"throttle"} x', {}, {"kind": "nothing"}, {"kind": 1},
        {"kind": "throttle", "count": -1}, {"kind": "throttle", "count": "1"}, {"kind": "throttle", "count": 1.5},
        {"kind": "throttle", "value": -1}, {"kind": "throttle", "values": 1}, {"kind": "delay"},
        {"kind": "delay", "value": 3600001}, {"kind": "reject"}, {"kind": "reject", "value": 0},
        {"kind": "reject", "value": 1 << 32}, {"kind": "garbage", "value": 65537},
        {"kind": "throttle", "match": 1}, {"kind": "throttle", "match": {"to": "1"}},
        {"kind": "throttle", "match": {"dest": 1}}, {"kind": "throttle", "match": {"dest": ""}},
        {"kind": "throttle", "match": {"dest": "1" * 30}}, {"kind": "throttle", "every": 0},
        {"kind": "throttle", "on": "unbind"}, {"kind": "reject", "value": 1, "on": "bind", "match": {"dest": "1"}},
        b'{"kind":"throttle","kind":"delay"}')
    for body in bad_faults:
        got = http_post(s.url + "faults", body)
        equal(got.status, 400, str(body))
        assert 5 < len(got.text) <= 201, got.text
    equal(s.get("faults").json(), [])
    before = s.get("receipts").json()
    for body in (b"", b"[]", {"mode": "off"}, {"mode": None}, {"state": "DELIVERED"}, {"delay_ms": -1},
                 {"delay_ms": 86400001}, {"delay_ms": "1"}, {"id_format": "oct"}, {"tlvs": 1}, {"text": 1},
                 {"text": "x" * 255}, {"mood": "auto"}, {"mode": "hold", "state": "x"}):
        got = http_post(s.url + "receipts", body)
        equal(got.status, 400, str(body))
        assert 5 < len(got.text) <= 201, got.text
    equal(s.get("receipts").json(), before)
    equal(http_post(s.url + "faults", b" " * 70000).status, 413)


@case
def stats():
    """every promised member of /stats is there, a number, and counts"""
    s = harness.Smscsim("--quiet")
    first = s.stats()
    for key in ("binds", "submit_sm", "submit_per_s", "receipts_sent", "errors", "messages", "duplicates",
                "sessions"):
        equal(first[key], 0, key)
    with bound(s) as esme:
        seqs = [esme.send(smpp.SUBMIT_SM, smpp.submit_body(DEST, smpp.single(b"same"), esm_class=0x40,
                                                           registered_delivery=1)) for _ in range(50)]
        for seq in seqs:
            equal(esme.response(seq).status, smpp.ROK)
        now = s.stats()
        for key, value in (("binds", 1), ("submit_sm", 50), ("messages", 50), ("duplicates", 49),
                           ("receipts_sent", 50), ("sessions", 1), ("bound", 1), ("errors", 0)):
            equal(now[key], value, key)
        wait_for(lambda: submit(esme) and s.stats()["submit_per_s"] > 0, "the rate")
        wait_for(lambda: s.stats()["submit_per_s"] == 0, "the rate to fall")
        assert s.stats()["submit_per_s_max"] > 0
    s.stop()


@case
def throughput():
    """20,000 submissions over two sessions are all kept and answered"""
    s = harness.Smscsim("--quiet")
    n = 10000
    push = smpp.single(smpp.si_push())

    def load(start):
        with bound(s) as esme:
            octets = b"".join(smpp.pdu(smpp.SUBMIT_SM, smpp.submit_body("+1202%07d" % (start + i), push,
                                                                        esm_class=0x40), i + 1) for i in range(n))
            writer = threading.Thread(target=esme.send_raw, args=(octets,))
            writer.start()
            got = [esme.receive() for _ in range(n)]
            writer.join()
            equal([g.seq for g in got], list(range(1, n + 1)))
            equal({g.status for g in got}, {0})
            ids.update(smpp.message_id(g) for g in got)
    ids = set()
    started = time.monotonic()
    threads = [threading.Thread(target=load, args=(k * n,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    harness.note("%d submissions in %.2f s, the client's time included" % (2 * n, time.monotonic() - started))
    equal(len(ids), 2 * n)
    entries = s.messages()
    equal(len(entries), 2 * n)
    equal({e["message_id"] for e in entries}, ids)
    s.stop()


harness.main()
