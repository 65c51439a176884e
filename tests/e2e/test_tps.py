"""tps between its command line, ppgd and smscsim: devices, documents that are signed, package 0, result notifications."""
import base64
import hashlib
import hmac
import json
import os
import re
import shutil

import harness
from gateway import Gateway, PROVURL, SENDER, initiator
from harness import case, equal

FOLDER = harness.temp_dir()
NUMBER, IMSI, PIN = "+12025550123", "001010123456789", "1234"
EF_IMSI = bytes.fromhex("0910101032547698")
ENV = {"OPENPPG_TEMPLATES": harness.source("contrib/tps/templates"), "OPENPPG_PROFILES": harness.source("contrib/profiles")}

CONFIG = """
group = tps
log-level = 0
database = tps.db
templates = own
server-id = dm.example
dm-host = 127.0.0.1
dm-port = 0
dm-plain-http = true
dm-url = "http://127.0.0.1/dm"
gateway-url = "{gateway}"
gateway-username = tps
gateway-password = tps-password
gateway-name = ppg.example.net
gateway-address = "{sender}"
initiator-uri = "{provurl}"
notify-port = {notify_port}
notify-url = "http://127.0.0.1:{notify_port}/notify"
"""

sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator("tps", "tps", "tps-password"), ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
notify_port = harness.free_port()
config = os.path.join(FOLDER, "tps.conf")
with open(config, "w") as f:
    f.write(CONFIG.format(gateway=gw.url, sender=SENDER, provurl=PROVURL, notify_port=notify_port))
os.mkdir(os.path.join(FOLDER, "own"))
with open(os.path.join(FOLDER, "own", "mail.tmpl"), "w") as f:
    f.write("# title: News\n# type: text/vnd.wap.si\n# needs href: where\n<?xml version=\"1.0\"?>\n"
            "<!DOCTYPE si PUBLIC \"-//WAPFORUM//DTD SI 1.0//EN\" \"http://www.wapforum.org/DTD/si.dtd\">\n"
            "<si><indication href=\"${href}\">News</indication></si>\n")
with open(os.path.join(FOLDER, "own", "broken.tmpl"), "w") as f:
    f.write("# title: Broken\n<wap-provisioningdoc><characteristic></wap-provisioningdoc>\n")
tps_program = harness.Program([harness.built("tps"), config], env=ENV)
tps_program.wait_line("tps: ready")


def tps(*args, stdin="", status=0):
    """The command's output; with --json a list of objects."""
    got, out, err = harness.run([harness.built("tps"), "-c", config] + list(args), stdin=stdin, env=ENV)
    equal(got, status, "tps %s\n%s%s" % (" ".join(args), out, err))
    if status != 0:
        return err
    return [json.loads(line) for line in out.splitlines()] if "--json" in args else out


def push(*args, stdin="", command="push", status=0):
    """Pushes; the message at the SMSC, decoded, and the push id."""
    before = sim.messages()
    got = tps(command, *args, "--json", stdin=stdin, status=status)[0]
    equal(got["code"], 1001)
    message = sim.wait_messages(1, since=before[-1]["seq"] if before else 0)[0]
    return message["message"], got["push_id"]


def parts_body(seq_message):
    """The WSP body octets, from the parts as they were on air."""
    octets = b""
    for part in seq_message["segments"]:
        raw = bytes.fromhex(part)
        octets += raw[raw[0] + 1:]
    return octets[3 + octets[2]:]


def last_raw():
    return sim.messages()[-1]


equal(tps("device", "add", "IMEI:490154203237518", "--msisdn", NUMBER, "--imsi", IMSI, "--profile", "wm5"),
      "IMEI:490154203237518\n")


