"""ppgctl policy explain --push-id: what a device makes of a push that the gateway keeps, and what stays secret of it."""
import hashlib
import hmac
import json
import os
import urllib.parse

import harness
from gateway import Gateway, PROVURL, SENDER, TOKEN, address, initiator, new_id
from harness import Smscsim, built, case, equal, run

TRUSTED = [{"id": "P1", "address": SENDER, "type": "E164", "trust": 1, "push": 1}]
DEVICES = {
    "stranger": {"profile": "wm5"},                                     # knows no gateway
    "ours": {"profile": "wm5", "proxies": TRUSTED, "provurl": PROVURL},
    "w10m": {"profile": "w10m", "proxies": TRUSTED},
    "phone": {"profile": "nokia-s40"},
}
NUMBERS = {name: "+1202555%04d" % (200 + i) for i, name in enumerate(DEVICES)}
UNKNOWN, ROUTED, ROUTE_SENDER = "+12025550299", "+12025559001", "+12025550111"
IMSI, OTHER_IMSI, PIN = "001010123456789", "001010987654321", "1397"
NETWPIN_KEY = bytes.fromhex("0910101032547698")
CP = "text/vnd.wap.connectivity-xml"
SECRETS = ("hunter2secret", "aauth-secret", "proxy-secret", "7361636b", "ticket-42")

DOCUMENT = """<wap-provisioningdoc version="1.1">
<characteristic type="PXLOGICAL"><parm name="PROXY-ID" value="P9"/><parm name="PROXY-PW" value="proxy-secret"/>
<parm name="TRUST" value="1"/><characteristic type="PXPHYSICAL"><parm name="PHYSICAL-PROXY-ID" value="A"/>
<parm name="PXADDR" value="+12025550188"/><parm name="PXADDRTYPE" value="E164"/></characteristic></characteristic>
<characteristic type="APPLICATION"><parm name="APPID" value="w7"/><parm name="ROLE" value="8"/>
<characteristic type="APPAUTH"><parm name="AAUTHSECRET" value="aauth-secret"/></characteristic></characteristic>
<characteristic type="SecurityPolicy"><parm name="4109" value="3200"/></characteristic>
<characteristic type="BOOTSTRAP"><parm name="PROVURL" value="https://tps.example.net/cp"/></characteristic>
<characteristic type="CM_GPRSEntries"><parm name="Password" value="hunter2secret"/></characteristic>
</wap-provisioningdoc>""".replace("\n", "")
SMALL = ('<wap-provisioningdoc version="1.1"><characteristic type="CM_GPRSEntries">'
         '<parm name="Password" value="hunter2secret"/></characteristic></wap-provisioningdoc>')
SI = ('<?xml version="1.0"?><si><indication href="https://someone:7361636b@www.example.net/mail?ticket-42" '
      'si-id="1@example.net" action="signal-high">You have new mail</indication></si>')

sim = Smscsim()
sim.receipts(mode="hold")
gw = Gateway(sim.port, initiators=initiator() + initiator("second", user="second", password="second"),
             ppg_more="\ngroup = smsc\nsmsc = udp\nsmsc-id = ip\nport = %d\nallow = \"127.0.0.1\"\n"
                      "\ngroup = subscriber-source\ndefault-profile = wm5\n"
                      "\ngroup = route\nname = far\nlinks = main\nprefix = +1202555900\nsource-addr = \"%s\"\n" % (harness.free_port(), ROUTE_SENDER))
gw.wait_link()
ENV = dict(PPGCTL_ADMIN="http://127.0.0.1:%d" % gw.admin_port, PPGCTL_TOKEN=TOKEN)


