"""ppgctl, verb by verb: what it prints, and how it ends."""
import base64
import calendar
import email
import hashlib
import http.server
import json
import os
import pty
import re
import select
import subprocess
import termios
import threading
import time
from xml.etree import ElementTree

import harness
from harness import case, equal

EMPTY_PROV = "030B6A004501"      # an empty wap-provisioningdoc


def ppgctl(*args, stdin=b"", **more):
    return harness.run([harness.built("ppgctl")] + list(args), stdin=stdin, **more)


def prints(expected, *args, status=0, stdin=b""):
    """The verb ends with `status` and prints this and nothing else."""
    got, out, err = ppgctl(*args, stdin=stdin)
    equal((got, out, err), (status, expected, ""), " ".join(args))


def refuses(part, *args, status=2, stdin=b"", secret=None):
    """The verb prints nothing, ends with `status`, and says `part` on standard error."""
    got, out, err = ppgctl(*args, stdin=stdin)
    equal((got, out), (status, ""), " ".join(args) + ": " + err)
    assert part in err, "%r is not in %r" % (part, err)
    assert secret is None or secret not in err, "the secret is in %r" % err


# ---- as every program --------------------------------------------------------------------------

@case
def help_is_help():
    status, out, err = ppgctl("--help")
    equal((status, err), (0, ""))
    for line in out.splitlines():
        if line.startswith("  "):
            verb = line.split()[0]
            status, text, err = ppgctl(verb, "--help")
            equal((status, err), (0, ""), verb)
            assert text.startswith("usage: ppgctl %s " % verb), text
            assert "--help" in text


@case
def wrong_use():
    refuses("usage: ppgctl VERB")
    refuses('unknown verb "fly"; "ppgctl --help" shows the verbs\n', "fly")
    refuses('unknown option "--fly"; "ppgctl --help" shows the verbs\n', "--fly")
    refuses("unknown option --wings", "mac", "--wings", "2")
    refuses("unknown option -w", "mac", "-w")
    refuses("--sec needs a value", "mac", "--sec")
    refuses("--hex takes no value", "mac", "--hex=1")
    refuses("--pin is given twice", "mac", "--pin", "1234", "--pin=1235", secret="1235")
    refuses('"x" is one argument too many', "mac", "x")


@case
def full_disk_is_noticed():
    if not os.path.exists("/dev/full"):
        raise harness.Skip("no /dev/full")
    status, _, err = harness.run(["/bin/sh", "-c", '"$0" --help >/dev/full && exec "$0" mac --help >/dev/full',
                                  harness.built("ppgctl")])
    equal(status, 1, err)


# ---- mac ---------------------------------------------------------------------------------------

MACS = (
    # method, secrets, MAC over EMPTY_PROV
    ("userpin", ("--pin", "1234"), "6CD48BFD7FFC33183154734DF4434DA694E25E6A"),
    ("USERPIN", ("--pin", "1234"), "6CD48BFD7FFC33183154734DF4434DA694E25E6A"),
    ("netwpin", ("--imsi", "466923103145252"), "1AF545FE2823DC9347064450F90FF1BBF957E146"),
    ("netwpin", ("--imsi", "001010123456789"), "DC2F6C9FBEBC5610A87291727F52643251FDACC4"),
    ("netwpin", ("--network-key", "0910101032547698"), "DC2F6C9FBEBC5610A87291727F52643251FDACC4"),
    ("usernetwpin", ("--imsi", "001010123456789", "--pin", "1234"),
     "D69F9EF86F8B14D5B61716445EDD6EFF7B82D26F"),
    ("userpinmac", ("--pin", "12345"), "1234528080"),
    ("userpinmac", ("--pin", "135790"), "135790108130"),
)


