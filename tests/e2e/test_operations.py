"""PAP's other operations: cancel, status query, replacement, capabilities query, progress notes."""
import base64
import re
import time
import xml.etree.ElementTree

import harness
from gateway import Gateway, PAP_TYPES, Receiver, address, escape, initiator, new_id, read_reply
from harness import case, equal, wait_for

OTHER = ("other", "other-password")
sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator() + initiator("other", *OTHER), ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
receiver = Receiver()
NUMBERS = ["+12025550%03d" % n for n in range(100, 160)]


def operation(element, attributes, addresses=(), version="2.0", user=None):
    """Posts a control entity alone; the PAP element of the answer and its HTTP answer."""
    doc = ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP %s//EN" "%s">\n<pap><%s %s>%s</%s></pap>' % (
        version, PAP_TYPES[version], element, attributes,
        "".join('<address address-value="%s"/>' % escape(a if "=" in a else address(a)) for a in addresses), element))
    headers = {"Content-Type": "application/xml"}
    name, password = user or ("pi", "pi-password")
    headers["Authorization"] = "Basic " + base64.b64encode(("%s:%s" % (name, password)).encode()).decode()
    return harness.http_post(gw.url, doc.encode(), headers=headers)


def results_of(answer, response, result):
    """{address: (code, state, desc)}; the key None stands for all recipients."""
    equal(answer.status, 202)
    root = xml.etree.ElementTree.fromstring(answer.text)
    equal(root[0].tag, response)
    out = {}
    for r in root[0]:
        equal(r.tag, result)
        row = (int(r.get("code")), r.get("message-state"), r.get("desc"))
        addresses = [a.get("address-value") for a in r.findall("address")]
        for a in addresses or [None]:
            assert a not in out, "%s twice" % a
            out[a] = row
    return out


def status(push_id, *addresses, **more):
    answer = operation("statusquery-message", 'push-id="%s"' % escape(push_id), addresses, **more)
    return results_of(answer, "statusquery-response", "statusquery-result")


def cancel(push_id, *addresses, **more):
    answer = operation("cancel-message", 'push-id="%s"' % escape(push_id), addresses, **more)
    return results_of(answer, "cancel-response", "cancel-result")


def later(seconds=3600):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def notified(push_id, n=1):
    def enough():
        got = [receiver.read(body) for _, _, body in receiver.got]
        got = [g for g in got if g["push-id"] == push_id]
        return got if len(got) >= n else None
    return wait_for(enough, "%d notifications of %s" % (n, push_id))


WAITING = 'deliver-after-timestamp="%s" ' % later()
NOTIFY = 'ppg-notify-requested-to="%s" ' % receiver.url


@case
def status_of_waiting_and_delivered():
    waiting, gone = new_id(), new_id()
    equal(gw.push(NUMBERS[0], push_id=waiting, attributes=WAITING).code, 1001)
    equal(status(waiting), {address(NUMBERS[0]): (1000, "pending", "OK")})
    equal(gw.push(NUMBERS[1], push_id=gone).code, 1001)
    gw.wait_state(gone, "delivered")
    got = status(gone)[address(NUMBERS[1])]
    equal(got[:2], (1000, "delivered"))
    answer = operation("statusquery-message", 'push-id="%s"' % gone)
    assert re.search(r'event-time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', answer.text), answer.text


@case
def status_by_address_spelt_otherwise():
    push_id = new_id()
    equal(gw.push(NUMBERS[:3], push_id=push_id, attributes=WAITING).code, 1001)
    spelt = "wappush=%s-%s/type=plmn@PPG.example.NET" % (NUMBERS[1][:5], NUMBERS[1][5:])
    got = status(push_id, NUMBERS[0], spelt, "+12025550199", "rubbish=1")
    equal(got[address(NUMBERS[0])][:2], (1000, "pending"))
    equal(got[spelt][:2], (1000, "pending"))
    equal(got[address("+12025550199")][:2], (2003, "unknown"))
    equal(got["rubbish=1"][:2], (2002, "unknown"))
    equal(len(got), 4)