def put(number, facts):
    row = 'address,number,profile,facts\n%s,,,"%s"\n' % (number, json.dumps(facts).replace('"', '""'))
    answer = harness.http_request("PUT", "http://127.0.0.1:%d/api/v1/subscribers" % gw.admin_port, row,
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": "text/csv"})
    equal(answer.status, 200, answer.text)


for name, device in DEVICES.items():
    put(NUMBERS[name], {"imsi": IMSI, "device": device})


def push(to, body=SI, kind="text/vnd.wap.si", user="pi", password="pi-password", push_id=None):
    """Accepted, and the SMSC has it; its receipt is yet to come."""
    push_id = push_id or new_id()
    headers = (("Cache-Control", "no-transform"),) if kind.startswith(CP) else ()
    reply = gw.push(to, content=body, content_type=kind, headers=headers, push_id=push_id, user=user, password=password)
    equal(reply.code, 1001, reply.text)
    return push_id


def signed(body, sec, key=PIN.encode()):
    return CP + "; SEC=%s; MAC=%s" % (sec, hmac.new(key, body.encode(), hashlib.sha1).hexdigest().upper())


def ppgctl(*args, status=0):
    got, out, err = run([built("ppgctl"), "policy", "explain"] + list(args), env=ENV)
    equal(got, status, (args, out, err))
    for secret in SECRETS:
        assert secret not in out + err, (secret, out, err)
    return out, err


def explain(push_id, *args, status=0):
    out, err = ppgctl("--push-id", push_id, "--json", *args, status=status)
    equal(err, "")
    return json.loads(out)


def ask(push_id, status=200, **more):
    answer = gw.admin("/api/v1/case?" + urllib.parse.urlencode(dict(more, **{"push-id": push_id})))
    equal(answer.status, status, answer.text)
    for secret in SECRETS:
        assert secret not in answer.text, answer.text
    return answer.json()


def handset(name, to, seq):
    """What the device makes of the message that came last."""
    message = sim.wait_messages(1, since=seq, dest=to)[-1]
    path = os.path.join(harness.temp_dir(), "device.json")
    with open(path, "w") as f:
        json.dump(DEVICES[name], f)
    status, out, err = run([built("pushrouter"), "--decode", "--json", "--from", SENDER, "--imsi", IMSI, "--pin", PIN,
                            "--device", path], "|".join(message["segments"]) + "\n")
    return json.loads(out), message["seq"]


@case
def the_gateways_answer_is_the_handsets():
    """indications and documents, on four devices: outcome, code, path, masks, every stage"""
    rows = [(SI, "text/vnd.wap.si")] + [(body, kind) for body in (SMALL, DOCUMENT) for kind in (
        CP, signed(body, "USERPIN"), signed(body, "NETWPIN", NETWPIN_KEY), signed(body, "NETWPIN", b"wrong"),
        signed(body, "USERNETWPIN"))]
    seen, seq = set(), 0
    for name in DEVICES:
        for body, kind in rows:
            if "SEC=USERNETWPIN" in kind:
                kind = signed(body, "USERNETWPIN", NETWPIN_KEY + PIN.encode())
            push_id = push(NUMBERS[name], body, kind)
            did, seq = handset(name, NUMBERS[name], seq)
            said = explain(push_id)
            for member in ("outcome", "code", "path", "mask", "effective"):
                equal(said[member], did.get(member), (name, kind, member, body[:60]))
            equal((said["profile"], said["device_known"], said["erased"]), (DEVICES[name]["profile"], True, False))
            seen.add((said["outcome"], said["code"]))
    assert len(seen) > 6, seen


@case
def what_the_api_says():
    """the form of a policy case, values that devices decide by, and none of the others"""
    push_id = push(NUMBERS["ours"], DOCUMENT, signed(DOCUMENT, "USERPIN"))
    got = ask(push_id)
    mac = hmac.new(PIN.encode(), DOCUMENT.encode(), hashlib.sha1).hexdigest()
    assert mac not in json.dumps(got).lower(), got
    equal((got["push_id"], got["initiator"], got["address"]), (push_id, "tester", address(NUMBERS["ours"])))
    message = got["message"]
    settings = message.pop("settings")
    equal(message, {"bearer": "sms", "from": SENDER, "push_flag": 3, "initiator_uri": PROVURL, "content_type": CP,
                    "sec": "userpin", "mac": "ok"})
    equal(settings, [
        {"path": "PXLOGICAL", "parms": {"PROXY-ID": "P9", "PROXY-PW": "", "TRUST": "1"}},
        {"path": "PXLOGICAL/PXPHYSICAL", "parms": {"PHYSICAL-PROXY-ID": "A", "PXADDR": "+12025550188", "PXADDRTYPE": "E164"}},
        {"path": "APPLICATION", "parms": {"APPID": "w7", "ROLE": "8"}},
        {"path": "APPLICATION/APPAUTH", "parms": {"AAUTHSECRET": ""}},
        {"path": "SecurityPolicy", "parms": {"4109": "3200"}},
        {"path": "BOOTSTRAP", "parms": {"PROVURL": PROVURL}},
        {"path": "CM_GPRSEntries", "parms": {"Password": ""}}])
    equal(ask(push(NUMBERS["ours"]))["message"]["href"], "https://www.example.net/")
    assert IMSI not in json.dumps(got), got
    equal(gw.admin("/api/v1/case?push-id=" + urllib.parse.quote(push_id), token=None).status, 401)


@case
def an_answer_is_a_case():
    """what the API says can be given to ppgctl policy explain as it is"""
    push_id = push(NUMBERS["w10m"], SMALL, signed(SMALL, "USERPIN"))
    status, out, err = run([built("ppgctl"), "policy", "explain", "--json"], json.dumps(ask(push_id)) + "\n")
    equal((status, err), (0, ""))
    answer, said = json.loads(out), explain(push_id)
    equal(answer["outcome"], "APPLY_AFTER_PIN")
    equal(answer, {k: said[k] for k in answer})


@case
def a_document_that_has_arrived_is_gone():
    """the body goes when the push ends: what headers decide is told, the rest is not guessed"""
    sim.receipts(mode="auto")
    try:
        pushes = {name: push(NUMBERS[name], SMALL, signed(SMALL, "USERPIN")) for name in ("stranger", "ours", "w10m")}
        for push_id in pushes.values():
            gw.wait_state(push_id, "delivered")
    finally:
        sim.receipts(mode="hold")
    for name, push_id in pushes.items():
        got = ask(push_id)
        equal((got["erased"], got["note"]), (True, "the content was erased when the push ended"))
        assert "settings" not in got["message"], got
        equal((got["message"]["sec"], got["message"]["mac"]), ("userpin", "ok"))
        if name == "stranger":
            answer = explain(push_id)
            equal((answer["outcome"], answer["code"], answer["erased"]), ("DISCARD", "P04", True))
            out, err = ppgctl("--push-id", push_id)
            assert "content:   erased when the push ended" in out and "DISCARD P04" in out, out
        else:
            answer = explain(push_id, status=1)
            equal(answer["outcome"], None)
            assert "erased" in answer["error"], answer
            out, err = ppgctl("--push-id", push_id, status=1)
            assert "erased when the push ended" in err and "APPLY" not in out, (out, err)
    equal(explain(pushes["ours"], "--profile", "wm5")["code"], "P04")


@case
def for_people_and_other_devices():
    """text; options go before what the gateway knows"""
    push_id = push([NUMBERS["stranger"], NUMBERS["ours"], UNKNOWN])
    out, err = ppgctl("--push-id", push_id)
    equal(err, "")
    assert "DISCARD P13" in out and "profile:   wm5\n" in out and "to be accepted:" in out, out
    equal(explain(push_id, "--to", NUMBERS["ours"])["outcome"], "DELIVER")
    equal(explain(push_id, "--to", address(NUMBERS["ours"]))["address"], address(NUMBERS["ours"]))
    got = explain(push_id, "--to", UNKNOWN)
    equal((got["code"], got["device_known"], got["profile"]), ("P13", False, "wm5"))
    out, err = ppgctl("--push-id", push_id, "--to", UNKNOWN)
    assert "nobody knows this device" in out, out
    ours = ("--push-id", push_id, "--json", "--to", NUMBERS["ours"])
    for args, outcome in ((("--profile", "wm5"), "DISCARD"), (("--from", "+12025550177"), "DISCARD"),
                          (("--profile", "wm5", "--proxy", SENDER + ",trust,push"), "DELIVER"),
                          (("--from", "+12025550177", "--policy", "4109=64"), "DELIVER"),
                          (("--from", "+12025550177", "--proxy", "+12025550177,trust,push"), "DELIVER")):
        equal(json.loads(ppgctl(*ours, *args)[0])["outcome"], outcome, args)


@case
def a_route_with_an_address_of_its_own():
    """the sender is the one that the handset sees"""
    push_id = push([NUMBERS["ours"], ROUTED])
    for number, sender in ((ROUTED, ROUTE_SENDER), (NUMBERS["ours"], SENDER)):
        equal(sim.wait_messages(1, dest=number)[-1]["source"], sender.lstrip("+"))
        equal(ask(push_id, address=number)["message"]["from"], sender)


@case
def over_ip():
    """the system chooses the address: it has to be named"""
    to = "WAPPUSH=127.0.0.1/TYPE=IPv4@ppg.example.net"
    push_id = push(to)
    message = ask(push_id)["message"]
    equal((message["bearer"], message.get("from")), ("ip", None))
    out, err = ppgctl("--push-id", push_id, status=1)
    assert out == "" and "--from" in err, (out, err)
    equal(explain(push_id, "--from", "192.0.2.1")["code"], "P13")
    equal(explain(push_id, "--from", "192.0.2.1", "--proxy", "192.0.2.1,trust,push")["outcome"], "DELIVER")


@case
def a_device_that_needs_its_imsi():
    """the network PIN of another subscriber: the MAC does not fit, as far as anybody can tell"""
    push_id = push(NUMBERS["w10m"], SMALL, signed(SMALL, "NETWPIN", bytes.fromhex("0910101032547698")))
    equal(ask(push_id)["message"]["mac"], "ok")
    put(NUMBERS["w10m"], {"imsi": OTHER_IMSI, "device": DEVICES["w10m"]})
    equal(ask(push_id)["message"]["mac"], "wrong")
    put(NUMBERS["w10m"], {"device": DEVICES["w10m"]})
    equal(ask(push_id)["message"]["mac"], "ok")
    put(NUMBERS["w10m"], {"imsi": IMSI, "device": DEVICES["w10m"]})


@case
def whose_push():
    """two initiators may use an id; recipients that there are not; pushes that there are not"""
    push_id = push(NUMBERS["ours"])
    push(NUMBERS["stranger"], push_id=push_id, user="second", password="second")
    out, err = ppgctl("--push-id", push_id, status=1)
    assert "several initiators" in err, err
    ask(push_id, status=409)
    equal(explain(push_id, "--initiator", "tester")["outcome"], "DELIVER")
    equal(explain(push_id, "--initiator", "second")["code"], "P13")
    for args, sentence in ((("--push-id", "none@example.net"), "no such push"),
                           (("--push-id", push_id, "--initiator", "third"), "no such push"),
                           (("--push-id", push_id, "--initiator", "second", "--to", UNKNOWN), "no recipient"),
                           (("--push-id", push_id, "--initiator", "second", "--to", "x"), "address"),
                           (("--push-id", push_id, "--initiator", "second", "--to", "+12x"), "address"),
                           (("--push-id", push_id, "--initiator", "second", "--profile", "nobody"), "nobody")):
        out, err = ppgctl(*args, status=1)
        assert out == "" and sentence in err, (args, out, err)
    ask("", status=400)
    ask("none@example.net", status=404)


@case
def bad_use():
    for args, sentence in ((("--push-id", "x", "--hex"), "exclude"), (("--to", NUMBERS["ours"]), "--push-id is missing"),
                           (("--initiator", "x"), "--push-id is missing"), (("--push-id", ""), "empty"),
                           (("--hex", "--from", "1", "--admin", "http://127.0.0.1:1"), "--push-id is missing")):
        out, err = ppgctl(*args, status=2)
        assert out == "" and sentence in err, (args, err)


if __name__ == "__main__":
    harness.main()