@case
def verbs_that_answer_a_program():
    """--json: an object a line, of every verb that changes something, too."""
    equal(tps("device", "add", "IMEI:6", "--json"), [{"device_id": "IMEI:6"}])
    equal(tps("device", "password", "IMEI:6", "--json"), [{"device_id": "IMEI:6"}])
    equal(tps("device", "password", "IMEI:6"), "")
    queued = tps("dm", "queue", "IMEI:6", "get", "./DevInfo/Mod", "--json")
    equal(queued, [{"id": tps("dm", "list", "IMEI:6", "--json")[0]["id"]}])
    equal(tps("dm", "clear", "IMEI:6", "--json"), [{"cleared": 1}])
    shown = tps("template", "show", "apn", "--json")
    equal((len(shown), shown[0]["name"]), (1, "apn"))
    said = tps("template", "show", "apn")
    for text in (shown[0]["title"], shown[0]["type"], shown[0]["body"]) + tuple(v["name"] for v in shown[0]["variables"]):
        assert text in said, text
    assert any(v["needed"] and v["default"] is None for v in shown[0]["variables"]), shown
    equal(tps("device", "remove", "IMEI:6", "--json"), [{"device_id": "IMEI:6"}])
    assert "no such device" in tps("device", "show", "IMEI:6", status=1)


@case
def devices():
    """What is added is listed; ids, numbers and passwords are of one device only; nothing secret is printed."""
    secret = "a-password-of-16"
    path = os.path.join(FOLDER, "pw")
    with open(path, "w") as f:
        f.write(secret + "\n")
    tps("device", "add", "IMEI:1", "--password-file", path, "--auth", "hmac-sha256", "--user", "first")
    for what, args in (("is there already", ("IMEI:1",)), ("that number already", ("IMEI:2", "--msisdn", NUMBER)),
                       ("that password already", ("IMEI:2", "--password-file", path))):
        assert what in tps("device", "add", *args, status=1), what
    wrong = (("IMEI 1",), ("IMEI:3", "--msisdn", "12025550123"), ("IMEI:3", "--msisdn", "+12"), ("IMEI:3", "--imsi", "12a"),
             ("IMEI:3", "--auth", "basic"), ("IMEI:3", "--auth", "none"), ("IMEI:3", "--require", "certificate"),
             ("IMEI:3", "--require", "all"), ("IMEI:3", "--certificate", "sha256:00"), ("IMEI:3", "--certificate", "CN=x"),
             ("IMEI:3", "--user", "a:b"), ("IMEI:3", "--profile", "no-such"), ("IMEI:3", "--colour", "red"), (),
             ("IMEI:3", "IMEI:4"), ("IMEI:3", "--password-file", "/nonexistent"), ("IMEI:3", "--password-file", "/dev/null"))
    for args in wrong:
        tps("device", "add", *args, status=2)
    equal([d["device_id"] for d in tps("device", "list", "--json")], ["IMEI:1", "IMEI:490154203237518"])
    for name in ("IMEI:1", "first"):
        shown = tps("device", "show", name, "--json")[0]
        equal((shown["device_id"], shown["auth"], shown["require"], shown["password_kept"]),
              ("IMEI:1", "hmac-sha256", "application", True))
    for name in (NUMBER, NUMBER[1:], "490154203237518"):
        equal(tps("device", "show", name, "--json")[0]["msisdn"], NUMBER)
    said = tps("device", "show", "IMEI:1") + tps("device", "list") + tps("device", "show", NUMBER)
    assert secret not in said and IMSI not in said, said
    assert "no such device" in tps("device", "show", "IMEI:9", status=1)
    tps("device", "remove", "IMEI:1")
    tps("device", "remove", "IMEI:1", status=1)
    equal(os.stat(os.path.join(FOLDER, "tps.db")).st_mode & 0o777, 0o600)


@case
def passwords_differ():
    """Each device has a password of its own, and a new one when it is asked for."""
    seen = set()
    for i in range(5):
        tps("device", "add", "IMEI:77%d" % i, "--msisdn", "+1202555017%d" % i)
        message, _ = push("IMEI:77%d" % i, "w7")
        seen.add(message["body"]["value"].split('name="AAUTHSECRET" value="')[1].split('"')[0])
    tps("device", "password", "IMEI:770")
    message, _ = push("IMEI:770", "w7")
    seen.add(message["body"]["value"].split('name="AAUTHSECRET" value="')[1].split('"')[0])
    equal(len(seen), 6)
    assert all(len(base64.b64decode(s)) >= 16 for s in seen)
    for i in range(5):
        tps("device", "remove", "IMEI:77%d" % i)