@case
def macs_are_made_and_verified():
    body = bytes.fromhex(EMPTY_PROV)
    for sec, secrets, mac in MACS:
        args = ("mac", "--sec", sec, "--body", "-") + secrets
        prints(mac + "\n", *args, stdin=body)
        prints(mac + "\n", *args, "--hex", stdin="03 0b 6a\n00 45 01\n")
        name = "ota_pin" if sec == "userpinmac" else "mac"
        prints('{"%s":"%s"}\n' % (name, mac), *args, "--json", stdin=body)
        for good in (mac, mac.lower()):
            prints("verified\n", *args, "--verify", good, stdin=body)
        wrong = mac[:-1] + ("1" if mac[-1] != "1" else "2")
        prints("not verified\n", *args, "--verify", wrong, stdin=body, status=1)
        prints('{"verified":false}\n', *args, "--verify", wrong, "--json", stdin=body, status=1)
        prints("not verified\n", *args, "--verify", mac, stdin=body + b"\0", status=1)
    prints("verified\n", "mac", "--sec", "userpinmac", "--verify", "1234528080", "--body", "-", stdin=body)


@case
def mac_reads_files():
    path = os.path.join(harness.temp_dir(), "body")
    with open(path, "wb") as f:
        f.write(bytes.fromhex(EMPTY_PROV))
    prints(MACS[0][2] + "\n", "mac", "--sec=userpin", "--pin=1234", "--body", path)
    refuses("No such file", "mac", "--sec", "userpin", "--pin", "1234", "--body", path + "x")
    refuses("more than 1048576 octets", "mac", "--sec", "userpin", "--pin", "1234", "--body", "-",
            stdin=b"x" * (1 << 20) + b"y")


@case
def bad_pins_are_not_repeated():
    for pin in ("123", "geheim", "", "1234567890" * 4):
        refuses("PIN", "mac", "--sec", "userpin", "--pin", pin, "--body", "-", stdin=b"x",
                secret=pin if pin else None)
    refuses("IMSI", "mac", "--sec", "netwpin", "--imsi", "12x45678", "--body", "-", stdin=b"x", secret="12x45678")
    refuses("needs", "mac", "--sec", "userpin", "--body", "-", stdin=b"x")
    refuses("needs", "mac", "--sec", "netwpin", "--pin", "1234", "--body", "-", stdin=b"x")
    refuses("two ways", "mac", "--sec", "netwpin", "--imsi", "001010123456789", "--network-key", "00",
            "--body", "-", stdin=b"x")
    refuses("not hexadecimal", "mac", "--sec", "netwpin", "--network-key", "0g", "--body", "-", stdin=b"x")
    refuses("--sec is", "mac", "--sec", "fingerprint", "--body", "-", stdin=b"x")


@case
def malformed_macs_name_their_length():
    args = ("mac", "--sec", "userpin", "--pin", "1234", "--body", "-", "--hex")
    good = MACS[0][2]
    for mac in (good[:-1], good + "0", good[:20] + " " + good[20:], ""):
        status, out, err = ppgctl(*args, "--verify", mac, stdin=EMPTY_PROV)
        equal((status, out), (1, "not verified\n"), mac)
        assert "40" in err and str(len(mac)) in err, err


# ---- encode ------------------------------------------------------------------------------------

SI = """<?xml version="1.0"?>
<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "http://www.wapforum.org/DTD/si.dtd">
<si><indication href="http://www.xyz.com/email/123/abc.wml" si-id="1@xyz.com" action="signal-high"
 created="1999-06-25T15:23:15Z" si-expires="1999-06-30T00:00:00Z">You have 4 new emails</indication></si>
"""
SI_BODY = ("02056A0045C60D0378797A008503656D61696C2F3132332F6162632E776D6C001103314078797A2E636F6D0008"
           "0AC3071999062515231510C304199906300103596F7520686176652034206E657720656D61696C73000101")


EMPTY_SI = "02056A0045C60C03780001036100" "0101"


