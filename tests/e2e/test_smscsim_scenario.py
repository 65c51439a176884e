"""smscsim --scenario: steps, what they wait for and do, files that are wrong, the samples; outbind."""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                                            # noqa: E402
from gateway import Gateway, new_id                                       # noqa: E402
from harness import case, equal, http_post, wait_for                      # noqa: E402
import smpp_client as smpp                                                # noqa: E402
from smpp_client import Esme                                              # noqa: E402

DEST = "+12025550123"
FOLDER = harness.temp_dir()


def write(content, name="scenario.json"):
    full = os.path.join(FOLDER, name)
    with open(full, "wb") as f:
        f.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    return full


def start(steps, *more):
    return harness.Smscsim("--scenario", write(steps), *more)


def scenario(s):
    return s.get("scenario").json()


def wait_done(s, step, times=1):
    """Until this step is done so many times."""
    wait_for(lambda: scenario(s)["steps"][step - 1]["done"] == times, "step %d" % step)


def bound(s, system_id="tester", kind=smpp.BIND_TRANSCEIVER):
    esme = Esme(s.port)
    equal(esme.bind(system_id, kind=kind).status, smpp.ROK, "bind")
    return esme


def statuses(esme, n, dest=DEST):
    return [esme.submit(dest, b"x").status for _ in range(n)]


# ---- what a step waits for ---------------------------------------------------------------------

