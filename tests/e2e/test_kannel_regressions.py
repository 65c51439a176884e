"""What Kannel's push proxy gateway 1.4.5 gets wrong, each asked of ppgd with smscsim behind it: the right behaviour."""
import base64
import socket
import time
import xml.etree.ElementTree

import harness
from gateway import (Gateway, PASSWORD, Receiver, SI, USER, address, initiator, multipart, new_id, push_message)
from harness import case, equal, wait_for

sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator() + initiator("plain", "plain", "plain-pw", role="ppg-auth", uri=""),
             ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
receiver = Receiver()
NOTIFY = 'ppg-notify-requested-to="%s" ' % receiver.url
CREDENTIALS = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
seq = 0


def next_message(dest=None):
    global seq
    message = sim.wait_messages(1, since=seq, dest=dest)[0]
    seq = message["seq"]
    return message


def nothing_was_sent():
    """Nothing was submitted since the last message that was looked at: the next one is a push from here."""
    marker = "mark-%s" % new_id()
    equal(gw.push("+12025550199", content=marker, content_type="text/plain").code, 1001)
    equal(next_message()["message"]["body"]["value"], marker)


def octets(message):
    return b"".join(bytes.fromhex(segment) for segment in message["segments"])


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def notified(push_id):
    def come():
        return [n for n in (receiver.read(body) for _, _, body in receiver.got) if n["push-id"] == push_id]
    return wait_for(come, "a notification of " + push_id)


# ---- what happens to a push -----------------------------------------------------------------------

@case
def every_recipient_is_served():
    """Kannel serves the last address alone."""
    push_id, numbers = new_id(), ["+1202555010%d" % n for n in range(5)]
    equal(gw.push(numbers, push_id=push_id, attributes=NOTIFY).code, 1001)
    equal(sorted(next_message()["dest"].lstrip("+") for _ in numbers), [n[1:] for n in numbers])
    wait_for(lambda: len(notified(push_id)) == len(numbers), "a notification of each")
    equal(sorted((n["address"], n["message-state"]) for n in notified(push_id)), [(address(n), "delivered") for n in numbers])


@case
def a_deferred_push_is_sent_when_it_is_due():
    """Kannel answers 1001 and forgets it."""
    push_id, at = new_id(), int(time.time()) + 2
    equal(gw.push("+12025550110", push_id=push_id, attributes='deliver-after-timestamp="%s"' % stamp(at)).code, 1001)
    equal(next_message()["dest"].lstrip("+"), "12025550110")
    assert time.time() >= at, "%.3f s early" % (at - time.time())
    gw.wait_state(push_id, "delivered")


@case
def a_confirmed_push_to_a_number_is_refused():
    """Kannel answers 1001 and sends nothing: text messages bring no confirmation of the client."""
    push_id = new_id()
    reply = gw.push("+12025550111", push_id=push_id, qos='<quality-of-service delivery-method="confirmed"/>')
    equal((reply.element, reply.code, reply.push_id), ("push-response", 3007, push_id))
    equal(gw.show(push_id), None)
    nothing_was_sent()
    for method in ("preferconfirmed", "unconfirmed", "notspecified"):
        push_id = new_id()
        equal(gw.push("+12025550111", push_id=push_id, attributes=NOTIFY,
                      qos='<quality-of-service delivery-method="%s"/>' % method).code, 1001, method)
        equal(next_message()["dest"].lstrip("+"), "12025550111")
        assert notified(push_id)[0]["qos"]


@case
def content_of_more_than_ten_messages_stays_whole():
    """Kannel cuts it off after the tenth."""
    text = "".join("%05d " % n for n in range(500))
    push_id = new_id()
    equal(gw.push("+12025550112", content=text, content_type="text/plain", push_id=push_id).code, 1001)
    m = next_message()
    equal(m["message"]["body"]["value"], text)
    assert len(m["segments"]) > 20, len(m["segments"])
    equal(gw.wait_state(push_id, "delivered")["recipients"][0]["segments"], len(m["segments"]))
    reply = gw.push("+12025550112", content="x" * 40000, content_type="text/plain")     # refused as a whole, not cut
    equal(reply.code, 3006)
    assert "255" in reply.desc, reply.desc
    nothing_was_sent()


@case
def the_validity_is_the_initiators():
    """Kannel always asks for 24 minutes."""
    for hours in (2, 30):
        before = int(time.time()) + hours * 3600
        equal(gw.push("+12025550113", attributes='deliver-before-timestamp="%s"' % stamp(before)).code, 1001)
        equal(next_message()["validity_period"], time.strftime("%y%m%d%H%M%S000+", time.gmtime(before)))
    equal(gw.push("+12025550113").code, 1001)
    validity = next_message()["validity_period"]
    assert validity > time.strftime("%y%m%d%H%M%S000+", time.gmtime(time.time() + 12 * 3600)), validity


