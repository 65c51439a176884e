"""Scenarios named after threats: what an attacker with an account, or a careless operator, tries at the gateway."""
import hashlib
import hmac
import json
import re
import urllib.parse

import harness
from gateway import Gateway, PROVURL, Receiver, SENDER, TOKEN, initiator, new_id
from harness import Smscsim, built, case, equal, run, wait_for

CP, SL, NIA = "text/vnd.wap.connectivity-xml", "text/vnd.wap.sl", "application/vnd.syncml.notification"
IMSI, NETWORK_KEY = "001010123456789", bytes.fromhex("0910101032547698")
TYPES = 'content-type = "text/plain;text/vnd.wap.si;%s;%s;%s"' % (CP, SL, NIA)
CONTROL = """
group = control
e-09-tiers = "image/png=gold"
e-12-hosts = "load.example.net"
e-17-dm-hosts = "dm.example.net"
e-17-tps-urls = "%s"
e-11-senders = "%s"
""" % (PROVURL, "+12025550177")
TRUSTED = [{"id": "P1", "address": SENDER, "type": "E164", "trust": 1, "push": 1}]
WM5 = {"profile": "wm5", "proxies": TRUSTED, "provurl": PROVURL}
OPENED = dict(WM5, profile="wm5-opened")
HTC = {"profile": "wm-htc-2008"}

sim = Smscsim()
receiver = Receiver()
gw = Gateway(sim.port, store_more=CONTROL, initiators=(
    initiator("tps", user="tps", password="tps", more=TYPES + '\nrights = "secrets"\ngrant-roles = 4') +
    initiator("shop", user="shop", password="shop", role="ppg-auth", uri="https://shop.example.net/",
              more=TYPES + '\ndm-servers = "srv-shop"')))
gw.wait_link()
_last = [300]


