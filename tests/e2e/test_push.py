"""The way of a push: PAP in, SMPP out, receipt back, notification posted."""
import base64
import time

import harness
from gateway import Gateway, Receiver, SENDER, PROVURL, acknowledge, address, initiator, new_id
from harness import case, equal, wait_for

sim = harness.Smscsim()
plain = initiator("plain", "plain", "plain-pw", role="ppg-auth", uri="")
nobody = initiator("nobody", "nobody", "nobody-pw", role="none", uri="")
gw = Gateway(sim.port, initiators=initiator() + plain + nobody)
gw.wait_link()
seq = 0


def next_message(dest=None):
    """The next message that smscsim received."""
    global seq
    message = sim.wait_messages(1, since=seq, dest=dest)[0]
    seq = message["seq"]
    return message


def headers(message):
    return {h["name"]: h["value"] for h in message["message"]["headers"]}


@case
def si_from_text_to_delivered():
    push_id = new_id()
    reply = gw.push("+12025550143", push_id=push_id)
    equal((reply.http, reply.element, reply.code, reply.push_id, reply.version), (202, "push-response", 1001, push_id, "2.0"))
    m = next_message()
    equal((m["source"].lstrip("+"), m["dest"].lstrip("+")), (SENDER[1:], "12025550143"))
    equal((m["esm_class"] & 0x40, m["data_coding"], len(m["segments"])), (0x40, 4, 1))
    equal(m["segments"][0][:14].upper(), "0605040B8423F0")
    decoded = m["message"]
    equal(decoded["content_type"], "application/vnd.wap.sic")
    equal(decoded["push_flag"], 3)
    equal(decoded["initiator_uri"], PROVURL)
    assert "You have new mail" in decoded["body"]["value"], decoded
    push = gw.wait_state(push_id, "delivered")
    r = push["recipients"][0]
    equal((r["address"], r["state"], r["code"], r["segments"], r["smsc_id"]), (address("+12025550143"), "delivered", 1000, 1, "main"))
    equal(r["message_ids"], [m["message_id"]])


@case
def long_content_is_cut_and_joined():
    text = "x" * 600
    push_id = new_id()
    equal(gw.push("+12025550144", content=text, content_type="text/plain", push_id=push_id).code, 1001)
    m = next_message()
    assert len(m["segments"]) == 5, len(m["segments"])
    parts = []
    for segment in m["segments"]:
        octets = bytes.fromhex(segment)
        assert octets[0] == 0x0C and len(octets) <= 140, segment[:30]
        udh = octets[1:13]
        assert b"\x05\x04\x0b\x84\x23\xf0" in udh and b"\x08\x04" in udh, udh.hex()
        at = udh.index(b"\x08\x04") + 2
        parts.append((udh[at:at + 2], udh[at + 2], udh[at + 3]))
    equal(sorted(parts), [(parts[0][0], 5, n) for n in range(1, 6)])
    equal(m["message"]["body"]["value"], text)
    gw.wait_state(push_id, "delivered")
    equal(gw.show(push_id)["recipients"][0]["segments"], 5)


@case
def trust_follows_the_account():
    equal(gw.push("+12025550145", user="plain", password="plain-pw").code, 1001)
    m = next_message()["message"]
    equal(m["push_flag"], 1)
    assert not m.get("initiator_uri"), m
    equal(gw.push("+12025550145", user="nobody", password="nobody-pw").code, 1001)
    m = next_message()["message"]
    assert not m.get("push_flag"), m


@case
def initiator_cannot_promote_itself():
    reply = gw.push("+12025550146", user="plain", password="plain-pw",
                    headers=[("Push-Flag", "7"), ("X-Wap-Initiator-URI", PROVURL), ("User-Agent", "evil"), ("X-Kannel-SMSC", "x")],
                    http_headers={"User-Agent": "evil", "X-Forwarded-For": "10.0.0.1", "X-Wap-Initiator-URI": PROVURL})
    equal(reply.code, 1001)
    m = next_message()["message"]
    equal(m["push_flag"], 1)
    equal([h["name"] for h in m["headers"] if h["name"] not in ("Push-Flag",)], [])
    reply = gw.push("+12025550146", headers=[("X-Wap-Initiator-URI", "https://evil.example.net/")])
    equal(reply.code, 2001)
    assert "E-02" in reply.desc, reply.desc


@case
def initiator_names_a_uri_within_its_own():
    for uri, code in ((PROVURL + "/eu", 1001), (PROVURL + "?x=1", 1001), (PROVURL + "x", 2001), (PROVURL + "/../x", 2001)):
        equal(gw.push("+12025550146", headers=[("X-Wap-Initiator-URI", uri)]).code, code, uri)
        if code == 1001:
            equal(next_message()["message"]["initiator_uri"], uri)


