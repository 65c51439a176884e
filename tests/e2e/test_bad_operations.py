"""Rows O-.. of doc/bad-input.md: malformed operations and replacements, times, versions, parts; nothing accepted is changed."""
import base64
import time
import xml.etree.ElementTree

import harness
from gateway import Gateway, PAP_TYPES, PASSWORD, SI, USER, address, escape, initiator, multipart, new_id, push_message
from harness import case, equal

sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator() + initiator("other", "other", "other-pw", more='allowed-prefix = "+1202"\n'),
             ppg_more="max-addresses = 50")
gw.wait_link()
NUMBERS = ["+12025550%03d" % n for n in range(100, 110)]
WAITING = 'deliver-after-timestamp="%s" ' % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
RESPONSES = {"cancel-message": "cancel-response", "statusquery-message": "statusquery-response", "ccq-message": "ccq-response"}
kept = new_id("kept")                   # a push that waits through all of this
equal(gw.push(NUMBERS[:3], push_id=kept, attributes=WAITING).code, 1001)


def document(element, attributes="", addresses=(), version="2.0", inside=""):
    return ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP %s//EN" "%s">\n<pap><%s %s>%s%s</%s></pap>' % (
        version, PAP_TYPES.get(version, "x"), element, attributes, inside,
        "".join('<address address-value="%s"/>' % escape(a if "=" in a else address(a)) for a in addresses), element))


def post(text, user=USER, password=PASSWORD):
    return gw.post(text.encode() if isinstance(text, str) else text, "application/xml", user, password)


def submit(text, content=SI):
    return gw.post(*multipart(text, content))


def results(reply):
    """[(code, state, [address, ...]), ...] of a cancel- or statusquery-response."""
    message = xml.etree.ElementTree.fromstring(reply.text)[0]
    return [(int(r.get("code")), r.get("message-state"), [a.get("address-value") for a in r.findall("address")]) for r in message]


def nothing_changed():
    """The push that waits is as it was, and a good push is served."""
    equal([(r["address"], r["state"]) for r in gw.show(kept)["recipients"]], [(address(n), "pending") for n in NUMBERS[:3]])
    equal(gw.show(kept)["n_recipients"], 3)


# ---- operations ------------------------------------------------------------------------------------

@case
def o01_operations_that_are_malformed():
    """A response of the kind that was asked with 2000, or a badmessage-response where there is no id to name."""
    ours = 'push-id="%s"' % kept
    for element in ("cancel-message", "statusquery-message"):
        for text in (document(element), document(element, 'push-id=""'), document(element, 'id="%s"' % kept),
                     document(element, ours).replace("</%s>" % element, ""), document(element, ours).replace("</pap>", ""),
                     document(element, ours).replace("<pap>", "<pap><x/>"), document(element, ours) * 2,
                     document(element, ours).replace("</pap>", document(element, ours).partition("<pap>")[2]),
                     document(element, ours).replace(element, element.title())):
            reply = post(text)
            equal((reply.http, reply.element, reply.code), (202, "badmessage-response", 2000), text)
        for text in (document(element, ours + ' more="1"'), document(element, ours, inside="<x/>"), document(element, ours, inside="text"),
                     document(element, ours, inside="<address/>"), document(element, ours, inside="<quality-of-service/>"),
                     document(element, ours, inside='<address address-value="x" more="1"/>'),
                     document(element, ours, inside='<address address-value="%s"/>' % ("x" * 5000)),
                     document(element, ours, inside='<address address-value="x">x</address>'),
                     document(element, ours, inside='<address value="x"/>'), document(element, 'push-id="a&#9;b"'),
                     document(element, 'push-id="%s"' % ("x" * 257))):
            reply = post(text)
            equal((reply.http, reply.element, reply.code), (202, RESPONSES[element], 2000), text)
            if element == "statusquery-message":        # the DTD wants a state
                equal(results(reply)[0][1], "unknown")
    nothing_changed()