def api(method, path, body, content_type="text/csv"):
    answer = harness.http_request(method, "http://127.0.0.1:%d/api/v1/%s" % (gw.admin_port, path), body,
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": content_type})
    equal(answer.status, 200, answer.text)


def subscriber(device, **facts):
    """A new one with that device."""
    _last[0] += 1
    number = "+1202555%04d" % _last[0]
    facts = json.dumps(dict(facts, imsi=IMSI, device=device)).replace('"', '""')
    api("PUT", "subscribers", 'address,number,profile,facts\n%s,,,"%s"\n' % (number, facts))
    return number


def document(*settings):
    def one(name, parms):
        return '<characteristic type="%s">%s</characteristic>' % (
            name, "".join('<parm name="%s" value="%s"/>' % p for p in parms.items()))
    return ('<?xml version="1.0"?><wap-provisioningdoc version="1.1">%s</wap-provisioningdoc>' %
            "".join(one(*s) for s in settings)).encode()


APN = document(("CM_GPRSEntries", {"NAME": "x"}))
POLICY = document(("SecurityPolicy", {"4107": "3200"}))


def signed(body, sec, key):
    return CP + "; SEC=%s; MAC=%s" % (sec, hmac.new(key, body, hashlib.sha1).hexdigest().upper())


def push(who, to, content, content_type, push_id=None, headers=(), attributes=""):
    return gw.push(to, content=content, content_type=content_type, user=who, password=who, push_id=push_id or new_id(),
                   headers=(("Cache-Control", "no-transform"),) + tuple(headers), attributes=attributes)


def refused(reply, control, code=2001):
    """The answer and a line of the log name control, initiator and push"""
    equal(reply.code, code, reply.text)
    assert reply.desc.startswith("control E-%02d: " % control), reply.desc
    wait_for(lambda: any(re.search(r"E-%02d: push \S+ of (tps|shop) to \S+ refused: " % control, line)
                         for line in gw.program.tail()), "the log to tell")


def held(reply, control):
    equal(reply.code, 1001, reply.text)
    assert reply.desc.startswith("held for release: control E-%02d" % control), reply.desc


def step(push_id):
    return gw.show(push_id)["recipients"][0]["step"]


def decide(what, push_id, status=200):
    answer = gw.admin("/api/v1/pushes/%s?%s" % (what, urllib.parse.urlencode({"push-id": push_id})), method="POST")
    equal(answer.status, status, answer.text)
    return answer.json()


def waiting():
    return {p["push_id"]: p for p in gw.admin("/api/v1/quarantine").json()["pushes"]}


def handset(number, device):
    """What the device makes of the last message it got."""
    path = harness.temp_dir() + "/device.json"
    with open(path, "w") as f:
        json.dump(device, f)
    message = sim.wait_messages(1, dest=number)[-1]
    out = run([built("pushrouter"), "--decode", "--json", "--from", SENDER, "--imsi", IMSI, "--device", path],
              "|".join(message["segments"]) + "\n")[1]
    return json.loads(out)


# ---- the five that matter most ---------------------------------------------------------------------------

@case
def two_message_pin_lure():
    """T3: a text announces a PIN, then comes the document that asks for it; or the other way round"""
    number = subscriber(WM5)
    equal(push("shop", number, "Your operator: new settings follow, PIN 73 91", "text/plain").code, 1001)
    first, second = new_id(), new_id()
    held(push("tps", number, APN, signed(APN, "USERPIN", b"7391"), first), 8)
    equal(push("tps", number, APN, signed(APN, "USERPIN", b"5502")).code, 1001)
    held(push("shop", number, "The PIN is 5502", "text/plain", second), 8)
    equal((step(first), step(second)), ("quarantined", "quarantined"))
    equal(push("shop", subscriber(WM5), "The PIN is 5502", "text/plain").code, 1001)
    said = "\n".join(gw.program.tail())
    assert "E-08" in said and "7391" not in said and "5502" not in said, said


@case
def pin_in_the_same_submission():
    """T3: the document tells its own PIN"""
    body = document(("BrowserFavorite", {"NAME": "PIN: 7391"}))
    refused(push("tps", subscriber(WM5), body, signed(body, "USERPIN", b"7391")), 8)


@case
def privileged_document_under_userpin():
    """rogue server over the WAP bootstrap profile: the user's PIN opens the device's policy"""
    number = subscriber(OPENED)
    refused(push("tps", number, POLICY, signed(POLICY, "USERPIN", b"7391")), 6)
    refused(push("shop", number, POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY)), 5)
    equal(push("tps", number, POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY)).code, 1001)


@case
def rogue_server():
    """a document installs somebody else's DM server, or another provisioning server"""
    number = subscriber(OPENED, dm_servers=["srv-1"])
    rows = ((document(("APPLICATION", {"APPID": "w7", "ADDR": "https://rogue.example/", "ROLE": "4"})), "rogue.example"),
            (document(("APPLICATION", {"APPID": "w7", "ADDR": "https://dm.example.net/", "ROLE": "8"})), "ROLE"),
            (document(("APPLICATION", {"APPID": "w7", "ADDR": "https://dm.example.net/", "ROLE": "4",
                                       "PROVIDER-ID": "srv-2"})), "dm_servers"),
            (document(("BOOTSTRAP", {"PROVURL": "https://rogue.example/cp"})), "PROVURL"),
            (document(("SecurityPolicy", {"4107": "8191"})), "open-device"))
    for body, word in rows:
        reply = push("tps", number, body, signed(body, "NETWPIN", NETWORK_KEY))
        refused(reply, 17)
        assert word in reply.desc, reply.desc


@case
def promotion_by_forged_push_flag():
    """T9: an initiator claims to be trusted, or to be the provisioning server"""
    number = subscriber(WM5)
    reply = push("shop", number, POLICY, CP, headers=(("Push-Flag", "3"),))
    refused(reply, 5)
    refused(push("shop", number, "x", "text/plain", headers=(("X-Wap-Initiator-URI", PROVURL),)), 2)
    refused(push("shop", number, "x", "text/plain", headers=(("Push-Flag", "1"), ("Push-Flag", "3"))), 15, 2000)
    push_id = new_id()
    equal(push("shop", number, "<?xml version='1.0'?><si><indication href='http://m.example.net/'>x</indication></si>",
               "text/vnd.wap.si", push_id, headers=(("Push-Flag", "3"),)).code, 1001)
    gw.wait_state(push_id, "delivered")
    did = handset(number, WM5)
    assert "PPG_TRUSTED" not in did["roles"] and "OPERATOR_TPS" not in did["roles"] and "PPG_AUTH" in did["roles"], did