@case
def content_becomes_a_pdu():
    si = ("encode", "--type", "text/vnd.wap.si", "-")
    prints("01" "06" "01" "AE" + SI_BODY + "\n", *si, stdin=SI)
    prints("07" "06" "05" "AE" "AF82" "B483" + SI_BODY + "\n", *si, "--tid", "7", "--header",
           "X-Wap-Application-Id: x-wap-application:wml.ua", "--header", "Push-Flag:3", stdin=SI)
    prints('{"pdu":"010601AE%s"}\n' % SI_BODY, *si, "--json", stdin=SI)
    # The signed provisioning document of a provisioning server: SEC and MAC travel as they are given.
    mac = MACS[0][2]
    prints("01062F1F2DB6918192" + mac.encode().hex().upper() + "00" + EMPTY_PROV + "\n", "encode", "--type",
           "application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC=" + mac, "-", stdin=bytes.fromhex(EMPTY_PROV))


@case
def a_document_is_signed():
    """The manual's example: body, MAC, segments."""
    xml = b'<?xml version="1.0"?><wap-provisioningdoc/>'
    status, body, err = ppgctl("encode", "--body", "--type", "text/vnd.wap.connectivity-xml", "-", stdin=xml)
    equal((status, err), (0, ""))
    status, mac, err = ppgctl("mac", "--sec", "userpin", "--pin", "1234", "--hex", "--body", "-", stdin=body)
    equal((status, err), (0, ""))
    kind = "text/vnd.wap.connectivity-xml; SEC=USERPIN; MAC=" + mac.strip()
    prints("01062F1F2DB6918192" + mac.strip().encode().hex().upper() + "00" + body, "encode", "--type", kind, "-",
           stdin=xml)
    prints('{"body":"%s"}\n' % body.strip(), "encode", "--json", "--body", "--type", kind, "-", stdin=xml)


@case
def content_becomes_segments():
    octets = bytes(range(256)) * 2
    status, pdu, err = ppgctl("encode", "--type", "application/octet-stream", "-", stdin=octets)
    equal((status, err), (0, ""))
    args = ("encode", "--type", "application/octet-stream", "--segments", "--ref", "513", "-")
    status, out, err = ppgctl(*args, stdin=octets)
    equal((status, err), (0, ""))
    parts = out.split()
    equal(len(parts), 5)
    for number, part in enumerate(parts, 1):
        # 16-bit reference, then the ports
        equal(part[:26], "0C" "0804" "0201" "05%02X" "0504" "0B84" "23F0" % number)
        assert len(part) <= 280
    equal("".join(part[26:] for part in parts), pdu.strip())
    status, out, err = ppgctl(*args, "--json", stdin=octets)
    equal(json.loads(out), {"segments": parts})
    # One message has the ports alone.
    prints("0605040B8523F1" "010601AE" + EMPTY_SI + "\n", "encode", "--type", "application/vnd.wap.sic", "--segments",
           "--dst-port", "2949", "--src-port", "9201", "-", stdin=bytes.fromhex(EMPTY_SI))


@case
def content_is_checked():
    si = ("encode", "--type", "text/vnd.wap.si", "-")
    refuses("line 1, column", *si, stdin=b"<si><indication></si>", status=1)
    refuses("Push-Flag: ", *si, "--header", "Push-Flag: often", stdin=SI, status=1)
    refuses("not of the form", *si, "--header", "Push-Flag 3", stdin=SI, status=1)
    refuses("--type", "encode", "-", stdin=SI)
    refuses("FILE is missing", "encode", "--type", "text/vnd.wap.si")
    refuses("--tid is in 0..255", *si, "--tid", "256", stdin=SI)
    refuses("0..65535", *si, "--ref", "65536", stdin=SI)
    refuses("more than 262144 octets", "encode", "--type", "text/plain", "-", stdin=b"x" * (256 * 1024 + 1))
    args = ("encode", "--type", "application/octet-stream", "--segments", "-")
    refuses("more than 255 messages", *args, stdin=b"x" * 127 * 255, status=1)
    status, out, err = ppgctl(*args, stdin=b"x" * (127 * 255 - 60))
    equal((status, len(out.split()), err), (0, 255, ""))


# ---- decode ------------------------------------------------------------------------------------

SI_TEXT = ('<si><indication href="http://www.xyz.com/email/123/abc.wml" si-id="1@xyz.com" action="signal-high" '
           'created="1999-06-25T15:23:15Z" si-expires="1999-06-30T00:00:00Z">You have 4 new emails</indication></si>')
