"""What the gateway says a device will do, and what the device then does: subscribers, profiles, on-predicted-refusal."""
import glob
import hashlib
import hmac
import http.server
import json
import os
import urllib.parse

import harness
from gateway import Gateway, PROVURL, Receiver, SENDER, TOKEN, initiator, new_id
from harness import Smscsim, built, case, equal, run, wait_for

TRUSTED = [{"id": "P1", "address": SENDER, "type": "E164", "trust": 1, "push": 1}]
DEVICES = {
    "stranger": {"profile": "wm5"},                                     # knows no gateway
    "ours": {"profile": "wm5", "proxies": TRUSTED, "provurl": PROVURL},
    "open": {"profile": "wm-htc-2008"},
    "w10m": {"profile": "w10m", "proxies": TRUSTED},
    "samsung": {"profile": "android-samsung-old"},
    "nokia": {"profile": "nokia-s60"},
}
IMSI = "001010123456789"
NUMBERS = {name: "+1202555%04d" % (200 + i) for i, name in enumerate(DEVICES)}
UNKNOWN, ODD = "+12025550299", "+12025550298"
DOCUMENT = ('<?xml version="1.0"?><wap-provisioningdoc version="1.1"><characteristic type="%s">'
            '<parm name="NAME" value="x"/></characteristic></wap-provisioningdoc>')
CP = "text/vnd.wap.connectivity-xml"


def pi(name, more):
    return initiator(name, user=name, password=name, more=more)


sim, nobody_sim = Smscsim(), Smscsim()
gw = Gateway(sim.port, initiators="".join(
    pi(name, 'on-predicted-refusal = %s\nnotify-allow = "127.0.0.0/8"' % name) for name in ("refuse", "warn", "send")))
gw.wait_link()
receiver = Receiver()


def api(method, path, body=None, content_type="text/csv", status=200):
    answer = harness.http_request(method, "http://127.0.0.1:%d/api/v1/%s" % (gw.admin_port, path), body,
                                  {"Authorization": "Bearer " + TOKEN, "Content-Type": content_type})
    equal(answer.status, status, answer.text)
    return answer.json()


def quoted(value):
    return '"%s"' % json.dumps(value).replace('"', '""')


def put(number, facts, profile=""):
    api("PUT", "subscribers", "address,number,profile,facts\n%s,,%s,%s\n" % (number, profile, quoted(facts)))


for name, device in DEVICES.items():
    put(NUMBERS[name], {"imsi": IMSI, "tier": "gold", "device": device})


def push(who, to, push_id=None, **more):
    push_id = push_id or new_id()
    return push_id, gw.push(to, push_id=push_id, user=who, password=who, **more)


def predicted(push_id, n=0):
    push = gw.show(push_id)
    return push["recipients"][n]["prediction"]


def handset(name, to, profile=None):
    """What the device itself makes of the last message to that number."""
    message = sim.wait_messages(1, dest=to)[-1]
    status, out, err = run([built("pushrouter"), "--decode", "--json", "--from", SENDER, "--imsi", IMSI, "--pin", "1397",
                            "--device", device_file(name)], "|".join(message["segments"]) + "\n")
    return json.loads(out)


def device_file(name):
    path = harness.temp_dir() + "/device.json"
    with open(path, "w") as f:
        json.dump(DEVICES[name], f)
    return path


def signed(body, sec, key):
    return CP + "; SEC=%s; MAC=%s" % (sec, hmac.new(key, body, hashlib.sha1).hexdigest().upper())


# ---- one recipient -----------------------------------------------------------------------------------

@case
def a_refusal_of_the_only_recipient_is_the_push_response():
    before = sim.stats()["submit_sm"]
    push_id, reply = push("refuse", NUMBERS["stranger"])
    equal(reply.code, 2001, reply.text)
    assert reply.desc.startswith("predicted discard P13: SI role mismatch (4109); needs a trusted proxy"), reply.desc
    equal(gw.show(push_id), None)
    push_id, reply = push("refuse", NUMBERS["ours"])
    equal(reply.code, 1001, reply.text)
    assert "predicted" not in reply.text, reply.text
    gw.wait_state(push_id, "delivered")
    equal(sim.stats()["submit_sm"], before + 1)