@case
def templates():
    """Templates of ours and of one's own folder; what is missing or too much is named."""
    names = [t["name"] for t in tps("template", "list", "--json")]
    equal(names, ["apn", "bootstrap", "broken", "dm-bootstrap", "email", "mail", "mms", "w7"])
    assert "the access point name" in tps("template", "show", "apn")
    assert "template apn needs apn: the access point name" in tps("push", NUMBER, "apn", status=2)
    assert "knows no apm" in tps("push", NUMBER, "apn", "apn=x", "apm=y", status=2)
    assert "is not NAME=VALUE" in tps("push", NUMBER, "apn", "apn", status=2)
    assert "there is no template" in tps("push", NUMBER, "nothing", status=1)
    assert "the document of template broken" in tps("push", NUMBER, "broken", status=1)
    message, _ = push(NUMBER, "mail", "href=http://www.example.net/?a=1&b=2")
    equal((message["content_type"], 'href="http://www.example.net/?a=1&amp;b=2"' in message["body"]["value"]),
          ("application/vnd.wap.sic", True))
    assert "only provisioning and DM bootstrap documents are signed" in tps("push", NUMBER, "mail", "href=http://example.net/", "--sign", "netwpin",
                                                           status=2)


@case
def unsigned():
    """Continuous provisioning: no MAC; the gateway adds the initiator URI and both flags."""
    message, _ = push(NUMBER, "apn", "apn=internet.example.net", "user=me", "password=<&>")
    equal((message["content_type"], message.get("params", {}).get("MAC"), message["push_flag"], message["initiator_uri"]),
          ("application/vnd.wap.connectivity-wbxml", None, 3, PROVURL))
    path = os.path.join(FOLDER, "apn-password")
    with open(path, "w") as f:
        f.write("of <a> file\nmore\n")
    for word, stdin in (("password@" + path, ""), ("password@-", "of <a> file\n")):
        other, _ = push(NUMBER, "apn", "apn=x", "user=me", word, stdin=stdin)
        assert '"AUTHSECRET" value="of &lt;a&gt; file"' in other["body"]["value"], other["body"]["value"]
    tps("push", NUMBER, "apn", "apn@/nonexistent", status=2)
    for part in ('"NAP-ADDRESS" value="internet.example.net"', '"AUTHSECRET" value="&lt;&amp;&gt;"'):
        assert part in message["body"]["value"], message["body"]["value"]


@case
def signed_here():
    """The MAC is over the octets on air, with the key that its method asks for."""
    rows = (("netwpin", EF_IMSI, None), ("userpin", PIN.encode(), PIN), ("usernetwpin", EF_IMSI + PIN.encode(), PIN))
    for method, key, pin in rows:
        message, _ = push(NUMBER, "apn", "apn=a.example.net", "--sign", method, *(["--pin-stdin"] if pin else []),
                          stdin=(pin or "") + "\n")
        mac = hmac.new(key, parts_body(last_raw()), hashlib.sha1).hexdigest().upper()
        equal(message["params"], {"SEC": method.upper(), "MAC": mac}, method)


@case
def signed_dm_bootstrap():
    """The bootstrap of the DM profile: its key types have other names and keys, the PIN comes first."""
    for method, key, pin in (("netwpin", IMSI, None), ("userpin", PIN, PIN), ("usernetwpin", PIN + ":" + IMSI, PIN)):
        message, _ = push(NUMBER, "dm-bootstrap", "--sign", method, *(["--pin-stdin"] if pin else []), stdin=(pin or "") + "\n")
        mac = hmac.new(key.encode(), parts_body(last_raw()), hashlib.sha1).hexdigest().upper()
        equal((message["content_type"], message["app_id"], message["params"]),
              ("application/vnd.syncml.dm+wbxml", "x-wap-application:syncml.dm", {"SEC": method.upper(), "MAC": mac}), method)
        assert "./DMAcc/tps/AppAuth/1/AAuthSecret" in message["body"]["value"]