SI_PUSH = {"tid": 1, "content_type": "application/vnd.wap.sic", "params": {}, "headers": [], "app_id": None,
           "push_flag": None, "initiator_uri": None, "body": {"format": "xml", "value": SI_TEXT}}


def decode(text, *args, status=0):
    """One object for each message or mistake."""
    got, out, err = ppgctl("decode", "--json", *args, stdin=text)
    equal((got, err), (status, ""), out)
    return [json.loads(line) for line in out.splitlines()]


def parts_of(octets, *args):
    return ppgctl("encode", "--type", "text/plain", "--segments", *args, "-", stdin=octets)[1].split()


@case
def messages_are_decoded():
    pdu = "010601AE" + SI_BODY
    equal(decode(pdu), [dict(SI_PUSH, kind="wsp")])
    equal(decode(pdu.lower() + "\r\n", "--as", "wsp"), [dict(SI_PUSH, kind="wsp")])
    equal(decode(" ".join(re.findall("..", "0605040B8423F0" + pdu)) + "\n"),
          [dict(SI_PUSH, kind="sms", segments=1, ports={"dst": 2948, "src": 9200})])
    one, = decode(SI_BODY, "--as", "wbxml")
    equal((one["kind"], one["body"]), ("wbxml", SI_PUSH["body"]))
    status, out, err = ppgctl("decode", stdin=pdu + "\n" + pdu)
    equal((status, err), (0, ""))
    equal(out.count("content_type: application/vnd.wap.sic\n"), 2)
    equal(out.count("  value: %s\n" % SI_TEXT), 2)
    refuses("--as is", "decode", "--as", "mms")


@case
def what_encode_makes_decode_reads():
    mac = MACS[0][2]
    uri = "https://tps.example.net/cp?a=1"
    _, pdu, _ = ppgctl("encode", "--type", "application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC=" + mac, "--header",
                       "X-Wap-Initiator-URI: " + uri, "--header", "Push-Flag: 3", "--tid", "200", "-",
                       stdin=bytes.fromhex(EMPTY_PROV))
    one, = decode(pdu)
    equal(one["params"], {"SEC": "USERPIN", "MAC": mac})
    equal([one[name] for name in ("tid", "push_flag", "initiator_uri", "content_type")],
          [200, 3, uri, "application/vnd.wap.connectivity-wbxml"])
    equal(one["headers"], [{"name": "X-Wap-Initiator-URI", "value": uri}, {"name": "Push-Flag", "value": "3"}])


@case
def parts_are_joined():
    text = "".join("line %d\n" % i for i in range(60))
    parts = parts_of(text.encode())
    equal(len(parts), 4)
    other = parts_of(b"x" * 200, "--ref", "2")
    for lines in ("\n".join(parts), "|".join(parts), " | ".join(reversed(parts)), "\n".join(reversed(parts)),
                  "|".join(parts + parts[1:3]), "\n".join(parts[:2] + parts)):
        one, = decode(lines + "\n")
        equal((one["kind"], one["segments"], one["body"]), ("sms", 4, {"format": "text", "value": text}), lines[:40])
    # Repeats behind the last part are none of a further message; the whole once more is one.
    equal(len(decode("\n".join(parts + parts[1:3]))), 1)
    equal(len(decode("\n".join(parts + parts))), 2)
    equal(len(decode("\n".join(parts + parts[:1] + other))), 2)
    equal([one["segments"] for one in decode("\n".join(parts + other + ["010601AE" + SI_BODY] + parts), status=0)
           if "segments" in one], [4, 2, 4])


