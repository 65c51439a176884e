"""Documents that the gateway signs: the four methods, checked by a handset; who may ask; where the user's PIN never is."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import threading
import time
import urllib.parse

import gateway
import harness
from gateway import Gateway, PROVURL, Receiver, SENDER, TOKEN, initiator, multipart, new_id, push_message, read_reply, USER, PASSWORD
from harness import Smscsim, built, case, equal, note, run, wait_for

PIN, WRONG = "72950418", "31415926"            # the first is nowhere else in these tests
IMSI, OTHER_IMSI = "001010123456789", "00101987654321"
ONE, TWO, THREE, KEYED = ("+1202555%04d" % n for n in (301, 302, 303, 304))
NOBODY = "+12025550399"
KEY = "a1b2c3d4"
XML, WBXML, DM = "text/vnd.wap.connectivity-xml", "application/vnd.wap.connectivity-wbxml", "application/vnd.syncml.dm+wbxml"
DOCUMENT = ('<?xml version="1.0"?><wap-provisioningdoc version="1.1"><characteristic type="NAPDEF">'
            '<parm name="NAPID" value="N%d"/><parm name="NAME" value="inet"/></characteristic></wap-provisioningdoc>')
OPEN = {"4107": 4096, "4111": 4096, "4119": 4096, "4121": 4096, "4141": 4096, "4142": 4096, "4143": 4096, "4144": 4096}
STORE_FOLDERS = getattr(gateway, "STORE_FOLDERS", [])    # beside the gateway's own
PIN_HEADER, OTA_HEADER = "X-OpenPPG-User-PIN", "x-openppg-ota-pin"

sim = Smscsim()
gw = Gateway(sim.port, log_level=0, initiators="".join((
    initiator(more='notify-allow = "127.0.0.0/8"'), initiator("pins", "pins", "pins", more="may-sign = pin"),
    initiator("nothing", "nothing", "nothing", more="may-sign = none"))))
gw.wait_link()
receiver = Receiver()
numbers = iter(range(1, 1000))


def put(number, facts, gateway=None):
    answer = harness.http_request("PUT", "http://127.0.0.1:%d/api/v1/subscribers" % (gateway or gw).admin_port,
                                  'address,number,profile,facts\n%s,,,"%s"\n' % (number, json.dumps(facts).replace('"', '""')),
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": "text/csv"})
    equal(answer.status, 200, answer.text)


for number, facts in ((ONE, {"imsi": IMSI}), (TWO, {"imsi": OTHER_IMSI}), (THREE, {"tier": "gold"}), (KEYED, {"network_key": KEY})):
    put(number, facts)


def document():
    """A document that no other case has."""
    return DOCUMENT % next(numbers)


def compiled():
    """The like in WBXML."""
    return b"\x03\x0b\x6a\x00\x45\xc6\x55\x01\x87\x11\x06\x03N%d\x00\x01\x01\x01" % next(numbers)


def post(to, sec, pin=None, content=None, content_type=XML, headers=(), user=USER, password=PASSWORD, push_id=None, gateway=None, **more):
    """The raw answer of the gateway and what the PAP document says."""
    headers = list(headers) + ([(PIN_HEADER, pin)] if pin is not None else [])
    push_id = push_id or new_id()
    body, outer = multipart(push_message(push_id, to, **more), content or document(),
                            content_type + ("; SEC=" + sec if sec else ""), headers)
    answer = harness.http_post((gateway or gw).url, body, headers=dict(
        {"Content-Type": outer}, **({"Authorization": login(user, password)} if user else {})))
    return push_id, read_reply(answer), answer


def login(user, password):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


def on_air(to, n=1, smsc=None):
    """The last message to a number: its parameters, its octets."""
    m = (smsc or sim).wait_messages(n, dest=to)[-1]
    octets = b"".join(bytes.fromhex(s)[1 + bytes.fromhex(s)[0]:] for s in m["segments"])
    return m, octets


def body_of(octets):
    """Behind TID, type and headers; the whole header block."""
    n, at = 0, 2
    while True:
        n = n << 7 | octets[at] & 0x7F
        at += 1
        if octets[at - 1] < 0x80:
            break
    return octets[at:at + n], octets[at + n:]


def mac_of(key, body):
    return hmac.new(key, body, hashlib.sha1).hexdigest().upper()


def ef_imsi(imsi):
    s = "9" + imsi if len(imsi) % 2 else "1" + imsi + "F"
    return bytes(int(s[i + 1] + s[i], 16) for i in range(0, len(s), 2))


def handset(message, imsi=IMSI, pin=PIN, profile=None):
    """What a device with that card makes of it when that PIN is typed."""
    path = os.path.join(harness.temp_dir(), "device.json")
    with open(path, "w") as f:
        json.dump({"profile": profile} if profile else {"profile": "wm5", "policies": OPEN, "provurl": PROVURL,
                   "proxies": [{"id": "P1", "address": SENDER, "type": "E164", "trust": 1, "push": 1}]}, f)
    status, out, err = run([built("pushrouter"), "--decode", "--json", "--from", SENDER, "--imsi", imsi, "--pin", pin, "--pin", pin,
                            "--pin", pin, "--device", path], "|".join(message["segments"]) + "\n")
    return json.loads(out)["outcome"]


def soon(s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + s))


def seen(to, smsc=None):
    return len((smsc or sim).messages(dest=to))


# ---- the methods -------------------------------------------------------------------------------------

@case
def all_methods_are_verified_by_a_handset():
    """byte for byte as HMAC-SHA1 has it; another card or PIN, and the document is not applied"""
    rows = (("NETWPIN", "0", None, ef_imsi(IMSI), True, False), ("USERPIN", "1", PIN, PIN.encode(), False, True),
            ("USERNETWPIN", "2", PIN, ef_imsi(IMSI) + PIN.encode(), True, True))
    for name, number, pin, key, card, typed in rows:
        for sec in (name, number, name.lower()):
            for content_type, content in ((XML, None), (WBXML, compiled())):
                before = seen(ONE)
                push_id, reply, answer = post(ONE, sec, pin, content, content_type)
                equal(reply.code, 1001, reply.text)
                equal(answer.headers.get(OTA_HEADER), None)
                m, octets = on_air(ONE, before + 1)
                head, body = body_of(octets)
                if content:
                    equal(body, content)
                equal(m["message"]["params"], {"SEC": name, "MAC": mac_of(key, body)})
                # SEC, MAC, and behind it what the gateway says of its initiator
                equal(head[:6].hex(), "1f2db6918%s92" % number)
                equal(head[6:47], mac_of(key, body).encode() + b"\0")
                equal(handset(m)[:5], "APPLY", name)
                equal(handset(m, imsi=OTHER_IMSI)[:5] == "APPLY", not card, name)
                equal(handset(m, pin=WRONG)[:5] == "APPLY", not typed, name)
                gw.wait_state(push_id, "delivered")


@case
def userpinmac_tells_the_initiator_what_the_user_types():
    before = seen(ONE)
    push_id, reply, answer = post(ONE, "USERPINMAC", PIN)
    equal(reply.code, 1001, reply.text)
    ota = answer.headers.get(OTA_HEADER)
    equal(answer.headers.get("cache-control"), "no-store")
    assert ota not in answer.text
    m, octets = on_air(ONE, before + 1)
    head, body = body_of(octets)
    digits = "".join(chr(0x30 + o % 10) for o in hmac.new(PIN.encode(), body, hashlib.sha1).digest()[:len(PIN)])
    equal(ota, PIN + digits)
    equal(head[:4].hex(), "03b69183")
    equal(m["message"]["params"], {"SEC": "USERPINMAC"})
    equal(handset(m, pin=ota, profile="nokia-s60")[:5], "APPLY")
    assert handset(m, pin=PIN, profile="nokia-s60")[:5] != "APPLY"
    # without a PIN it passes, as it does when the initiator has made the digits
    push_id, reply, answer = post(ONE, "USERPINMAC")
    equal((reply.code, answer.headers.get(OTA_HEADER)), (1001, None))
    equal(on_air(ONE, before + 2)[0]["message"]["params"], {"SEC": "USERPINMAC"})


@case
def other_parameters_stay_behind_the_mac():
    body = bytes.fromhex("030B6A004501")
    before = seen(ONE)
    _, reply, _ = post(ONE, "NETWPIN", None, body, WBXML + "; charset=utf-8; x=\"a;b\"")
    equal(reply.code, 1001, reply.text)
    head, _ = body_of(on_air(ONE, before + 1)[1])
    equal(head[:1], b"\x1f")
    equal(head[2:6].hex(), "b6918092")
    equal(head[47:49].hex(), "81ea")
    equal(on_air(ONE, before + 1)[0]["message"]["params"],
          {"SEC": "NETWPIN", "MAC": mac_of(ef_imsi(IMSI), body), "charset": "utf-8", "x": "a;b"})


@case
def a_network_key_stands_for_the_imsi():
    _, reply, _ = post(KEYED, "NETWPIN")
    equal(reply.code, 1001, reply.text)
    m, octets = on_air(KEYED, 1)
    equal(m["message"]["params"]["MAC"], mac_of(bytes.fromhex(KEY), body_of(octets)[1]))


@case
def signed_documents_pass_as_they_are():
    body = compiled()
    for sec, mac in (("USERPIN", mac_of(b"1397", body)), ("NETWPIN", mac_of(ef_imsi(IMSI), body).lower()), ("USERNETWPIN", "0" * 40)):
        before = seen(ONE)
        _, reply, _ = post(ONE, sec + "; MAC=" + mac, None, body, WBXML)
        equal(reply.code, 1001, reply.text)
        equal(on_air(ONE, before + 1)[0]["message"]["params"], {"SEC": sec, "MAC": mac})


# ---- recipients ----------------------------------------------------------------------------------------

@case
def each_recipient_has_its_own_mac():
    """one body, one push; who is not known ends undeliverable"""
    start = {n: seen(n) for n in (ONE, TWO, THREE, NOBODY)}
    del receiver.got[:]
    push_id, reply, _ = post([ONE, TWO, THREE, NOBODY], "USERNETWPIN", PIN,
                             attributes='ppg-notify-requested-to="%s"' % receiver.url)
    equal(reply.code, 1001, reply.text)
    assert reply.desc == "USERNETWPIN: the subscriber's IMSI is not known (2 of 4 recipients)", reply.desc
    blocks = set()
    for to, imsi in ((ONE, IMSI), (TWO, OTHER_IMSI)):
        m, octets = on_air(to, start[to] + 1)
        head, body = body_of(octets)
        equal(m["message"]["params"], {"SEC": "USERNETWPIN", "MAC": mac_of(ef_imsi(imsi) + PIN.encode(), body)})
        blocks.add((head[:6] + head[46:], body))
        equal(handset(m, imsi)[:5], "APPLY")
    equal(len(blocks), 1)
    push = wait_for(
        lambda: (lambda p: p if all(r["state"] in ("delivered", "undeliverable") for r in p["recipients"]) else None)(gw.show(push_id)),
        "all recipients to be final")
    equal([(r["state"], r["code"]) for r in push["recipients"][2:]], [("undeliverable", 2001)] * 2)
    got = {n["address"].split("=")[1][:12]: n for n in receiver.wait(4)}
    equal((got[NOBODY]["message-state"], got[NOBODY]["code"]), ("undeliverable", "2001"))
    assert "IMSI is not known" in got[NOBODY]["desc"], got[NOBODY]
    equal((seen(THREE), seen(NOBODY)), (start[THREE], start[NOBODY]))


@case
def nobody_is_known():
    for to in (NOBODY, THREE, [THREE, NOBODY]):
        push_id, reply, _ = post(to, "NETWPIN")
        equal((reply.code, reply.desc), (2001, "NETWPIN: the subscriber's IMSI is not known"))
        equal(gw.show(push_id), None)


@case
def signed_on_disk():
    """what was accepted before SIGKILL leaves afterwards with the same MAC"""
    sim.fault("delay", value=600000)
    start = {n: seen(n) for n in (ONE, TWO)}
    push_id, reply, _ = post([ONE, TWO], "USERNETWPIN", PIN)
    equal(reply.code, 1001, reply.text)
    gw.kill()
    sim.clear_faults()
    gw.start()
    gw.wait_state(push_id, "delivered")
    for to, imsi in ((ONE, IMSI), (TWO, OTHER_IMSI)):
        m, octets = on_air(to, start[to] + 1)
        equal(m["message"]["params"]["MAC"], mac_of(ef_imsi(imsi) + PIN.encode(), body_of(octets)[1]))


# ---- refusals --------------------------------------------------------------------------------------------

@case
def what_is_refused():
    mac = "; MAC=" + "0" * 40
    rows = (
        # sec, pin, type, code, what the answer says
        ("USERPIN", None, XML, 2000, "USERPIN without MAC: the gateway signs with the PIN in X-OpenPPG-User-PIN, which is missing"),
        ("USERNETWPIN", None, XML, 2000, "which is missing"),
        ("USERPIN", "", XML, 2000, "4 to 32 decimal digits expected, 0 characters"),
        ("USERPIN", PIN[:3], XML, 2000, "4 to 32 decimal digits expected, 3 characters"),
        ("USERPIN", PIN * 5, XML, 2000, "at most 32 decimal digits"),
        ("USERPIN", PIN + "x", XML, 2000, "only decimal digits"),
        ("USERPIN", PIN + " 1", XML, 2000, "only decimal digits"),
        ("USERPINMAC", PIN[:4], XML, 2000, "5 to 20 decimal digits"),
        ("USERPINMAC", (PIN * 3)[:21], XML, 2000, "5 to 20 decimal digits"),
        ("USERPIN" + mac, PIN, XML, 2000, "beside MAC"),
        ("USERPINMAC" + mac, PIN, XML, 2000, "beside MAC"),
        ("NETWPIN", PIN, XML, 2000, "NETWPIN needs no PIN"),
        (None, PIN, XML, 2000, "goes with a provisioning document"),
        ("USERPIN", PIN, "text/plain", 2000, "goes with a provisioning document"),
        ("TYPO", PIN, XML, 2000, "SEC is no method"),
        ("TYPO", None, XML, 2000, "none of NETWPIN"),
        ("USERPIN; SEC=NETWPIN", PIN, XML, 2000, "more than one SEC"),
        ("USERPIN; SEC=NETWPIN", None, XML, 2000, "more than one SEC"),
    )
    for sec, pin, content_type, code, words in rows:
        push_id, reply, answer = post(ONE, sec, pin, content_type=content_type)
        equal(reply.code, code, "%s %s" % (sec, reply.text))
        assert words in reply.desc, (sec, reply.desc)
        for secret in (PIN, PIN[:4] if pin == PIN[:4] else PIN, IMSI):
            assert secret not in answer.text, answer.text
        equal(gw.show(push_id), None)
    _, reply, _ = post(ONE, "USERPIN", PIN, headers=[(PIN_HEADER, PIN)])
    equal((reply.code, reply.desc), (2000, "part 2: more than one X-OpenPPG-User-PIN"))
    _, reply, _ = post(ONE, "USERPIN", PIN, headers=[("Cache-Control", "no-transform")])
    equal(reply.code, 2000)


@case
def who_may_ask():
    for user, sec, code in (("pins", "USERPIN", 1001), ("pins", "USERNETWPIN", 2001), ("nothing", "USERPIN", 2001),
                            ("pins", "USERPINMAC", 1001), ("nothing", "USERPINMAC", 2001), ("nothing", "NETWPIN", 2001)):
        _, reply, _ = post(ONE, sec, None if sec == "NETWPIN" else PIN, user=user, password=user)
        equal(reply.code, code, "%s %s %s" % (user, sec, reply.text))
        if code == 2001:
            assert "may-sign" in reply.desc, reply.desc


@case
def its_own_headers_stay_in_the_gateway():
    before = seen(ONE)
    _, reply, _ = post(ONE, "USERPIN", PIN, headers=[("X-OpenPPG-Other", "stays"), ("X-Vendor", "goes")])
    equal(reply.code, 1001, reply.text)
    _, octets = on_air(ONE, before + 1)
    assert b"goes" in octets and b"stays" not in octets and b"OpenPPG" not in octets, octets
    assert PIN.encode() not in octets


# ---- a source that is asked over HTTP -----------------------------------------------------------------------

class Source:
    """Knows the facts of some numbers."""

    def __init__(self, facts):
        outer = self
        self.facts, self.asked = facts, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                number = urllib.parse.unquote(self.path.rsplit("/", 1)[1])
                outer.asked.append(number)
                facts = outer.facts.get(number)
                text = json.dumps(facts).encode() if facts else b""
                self.send_response(200 if facts else 404)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.config = '\ngroup = subscriber-source\nsource = http\nurl = "http://127.0.0.1:%d/{number}"\n' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        harness.at_end(self.server.shutdown)


@case
def who_has_to_be_looked_up():
    """NETWPIN is signed when it is due; where a PIN is needed the answer comes before the initiator asks again"""
    source = Source({ONE: {"imsi": IMSI}, TWO: {"imsi": OTHER_IMSI}, THREE: {"tier": "gold"}})
    other = Smscsim()
    own = Gateway(other.port, store_more=source.config)
    own.wait_link()
    push_id, reply, _ = post([ONE, TWO, THREE, NOBODY], "NETWPIN", gateway=own)
    equal(reply.code, 1001, reply.text)
    for to, imsi in ((ONE, IMSI), (TWO, OTHER_IMSI)):
        m, octets = on_air(to, 1, other)
        head, body = body_of(octets)
        equal(head[:6].hex(), "1f2db6918092")
        equal(m["message"]["params"]["MAC"], mac_of(ef_imsi(imsi), body))
    push = wait_for(lambda: (lambda p: p if all(r["state"] in ("delivered", "undeliverable") for r in p["recipients"]) else None)(
        own.show(push_id)), "all recipients to be final")
    equal([(r["state"], r["code"]) for r in push["recipients"]], [("delivered", 1000)] * 2 + [("undeliverable", 2001)] * 2)
    equal((seen(THREE, other), seen(NOBODY, other)), (0, 0))
    own.stop()

    own.start()                         # the cache is empty again
    own.wait_link()
    push_id, reply, _ = post(ONE, "USERNETWPIN", PIN, gateway=own)
    equal((reply.code, reply.desc), (2001, "USERNETWPIN: the subscriber is being looked up; submit it again in a moment"))
    equal(own.show(push_id), None)
    wait_for(lambda: post(ONE, "USERNETWPIN", PIN, gateway=own)[1].code == 1001, "the subscriber to be known")
    m, octets = on_air(ONE, 2, other)
    equal(m["message"]["params"]["MAC"], mac_of(ef_imsi(IMSI) + PIN.encode(), body_of(octets)[1]))
    push_id, reply, _ = post(ONE, "NETWPIN", gateway=own, attributes='deliver-after-timestamp="2099-01-01T00:00:00Z"')
    equal(reply.code, 1001, reply.text)
    own.stop()


@case
def what_waits_for_a_key_never_leaves_without_it():
    """a push of a configuration with a source, sent by one without"""
    source = Source({})
    other = Smscsim()
    own = Gateway(other.port, store_more=source.config)
    own.wait_link()
    push_id, reply, _ = post(ONE, "NETWPIN", gateway=own, attributes='deliver-after-timestamp="%s"' % soon(2))
    equal(reply.code, 1001, reply.text)
    own.kill()
    own.write_config(store_more="")
    own.start()
    push = own.wait_state(push_id, "undeliverable")
    equal(push["recipients"][0]["code"], 2001)
    equal(seen(ONE, other), 0)
    own.stop()


# ---- DM bootstrap -------------------------------------------------------------------------------------------

@case
def bootstraps_of_dm_profiles():
    """the codes are those of provisioning, the keys are not"""
    body = bytes.fromhex("030B6A004501")
    ascii_key = IMSI.encode()
    for sec, number, pin, key in (("NETWORKID", 0, None, ascii_key), ("0", 0, None, ascii_key), ("USERPIN", 1, PIN, PIN.encode()),
                                  ("USERPIN_NETWORKID", 2, PIN, PIN.encode() + b":" + ascii_key)):
        before = seen(ONE)
        _, reply, _ = post(ONE, sec, pin, body, DM, headers=[("X-Wap-Application-Id", "x-wap-application:syncml.dm")])
        equal(reply.code, 1001, reply.text)
        head, octets = body_of(on_air(ONE, before + 1)[1])
        equal((head[:5].hex(), head[5:47], octets), ("1f2dc2918%d" % number, b"\x92" + mac_of(key, body).encode() + b"\0", body))
    start = {n: seen(n) for n in (ONE, TWO)}
    xml = ('<?xml version="1.0"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
           '<SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>x</LocURI></Target><Source><LocURI>dm.example.net</LocURI></Source>'
           '</SyncHdr><SyncBody><Add><CmdID>1</CmdID><Item><Target><LocURI>./Inbox/a</LocURI></Target><Data>%d</Data></Item></Add>'
           '<Final/></SyncBody></SyncML>' % next(numbers))
    _, reply, _ = post([ONE, TWO], "USERPIN_NETWORKID", PIN, xml, "application/vnd.syncml.dm+xml")
    equal(reply.code, 1001, reply.text)
    for to, imsi in ((ONE, IMSI), (TWO, OTHER_IMSI)):
        m, octets = on_air(to, start[to] + 1)
        equal(m["message"]["params"], {"SEC": "USERNETWPIN", "MAC": mac_of((PIN + ":" + imsi).encode(), body_of(octets)[1])})
    # signed ones pass, whatever their key types are called
    before = seen(ONE)
    _, reply, _ = post(ONE, "NETWORKID; MAC=" + mac_of(ascii_key, body), None, body, DM)
    equal(reply.code, 1001, reply.text)
    equal(on_air(ONE, before + 1)[0]["message"]["params"], {"SEC": "NETWPIN", "MAC": mac_of(ascii_key, body)})
    for sec, pin, code, words in (("USERPINMAC", PIN, 2000, "SEC is no method"), ("USERPIN", None, 2000, "which is missing"),
                                  ("NETWORKID", PIN, 2000, "NETWORKID needs no PIN")):
        _, reply, _ = post(ONE, sec, pin, body, DM)
        equal(reply.code, code, reply.text)
        assert words in reply.desc, reply.desc
    _, reply, _ = post(NOBODY, "USERPIN_NETWORKID", PIN, body, DM)
    equal((reply.code, reply.desc), (2001, "USERPIN_NETWORKID: the subscriber's IMSI is not known"))


# ---- what others make of it ---------------------------------------------------------------------------------

@case
def controls_see_what_goes_on_air():
    """E-10 knows the gateway's MACs and those that are wrong, E-16 each recipient's, E-08 the PIN"""
    own = Gateway(Smscsim().port, ppg_more="dm-network-id = ef-imsi", store_more='''
group = control
e-03 = off
e-07 = off
e-08 = enforce
e-10 = enforce
e-16 = enforce
''')
    own.wait_link()
    for number, facts in ((ONE, {"imsi": IMSI}), (TWO, {"imsi": OTHER_IMSI}), (KEYED, {"imsi": IMSI, "network_key": KEY})):
        put(number, facts, own)
    body = bytes.fromhex("030B6A004501")
    for to, sec, pin, content, kind, code, words in (
            (ONE, "NETWPIN", None, body, WBXML, 1001, ""),
            (ONE, "NETWPIN", None, body, WBXML, 2001, "E-16"),
            (TWO, "NETWPIN", None, body, WBXML, 1001, ""),
            (KEYED, "NETWPIN", None, body, WBXML, 1001, ""),
            (KEYED, "NETWPIN; MAC=" + mac_of(ef_imsi(IMSI), compiled()), None, body, WBXML, 2001, "E-10"),
            (ONE, "NETWPIN; MAC=" + mac_of(b"x", body), None, body, WBXML, 2001, "E-10"),
            (ONE, "NETWORKID; MAC=" + mac_of(ef_imsi(IMSI), body + b"x"), None, body, DM, 2001, "E-10"),
            (TWO, "NETWORKID; MAC=" + mac_of(ef_imsi(OTHER_IMSI), body + b""), None, body, DM, 2001, "E-16"),
            (ONE, "NETWORKID", None, body + b"", DM, 2001, "E-16"),
            (ONE, "USERPIN", "1111", body, WBXML, 2001, "E-08"),
            (ONE, "USERNETWPIN", "45678", body, WBXML, 2001, "E-08"),
            (ONE, "USERPINMAC", "987654", body, WBXML, 2001, "E-08"),
            (ONE, "USERNETWPIN", "1203", DOCUMENT % 7120388, XML, 2001, "travels with it"),
            ([ONE, TWO], "NETWPIN", None, body, WBXML, 2001, "E-16")):
        push_id, reply, _ = post(to, sec, pin, content, kind, gateway=own)
        equal(reply.code, code, "%s %s %s" % (to, sec, reply.text))
        assert words in (reply.desc or ""), (sec, reply.desc)
    own.stop()


@case
def held_for_release():
    """what an operator lets go has the MACs that it was held with"""
    smsc = Smscsim()
    own = Gateway(smsc.port, store_more="\ngroup = control\ne-03 = off\ne-07 = off\ne-20 = enforce\n")
    own.wait_link()
    for number, imsi in ((ONE, IMSI), (TWO, OTHER_IMSI)):
        put(number, {"imsi": imsi}, own)
    privileged = ('<wap-provisioningdoc><characteristic type="BOOTSTRAP"><parm name="NAME" value="n%d"/></characteristic>'
                  '</wap-provisioningdoc>')
    for sec, pin, key in (("NETWPIN", None, b""), ("USERNETWPIN", PIN, PIN.encode())):
        for to in ([ONE], [ONE, TWO]):
            own.admin("/api/v1/profiles/e-20-released.tester", method="DELETE")
            start = {n: seen(n, smsc) for n in to}
            push_id, reply, _ = post(to, sec, pin, privileged % next(numbers), gateway=own)
            equal((reply.code, reply.desc[:4]), (1001, "held"), reply.text)
            equal([r["step"] for r in own.show(push_id)["recipients"]], ["quarantined"] * len(to))
            equal(sum(seen(n, smsc) for n in to), sum(start.values()))
            answer = own.admin("/api/v1/pushes/release?" + urllib.parse.urlencode({"push-id": push_id}), method="POST")
            equal(answer.status, 200, answer.text)
            for n in to:
                m, octets = on_air(n, start[n] + 1, smsc)
                equal(m["message"]["params"]["MAC"], mac_of(ef_imsi(IMSI if n == ONE else OTHER_IMSI) + key, body_of(octets)[1]))
            own.wait_state(push_id, "delivered")
    own.stop()


@case
def explained_as_signed():
    push_id, reply, _ = post([ONE, TWO], "NETWPIN")
    equal(reply.code, 1001)
    for to in (ONE, TWO):
        shown = gw.admin("/api/v1/case?" + urllib.parse.urlencode({"push-id": push_id, "address": to})).json()
        equal((shown["message"]["sec"], shown["message"]["mac"]), ("netwpin", "ok"))


@case
def without_a_login_no_key_of_the_network():
    own = Gateway(Smscsim().port, trusted=True, initiators="")
    own.wait_link()
    put(ONE, {"imsi": IMSI}, own)
    _, reply, _ = post(ONE, "NETWPIN", gateway=own, user=None)
    equal(reply.code, 2001, reply.text)
    assert "logged in" in reply.desc, reply.desc
    _, reply, _ = post(ONE, "USERPIN", PIN, gateway=own, user=None)
    equal(reply.code, 1001, reply.text)
    own.stop()


@case
def replaced_and_later():
    """the replacement has MACs of its own; what waits is sent as it was signed"""
    start = {n: seen(n) for n in (ONE, TWO)}
    old, reply, _ = post([ONE, TWO], "USERNETWPIN", PIN, attributes='deliver-after-timestamp="2099-01-01T00:00:00Z"')
    equal(reply.code, 1001)
    new, reply, _ = post([ONE, TWO], "NETWPIN", attributes='replace-push-id="%s"' % old)
    equal(reply.code, 1001)
    gw.wait_state(new, "delivered")
    for to, imsi in ((ONE, IMSI), (TWO, OTHER_IMSI)):
        m, octets = on_air(to, start[to] + 1)
        equal(m["message"]["params"], {"SEC": "NETWPIN", "MAC": mac_of(ef_imsi(imsi), body_of(octets)[1])})


# ---- on the command line --------------------------------------------------------------------------------------

def submit(*options, stdin="", env=None, to=ONE):
    with open(os.path.join(FOLDER, "doc.xml"), "w") as f:
        f.write(document())
    usual = {"--url": gw.url, "--file": os.path.join(FOLDER, "doc.xml")}
    return run([built("ppgctl"), "submit", "--user", USER, "--to", to, "--type", XML, *options,
                *(word for pair in usual.items() if pair[0] not in options for word in pair)], stdin=stdin, env=dict({"PPGCTL_PASSWORD": PASSWORD}, **(env or {})))


FOLDER = harness.temp_dir()


@case
def ppgctl_asks_for_it():
    with open(os.path.join(FOLDER, "pin"), "w") as f:
        f.write(PIN + "\n")
    rows = ((("--sec", "netwpin"), "", {}, ef_imsi(IMSI)), (("--sec", "userpin", "--pin-file", "-"), PIN + "\n", {}, PIN.encode()),
            (("--sec", "USERNETWPIN", "--pin-file", os.path.join(FOLDER, "pin")), "", {}, ef_imsi(IMSI) + PIN.encode()),
            (("--sec", "1"), "", {"PPGCTL_PIN": PIN}, PIN.encode()))
    for options, stdin, env, key in rows:
        before = seen(ONE)
        status, out, err = submit(*options, stdin=stdin, env=env)
        equal((status, err), (0, ""), out)
        assert PIN not in out, out
        m, octets = on_air(ONE, before + 1)
        equal(m["message"]["params"]["MAC"], mac_of(key, body_of(octets)[1]))
    before = seen(ONE)
    status, out, err = submit("--sec", "userpinmac", "--json", env={"PPGCTL_PIN": PIN})
    equal((status, err), (0, ""))
    m, _ = on_air(ONE, before + 1)
    equal(handset(m, pin=json.loads(out)["ota_pin"], profile="nokia-s60")[:5], "APPLY")
    status, out, err = submit("--sec", "userpinmac", env={"PPGCTL_PIN": PIN})
    equal(out.splitlines()[2][:16], "ota-pin " + PIN)
    for options, stdin, env, words in (
            (("--sec", "userpin"), "", {}, "needs the PIN: --pin-file, or PPGCTL_PIN"), (("--sec", "pin"), "", {}, "--sec is"),
            (("--sec", "netwpin", "--pin-file", "-"), PIN, {}, "needs no PIN"), (("--pin-file", "-"), PIN, {}, "need --sec"),
            (("--sec", "userpin", "--pin-file", "-"), PIN[:3], {}, "4 to 32 decimal digits"),
            (("--sec", "userpin", "--pin-file", "-", "--file", "-"), PIN, {}, "cannot both"),
            *((("--sec", "userpin", "--url", url), "", {"PPGCTL_PIN": PIN}, "plain HTTP to another host") for url in (
                "http://192.0.2.1/wappush", "http://127.example.net/", "http://localhost:x@192.0.2.1/", "http://localhost.example.net/",
                "http://[::1]@192.0.2.1/", "http://127.0.0.1@192.0.2.1/"))):
        status, out, err = submit(*options, stdin=stdin, env=env)
        equal((status, out), (2, ""))
        assert words in err and PIN[:3] not in err, err


# ---- the PIN is nowhere -------------------------------------------------------------------------------------

def hold(secret):
    """The files and outputs that have it."""
    found = []
    for top in [gw.folder] + STORE_FOLDERS:
        for folder, _, names in os.walk(top):
            for path in (os.path.join(folder, name) for name in names):
                try:
                    with open(path, "rb") as f:
                        if secret.encode() in f.read():
                            found.append(path)
                except OSError:         # it may be a socket, or gone
                    continue
    for stream in ("out", "err"):
        if secret in gw.program.text(stream):
            found.append(stream)
    return found


def in_memory(secret):
    """How often it is in what the gateway can write to; None when that cannot be read."""
    n = 0
    try:
        with open("/proc/%d/maps" % gw.program.pid) as maps, open("/proc/%d/mem" % gw.program.pid, "rb", 0) as memory:
            for line in maps:
                area, mode = line.split()[:2]
                start, end = (int(x, 16) for x in area.split("-"))
                if not mode.startswith("rw") or end - start > 1 << 30 or "[v" in line:
                    continue
                try:
                    memory.seek(start)
                    n += memory.read(end - start).count(secret.encode())
                except OSError:
                    continue
    except PermissionError:
        return None
    return n


@case
def the_pin_leaves_the_memory():
    """neither the request, nor its parts, nor keys are left behind"""
    gw.stop()
    gw.start()
    gw.wait_link()
    # the loader saves registers on the stack when a function is first called, with whatever was copied last
    for content in (DOCUMENT % 4998, DOCUMENT % 4999 + " " * 70000):
        post([ONE, TWO], "USERNETWPIN", WRONG, content)
        post(ONE, "USERPINMAC", WRONG, content)
    for content in (DOCUMENT % 5000, DOCUMENT % 5001 + " " * 5000, DOCUMENT % 5002 + " " * 70000):
        for to in (ONE, [ONE, TWO]):
            for sec in ("USERPIN", "USERNETWPIN"):
                _, reply, _ = post(to, sec, PIN, content)
                equal(reply.code, 1001, reply.text)
        _, reply, _ = post(ONE, "USERPINMAC", PIN, content)
        equal(reply.code, 1001, reply.text)
        _, reply, _ = post(ONE, "NETWPIN", PIN, content)
        equal(reply.code, 2000, reply.text)
        _, reply, _ = post("nonsense=1", "USERPIN", PIN, content)
        equal(reply.code, 2002, reply.text)
    if in_memory("x") is None or harness.sanitized():
        note("this memory is not looked at")
        return
    assert in_memory(PROVURL) > 0, "the memory is that of the gateway"
    wait_for(lambda: in_memory(PIN) == 0, "the PIN to be gone, it is there %s times" % in_memory(PIN))


@case
def the_pin_is_nowhere():
    push_id, reply, answer = post([ONE, TWO], "USERNETWPIN", PIN)
    equal(reply.code, 1001)
    post(ONE, "USERPIN", PIN + "9" * 30)
    post(ONE, "USERPINMAC", PIN)
    gw.wait_state(push_id, "delivered")
    ids = [push_id]
    rows = gw.admin("/api/v1/audit?" + urllib.parse.urlencode({"push-id": push_id})).json()["rows"]
    assert ", signed here: USERNETWPIN" in rows[0]["detail"], rows
    shown = json.dumps([gw.show(i) for i in ids]) + gw.admin("/api/v1/audit").text + gw.admin("/metrics", token=None).text
    shown += gw.admin("/api/v1/case?push-id=" + push_id.replace("@", "%40")).text + "".join(b for _, _, b in receiver.got)
    for secret in (PIN, IMSI):
        assert secret not in shown
    equal(hold(PIN), [])
    assert hold(push_id), "the files that were looked at are those of the store"
    gw.stop()
    equal(hold(PIN), [])


harness.main()
