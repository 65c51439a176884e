"""The link over HTTP: ppgd posts to an aggregator written here, which answers well, badly, slowly or not, and sends receipts."""
import base64
import collections
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gateway                                             # noqa: E402
import harness                                             # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402

TOKEN = "receipts-0123456789"
LINK = """
group = core
log-level = 0

group = ppg
ppg-port = {port}
interface = 127.0.0.1

{initiators}

group = smsc
smsc = http
smsc-id = agg
source-addr = "{sender}"
{smsc_more}

group = store
url = "sqlite:ppg.db"

group = admin
port = {admin_port}
token = "{token}"
"""

JSON = """
send-url = "http://127.0.0.1:{aggregator}/v1/messages?account=7"
send-headers = "X-Api-Key: key-4711 | X-Part: %{{part}}/%{{parts}}"
send-username = us
send-password = "secret word"
send-body = {{"to":"%{{to}}","from":"%{{from}}","udh":"%{{udh-hex}}","data":"%{{data-base64}}","validity":%{{validity-minutes}},\
"part":%{{part}},"callback":"%{{receipt-url}}"}}
message-id-from = json:/messages/0/id
max-pending-submits = 4
reconnect-delay = 1
"""

RECEIPTS = """
receipt-port = {receipts}
receipt-interface = 127.0.0.1
receipt-token = "%s"
receipt-url = "http://127.0.0.1:{receipts}/receipts?token=%s"
receipt-id = json:/id
receipt-state = json:/status
receipt-error = json:/error
receipt-states = "delivered:DELIVRD, failed:UNDELIV, expired:EXPIRED, sent:ENROUTE"
""" % (TOKEN, TOKEN)

Request = collections.namedtuple("Request", "method path headers body")