@case
def after_messages():
    """after_messages: right behind the n-th one that fits, in one write or in many; then the next step counts anew"""
    s = start([{"note": "first", "after_messages": 3, "fault": {"kind": "throttle"}},
               {"after_messages": 2, "clear_faults": True},
               {"after_messages": 2, "dest": "+1 202 5550199", "fault": {"kind": "queue_full"}},
               {"after_messages": 1, "system_id": "other", "clear_faults": "queue_full"}])
    got = scenario(s)
    equal((got["state"], got["waits_for"]), ("running", {"step": 1, "messages": 3, "binds": 0, "ms": 0}))
    assert got["file"].endswith("scenario.json")
    with bound(s) as esme, bound(s, "other") as other:
        esme.send_raw(b"".join(smpp.pdu(smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x"), n) for n in range(1, 8)))
        equal([esme.response(n).status for n in range(1, 8)], [0, 0, 0, 0x58, 0x58, 0, 0])
        equal(scenario(s)["waits_for"], {"step": 3, "messages": 2, "binds": 0, "ms": 0})
        esme.seq = 100
        equal([esme.submit(dest, b"x").status for dest in ("12025550199", DEST, "+12025550199", DEST)],
              [0, 0, 0, smpp.RMSGQFUL])
        equal([e.submit(DEST, b"x").status for e in (esme, other, esme)], [smpp.RMSGQFUL, smpp.RMSGQFUL, 0])
    got = scenario(s)
    equal((got["state"], got["waits_for"]), ("finished", None))
    equal([(p["step"], p["note"], p["done"], p["times"]) for p in got["steps"]],
          [(1, "first", 1, 1), (2, "", 1, 1), (3, "", 1, 1), (4, "", 1, 1)])
    s.stop()
    log = s.program.text("err")
    assert "scenario: step 1 of 4: first" in log and "scenario: finished" in log


@case
def time_and_binds():
    """at_ms, after_ms and after_binds, alone and together; a step without a condition is done at the start"""
    s = start([{"fault": {"kind": "reject", "value": 0x45}},
               {"after_binds": 2, "system_id": "one", "clear_faults": True, "fault": {"kind": "throttle"}},
               {"after_ms": 300, "after_messages": 1, "clear_faults": True},
               {"at_ms": 700, "fault": {"kind": "queue_full"}}])
    began = time.monotonic()
    with bound(s, "one") as one, bound(s, "two") as two:
        equal(statuses(one, 1) + statuses(two, 1), [0x45] * 2)
        with bound(s, "one"):
            equal(statuses(two, 1), [0x58])
        wait_done(s, 3)
        assert time.monotonic() - began >= 0.29
        wait_done(s, 4)
        equal(statuses(one, 1), [smpp.RMSGQFUL])
    done = scenario(s)["steps"]
    assert done[0]["done_ms"] <= done[1]["done_ms"], done
    assert done[2]["done_ms"] >= done[1]["done_ms"] + 300 and done[3]["done_ms"] >= 700, done
    s.stop()


@case
def times():
    """times: the step waits and acts again; settings and faults add up"""
    s = start([{"after_messages": 2, "times": 3, "fault": {"kind": "throttle", "count": 1}},
               {"after_messages": 1, "receipts": {"state": "EXPIRED"}}])
    with bound(s) as esme:
        equal(statuses(esme, 6), [0, 0, 0x58, 0, 0x58, 0])
        equal(scenario(s)["steps"][0]["done"], 3)
        equal(statuses(esme, 2), [0x58, 0])
        esme.submit_ok(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        equal(smpp.parse_receipt(esme.next_request().body)["fields"]["stat"], "EXPIRED")
    equal(scenario(s)["state"], "finished")
    s.stop()


# ---- what a step does --------------------------------------------------------------------------

@case
def disconnect_and_stop_listening():
    """disconnect: what was answered leaves first; stop_listening_ms: refused, then the same port is open again"""
    s = start([{"after_messages": 2, "disconnect": "one"},
               {"after_messages": 1, "disconnect": True, "stop_listening_ms": 700}])
    with bound(s, "one") as one, bound(s, "one") as again, bound(s, "two") as two:
        body = smpp.submit_body(DEST, b"x")
        one.send_raw(smpp.pdu(smpp.SUBMIT_SM, body, 11) + smpp.pdu(smpp.SUBMIT_SM, body, 12)
                     + smpp.pdu(smpp.SUBMIT_SM, body, 13))
        equal([one.response(n).status for n in (11, 12)], [0, 0])
        assert one.is_closed() and not one.buffer and again.is_closed()
        equal(statuses(two, 1), [0])
        assert two.is_closed()
        began = time.monotonic()
        refused = 0
        while True:
            try:
                back = Esme(s.port)
                break
            except ConnectionRefusedError:
                refused += 1
                assert time.monotonic() - began < harness.DEADLINE_S, "closed for ever"
                time.sleep(0.02)
        assert refused or time.monotonic() - began > 0.6, "nobody was refused"
        with back:
            equal(back.bind("two").status, 0)
            equal(statuses(back, 1), [0])
    equal(s.stats()["submit_sm"], 4)
    s.stop()


@case
def deliver_and_receipts():
    """deliver: a message of a handset; receipts: of one account, or released with hold and auto"""
    s = start([{"receipts": {"mode": "hold"}},
               {"after_messages": 1, "deliver": {"system_id": "tester", "source": DEST, "dest": "1", "text": "hello"}},
               {"after_messages": 1, "receipts": {"system_id": "tester", "mode": "auto", "state": "REJECTD"}}])
    with bound(s) as esme:
        ids = [esme.submit_ok(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1) for _ in range(2)]
        got = [smpp.parse_receipt(esme.next_request().body) for _ in range(3)]
        equal(got[0]["text"], "hello")
        equal([(g["fields"]["id"], g["fields"]["stat"]) for g in got[1:]], [(i, "REJECTD") for i in ids])
    s.stop()


def take_outbind(listener):
    """The session that outbind asks for, bound."""
    listener.settimeout(harness.DEADLINE_S)
    connection, _ = listener.accept()
    esme = Esme.__new__(Esme)
    esme.__dict__.update(deadline_s=harness.DEADLINE_S, socket=connection, buffer=b"", seq=0, requests=smpp.collections.deque(),
                         responses=smpp.collections.deque())
    request = esme.next_request()
    equal(request.id, smpp.OUTBIND)
    return esme, request.body


@case
def outbind():
    """outbind, asked for over HTTP and in a step: we connect, send it, and take the bind there as any other"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        s = start([{"after_messages": 1, "outbind": {"host": "127.0.0.1", "port": port, "system_id": "step"}}])
        equal(http_post(s.url + "outbind", {"host": "127.0.0.1", "port": port, "system_id": "smsc1",
                                            "password": "secret"}).status, 200)
        esme, body = take_outbind(listener)
        equal(body, b"smsc1\0secret\0")
        equal(esme.bind("called", kind=smpp.BIND_RECEIVER).status, smpp.ROK)
        with bound(s, "called", smpp.BIND_TRANSMITTER) as sender:
            message = sender.submit_ok(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
            equal(smpp.parse_receipt(esme.next_request().body)["fields"]["id"], message)
        esme.close()
        esme, body = take_outbind(listener)
        equal(body, b"step\0\0")
        esme.close()
    # nobody there, and what makes no sense
    before = s.stats()["errors"]
    equal(http_post(s.url + "outbind", {"host": "127.0.0.1", "port": port}).status, 200)
    wait_for(lambda: s.stats()["errors"] == before + 1, "the refusal")
    wait_for(lambda: s.stats()["sessions"] == 0, "the sessions to go")
    for wrong in ({}, [], {"host": "127.0.0.1"}, {"port": 1}, {"host": "localhost", "port": 1}, {"host": "::1", "port": 0},
                  {"host": "127.0.0.1", "port": 65536}, {"host": "127.0.0.1", "port": 1, "system_id": "x" * 16},
                  {"host": "127.0.0.1", "port": 1, "password": "x" * 9}, {"host": "127.0.0.1", "port": 1, "more": 1}):
        got = http_post(s.url + "outbind", wrong)
        equal(got.status, 400, str(wrong))
        assert 5 < len(got.text) <= 201, got.text
    s.stop()


# ---- files -------------------------------------------------------------------------------------

@case
def wrong_files():
    """every error is refused at the start, with file, line and step"""
    program = harness.built("smscsim")
    good = b'{"clear_faults":true}'
    rows = ((b"", 1, ""), (b"{}", 1, "array"), (b"[" + good + b"\n,\n{}]", 3, "step 2: the step does nothing"),
            (b'[{"after_ms":1}]', 1, "does nothing"), (b'[{"clear_faults":1}]', 1, "clear_faults"),
            (b'[{"clear_faults":"nothing"}]', 1, "clear_faults"), (b'[\n\n{"fault":{"kind":"x"}}]', 3, "fault: kind"),
            (b'[{"fault":[{"kind":"throttle"},{"kind":"delay"}]}]', 1, "fault: value"), (b'[{"fault":1}]', 1, "fault"),
            (b'[{"receipts":{"mode":"x"}}]', 1, "receipts: mode"), (b'[{"receipts":{"system_id":""}}]', 1, "receipts"),
            (b'[{"receipts":1}]', 1, "receipts"), (b'[{"disconnect":false}]', 1, "disconnect"),
            (b'[{"disconnect":""}]', 1, "disconnect"), (b'[{"stop_listening_ms":0}]', 1, "stop_listening_ms"),
            (b'[{"deliver":{"system_id":"a"}}]', 1, "deliver"), (b'[{"outbind":{"host":"x","port":1}}]', 1, "outbind: host"),
            (b'[{"at_ms":-1,"clear_faults":true}]', 1, "at_ms"), (b'[{"after_ms":1.5,"clear_faults":true}]', 1, "after_ms"),
            (b'[{"after_messages":0,"clear_faults":true}]', 1, "after_messages"),
            (b'[{"after_binds":"1","clear_faults":true}]', 1, "after_binds"),
            (b'[{"dest":"1","after_binds":1,"clear_faults":true}]', 1, "dest"),
            (b'[{"system_id":"a","clear_faults":true}]', 1, "system_id"),
            (b'[{"times":0,"clear_faults":true}]', 1, "times"), (b'[{"times":1001,"clear_faults":true}]', 1, "times"),
            (b'[{"note":"' + b"x" * 121 + b'","clear_faults":true}]', 1, "note"), (b'[{"more":1}]', 1, "members"),
            (b"[" + good + b"\n" + good + b"]", 2, "expected"))
    for content, line, words in rows:
        status, out, err = harness.run([program, "--port", "0", "--http-port", "0", "--scenario", write(content, "bad.json")])
        equal((status, out), (1, ""), str(content))
        assert "bad.json:%d: " % line in err and words in err, (content, err)
    for name, words in ((os.path.join(FOLDER, "missing.json"), "No such file"),
                        (write([{"clear_faults": True}] * 1001, "many.json"), "more than 1000")):
        status, _, err = harness.run([program, "--port", "0", "--http-port", "0", "--scenario", name])
        equal(status, 1, name)
        assert words in err, err
    s = harness.Smscsim()
    equal(scenario(s), {"state": "none", "file": None, "waits_for": None, "steps": []})
    s.stop()
    s = start([])
    equal(scenario(s)["state"], "finished")
    s.stop()


# ---- the samples -------------------------------------------------------------------------------

def untidy_run(seed):
    """What a client sees of untidy.json: answers in order, and the receipts of each message."""
    s = harness.Smscsim("--seed", seed, "--scenario", harness.source("contrib/smscsim/untidy.json"))
    answers, receipts, others = [], [], []

    def look(got):
        if got.id & smpp.RESP:
            return False
        if smpp.parse_message(got.body)["esm_class"] & 4:
            fields = smpp.parse_receipt(got.body)["fields"]
            receipts.append((fields["id"], fields["stat"]))
        else:
            others.append(smpp.parse_receipt(got.body)["text"])
        esme.answer(got)
        return True
    with bound(s, "ppg01") as esme:
        body = smpp.submit_body(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
        for seq in range(1, 81):
            esme.send(smpp.SUBMIT_SM, body, seq=seq)
            late = seq > 31 and (seq - 30) % 15 == 0 and seq <= 60          # never answered
            while not late:
                got = esme.receive()
                if not look(got):
                    answers.append((got.seq, got.status, smpp.message_id(got)))
                    break
        wait_for(lambda: esme.enquire_link() and not [look(esme.requests.popleft()) for _ in range(len(esme.requests))]
                 and s.stats()["receipts_waiting"] == 0, "all receipts")
    equal(scenario(s)["state"], "finished")
    equal(s.stats()["accepted"], 80)
    s.stop()
    return answers, sorted(receipts), others


@case
def untidy_repeats():
    """untidy.json: two runs with the same seed give the same ids, answers and receipts"""
    one = untidy_run("51")
    answers, receipts, others = one
    equal(others, ["all is well"])
    equal(len(answers), 78, "two were never answered")
    equal([n for n, (seq, _, _) in enumerate(answers) if seq > 80], [39, 48], "to something else")
    ids = [int(message, 16) for _, _, message in answers]
    told = [int(message) for message, _ in receipts]
    equal(len([n for n in told if n > 0xFFFFFFFF]), 2, "for nothing that was sent")
    assert len(told) > len(set(told)) and set(ids[:9]) <= set(told)
    assert {stat for _, stat in receipts} > {"DELIVRD"}, "none failed"
    equal(untidy_run("51"), one)
    assert untidy_run("52") != one


@case
def bad_night():
    """bad-night.json: a gateway gets all its pushes through, and knows what became of them"""
    s = harness.Smscsim("--seed", "61", "--scenario", harness.source("contrib/smscsim/bad-night.json"))
    gw = Gateway(s.port, smsc_more="reconnect-delay = 1s\nreconnect-delay-max = 1s\nmax-pending-submits = 5")
    try:
        gw.wait_link()
        ids = []
        for n in range(100):
            ids.append(new_id("night"))
            equal(gw.push("+1202555%04d" % n, push_id=ids[-1]).code, 1001)
        final = ("delivered", "undeliverable")
        wait_for(lambda: scenario(s)["state"] == "finished" or [gw.push("+12025559999")] and False, "the morning",
                 deadline_s=2 * harness.DEADLINE_S, every_s=0.2)
        got = wait_for(lambda: [g for g in [[gw.show(i)["state"] for i in ids]] if set(g) <= set(final)],
                       "all outcomes", every_s=0.2)[0]
        assert got.count("delivered") >= 80, got
    finally:
        gw.stop()
    stats = s.stats()
    assert stats["refused"] > 0 and stats["binds"] >= 5, stats
    s.stop()


harness.main()