@case
def a_warning_is_told_everywhere():
    push_id, reply = push("warn", NUMBERS["stranger"])
    equal(reply.code, 1001)
    assert reply.desc.startswith("predicted discard P13: "), reply.desc
    gw.wait_state(push_id, "delivered")
    got = predicted(push_id)
    equal((got["outcome"], got["code"], got["profile"], got["device_known"]), ("DISCARD", "P13", "wm5", True))
    rows = gw.admin("/api/v1/audit?" + urllib.parse.urlencode({"push-id": push_id})).json()["rows"]
    assert "predicted discard P13" in rows[0]["detail"], rows
    assert any("E-14" in line and "predicted discard P13" in line for line in gw.program.tail()), gw.program.tail()


@case
def who_wants_no_warning_gets_none_but_the_prediction():
    push_id, reply = push("send", NUMBERS["stranger"])
    equal(reply.code, 1001, reply.text)
    assert "predicted" not in reply.text, reply.text
    equal(predicted(push_id)["code"], "P13")


@case
def what_was_predicted_is_what_the_handset_decides():
    body = (DOCUMENT % "SecurityPolicy").encode()
    apn = (DOCUMENT % "CM_GPRSEntries").encode()
    rows = (("stranger", None), ("ours", None), ("open", None), ("w10m", None),
            ("ours", (body, CP)), ("stranger", (body, CP)), ("w10m", (body, CP)),
            ("ours", (apn, "USERPIN")), ("w10m", (apn, "USERPIN")), ("stranger", (apn, "USERPIN")),
            ("ours", (body, "USERPIN")), ("ours", (apn, "NETWPIN")),
            ("samsung", None), ("samsung", (apn, CP)), ("samsung", (apn, "USERPIN")), ("samsung", (apn, "NETWPIN")),
            ("nokia", None), ("nokia", (body, CP)), ("nokia", (body, "USERPIN")))
    for name, document in rows:
        more = {}
        if document:
            content, kind = document
            headers = (("Cache-Control", "no-transform"),)
            if kind == "USERPIN":
                kind = signed(content, "USERPIN", b"1397")
            elif kind == "NETWPIN":
                kind = signed(content, "NETWPIN", bytes.fromhex("0910101032547698"))
            more = dict(content=content, content_type=kind, headers=headers)
        push_id, reply = push("send", NUMBERS[name], **more)
        equal(reply.code, 1001, (name, document, reply.text))
        gw.wait_state(push_id, "delivered")
        said, did = predicted(push_id), handset(name, NUMBERS[name])
        equal((said["outcome"], said["code"], said["path"]), (did["outcome"], did["code"], did["path"]), (name, document))


@case
def a_wrong_network_pin_is_foreseen():
    body = (DOCUMENT % "CM_GPRSEntries").encode()
    put(ODD, {"imsi": IMSI, "device": {"profile": "w10m", "policies": {"4141": 4096}}})
    reply = push("refuse", ODD, content=body, content_type=signed(body, "NETWPIN", b"wrong"),
                 headers=(("Cache-Control", "no-transform"),))[1]
    equal(reply.code, 2001, reply.text)
    assert reply.desc.startswith("predicted discard P08: network PIN MAC wrong"), reply.desc


# ---- many recipients ---------------------------------------------------------------------------------

@case
def one_of_many_ends_undeliverable_by_itself():
    to = [NUMBERS["ours"], NUMBERS["stranger"], NUMBERS["open"]]
    push_id, reply = push("refuse", to, attributes='ppg-notify-requested-to="%s"' % receiver.url)
    equal(reply.code, 1001, reply.text)
    assert "(1 of 3 recipients)" in reply.desc, reply.desc
    wait_for(lambda: gw.show(push_id)["n_final"] == 3, "all to be final")
    shown = {r["address"].split("=")[1].split("/")[0]: r for r in gw.show(push_id)["recipients"]}
    equal([shown[n]["state"] for n in to], ["delivered", "undeliverable", "delivered"])
    refused = shown[to[1]]
    equal((refused["code"], refused["prediction"]["code"]), (2001, "P13"))
    assert refused["desc"].startswith("predicted discard P13"), refused
    wait_for(lambda: len([b for _, _, b in receiver.got if push_id in b]) == 3, "three notifications")
    (note,) = [n for n in receiver.wait() if n["push-id"] == push_id and NUMBERS["stranger"] in n["address"]]
    equal((note["message-state"], note["code"]), ("undeliverable", "2001"))
    assert note["desc"].startswith("predicted discard P13"), note
    equal(sim.messages(dest=NUMBERS["stranger"])[-1:] and len([m for m in sim.messages() if m["dest"].endswith("0299")]), 0)


