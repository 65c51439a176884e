"""Numbers and addresses in the forms that initiators write, through ppgd to what smscsim is asked to dial."""
import gateway
import harness
from gateway import initiator, new_id
from harness import case, equal

sim = harness.Smscsim()
gw = gateway.Gateway(sim.port, ppg_more='country-code = 49\nnational-prefix = 0\nnotify-allow = "127.0.0.0/8"',
                     initiators=initiator() + initiator("british", "gb", "gb-pw", more="country-prefix = +44"))
gw.wait_link()
seq = 0


def dialled():
    global seq
    message = sim.wait_messages(1, since=seq)[0]
    seq = message["seq"]
    return message["dest"].lstrip("+")


@case
def numbers_are_dialled_as_international():
    for number, as_dialled in (("01715550143", "491715550143"), ("0171-555.0143", "491715550143"),
                               ("0012025550143", "12025550143"), ("12025550143", "12025550143"),
                               ("+12025550143", "12025550143")):
        equal(gw.push(number).code, 1001, number)
        equal(dialled(), as_dialled, number)
    equal(gw.push("07915550143", user="gb", password="gb-pw").code, 1001)
    equal(dialled(), "447915550143")


@case
def the_initiator_gets_its_own_spelling_back():
    written = "/wappush=0171-555.0144/EXT=a@b/type=plmn/@PPG.example.net"
    push_id = new_id()
    equal(gw.push(written, push_id=push_id).code, 1001)
    equal(dialled(), "491715550144")
    equal(gw.wait_state(push_id, "delivered")["recipients"][0]["address"], written)


@case
def types_that_are_numbers():
    equal(gw.push("WAPPUSH=%2B12025550145/TYPE=GSM_MSISDN@ppg.example.net").code, 1001)
    equal(dialled(), "12025550145")


@case
def what_cannot_be_dialled():
    for number, says in (("112", "short number"), ("+4930", "short number"), ("+", "without a digit"),
                         ("WAPPUSH=1/TYPE=TETRA_ITSI@p", "TETRA_ITSI"), ("WAPPUSH=1/TYPE=NEW@p", "NEW")):
        reply = gw.push(number)
        equal(reply.code, 2002, number)
        assert says in reply.desc, reply.desc


@case
def forms_are_switches():
    """What is taken by default is refused by a gateway that says so, and the other way round."""
    strict = gateway.Gateway(sim.port, ppg_more="\n".join(
        "lenient-%s = %s" % pair for pair in (("no-doctype", "no"), ("line-ends", "no"), ("outer-headers", "no"), ("no-gateway", "no"),
                                              ("no-plus", "no"), ("word-case", "yes"), ("no-closing", "yes"))))
    document = gateway.push_message("ID", "+12025550146")

    def both(change, code_here, code_there):
        for at, code in ((gw, code_here), (strict, code_there)):
            body, outer = gateway.multipart(document.replace("ID", new_id()), gateway.SI)
            body, outer, headers = change(body, outer)
            reply = at.post(body, outer, headers=headers)
            equal(reply.code, code, reply.text)
            if code == 1001:
                dialled()

    strict.wait_link()
    both(lambda b, o: (b, o, None), 1001, 1001)
    both(lambda b, o: (b[:b.index(b"<!DOCTYPE")] + b[b.index(b"<pap>"):], o, None), 1001, 2000)
    both(lambda b, o: (b.replace(b"\r\n", b"\n"), o, None), 1001, 2000)
    both(lambda b, o: (b.replace(b"@ppg.example.net", b""), o, None), 1001, 2002)
    both(lambda b, o: (b.replace(b"+12025550146", b"12025550146"), o, None), 1001, 2002)
    both(lambda b, o: (b.replace(b"</push-message>", b'<quality-of-service priority="LOW"/></push-message>'), o, None), 2000, 1001)
    both(lambda b, o: (b.replace(b"\r\n--asdf--\r\n", b""), o, None), 2000, 1001)
    for at, has in ((gw, True), (strict, False)):
        equal(at.push("+12025550146", http_headers={"X-Wap-Application-Id": "x-wap-application:mms.ua"}).code, 1001)
        global seq
        message = sim.wait_messages(1, since=seq)[0]
        seq = message["seq"]
        equal(message["message"].get("app_id") == "x-wap-application:mms.ua", has, message["message"])
    strict.stop()


@case
def a_capabilities_entity_is_read():
    """Part 3 is a profile, whatever of the usual types it has; what is no profile is refused."""
    rdf = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description Push-MsgSize="%s"/></rdf:RDF>'

    def ask(content_type, document):
        body, outer = gateway.multipart(gateway.push_message(new_id(), "+12025550148"), gateway.SI)
        part = b"\r\n--asdf\r\nContent-Type: %s\r\n\r\n%s\r\n--asdf--\r\n" % (content_type, document)
        reply = gw.post(body.replace(b"\r\n--asdf--\r\n", part), outer)
        if reply.code == 1001:
            dialled()
        else:
            assert "part 3" in reply.desc, reply.desc
        return reply.code

    for content_type, code in ((b"application/xml", 1001), (b"text/xml; charset=utf-8", 1001), (b"application/rdf+xml", 1001),
                               (b"text/plain", 2000), (b"", 2000)):
        equal(ask(content_type, rdf % b"1400"), code, content_type)
    equal(ask(b"application/xml", rdf % b"many"), 2000)
    equal(ask(b"application/xml", b"<html/>"), 2000)


@case
def versions_of_the_answer():
    """3002 goes out in the best version both have; what PAP 1.0 does not have is not valid in it."""
    def ask(version, subset=""):
        document = gateway.push_message(new_id(), "+12025550147").replace("DTD PAP 2.0", "DTD PAP " + version).replace(
            '.dtd">', '.dtd" [%s]>' % subset if subset else '.dtd">')
        body, outer = gateway.multipart(document, gateway.SI)
        reply = gw.post(body, outer)
        return reply.element, reply.code, reply.version, "wap-pap-ver" in reply.text

    equal(ask("4.0"), ("badmessage-response", 3002, "1.0", True))
    equal(ask("4.0", '<?wap-pap-ver supported-versions="4.0,2.0,1.0"?>'), ("badmessage-response", 3002, "2.0", True))
    equal(ask("4.0", '<?wap-pap-ver supported-versions="4.*,1.0"?>'), ("badmessage-response", 3002, "1.0", True))
    equal(ask("1.0", '<?wap-pap-ver supported-versions="2.*,1.*"?>'), ("push-response", 1001, "1.0", True))
    dialled()
    equal(ask("1.0"), ("push-response", 1001, "1.0", False))
    dialled()
    equal(ask("2.7"), ("push-response", 1001, "2.7", True))
    dialled()
    reply = gw.push("+12025550147", version="1.0", attributes='replace-push-id="x"')
    equal((reply.element, reply.code, reply.version), ("push-response", 2000, "1.0"))
    assert "replace-push-id" in reply.desc, reply.desc
    reply = gw.post(b"not XML", "application/xml")
    equal((reply.element, reply.code, reply.version), ("badmessage-response", 2000, "1.0"))
    reply = gw.post(b'<pap><resultnotification-response push-id="1" code="1000"/></pap>', "application/xml")
    equal((reply.element, reply.code), ("badmessage-response", 2000))


@case
def stop():
    gw.stop()
    sim.stop()


harness.main()
