"""What a simulated handset shows of what it got: service indications, multimedia messages and the like."""
import http.server
import json
import os
import threading

from harness import at_end, built, case, equal, main, run, temp_dir
from pushes import Simulator, entry, push, si, ud

PROXY = ["--proxy", "+12025550100,trust,push"]
OPEN = ["--policy", "4108=4096", "--policy", "4109=4096", "--policy", "4110=4096"]
ROUTER = "pushrouter"


def of_type(code, body):
    """A WSP PDU with a well-known content type."""
    return "010601%02X%s" % (0x80 | code, body)


MMS = of_type(0x3E, "8C829874782D30303031008D928918802B31353535303130303030312F545950453D504C4D4E00960AEA5A6B6F75C5A16B6100"
              "8A808E0271488805810301518083687474703A2F2F6D6D73632E6578616D706C652F3F6D3D3030303100")
MMS_SHOWN = {"kind": "MMS", "type": "m-notification-ind", "from": "+15550100001/TYPE=PLMN",
             "subject": "Zkou\u0161ka", "size": 29000, "class": "personal", "expires": "in 86400 s",
             "location": "http://mmsc.example/?m=0001", "transaction_id": "tx-0001"}
# the same until 2024-01-01T00:00:00Z
MMS_ABSOLUTE = MMS.replace("88058103015180", "8806800465920080")
DELIVERED = of_type(0x3E, "8C868D928B4D3100972B31353535303130303030312F545950453D504C4D4E008504659200809581")


def shown(pdu, *options):
    status, out, err = run([built(ROUTER), "--decode", "--json", "--from", "+12025550100", *PROXY, *OPEN, *options],
                           stdin=ud(pdu) + "\n")
    return json.loads(out).get("shown"), status, err


@case
def what_is_shown():
    """a row for each kind, text and binary forms"""
    si_text = ('<si><indication href="http://m.example/a?b=1&amp;c=2" si-id="one" action="signal-high" '
               'created="2026-01-02T03:04:05Z" si-expires="2027-01-02T03:04:05Z"> Hello &lt;you&gt; </indication></si>')
    rows = [
        (of_type(0x2E, "02056A0045C60C036D2E6578616D706C650001034869000101"),
         {"kind": "SI", "text": "Hi", "href": "http://m.example", "action": "signal-medium"}),
        (push("text/vnd.wap.si", si_text.encode()),
         {"kind": "SI", "text": "Hello <you>", "href": "http://m.example/a?b=1&c=2", "action": "signal-high", "id": "one",
          "created": "2026-01-02T03:04:05Z", "expires": "2027-01-02T03:04:05Z"}),
        (push("text/vnd.wap.sl", b'<sl href="https://m.example/x"/>'),
         {"kind": "SL", "href": "https://m.example/x", "action": "execute-low"}),
        (push("text/vnd.wap.sl", b'<sl href="https://m.example/x" action="cache"/>'),
         {"kind": "SL", "href": "https://m.example/x", "action": "cache"}),
        (push("text/vnd.wap.co", b'<co><invalidate-object uri="http://a.example/1"/><invalidate-service uri="http://b.example/"/>'
              b'<invalidate-object uri="http://a.example/2"/></co>'),
         {"kind": "CO", "objects": ["http://a.example/1", "http://a.example/2"], "services": ["http://b.example/"]}),
        (push("text/vnd.wap.emn+xml", b'<emn mailbox="mailat:user@example.net" timestamp="2026-01-02T03:04:05Z"/>'),
         {"kind": "EMN", "mailbox": "mailat:user@example.net", "timestamp": "2026-01-02T03:04:05Z"}),
        (MMS, MMS_SHOWN),
        (MMS_ABSOLUTE, dict(MMS_SHOWN, expires="2024-01-01T00:00:00Z")),
        (DELIVERED, {"kind": "MMS", "type": "m-delivery-ind", "to": "+15550100001/TYPE=PLMN",
                     "date": "2024-01-01T00:00:00Z", "status": "retrieved", "message_id": "M1"}),
    ]
    clients = ["--register", "text/vnd.wap.co=exec:/bin/true", "--register", "text/vnd.wap.emn+xml=exec:/bin/true"]
    for pdu, expected in rows:
        got, status, err = shown(pdu, *clients)
        equal((got, list(got or {})), (expected, list(expected)), err)


@case
def what_is_not_shown():
    """refused, of other types"""
    equal(shown(si(0)[14:], "--policy", "4109=0")[:2], (None, 1))
    got, status, _ = shown(push("text/x-a", b"hello"), "--register", "text/x-a=exec:/bin/true")
    equal((got, status), (None, 0))


@case
def in_one_line():
    """without --json it stands behind the outcome; line ends and escapes of a sender stay inside the quotes"""
    nasty = push("text/vnd.wap.si", b'<si><indication href="http://m.example/">one&#10;12 +1202: DELIVER "x" \xc2\x9b</indication></si>')
    sim = Simulator([entry(1, "12025550121", [ud(MMS)]), entry(2, "12025550121", [ud(nasty)]),
                     entry(3, "12025550121", [si(1)])])
    status, out, err = run([built(ROUTER), "--smscsim", sim.url, "--once", "3", *PROXY, *OPEN])
    equal(status, 0, err)
    lines = out.splitlines()
    equal(len(lines), 3, out)
    assert '; MMS: type "m-notification-ind", from "+15550100001/TYPE=PLMN", subject "Zkou\u0161ka", size 29000,' in lines[0], out
    assert '; SI: text "one\\n12 +1202: DELIVER \\"x\\" \\u009b"' in lines[1], out
    assert lines[2].endswith('; SI: text "Hi", href "http://m.example", action "signal-medium"'), out