@case
def o02_queries_for_capabilities():
    one = [NUMBERS[0]]
    for attributes, addresses, inside, code in (
            ("", [], "", 2000), ("", NUMBERS[:2], "", 2000), ("", ["rubbish=1"], "", 2002), ("", ["WAPPUSH=+1/TYPE=NEW@p"], "", 2002),
            ('push-id="1"', one, "", 2000), ('query-id="%s"' % ("x" * 5000), one, "", 2000), ('app-id="%s"' % ("x" * 5000), one, "", 2000),
            ("", one, "<quality-of-service/>", 2000), ("", one, "text", 2000), ("", one, "", 3008)):
        reply = post(document("ccq-message", attributes, addresses, inside=inside))
        equal((reply.element, reply.code), ("ccq-response", code), (attributes, addresses, inside))
    for query_id in ("a\"b", "<x>&amp;", "'; DROP TABLE push;--", "\u00e9\u20ac", "a&#10;b&#9;c"):
        literal = query_id if "&#" in query_id else escape(query_id)
        reply = post(document("ccq-message", 'query-id="%s"' % literal, one))
        answered = xml.etree.ElementTree.fromstring(reply.text)[0]
        equal(answered.get("query-id"), query_id.replace("&#10;", "\n").replace("&#9;", "\t"))
        equal(answered[0].get("address-value"), address(NUMBERS[0]))


@case
def o03_addresses_of_operations():
    """Each that is not one of the push's is named: 2002 where it cannot be read, 2003 where it is nobody's."""
    bad = ["rubbish=1", "WAPPUSH=+1x/TYPE=PLMN@p", "WAPPUSH=%zz/TYPE=USER@p"]
    for element, state in (("cancel-message", None), ("statusquery-message", "unknown")):
        got = {a: (code, s) for code, s, addresses in results(post(document(element, 'push-id="%s"' % kept, bad + [NUMBERS[9]])))
               for a in addresses}
        equal(got, dict([(a, (2002, state)) for a in bad] + [(address(NUMBERS[9]), (2003, state))]))
        reply = post(document(element, 'push-id="%s"' % kept, ["+1202556%04d" % n for n in range(51)]))
        equal((reply.element, reply.code), ("badmessage-response", 2000))
        assert "50" in reply.desc, reply.desc
    nothing_changed()


@case
def o04_operations_of_other_versions():
    for element in RESPONSES:
        addresses = NUMBERS[:1] if element == "ccq-message" else ()
        attributes = "" if element == "ccq-message" else 'push-id="%s"' % kept
        for version in ("3.0", "0.9"):
            reply = post(document(element, attributes, addresses, version))
            equal((reply.element, reply.code, reply.version), ("badmessage-response", 3002, "1.0"), element)
        for version in ("1.0", "2.1"):
            if element != "cancel-message":
                equal(post(document(element, attributes, addresses, version)).version, version)
        # what a younger minor version adds is passed over
        reply = post(document(element, attributes + ' new="1"', addresses, "2.2", inside="<new><er/></new>") if element != "cancel-message"
                     else document(element, 'new="1" push-id="nobody@pi"', (), "2.2", inside="<new/>"))
        equal(reply.code, {"cancel-message": 2004, "statusquery-message": 1000, "ccq-message": 3008}[element], reply.text)
    nothing_changed()


@case
def o05_messages_that_are_no_requests():
    """What a gateway says, not what it is told."""
    good = '<push-response push-id="1"><response-result code="1001"/></push-response>'
    for inside in (good, '<cancel-response push-id="1"><cancel-result code="1000"/></cancel-response>',
                   '<statusquery-response push-id="1"><statusquery-result message-state="pending" code="1000"/></statusquery-response>',
                   '<ccq-response code="1000"><address address-value="x"/></ccq-response>', '<badmessage-response code="2000"/>',
                   '<resultnotification-message push-id="%s" message-state="delivered" code="1000"><address address-value="%s"/>'
                   "</resultnotification-message>" % (kept, address(NUMBERS[0])),
                   '<resultnotification-response push-id="%s" code="1000"><address address-value="x"/></resultnotification-response>' % kept,
                   "<address address-value='x'/>", "<quality-of-service/>", "<response-result code='1000'/>", "<pap/>", "text"):
        reply = post("<pap>" + inside + "</pap>")
        equal((reply.http, reply.element, reply.code), (202, "badmessage-response", 2000), inside)
        equal(submit("<pap>" + inside + "</pap>").code, 2000, inside)
    nothing_changed()


