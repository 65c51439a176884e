"""ppgctl as a push initiator: submit with all its options, replace, cancel, status, ccq; over TLS as well."""
import email
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from xml.etree import ElementTree

import harness
from gateway import Gateway, PASSWORD, SI, TOKEN, USER, new_id
from harness import case, equal

sim = harness.Smscsim()
gw = Gateway(sim.port)
gw.wait_link()
FOLDER = harness.temp_dir()
ENV = {"PPGCTL_PASSWORD": PASSWORD, "PPGCTL_TOKEN": TOKEN, "PPGCTL_ADMIN": "http://127.0.0.1:%d" % gw.admin_port}
LOGIN = ("--url", gw.url, "--user", USER)
NUMBERS = ["+12025550%03d" % n for n in range(100, 120)]
WAITING = ("--deliver-after", "+1h")
RDF = ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:prf="http://www.wapforum.org/profiles/UAPROF/'
       'ccppschema-20010430#"><rdf:Description><prf:Push-MsgSize>1000</prf:Push-MsgSize></rdf:Description></rdf:RDF>\n')


def file(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def ppgctl(*args, stdin=b"", env=None):
    return harness.run([harness.built("ppgctl")] + list(args), stdin=stdin, env=dict(ENV, **(env or {})))


def ctl(*args, status=0, stdin=b""):
    """What it prints, when it ends as expected and complains of nothing."""
    got, out, err = ppgctl(*args, stdin=stdin)
    equal((got, err), (status, ""), "%s: %s" % (" ".join(args[:4]), out))
    return out


def js(*args, status=0):
    return json.loads(ctl(*args, "--json", status=status))


def wrong(part, *args, status=2):
    got, out, err = ppgctl(*args)
    equal((got, out), (status, ""), err)
    assert part in err, "%r is not in %r" % (part, err)
    assert PASSWORD not in err and TOKEN not in err, err


SI_FILE = file("si.xml", SI)
CONTENT = ("--type", "text/vnd.wap.si", "--file", SI_FILE)


def to(*numbers):
    return [word for n in numbers for word in ("--to", n)]


def address(number):
    return "WAPPUSH=%s/TYPE=PLMN@127.0.0.1" % number


# ---- submit ------------------------------------------------------------------------------------

class Capture(http.server.BaseHTTPRequestHandler):
    """Keeps one request; answers it with what the case put there."""
    requests, answer = [], b""

    def do_POST(self):
        Capture.requests.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(202)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(Capture.answer)))
        self.end_headers()
        self.wfile.write(Capture.answer)

    def log_message(self, *_):
        pass


def capture_url():
    if not hasattr(Capture, "url"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Capture)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        harness.at_end(server.shutdown)
        Capture.url = "http://127.0.0.1:%d/x" % server.server_port
    Capture.requests = []
    return Capture.url


def captured():
    """The control entity and the other parts of the only request."""
    (headers, body), = Capture.requests
    message = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    parts = message.get_payload() if message.is_multipart() else [message]
    return ElementTree.fromstring(parts[0].get_payload(decode=True))[0], parts[1:]


@case
def every_option_is_in_the_document():
    Capture.answer = b'<pap><push-response push-id="p"><response-result code="1001"/></push-response></pap>'
    args = ("submit", "--url", capture_url(), *CONTENT, *to(NUMBERS[0]), "--push-id", "p")
    ctl(*args, "--source-reference", 'who & "why"', "--priority", "high", "--delivery-method", "unconfirmed", "--network", "gsm",
        "--network-required", "--bearer", "sms", "--bearer-required", "--progress",
        "--capabilities", file("caps.rdf", RDF))
    push, (content, capabilities) = captured()
    equal(push.attrib, {"push-id": "p", "source-reference": 'who & "why"', "progress-notes-requested": "true"})
    equal([child.tag for child in push], ["address", "quality-of-service"])
    equal(push[1].attrib, {"priority": "high", "delivery-method": "unconfirmed", "network": "gsm", "network-required": "true",
                           "bearer": "sms", "bearer-required": "true"})
    equal((content.get_content_type(), content.get_payload(decode=True)), ("text/vnd.wap.si", SI.encode()))
    equal((capabilities.get_content_type(), capabilities.get_payload(decode=True)), ("application/xml", RDF.encode()))
    capture_url()
    ctl(*args)
    push, parts = captured()
    equal((push.attrib, [child.tag for child in push], len(parts)), ({"push-id": "p"}, ["address"], 1))
    capture_url()
    ctl("replace", "old & new", *args[1:], "--pending-only")
    equal(captured()[0].attrib, {"push-id": "p", "replace-push-id": "old & new", "replace-method": "pending-only"})