@case
def nobody_of_many():
    put(ODD, {"device": DEVICES["stranger"]})
    reply = push("refuse", [NUMBERS["stranger"], ODD], content='<?xml version="1.0"?><sl href="http://m.example.net/"/>',
                 content_type="text/vnd.wap.sl")[1]
    equal(reply.code, 2001, reply.text)


@case
def many_kinds_of_devices():
    """Each recipient of a large push to all kinds of devices has its own prediction"""
    kinds = sorted(os.path.basename(f)[:-len(".profile")] for f in glob.glob(harness.TOP_SRCDIR + "/contrib/profiles/*.profile"))
    kinds.remove("windows-mobile")              # that is only a base
    assert len(kinds) > 20, kinds
    profiles = ["own-%d" % i for i in range(60)]
    for name in profiles:
        api("PUT", "profiles/" + name, ("base = %s\n" % kinds[int(name[4:]) % len(kinds)]).encode(), "text/plain")
    to = ["+1202556%04d" % i for i in range(2300)]
    device = [profiles[i * 7 % 60] for i in range(2300)]
    api("PUT", "subscribers", "address,number,profile,facts\n" + "".join(
        "%s,,%s,\n" % row for i, row in enumerate(zip(to, device)) if i % 11 != 10))
    push_id, reply = push("send", to)
    equal(reply.code, 1001, reply.text)
    outcomes, seen = {}, 0
    for first in range(0, 2300, 700):            # not where the chunks begin
        shown = gw.admin("/api/v1/pushes?" + urllib.parse.urlencode({"push-id": push_id, "first": first})).json()["recipients"]
        for r in shown[:700]:
            i, got = r["n"], r["prediction"]
            equal(i, seen)
            seen += 1
            assert got is not None, (i, device[i])
            equal(got["profile"], "unknown" if i % 11 == 10 else device[i])
            equal(got["device_known"], i % 11 != 10)
            equal(got["outcome"], outcomes.setdefault(got["profile"], got["outcome"]), (i, device[i]))
    equal(seen, 2300)
    assert {"DELIVER", "DISCARD"} <= set(outcomes.values()), outcomes
    one = gw.admin("/api/v1/pushes?" + urllib.parse.urlencode(
        {"push-id": push_id, "address": "WAPPUSH=%s/TYPE=PLMN@ppg.example.net" % to[2299]})).json()["recipients"]
    equal([r["prediction"]["profile"] for r in one], [device[2299]])


# ---- what is known --------------------------------------------------------------------------------------

@case
def devices_that_nobody_knows_are_taken_for_the_strictest():
    push_id, reply = push("refuse", UNKNOWN)
    got = predicted(push_id)
    equal((got["outcome"], got["profile"], got["device_known"]), ("DELIVER", "unknown", False))
    push_id, reply = push("refuse", UNKNOWN, content='<?xml version="1.0"?><sl href="https://m.example.net/"/>',
                          content_type="text/vnd.wap.sl")
    equal(reply.code, 1001, reply.text)         # E-19 only warns while there is no group control
    equal((predicted(push_id)["outcome"], predicted(push_id)["device_known"]), ("DISCARD", False))


SL = dict(content='<?xml version="1.0"?><sl href="https://m.example.net/"/>', content_type="text/vnd.wap.sl")