@case
def o06_documents_cut_off():
    """Each beginning of an operation is refused, and none does anything."""
    ask = document("cancel-message", 'push-id="%s"' % kept, NUMBERS[:1])
    for n in range(0, len(ask), 1):
        reply = post(ask[:n])
        equal((reply.http, reply.element, reply.code), (202, "badmessage-response", 2000), ask[:n])
    nothing_changed()


@case
def o07_pushes_of_others():
    """They can be asked for, cancelled and replaced as little as those that never were."""
    mine = lambda element, push_id: post(document(element, 'push-id="%s"' % push_id), "other", "other-pw")
    for element in ("cancel-message", "statusquery-message"):
        foreign, unknown = mine(element, kept), mine(element, "never@pi")
        equal((foreign.code, foreign.desc), (unknown.code, unknown.desc))
        equal(foreign.code, 2004)
    for method, code in (("all", 1001), ("pending-only", 2004)):
        for old in (kept, "never@pi"):
            reply = gw.push(NUMBERS[0], push_id=new_id(), user="other", password="other-pw", attributes=WAITING +
                            'replace-push-id="%s" replace-method="%s"' % (old, method))
            equal(reply.code, code, reply.text)
    nothing_changed()


# ---- replacement ---------------------------------------------------------------------------------------

@case
def o08_a_refused_replacement_leaves_the_old_push():
    """Whatever is wrong with the new one."""
    replacing = WAITING + 'replace-push-id="%s" ' % kept
    past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    rows = (
        (dict(content="<si>"), 3006), (dict(content="x" * 40000, content_type="text/plain"), 3006), (dict(to="WAPPUSH=x"), 2002),
        (dict(to=[NUMBERS[0], "WAPPUSH=x"]), 2002), (dict(push_id=kept), 2007), (dict(push_id="x" * 257), 2000),
        (dict(headers=[("X-Wap-Application-Id", "?")]), 2000), (dict(headers=[("X-Wap-Initiator-URI", "https://evil.example.net/")]), 2001),
        (dict(qos='<quality-of-service delivery-method="confirmed"/>'), 3007),
        (dict(qos='<quality-of-service bearer="Pigeon" bearer-required="true"/>'), 3010),
        (dict(qos='<quality-of-service network="PDC" network-required="true"/>'), 3009), (dict(qos="<x/>"), 2000),
        (dict(attributes=replacing + 'replace-method="some"'), 2000),
        (dict(attributes=replacing + 'ppg-notify-requested-to="ftp://x/"'), 2000),
        (dict(attributes=replacing + 'ppg-notify-requested-to="http://10.0.0.1/"'), 2001),
        (dict(attributes='replace-push-id="%s" deliver-before-timestamp="%s"' % (kept, past)), 2001),
        (dict(attributes='replace-push-id="%s" deliver-after-timestamp="soon"' % kept), 2000),
        (dict(attributes=replacing, version="1.0"), 2000),
        (dict(attributes=WAITING + 'replace-push-id="%s"' % ("x" * 257)), 2000),
    )
    for change, code in rows:
        arguments = dict(dict(to=NUMBERS[0], push_id=new_id(), attributes=replacing), **change)
        reply = gw.push(arguments.pop("to"), **arguments)
        equal((reply.element, reply.code), ("push-response", code), change)
        nothing_changed()
    control = push_message(new_id(), NUMBERS[0], attributes=replacing)
    for text in (control.replace("</pap>", ""), control.replace("DTD PAP 2.0", "DTD PAP 3.0")):
        equal(submit(text).element, "badmessage-response")
    equal(post(control).code, 2000)             # no content
    equal(gw.push("+442025550100", user="other", password="other-pw", attributes=replacing).code, 2001)
    nothing_changed()