@case
def options_that_cannot_be_right():
    base = ("submit", *LOGIN, *CONTENT)
    one = to(NUMBERS[0])
    for part, args in (("--priority is", one + ["--priority", "urgent"]),
                       ("--delivery-method is", one + ["--delivery-method", "CONFIRMED"]),
                       ("needs --network", one + ["--network-required"]), ("needs --bearer", one + ["--bearer-required"]),
                       ("--cert and --key", one + ["--cert", "x"]), ("--cert and --key", one + ["--key", "x"]),
                       ("No such file", one + ["--capabilities", "/nonexistent"]),
                       ("No such file", ["--to-file", "/nonexistent"]),
                       ("to-file, --type", []), ("no address in it", ["--to-file", "/dev/null"]),
                       ("numbers:2: neither", ["--to-file", file("numbers", "+12025550100\n12025550100\n")]),
                       ("not a text file", ["--to-file", file("nul", b"+12025550100\0\n")]),
                       ("more than 100000", ["--to-file", file("many", "+12025550100\n" * 100001)])):
        wrong(part, *base, *args)
    wrong("OLD-ID is missing", "replace", *LOGIN, *CONTENT, *one)
    wrong("PUSH-ID", "cancel", *LOGIN)
    for verb in ("cancel", "status"):
        wrong("ADDRESS is a number", verb, "id", "12025550100", *LOGIN)
        wrong("--url is needed", verb, "id")
    wrong("ADDRESS is a number", "ccq", "jane", *LOGIN)
    wrong("HTTP status 401", "status", "id", "--url", gw.url, status=1)


@case
def stages_are_printed():
    out = ctl("submit", *LOGIN, *CONTENT, *to(NUMBERS[0]), "--progress").splitlines()
    notes = [line.split() for line in out if line.startswith("note ")]
    equal([n[2] for n in notes], ["received", "checked", "content", "predicted", "stored"])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", n[1]) for n in notes), notes
    assert out[5].startswith("1001 ") and out[6].startswith("push-id "), out
    answer = js("submit", *LOGIN, *CONTENT, *to(NUMBERS[0]), "--progress")
    equal([n["stage"] for n in answer["notes"]], ["received", "checked", "content", "predicted", "stored"])
    assert "notes" not in js("submit", *LOGIN, *CONTENT, *to(NUMBERS[0]))


@case
def wishes_are_heeded():
    answer = js("submit", *LOGIN, *CONTENT, *to(NUMBERS[0]), "--delivery-method", "confirmed", status=1)
    equal((answer["code"], answer["accepted"]), (3007, False))
    answer = js("submit", *LOGIN, *CONTENT, *to(NUMBERS[0]), "--bearer", "USSD", "--bearer-required", status=1)
    equal(answer["code"], 3010)
    push_id = new_id("ctl")
    equal(js("submit", *LOGIN, *CONTENT, *to(NUMBERS[0]), "--priority", "low", "--push-id", push_id, *WAITING)["code"], 1001)
    equal(js("show", push_id)["priority"], "low")