# ---- what service loading messages name -------------------------------------------------------------------

class Web:
    """A server that notes what was asked of it."""

    def __init__(self):
        self.asked = []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                size = {"/big": 2 << 20, "/moved": 0, "/none": 0}.get(self.path, 5)
                self.send_response({"/moved": 302, "/none": 404}.get(self.path, 200))
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(size))
                self.end_headers()
                try:
                    self.wfile.write(b"x" * size)
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        at_end(lambda: (self.http.shutdown(), self.http.server_close()))
        self.port = self.http.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port


def sl(url, action=""):
    return ud(push("text/vnd.wap.sl", ('<sl href="%s"%s/>' % (url, ' action="%s"' % action if action else "")).encode()))


def fetched(messages, *options, json_form=True):
    sim = Simulator([entry(i + 1, "12025550121", [m]) for i, m in enumerate(messages)])
    own = PROXY if "--profile" in options else PROXY + OPEN
    status, out, err = run([built(ROUTER), "--smscsim", sim.url, "--once", str(len(messages)), "--stats", *own, *options] +
                           (["--json"] if json_form else []))
    equal(status, 0, err)
    stats = json.loads(err.splitlines()[-1]).get("fetch")
    equal(stats is not None, "--fetch" in options)
    assert stats is None or stats["running"] == 0, stats
    if not json_form:
        return out.splitlines()
    lines = [json.loads(line) for line in out.splitlines()]
    return [x for x in lines if "seq" in x], [x["fetch"] for x in lines if "handset" in x]


FETCH = ["--policy", "4124=1", "--fetch", "--fetch-allow", "127.0.0.1"]


@case
def loaded():
    """status, type, size of each; redirects are not followed, what is too long is cut"""
    web = Web()
    answers, events = fetched([sl(web.url + "/a"), sl(web.url + "/moved", "execute-high"), sl(web.url + "/none"), sl(web.url + "/big"),
                               sl(web.url + "/c", "cache")], *FETCH)
    equal([a["fetch"] for a in answers], [{"begins": True}] * 5)
    got = {e["url"][len(web.url):]: (e["status"], e["size"], e["whole"], e["action"]) for e in events}
    equal(got, {"/a": (200, 5, True, "execute-low"), "/moved": (302, 0, True, "execute-high"), "/none": (404, 0, True, "execute-low"),
                "/big": (200, 1 << 20, False, "execute-low"), "/c": (200, 5, True, "cache")})
    equal({e["type"] for e in events}, {"text/html; charset=utf-8"})
    equal(sorted(web.asked), ["/a", "/big", "/c", "/moved", "/none"])
    lines = fetched([sl(web.url + "/a"), sl(web.url + "/c", "cache")], *FETCH, json_form=False)
    text = "\n".join(lines)
    assert "12025550121: fetched" in text and "/a" in text and "HTTP status 200, text/html; charset=utf-8, 5 octets" in text, text
    assert "12025550121: cached" in text, text


@case
def not_loaded():
    """without --fetch, by policy 4124 or 4108, inner addresses, other schemes, other content, handsets that only store"""
    web = Web()
    equal(fetched([sl(web.url + "/1")], "--policy", "4124=1")[1], [])
    answers, events = fetched([sl(web.url + "/2")], "--fetch", "--fetch-allow", "127.0.0.1")
    equal((answers[0]["code"], "fetch" in answers[0], events), ("P17", False, []))
    answers, events = fetched([sl(web.url + "/3")], *FETCH, "--policy", "4108=0")
    equal((answers[0]["code"], events), ("P12", []))
    for allow in (["--fetch-allow", "127.0.0.2;10.0.0.0/8"], []):
        answers, events = fetched([sl(web.url + "/4"), sl("http://localhost:%d/5" % web.port), sl("http://2130706433:%d/6" % web.port)],
                                  "--policy", "4124=1", "--fetch", *allow)
        equal(len(events), 3)
        for e in events:
            assert "may not be connected" in e["error"], e
    answers, events = fetched([sl("wsp://127.0.0.1/7"), si(1), sl("http://user:pw@127.0.0.1:%d/8" % web.port)], *FETCH)
    equal(answers[0]["fetch"], {"refused": "only http and https are fetched"})
    equal("fetch" in answers[1], False)
    equal([list(e) for e in events], [["url", "action", "error"]])
    for mode, begins in (("store", False), ("auto", True)):
        path = os.path.join(temp_dir(), "own")
        with open(path, "w") as f:
            f.write("base = android-samsung-old\nmode sl = %s\n" % mode)
        answers, events = fetched([sl(web.url + "/9")], "--profile", path, "--fetch")
        equal((answers[0]["outcome"], "fetch" in answers[0], len(events)), ("DELIVER", begins, int(begins)))
    equal(web.asked, [])
    status, out, err = run([built(ROUTER), "--smscsim", web.url, "--once", "1", "--fetch", "--fetch-allow", "nonsense"])
    equal((status, out), (2, ""))
    assert "--fetch-allow" in err, err


if __name__ == "__main__":
    main()