@case
def messages_without_a_part():
    parts = parts_of(b"x" * 500)
    good = "010601AE" + SI_BODY
    for lines in (parts[:3], parts[1:], [parts[0]]):
        error, = decode("\n".join(lines), status=1)
        assert "of %d parts" % len(parts) in error["error"] and error["line"] == 1, error
        error, = decode("|".join(lines), status=1)
        assert "of %d parts" % len(parts) in error["error"], error
    got = decode("\n".join([good] + parts[:2] + [good] + parts), status=1)
    equal([one.get("kind", one.get("line")) for one in got], ["wsp", 2, "wsp", "sms"])
    # Another text under the number of a part begins another message.
    clash = parts[0][:-2] + "7A"
    got = decode("\n".join([parts[0], clash] + parts[1:]), status=1)
    equal(len(got), 2)
    assert "1 of %d parts" % len(parts) in got[0]["error"], got[0]
    assert got[1]["body"]["value"].count("z") == 1


@case
def lines_that_are_no_message():
    good = "010601AE" + SI_BODY
    rows = (
        # text, place of the mistake, what is said
        ("010", (2, 4), "odd number"), ("01 0g", (2, 5), "not a hexadecimal digit"), ("", (2, 1), "empty"),
        ("  ", (2, 1), "no digits"), ("01|", (2, 4), "no digits"), ("|01", (2, 1), "no digits"),
        ("0106|01 zz", (2, 9), "not a hexadecimal digit"), ("\xff", (2, 1), "not a hexadecimal digit"),
        ("01", (2, None), "PDU type"), ("0106", (2, None), "HeadersLen"), ("01067FAE80", (2, None), "HeadersLen"),
        ("0106FFFFFFFFFF7FAE", (2, None), "HeadersLen"), ("0106021EAE", (2, None), "Content-Type"),
        ("010501AE", (2, None), ""), ("02056A0045", (2, None), ""), ("06" * 70, (2, None), ""),
    )
    for text, (line, column), part in rows:
        octets = ("%s\n%s\n%s\n" % (good, text, good)).encode("latin-1")
        got = decode(octets, status=1)
        equal([one.get("kind") for one in got], ["wsp", None, "wsp"], text)
        equal((got[1]["line"], got[1].get("column")), (line, column), text)
        assert part in got[1]["error"] and "offset" in got[1], got[1]
        assert got[1]["error"].startswith("line 2, column %d: " % column if column else "line 2: "), got[1]
        status, out, err = ppgctl("decode", stdin=octets)
        equal((status, out.count("kind: wsp"), err), (1, 2, "ppgctl decode: %s\n" % got[1]["error"]))


@case
def a_line_of_a_mebibyte():
    good = "010601AE" + SI_BODY
    got = decode(good + "\n" + "00" * (1 << 19) + "\n" + good, status=1)
    equal([one.get("kind") for one in got], ["wsp", None, "wsp"])
    equal((got[1]["line"], got[1]["column"]), (2, 1 << 20))
    for bars in (4096, 1 << 18):
        got, = decode("00|" * bars + "00", status=1)
        equal(got["error"], "line 1: more than 4096 parts")
    got, = decode("|".join(parts_of(b"x" * 200) * 2048))
    equal(got["segments"], 2)
    equal(decode(""), [])


@case
def foreign_text_does_not_steer_the_terminal():
    _, pdu, _ = ppgctl("encode", "--type", "text/plain", "-", stdin=b"\x1b[2Jx\x7f\x00")
    status, out, err = ppgctl("decode", stdin=pdu)
    equal((status, err), (0, ""))
    assert "\x1b" not in out and "\x7f" not in out and "\0" not in out, out
    assert "\\x1B[2Jx\\x7F\\x00" in out or "1B5B324A787F00" in out, out


# ---- passwd ------------------------------------------------------------------------------------

def scrypt_fits(stored, password):
    """Python's own scrypt says whether the hash is one of the password."""
    _, name, parameters, salt, made = stored.split("$")
    equal(name, "scrypt")
    values = dict(pair.split("=") for pair in parameters.split(","))
    n, r, p = 1 << int(values["ln"]), int(values["r"]), int(values["p"])
    octets = [base64.b64decode(text + "=" * (-len(text) % 4)) for text in (salt, made)]
    return hashlib.scrypt(password, salt=octets[0], n=n, r=r, p=p, maxmem=1 << 27,
                          dklen=len(octets[1])) == octets[1]