@case
def many_recipients_from_a_file():
    push_id = new_id("ctl")
    path = file("to", "\n".join("+1202556%04d" % n for n in range(3000)) + "\r\n\n  WAPPUSH=+12025569999/TYPE=PLMN@x.example.net \n")
    equal(js("submit", *LOGIN, *CONTENT, "--to-file", path, *to(NUMBERS[0]), "--push-id", push_id, *WAITING)["code"], 1001)
    equal(js("show", push_id)["n_recipients"], 3002)
    states = js("status", push_id, *LOGIN)
    equal(sum(len(r["addresses"]) for r in states["results"]), 3002)
    equal(len(ctl("cancel", push_id, "WAPPUSH=+12025569999/TYPE=PLMN@x.example.net", *LOGIN).splitlines()), 1)


# ---- the other operations ---------------------------------------------------------------------------

@case
def status_of_a_push():
    push_id = new_id("ctl")
    ctl("submit", *LOGIN, *CONTENT, *to(*NUMBERS[:2]), "--push-id", push_id, "--priority", "high")
    gw.wait_state(push_id, "delivered")
    lines = sorted(ctl("status", push_id, *LOGIN).splitlines())
    equal([re.sub(r" \d{4}-\S+Z ", " TIME ", line) for line in lines],
          ["%s delivered TIME 1000 OK" % address(n) for n in NUMBERS[:2]])
    answer = js("status", push_id, NUMBERS[1], *LOGIN)
    equal((answer["push_id"], answer["accepted"]), (push_id, True))
    result, = answer["results"]
    equal((result["addresses"], result["state"], result["code"]), ([address(NUMBERS[1])], "delivered", 1000))
    equal(result["qos"], {"priority": "high", "delivery-method": "unconfirmed", "network": "GSM", "bearer": "SMS"})
    answer = js("status", push_id, NUMBERS[0], NUMBERS[5], *LOGIN, status=1)
    equal({a: r["code"] for r in answer["results"] for a in r["addresses"]},
          {address(NUMBERS[0]): 1000, address(NUMBERS[5]): 2003})
    equal(answer["accepted"], False)
    equal(ctl("status", "none", *LOGIN, status=1).split()[0:4:3], ["all", "2004"])


@case
def cancel_a_push():
    push_id = new_id("ctl")
    ctl("submit", *LOGIN, *CONTENT, *to(*NUMBERS[:3]), "--push-id", push_id, *WAITING)
    equal(ctl("cancel", push_id, NUMBERS[1], *LOGIN), "%s 1000 OK\n" % address(NUMBERS[1]))
    answer = js("cancel", push_id, *LOGIN, "--pap-version", "2.1", status=1)       # one of them was cancelled before
    assert {r["code"] for r in answer["results"]} >= {1000}, answer
    equal({r["state"] for r in js("show", push_id)["recipients"]}, {"cancelled"})
    equal(ctl("cancel", "none", *LOGIN, status=1).split()[:2], ["all", "2004"])


@case
def replace_a_push():
    old, new, third = new_id("old"), new_id("new"), new_id("third")
    ctl("submit", *LOGIN, *CONTENT, *to(*NUMBERS[:2]), "--push-id", old, *WAITING)
    ctl("cancel", old, NUMBERS[0], *LOGIN)
    equal(js("replace", old, *LOGIN, *CONTENT, *to(*NUMBERS[:3]), "--push-id", new, *WAITING, "--pending-only")["code"], 1001)
    equal([(r["state"], r["code"]) for r in js("show", new)["recipients"]],
          [("undeliverable", 2008), ("pending", 1000), ("undeliverable", 2008)])
    equal({r["state"] for r in js("show", old)["recipients"]}, {"cancelled"})
    equal(js("replace", new, *LOGIN, *CONTENT, *to(*NUMBERS[:3]), "--push-id", third, *WAITING)["code"], 1001)
    equal({r["state"] for r in js("show", third)["recipients"]}, {"pending"})
    equal(js("replace", "none", *LOGIN, *CONTENT, *to(NUMBERS[0]), "--pending-only", status=1)["code"], 2004)