@case
def signing_refused():
    """What cannot be signed is said before anything is sent; a PIN that is wrong is not repeated."""
    before = len(sim.messages())
    tps("device", "add", "IMEI:5", "--msisdn", "+12025550155")
    assert "IMSI is not known" in tps("push", "IMEI:5", "apn", "apn=x", "--sign", "netwpin", status=1)
    assert "needs --pin-stdin" in tps("push", NUMBER, "apn", "apn=x", "--sign", "userpin", status=2)
    assert "is for --sign userpin" in tps("push", NUMBER, "apn", "apn=x", "--pin-stdin", stdin=PIN, status=2)
    said = tps("push", NUMBER, "apn", "apn=x", "--sign", "userpin", "--pin-stdin", stdin="98x65\n", status=2)
    assert "98x65" not in said, said
    tps("push", NUMBER, "apn", "apn=x", "--sign", "userpinmac", status=2)
    tps("push", NUMBER, "apn", "apn=x", "--sign", "netwpin", "--sign-at", "home", status=2)
    tps("device", "remove", "IMEI:5")
    far = os.path.join(FOLDER, "far.conf")
    with open(config) as f, open(far, "w") as g:
        g.write(re.sub("gateway-url = .*", 'gateway-url = "http://127.example.net/wappush"', f.read()))
    status, out, err = harness.run([harness.built("tps"), "-c", far, "push", NUMBER, "apn", "apn=x", "--sign", "userpin", "--sign-at",
                                    "gateway", "--pin-stdin"], stdin=PIN + "\n", env=ENV)
    equal((status, out), (1, ""))
    assert "plain HTTP to another host" in err and PIN not in err, err
    tps("device", "add", "IMEI:6")
    assert "number is not known" in tps("push", "IMEI:6", "apn", "apn=x", status=1)
    tps("device", "remove", "IMEI:6")
    equal(len(sim.messages()), before)


@case
def bootstrap_and_account():
    """The TPS bootstrap names gateway and PROVURL; the w7 account has what the database has."""
    message, _ = push(NUMBER, "bootstrap", "--sign", "netwpin")
    text = message["body"]["value"]
    for part in ('"PROVURL" value="%s"' % PROVURL, '"PXADDR" value="%s"' % SENDER, 'name="TRUST"', '"PUSHENABLED" value="1"',
                 'type="BOOTSTRAP"'):
        assert part in text, text
    message, _ = push(NUMBER, "w7", "--sign", "usernetwpin", "--pin-stdin", stdin=PIN + "\n")
    text = message["body"]["value"]
    for part in ('"APPID" value="w7"', '"PROVIDER-ID" value="dm.example"', '"ADDR" value="http://127.0.0.1/dm"',
                 '"AAUTHLEVEL" value="APPSRV"', '"AAUTHLEVEL" value="CLIENT"', '"AAUTHTYPE" value="DIGEST"'):
        assert part in text, text


@case
def package_0():
    """Package 0 carries the digest over server id, the server's password and nonce; session ids count up."""
    message, _ = push(NUMBER, "w7")
    account = message["body"]["value"].split('value="CLIENT"')[1]
    password, nonce = (account.split('name="%s" value="' % n)[1].split('"')[0] for n in ("AAUTHSECRET", "AAUTHDATA"))
    sessions = []
    for ui, number in (("background", 1), ("informative", 2), ("interaction", 3), ("unspecified", 0)):
        message, _ = push(NUMBER, "--ui", ui, command="notify")
        fields = message["body"]["value"]
        equal((message["content_type"], message["app_id"], fields["ui_mode"], fields["initiator"], fields["server_id"]),
              ("application/vnd.syncml.notification", "x-wap-application:syncml.dm", number, "server", "dm.example"))
        sessions.append(int(fields["session_id"], 16))
        octets = parts_body(last_raw())
        h = base64.b64encode(hashlib.md5(("dm.example:" + password).encode()).digest())
        digest = hashlib.md5(h + b":" + base64.b64decode(nonce) + b":" +
                             base64.b64encode(hashlib.md5(octets[16:]).digest())).digest()
        equal(octets[:16], digest)
    equal(sessions, [(sessions[0] - 1 + i) % 65535 + 1 for i in range(4)])
    message, _ = push(NUMBER, "--vendor", "010203", "--initiator", "client", command="notify")
    equal((message["body"]["value"]["vendor"], message["body"]["value"]["initiator"]), ("010203", "client"))
    for args in (("--ui", "loud"), ("--vendor", "0"), ("--vendor", "00" * 65), ("--initiator", "both")):
        tps("notify", NUMBER, *args, status=2)