@case
def o09_replacements_of_nothing():
    for attributes, code in (('replace-push-id=""', 1001), ('replace-push-id="never@pi"', 1001), ('replace-method="pending-only"', 1001),
                             ('replace-push-id="never@pi" replace-method="pending-only"', 2004),
                             ('replace-push-id="%s" replace-method="pending-only"' % kept, 2008)):
        push_id = new_id()
        equal(gw.push(NUMBERS[8], push_id=push_id, attributes=WAITING + attributes).code, code, attributes)
        equal(gw.show(push_id) is not None, code == 1001)
    nothing_changed()


# ---- the form of a submission --------------------------------------------------------------------------

@case
def o10_times():
    year = time.gmtime().tm_year + 1
    good = "%d-06-15T12:30:45Z" % year
    bad = [good[:n] for n in range(len(good))] + [
        good.replace("Z", suffix) for suffix in ("", "ZZ", "z ", "+00:00", "-0100", " Z", ".5Z", ",5Z")] + [
        "%d-%s" % (year, rest) for rest in (
            "00-15T12:30:45Z", "13-15T12:30:45Z", "06-00T12:30:45Z", "06-31T12:30:45Z", "02-30T12:30:45Z", "06-15T24:00:00Z", "06-15T12:60:45Z",
            "06-15T12:30:60Z", "06-15 12:30:45Z", "6-15T12:30:45Z", "06-15T1:30:45Z", "06-15T12:30Z", "06/15T12:30:45Z", "06-15T12.30.45Z",
            "+6-15T12:30:45Z", "06-15T 2:30:45Z", "06-15T-2:30:45Z", "0x-15T12:30:45Z")] + [
        "%d0615T123045Z" % year, "%02d-06-15T12:30:45Z" % (year % 100), "1%s" % good, "now", "0", "1893456000", "\u0661" + good[1:]]
    for name in ("deliver-before-timestamp", "deliver-after-timestamp"):
        for text in bad:
            reply = gw.push(NUMBERS[0], attributes='%s="%s"' % (name, text))
            equal((reply.element, reply.code), ("push-response", 2000), text)
            assert name in reply.desc, reply.desc
    for earlier, later in ((good, good), ("%d-06-15T12:30:46Z" % year, good)):
        equal(gw.push(NUMBERS[0], attributes='deliver-after-timestamp="%s" deliver-before-timestamp="%s"' % (earlier, later)).code, 2000)
    equal(gw.push(NUMBERS[0], attributes='deliver-after-timestamp="%s" deliver-before-timestamp="%s"' % (
        good, good.replace("45Z", "46Z"))).code, 1001)
    equal(gw.push(NUMBERS[0], attributes='deliver-before-timestamp="1970-01-01T00:00:00Z"').code, 2001)


@case
def o11_document_types():
    good = push_message("PUSH-ID", NUMBERS[9], attributes=WAITING)
    doctype = good[good.index("<!DOCTYPE"):good.index("<pap>")]
    for text, element, code in (
            ('<!DOCTYPE html PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "x">', "badmessage-response", 2000),
            ('<!DOCTYPE pap PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x">', "badmessage-response", 2000),
            ('<!DOCTYPE pap PUBLIC "" "x">', "badmessage-response", 2000),
            ('<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN">', "badmessage-response", 2000),      # XML wants a system identifier
            (doctype * 2, "badmessage-response", 2000), ("<!DOCTYPE pap", "badmessage-response", 2000),
            (doctype.replace('.dtd">', '.dtd" [<!ELEMENT pap ANY>]>'), "badmessage-response", 2000),
            (doctype.replace('.dtd">', '.dtd" [<!ATTLIST pap x CDATA "y">]>'), "badmessage-response", 2000),
            (doctype.replace('.dtd">', '.dtd" [%x;]>'), "badmessage-response", 2000),
            (doctype.replace("PAP 2.0", "PAP 99999999999.0"), "badmessage-response", 3002),
            ('<!DOCTYPE pap SYSTEM "http://www.wapforum.org/DTD/pap_2.0.dtd">', "push-response", 1001),
            (doctype.replace("-//WAPFORUM", "//WAPFORUM"), "push-response", 1001)):
        push_id = new_id()
        reply = submit(good.replace(doctype, text).replace("PUSH-ID", push_id))
        equal((reply.element, reply.code), (element, code), text)