@case
def spellings_of_one_address_are_one_recipient():
    push_id, number = new_id(), "+12025550141"
    first = "WAPPUSH=%s-%s/TYPE=PLMN@ppg.example.net" % (number[:2], number[2:])
    seq = max([m["seq"] for m in sim.messages()], default=0)
    equal(gw.push([first, number, first, NUMBERS[5]], push_id=push_id, attributes=NOTIFY).code, 1001)
    push = gw.wait_state(push_id, "delivered")
    equal([r["address"] for r in push["recipients"]], [first, address(NUMBERS[5])])
    equal(sorted(m["dest"].lstrip("+") for m in sim.messages(since=seq)), sorted([number[1:], NUMBERS[5][1:]]))
    equal(sorted(n["address"] for n in notified(push_id, 2)), sorted([first, address(NUMBERS[5])]))
    equal(status(push_id, number)[address(number)][:2], (1000, "delivered"))


@case
def what_is_not_known_says_so():
    push_id = new_id()
    equal(gw.push(NUMBERS[0], push_id=push_id, attributes=WAITING).code, 1001)
    for ask in (status, cancel):
        unknown = ask("never-seen@pi.example.net")[None]
        foreign = ask(push_id, user=OTHER)[None]	# ids of others cannot be probed
        equal(unknown[0], 2004)
        equal(unknown, foreign)
    equal(status(push_id)[address(NUMBERS[0])][:2], (1000, "pending"))


@case
def cancel_before_it_is_due():
    push_id = new_id()
    equal(gw.push(NUMBERS[:5], push_id=push_id, attributes=WAITING + NOTIFY).code, 1001)
    equal(cancel(push_id, NUMBERS[0])[address(NUMBERS[0])][0], 1000)
    equal(status(push_id, NUMBERS[0])[address(NUMBERS[0])][:2], (1000, "cancelled"))
    note = notified(push_id)[0]
    equal((note["message-state"], note["code"], note["address"]), ("cancelled", "1000", address(NUMBERS[0])))
    got = cancel(push_id)
    equal(sorted(got), [address(n) for n in NUMBERS[:5]])	# they differ, so each is named
    equal(got[address(NUMBERS[0])][0], 3003)
    equal({got[address(n)][0] for n in NUMBERS[1:5]}, {1000})
    notified(push_id, 5)
    equal(gw.wait_state(push_id, "cancelled")["n_final"], 5)
    equal(set(cancel(push_id)), {None})				# all alike: one result for all


@case
def cancel_at_the_smsc():
    push_id = new_id()
    sim.receipts(mode="hold")
    try:
        equal(gw.push(NUMBERS[10:12], push_id=push_id, attributes=NOTIFY, content="x" * 300,
                      content_type="text/plain").code, 1001)
        wait_for(lambda: all(r["step"] == "submitted" for r in gw.show(push_id)["recipients"]), "both to be submitted")
        before = sim.stats()["cancelled"]
        equal(cancel(push_id, NUMBERS[10])[address(NUMBERS[10])][0], 1000)
        equal(sim.stats()["cancelled"] - before, 3)		# one cancel_sm for each part
        equal(status(push_id)[address(NUMBERS[11])][:2], (1000, "pending"))
        equal(notified(push_id)[0]["message-state"], "cancelled")
    finally:
        sim.receipts(mode="auto")
    gw.wait_state(push_id, "cancelled")


@case
def cancel_of_one_named_twice():
    push_id = new_id()
    spelt = "wappush=%s/type=plmn@PPG.example.NET" % NUMBERS[14]
    sim.receipts(mode="hold")
    try:
        equal(gw.push(NUMBERS[14], push_id=push_id).code, 1001)
        wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "it to be submitted")
        before = sim.stats()["cancelled"]
        got = cancel(push_id, NUMBERS[14], spelt)
        equal({a: code for a, (code, _, _) in got.items()}, {address(NUMBERS[14]): 1000, spelt: 1000})
        equal(sim.stats()["cancelled"] - before, 1)
    finally:
        sim.receipts(mode="auto")