@case
def allowed_headers_travel_in_binary():
    equal(gw.push("+12025550147", headers=[
        ("X-Wap-Application-Id", "x-wap-application:mms.ua"), ("Content-Location", "http://www.example.net/x"),
        ("Date", "Fri, 02 Jan 2026 15:05:05 GMT")]).code, 1001)
    m = next_message()
    equal(m["message"]["app_id"], "x-wap-application:mms.ua")
    h = headers(m)
    equal(h["Content-Location"], "http://www.example.net/x")
    equal(h["Date"], "Fri, 02 Jan 2026 15:05:05 GMT")
    assert "AF84" in m["segments"][0].upper()


@case
def sl_and_provisioning_are_compiled():
    equal(gw.push("+12025550148", content='<sl href="https://www.example.net/"/>', content_type="text/vnd.wap.sl").code, 1001)
    equal(next_message()["message"]["content_type"], "application/vnd.wap.slc")
    doc = ('<wap-provisioningdoc version="1.1"><characteristic type="NAPDEF"><parm name="NAPID" value="N1"/>'
           '<parm name="INTERNET"/></characteristic></wap-provisioningdoc>')
    equal(gw.push("+12025550148", content=doc, content_type="text/vnd.wap.connectivity-xml").code, 1001)
    m = next_message()["message"]
    equal(m["content_type"], "application/vnd.wap.connectivity-wbxml")
    assert "NAPDEF" in m["body"]["value"], m


@case
def compiled_content_passes_octet_for_octet():
    sic = bytes.fromhex("02056A0045C60C037070672E6578616D706C652F61000801034869000101")
    for headers_, body in (([], sic), ([("Content-Transfer-Encoding", "base64")], base64.b64encode(sic))):
        equal(gw.push("+12025550149", content=body, content_type="application/vnd.wap.sic", headers=headers_).code, 1001)
        m = next_message()
        assert m["segments"][0].upper().endswith(sic.hex().upper()), m
    prov = bytes.fromhex("030B6A004501")
    mac = "6CD48BFD7FFC33183154734DF4434DA694E25E6A"
    equal(gw.push("+12025550149", content=prov, content_type="application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC=" + mac).code, 1001)
    m = next_message()["message"]
    equal(m["params"], {"SEC": "USERPIN", "MAC": mac})


@case
def anything_else_passes_as_it_is():
    equal(gw.push("+12025550150", content=b"\x00\x01\xff--asd\r\n", content_type="application/x-unknown").code, 1001)
    m = next_message()["message"]
    equal((m["content_type"], m["body"]["value"]), ("application/x-unknown", "0001FF2D2D6173640D0A"))


@case
def several_recipients_each_with_a_state():
    push_id = new_id()
    numbers = ["+1202555%04d" % n for n in range(30)]
    equal(gw.push(numbers + numbers[:3], push_id=push_id).code, 1001)
    got = sim.wait_messages(30, since=seq)
    equal(sorted(m["dest"].lstrip("+") for m in got), sorted(n[1:] for n in numbers))
    globals()["seq"] = got[-1]["seq"]
    push = gw.wait_state(push_id, "delivered")
    equal((push["n_recipients"], push["n_final"]), (30, 30))


@case
def answers_keep_the_version_of_the_request():
    for version in ("1.0", "2.0", "2.1"):
        reply = gw.push("+12025550151", version=version)
        equal((reply.code, reply.version), (1001, version))
        equal("wap-pap-ver" in reply.text, version != "1.0")
        next_message()


@case
def repeated_push_id_is_2007():
    push_id = new_id()
    equal(gw.push("+12025550152", push_id=push_id).code, 1001)
    next_message()
    reply = gw.push("+12025550153", push_id=push_id)
    equal((reply.code, reply.push_id), (2007, push_id))
    equal(gw.push("+12025550152", push_id=push_id, user="plain", password="plain-pw").code, 1001)
    equal(next_message()["dest"].lstrip("+"), "12025550152")
    equal(gw.admin("/api/v1/pushes?push-id=" + push_id).status, 409)
    equal(gw.admin("/api/v1/pushes?push-id=%s&initiator=plain" % push_id).json()["initiator"], "plain")


@case
def notification_when_delivered():
    receiver = Receiver()
    push_id = new_id()
    equal(gw.push("+12025550154", push_id=push_id, attributes='ppg-notify-requested-to="%s"' % receiver.url,
                  qos='<quality-of-service delivery-method="unconfirmed"/>').code, 1001)
    next_message()
    note = receiver.wait()[0]
    equal((note["push-id"], note["message-state"], note["code"], note["address"], note["qos"], note["version"]),
          (push_id, "delivered", "1000", address("+12025550154"), True, "2.0"))
    wait_for(lambda: gw.metric("notifications_acknowledged_total") >= 1, "the acknowledgement to be counted")