@case
def o12_parts_and_their_headers():
    control = push_message("PUSH-ID", NUMBERS[9], attributes=WAITING)
    related = 'multipart/related; boundary=b; type="application/xml"'

    def ask(*parts, outer=related):
        body = b"".join(b"--b\r\n" + head.encode() + b"\r\n\r\n" + (content.encode() if isinstance(content, str) else content) + b"\r\n"
                        for head, content in parts) + b"--b--\r\n"
        reply = gw.post(body.replace(b"PUSH-ID", new_id().encode()), outer)
        return reply.element, reply.code

    first, second = ("Content-Type: application/xml", control), ("Content-Type: text/vnd.wap.si", SI)
    named = ("Content-Type: application/xml\r\nContent-ID: <one>", control)
    equal(ask(first, second), ("push-response", 1001))
    equal(ask(named, second, outer=related + "; start=\"<one>\""), ("push-response", 1001))
    equal(ask(named, second, outer=related + "; start=\"<two>\""), ("badmessage-response", 2000))
    equal(ask(first, second, outer=related + "; start=\"<one>\""), ("badmessage-response", 2000))
    equal(ask(first, second, second, second), ("badmessage-response", 2000))
    equal(ask(), ("badmessage-response", 2000))
    for head in ("Content-Type: text/plain", "Content-Type: application/xml; charset=x-none", "X: y", "Content-Type application/xml",
                 "Content-Type: application/xml\r\nContent-Transfer-Encoding: rot13"):
        equal(ask((head, control), second), ("badmessage-response", 2000), head)
    for head, code in (("X: y", 2000), ("Content-Type: ", 2000), ("Content-Type: text", 2000), ("Content-Type: text/", 2000), ("Content-Type: /plain", 2000), ("Content-Type text/plain", 2000),
                       ("Content-Type: text/plain\r\nContent-Transfer-Encoding: rot13", 2000), ("Content-Type: text/plain\r\n more", 2000), ("Content-Type: te xt/plain", 2000), ("Content-Type: text/vnd.wap.si; charset=\"utf-8", 2000), ("Content-Type: multipart/mixed", 2000),
                       ("Content-Type: multipart/mixed; boundary=", 2000), ("Content-Type: multipart/mixed; boundary=x", 3006), ("Content-Type: text/vnd.wap.si", 3006),
                       ("Content-Type: text/plain;\r\n charset=utf-8", 1001), ("Content-Type: text/plain\r\nX Y: z", 2000),
                       ("Content-Type: text/plain\r\nContent-Type: text/html", 2000), ("Content-Type: text/plain\r\ncontent-type: text/plain", 1001),
                       (" Content-Type: text/plain", 2000),
                       ("Content-Type: text/plain" + "\r\nX-A: b" * 64, 2000), ("Content-Type: text/" + "x" * 9000, 2000)):
        equal(ask(first, (head, "x")), ("push-response", code), head)
    # the control entity in a transfer encoding
    encoded = lambda text: base64.encodebytes(text.replace("PUSH-ID", new_id()).encode())
    base64_head = "Content-Type: application/xml\r\nContent-Transfer-Encoding: base64"
    equal(ask((base64_head, encoded(control)), second), ("push-response", 1001))
    equal(ask((base64_head, encoded(control)[:-6]), second), ("badmessage-response", 2000))
    equal(ask((base64_head, b"!" + encoded(control)), second), ("badmessage-response", 2000))
    equal(ask((base64_head, encoded("<pap>")), second), ("badmessage-response", 2000))
    printable = control.replace("=", "=3D")
    equal(ask(("Content-Type: application/xml\r\nContent-Transfer-Encoding: quoted-printable", printable), second), ("push-response", 1001))
    equal(ask(("Content-Type: application/xml\r\nContent-Transfer-Encoding: quoted-printable", control), second),
          ("badmessage-response", 2000))