@case
def what_a_device_can_do():
    table = file("devices.csv", "address,number,profile\n%s,,phone\nuser:jane@example.net,%s,phone\n" % (NUMBERS[0], NUMBERS[0]))
    equal(ctl("subscribers", "import", table), "2 written\n")
    equal(ctl("profiles", "put", "phone", file("phone.rdf", RDF)), "written\n")
    for who in (NUMBERS[0], "WAPPUSH=jane%40example.net/TYPE=USER@ppg.example.net"):
        equal(ctl("ccq", who, *LOGIN), RDF)
    answer = js("ccq", NUMBERS[0], *LOGIN, "--query-id", "q1")
    equal((answer["code"], answer["content_type"], answer["profile"]), (1000, "application/vnd.wap.uaprof", RDF))
    equal(ctl("ccq", NUMBERS[9], *LOGIN, status=1).split()[0], "3008")
    equal(js("ccq", NUMBERS[9], *LOGIN, status=1)["profile"], None)


@case
def answers_of_other_gateways():
    rows = ((b"", 1, "no PAP document"), (b"<pap><statusquery-response push-id='x'/></pap>", 1, "no result code"),
            (b"<pap><badmessage-response code='2000' desc='no'/></pap>", 1, None),
            (b"<pap><statusquery-response push-id='x'><statusquery-result code='99999'/></statusquery-response></pap>", 1,
             "no result code"),
            (b"<pap><statusquery-response push-id='x'><address address-value='a'/><quality-of-service/>"
             b"<statusquery-result code='1000' message-state='pending'><address/></statusquery-result>"
             b"</statusquery-response></pap>", 0, None))
    for text, status, part in rows:
        Capture.answer = text
        got, out, err = ppgctl("status", "x", "--url", capture_url())
        equal(got, status, err)
        assert part is None or part in err, err
        equal(captured()[0].tag, "statusquery-message")


# ---- TLS -----------------------------------------------------------------------------------------------

@case
def certificates_of_both_sides():
    if shutil.which("openssl") is None:
        raise harness.Skip("no openssl program")
    for name, cn in (("server", "localhost"), ("client", "tester")):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + cn,
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", os.path.join(FOLDER, name + ".key"),
                        "-out", os.path.join(FOLDER, name + ".pem")], check=True, capture_output=True)
    path = {n: os.path.join(FOLDER, n) for n in ("server.key", "server.pem", "client.key", "client.pem")}
    fingerprint = subprocess.run(["openssl", "x509", "-in", path["client.pem"], "-noout", "-fingerprint", "-sha256"], check=True,
                                 capture_output=True, text=True).stdout.split("=")[1].strip()
    port = harness.free_port()
    tls = Gateway(sim.port, ppg_more='ppg-ssl-port = %d\nssl-server-cert-file = "%s"\nssl-server-key-file = "%s"\nssl-client-certs = ask\n' % (
        port, path["server.pem"], path["server.key"]),
        initiators="group = wap-push-user\nwap-push-user = tester\ncertificate = \"sha256:%s\"\n" % fingerprint)
    url = ("--url", "https://localhost:%d/wappush" % port)
    trust, own = ("--ca", path["server.pem"]), ("--cert", path["client.pem"], "--key", path["client.key"])
    args = ("submit", *CONTENT, *to(NUMBERS[0]), *url)
    equal(js(*args, *trust, *own)["code"], 1001)
    wrong("HTTP status 401", *args, *trust, status=1)
    wrong("certificate", *args, *own, status=1)
    wrong("", *args, *trust, "--cert", path["client.pem"], "--key", "/nonexistent", status=1)
    equal(ctl("status", "none", *url, *trust, *own, status=1).split()[0:4:3], ["all", "2004"])
    tls.stop()


harness.main()
