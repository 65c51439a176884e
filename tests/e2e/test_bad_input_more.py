"""doc/bad-input.md: rows that need more than one bad request, and the rules that hold in every case (G1 to G8)."""
import collections
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
import smpp_client as smpp                                 # noqa: E402
from gateway import Gateway, PASSWORD, Receiver, SI, TOKEN, multipart, new_id, push_message  # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402

NUMBER = "+12025550170"
sim = harness.Smscsim()
gw = Gateway(sim.port)
gw.wait_link()


def good(gateway=None):
    """G1: the next good request is served."""
    began = time.monotonic()
    equal((gateway or gw).push(NUMBER).code, 1001)
    harness.soon(began, "a good push")


def alone(**settings):
    """A gateway with a simulator of its own, so that every receipt is its own."""
    gateway = Gateway(harness.Smscsim().port, **settings)
    gateway.wait_link()
    return gateway


def control(document, gateway=None):
    """Post a control entity, text or octets, with a good content entity."""
    body, outer = multipart("@@", SI)
    return (gateway or gw).post(body.replace(b"@@", document if isinstance(document, bytes) else document.encode()), outer)


def warnings(gateway, since=0):
    return [text for _, text in gateway.program.lines[since:] if " warning " in text]


def until_closed(sock):
    """What a peer sends until it closes."""
    got = b""
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return got
            got += more
    except ConnectionResetError:
        return got


# ---- G: what holds in every case -------------------------------------------------------------------------

BAD_PUSHES = [                          # (arguments of push, code)
    (dict(to="WAPPUSH=+12025550170X/TYPE=PLMN@ppg.example.net"), 2002),
    (dict(to="WAPPUSH=x/TYPE=%s@ppg.example.net" % ("Z" * 300)), 2002),
    (dict(to="WAPPUSH=x/TYPE=<b>@ppg.example.net"), 2002),
    (dict(to=NUMBER, attributes='deliver-before-timestamp="%s"' % ("9" * 300)), 2000),
    (dict(to=NUMBER, attributes='deliver-before-timestamp="%s"' % ("&lt;script&gt;\u00e9" * 30)), 2000),
    (dict(to=NUMBER, qos='<quality-of-service bearer="%s" bearer-required="true"/>' % ("p" * 1000)), 2000),
    (dict(to=NUMBER, qos='<quality-of-service bearer="&lt;b&gt;&#9;" bearer-required="true"/>'), 3010),
    (dict(to=NUMBER, qos='<quality-of-service delivery-method="%s"/>' % ("p" * 1000)), 2000),
    (dict(to=NUMBER, attributes='ppg-notify-requested-to="http://user:geheim@example.net/"'), 2000),
    (dict(to=NUMBER, attributes='ppg-notify-requested-to="%s"' % ("g" * 3000)), 2000),
    (dict(to=NUMBER, content="x", content_type="text/" + "x" * 500), 2000),
    (dict(to=NUMBER, headers=[("Date", "not a date " * 30)]), 2000),
    (dict(to=NUMBER, headers=[("X-Wap-Application-Id", "\u00e9" * 50)]), 2000),
    (dict(to=NUMBER, headers=[("Content-Transfer-Encoding", "q" * 300)]), 2000),
    (dict(to=NUMBER, content='<si><indication %s="1">x</indication></si>' % ("z" * 300)), 3006),
    (dict(to=NUMBER, content='<si><%s/></si>' % ("z" * 300)), 3006),
    (dict(to=NUMBER, content_type="text/vnd.wap.connectivity-xml", content='<wap-provisioningdoc><characteristic type='
          '"APPAUTH"><parm name="AAUTHSECRET" value="geheim"><x/></parm></characteristic></wap-provisioningdoc>'), 3006),
    (dict(to=NUMBER, push_id="y" * 300), 2000),
]