@case
def o13_headers_of_the_content():
    """Each that travels and cannot be encoded is named with 2000; one of many bad ones is enough."""
    rows = [(name, value) for name in ("Date", "Expires", "Last-Modified") for value in (
        "soon", "0", "2026-01-02T15:05:05Z", "Fri, 32 Jan 2026 15:05:05 GMT", "Fri, 02 Foo 2026 15:05:05 GMT", "Fri, 02 Jan 2026 25:05:05 GMT")]
    rows += [("Age", "x"), ("Age", "-1"), ("Age", "1.5"), ("Age", "99999999999999999999"), ("Content-MD5", "AAAA"), ("Content-MD5", "?"),
             ("Cache-Control", "max-age=soon"), ("Cache-Control", "max age"), ("Content-Encoding", ","), ("Content-Location", "a b"),
             ("Content-Location", "http://x/\u00e9"), ("X-Wap-Content-URI", "a b"), ("X-Wap-Application-Id", "?"),
             ("X-Wap-Application-Id", "x-own:a;code=1"), ("X-Wap-Application-Id", "123456789"), ("X-Wap-Initiator-URI", "https://tps.example.net/cp/ x"),
             ("X-Example", "a\x7fb"), ("X-Example", "a\x01b"), ("X Example", "a"), ("", "a"), ("Content-Disposition", ";"),
             ("X-Long", "x" * 5000)]
    for name, value in rows:
        reply = gw.push(NUMBERS[9], content="x", content_type="text/plain", attributes=WAITING, headers=[(name, value)])
        equal((reply.element, reply.code), ("push-response", 2000), (name, value))
        assert "part 2" in reply.desc, reply.desc
    for name, value in (("X-Wap-Application-Id", "?"), ("X-Wap-Content-URI", "a b")):
        equal(gw.push(NUMBERS[9], attributes=WAITING, http_headers={name: value}).code, 2000, name)


