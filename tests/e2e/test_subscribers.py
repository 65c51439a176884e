"""What is known of devices, seen by initiators: USER addresses of the subscriber table, capabilities queries."""
import base64
import email
import xml.etree.ElementTree

import harness
from gateway import Gateway, PAP_TYPES, PASSWORD, Receiver, TOKEN, USER, escape, new_id, read_reply
from harness import case, equal, wait_for

sim = harness.Smscsim()
gw = Gateway(sim.port, ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
receiver = Receiver()
PPG = "@ppg.example.net"
RDF_TYPE = "application/vnd.wap.uaprof"
RDF = ('<?xml version="1.0" encoding="utf-8"?>\r\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"\r\n'
       ' xmlns:prf="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#">\r\n'
       '<!-- ends: \t\u00e9 --><rdf:Description rdf:ID="p"><prf:component><rdf:Description rdf:ID="PushCharacteristics">\r\n'
       "<prf:Push-MsgSize>1200</prf:Push-MsgSize></rdf:Description></prf:component></rdf:Description></rdf:RDF>\r\n\r\n").encode()


def api(method, path, body, content_type):
    answer = harness.http_request(method, "http://127.0.0.1:%d/api/v1/%s" % (gw.admin_port, path), body,
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": content_type})
    equal(answer.status, 200, answer.text)


api("PUT", "subscribers", "address,number,profile,facts\n"
    "user:john.doe@example.net,+12025550171,phone-1,\n"
    "+12025550171,,phone-1,\n"
    "user:nobody's phone,,phone-1,\n"
    "user:lost,+12025550172,not-there,\n"
    "user:plain,+12025550173,,\n"
    "ipv4:192.0.2.7,+12025550174,phone-2,\n", "text/csv")
api("PUT", "profiles/phone-1", RDF, RDF_TYPE)
api("PUT", "profiles/phone-2", b"\0\r\n--\r\n\xff", "application/octet-stream")


def operation(element, attributes, addresses):
    doc = ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n<pap><%s %s>%s</%s></pap>' % (
        PAP_TYPES["2.0"], element, attributes,
        "".join('<address address-value="%s"/>' % escape(a) for a in addresses), element))
    return harness.http_post(gw.url, doc.encode(), headers={
        "Content-Type": "application/xml",
        "Authorization": "Basic " + base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()})


def ccq(address):
    return operation("ccq-message", 'query-id="q-1"', [address])


# ---- addresses -----------------------------------------------------------------------------------

@case
def a_known_user_gets_the_push_under_his_own_name():
    push_id, written = new_id(), "wappush=john.doe%40example.net/type=user" + PPG
    before = max([m["seq"] for m in sim.messages()], default=0)
    equal(gw.push(written, push_id=push_id, attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
    equal(gw.wait_state(push_id, "delivered")["recipients"][0]["address"], written)
    equal([m["dest"].lstrip("+") for m in sim.messages(since=before)], ["12025550171"])
    wait_for(lambda: [b for _, _, b in receiver.got if push_id in b], "the notification")
    equal([n["address"] for n in receiver.wait() if n["push-id"] == push_id], [written])
    answer = operation("statusquery-message", 'push-id="%s"' % push_id,
                       ["WAPPUSH=john%2Edoe%40example.net/TYPE=USER" + PPG])
    result = xml.etree.ElementTree.fromstring(answer.text)[0][0]
    equal((result.get("message-state"), result.find("address").get("address-value")),
          ("delivered", "WAPPUSH=john%2Edoe%40example.net/TYPE=USER" + PPG))


@case
def an_address_that_no_link_serves():
    push_id = new_id()
    equal(gw.push("WAPPUSH=192.0.2.7/TYPE=IPV4" + PPG, push_id=push_id).code, 1001)
    gw.wait_state(push_id, "delivered")
    equal(len(sim.messages(dest="+12025550174") or sim.messages(dest="12025550174")), 1)


@case
def unknown_users_are_address_errors():
    before = max([m["seq"] for m in sim.messages()], default=0)
    for address in ("WAPPUSH=jane%40example.net/TYPE=USER", "WAPPUSH=John.doe%40example.net/TYPE=USER",
                    "WAPPUSH=nobody%27s%20phone/TYPE=USER", "WAPPUSH=192.0.2.8/TYPE=IPV4"):
        push_id = new_id()
        reply = gw.push(["+12025550171", address + PPG], push_id=push_id)
        equal(reply.code, 2002, address + ": " + reply.text)
        equal(gw.show(push_id), None)
    equal(sim.messages(since=before), [])


@case
def a_user_that_was_removed_is_unknown():
    api("PUT", "subscribers", "address,number,profile\nuser:soon gone,+12025550175,\n", "text/csv")
    address = "WAPPUSH=soon%20gone/TYPE=USER" + PPG
    equal(gw.push(address).code, 1001)
    api("DELETE", "subscribers?address=user:soon%20gone", None, "text/csv")
    equal(gw.push(address).code, 2002)


# ---- capabilities ----------------------------------------------------------------------------------

@case
def a_capabilities_query_is_answered_with_the_profile_as_it_was_stored():
    rows = (("WAPPUSH=john.doe%40example.net/TYPE=USER", RDF_TYPE, RDF), ("WAPPUSH=+1-202-5550171/TYPE=PLMN", RDF_TYPE, RDF),
            ("WAPPUSH=nobody%27s%20phone/TYPE=USER", RDF_TYPE, RDF),
            ("WAPPUSH=192.0.2.7/TYPE=IPv4", "application/octet-stream", b"\0\r\n--\r\n\xff"))
    for address, content_type, document in rows:
        answer = ccq(address + PPG)
        equal(answer.status, 202, answer.text)
        message = email.message_from_bytes(b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.body)
        equal(message.get_content_type(), "multipart/related")
        equal(message.get_param("type"), "application/xml")
        control, entity = message.get_payload()
        equal((control.get_content_type(), entity.get_content_type()), ("application/xml", content_type))
        response = xml.etree.ElementTree.fromstring(control.get_payload(decode=True))[0]
        equal((response.tag, response.get("query-id"), response.get("code")), ("ccq-response", "q-1", "1000"))
        equal([a.get("address-value") for a in response], [address + PPG])
        boundary = message.get_boundary().encode()      # octet for octet, so not by the mail parser
        part = answer.body.split(b"--" + boundary)[2]
        equal(part[:-2].partition(b"\r\n\r\n")[2], document)


@case
def a_device_that_is_not_known_has_no_capabilities():
    for address in ("WAPPUSH=jane%40example.net/TYPE=USER", "WAPPUSH=+12025550199/TYPE=PLMN",
                    "WAPPUSH=lost/TYPE=USER", "WAPPUSH=plain/TYPE=USER"):
        reply = read_reply(ccq(address + PPG))
        equal((reply.element, reply.code), ("ccq-response", 3008), address)
        assert 'query-id="q-1"' in reply.text and escape(address + PPG) in reply.text, reply.text
    equal(read_reply(ccq("WAPPUSH=x/TYPE=NONSENSE" + PPG)).code, 2002)


@case
def a_new_profile_takes_the_place_of_the_old_one():
    api("PUT", "profiles/phone-1", b"text of ours", "text/plain")
    answer = ccq("WAPPUSH=john.doe%40example.net/TYPE=USER" + PPG)
    assert b"\r\n\r\ntext of ours\r\n--" in answer.body, answer.body
    api("DELETE", "profiles/phone-1", None, "text/plain")
    equal(read_reply(ccq("WAPPUSH=john.doe%40example.net/TYPE=USER" + PPG)).code, 3008)


harness.main()