@case
def nobody_is_known_and_each_push_has_its_prediction():
    own = Gateway(nobody_sim.port)
    own.wait_link()
    to = [UNKNOWN, ODD, "+12025550297"]

    def said(**more):
        push_id = new_id()
        reply = own.push(to, push_id=push_id, **more)
        equal(reply.code, 1001, reply.text)
        recipients = own.show(push_id)["recipients"]
        equal(len(recipients), 3)
        assert recipients[0]["prediction"] == recipients[1]["prediction"] == recipients[2]["prediction"], recipients
        return recipients[0]["prediction"], reply.desc, push_id

    got, desc, push_id = said()
    equal((got["outcome"], got["profile"], got["device_known"], got["code"], got["advice"], got["risks"]),
          ("DELIVER", "unknown", False, None, None, []))
    assert "predicted" not in (desc or ""), desc
    got, desc, push_id = said(**SL)
    equal((got["outcome"], got["profile"], got["device_known"]), ("DISCARD", "unknown", False))
    assert desc.startswith("predicted discard P12") and "(3 of 3 recipients)" in desc, desc
    rows = own.admin("/api/v1/audit?" + urllib.parse.urlencode({"push-id": push_id})).json()["rows"]
    assert "predicted discard P12" in rows[0]["detail"], rows
    wait_for(lambda: any("E-14" in line and "predicted discard P12" in line for line in own.program.tail()), "the log to tell")
    # a profile in the store stands before the file of that name, from the next push on
    own_api = lambda method, body: equal(harness.http_request(
        method, "http://127.0.0.1:%d/api/v1/profiles/unknown" % own.admin_port, body,
        {"Authorization": "Bearer " + TOKEN, "Content-Type": "text/plain"}).status, 200)
    own_api("PUT", b"family = other\nmode sl = auto\nmode si = ignore\n")
    equal(said(**SL)[0]["outcome"], "DELIVER")
    equal(said()[0]["outcome"], "DISCARD")
    own_api("DELETE", None)
    equal(said()[0]["outcome"], "DELIVER")
    own.stop()
    # a reload takes another profile for them; a whole family that looks at the sender
    own.write_config(store_more="\ngroup = subscriber-source\ndefault-profile = wm5\n")
    own.start()
    own.wait_link()
    got = said()[0]
    equal((got["outcome"], got["code"], got["profile"], got["device_known"]), ("DISCARD", "P13", "wm5", False))
    assert got["advice"].startswith("needs a trusted proxy as sender (the device knows none)"), got
    own.stop()


@case
def profiles_of_the_configuration():
    """group device-profile: its own names, read again at a reload; mistakes name file, line, group and key"""
    folder = harness.temp_dir()

    def write(name, text):
        with open(folder + "/" + name, "w") as f:
            f.write(text)

    def groups(*names):
        return "".join("\ngroup = device-profile\nname = %s\nfile = %s/%s.profile\n" % (n, folder, n) for n in names)

    def reload(status):
        answer = own.admin("/api/v1/reload", method="POST")
        equal(answer.status, status, answer.text)
        return answer.text

    def said(to):
        push_id = new_id()
        equal(own.push(to, push_id=push_id).code, 1001)
        return own.show(push_id)["recipients"][0]["prediction"]

    write("fleet.profile", "base = yard\npolicy 4109 = 3136\n")
    write("yard.profile", "base = wm5\n")
    own = Gateway(nobody_sim.port, store_more=groups("fleet", "yard"))
    own.wait_link()
    rows = b"address,number,profile\n+12025550271,,fleet\n+12025550272,,yard\n"
    equal(harness.http_request("PUT", "http://127.0.0.1:%d/api/v1/subscribers" % own.admin_port, rows, {
        "Authorization": "Bearer " + TOKEN, "Content-Type": "text/csv"}).status, 200)
    got = said("+12025550271")
    equal((got["profile"], got["outcome"], got["device_known"]), ("fleet", "DELIVER", True))
    got = said("+12025550272")
    equal((got["profile"], got["outcome"], got["code"]), ("yard", "DISCARD", "P13"))
    write("fleet.profile", "base = yard\n")                       # no key has changed
    reload(200)
    equal(said("+12025550271")["outcome"], "DISCARD")
    write("fleet.profile", "base = yard\npolicy 4109 = what\n")
    text = reload(409)
    for word in ("ppgd.conf:", "group device-profile, file: fleet:2: "):
        assert word in text, text
    equal(said("+12025550271")["profile"], "fleet")                # the one in force stays
    write("fleet.profile", "base = yard\npolicy 4109 = 3136\n")
    own.write_config(store_more=groups("fleet", "yard") + "\ngroup = subscriber-source\ndefault-profile = fleet\n")
    reload(200)
    got = said("+12025550279")
    equal((got["profile"], got["outcome"], got["device_known"]), ("fleet", "DELIVER", False))
    own.write_config(store_more="")
    reload(200)
    got = said("+12025550271")                                      # nobody describes it any more
    equal((got["profile"], got["device_known"]), ("unknown", False))
    own.stop()