@case
def cancel_of_what_may_have_been_sent():
    """The SMSC went away without an answer: the repeat is cancelled, the message may come all the same."""
    gone = harness.Smscsim()
    own = Gateway(gone.port)
    own.wait_link()
    gone.fault("drop_response", count=1)
    push_id = new_id()
    equal(own.push(NUMBERS[15], push_id=push_id).code, 1001)
    gone.wait_messages(1)
    gone.stop()
    wait_for(lambda: own.show(push_id)["recipients"][0]["maybe_sent_twice"], "the link to be lost")
    answer = own.post(('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n<pap>'
                       '<cancel-message push-id="%s"/></pap>' % (PAP_TYPES["2.0"], push_id)).encode(), "application/xml")
    equal(answer.code, 2008, answer.desc)
    assert "may have reached the SMSC" in answer.desc, answer.desc
    equal(own.show(push_id)["state"], "cancelled")
    own.stop()


@case
def cancel_that_the_smsc_refuses():
    push_id = new_id()
    sim.receipts(mode="hold")
    sim.fault("reject", value=0x11, count=2, on="cancel_sm")
    try:
        equal(gw.push(NUMBERS[12], push_id=push_id).code, 1001)
        wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "it to be submitted")
        code, _, desc = cancel(push_id)[None]
        equal(code, 2008, desc)
        assert "refused" in desc, desc
        code = cancel(push_id, version="1.0")[None][0]		# 2008 is younger than PAP 1.0
        equal(code, 3003)
        equal(status(push_id)[address(NUMBERS[12])][:2], (1000, "pending"))
    finally:
        sim.clear_faults()
        sim.receipts(mode="auto")
    gw.wait_state(push_id, "delivered")


@case
def cancel_of_what_is_over():
    push_id = new_id()
    equal(gw.push(NUMBERS[13], push_id=push_id).code, 1001)
    gw.wait_state(push_id, "delivered")
    code, _, desc = cancel(push_id, NUMBERS[13])[address(NUMBERS[13])]
    equal((code, desc), (3003, "it was delivered"))


@case
def cancelled_ones_never_leave():
    push_id = new_id()
    seq = max([m["seq"] for m in sim.messages()], default=0)
    equal(gw.push(NUMBERS[20:40], push_id=push_id, attributes='deliver-after-timestamp="%s"' % later(3)).code, 1001)
    equal({code for code, _, _ in cancel(push_id, *NUMBERS[20:30]).values()}, {1000})
    wait_for(lambda: len(sim.messages(since=seq)) >= 10, "the other ten")
    gw.wait_state(push_id, "cancelled")
    equal(sorted(m["dest"].lstrip("+") for m in sim.messages(since=seq)), [n[1:] for n in NUMBERS[30:40]])


@case
def replace_all():
    old, new = new_id(), new_id()
    equal(gw.push(NUMBERS[:4], push_id=old, attributes=WAITING + NOTIFY).code, 1001)
    reply = gw.push(NUMBERS[2:6], push_id=new, attributes=WAITING + 'replace-push-id="%s"' % old)
    equal(reply.code, 1001, reply.desc)
    states = {a: s for a, (_, s, _) in status(old).items()}
    equal([states[address(n)] for n in NUMBERS[:4]], ["pending", "pending", "cancelled", "cancelled"])
    equal(len(status(new)), 4)
    equal({n["push-id"] for n in notified(old, 2)}, {old})
    equal(cancel(old, NUMBERS[2])[address(NUMBERS[2])][0], 3003)
    equal(gw.push(NUMBERS[0], push_id=new_id(), attributes=WAITING + 'replace-push-id="nothing@pi.example.net"').code, 1001)


