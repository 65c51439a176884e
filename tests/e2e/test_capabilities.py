"""The capabilities entity of a push: held against what is known of each recipient's device."""
import harness
from gateway import Gateway, Receiver, SI, TOKEN, address, new_id, push_message
from harness import case, equal, wait_for

sim = harness.Smscsim()
gw = Gateway(sim.port, ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
receiver = Receiver()
SMALL, LARGE, UNKNOWN, OTHER = "+12025550181", "+12025550182", "+12025550183", "+12025550184"
SI_TYPE = "application/vnd.wap.sic"


def profile(size=None, accept=(), apps=()):
    bag = lambda name, items: "<prf:%s><rdf:Bag>%s</rdf:Bag></prf:%s>" % (
        name, "".join("<rdf:li>%s</rdf:li>" % i for i in items), name) if items else ""
    return ('<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns:prf="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#"><rdf:Description rdf:ID="p">'
            '<prf:component><rdf:Description rdf:ID="PushCharacteristics">%s%s%s</rdf:Description></prf:component>'
            "</rdf:Description></rdf:RDF>" % (
                "<prf:Push-MsgSize>%d</prf:Push-MsgSize>" % size if size else "", bag("Push-Accept", accept),
                bag("Push-Accept-AppID", apps)))


def api(path, body, content_type):
    answer = harness.http_request("PUT", "http://127.0.0.1:%d/api/v1/%s" % (gw.admin_port, path), body.encode(),
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": content_type})
    equal(answer.status, 200, answer.text)


api("profiles/small", profile(size=60), "application/rdf+xml")
api("profiles/large", profile(size=10000, accept=[SI_TYPE, "text/plain"]), "application/rdf+xml")
api("profiles/other", profile(accept=["application/vnd.wap.mms-message"]), "application/rdf+xml")
api("subscribers", "address,number,profile,facts\n%s,,small,\n%s,,large,\nuser:alice,%s,small,\n%s,,other,\n" % (
    SMALL, LARGE, SMALL, OTHER), "text/csv")


def push(to, assumed, content=SI, content_type="text/vnd.wap.si", push_id=None, attributes="", third="application/xml"):
    control = push_message(push_id or new_id(), to, "2.0", attributes)
    body = ("--b\r\nContent-Type: application/xml\r\n\r\n%s\r\n--b\r\nContent-Type: %s\r\n\r\n%s\r\n"
            "--b\r\nContent-Type: %s\r\n\r\n%s\r\n--b--\r\n" % (control, content_type, content, third, assumed)).encode()
    return gw.post(body, 'multipart/related; boundary=b; type="application/xml"')


@case
def what_fits_is_accepted():
    equal(push(LARGE, profile(size=10000)).code, 1001)
    equal(push(UNKNOWN, profile(size=10000)).code, 1001)		# nothing is known, nothing is held against it
    equal(push(LARGE, profile(), third="application/rdf+xml").code, 1001)


@case
def wrong_assumption_is_2005_and_none_is_2006():
    before = gw.metric("store_pushes")
    reply = push(SMALL, profile(size=10000))
    equal(reply.code, 2005, reply.desc)
    assert "Push-MsgSize" in reply.desc, reply.desc
    reply = push(SMALL, profile())
    equal(reply.code, 2006, reply.desc)
    reply = push(OTHER, profile(accept=["*/*"]))
    equal(reply.code, 2005, reply.desc)
    assert "Push-Accept" in reply.desc, reply.desc
    reply = push("WAPPUSH=alice/TYPE=USER@ppg.example.net", profile())
    equal(reply.code, 2006, reply.desc)
    equal(gw.metric("store_pushes"), before)


@case
def one_of_many_ends_undeliverable():
    push_id = new_id()
    seq = max([m["seq"] for m in sim.messages()], default=0)
    reply = push([SMALL, LARGE, UNKNOWN, OTHER], profile(size=10000), push_id=push_id,
                 attributes='ppg-notify-requested-to="%s"' % receiver.url)
    equal(reply.code, 1001, reply.desc)

    def told():
        got = [receiver.read(body) for _, _, body in receiver.got]
        got = {n["address"]: (n["message-state"], n["code"]) for n in got if n["push-id"] == push_id}
        return got if len(got) == 4 else None
    got = wait_for(told, "four notifications")
    equal(got, {address(SMALL): ("undeliverable", "2005"), address(OTHER): ("undeliverable", "2006"),
                address(LARGE): ("delivered", "1000"), address(UNKNOWN): ("delivered", "1000")})
    equal(sorted(m["dest"].lstrip("+") for m in sim.messages(since=seq)), [LARGE[1:], UNKNOWN[1:]])


@case
def malformed_capabilities():
    before = gw.metric("store_pushes")
    for assumed, third in (("<rdf", "application/xml"), ("", "application/xml"), (profile(), "text/plain"),
                           ('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "application/xml")):
        reply = push(LARGE, assumed, third=third)
        equal((reply.element, reply.code), ("push-response", 2000), reply.desc)
        assert "part 3" in reply.desc, reply.desc
    equal(gw.metric("store_pushes"), before)
    equal(push(LARGE, profile()).code, 1001)


harness.main()