@case
def replay():
    """T10: the same signed document again"""
    number = subscriber(WM5)
    equal(push("tps", number, APN, signed(APN, "USERPIN", b"6204")).code, 1001)
    refused(push("shop", number, APN, signed(APN, "USERPIN", b"6204")), 16)
    equal(push("tps", subscriber(WM5), APN, signed(APN, "USERPIN", b"6204")).code, 1001)
    push_id = new_id()
    equal(push("tps", number, "x", "text/plain", push_id).code, 1001)
    equal(push("tps", number, "x", "text/plain", push_id).code, 2007)


# ---- the others --------------------------------------------------------------------------------------------

@case
def unsigned_document():
    """T1, T5: settings that anybody could have sent"""
    refused(push("shop", subscriber(WM5), APN, CP), 6)
    refused(push("tps", subscriber({"profile": "android-samsung-old"}), APN, CP), 6)
    push_id, number = new_id(), subscriber(WM5)
    equal(push("tps", number, POLICY, CP, push_id).code, 1001)
    gw.wait_state(push_id, "delivered")
    equal(gw.show(push_id)["recipients"][0]["prediction"]["outcome"], handset(number, WM5)["outcome"])


@case
def network_pin_of_somebody_else():
    """T2: a MAC that was not made with the subscriber's network PIN"""
    refused(push("tps", subscriber(OPENED), APN, signed(APN, "NETWPIN", b"guess")), 10)


@case
def many_documents_until_the_user_gives_in():
    """T3: a fourth PIN document within a day"""
    number = subscriber(WM5)
    for pin in (b"7391", b"7392", b"7393"):
        equal(push("tps", number, APN, signed(APN, "USERPIN", pin)).code, 1001)
    refused(push("tps", number, APN, signed(APN, "USERPIN", b"7394")), 7)


@case
def documents_that_fail():
    """T11: three documents did not arrive: no more of them for a day, of no account"""
    number = subscriber(WM5)
    sim.receipts(state="UNDELIV")
    try:
        for pin in (b"7391", b"7392", b"7393"):
            push_id = new_id()
            equal(push("tps", number, APN, signed(APN, "USERPIN", pin), push_id).code, 1001)
            gw.wait_state(push_id, "undeliverable")
    finally:
        sim.receipts(state="DELIVRD")
    wait_for(lambda: "E-07: PIN-signed documents to the subscriber failed too often" in
             push("tps", number, APN, signed(APN, "USERPIN", b"7394")).desc, "the block")
    equal(push("tps", subscriber(WM5), APN, signed(APN, "USERPIN", b"7394")).code, 1001)


@case
def pin_that_is_guessed_offline():
    """T11: a recorded document tells a PIN that is easily guessed"""
    for pin in (b"1234", b"0000", b"12"):
        refused(push("tps", subscriber(WM5), APN, signed(APN, "USERPIN", pin)), 8)


@case
def service_loading_that_nobody_sees():
    """T7: an SL that an open device fetches and runs without a question"""
    sl = '<?xml version="1.0"?><sl href="%s"/>'
    number = subscriber(HTC)
    refused(push("shop", number, sl % "https://load.example.net/x", SL), 12)
    refused(push("tps", number, sl % "http://load.example.net/x", SL), 12)
    refused(push("tps", number, sl % "https://rogue.example/x", SL), 12)
    equal(push("tps", number, sl % "https://load.example.net/x", SL).code, 1001)


