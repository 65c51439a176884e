"""What a simulated handset shows of what it got: service indications, multimedia messages and the like."""
import json

from harness import built, case, equal, main, run
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


if __name__ == "__main__":
    main()