@case
def e_19_off_says_nothing_of_devices_that_nobody_knows():
    own = Gateway(nobody_sim.port, store_more="\ngroup = control\ne-19 = off\ne-03 = off\n")
    own.wait_link()
    push_id = new_id()
    equal(own.push(UNKNOWN, push_id=push_id).code, 1001)
    equal(own.show(push_id)["recipients"][0]["prediction"], None)
    own.stop()


@case
def a_profile_of_the_store():
    put(ODD, {}, profile="mine")
    equal(predicted(push("send", ODD)[0])["profile"], "unknown")
    api("PUT", "profiles/mine", b"base = wm5\npolicy 4109 = 3136\n", "text/plain; charset=utf-8")
    got = predicted(push("send", ODD)[0])
    equal((got["outcome"], got["profile"]), ("DELIVER", "mine"))
    put(ODD, {}, profile="../../etc/passwd".replace("/", "."))
    equal(predicted(push("send", ODD)[0])["device_known"], False)


@case
def secrets_are_known_but_not_shown():
    put(ODD, {"imsi": IMSI, "device": {"profile": "wm5", "pins": ["7391"]}})
    shown = api("GET", "subscribers?address=%2B" + ODD[1:])
    equal(shown["facts"]["imsi"], True)
    equal(shown["facts"]["device"]["pins"], True)
    for text in (json.dumps(shown), "\n".join(gw.program.tail())):
        assert IMSI not in text and "7391" not in text, text


@case
def facts_with_columns_of_their_own():
    head = "address,number,profile,facts,imsi,tier,dm_servers\n"
    api("PUT", "subscribers", head + '%s,,wm5,"{""a"":1}",%s,gold,srv-1; srv-2\n%s,,,,,tin,\n' % (ODD, IMSI, UNKNOWN))
    equal(api("GET", "subscribers?address=%2B" + ODD[1:])["facts"],
          {"a": 1, "imsi": True, "tier": "gold", "dm_servers": ["srv-1", "srv-2"]})
    equal(api("GET", "subscribers?address=%2B" + UNKNOWN[1:])["facts"], {"tier": "tin"})
    for row in ("%s,,,,12,," % ODD, "%s,,,[],,gold," % ODD, "%s,,,x,,gold," % ODD, "%s,,,,,,a" % ODD + ",b"):
        equal(api("PUT", "subscribers", head + row + "\n", status=400)["n_bad"], 1)
    api("DELETE", "subscribers?address=%2B" + UNKNOWN[1:])


@case
def facts_that_are_none():
    for facts in ({"imsi": "12345"}, {"imsi": 1}, {"imsi": "00101012345678901"}, {"imsi": "00101x123456789"}, {"tier": 5},
                  {"dm_servers": "x"}, {"dm_servers": ["a;b"]}, {"dm_servers": [""]}, {"device": "wm5"}, []):
        answer = api("PUT", "subscribers", "address,number,profile,facts\n%s,,,%s\n" % (ODD, quoted(facts)), status=400)
        equal(answer["n_bad"], 1)
        assert "00101" not in json.dumps(answer), answer



# ---- looked up over HTTP -----------------------------------------------------------------------------------

other_sim = Smscsim()          # receipts go to whoever is bound to one