@case
def a_push_id_counts_once():
    """Kannel sends it again."""
    push_id = new_id()
    equal(gw.push("+12025550114", push_id=push_id, content="first", content_type="text/plain").code, 1001)
    equal(next_message()["message"]["body"]["value"], "first")
    for content in ("first", "second"):
        reply = gw.push("+12025550114", push_id=push_id, content=content, content_type="text/plain")
        equal((reply.element, reply.code, reply.push_id), ("push-response", 2007, push_id))
    nothing_was_sent()


@case
def a_refusal_by_the_smsc_reaches_the_initiator():
    """Kannel drops it."""
    push_id = new_id()
    sim.fault("reject", value=0x0B, count=1)            # ESME_RINVDSTADR
    equal(gw.push("+12025550115", push_id=push_id, attributes=NOTIFY).code, 1001)
    note = notified(push_id)[0]
    equal((note["message-state"], note["code"], note["address"]), ("undeliverable", "2002", address("+12025550115")))
    assert "RINVDSTADR" in note["desc"], note


@case
def what_was_accepted_waits_for_the_way_to_come_back():
    """Kannel drops it when bearerbox is down; here the SMSC is, and the gateway is killed on top."""
    port, push_id = harness.free_port(), new_id()
    cut = Gateway(port)
    equal(cut.push("+12025550116", push_id=push_id).code, 1001)
    cut.kill()
    cut.start()
    late = harness.Smscsim(port=port)
    equal(late.wait_messages(1)[0]["dest"].lstrip("+"), "12025550116")
    cut.wait_state(push_id, "delivered")
    cut.stop()
    late.stop()


# ---- what goes over the air -------------------------------------------------------------------------

@case
def nothing_of_the_http_request_goes_over_the_air():
    """Kannel sends the initiator's password, User-Agent and X-Forwarded-For to the device."""
    marks = {"User-Agent": "agent-mark", "X-Forwarded-For": "192.0.2.77", "Via": "1.1 via-mark", "Cookie": "c=cookie-mark",
             "X-Other": "other-mark", "From": "from-mark@example.net", "Proxy-Authorization": "Basic " + CREDENTIALS}
    equal(gw.push("+12025550117", user="plain", password="plain-pw", http_headers=marks).code, 1001)
    m = next_message()
    sent = octets(m)
    plain = base64.b64encode(b"plain:plain-pw").decode()
    for secret in [plain, CREDENTIALS, "plain-pw", PASSWORD] + list(marks) + list(marks.values()):
        assert secret.encode() not in sent, "%r goes over the air" % secret
    equal([h["name"] for h in m["message"]["headers"]], ["Push-Flag"])


@case
def an_unknown_application_stays_what_it_is():
    """Kannel turns it into 'any', application id 0."""
    for uri in ("x-wap-application:example.game", "http://apps.example.net/game"):
        equal(gw.push("+12025550118", headers=[("X-Wap-Application-Id", uri)]).code, 1001)
        m = next_message()
        equal(m["message"]["app_id"], uri)
        assert b"\xaf" + uri.encode() + b"\0" in octets(m), m["segments"]