@case
def replace_pending_only():
    old, new = new_id(), new_id()
    pending_only = 'replace-push-id="%s" replace-method="pending-only" '
    equal(gw.push(NUMBERS[:4], push_id=old, attributes=WAITING).code, 1001)
    cancel(old, NUMBERS[0])
    reply = gw.push(NUMBERS[:2] + NUMBERS[50:51], push_id=new, attributes=WAITING + NOTIFY + pending_only % old)
    equal(reply.code, 1001, reply.desc)
    got = status(new)
    equal([got[address(n)][:2] for n in (NUMBERS[0], NUMBERS[1], NUMBERS[50])],
          [(2008, "undeliverable"), (1000, "pending"), (2008, "undeliverable")])
    equal({n["code"] for n in notified(new, 2)}, {"2008"})
    equal(gw.push(NUMBERS[0], push_id=new_id(), attributes=WAITING + pending_only % "nothing@pi.example.net").code, 2004)
    equal(gw.push(NUMBERS[0], push_id=new_id(), attributes=WAITING + pending_only % old).code, 2008)


@case
def a_replacement_that_is_refused_changes_nothing():
    old = new_id()
    equal(gw.push(NUMBERS[:2], push_id=old, attributes=WAITING).code, 1001)
    bad = [dict(content="<si>"), dict(to="rubbish=1"), dict(push_id=old)]
    for change in bad:
        args = dict(to=NUMBERS[0], push_id=new_id(), attributes=WAITING + 'replace-push-id="%s"' % old)
        args.update(change)
        reply = gw.push(args.pop("to"), **args)
        assert reply.code >= 2000, reply
    equal({row[1] for row in status(old).values()}, {"pending"})


@case
def progress_notes():
    reply = gw.push(NUMBERS[0], push_id=new_id(), attributes=WAITING + 'progress-notes-requested="true"')
    response = xml.etree.ElementTree.fromstring(reply.text)[0]
    stages = [n.get("stage") for n in response.findall("progress-note")]
    equal(stages, ["received", "checked", "content", "predicted", "stored"])
    equal(response[-1].tag, "response-result")
    assert all(n.get("time") for n in response.findall("progress-note"))
    equal(xml.etree.ElementTree.fromstring(gw.push(NUMBERS[0], attributes=WAITING).text)[0].findall("progress-note"), [])


@case
def quality_of_service_comes_back():
    push_id = new_id()
    equal(gw.push(NUMBERS[0], push_id=push_id, attributes=NOTIFY,
                  qos='<quality-of-service priority="low" delivery-method="preferconfirmed" network="gsm" '
                      'network-required="true" bearer="sms"/>').code, 1001)
    gw.wait_state(push_id, "delivered")
    notified(push_id)
    answer = operation("statusquery-message", 'push-id="%s"' % push_id)
    bodies = [answer.text] + [body for _, _, body in receiver.got if push_id in body]
    for body in bodies:
        qos = re.search(r"<quality-of-service ([^>]*)/>", body).group(1)
        equal(qos, 'priority="low" delivery-method="unconfirmed" network="GSM" bearer="SMS"')


@case
def malformed_operations():
    for element in ("cancel-message", "statusquery-message"):
        equal(read_reply(operation(element, 'push-id=""')).element, "badmessage-response")
        reply = read_reply(operation(element, 'push-id="x" nonsense="1"'))
        equal((reply.element, reply.code), (element.replace("message", "response"), 2000))
    equal(read_reply(operation("ccq-message", 'query-id="q"')).code, 2000)
    equal(read_reply(operation("ccq-message", 'query-id="q"', ["rubbish=1"])).code, 2002)
    reply = read_reply(operation("ccq-message", 'query-id="q7"', [NUMBERS[0]]))
    equal((reply.element, reply.code), ("ccq-response", 3008))
    assert 'query-id="q7"' in reply.text


harness.main()