@case
def reported():
    """The gateway's result notification is stored and acknowledged; status shows it."""
    _, push_id = push(NUMBER, "apn", "apn=x")

    def state():
        return [p for p in tps("status", NUMBER, "--json") if p["push_id"] == push_id and p["state"]]
    row = harness.wait_for(state, "the result notification")[0]
    equal((row["state"], row["code"], row["what"], row["address"]),
          ("delivered", 1000, "apn", "WAPPUSH=%s/TYPE=PLMN@ppg.example.net" % NUMBER))
    assert row["event_time"] and push_id in tps("status")


def notification(push_id="x", address="WAPPUSH=%s/TYPE=PLMN@ppg.example.net" % NUMBER, state="delivered", code="1000",
                 more=""):
    return ('<?xml version="1.0"?><!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "x"><pap><resultnotification-message '
            'push-id="%s" message-state="%s" code="%s" %s><address address-value="%s"/></resultnotification-message></pap>' % (
                push_id, state, code, more, address))


@case
def notifications_of_strangers():
    """Only who knows a push id can say something of it; garbage gets a PAP answer and changes nothing."""
    url = "http://127.0.0.1:%d/notify" % notify_port
    before = tps("status", "--json")
    for body, element in ((notification(), "resultnotification-response"), (b"", "badmessage-response"),
                          ("<pap>", "badmessage-response"), ("<pap><push-message push-id='x'/></pap>", "badmessage-response"),
                          (notification(state="happy"), "badmessage-response"), (notification(code="1"), "badmessage-response"),
                          (notification(more='event-time="now"'), "badmessage-response"),
                          (notification(push_id="x" * 200), "badmessage-response"), (b"\x00\xff" * 50, "badmessage-response"),
                          (notification(address="x" * 400), "badmessage-response")):
        answer = harness.http_post(url, body)
        equal(answer.status, 202)
        assert element in answer.text and 'code="2000"' in answer.text, answer.text
    for push_row in before[:1]:
        answer = harness.http_post(url, notification(push_row["push_id"], "WAPPUSH=+12025550199/TYPE=PLMN@ppg.example.net",
                                                     "aborted", "5234"))
        assert 'code="2000"' in answer.text, answer.text
    equal(harness.http_post(url + "/more", notification()).status, 404)
    equal(harness.http_get(url).status, 405)
    equal(harness.http_post(url, b"x" * 40000).status, 413)
    equal(tps("status", "--json"), before)


@case
def gateway_refuses():
    """What the gateway says is told and kept; exit status 1."""
    tps("device", "add", "IMEI:8", "--msisdn", "+12025550188")
    gw.write_config(initiators=initiator("tps", "tps", "another-password"))
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    assert "HTTP status 401" in tps("push", "IMEI:8", "apn", "apn=x", status=1)
    equal([(p["code"], p["state"]) for p in tps("status", "IMEI:8", "--json")], [(None, None)])
    gw.write_config(initiators=initiator("tps", "tps", "tps-password"))
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    tps("device", "remove", "IMEI:8")