@case
def spoofed_dm_server():
    """rogue server II: a notification in the name of another server"""
    def notification(server, digest=b"\x11" * 16):
        return digest + b"\x02\xc8\0\0\0\0\x01" + bytes([len(server)]) + server
    number = subscriber(WM5)
    refused(push("shop", number, notification(b"srv-other"), NIA), 13)
    refused(push("shop", number, notification(b"srv-shop", b"\0" * 16), NIA), 13)
    equal(push("shop", number, notification(b"srv-shop"), NIA).code, 1001)


@case
def intercepted_password():
    """secrets in a document that goes over the air in clear"""
    body = document(("NAPDEF", {"NAPID": "n", "AUTHSECRET": "swordfish"}))
    reply = push("shop", subscriber(WM5), body, signed(body, "USERPIN", b"7391"))
    refused(reply, 18)
    assert "swordfish" not in reply.text and "swordfish" not in "\n".join(gw.program.tail())


@case
def paid_service_for_who_does_not_pay():
    """attack on the business model"""
    gif = b"\x89PNG"
    gold, tin = subscriber(WM5, tier="gold"), subscriber(WM5, tier="tin")
    push_id = new_id()
    types = initiator("media", user="media", password="media", more="")
    gw.write_config(initiators=gw.settings["initiators"] + types)
    equal(gw.admin("/api/v1/reload", method="POST").status, 200)
    reply = push("media", [gold, tin], gif, "image/png", push_id)
    equal(reply.code, 1001, reply.text)
    wait_for(lambda: gw.show(push_id)["n_final"] == 2, "both to be final")
    states = {r["address"].split("=")[1].split("/")[0]: (r["state"], r["code"]) for r in gw.show(push_id)["recipients"]}
    equal(states[gold][0], "delivered")
    equal(states[tin], ("undeliverable", 2001))


@case
def header_injection():
    """T12: a line end inside a value adds a header"""
    reply = gw.push(subscriber(WM5), content="x", content_type="text/plain", user="shop", password="shop",
                    headers=(("X-MS-DESC", "hello\rPush-Flag: 3"),))
    refused(reply, 15, 2000)


@case
def held_and_released():
    """an operator lets the second of the two messages go"""
    number, push_id = subscriber(WM5), new_id()
    equal(push("tps", number, APN, signed(APN, "USERPIN", b"6407")).code, 1001)
    held(push("shop", number, "Order 6407 is on its way", "text/plain", push_id), 8)
    row = waiting()[push_id]
    equal((row["initiator"], len(row["waiting"])), ("shop", 1))
    assert "E-08" in row["waiting"][0]["why"] and "6407" not in row["waiting"][0]["why"], row
    listed = run([built("ppgctl"), "quarantine", "--admin", "http://127.0.0.1:%d" % gw.admin_port],
                 env={"PPGCTL_TOKEN": TOKEN})
    assert push_id in listed[1], listed
    equal(gw.show(push_id)["state"], "pending")
    equal(decide("release", push_id), {"released": 1})
    wait_for(lambda: step(push_id) == "delivered", "the text to be delivered")
    assert push_id not in waiting()
    decide("release", push_id, 409)
    decide("reject", push_id, 409)
    decide("release", "nothing@example.net", 404)
    events = [r["event"] for r in gw.admin("/api/v1/audit?push-id=" + push_id.replace("@", "%40")).json()["rows"]]
    assert "release" in events, events


@case
def held_and_rejected():
    """an operator says no: the initiator is told"""
    number, push_id = subscriber(WM5), new_id()
    equal(push("tps", number, APN, signed(APN, "USERPIN", b"6408")).code, 1001)
    held(push("shop", number, "Order 6408", "text/plain", push_id,
              attributes='ppg-notify-requested-to="%s"' % receiver.url), 8)
    code, out, err = run([built("ppgctl"), "reject", push_id, "--admin", "http://127.0.0.1:%d" % gw.admin_port],
                         env={"PPGCTL_TOKEN": TOKEN})
    equal((code, out), (0, "rejected: 1\n"), err)
    recipient = gw.show(push_id)["recipients"][0]
    equal((recipient["state"], recipient["code"], recipient["desc"]), ("undeliverable", 2001, "rejected by an operator"))
    note = receiver.wait()[-1]
    equal((note["message-state"], note["code"]), ("undeliverable", "2001"))