@case
def passwords_become_hashes():
    status, first, err = ppgctl("passwd", stdin=b"geheim\n")
    equal((status, err), (0, ""))
    assert scrypt_fits(first.strip(), b"geheim"), first
    assert not scrypt_fits(first.strip(), b"geheim\n")
    status, out, err = ppgctl("passwd", "--json", stdin=b"geheim")
    equal((status, err), (0, ""))
    second = json.loads(out)["hash"]
    assert second != first.strip() and scrypt_fits(second, b"geheim")
    refuses("empty", "passwd", stdin=b"\n", status=1)
    refuses("one line", "passwd", stdin=b"", status=1)
    status, out, err = ppgctl("passwd", stdin=b"x" * 1024)
    equal((status, err), (0, ""))
    refuses("1024 octets", "passwd", stdin=b"x" * 1025, status=1)
    refuses("1024 octets", "passwd", stdin=b"x" * 5000, status=1)


@case
def passwords_are_not_shown_on_a_terminal():
    try:
        leader, follower = pty.openpty()
    except OSError as why:
        raise harness.Skip(why)
    with subprocess.Popen([harness.built("ppgctl"), "passwd"], stdin=follower, stdout=subprocess.PIPE,
                          stderr=follower, start_new_session=True) as process:
        seen = b""
        for prompt in (b"Password: ", b"Again: "):
            seen += read_until(leader, prompt)
            os.write(leader, b"geheim\n")
        out = process.stdout.read().decode().strip()
        equal(process.wait(harness.DEADLINE_S), 0, seen)
    assert termios.tcgetattr(follower)[3] & termios.ECHO, "the terminal stays silent"
    os.close(leader)
    os.close(follower)
    assert b"geheim" not in seen, seen
    assert scrypt_fits(out, b"geheim"), out


def read_until(fd, part):
    """What a terminal shows until `part` came."""
    seen = b""
    while part not in seen:
        ready, _, _ = select.select([fd], [], [], harness.DEADLINE_S)
        assert ready, "%r did not come, only %r" % (part, seen)
        seen += os.read(fd, 1024)
    return seen


# ---- submit ------------------------------------------------------------------------------------

class Server(http.server.BaseHTTPRequestHandler):
    """Answers whatever is asked with what the case put there, and keeps the request."""
    answer = (202, "application/xml", b"")
    requests = []

    def exchange(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Server.requests.append((self.command, self.path, self.headers, body))
        status, kind, text = Server.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = exchange

    def log_message(self, *_):
        pass


def server():
    """The URL of a server, started with the first call."""
    if not hasattr(server, "url"):
        daemon = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=daemon.serve_forever, daemon=True).start()
        harness.at_end(daemon.shutdown)
        server.url = "http://127.0.0.1:%d" % daemon.server_port
    Server.requests.clear()
    return server.url


def pap_answer(code, desc, push_id="p1", element="push-response"):
    if element == "badmessage-response":
        inner = '<badmessage-response code="%d" desc="%s"/>' % (code, desc)
    else:
        inner = '<push-response push-id="%s"><response-result code="%d" desc="%s"/></push-response>' % (
            push_id, code, desc)
    return (202, "application/xml", ('<?xml version="1.0"?><!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" '
            '"http://www.wapforum.org/DTD/pap_2.0.dtd"><pap>%s</pap>' % inner).encode())


def submit(*args, stdin=SI, env=None):
    return ppgctl("submit", "--url", server() + "/wappush", "--type", "text/vnd.wap.si", "--file", "-",
                  *args, stdin=stdin, env=env)