@case
def commands():
    """Commands wait in order; what makes no sense is refused; what they carry is not printed."""
    tps("device", "add", "IMEI:10")
    first = int(tps("dm", "queue", "IMEI:10", "get", "./DevDetail/HwV"))
    tps("dm", "queue", "IMEI:10", "replace", "./Vendor/Password", "hidden-value")
    tps("dm", "queue", "IMEI:10", "add", "./Vendor/Node")
    tps("dm", "queue", "IMEI:10", "exec", "./Vendor/Do", "now", "--type", "text/plain")
    tps("dm", "queue", "IMEI:10", "delete", "./Vendor/Node")
    for value, more in ((b"\xff", ()), (b"x" * 65537, ()), (b"x", ("word",))):
        tps("dm", "queue", "IMEI:10", "replace", "./a", *more, "--value-file", "-", stdin=value, status=2)
    for args in (("get", "DevInfo"), ("get", "./a", "b"), ("delete", "./a", "b"), ("replace", "./a"), ("copy", "./a"),
                 ("get", "./" + "a" * 300), ("get", "./a\nb"), ("replace", "./a", "b", "--format", "x" * 20)):
        tps("dm", "queue", "IMEI:10", *args, status=2)
    listed = tps("dm", "list", "IMEI:10", "--json")
    equal([(c["verb"], c["uri"], c["status"]) for c in listed],
          [("get", "./DevDetail/HwV", None), ("replace", "./Vendor/Password", None), ("add", "./Vendor/Node", None),
           ("exec", "./Vendor/Do", None), ("delete", "./Vendor/Node", None)])
    equal(listed[0]["id"], first)
    assert "hidden-value" not in tps("dm", "list", "IMEI:10")
    equal(tps("dm", "clear", "IMEI:10"), "5\n")
    for value, more in (("of a file", ()), (b"\x00\xff", ("--format", "bin")), ("", ())):
        tps("dm", "queue", "IMEI:10", "replace", "./a", *more, "--value-file", "-", stdin=value)
    equal(tps("dm", "clear", "IMEI:10"), "3\n")
    equal(tps("dm", "list", "IMEI:10"), "")
    tps("device", "remove", "IMEI:10")


@case
def wrong_use():
    """Words that mean nothing have exit status 2; every verb has help."""
    for args in ((), ("device",), ("device", "fly"), ("fly", "high"), ("push",), ("push", NUMBER), ("dm", "queue", NUMBER, "get")):
        tps(*args, status=2) if args else None
    for args in ((), ("fly",), ("--fly",), ("-c",), ("device",), ("device", "fly")):
        status, out, err = harness.run([harness.built("tps")] + list(args), env=ENV)
        equal((status, out, err.count("\n")), (2, "", 1), err)
        assert "--help" in err, err
    for args in (("device", "add"), ("push",), ("notify",), ("dm", "queue"), ("status",), ("template", "list")):
        status, out, _ = harness.run([harness.built("tps")] + list(args) + ["--help"], env=ENV)
        equal((status, "usage: tps" in out), (0, True))
    bad = os.path.join(FOLDER, "bad.conf")
    for text, what in (("group = tps\ndm-plain-http = true\n", "server-id"),
                       ("group = tps\nserver-id = a\n", "ssl-server-cert-file"),
                       ("group = tps\nserver-id = a\ndm-plain-http = true\ngateway-url = ftp://x\n", "gateway-url"),
                       ("group = tps\nserver-id = a:b\ndm-plain-http = true\n", "server-id"),
                       ("group = tps\nserver-id = a\ndm-plain-http = true\ndm-path = dm\n", "dm-path"),
                       ("group = tps\nserver-id = a\ndm-plain-http = true\ngateway-username = a\n", "gateway-username"),
                       ("group = tps\nserver-id = a\ndm-plain-http = true\nnotify-allow-ip = x\n", "notify-allow-ip"),
                       ("group = tps\nserver-id = a\ncolour = red\n", "colour")):
        with open(bad, "w") as f:
            f.write(text)
        status, _, err = harness.run([harness.built("tps"), "--check-config", bad])
        assert status == 1 and what in err, err
    sample = os.path.join(FOLDER, "sample.conf")
    shutil.copy(harness.source("contrib/tps/tps.conf"), sample)
    with open(os.path.join(FOLDER, "gateway.password"), "w") as f:
        f.write("secret\n")
    status, out, err = harness.run([harness.built("tps"), "--check-config", sample])
    assert status == 1 and "tps.pem" in err and err.count("error") == 1, err
    status, out, err = harness.run([harness.built("tps"), "--check-config", config])
    equal((status, out), (0, config + ": no errors\n"))
    status, out, _ = harness.run([harness.built("tps"), "--print-config", config])
    assert status == 0 and "tps-password" not in out


@case
def stops():
    """SIGTERM ends it cleanly; its log has no PIN, IMSI or password."""
    tps_program.stop()
    log = tps_program.text("err") + tps_program.text()
    for secret in (IMSI, "tps-password", "AAUTHSECRET"):
        assert secret not in log


if __name__ == "__main__":
    harness.main()