@case
def held_over_a_restart():
    """E-20: the first privileged settings of an account wait, over a restart too; after their release others go"""
    gw.write_config(store_more=CONTROL.replace("group = control", "group = control\ne-20 = enforce"))
    equal(gw.admin("/api/v1/reload", method="POST").status, 200)
    first, later = new_id(), new_id()
    held(push("tps", subscriber(OPENED), POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY), first), 20)
    equal(push("tps", subscriber(WM5), APN, signed(APN, "USERPIN", b"7391")).code, 1001)
    gw.stop()
    gw.start()
    gw.wait_link()
    assert first in waiting()
    equal(step(first), "quarantined")
    equal(decide("release", first), {"released": 1})
    wait_for(lambda: step(first) == "delivered", "the document to be delivered")
    equal(push("tps", subscriber(OPENED), POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY), later).desc.startswith("held"),
          False)
    wait_for(lambda: step(later) == "delivered", "the next one to be delivered")


@case
def a_first_use_is_noted_by_a_warning_too():
    """E-20: what an account sent while it only warned counts when it is enforced"""
    def mode(word):
        gw.write_config(store_more=CONTROL.replace("group = control", "group = control\ne-20 = " + word))
        equal(gw.admin("/api/v1/reload", method="POST").status, 200)

    name = "profiles/e-20-released.tps"
    note = lambda: gw.admin("/api/v1/" + name).status
    if note() == 200:
        gw.admin("/api/v1/" + name, method="DELETE")
    equal(note(), 404)
    mode("warn")
    reply = push("tps", subscriber(OPENED), POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY))
    equal(reply.code, 1001, reply.text)
    assert "E-20" in reply.desc and not reply.desc.startswith("held"), reply.desc
    wait_for(lambda: note() == 200, "the note")
    equal("E-20" in (push("tps", subscriber(OPENED), POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY)).desc or ""), False)
    before = gw.metric("recipients_quarantined")        # of cases before this one
    mode("enforce")
    equal((push("tps", subscriber(OPENED), POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY)).desc or "").startswith("held"), False)
    gw.admin("/api/v1/" + name, method="DELETE")
    waits = new_id()
    held(push("tps", subscriber(OPENED), POLICY, signed(POLICY, "NETWPIN", NETWORK_KEY), waits), 20)
    equal(gw.metric("recipients_quarantined"), before + 1)
    gw.stop()
    gw.start()
    gw.wait_link()
    wait_for(lambda: gw.metric("recipients_quarantined") == before + 1, "the count after a restart")
    equal(decide("release", waits), {"released": 1})
    wait_for(lambda: gw.metric("recipients_quarantined") == before, "the count to fall")
    mode("off")


@case
def held_and_cancelled():
    """its initiator may take back what waits"""
    number, push_id = subscriber(WM5), new_id()
    equal(push("shop", number, "Code 8813", "text/plain").code, 1001)
    held(push("tps", number, APN, signed(APN, "USERPIN", b"8813"), push_id), 8)
    code, out, err = run([built("ppgctl"), "cancel", push_id, "--url", gw.url, "--user", "tps"], env={"PPGCTL_PASSWORD": "tps"})
    equal(code, 0, out + err)
    equal(step(push_id), "cancelled")


@case
def a_warning_lets_it_pass():
    """e-06 = warn: it goes, and everybody is told"""
    gw.write_config(store_more=CONTROL.replace("group = control", "group = control\ne-06 = warn\ne-05 = off"))
    equal(gw.admin("/api/v1/reload", method="POST").status, 200)
    push_id = new_id()
    reply = push("tps", subscriber(OPENED), POLICY, signed(POLICY, "USERPIN", b"7391"), push_id)
    equal(reply.code, 1001, reply.text)
    rows = gw.admin("/api/v1/audit?push-id=" + push_id.replace("@", "%40")).json()["rows"]
    assert "control E-06" in rows[0]["detail"], rows


harness.main()