@case
def notification_is_repeated_until_acknowledged():
    receiver = Receiver()
    receiver.answers += [(503, "", {}), (302, "", {"Location": "http://127.0.0.1:9/"}), acknowledge(1000)]
    equal(gw.push("+12025550155", attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
    next_message()
    notes = receiver.wait(3, deadline_s=120)
    equal(len({n["push-id"] for n in notes}), 1)


@case
def failed_receipt_makes_it_undeliverable():
    receiver = Receiver()
    sim.receipts(mode="auto", state="UNDELIV")
    try:
        push_id = new_id()
        equal(gw.push("+12025550156", push_id=push_id, attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
        next_message()
        gw.wait_state(push_id, "undeliverable")
        equal(receiver.wait()[0]["message-state"], "undeliverable")
    finally:
        sim.receipts(mode="auto", state="DELIVRD")


@case
def refusal_by_the_smsc_reaches_the_initiator():
    receiver = Receiver()
    sim.fault("reject", value=0x0B, count=1)
    push_id = new_id()
    equal(gw.push("+12025550157", push_id=push_id, attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
    push = gw.wait_state(push_id, "undeliverable")
    equal(push["recipients"][0]["code"], 2002)
    assert "RINVDSTADR" in push["recipients"][0]["desc"], push
    equal(receiver.wait()[0]["code"], "2002")


@case
def deliver_after_waits_for_its_time():
    push_id = new_id()
    at = int(time.time()) + 2
    equal(gw.push("+12025550158", push_id=push_id, attributes='deliver-after-timestamp="%s"' % time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))).code, 1001)
    next_message(dest="12025550158")
    assert time.time() >= at, "sent %.3f s early" % (at - time.time())
    gw.wait_state(push_id, "delivered")


@case
def deliver_before_ends_what_could_not_be_sent():
    receiver = Receiver()
    cut = Gateway(harness.free_port())
    for ahead in (2, 10, 30):           # later ones when the time was over before the push was read
        push_id = new_id()
        at = int(time.time()) + ahead
        code = cut.push("+12025550159", push_id=push_id, attributes='ppg-notify-requested-to="%s" deliver-before-timestamp="%s"' % (
            receiver.url, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)))).code
        if code == 1001:
            break
    equal(code, 1001)
    cut.wait_state(push_id, "expired")
    equal(receiver.wait()[0]["message-state"], "expired")
    cut.stop()


@case
def the_backlog_waits_for_the_link_and_survives_a_restart():
    port = harness.free_port()
    cut = Gateway(port)
    ids = [new_id("backlog") for _ in range(50)]
    for n, push_id in enumerate(ids):
        equal(cut.push("+1202556%04d" % n, push_id=push_id).code, 1001)
    cut.stop()
    late = harness.Smscsim(port=port)
    cut.start()
    equal(len(late.wait_messages(50)), 50)
    for push_id in ids:
        cut.wait_state(push_id, "delivered")
    cut.stop()
    late.stop()


@case
def passwords_and_tokens_are_asked_for():
    for user, password in ((None, None), ("pi", "wrong"), ("unknown", "pi-password"), ("", "")):
        equal(gw.push("+12025550160", user=user, password=password).http, 401)
    equal(gw.admin("/api/v1/links", token=None).status, 401)
    equal(gw.admin("/api/v1/links", token="wrong").status, 401)
    equal(gw.admin("/healthz", token=None).status, 200)
    equal(gw.admin("/readyz", token=None).status, 200)


@case
def hashed_passwords_work():
    status, out, _ = harness.run([harness.built("ppgctl"), "passwd"], stdin="s3cret pass\n")
    equal(status, 0)
    hashed = Gateway(sim.port, initiators=initiator(password=out.strip()))
    equal(hashed.push("+12025550161", password="s3cret pass").code, 1001)
    equal(hashed.push("+12025550161", password="s3cret pas").http, 401)
    equal(hashed.push("+12025550161", password="s3cret pass").code, 1001)
    hashed.stop()


@case
def reload_changes_the_initiators_and_keeps_a_good_configuration():
    gw.write_config(initiators=initiator() + plain + initiator("fresh", "fresh", "fresh-pw"))
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    equal(gw.push("+12025550162", user="fresh", password="fresh-pw").code, 1001)
    gw.write_config(ppg_more="ppg-prot = 1")
    answer = gw.admin("/api/v1/reload", "POST")
    equal(answer.status, 409)
    assert "ppg-prot" in answer.text, answer.text
    equal(gw.push("+12025550162", user="fresh", password="fresh-pw").code, 1001)


@case
def trusted_pi_belongs_to_trusted_and_has_no_flag():
    trusted = Gateway(sim.port, initiators="", trusted=True)
    push_id = new_id()
    equal(trusted.push("+12025550163", push_id=push_id, user=None, headers=[("Push-Flag", "3")]).code, 1001)
    m = sim.wait_messages(1, since=seq, dest="12025550163")[0]["message"]
    assert not m.get("push_flag"), m
    equal(trusted.show(push_id)["initiator"], "trusted")
    trusted.stop()


@case
def orderly_stop():
    gw.stop()
    sim.stop()


harness.main()