class Aggregator:
    """Answers each message with an id of its own, or as `answers` say."""

    def __init__(self, receipts=None, port=0):
        outer = self
        self.requests, self.answers, self.connections, self.lock = [], [], [], threading.Lock()
        self.receipts, self.next_id = receipts, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                outer.connections.append(self.connection)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, dict(self.headers), body.decode())
                with outer.lock:
                    outer.requests.append(request)
                    outer.next_id += 1
                    number = outer.next_id
                    given = outer.answers.pop(0) if outer.answers else None
                if given == "silence":
                    wait_for(lambda: outer.closed, "the end", 600)
                    return
                status, text, headers = given or (201, json.dumps({"messages": [{"id": "M-%d" % number}]}), {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())
                if status == 201 and not given and outer.receipts:
                    threading.Thread(target=outer.receipts, args=("M-%d" % number, request), daemon=True).start()

            do_GET = do_PUT = do_POST

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 100

            def handle_error(self, *args):
                pass

        self.closed = False
        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        harness.at_end(self.close)

    def close(self):
        if not self.closed:
            self.closed = True
            self.server.shutdown()
            self.server.server_close()
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def got(self, n):
        """The first n requests; there are no more of them."""
        wait_for(lambda: len(self.requests) >= n, "%d requests" % n)
        equal(len(self.requests), n, "requests")
        return list(self.requests)


class Gateway(gateway.Gateway):
    def __init__(self, aggregator, template=JSON, receipts=RECEIPTS, more="", **others):
        self.receipt_port = harness.free_port()
        text = (template + (receipts or "") + more).format(aggregator=aggregator.port if aggregator else harness.free_port(),
                                                         receipts=self.receipt_port)
        super().__init__(0, smsc_more=text, **others)

    def write_config(self, **changes):
        self.settings.update(changes)
        with open(self.config, "w") as f:
            f.write(LINK.format(**self.settings))

    def receipt(self, body, token=TOKEN, **more):
        headers = dict({"Content-Type": "application/json"}, **more.pop("headers", {}))
        if token:
            headers["Authorization"] = "Bearer " + token
        return harness.http_post("http://127.0.0.1:%d%s" % (self.receipt_port, more.pop("path", "/receipts")),
                                 body if isinstance(body, (str, bytes)) else json.dumps(body), headers=headers)

    def link(self):
        one, = self.admin("/api/v1/links").json()
        return one


def sends(status, error=None):
    """An aggregator that reports this of every message, where the message said that it wants it, until that is taken."""
    def report(message_id, request):
        url = json.loads(request.body)["callback"]

        def taken():
            try:
                return harness.http_post(url, {"id": message_id, "status": status, "error": error}).status == 200
            except (OSError, http.client.HTTPException):
                return False
        wait_for(taken, "the receipt of %s to be taken" % message_id, every_s=0.1)
    return report


LONG = gateway.SI.replace("new mail", "new mail" * 30)


@case
def delivered():
    """one request with what the template says, and the receipt ends it"""
    aggregator = Aggregator(sends("delivered"))
    gw = Gateway(aggregator)
    gw.wait_link()
    equal(gw.push("+12025550123", push_id="one@pi").code, 1001)
    recipient, = gw.wait_state("one@pi", "delivered")["recipients"]
    equal(recipient["message_ids"], ["M-1"])
    request, = aggregator.got(1)
    equal((request.method, request.path), ("POST", "/v1/messages?account=7"))
    equal({name: request.headers.get(name) for name in ("Content-Type", "X-Api-Key", "X-Part", "Authorization")},
          {"Content-Type": "application/json", "X-Api-Key": "key-4711", "X-Part": "1/1",
           "Authorization": "Basic " + base64.b64encode(b"us:secret word").decode()})
    message = json.loads(request.body)
    equal((message["to"], message["from"], message["udh"], message["part"]), ("+12025550123", gateway.SENDER, "0605040B8423F0", 1))
    assert base64.b64decode(message["data"])[1] == 6 and 0 < message["validity"] <= 3 * 1440, message
    equal((gw.link()["kind"], gw.link()["accepted"], gw.link()["receipts"]), ("http", 1, 1))
    gw.stop()
    said = gw.program.text() + gw.program.text("err")
    assert not [s for s in ("secret word", "key-4711", TOKEN, "account=7") if s in said], said


@case
def delivered_in_parts():
    """each part is a request; all their receipts are needed"""
    aggregator = Aggregator(sends("delivered"))
    gw = Gateway(aggregator)
    equal(gw.push("+12025550123", LONG, push_id="three@pi").code, 1001)
    gw.wait_state("three@pi", "delivered")
    messages = [json.loads(r.body) for r in aggregator.got(3)]
    messages.sort(key=lambda m: m["part"])
    headers = [bytes.fromhex(m["udh"]) for m in messages]
    equal([(h[:3], h[5:]) for h in headers], [(b"\x0c\x08\4", bytes([3, n]) + bytes.fromhex("05040b8423f0")) for n in (1, 2, 3)])
    equal(len({h[3:5] for h in headers}), 1)
    joined = b"".join(base64.b64decode(m["data"]) for m in messages)
    equal((joined[1], joined.count(b"new mail")), (6, 30))
    gw.stop()


@case
def other_outcomes_by_receipt():
    """failed and expired end it, sent does not; an unknown word neither"""
    aggregator = Aggregator()
    gw = Gateway(aggregator)
    for n, (status, state) in enumerate((("failed", "undeliverable"), ("EXPIRED", "expired")), 1):
        push_id = "%s@pi" % status
        equal(gw.push("+12025550123", push_id=push_id).code, 1001)
        aggregator.got(n)
        wait_for(lambda: gw.show(push_id)["recipients"][0]["message_ids"] == ["M-%d" % n], "the id")
        for word in ("sent", "gone fishing"):
            equal(gw.receipt({"id": "M-%d" % n, "status": word}).status, 200)
        equal(gw.show(push_id)["state"], "pending")
        equal(gw.receipt({"id": "M-%d" % n, "status": status, "error": 17}).status, 200)
        recipient, = gw.wait_state(push_id, state)["recipients"]
        assert status != "failed" or "error 17" in recipient["desc"], recipient
    gw.stop()


@case
def a_receipt_that_comes_first():
    """of a message that the store does not know yet: it is kept until it does"""
    aggregator = Aggregator()
    gw = Gateway(aggregator)
    gw.wait_link()
    aggregator.answers.append((201, '{"messages":[{"id":"EARLY"}]}', {}))
    equal(gw.receipt({"id": "EARLY", "status": "delivered"}).status, 200)
    equal(gw.push("+12025550123", push_id="early@pi").code, 1001)
    gw.wait_state("early@pi", "delivered")
    gw.stop()


@case
def receipts_of_others_are_refused():
    """token, path, method, type, syntax, size, and what is no receipt"""
    aggregator = Aggregator()
    gw = Gateway(aggregator)
    good = {"id": "M-1", "status": "delivered"}
    url = "http://127.0.0.1:%d/receipts" % gw.receipt_port
    for expected, answer in (
            (401, gw.receipt(good, token=None)), (401, gw.receipt(good, token=TOKEN[:-1])), (401, gw.receipt(good, token=TOKEN + "x")),
            (401, gw.receipt(good, token=None, path="/receipts?token=" + TOKEN[1:])),
            (404, gw.receipt(good, path="/")), (404, gw.receipt(good, path="/receipts/")), (404, gw.receipt(good, path="/wappush")),
            (405, harness.http_get(url + "?token=" + TOKEN)),
            (415, gw.receipt(good, headers={"Content-Type": "text/plain"})),
            (400, gw.receipt("{")), (400, gw.receipt("")), (400, gw.receipt("[]")), (400, gw.receipt({"id": "M-1"})),
            (400, gw.receipt({"status": "delivered"})), (400, gw.receipt({"id": "", "status": "delivered"})),
            (400, gw.receipt({"id": "a b", "status": "delivered"})), (400, gw.receipt({"id": None, "status": "delivered"})),
            (400, gw.receipt({"id": "a\x01", "status": "delivered"})), (400, gw.receipt("[" * 60000)),
            (413, gw.receipt(b"{" + b" " * 70000 + b"}")), (200, gw.receipt(good)),
            (200, gw.receipt(good, token=None, path="/receipts?x=1&token=" + TOKEN))):
        equal(answer.status, expected, answer.text)
    # two lengths, and a length beside chunks: the second request behind it is not served
    for head in ("Content-Length: 4\r\nContent-Length: 40\r\n", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"):
        with socket.create_connection(("127.0.0.1", gw.receipt_port)) as s:
            s.settimeout(harness.DEADLINE_S)
            s.sendall(("POST /receipts?token=%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n{}  "
                       "GET /receipts HTTP/1.1\r\nHost: x\r\n\r\n" % (TOKEN, head)).encode())
            said = b""
            while True:
                octets = s.recv(4096)
                if not octets:
                    break
                said += octets
            equal((said.count(b"HTTP/1.1 "), said[:12]), (1, b"HTTP/1.1 400"))
    wait_for(lambda: gw.link()["bad_receipts"] == 10, "10 bad receipts: %s" % gw.link())
    gw.stop()


@case
def refused():
    """4xx is for good, and error-map may say otherwise"""
    aggregator = Aggregator()
    gw = Gateway(aggregator, more="error-map = \"402:5000, 409:retry\"\nsuccess-contains = messages\n")
    for status, code, desc in ((400, 2000, "HTTP status 400"), (404, 2000, "HTTP status 404"), (402, 5000, "HTTP status 402"),
                               (200, 2000, "HTTP status 200")):
        aggregator.answers.append((status, '{"error":"no"}', {}))
        push_id = "refused-%d@pi" % status
        equal(gw.push("+12025550123", push_id=push_id).code, 1001)
        recipient, = gw.wait_state(push_id, "undeliverable")["recipients"]
        assert desc in recipient["desc"], recipient
        if status == 402:
            equal(recipient["code"], code)
    aggregator.answers.append((409, "", {}))
    equal(gw.push("+12025550123", push_id="retry@pi").code, 1001)
    wait_for(lambda: "HTTP status 409" in (gw.show("retry@pi")["recipients"][0]["desc"] or ""), "its first try")
    equal(gw.show("retry@pi")["state"], "pending")
    gw.stop()


@case
def temporary_errors_and_throttling():
    """5xx comes again; 429 and 503 hold the link for Retry-After, and no other part is sent twice"""
    aggregator = Aggregator(sends("delivered"))
    gw = Gateway(aggregator)
    gw.wait_link()
    aggregator.answers.append((500, "oops", {}))
    equal(gw.push("+12025550123", push_id="again@pi").code, 1001)
    gw.wait_state("again@pi", "delivered")
    aggregator.got(2)
    began = time.monotonic()
    aggregator.answers += [(429, "", {"Retry-After": "2"}), (503, "", {"Retry-After": "2"})]
    equal(gw.push("+12025550124", LONG, push_id="slow@pi").code, 1001)
    gw.wait_state("slow@pi", "delivered")
    assert time.monotonic() - began >= 2, "it did not wait"
    parts = [json.loads(r.body)["part"] for r in aggregator.got(2 + 3 + 2)[2:]]
    equal((set(parts), len(parts)), ({1, 2, 3}, 5))
    equal((gw.link()["retried"], gw.link()["state"]), (3, "up"))
    gw.stop()


@case
def what_will_not_have_us():
    """401 and redirects are nobody's fault but the configuration's: nothing is lost, nothing follows the redirect"""
    elsewhere = Aggregator()
    aggregator = Aggregator()
    gw = Gateway(aggregator)
    for n, answer in enumerate(((401, "", {}), (302, "", {"Location": "http://127.0.0.1:%d/" % elsewhere.port}))):
        aggregator.answers = [answer] * 100
        equal(gw.push("+12025550123", push_id="held-%d@pi" % n).code, 1001)
        gw.program.wait_line("HTTP status %d: check send-url and credentials" % answer[0])
        wait_for(lambda: "HTTP status %d" % answer[0] in (gw.show("held-%d@pi" % n)["recipients"][0]["desc"] or ""), "the try")
        equal(gw.show("held-%d@pi" % n)["state"], "pending")
        gw.kill()
        aggregator.answers = []
        gw.start()                      # whoever repairs it
    for n in range(2):
        wait_for(lambda: gw.show("held-%d@pi" % n)["recipients"][0]["message_ids"], "the message")
    equal(elsewhere.requests, [])
    gw.stop()


@case
def garbage_for_an_answer():
    """no HTTP, half of it, too much, no id: nothing is lost and the gateway stays"""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(harness.DEADLINE_S)
    port = listener.getsockname()[1]

    class At:
        pass
    at = At()
    at.port = port
    gw = Gateway(at)
    equal(gw.push("+12025550123", push_id="garbage@pi").code, 1001)
    for octets in (b"\x00\xff" * 500 + b"\r\n\r\n", b"SMPP/3.4 hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le", b"",
                   b"HTTP/1.1 999999 x\r\n\r\n", b"X: " + b"y" * 200000):
        peer, _ = listener.accept()
        peer.settimeout(harness.DEADLINE_S)
        data = b""
        while b"\r\n\r\n" not in data:
            data += peer.recv(65536)
        try:
            peer.sendall(octets)
        except OSError:
            pass
        peer.close()
    listener.close()
    wait_for(lambda: gw.link()["state"] == "down", "the link to be down")
    aggregator = Aggregator(port=port)
    aggregator.answers = [(200, "x" * 300000, {})]
    recipient, = wait_for(lambda: [r for r in gw.show("garbage@pi")["recipients"] if "no message id" in (r["desc"] or "")],
                          "the message without an id")
    equal(gw.link()["bad_pdus"], 1)
    gw.stop()


@case
def an_aggregator_that_is_silent_or_gone():
    """a request without an answer is given up and sent again; a link that reaches nobody is down until it does"""
    aggregator = Aggregator(sends("delivered"))
    gw = Gateway(aggregator, more="wait-ack = 1s\n")
    gw.wait_link()
    aggregator.answers = ["silence"]
    equal(gw.push("+12025550123", push_id="silent@pi").code, 1001)
    gw.wait_state("silent@pi", "delivered")
    assert len(aggregator.requests) >= 2, aggregator.requests         # more where this machine stands still for a second
    port = aggregator.port
    aggregator.close()
    ids = ["later-%d@pi" % n for n in range(5)]
    for push_id in ids:
        equal(gw.push("+12025550124", push_id=push_id).code, 1001)
    gw.wait_link("down")
    equal(gw.receipt({"id": "X-1", "status": "delivered"}).status, 200)        # receipts come all the same
    again = Aggregator(sends("delivered"), port=port)
    for push_id in ids:
        gw.wait_state(push_id, "delivered")
    assert len(again.requests) >= 5, again.requests
    gw.stop()


@case
def kill_nine():
    """under load: every push is delivered, and no more is sent twice than was counted as possible"""
    recovered = 0
    aggregator = Aggregator(sends("delivered"))
    gw = Gateway(aggregator)
    numbers = ["1202555%04d" % n for n in range(200)]
    ids = []
    for number in numbers:
        ids.append(gateway.new_id())
        equal(gw.push("+" + number, push_id=ids[-1]).code, 1001)
        if len(ids) in (60, 120):
            wait_for(lambda: len(aggregator.requests) > len(ids) // 3, "some requests")
            gw.kill()
            gw.start()
            recovered += gw.metric("recovered_total")
    for push_id in ids:
        gw.wait_state(push_id, "delivered")
    sent = collections.Counter(json.loads(r.body)["to"].lstrip("+") for r in list(aggregator.requests))
    equal(sorted(sent), numbers)
    repeats = sum(n - 1 for n in sent.values())
    harness.note("%d repeats after two kills, %d counted as possible" % (repeats, recovered))
    assert repeats <= recovered, "%d repeats, %d counted" % (repeats, recovered)
    gw.stop()


FORM = """
send-url = "http://127.0.0.1:{aggregator}/send"
send-content-type = application/x-www-form-urlencoded
send-body = "to=%{{to-digits}}&udh=%{{udh-octets}}&text=%{{data-octets}}&ref=%{{message-ref}}&dlr=%{{receipt-url}}&p=%{{parts}}"
send-token = "bearer-4711"
message-id-from = reference
segmentation = payload
"""

FORM_RECEIPTS = """
receipt-port = {receipts}
receipt-interface = 127.0.0.1
receipt-path = /dlr
receipt-allow = "127.0.0.1;::1"
receipt-url = "http://127.0.0.1:{receipts}/dlr?ref=%{{message-ref}}&what="
receipt-id = query:ref
receipt-state = query:what
"""


@case
def forms_and_our_own_reference():
    """one message with ports; octets in a form; a GET as the receipt, with words of SMPP"""
    def report(message_id, request):
        fields = urllib.parse.parse_qs(request.body)
        equal(harness.http_get(fields["dlr"][0] + "DELIVRD").status, 200)
    aggregator = Aggregator(report)
    gw = Gateway(aggregator, FORM, FORM_RECEIPTS)
    equal(gw.push("+12025550123", LONG, push_id="form@pi").code, 1001)
    recipient, = gw.wait_state("form@pi", "delivered")["recipients"]
    request, = aggregator.got(1)
    fields = urllib.parse.parse_qs(request.body, encoding="latin-1", strict_parsing=True)
    equal((request.headers["Authorization"], request.headers["Content-Type"]), ("Bearer bearer-4711", "application/x-www-form-urlencoded"))
    equal((fields["to"], fields["p"], fields["udh"]), (["12025550123"], ["1"], [bytes.fromhex("0605040b8423f0").decode("latin-1")]))
    equal((fields["text"][0].count("new mail"), [fields["ref"][0]]), (30, recipient["message_ids"]))
    assert re.fullmatch("[0-9A-F]{32}", fields["ref"][0]), fields
    gw.stop()


LIST = """
receipt-port = {receipts}
receipt-interface = 127.0.0.1
receipt-token = "%s"
receipt-list = json:/results
receipt-id = json:/messageId
receipt-state = json:/status/groupName
receipt-states = "DELIVERED:DELIVRD, *:UNDELIV"
""" % TOKEN


@case
def several_receipts_in_one_request():
    aggregator = Aggregator()
    gw = Gateway(aggregator, receipts=LIST)
    ids = []
    for n in range(3):
        ids.append(gateway.new_id())
        equal(gw.push("+1202555012%d" % n, push_id=ids[-1]).code, 1001)
    wait_for(lambda: all(gw.show(i)["recipients"][0]["message_ids"] for i in ids), "the ids")
    states = {gw.show(i)["recipients"][0]["message_ids"][0]: i for i in ids}
    results = [{"messageId": m, "status": {"groupName": "DELIVERED" if i != ids[1] else "REJECTED"}} for m, i in states.items()]
    equal(gw.receipt({"results": results + [{"messageId": "no state"}]}).status, 200)
    gw.wait_state(ids[0], "delivered")
    gw.wait_state(ids[1], "undeliverable")
    gw.wait_state(ids[2], "delivered")
    equal(gw.receipt({"results": []}).status, 200)
    equal(gw.receipt({"results": [{}]}).status, 400)
    equal(gw.receipt({"results": results * 34}).status, 413)
    gw.stop()


@case
def without_receipts():
    """accepted is all that is known"""
    aggregator = Aggregator()
    gw = Gateway(aggregator, receipts="")
    gw.program.wait_line("without receipt-port there are no receipts")
    equal(gw.push("+12025550123", push_id="none@pi").code, 1001)
    gw.wait_state("none@pi", "delivered")
    equal(json.loads(aggregator.got(1)[0].body)["callback"], "")
    gw.stop()


@case
def a_reload_changes_the_link():
    """another URL: what is out is answered, what comes goes there, the receipt port moves over"""
    one, other = Aggregator(sends("delivered")), Aggregator(sends("delivered"))
    gw = Gateway(one)
    equal(gw.push("+12025550123", push_id="before@pi").code, 1001)
    gw.wait_state("before@pi", "delivered")
    gw.write_config(smsc_more=gw.settings["smsc_more"].replace(":%d/v1" % one.port, ":%d/v1" % other.port))
    gw.program.signal(1)
    gw.program.wait_line("agg: leaves, the configuration has changed")
    equal(gw.push("+12025550124", push_id="after@pi").code, 1001)
    gw.wait_state("after@pi", "delivered")
    equal((len(one.requests), len(other.requests)), (1, 1))
    gw.stop()


KANNEL = """\
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {box}
box-allow-ip = "127.0.0.1"

group = smsc
smsc = smpp
smsc-id = sim
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}

group = sendsms-user
username = tester
password = tester
max-messages = 10
concatenation = true
"""

TO_KANNEL = """
send-url = "http://127.0.0.1:%(send)d/cgi-bin/sendsms?username=tester&password=tester&from=%%{{from}}&to=%%{{to}}&coding=1\
&udh=%%{{udh-octets}}&text=%%{{data-octets}}&validity=%%{{validity-minutes}}&dlr-mask=19&dlr-url=%%{{receipt-url}}"
send-method = GET
success-contains = "0: Accepted for delivery"
message-id-from = reference
receipt-port = {receipts}
receipt-interface = 127.0.0.1
receipt-token = "%(token)s"
receipt-url = "http://127.0.0.1:{receipts}/receipts?token=%(token)s&ref=%%{{message-ref}}&what=%%d"
receipt-id = query:ref
receipt-state = query:what
receipt-states = "1:DELIVRD, 2:UNDELIV, 16:REJECTD"
"""


def of_kannel(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise harness.Skip(name + " is not installed")
    return path


@case
def an_aggregator_of_others():
    """Kannel's smsbox: octets in a URL, its reports come back to us; delivered, and refused by the SMSC behind it"""
    paths = [of_kannel(name) for name in ("bearerbox", "smsbox")]
    sim = harness.Smscsim("--quiet")
    ports = {name: harness.free_port() for name in ("admin", "box", "send")}
    config = os.path.join(harness.temp_dir(), "kannel.conf")
    with open(config, "w") as f:
        f.write(KANNEL.format(smpp=sim.port, **ports))
    boxes = [harness.Program([paths[0], config])]
    wait_for(lambda: sim.stats()["bound"] == 1, "the bearerbox to bind")
    boxes.append(harness.Program([paths[1], config]))
    boxes[1].wait_line("Connected to bearerbox")
    wait_for(lambda: harness.is_listening(ports["send"]), "the smsbox")
    gw = Gateway(None, TO_KANNEL % {"send": ports["send"], "token": TOKEN}, "")
    equal(gw.push("+12025550123", LONG, push_id="kannel@pi").code, 1001)
    gw.wait_state("kannel@pi", "delivered")
    entry, = sim.wait_messages(1)
    equal((entry["system_id"], entry["dest"].lstrip("+"), len(entry["segments"])), ("kannel", "12025550123", 3))
    equal(entry["message"]["content_type"], "application/vnd.wap.sic")
    sim.receipts(state="UNDELIV")
    equal(gw.push("+12025550124", push_id="failed@pi").code, 1001)
    gw.wait_state("failed@pi", "undeliverable")
    equal((gw.link()["accepted"], gw.link()["receipts"], gw.link()["bad_receipts"]), (4, 4, 0))
    gw.stop()
    for box in reversed(boxes):
        box.kill()
    sim.stop()


def certificate(folder):
    """Key and certificate for 127.0.0.1, which is its own authority."""
    files = [os.path.join(folder, name) for name in ("key.pem", "cert.pem")]
    status, _, err = harness.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                                  "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files[0], "-out", files[1]])
    equal(status, 0, err)
    return files


@case
def over_tls():
    """both ways; an aggregator whose certificate nobody vouches for gets nothing"""
    if not shutil.which("openssl"):
        raise harness.Skip("openssl is not installed")
    folder = harness.temp_dir()
    key, cert = certificate(folder)
    aggregator = Aggregator()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    aggregator.server.socket = context.wrap_socket(aggregator.server.socket, server_side=True)
    template = JSON.replace("http://", "https://")
    gw = Gateway(aggregator, template, more="receipt-cert-file = %s\nreceipt-key-file = %s\nssl-trusted-ca-file = %s\n" % (
        cert, key, cert))
    equal(gw.push("+12025550123", push_id="tls@pi").code, 1001)
    wait_for(lambda: gw.show("tls@pi")["recipients"][0]["message_ids"] == ["M-1"], "the id")
    ours = http.client.HTTPSConnection("127.0.0.1", gw.receipt_port, context=ssl.create_default_context(cafile=cert),
                                       timeout=harness.DEADLINE_S)
    ours.request("POST", "/receipts?token=" + TOKEN, json.dumps({"id": "M-1", "status": "delivered"}), {"Content-Type": "application/json"})
    equal(ours.getresponse().status, 200)
    ours.close()
    gw.wait_state("tls@pi", "delivered")
    gw.stop()
    stranger = Gateway(aggregator, template)
    equal(stranger.push("+12025550123", push_id="strange@pi").code, 1001)
    stranger.wait_link("down")
    stranger.program.wait_line("no answer: SSL certificate problem")
    equal((stranger.show("strange@pi")["state"], len(aggregator.requests)), ("pending", 1))
    stranger.stop()


@case
def stopping_with_requests_out():
    """an orderly end waits for answers, and a silent aggregator does not hold it for ever"""
    aggregator = Aggregator()
    gw = Gateway(aggregator)
    aggregator.answers = ["silence"] * 4
    for n in range(4):
        equal(gw.push("+1202555012%d" % n, push_id="out-%d@pi" % n).code, 1001)
    aggregator.got(4)
    gw.stop()
    gw.start()
    wait_for(lambda: all(gw.show("out-%d@pi" % n)["recipients"][0]["message_ids"] for n in range(4)), "the repeats")
    gw.stop()


@case
def wrong_configurations():
    """each is an error that names its key"""
    good = {"send-url": "http://127.0.0.1:1/", "send-body": "{{}}", "message-id-from": "body", "receipt-port": "8088",
            "receipt-token": TOKEN, "receipt-id": "json:/id", "receipt-state": "json:/s"}
    gw = Gateway(None, "", "", start=False)
    for key, change in (
            ("send-url", {"send-url": "ftp://127.0.0.1/"}), ("send-url", {"send-url": "http://%{{to}}/"}), ("send-url", {"send-url": "x"}),
            ("send-url", {"send-url": None}), ("send-url", {"send-url": "http://h/%{{what}}"}), ("send-url", {"send-url": "http://u:p@h/"}),
            ("send-body", {"send-body": None}), ("send-body", {"send-body": "%{{data-octets}}"}), ("send-body", {"send-method": "GET"}),
            ("send-content-type", {"send-content-type": "image/png"}), ("send-headers", {"send-headers": "X"}),
            ("send-token", {"send-token": "t", "send-username": "u"}), ("message-id-from", {"message-id-from": "xml:/"}),
            ("message-id-from", {"message-id-from": "none"}), ("error-map", {"error-map": "0x0B:2002"}),
            ("receipt-port", {"receipt-token": None}), ("receipt-port", {"receipt-port": str(gw.port)}), ("receipt-id", {"receipt-id": None}),
            ("receipt-state", {"receipt-state": "header:x"}), ("receipt-list", {"receipt-list": "query:x"}),
            ("receipt-id", {"receipt-id": "form:id"}), ("receipt-states", {"receipt-states": "a:b"}), ("receipt-path", {"receipt-path": "x"}),
            ("receipt-allow", {"receipt-allow": "x"}), ("receipt-cert-file", {"receipt-cert-file": "/none"}),
            ("receipt-url", {"receipt-url": "%{{receipt-url}}"}), ("segmentation", {"segmentation": "sar"}), (None, {})):
        keys = {k: v for k, v in dict(good, **change).items() if v is not None}
        gw.write_config(smsc_more="\n".join('%s = "%s"' % pair for pair in keys.items()).format())
        status, out, err = harness.run([harness.built("ppgd"), "--check-config", gw.config])
        if key is None:
            equal((status, out), (0, gw.config + ": no errors\n"), err)
        else:
            assert status != 0 and re.search(r"^error: .*group smsc, %s: " % key, err, re.M), "%s: %s" % (change, err)
        assert TOKEN not in out + err, err


@case
def the_sample():
    """contrib/aggregator.conf is taken as it is, and does what it says"""
    aggregator = Aggregator()
    gw = Gateway(aggregator)
    with open(harness.source("contrib/aggregator.conf")) as f:
        text = f.read()
    for name, secret in (("aggregator.token", "agg-token-1"), ("receipts.token", TOKEN)):
        with open(os.path.join(gw.folder, name), "w") as f:
            f.write(secret + "\n")
    gw.stop()
    text = text.replace("https://api.example.net", "http://127.0.0.1:%d" % aggregator.port).replace(
        "receipt-port = 8088", "receipt-port = %d" % gw.receipt_port)
    with open(gw.config) as f:
        whole = f.read()
    begin, end = whole.index("group = smsc"), whole.index("group = store")
    with open(gw.config, "w") as f:
        f.write(whole[:begin] + text + "\n" + whole[end:])
    gw.start()
    equal(gw.push("+12025550123", push_id="sample@pi").code, 1001)
    request, = aggregator.got(1)
    body = json.loads(request.body)
    equal((request.path, request.headers["Authorization"]), ("/v1/accounts/12025550100/messages", "Bearer agg-token-1"))
    assert re.fullmatch("[0-9A-F]{32}", request.headers["X-Request-Id"]), request.headers
    equal((body["udh"], body["statusCallback"]), ("0605040B8423F0", "https://ppg.example.net/receipts?token=the-same-token"))
    wait_for(lambda: gw.show("sample@pi")["recipients"][0]["message_ids"] == ["M-1"], "the id")
    equal(gw.receipt({"messageId": "M-1", "status": "DELIVERED", "errorCode": 0}).status, 200)
    gw.wait_state("sample@pi", "delivered")
    gw.stop()


harness.main()