@case
def g3_g4_one_short_sentence_without_secrets():
    for arguments, code in BAD_PUSHES:
        reply = gw.push(**arguments)
        equal(reply.code, code, arguments)
        assert 10 < len(reply.desc.encode()) <= 200, reply.desc
        assert "geheim" not in reply.text, reply.text
        # no more than 64 octets of what was sent
        for sent in ("9" * 65, "p" * 65, "z" * 65, "Z" * 65, "x" * 65, "g" * 65, "q" * 65):
            assert sent not in reply.desc, reply.desc
        assert "<b>" not in reply.text and "<script>" not in reply.text, reply.text
    for octets in (b"\xff", b"\0", b"\x01"):
        reply = control(push_message("x@y", NUMBER).encode().replace(b"x@y", b"x" + octets))
        equal((reply.element, reply.code), ("badmessage-response", 2000))
        assert re.match(r"line \d+, column \d+: ", reply.desc), reply.desc
    reply = control("<" + "x" * 300 + "/>")
    equal(reply.code, 2000)
    assert "x" * 65 not in reply.desc, reply.desc
    good()


@case
def g2_nothing_is_left_of_what_was_refused():
    own = harness.Smscsim()                             # nothing of an earlier case is on its way to it
    cut = Gateway(own.port)
    cut.wait_link()
    for arguments, code in BAD_PUSHES:
        equal(cut.push(**arguments).code, code)
    equal(cut.metric("store_pushes"), 0)
    push_id = new_id()
    equal(cut.push(NUMBER, push_id=push_id).code, 1001)
    cut.wait_state(push_id, "delivered")                # sent in turn: what went before it would have arrived
    equal(cut.metric("store_pushes"), 1)
    equal(own.stats()["messages"], 1)
    cut.stop()


@case
def g4_logs_hold_no_secrets_and_no_whole_numbers():
    own = harness.Smscsim()
    cut = Gateway(own.port, log_level=0)
    cut.wait_link()
    numbers = ["+12025550181", "+12025550182"]
    push_id = new_id()
    equal(cut.push(numbers, push_id=push_id).code, 1001)
    cut.wait_state(push_id, "delivered")
    own.fault("reject", value=0x0B, count=1)
    equal(cut.push("+12025550183", push_id=push_id + "2").code, 1001)
    cut.wait_state(push_id + "2", "undeliverable")
    for arguments, _ in BAD_PUSHES:
        cut.push(**arguments)
    cut.push("WAPPUSH=+12025550184/TYPE=XXXX@ppg.example.net")
    cut.push(NUMBER, user="pi", password="geheimes-passwort")
    cut.admin("/api/v1/links", token="geheimes-token")
    cut.stop()
    log = "\n".join(cut.program.tail(10000))
    for secret in ("geheim", PASSWORD, TOKEN, "Basic ", "12025550181", "12025550182", "12025550183", "12025550184"):
        assert secret not in log, (secret, [line for line in log.splitlines() if secret in line])


@case
def g5_equal_lines_are_held_back_and_counted():
    cut = alone()
    rejected = 'rejected_total{area="front",reason="pap"}'
    before = cut.metric(rejected)
    for _ in range(12):
        equal(cut.push(NUMBER, attributes='ppg-notify-requested-to="ftp://x/"').code, 2000)
    equal(cut.metric(rejected) - before, 12)
    equal(len([line for line in warnings(cut) if "ppg-notify-requested-to" in line]), 5)
    equal(cut.push("WAPPUSH=x").code, 2002)             # another reason has lines of its own
    wait_for(lambda: any("2002" in line for line in warnings(cut)), "a line for the other reason")
    line = warnings(cut)[0]
    assert " pap: 127.0.0.1: " in line and "tester" in line, line
    cut.stop()