@case
def o14_addresses():
    """Forms that are none, types that nobody serves, values that do not fit their type: 2002 with the number of the address."""
    before = gw.metric("store_pushes")
    bad = ["", " ", "@", "/", "x", "push_all", "2820ecc9", "+12025550100", "12025550100", "sip:a@example.net", "*",
           "WAPPUSH", "WAPPUSH=", "WAPPUSH:+1/TYPE=PLMN@p", "WAPPUSH=+12025550100", "WAPPUSH=+12025550100@p", "WAPPUSH=+12025550100/TYPE=@p",
           "WAPPUSH=+12025550100/TYPE=PLMN/X=1@p", "WAPPUSH=+12025550100/X/TYPE=PLMN@p", "WAPPUSH=+12025550100/X=1=2/TYPE=PLMN@p",
           "WAPPUSH=+12025550100/TYPE=PLMN@", "WAPPUSH=+12025550100/TYPE=PLMN@a..b", "WAPPUSH=+12025550100/TYPE=PLMN@-a",
           "WAPPUSH=+12025550100/TYPE=PLMN@a b", "WAPPUSH=+12025550100/TYPE=PLMN@a:80", "WAPPUSH=/TYPE=PLMN@p", "WAPPUSH=+/TYPE=PLMN@p",
           "WAPPUSH=+1202x/TYPE=PLMN@p", "WAPPUSH=++12025550100/TYPE=PLMN@p", "WAPPUSH=%2B12025550100/TYPE=PLMN@p",
           "WAPPUSH=+1 2025550100/TYPE=PLMN@p", "WAPPUSH=+123456789012345678901/TYPE=PLMN@p", "WAPPUSH=/TYPE=USER@p",
           "WAPPUSH=a%/TYPE=USER@p", "WAPPUSH=a%4/TYPE=USER@p", "WAPPUSH=a%zz/TYPE=USER@p", "WAPPUSH=a%00/TYPE=USER@p",
           "WAPPUSH=a b/TYPE=USER@p", "WAPPUSH=a@b/TYPE=USER@p", "WAPPUSH=\u00e9/TYPE=USER@p", "WAPPUSH=nobody/TYPE=USER@p",
           "WAPPUSH=1.2.3/TYPE=IPv4@p", "WAPPUSH=1.2.3.256/TYPE=IPv4@p", "WAPPUSH=0x7f.0.0.1/TYPE=IPv4@p", "WAPPUSH=192.0.2.1/TYPE=IPv4@p",
           "WAPPUSH=::g/TYPE=IPv6@p", "WAPPUSH=[::1]/TYPE=IPv6@p", "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654/TYPE=IPv6@p",
           "WAPPUSH=1234567/TYPE=MAN@p", "WAPPUSH=12345678/TYPE=MAN@p", "WAPPUSH=a/TYPE=GSM_MSISDN@p", "WAPPUSH=1/TYPE=NEW@p",
           "WAPPUSH=1/TYPE=TETRA_ITSI@p", "WAPPUSH=+12025550100/TYPE=PLMN@p,WAPPUSH=+12025550101/TYPE=PLMN@p"]
    for text in bad:
        control = push_message("ID", [NUMBERS[9], "MARK="]).replace("MARK=", escape(text))
        reply = submit(control.replace('"ID"', '"%s"' % new_id()))
        equal((reply.element, reply.code), ("push-response", 2002), text)
        assert "address[2]" in reply.desc, (text, reply.desc)
    equal(gw.metric("store_pushes"), before)


@case
def o15_quality_of_service():
    before = gw.metric("store_pushes")
    for words, code in (('bearer="Pigeon" bearer-required="true"', 3010), ('network="Pigeon" network-required="true"', 3009),
                        ('network="PDC" network-required="true"', 3009), ('bearer="USSD" bearer-required="true"', 3010),
                        ('delivery-method="confirmed"', 3007), ('delivery-method="confirmed" priority="high" bearer="SMS"', 3007),
                        ('bearer-required="TRUE"', 2000), ('bearer-required=""', 2000), ('network-required="1"', 2000),
                        ('priority="urgent"', 2000), ('priority=""', 2000), ('delivery-method=""', 2000), ('delivery-method="Confirmed"', 2000),
                        ('network="%s"' % ("x" * 1000), 2000), ('bearer="%s"' % ("x" * 1000), 2000), ('qos="1"', 2000)):
        reply = gw.push(NUMBERS[9], attributes=WAITING, qos="<quality-of-service %s/>" % words)
        equal((reply.element, reply.code), ("push-response", code), words)
    equal(gw.metric("store_pushes"), before)
    # required, but not which; wished for, but not required
    for words in ('bearer-required="true" network-required="true"', 'bearer="any" bearer-required="true" network="ANY" network-required="true"',
                  'bearer="Pigeon" network="Pigeon"', 'bearer="" network=""', ""):
        equal(gw.push(NUMBERS[9], attributes=WAITING, qos="<quality-of-service %s/>" % words).code, 1001, words)


@case
def alive_at_the_end():
    nothing_changed()
    equal(post(document("cancel-message", 'push-id="%s"' % kept)).code, 1000)
    equal({r["state"] for r in gw.show(kept)["recipients"]}, {"cancelled"})
    gw.stop()
    sim.stop()


harness.main()