class Source(harness.threading.Thread):
    """A subscriber database: number -> (status, body), and who asked for whom."""

    def __init__(self):
        super().__init__(daemon=True)
        outer = self
        self.rows, self.asked, self.hold = {}, [], harness.threading.Event()
        self.hold.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                number = urllib.parse.unquote(self.path.rsplit("/", 1)[1])
                outer.asked.append(number)
                outer.hold.wait(harness.DEADLINE_S)
                status, body = outer.rows.get(number, (404, b""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/subscriber/{number}" % self.server.server_port
        harness.at_end(self.server.shutdown)
        self.start()

    def run(self):
        self.server.serve_forever()


@case
def who_is_not_in_the_table_is_looked_up_when_due():
    source = Source()
    good, bad, unknown, broken = ("+120255504%02d" % i for i in range(4))
    source.rows = {good: (200, json.dumps({"imsi": IMSI, "device": DEVICES["ours"]}).encode()),
                   bad: (200, json.dumps({"device": DEVICES["stranger"]}).encode()), broken: (200, b"[]")}
    own = Gateway(other_sim.port, initiators=initiator(more="on-predicted-refusal = refuse"),
                  store_more='\ngroup = subscriber-source\nsource = http\nurl = "%s"\n' % source.url)
    own.wait_link()
    source.hold.clear()
    push_id = new_id()
    equal(own.push([good, bad, unknown, broken], push_id=push_id).code, 1001)       # nobody waits for the source
    equal(own.show(push_id)["recipients"][0]["prediction"]["outcome"], None)
    source.hold.set()
    wait_for(lambda: own.show(push_id)["n_final"] == 4, "all to be final")
    shown = {r["address"].split("=")[1].split("/")[0]: r for r in own.show(push_id)["recipients"]}
    equal([shown[n]["state"] for n in (good, bad, unknown, broken)], ["delivered", "undeliverable", "delivered", "delivered"])
    equal(shown[bad]["code"], 2001)
    assert shown[bad]["desc"].startswith("predicted discard P13"), shown[bad]
    wait_for(lambda: all(r["prediction"]["outcome"] for r in own.show(push_id)["recipients"]), "what was predicted when due")
    shown = {r["address"].split("=")[1].split("/")[0]: r["prediction"] for r in own.show(push_id)["recipients"]}
    equal([(shown[n]["outcome"], shown[n]["profile"], shown[n]["device_known"]) for n in (good, bad, unknown, broken)],
          [("DELIVER", "wm5", True), ("DISCARD", "wm5", True), ("DELIVER", "unknown", False), ("DELIVER", "unknown", False)])
    equal(sorted(source.asked), sorted([good, bad, unknown, broken]))
    reply = own.push(bad)                               # from now on its answer is in the cache
    equal(reply.code, 2001, reply.text)
    equal(own.push(good).code, 1001)
    equal(len(source.asked), 4)
    assert IMSI not in "\n".join(own.program.tail())
    own.stop()


@case
def a_source_that_is_down_holds_nobody_up():
    own = Gateway(other_sim.port, initiators=initiator(more="on-predicted-refusal = refuse"), store_more=(
        '\ngroup = subscriber-source\nsource = http\nurl = "http://127.0.0.1:%d/{number}"\n' % harness.free_port()))
    own.wait_link()
    push_id = new_id()
    equal(own.push("+12025550450", push_id=push_id).code, 1001)
    own.wait_state(push_id, "delivered")
    assert any("subscriber-source" in line for line in own.program.tail()), own.program.tail()
    own.stop()


@case
def a_stop_during_a_look_up_loses_nobody():
    source = Source()
    more = '\ngroup = subscriber-source\nsource = http\nurl = "%s"\n' % source.url
    own = Gateway(other_sim.port, initiators=initiator(more="on-predicted-refusal = refuse"), store_more=more)
    own.wait_link()
    source.hold.clear()
    push_id = new_id()
    equal(own.push("+12025550460", push_id=push_id).code, 1001)
    wait_for(lambda: source.asked, "the look-up")
    own.stop()
    source.hold.set()
    equal(other_sim.messages(dest="+12025550460") + other_sim.messages(dest="12025550460"), [])
    own.start()
    own.wait_state(push_id, "delivered")
    own.stop()


harness.main()