@case
def a_push_is_submitted():
    Server.answer = pap_answer(1001, "accepted for processing")
    content = SI.encode() + bytes(range(256))
    got = submit("--to", "+12025550123", "--to", "WAPPUSH=x%40example.net/TYPE=USER@ppg.example.net",
                 "--push-id", "p1&<", "--notify-url", "http://pi.example.net/?a=1&b=2", "--user", "foo",
                 "--header", "X-Wap-Application-Id: x-wap-application:wml.ua",
                 "--deliver-before", "2036-01-02T15:04:05Z", stdin=content, env={"PPGCTL_PASSWORD": "b:r"})
    equal(got, (0, "1001 accepted for processing\npush-id p1&<\n", ""))
    (method, path, headers, body), = Server.requests
    equal((method, path), ("POST", "/wappush"))
    equal(headers["Authorization"], "Basic " + base64.b64encode(b"foo:b:r").decode())
    message = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    equal(message.get_content_type(), "multipart/related")
    equal(message.get_param("type"), "application/xml")
    control, entity = message.get_payload()
    equal(control.get_content_type(), "application/xml")
    equal(entity["Content-Type"], "text/vnd.wap.si")
    equal(entity["X-Wap-Application-Id"], "x-wap-application:wml.ua")
    boundary = message.get_param("boundary").encode()
    assert body.endswith(b"\r\n\r\n" + content + b"\r\n--" + boundary + b"--\r\n"), body
    push = ElementTree.fromstring(control.get_payload()).find("push-message")
    equal(push.attrib, {"push-id": "p1&<", "ppg-notify-requested-to": "http://pi.example.net/?a=1&b=2",
                        "deliver-before-timestamp": "2036-01-02T15:04:05Z"})
    equal([a.get("address-value") for a in push.findall("address")],
          ["WAPPUSH=+12025550123/TYPE=PLMN@127.0.0.1", "WAPPUSH=x%40example.net/TYPE=USER@ppg.example.net"])


@case
def every_push_has_an_id_of_its_own():
    Server.answer = pap_answer(1001, "ok")
    ids = set()
    for _ in range(3):
        status, out, err = submit("--to", "+12025550123", "--json")
        equal((status, err), (0, ""))
        answer = json.loads(out)
        equal((answer["code"], answer["desc"], answer["accepted"]), (1001, "ok", True))
        ids.add(answer["push_id"])
    equal(len(ids), 3)


@case
def refusals_are_told():
    to = ("--to", "+12025550123")
    for code, element in ((2007, "push-response"), (2000, "badmessage-response"), (3006, "push-response")):
        Server.answer = pap_answer(code, "because &lt;this&gt;", element=element)
        status, out, err = submit("--push-id", "p1", *to)
        equal((status, out, err), (1, "%d because <this>\npush-id p1\n" % code, ""))
    Server.answer = (401, "text/plain", b"who are you?\n")
    status, out, err = submit(*to)
    equal((status, out, err), (1, "", "ppgctl submit: HTTP status 401: who are you?\n"))
    Server.answer = (202, "application/xml", b"<pap><push-response push-id='x'/></pap>")
    equal(submit(*to)[::2], (1, "ppgctl submit: the answer has no result code\n"))
    Server.answer = (202, "application/xml", b"<pap><push-")
    status, out, err = submit(*to)
    equal((status, out), (1, ""))
    assert "no PAP document" in err, err
    port = harness.free_port()
    refuses("", "submit", "--url", "http://127.0.0.1:%d/" % port, "--type", "text/plain", "--file", "-", *to, status=1)


@case
def submissions_that_cannot_be_right():
    args = ["--to", "+12025550123"]
    for part, more in (("needed", []), ("--to is a number", ["--to", "12025550123"]),
                       ("one line", args + ["--header", "X: 1\r\nY: 2"]), ("colon", args + ["--header", "X"]),
                       ("neither a time", args + ["--deliver-before", "tomorrow"]),
                       ("neither a time", args + ["--deliver-before", "2026-02-30T10:00:00Z"]),
                       ("neither a time", args + ["--deliver-before", "+2y"]),
                       ("needs a password", args + ["--user", "foo"]),
                       ("--password-file needs --user", args + ["--password-file", "/dev/null"]),
                       ("--pap-version", args + ["--pap-version", "3.0"])):
        status, out, err = submit(*more)
        equal((status, out), (2, ""), str(more))
        assert part in err, err
    equal(Server.requests, [])