@case
def g6_work_and_memory_are_bounded():
    mib = 1 << 20
    large = [
        b"<pap>" + b"<a>" * (4 * mib // 3),
        b"<pap><push-message push-id='1'>" + b"<address address-value='WAPPUSH=x'/>" * (4 * mib // 36) + b"</push-message></pap>",
        b"<!DOCTYPE pap [" + b"<!-- c -->" * (4 * mib // 10) + b"]><pap/>",
        b"<pap " + b"a='' " * (4 * mib // 5) + b"/>",
    ]
    pid = gw.program.pid
    for document in large:
        before = harness.cpu_s(pid)
        assert control(document).code >= 2000
        used = harness.cpu_s(pid) - before
        harness.note("%.2f s for %r" % (used, document[:40]))
        assert harness.sanitized() or used < 0.05 + 0.1 * len(document) / mib + 0.02, "%.2f s for %r..." % (used, document[:40])
    assert harness.sanitized() or harness.peak_kib(pid) < 80 * 1024, harness.peak_kib(pid)
    good()


@case
def g7_who_is_asked_before_the_body():
    with socket.create_connection(("127.0.0.1", gw.port), timeout=harness.DEADLINE_S) as s:
        s.sendall(b"POST /wappush HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: 1000000\r\n\r\n")
        got = until_closed(s)            # nothing of the body was sent
    assert got.startswith(b"HTTP/1.1 401 "), got


@case
def g8_the_same_input_has_the_same_answer():
    for arguments, _ in BAD_PUSHES:
        arguments = dict(dict(push_id="g8@pi.example.net"), **arguments)
        first, second = ([r.http, r.element, r.code, r.desc] for r in (gw.push(**arguments), gw.push(**arguments)))
        equal(first, second)


# ---- H-11 ---------------------------------------------------------------------------------------------------

@case
def h11_slow_heads_hold_nobody_up():
    cut = alone(ppg_more="head-timeout = 1")
    slow, cut_after = {}, []
    for _ in range(40):
        began = time.monotonic()
        s = socket.create_connection(("127.0.0.1", cut.port), timeout=harness.DEADLINE_S)
        s.sendall(b"POST /wappush HTTP/1.1\r\n")
        s.setblocking(False)
        slow[s] = began
    while slow:
        began = time.monotonic()
        try:
            equal(cut.push(NUMBER).code, 1001)
        except ConnectionError:
            # the head is sent as one: only when the machine stands still it is late, too
            assert time.monotonic() - began > 0.9, "a good push was cut"
        harness.soon(began, "a good push")
        for s, since in list(slow.items()):
            try:
                s.sendall(b"X-Slow: 1\r\n")
                if s.recv(1000) != b"":
                    raise AssertionError("an answer to half a head")
                raise ConnectionResetError
            except BlockingIOError:
                harness.soon(since, "a slow head, which should be cut,")
            except (ConnectionResetError, BrokenPipeError):
                cut_after.append(time.monotonic() - since)
                s.close()
                del slow[s]
        time.sleep(0.05)
    equal(len(cut_after), 40)
    assert 0.9 < min(cut_after), min(cut_after)
    cut.stop()


# ---- S: an SMSC that does what the case wants, at the whole gateway ------------------------------------------

class Session(smpp.Esme):
    """The SMSC's end of one connection."""

    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.deadline_s = sock, harness.DEADLINE_S
        self.buffer, self.seq = b"", 0
        self.requests, self.responses = collections.deque(), collections.deque()


class Smsc:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(harness.DEADLINE_S)
        self.port = self.listener.getsockname()[1]
        harness.at_end(self.listener.close)

    def session(self, bind=True):
        session = Session(self.listener.accept()[0])
        request = session.next_request()
        equal(request.id, smpp.BIND_TRANSCEIVER)
        if bind:
            session.answer(request, body=b"smsc\0")
        return session if bind else (session, request)


def receipt(message_id, stat="DELIVRD", number=NUMBER):
    text = "id:%s sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:%s err:000 text:" % (message_id, stat)
    return smpp.submit_body("+12025550100", text.encode(), source=number, esm_class=4, data_coding=0)


def deliver(session, body):
    answer = session.request(smpp.DELIVER_SM, body)
    equal((answer.id, answer.status), (smpp.DELIVER_SM | smpp.RESP, smpp.ROK))


@case
def s02_text_on_the_smpp_port():
    """The log says that the peer speaks text, the gateway binds again, nothing is lost."""
    smsc = Smsc()
    cut = Gateway(smsc.port)
    session, _ = smsc.session(bind=False)
    push_id = new_id()
    equal(cut.push(NUMBER, push_id=push_id).code, 1001)
    session.send_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    nack = session.receive()
    equal((nack.id, nack.status), (smpp.GENERIC_NACK, smpp.RINVCMDLEN))
    assert session.is_closed()
    session = smsc.session()
    cut.program.wait_line(r"warning.*text")
    submit = session.next_request()
    session.answer(submit, body=b"id-1\0")
    deliver(session, receipt("id-1"))
    cut.wait_state(push_id, "delivered")
    cut.stop()


@case
def s05_accepted_without_an_id():
    """Counted as accepted, not sent again; the push shows that no receipt can be matched."""
    smsc = Smsc()
    cut = Gateway(smsc.port)
    session = smsc.session()
    push_id = new_id()
    equal(cut.push(NUMBER, push_id=push_id).code, 1001)
    request = session.next_request()
    session.send(smpp.SUBMIT_SM | smpp.RESP, seq=request.seq)
    shown = wait_for(lambda: [r for r in cut.show(push_id)["recipients"] if r["desc"]], "the remark")[0]
    assert "id" in shown["desc"], shown
    equal((any(shown["message_ids"]), shown["state"]), (False, "pending"))
    equal(cut.metric("submitted_total"), 1)
    deliver(session, receipt("unknown"))
    equal(cut.push(NUMBER).code, 1001)
    later = session.next_request()
    assert later.body != request.body or later.seq != request.seq
    session.answer(later, body=b"id-2\0")
    deliver(session, receipt("id-2"))
    equal(cut.metric("submitted_total"), 2)
    cut.stop()


@case
def s09_s10_s11_receipts():
    """Unreadable ones change nothing, early ones wait for their response, the first final state stands."""
    smsc, receiver = Smsc(), Receiver()
    cut = Gateway(smsc.port)
    session = smsc.session()
    push_id = new_id()
    equal(cut.push(NUMBER, push_id=push_id, attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
    request = session.next_request()
    for text in ("stat:DELIVRD err:000", "id:early stat:BANANA", ""):
        deliver(session, smpp.submit_body("+12025550100", text.encode(), source=NUMBER, esm_class=4, data_coding=0))
    deliver(session, receipt("early", "ENROUTE"))
    deliver(session, receipt("early"))
    equal(cut.show(push_id)["state"], "pending")
    session.answer(request, body=b"early\0")
    cut.wait_state(push_id, "delivered")
    deliver(session, receipt("early", "UNDELIV"))
    deliver(session, receipt("early"))
    equal(cut.show(push_id)["state"], "delivered")
    equal([n["message-state"] for n in receiver.wait()], ["delivered"])
    # a second one would come before this one
    other = Receiver()
    equal(cut.push(NUMBER, attributes='ppg-notify-requested-to="%s"' % other.url).code, 1001)
    session.answer(session.next_request(), body=b"later\0")
    deliver(session, receipt("later"))
    other.wait()
    equal(len(receiver.got), 1)
    cut.stop()


@case
def s12_a_refused_bind_harms_nobody():
    smsc = Smsc()
    cut = Gateway(smsc.port)
    session, request = smsc.session(bind=False)
    session.answer(request, status=0x0E)
    assert session.is_closed()
    cut.program.wait_line(r" error smsc: main: .*check")
    good(cut)
    smsc.listener.settimeout(2)
    try:
        smsc.listener.accept()
        raise AssertionError("tried again at once")
    except socket.timeout:
        pass
    cut.stop()


# ---- W, B, U: what programs of the device side say ------------------------------------------------------------

WSP_ROWS = ["01", "0106", "01067FAE80", "0106FFFFFFFFFF7FAE", "01068FFFFFFF7FAE", "0106021EAE", "010605AEB4414243",
            "010602AEB4", "010501AE"]
WBXML_ROWS = ["02056A8FFFFFFF7F616263", "02056A0045C38FFFFFFF7F6162", "02056A0045", "02056A004502888080800001",
              "02056A00" + "45" * 40000, "02056A0045C60C03616263", "02056A0045C60AC301FF010361000101"]
GOOD_SI = "02056A0045C60C03780001036100" "0101"


@case
def w_and_b_rows_at_the_programs():
    """An error with the offset, exit status 1, and the good line behind it is served."""
    for kind, rows, behind in (("wsp", WSP_ROWS, "010601AE" + GOOD_SI), ("wbxml", WBXML_ROWS, GOOD_SI)):
        for row in rows:
            lines = "%s\n%s\n" % (row, behind)
            status, out, err = harness.run([harness.built("ppgctl"), "decode", "--json", "--as", kind], stdin=lines)
            bad, fine = map(json.loads, out.splitlines())
            equal((status, err, fine["body"]["format"]), (1, "", "xml"), row[:40])
            assert bad["error"] and bad["line"] == 1 and "offset" in bad, bad
    lines = "".join("010601AE%s\n" % row for row in WBXML_ROWS) + "010601AE%s\n" % GOOD_SI
    status, out, _ = harness.run([harness.built("pushrouter"), "--decode", "--json", "--as", "wsp", "--policy", "4109=4096"], stdin=lines)
    answers = [json.loads(line) for line in out.splitlines()]
    equal(([a["outcome"] == "DELIVER" for a in answers], status), ([False] * len(WBXML_ROWS) + [True], 1))
    for answer in answers[:-1]:
        assert "offset" in json.dumps(answer["message"]), answer


@case
def u03_first_parts_without_a_rest():
    """10,000 of them: the oldest are dropped, each with an error, and memory stays small."""
    lines = ["0C0804%04X03010504 0B8423F0".replace(" ", "") % n + "61" * 127 for n in range(10000)]
    program = harness.Program([harness.built("pushrouter"), "--decode", "--json", "--as", "sms"],
                              stdin=subprocess.PIPE)
    writer = threading.Thread(target=lambda: program.process.stdin.write(("\n".join(lines) + "\n").encode()))
    writer.start()
    writer.join(harness.DEADLINE_S)
    program.process.stdin.flush()
    peak = harness.peak_kib(program.pid)
    program.process.stdin.close()
    equal(program.wait(), 1)
    assert harness.sanitized() or peak < 24 * 1024, "%d KiB" % peak
    errors = [json.loads(text) for name, text in program.lines if name == "out"]
    assert errors and all("error" in e for e in errors), errors[:3]


# ---- C: the store (the other rows are in test_config.py) ---------------------------------------------------------------------------

def refused_store(cut, *says, wrapper=()):
    """A start that fails with one line about the store, which is left as it was."""
    path = os.path.join(cut.folder, "ppg.db")
    before = open(path, "rb").read() if os.path.isfile(path) else None
    files = sorted(os.listdir(cut.folder))
    status, out, err = harness.run([*wrapper, harness.built("ppgd"), cut.config])
    said = [line for line in err.splitlines() if not line.startswith("notice: ")]
    equal((status, out, len(said)), (1, "", 1), err)
    for text in ("ppg.db",) + says:
        assert text in said[0], said
    if before is not None:
        equal(open(path, "rb").read(), before)
    equal([f for f in sorted(os.listdir(cut.folder)) if not f.endswith(".lock")], [f for f in files if not f.endswith(".lock")])


@case
def c07_files_that_are_no_store():
    """Too short, of somebody else, a folder, a link: refused in one line and left alone (test_config.py has more)."""
    cut = Gateway(sim.port, start=False)
    path = os.path.join(cut.folder, "ppg.db")
    for octets in (b"x", b"SQLite format 3\0" + bytes(84)):
        with open(path, "wb") as f:
            f.write(octets)
        refused_store(cut, "not a database of this program")
    os.unlink(path)
    os.mkdir(path)
    refused_store(cut)
    os.rmdir(path)
    os.symlink("/etc/hostname", path)
    refused_store(cut)


@case
def c10_databases_that_cannot_be_used():
    """No server, no URL, another kind: one line, the password in none, and no port is open."""
    for url, says in (("postgresql:host=/nowhere dbname=ppg password=geheim", "host=/nowhere"),
                      ("postgresql://ppg:geheim@%2Fnowhere/ppg", "dbname=ppg"),
                      ("postgresql://ppg:geheim@127.0.0.1:1/ppg", "127.0.0.1"),
                      ("postgresql:geheim", "neither a URI nor"), ("postgresql:", 'nor "postgresql:" and a database'),
                      ("mysql://ppg:geheim@127.0.0.1/ppg", 'nor "postgresql:" and a database')):
        cut = Gateway(sim.port, start=False, store_url=url)
        status, out, err = harness.run([harness.built("ppgd"), cut.config])
        equal((status, out), (1, ""), err)
        assert says in err, (url, err)
        assert "geheim" not in err, err
        assert not harness.is_listening(cut.port)
        equal(os.listdir(cut.folder), ["ppgd.conf"])


@case
def c07_folder_that_may_not_be_written():
    cut = Gateway(sim.port, start=False)
    wrapper = ()
    if os.getuid() == 0:
        if not shutil.which("setpriv"):
            raise harness.Skip("setpriv is not installed")
        wrapper = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        if harness.run([*wrapper, harness.built("ppgd"), "--version"])[0] != 0:
            raise harness.Skip("the programs may not be run by others")
        os.chmod(cut.config, 0o644)
    os.chmod(cut.folder, 0o555)
    refused_store(cut, "Permission denied", wrapper=wrapper)
    os.chmod(cut.folder, 0o755)


def start_on_small_disk(cut, size):
    """ppgd with its folder's disk/ on a file system of `size` octets that only it sees; skips where that is not allowed."""
    disk = os.path.join(cut.folder, "disk")
    os.mkdir(disk)
    mount = 'mount -t tmpfs -o size=%d none "$0" && ' % size
    try:
        status, _, err = harness.run(["unshare", "-rm", "sh", "-c", mount + "exit", disk])
    except FileNotFoundError:
        raise harness.Skip("unshare is not installed")
    if status != 0:
        raise harness.Skip("no file system may be mounted here: " + err.strip())
    cut.program = harness.Program(["unshare", "-rm", "sh", "-c", mount + 'exec "$1" "$2"', disk, harness.built("ppgd"), cut.config], "ppgd")
    return disk


def start_on_disk_to_fill(cut):
    """ppgd with its store on a small file system; answers the name of the file that fill_disk() makes there."""
    with open(cut.config) as f:
        text = f.read()
    with open(cut.config, "w") as f:
        f.write(text.replace("sqlite:ppg.db", "sqlite:disk/ppg.db"))
    disk = start_on_small_disk(cut, 8 << 20)
    cut.program.wait_line("ppgd: ready")
    cut.wait_link()
    return "/proc/%d/root%s/ballast" % (cut.program.pid, disk)


def fill_disk(cut, ballast, **content):
    """Returns the first answer that is not 202: the files of the store have room of their own for a while."""
    with open(ballast, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(65536))
        except OSError:
            pass
    return wait_for(lambda: next((a for a in (cut.push(NUMBER, **content) for _ in range(5)) if a.http != 202), None), "503")


@case
def c07_full_disk():
    """Submissions get 503 with Retry-After until there is room; what was accepted stays."""
    own = harness.Smscsim()
    cut = Gateway(own.port, start=False)
    ballast = start_on_disk_to_fill(cut)
    first, last = new_id(), new_id()
    equal(cut.push(NUMBER, push_id=first).code, 1001)
    cut.wait_state(first, "delivered")
    full = fill_disk(cut, ballast, content=bytes(20000), content_type="application/x-any")
    equal(full.http, 503)
    assert "disk is full" in full.text, full.text
    equal(cut.admin("/healthz").status, 200)
    os.unlink(ballast)
    wait_for(lambda: cut.push(NUMBER, push_id=last).code == 1001, "room")
    cut.wait_state(last, "delivered")
    equal(cut.show(first)["state"], "delivered")
    cut.stop()


@case
def c07_full_disk_before_the_outcome():
    """The SMSC has taken it, and that cannot be written: it is, as soon as there is room, and nothing is sent again."""
    own = harness.Smscsim()
    cut = Gateway(own.port, start=False)
    ballast = start_on_disk_to_fill(cut)
    numbers = ["+1202555%04d" % i for i in range(300, 308)]
    push_id, last = new_id(), new_id()
    own.fault("delay", value=4000, count=len(numbers))
    equal(cut.push(numbers, push_id=push_id).code, 1001)
    wait_for(lambda: cut.metric('link_submitted_total{smsc_id="main"}') == len(numbers), "submit_sm to leave")
    full = fill_disk(cut, ballast)
    equal(full.http, 503)
    cut.program.wait_line("operations are refused")
    wait_for(lambda: cut.metric("submitted_total") == len(numbers), "answers")
    equal(cut.push(NUMBER).http, 503)
    equal(cut.admin("/healthz").status, 200)
    os.unlink(ballast)
    cut.wait_state(push_id, "delivered")
    equal([len(own.messages(dest=n)) for n in numbers], [1] * len(numbers))
    wait_for(lambda: cut.push(NUMBER, push_id=last).code == 1001, "room")
    cut.wait_state(last, "delivered")
    cut.stop()


@case
def c07_full_disk_at_the_start():
    cut = Gateway(sim.port, start=False)
    with open(cut.config) as f:
        text = f.read()
    with open(cut.config, "w") as f:
        f.write(text.replace("sqlite:ppg.db", "sqlite:disk/ppg.db"))
    start_on_small_disk(cut, 16 << 10)
    cut.program.wait_line(r"ppgd: store \S*ppg\.db\S*: .*No space left")
    equal(cut.program.wait(), 1)


# ---- N: receivers of notifications; P-12 ------------------------------------------------------------------------

class RawReceiver:
    """Answers each connection by a function of its own: behave(socket)."""

    def __init__(self, behave):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.url = "http://127.0.0.1:%d/notify" % self.listener.getsockname()[1]
        self.behave, self.open, self.most_open, self.served = behave, 0, 0, 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()
        harness.at_end(self.listener.close)

    def _accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with self._lock:
            self.open += 1
            self.served += 1
            self.most_open = max(self.most_open, self.open)
        try:
            self.behave(sock)
        except OSError:
            pass
        with self._lock:
            self.open -= 1
        sock.close()


def notify(cut, url):
    """A push that is delivered at once and whose result goes to url."""
    push_id = new_id()
    equal(cut.push(NUMBER, push_id=push_id, attributes='ppg-notify-requested-to="%s"' % url).code, 1001)
    cut.wait_state(push_id, "delivered")


@case
def n01_answers_without_end():
    """Cut at the limit; the HTTP status counts when it was complete."""
    def endless(sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 202 Accepted\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    def dripping(sock):
        sock.recv(65536)
        for octet in b"HTTP/1.1 202 Accepted\r\n" + b"X: y\r\n" * 1000:
            sock.sendall(bytes([octet]))
            time.sleep(0.2)

    cut = alone(ppg_more="notify-timeout = 2")
    notify(cut, RawReceiver(endless).url)
    wait_for(lambda: cut.metric("notifications_acknowledged_total") == 1, "the endless answer to count")
    failed = cut.metric("notifications_failed_total")      # not 0 when the machine stood still for two seconds
    notify(cut, RawReceiver(dripping).url)
    wait_for(lambda: cut.metric("notifications_failed_total") > failed, "the dripping answer to be cut")
    equal(cut.metric("notifications_acknowledged_total"), 1)
    assert harness.sanitized() or harness.peak_kib(cut.program.pid) < 64 * 1024, harness.peak_kib(cut.program.pid)
    cut.stop()


@case
def n02_a_silent_receiver_holds_up_nobody_else():
    def silent(sock):
        while sock.recv(65536):
            pass

    cut, receiver, other = alone(ppg_more="notify-timeout = 5m"), RawReceiver(silent), Receiver()
    push_id = new_id()
    equal(cut.push(["+1202555%04d" % n for n in range(1000)], push_id=push_id,
                   attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
    cut.wait_state(push_id, "delivered")
    for n in range(1, 6):
        notify(cut, other.url)
        other.wait(n)                   # long before one of those that wait has given up
    assert 1 <= receiver.served <= 4, receiver.served
    assert 1 <= receiver.most_open <= 4, receiver.most_open
    equal(cut.metric("notifications_acknowledged_total"), 5)
    cut.stop()


@case
def p12_redirects_are_not_followed():
    elsewhere = Receiver()

    def redirect(sock):
        sock.recv(65536)
        sock.sendall(("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % elsewhere.url).encode())

    receiver = RawReceiver(redirect)
    before = gw.metric("notifications_failed_total")
    notify(gw, receiver.url)
    wait_for(lambda: gw.metric("notifications_failed_total") > before, "the failed try")
    notify(gw, elsewhere.url)
    equal(len(elsewhere.wait()), 1)


# ---- A: the admin port --------------------------------------------------------------------------------------------

@case
def a01_tokens():
    url = "http://127.0.0.1:%d/api/v1/links" % gw.admin_port
    values = [None, "Bearer", "Bearer ", "Bearer wrong", "Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x", "Basic " + TOKEN,
              TOKEN, "Bearer " + "x" * 65536]
    answers = {(a.status, a.body, a.headers.get("www-authenticate"))
               for a in (harness.http_get(url, headers={"Authorization": v} if v else {}) for v in values)}
    equal(answers, {(401, b'{"error":"token needed"}\n', "Bearer")})
    equal(gw.metric('rejected_total{area="admin",reason="auth"}'), len(values))
    equal(harness.http_get(url, headers={"Authorization": "Bearer " + TOKEN}).status, 200)


@case
def alive_at_the_end():
    good()
    gw.stop()
    sim.stop()


harness.main()