@case
def text_in_utf8_is_encoded_once():
    """Kannel takes it for Latin 1 and encodes it again."""
    text = "Gr\u00fc\u00dfe, 5 \u20ac, \u65e5\u672c"
    equal(gw.push("+12025550119", content=text, content_type="text/plain; charset=utf-8").code, 1001)
    assert octets(next_message()).endswith(text.encode())
    for declaration in ("", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>'):
        si = declaration + '<si><indication href="http://www.example.net/">%s</indication></si>' % text
        equal(gw.push("+12025550119", content=si).code, 1001)
        m = next_message()
        equal(m["message"]["content_type"], "application/vnd.wap.sic")
        assert text.encode() in octets(m), m["segments"]


@case
def numbers_are_digits_when_they_reach_the_smsc():
    """Kannel passes empty numbers and dashes on."""
    equal(gw.push("+1-202-555.0120").code, 1001)
    m = next_message()
    equal((m["dest"].lstrip("+"), m["dest_ton"]), ("12025550120", 1))
    for none in ("", "+", "-", "+-.", "WAPPUSH=/TYPE=PLMN@ppg.example.net", "WAPPUSH=+ /TYPE=PLMN@ppg.example.net"):
        equal(gw.push(none).code, 2002, none)
    nothing_was_sent()


# ---- answers ----------------------------------------------------------------------------------------

@case
def answers_are_xml_whatever_the_push_id_is():
    """Kannel repeats it without escaping."""
    for push_id in ('a"b@pi', "a&b@pi", "<b/>@pi", "a'b>@pi", '"/><response-result code="1000"/>@pi', "\u00e9\u20ac@pi"):
        for code in (1001, 2007):
            reply = gw.push("+12025550121", push_id=push_id)
            equal((reply.element, reply.code, reply.push_id), ("push-response", code, push_id))
            root = xml.etree.ElementTree.fromstring(reply.text)
            equal((len(root), len(root.findall(".//response-result"))), (1, 1))
        next_message()


@case
def broken_messages_are_answered():
    """Kannel crashes on each of these."""
    body, outer = multipart(push_message(new_id(), "+12025550122"), SI)
    pid = gw.program.pid
    for kind in ('multipart/related; type="application/xml"', "multipart/related", 'multipart/related; boundary=""',
                 "multipart/related; boundary"):
        reply = gw.post(body, kind)
        equal((reply.element, reply.code), ("badmessage-response", 2000), kind)
    for document in ("<pap/>", "<pap></pap>", "<pap> </pap>", '<?xml version="1.0"?><pap product-name="x"/>', "",
                     push_message("ID", "+12025550122").replace('push-id="ID"', "")):
        reply = gw.post(*multipart(document, SI))
        equal((reply.element, reply.code), ("badmessage-response", 2000), document)
        reply = gw.post(document.encode(), "application/xml")
        equal((reply.element, reply.code), ("badmessage-response", 2000), document)
    equal((gw.program.process.poll(), gw.program.pid), (None, pid))
    nothing_was_sent()


@case
def addresses_of_other_kinds_are_answered():
    """Kannel ends itself over an IPv6 address, and hangs over one without WAPPUSH=."""
    for other in ("WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654:3210/TYPE=IPv6@ppg.example.net",
                  "WAPPUSH=2001:db8::1/TYPE=IPv6@ppg.example.net", "WAPPUSH=[::1]/TYPE=IPv6@ppg.example.net",
                  "WAPPUSH=192.0.2.1/TYPE=IPv4@ppg.example.net", "WAPPUSH=12345678/TYPE=MAN@ppg.example.net",
                  "X=+12025550123/TYPE=PLMN@ppg.example.net", "=+12025550123/TYPE=PLMN@ppg.example.net",
                  "+12025550123/TYPE=PLMN@ppg.example.net="):
        reply = gw.push(other)
        equal((reply.element, reply.code), ("push-response", 2002), other)
        assert "address[1]" in reply.desc, reply.desc
    reply = gw.post(*multipart(push_message("ID-2@pi", "=").replace('address-value="="', 'address-value="12025550123"'), SI))
    equal((reply.element, reply.code), ("push-response", 2002))
    nothing_was_sent()


# ---- who comes in ---------------------------------------------------------------------------------------

@case
def idle_connections_block_nobody():
    """500 of them stop Kannel for everybody."""
    idle = []
    try:
        for n in range(500):
            s = socket.create_connection(("127.0.0.1", gw.port), harness.DEADLINE_S, ("127.0.1.%d" % (1 + n // 50), 0))
            s.sendall(b"POST /wappush HTTP/1.1\r\nHost: x\r\n" if n % 2 else b"")
            idle.append(s)
        began = time.monotonic()
        equal(gw.push("+12025550124").code, 1001)
        equal(next_message()["dest"].lstrip("+"), "12025550124")
        harness.soon(began, "a push beside 500 connections")
    finally:
        for s in idle:
            s.close()


@case
def a_wrong_password_locks_nobody_out():
    """Kannel locks the address after one, and the right password begins the time anew."""
    for _ in range(5):
        equal(gw.push("+12025550125", password="wrong").http, 401)
        equal(gw.push("+12025550125").code, 1001)
        next_message()
        equal(gw.push("+12025550125", user="plain", password="plain-pw").code, 1001)
        next_message()


@case
def bodies_of_strangers_are_not_read():
    """Kannel keeps them in memory, of any length, and asks for the password then."""
    before = harness.peak_kib(gw.program.pid)
    block = b"x" * 65536
    for length, login in (("Content-Length: 15000000", ""), ("Transfer-Encoding: chunked", ""),
                          ("Content-Length: 15000000", "Authorization: Basic %s\r\n" % base64.b64encode(b"pi:wrong").decode())):
        head = "POST /wappush HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\n%s%s\r\n\r\n" % (login, length)
        with socket.create_connection(("127.0.0.1", gw.port), harness.DEADLINE_S) as s:
            s.sendall(head.encode())
            answer = s.recv(65536)                      # it comes although no octet of the body went out
            assert answer.startswith(b"HTTP/1.1 401"), answer
            try:
                for _ in range(200):
                    s.sendall(b"10000\r\n" + block + b"\r\n" if "chunked" in length else block)
            except OSError:
                pass
    grown = harness.peak_kib(gw.program.pid) - before
    assert harness.sanitized() or grown < 8 * 1024, "%d KiB more" % grown
    equal(gw.push("+12025550126").code, 1001)


@case
def orderly_stop():
    gw.stop()
    sim.stop()


harness.main()