@case
def relative_times_count_from_now():
    Server.answer = pap_answer(1001, "ok")
    before = time.time()
    equal(submit("--to", "+12025550123", "--deliver-before", "+2h", "--deliver-after", "+90s")[0], 0)
    (_, _, _, body), = Server.requests
    for name, distance in (("before", 7200), ("after", 90)):
        stamp = re.search(rb'deliver-%s-timestamp="([^"]*)"' % name.encode(), body).group(1).decode()
        seconds = calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))
        assert before + distance - 2 < seconds < time.time() + distance + 2, stamp


# ---- show and links ----------------------------------------------------------------------------

PUSH = {"push_id": "a b&c", "initiator": "tester", "state": "delivered", "received": "2026-01-02T15:04:05Z",
        "recipients": [{"address": "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net", "state": "delivered", "code": 1000,
                        "event_time": "2026-01-02T15:04:09Z", "segments": 2, "smsc_id": "main",
                        "message_ids": ["7A", "7B"]}]}


@case
def a_push_is_shown():
    env = {"PPGCTL_TOKEN": "geheim", "PPGCTL_ADMIN": server()}
    Server.answer = (200, "application/json", json.dumps(PUSH).encode())
    status, out, err = ppgctl("show", "a b&c", "--initiator", "tes/ter", env=env)
    equal((status, err), (0, ""))
    for part in ("a b&c", "tester", "delivered (1000)", "2 segments over main", "7A 7B", "+12025550123"):
        assert part in out, out
    (method, path, headers, _), = Server.requests
    equal((method, path), ("GET", "/api/v1/pushes?push-id=a%20b%26c&initiator=tes%2Fter"))
    equal(headers["Authorization"], "Bearer geheim")
    status, out, err = ppgctl("show", "--json", "a b&c", env=env)
    equal((status, json.loads(out), err), (0, PUSH, ""))
    for status, text in ((404, "no such push"), (409, "several initiators"), (401, "token needed")):
        Server.answer = (status, "application/json", json.dumps({"error": text}).encode())
        equal(ppgctl("show", "x", env=env), (1, "", "ppgctl show: %s\n" % text))
    Server.answer = (500, "text/html", b"<html>")
    status, out, err = ppgctl("show", "x", env=env)
    equal((status, out), (1, ""))
    assert "500" in err, err


@case
def the_token_is_needed():
    path = os.path.join(harness.temp_dir(), "token")
    with open(path, "w") as f:
        f.write("geheim\nmore\n")
    refuses("token is needed", "show", "x", "--admin", server())
    refuses("No such file", "links", "--token-file", path + "x")
    refuses("PUSH-ID is missing", "show")
    Server.answer = (200, "application/json", b"[]")
    status, _, err = ppgctl("links", "--token-file", path, "--admin", server() + "/")
    equal((status, err), (0, ""))
    equal(Server.requests[0][1], "/api/v1/links")
    equal(Server.requests[0][2]["Authorization"], "Bearer geheim")


@case
def links_are_listed():
    env = {"PPGCTL_TOKEN": "geheim", "PPGCTL_ADMIN": server()}
    links = [{"smsc_id": "main", "kind": "smpp", "state": "up", "queued": 3, "window_used": 10, "submitted": 4711,
              "receipts": 42}]
    Server.answer = (200, "application/json", json.dumps(links).encode())
    status, out, err = ppgctl("links", env=env)
    equal((status, err), (0, ""))
    equal([line.split() for line in out.splitlines()],
          [["LINK", "KIND", "STATE", "QUEUED", "WINDOW", "SUBMITTED", "RECEIPTS"],
           ["main", "smpp", "up", "3", "10", "4711", "42"]])
    status, out, err = ppgctl("links", "--json", env=env)
    equal((status, json.loads(out), err), (0, links, ""))


@case
def parts_of_a_multipart_as_text():
    status, out, err = ppgctl("decode", stdin="010601A30201018378010BAE02056A0045460361000101\n")
    equal((status, err), (0, ""))
    for line in ("    parts:", "      1:", "        content_type: text/plain", "          value: x",
                 "      2:", "          value: <si><indication>a</indication></si>"):
        assert line in out.splitlines(), out


harness.main()
