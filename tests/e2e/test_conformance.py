"""Items of doc/conformance.md that the other tests do not show: versions, states, headers, application ids."""
import base64
import hashlib
import re
import time
import xml.etree.ElementTree

import harness
from gateway import Gateway, PAP_TYPES, Receiver, SI, address, escape, multipart, new_id, push_message
from harness import case, equal, wait_for

sim = harness.Smscsim()
gw = Gateway(sim.port, ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
receiver = Receiver()
NOTIFY = 'ppg-notify-requested-to="%s" ' % receiver.url
NUMBER = "+12025550180"
SINCE_20 = '<?wap-pap-ver supported-versions="%s"?>'
seq = 0


def next_message():
    global seq
    message = sim.wait_messages(1, since=seq)[0]
    seq = message["seq"]
    return message


def octets(message):
    """The PDU, of however many parts."""
    parts = [bytes.fromhex(segment) for segment in message["segments"]]
    return b"".join(part[1 + part[0]:] for part in parts)


def headers(message):
    out = {}
    for h in message["message"]["headers"]:
        out[h["name"]] = ", ".join([out[h["name"]], h["value"]] if h["name"] in out else [h["value"]])
    return out


def sent(content=SI, content_type="text/vnd.wap.si", **more):
    """A push that is accepted, as smscsim got it."""
    reply = gw.push(NUMBER, content=content, content_type=content_type, **more)
    equal(reply.code, 1001, reply.text)
    return next_message()


def post(document, content=None):
    if content is None:
        return gw.post(document.encode(), "application/xml")
    return gw.post(*multipart(document, content))


def operation(element, attributes, addresses=(), version="2.0"):
    return post('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP %s//EN" "%s">\n<pap><%s %s>%s</%s></pap>' % (
        version, PAP_TYPES[version], element, attributes,
        "".join('<address address-value="%s"/>' % escape(address(a)) for a in addresses), element))


def notified(push_id):
    """The body of the first notification of that push."""
    return wait_for(lambda: [body for _, _, body in receiver.got if 'push-id="%s"' % push_id in body],
                    "a notification of " + push_id)[0]


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


# ---- PAP: validation, versions ----------------------------------------------------------------------

@case
def submissions_are_validated_against_the_dtd():
    """PAP-VAL-S-001, PPG-GEN-S-001"""
    before = gw.metric("store_pushes")
    good = push_message("v@pi.example.net", NUMBER, qos='<quality-of-service priority="low"/>')
    first, last = good.index("<address"), good.index("<quality")
    changes = (
        lambda d: d.replace('push-id="v@pi.example.net" ', 'push-id="v@pi.example.net" more="1" '),
        lambda d: d.replace("<pap>", '<pap more="1">'),
        lambda d: d[:first] + d[last:],                                         # no address
        lambda d: d.replace("<address ", "<Address "),
        lambda d: d.replace("address-value", "value"),
        lambda d: d.replace('/TYPE=PLMN@ppg.example.net"/>', '/TYPE=PLMN@ppg.example.net">x</address>'),
        lambda d: d.replace('/TYPE=PLMN@ppg.example.net"/>', '/TYPE=PLMN@ppg.example.net"><address address-value="x"/></address>'),
        lambda d: d[:first] + d[last:].replace("</push-message>", d[first:last] + "</push-message>"),     # the other way round
        lambda d: d.replace('priority="low"/>', 'priority="low"/><quality-of-service/>'),
        lambda d: d.replace('"low"', '"lowest"'), lambda d: d.replace('"low"', '""'), lambda d: d.replace('"low"', '"LOW"'),
        lambda d: d.replace("priority", "speed"),
        lambda d: d.replace('priority="low"', 'delivery-method="sure"'), lambda d: d.replace('priority="low"', 'bearer-required="yes"'),
        lambda d: d.replace('priority="low"', 'network-required="1"'),
        lambda d: d.replace('example.net" ', 'example.net" progress-notes-requested="maybe" ', 1),
        lambda d: d.replace('example.net" ', 'example.net" replace-push-id="x" replace-method="some" ', 1),
        lambda d: d.replace("</push-message>", "text</push-message>"),
        lambda d: d.replace("</push-message>", "<progress-note stage='x'/></push-message>"),
    )
    equal(gw.post(*multipart(good.replace("v@pi", new_id() + "v@pi"), SI)).code, 1001)
    next_message()
    for n, change in enumerate(changes):
        document = change(good)
        assert document != good, n
        reply = gw.post(*multipart(document, SI))
        equal((reply.element, reply.code, reply.push_id), ("push-response", 2000, "v@pi.example.net"), document)
    equal(gw.metric("store_pushes"), before + 1)


@case
def code_3002_is_for_versions_alone():
    """PAP-SEM-S-010: no other mistake gets it, and every version that is not served does."""
    good = push_message("w@pi.example.net", NUMBER)
    for document in ("", "<", "<pap/>", "<html/>", good.replace("</pap>", ""), good.replace('push-id="w@pi.example.net"', ""),
                     good.replace("push-message", "pull-message"), good.replace("DTD PAP 2.0", "DTD SI 1.0"),
                     good.replace("<!DOCTYPE pap", "<!DOCTYPE pup"),
                     '<pap><push-response push-id="1"><response-result code="1001"/></push-response></pap>'):
        reply = post(document, SI)
        equal((reply.element, reply.code), ("badmessage-response", 2000), document)
    for version in ("0.9", "3.0", "3.7", "10.0", "200.0"):
        reply = post(good.replace("DTD PAP 2.0", "DTD PAP " + version), SI)
        equal((reply.element, reply.code), ("badmessage-response", 3002), version)


@case
def a_version_that_is_not_served_is_answered_in_one_both_know():
    """PAP-SEM-S-014: in PAP 1.0 when there is none; S-012: our versions are listed for who knows of more than 1.0."""
    good = push_message("z@pi.example.net", NUMBER).replace("DTD PAP 2.0", "DTD PAP 3.0")
    for known, version in (("", "1.0"), ("3.0", "1.0"), ("4.*,3.*", "1.0"), ("3.0,1.0", "1.0"), ("3.0,2.0,1.0", "2.0"),
                           ("3.0,1.0,2.0", "1.0"), ("3.0,2.1", "2.1"), ("3.0,2.*", "2.1")):
        reply = post(good.replace('.dtd">', '.dtd" [%s]>' % (SINCE_20 % known)) if known else good, SI)
        equal((reply.http, reply.element, reply.code, reply.version), (202, "badmessage-response", 3002, version), known)
        assert "wap-pap-ver" in reply.text
        assert ("pap_%s.dtd" % version) in reply.text, reply.text
    reply = post(good.replace("DTD PAP 3.0", "DTD PAP 0.9"), SI)                # nothing above 1.0 is known of it
    equal((reply.code, reply.version, "wap-pap-ver" in reply.text), (3002, "1.0", False))
    for document in ("<pap", "no XML"):                                         # who sent it may know 1.0 alone
        reply = post(document)
        equal((reply.element, reply.code, reply.version, "wap-pap-ver" in reply.text), ("badmessage-response", 2000, "1.0", False))


@case
def what_follows_has_the_version_of_the_submission():
    """PAP-SEM-S-015: notifications and answers; S-012: the list of versions in them, or not."""
    for version in ("1.0", "2.0", "2.1"):
        push_id = new_id()
        equal(gw.push(NUMBER, push_id=push_id, version=version, attributes=NOTIFY).version, version)
        next_message()
        body = notified(push_id)
        equal(Receiver.read(body)["version"], version)
        equal("wap-pap-ver" in body, version != "1.0", body)
        for element, attributes, addresses in (("statusquery-message", 'push-id="%s"' % push_id, []),
                                               ("cancel-message", 'push-id="%s"' % push_id, []),
                                               ("ccq-message", "", [NUMBER])):
            reply = operation(element, attributes, addresses, version)
            equal((reply.element, reply.version), (element.replace("message", "response"), version))
            equal("wap-pap-ver" in reply.text, version != "1.0", reply.text)


# ---- states -------------------------------------------------------------------------------------------

def state_of(push_id):
    reply = operation("statusquery-message", 'push-id="%s"' % push_id)
    result = xml.etree.ElementTree.fromstring(reply.text)[0][0]
    return result.get("message-state"), int(result.get("code")), result.get("desc"), result.get("event-time")


@case
def every_state_is_reported():
    """PPG-GEN-S-002, S-007, S-010, S-014: in status answers, and in notifications when it is over."""
    unheard, waits = Gateway(harness.free_port(), ppg_more='notify-allow = "127.0.0.0/8"'), new_id()
    ids = {state: new_id() for state in ("pending", "delivered", "undeliverable", "cancelled")}
    equal(gw.push(NUMBER, push_id=ids["pending"], attributes=NOTIFY + 'deliver-after-timestamp="%s"' % stamp(3600)).code, 1001)
    equal(gw.push(NUMBER, push_id=ids["delivered"], attributes=NOTIFY).code, 1001)
    next_message()
    gw.wait_state(ids["delivered"], "delivered")
    sim.fault("reject", value=0x0B, count=1)
    equal(gw.push(NUMBER, push_id=ids["undeliverable"], attributes=NOTIFY).code, 1001)
    gw.wait_state(ids["undeliverable"], "undeliverable")
    equal(gw.push(NUMBER, push_id=ids["cancelled"], attributes=NOTIFY + 'deliver-after-timestamp="%s"' % stamp(3600)).code, 1001)
    equal(operation("cancel-message", 'push-id="%s"' % ids["cancelled"]).code, 1000)
    for state, code in (("pending", 1000), ("delivered", 1000), ("undeliverable", 2002), ("cancelled", 1000)):
        got = state_of(ids[state])
        equal(got[:2], (state, code))
        assert got[2], got
        equal(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", got[3] or "") is not None, state != "pending", got)
        if state != "pending":
            note = Receiver.read(notified(ids[state]))
            equal((note["message-state"], note["code"], note["address"]), (state, str(code), address(NUMBER)))
            assert note["desc"] and note["event-time"] and note["received-time"], note
    equal(state_of("nobody@pi.example.net")[:2], ("unknown", 2004))
    equal([body for _, _, body in receiver.got if ids["pending"] in body], [])
    for ahead in (2, 10, 30):               # later ones when the time was over before the push was read
        if unheard.push(NUMBER, push_id=waits, attributes=NOTIFY + 'deliver-before-timestamp="%s"' % stamp(ahead)).code == 1001:
            break
        waits = new_id()
    note = Receiver.read(notified(waits))
    equal((note["message-state"], note["code"]), ("expired", "4000"))
    assert note["desc"] and note["event-time"], note
    unheard.stop()


@case
def an_unconfirmed_delivery_is_reported_as_one():
    """PPG-GEN-S-012: state, delivery method, time of the event."""
    for method in ("unconfirmed", "preferconfirmed", "notspecified"):
        push_id = new_id()
        equal(gw.push(NUMBER, push_id=push_id, attributes=NOTIFY,
                      qos='<quality-of-service delivery-method="%s"/>' % method).code, 1001)
        next_message()
        for body in (notified(push_id), operation("statusquery-message", 'push-id="%s"' % push_id).text):
            assert 'message-state="delivered"' in body and 'delivery-method="unconfirmed"' in body, body
            assert re.search(r'event-time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', body), body


@case
def addresses_come_back_as_they_were_written():
    """PPG-ADD-S-004: in notifications and status answers, octet for octet."""
    for written in ("/wappush=+1202-555.0181/EXT=a@b/type=plmn/@PPG.example.net", "WAPPUSH=%2B12025550181/TYPE=GSM_MSISDN@ppg.example.net",
                    "WapPush=+12025550181/Type=Plmn", "WAPPUSH=+12025550181/X=&<>\"'/TYPE=PLMN@p"):
        push_id = new_id()
        equal(gw.push(written, push_id=push_id, attributes=NOTIFY).code, 1001, written)
        equal(next_message()["dest"].lstrip("+"), "12025550181")
        equal(Receiver.read(notified(push_id))["address"], written)
        result = xml.etree.ElementTree.fromstring(operation("statusquery-message", 'push-id="%s"' % push_id).text)[0][0]
        equal([a.get("address-value") for a in result.findall("address")], [written])


@case
def a_rejected_push_makes_no_notification():
    """PPG-GEN-S-014: the answer was enough."""
    push_id, after = new_id(), new_id()
    equal(gw.push("WAPPUSH=x", push_id=push_id, attributes=NOTIFY).code, 2002)
    equal(gw.push(NUMBER, push_id=after, attributes=NOTIFY).code, 1001)
    next_message()
    notified(after)
    equal([body for _, _, body in receiver.got if push_id in body], [])


# ---- headers and content ----------------------------------------------------------------------------------

@case
def no_transform_is_honoured():
    """PPG-GEN-S-003, SI-PPG-S-001, SL-PPG-S-001, CO-PPG-S-001: a textual document goes as text, to the octet."""
    documents = (("text/vnd.wap.si", SI, "application/vnd.wap.sic"),
                 ("text/vnd.wap.sl", '<sl href="http://www.example.net/"/>', "application/vnd.wap.slc"),
                 ("text/vnd.wap.co", '<co><invalidate-object uri="http://a/"/></co>', "application/vnd.wap.coc"),
                 ("text/vnd.wap.connectivity-xml", "<wap-provisioningdoc/>", "application/vnd.wap.connectivity-wbxml"))
    for text_type, document, compiled_type in documents:
        equal(sent(document, text_type)["message"]["content_type"], compiled_type)
        for value in ("no-transform", "No-Transform", "max-age=60 , no-transform", "no-transform,no-cache"):
            m = sent(document, text_type, headers=[("Cache-Control", value)])
            equal(m["message"]["content_type"], text_type)
            assert octets(m).endswith(document.encode()), m["segments"]
            assert "no-transform" in headers(m)["Cache-Control"].lower(), m
        m = sent(document, text_type, headers=[("Cache-Control", "max-age=60"), ("Cache-Control", "no-transform")])
        equal(m["message"]["content_type"], text_type)
        for value in ('private="no-transform"', "x-no-transform", "max-age=60"):
            equal(sent(document, text_type, headers=[("Cache-Control", value)])["message"]["content_type"], compiled_type)
    equal(gw.push(NUMBER, content="<si/>", headers=[("Cache-Control", "no-transform")]).code, 3006)


SI_OF, SL_OF, CO_OF = "<si>%s</si>", "<sl %s/>", "<co>%s</co>"


def content_is_refused(content_type, documents):
    for document in documents:
        before = gw.metric("store_pushes")
        reply = gw.push(NUMBER, content=document, content_type=content_type)
        equal((reply.element, reply.code), ("push-response", 3006), document)
        assert re.search(r"content entity: line \d+, column \d+: ", reply.desc), reply.desc
        equal(gw.metric("store_pushes"), before)


@case
def documents_are_checked_to_be_well_formed():
    """SI-, SL-, CO-VAL-S-001, WBXML-S-008"""
    for content_type, good in (("text/vnd.wap.si", SI_OF % "<indication href='http://a/'>x</indication>"),
                               ("text/vnd.wap.sl", SL_OF % "href='http://a/'"), ("text/vnd.wap.co", CO_OF % "<invalidate-object uri='x'/>")):
        sent(good, content_type)
        sent('<!DOCTYPE whatever PUBLIC "-//EXAMPLE//DTD X//EN" "http://x/">' + good, content_type)     # the media type says what it is
        content_is_refused(content_type, [good[:n] for n in range(1, len(good), 7)] + [
            good + good, good + "x", good.replace("'", "", 1), good.replace("<", "< ", 1), good.replace("'/", "' a='1' a='2'/", 1) + "<"])


@case
def documents_are_validated():
    """SI-VAL-S-002, S-003, SI-DOC-S-001, SL-VAL-S-002, CO-VAL-S-002, WBXML-S-009"""
    content_is_refused("text/vnd.wap.si", [SI_OF % inside for inside in (
        "", "<indication/><indication/>", "<info><item class='a'/></info>", "<indication/><info/>", "<indication/><info><item/></info>",
        "<indication url='x'/>", "<indication action='shout'/>", "<indication action='delete' href='http://a/'/>", "text<indication/>",
        "<indication created='yesterday'/>", "<indication si-expires='2026-02-30T00:00:00Z'/>", "<other/>")] + ["<sl href='x'/>"])
    content_is_refused("text/vnd.wap.sl", [SL_OF % inside for inside in ("", "href=''", "href='x' action='delete'", "href='x' uri='y'")] + [
        "<sl href='x'>text</sl>", "<sl href='x'><sl href='x'/></sl>", "<si/>"])
    content_is_refused("text/vnd.wap.co", [CO_OF % inside for inside in (
        "", "<invalidate-object/>", "<invalidate-object uri=''/>", "<invalidate-service href='x'/>", "<invalidate uri='x'/>", "x")])


MD5 = base64.b64encode(hashlib.md5(SI.encode()).digest()).decode()
ABOUT_THE_BODY = [("Content-MD5", MD5), ("Etag", '"v1"'), ("Content-Range", "bytes 0-9/10"), ("Content-Encoding", "identity"),
                  ("Content-Length", "%d" % len(SI))]


@case
def headers_are_true_after_a_transformation():
    """PPG-GEN-S-004: what spoke of the text is gone, the type is that of the binary form."""
    m = sent(content_type="text/vnd.wap.si; charset=utf-8; level=1", headers=ABOUT_THE_BODY + [("Content-Language", "de")])
    equal(m["message"]["content_type"], "application/vnd.wap.sic")
    assert "charset" not in {name.lower() for name in m["message"].get("params", {})}, m
    equal(sorted(headers(m)), ["Content-Language", "Push-Flag", "X-Wap-Initiator-URI"])
    m = sent(content_type="text/vnd.wap.si; charset=utf-8", headers=ABOUT_THE_BODY + [("Cache-Control", "no-transform")])
    assert {"Content-MD5", "Etag", "Content-Range", "Content-Encoding"} <= set(headers(m)), m
    assert "Content-Length" not in headers(m), m                # the bearer tells it
    equal({k.lower(): v.lower() for k, v in m["message"]["params"].items()}, {"charset": "utf-8"})


@case
def headers_of_the_push_message_are_passed_on():
    """MSG-GEN-S-001 to S-004, S-008: general headers, WAP headers, extensions; none that is the gateway's affair."""
    passed = {"Content-Location": "http://www.example.net/x", "Content-Language": "de", "Content-ID": "<1@example.net>",
              "Content-Disposition": "attachment", "Age": "60", "Date": "Fri, 02 Jan 2026 15:05:05 GMT",
              "Expires": "Sat, 03 Jan 2026 15:05:05 GMT", "Last-Modified": "Thu, 01 Jan 2026 15:05:05 GMT", "Etag": '"v1"',
              "Content-Encoding": "deflate", "X-Wap-Content-URI": "http://www.example.net/c", "X-Example-Name": "something",
              "X-MS-Desc": "Settings"}
    kept = {"User-Agent": "u", "Authorization": "a", "Cookie": "c", "Host": "h", "Via": "v", "Connection": "close", "Server": "s",
            "X-Kannel-SMSC": "k", "X-Forwarded-For": "f", "X-Wap-Other": "o", "Transfer-Encoding": "t", "Push-Flag": "4"}
    m = sent(b"\x01\x02\x03", "application/x-example", headers=list(passed.items()) + list(kept.items()))
    got = headers(m)
    for name, value in passed.items():
        equal(got.get(name), value, name)
    equal(sorted(set(got) - set(passed)), ["Push-Flag", "X-Wap-Initiator-URI"])
    m = sent("x", "text/plain", headers=[("Content-Language", "de"), ("Content-Language", "en"), ("X-Ex", "1"), ("X-Ex", "2")])
    equal([h["value"] for h in m["message"]["headers"] if h["name"] in ("Content-Language", "X-Ex")], ["de", "en", "1", "2"])
    for name, two in (("Date", ("Fri, 02 Jan 2026 15:05:05 GMT", "Fri, 02 Jan 2026 15:05:06 GMT")), ("Content-Location", ("a", "b"))):
        equal(gw.push(NUMBER, headers=[(name, value) for value in two]).code, 2000, name)


@case
def a_push_needs_a_content_type():
    """MSG-GEN-S-002"""
    body, outer = multipart(push_message(new_id(), NUMBER), SI)
    reply = gw.post(body.replace(b"Content-Type: text/vnd.wap.si\r\n", b""), outer)
    equal((reply.element, reply.code), ("push-response", 2000))
    assert "Content-Type" in reply.desc, reply.desc


@case
def multipart_content():
    """MSG-GEN-S-005, S-006, S-007: parts, parts in parts, nothing; as text where nobody may transform."""
    inner = "--in\r\nContent-Type: text/vnd.wap.si\r\nContent-Location: a\r\n\r\n%s\r\n--in\r\n\r\nb\r\n--in--\r\n" % SI
    outer = "--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n" + inner + "\r\n--out--\r\n"
    mixed, related = "application/vnd.wap.multipart.mixed", "application/vnd.wap.multipart.related"
    m = sent(inner, "multipart/mixed; boundary=in")["message"]
    equal(m["content_type"], mixed)
    si, text = m["body"]["value"]["parts"]
    equal((si["content_type"], si["headers"], si["body"]["format"]),
          ("application/vnd.wap.sic", [{"name": "Content-Location", "value": "a"}], "xml"))
    equal((text["content_type"], text["body"]), ("text/plain", {"format": "text", "value": "b"}))
    m = sent(outer, "multipart/related; boundary=out; start=\"<x>\"")["message"]
    equal((m["content_type"], m["params"]), (related, {"start": "<x>"}))
    equal([part["content_type"] for part in m["body"]["value"]["parts"]], [mixed])
    equal(len(m["body"]["value"]["parts"][0]["body"]["value"]["parts"]), 2)
    for content, content_type in ((inner, "multipart/mixed; boundary=in"), ("", "application/x-empty")):
        m = sent(content, content_type, headers=[("Cache-Control", "no-transform")])
        assert octets(m).endswith(content.encode()), m
        equal(m["message"]["content_type"], content_type.split(";")[0])


@case
def application_ids_follow_the_algorithm():
    """PPG-GEN-S-005, S-006: registered ones as numbers, a code that comes along, a URI, a code alone, none."""
    text = lambda uri: b"\xaf" + uri.encode() + b"\0"
    rows = (
        ("x-wap-application:mms.ua", b"\xaf\x84"), ("x-wap-application:mms.ua;app-encoding=99", b"\xaf\x84"),
        ("x-wap-application:wml.ua", b"\xaf\x82"), ("x-wap-application:*", b"\xaf\x80"), ("x-oma-application:ulp.ua", b"\xaf\x90"),
        ("x-wap-microsoft:localcontent.ua", b"\xaf\x02\x80\x00"), ("x-oma-docomo:xmd.mail.ua", b"\xaf\x02\x90\x5c"),
        ("x-own-application:game", text("x-own-application:game")), ("http://www.example.net/app", text("http://www.example.net/app")),
        ("x-own-application:game;app-encoding=8F00", b"\xaf\x02\x8f\x00"), ("x-own-application:game; app-encoding=1f", b"\xaf\x9f"),
        ("9055", b"\xaf\x02\x90\x55"), ("4", b"\xaf\x84"), ("FFFFFFFF", b"\xaf\x04\xff\xff\xff\xff"),
    )
    for value, expected in rows:
        pdu = octets(sent("x", "text/plain", headers=[("X-Wap-Application-Id", value)]))
        assert expected in pdu, (value, pdu.hex())
        equal(pdu.count(b"\xaf"), 1, value)
    # none: the default application of connectionless push is the WML browser, which needs not be named
    assert b"\xaf" not in octets(sent("x", "text/plain"))
    # the part's goes before the request's; of two that say different things neither is taken
    pdu = octets(sent("x", "text/plain", headers=[("X-Wap-Application-Id", "4")], http_headers={"X-Wap-Application-Id": "7"}))
    assert b"\xaf\x84" in pdu and b"\xaf\x87" not in pdu, pdu.hex()
    pdu = octets(sent("x", "text/plain", headers=[("X-Wap-Application-Id", "4")] * 2))
    equal(pdu.count(b"\xaf\x84"), 1)
    reply = gw.push(NUMBER, headers=[("X-Wap-Application-Id", "4"), ("X-Wap-Application-Id", "7")])
    equal(reply.code, 2000)
    assert "X-Wap-Application-Id" in reply.desc, reply.desc
    for bad in ("123456789", "xyz", "x-own:a;app-encoding=", "x-own:a;app-encoding=123456789", "x-own:a;app-encoding=zz", "4;app-encoding=5"):
        equal(gw.push(NUMBER, headers=[("X-Wap-Application-Id", bad)]).code, 2000, bad)


@case
def a_connectionless_push_is_one_unit():
    """OTA-CL-S-001, WSP-CL-S-002, S-003: port 2948, Push PDU, lengths, content type first, headers in binary form."""
    m = sent("x", "text/plain", headers=[("Date", "Fri, 02 Jan 2026 15:05:05 GMT")])
    segment = bytes.fromhex(m["segments"][0])
    assert b"\x05\x04\x0b\x84" in segment[:1 + segment[0]], segment.hex()
    pdu = octets(m)
    equal(pdu[1], 0x06)
    assert pdu[2] < 0x80
    block, data = pdu[3:3 + pdu[2]], pdu[3 + pdu[2]:]
    equal((block[:1], data), (b"\x83", b"x"))
    assert bytes.fromhex("92046957DEA1") in block, block.hex()


@case
def headers_need_no_newer_encoding_version():
    """WSP-CL-S-020: a device of WSP 1.2 reads each name; younger ones go as text."""
    m = sent("x", "text/plain", headers=[("Content-ID", "<1@example.net>"), ("Cache-Control", "no-transform"), ("Age", "60"),
                                         ("Content-Disposition", "inline"), ("Date", "Fri, 02 Jan 2026 15:05:05 GMT")])
    pdu = octets(m)
    assert b"Content-ID\0" in pdu, pdu.hex()
    block, at = pdu[3 + 1:3 + pdu[2]], 0
    while at < len(block):                      # the content type, 83, is one octet; then names and values
        name = block[at]
        assert name < 0x80 or name & 0x7F < 0x38, "header %02x in %s" % (name & 0x7F, block.hex())
        at = at + 1 if name >= 0x80 else block.index(0, at) + 1
        first = block[at]
        at = at + 1 + first if first < 31 else at + 1 if first >= 0x80 else block.index(0, at) + 1


@case
def orderly_stop():
    gw.stop()
    sim.stop()


harness.main()
