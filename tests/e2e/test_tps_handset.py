"""The whole way between tps and a handset: documents through ppgd and smscsim, package 0, DM sessions over HTTPS."""
import json
import os

import harness
from gateway import Gateway, PROVURL, SENDER, TOKEN, initiator
from harness import Program, Smscsim, built, case, equal
from provisioner import GETS, SERVER_ID, Tps, make_certificate

FOLDER = harness.temp_dir()
make_certificate(FOLDER, "ca")
make_certificate(FOLDER, "server", "ca")
PINNED = make_certificate(FOLDER, "handset", "ca", "clientAuth", "DNS:handset.example.net")
with open(os.path.join(FOLDER, "handset.both"), "w") as f:
    for part in (".pem", ".key"):
        with open(os.path.join(FOLDER, "handset" + part)) as source:
            f.write(source.read())
SCHEMES = {"md5": "syncml:auth-md5", "sha256": "syncml:auth-sha256", "hmac-md5": "syncml:auth-MAC",
           "hmac-sha256": "syncml:auth-hmac-sha256"}
OPEN = {"4107": 4096, "4110": 4096, "4111": 4096, "4119": 4096}
PIN, IMSI = "75319", "001010123456789"

sim = Smscsim()
# what doc/tps.md says that the account needs where these controls are enforced
ACCOUNT = """
content-type = "application/vnd.wap.connectivity-wbxml;text/vnd.wap.connectivity-xml;application/vnd.syncml.notification;application/vnd.syncml.dm+wbxml;application/vnd.syncml.dm+xml"
application-id = "x-wap-application:wml.ua;x-wap-application:syncml.dm"
rights = "secrets"
dm-servers = "%s"
grant-roles = 4
""" % SERVER_ID
CONTROLS = """
group = control
e-03 = enforce
e-04 = enforce
e-17 = enforce
e-17-dm-hosts = "localhost"
e-17-tps-urls = "%s"
e-18 = enforce
""" % PROVURL
gw = Gateway(sim.port, initiators=initiator("tps", "tps", "tps-password", more=ACCOUNT),
             ppg_more='notify-allow = "127.0.0.0/8"\n' + CONTROLS)
gw.wait_link()
dm_port = harness.free_port()
notify_port = harness.free_port()
tps = Tps("", start=False)
with open(tps.config, "w") as f:
    f.write("""group = tps
server-id = {id}
dm-host = 127.0.0.1
dm-port = {dm}
dm-url = "https://localhost:{dm}/dm"
ssl-server-cert-file = "{folder}/server.pem"
ssl-server-key-file = "{folder}/server.key"
gateway-url = "{gateway}"
gateway-username = tps
gateway-password = tps-password
gateway-address = "{sender}"
initiator-uri = "{provurl}"
notify-port = {notify}
notify-url = "http://127.0.0.1:{notify}/notify"
""".format(id=SERVER_ID, dm=dm_port, folder=FOLDER, gateway=gw.url, sender=SENDER, provurl=PROVURL, notify=notify_port))
tps.start()

HANDSETS = os.path.join(FOLDER, "handsets.json")
NUMBERS = {scheme: "1202555013%d" % i for i, scheme in enumerate(SCHEMES)}
NUMBERS.update({"certificate": "12025550139", "profile": "12025550138"})
NIA = "application/vnd.syncml.notification"


def device_id(name):
    return "IMEI:00499901064%s" % NUMBERS[name][-4:]


with open(HANDSETS, "w") as f:
    json.dump({"handsets": [dict({"number": number, "profile": "wm5", "policies": OPEN, "pins": [PIN], "imsi": IMSI,
                                  "dm_info": {"DevId": device_id(name), "Man": "Example & Co", "Mod": "H-" + name, "SwV": "4.2"},
                                  "dm": {"nodes": {".": {"acl": "Add=*&Get=*&Replace=*"}}, "sessions": {}}},
                                 **({"clients": [{"content_type": "application/vnd.syncml.dm+wbxml"}, {"content_type": NIA}]}
                                    if name == "profile" else {}),
                                 **({"dm_cert": os.path.join(FOLDER, "handset.both")} if name == "certificate" else {}))
                            for name, number in NUMBERS.items()]}, f)
router = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", HANDSETS, "--json", "--dm", "--dm-ca-file",
                  os.path.join(FOLDER, "ca.pem")])


def said(pattern, start):
    return json.loads(router.wait_line(pattern, start=start).string)


def account(name, *sign, stdin=PIN + "\n"):
    """The w7 document, signed; the handset takes it."""
    start = len(router.lines)
    tps.run("push", "+" + NUMBERS[name], "w7", "role=4", *sign, stdin=stdin)
    line = said(r'"dest": ?"\+?%s"' % NUMBERS[name], start)
    equal(line.get("dm"), {"accounts": True}, line)


def session(name, *notify):
    """Package 0; what the handset says of the session that follows."""
    start = len(router.lines)
    tps.run("notify", "+" + NUMBERS[name], *notify)
    return said(r'^\{"handset": ?"%s".*"dm"' % NUMBERS[name], start)["dm"]


def add(name, *more):
    tps.run("device", "add", device_id(name), "--msisdn", "+" + NUMBERS[name], "--imsi", IMSI, "--profile", "wm5", *more)


def whole(scheme, *sign, stdin=PIN + "\n"):
    add(scheme, "--auth", scheme)
    account(scheme, *sign, stdin=stdin)
    tps.run("dm", "queue", device_id(scheme), "replace", "./DMAcc/%s/Name" % SERVER_ID, "Managed <&>")
    tps.run("dm", "queue", device_id(scheme), "get", "./DMAcc/%s/Name" % SERVER_ID)
    tps.run("dm", "queue", device_id(scheme), "replace", "./DevInfo/Man", "Evil")
    tps.run("dm", "queue", device_id(scheme), "get", "./Nothing")
    first = session(scheme)
    equal((first["outcome"], first["device_auth"], first["server_auth"]), ("done", SCHEMES[scheme], SCHEMES[scheme]), first)
    listed = {(c["verb"], c["uri"]): c["status"] for c in tps.run("dm", "list", device_id(scheme), "--json")}
    equal(listed[("replace", "./DMAcc/%s/Name" % SERVER_ID)], 200)
    assert listed[("replace", "./DevInfo/Man")] >= 400 and listed[("get", "./Nothing")] == 404, listed
    nodes = tps.nodes(device_id(scheme))
    equal((nodes["./DMAcc/%s/Name" % SERVER_ID], nodes["./DevInfo/Man"], nodes["./DevInfo/Mod"], nodes["./DevDetail/SwV"]),
          ("Managed <&>", "Example & Co", "H-" + scheme, "4.2"))
    assert set(GETS) - {"./DevDetail/FwV"} <= set(nodes), nodes
    # the nonces that both kept fit package 0 and the next session
    second = session(scheme)
    equal((second["outcome"], second["messages"] <= first["messages"]), ("done", True), second)
    equal(second["session"], "%X" % (int(first["session"], 16) % 65535 + 1))
    shown = tps.show(device_id(scheme))
    equal((len(tps.events(device_id(scheme), "session")), shown["password_kept"]), (2, scheme == "hmac-sha256"))
    assert all("asked for by the server" in e for e in tps.events(device_id(scheme), "session"))


@case
def md5():
    """MD5; the document is signed here with IMSI and PIN"""
    whole("md5", "--sign", "usernetwpin", "--pin-stdin")


def subscriber(name):
    """The gateway is told the IMSI."""
    answer = harness.http_request("PUT", "http://127.0.0.1:%d/api/v1/subscribers" % gw.admin_port,
                                  'address,number,profile,facts\n+%s,,,"{""imsi"": ""%s""}"\n' % (NUMBERS[name], IMSI),
                                  headers={"Authorization": "Bearer " + TOKEN, "Content-Type": "text/csv"})
    equal(answer.status, 200, answer.text)


@case
def sha256():
    """SHA-256; the document is signed by the gateway with the IMSI"""
    subscriber("sha256")
    whole("sha256", "--sign", "netwpin", "--sign-at", "gateway", stdin="")


@case
def hmac_md5():
    """the HMAC of DM 1.2; the document is signed here with the IMSI"""
    whole("hmac-md5", "--sign", "netwpin", stdin="")


@case
def hmac_sha256():
    """HMAC-SHA256 of DM 1.3; the document is signed by the gateway with IMSI and PIN"""
    subscriber("hmac-sha256")
    whole("hmac-sha256", "--sign", "usernetwpin", "--sign-at", "gateway", "--pin-stdin")


@case
def certificate():
    """the handset's certificate alone, and then together with MD5"""
    add("certificate", "--require", "certificate", "--certificate", "sha256:" + PINNED)
    account("certificate", "--sign", "netwpin", stdin="")
    got = session("certificate")
    equal((got["outcome"], got["server_auth"]), ("done", "syncml:auth-md5"), got)
    equal(tps.nodes(device_id("certificate"))["./DevInfo/Mod"], "H-certificate")
    tps.run("device", "remove", device_id("certificate"))
    add("certificate", "--require", "both", "--certificate", "sha256:" + PINNED)
    account("certificate", "--sign", "usernetwpin", "--pin-stdin")      # control E-07: one NETWPIN document an hour
    got = session("certificate")
    equal((got["outcome"], got["device_auth"]), ("done", "syncml:auth-md5"), got)


@case
def dm_profile():
    """the account comes by a bootstrap of the DM profile, signed here, and once more signed by the gateway"""
    subscriber("profile")
    add("profile")
    for where in ("tps", "gateway"):
        start = len(router.lines)
        tps.run("push", "+" + NUMBERS["profile"], "dm-bootstrap", "account=" + where, "--sign", "usernetwpin", "--sign-at", where,
                "--pin-stdin", stdin=PIN + "\n")
        line = said(r'"dest": ?"\+?%s"' % NUMBERS["profile"], start)
        equal(line.get("dm"), {"bootstrap": True}, line)
    got = session("profile")
    equal((got["outcome"], got["device_auth"], got["server_auth"]), ("done", "syncml:auth-md5", "syncml:auth-md5"), got)
    equal(tps.nodes(device_id("profile"))["./DevInfo/Mod"], "H-profile")


@case
def lost_nonces():
    """after --reset-nonces package 0 is believed by the special nonce, and the session sets new ones"""
    for octets in (False, True):
        with open(tps.config) as f:
            text = f.read().replace("dm-nonce-octets = true\n", "")
        with open(tps.config, "w") as f:
            f.write(text + ("dm-nonce-octets = true\n" if octets else ""))
        got = session("md5", "--reset-nonces")
        equal(got["outcome"], "done", got)
        got = session("md5")
        equal(got["outcome"], "done", got)


@case
def reported():
    """every push came back as delivered"""
    def open_ones():
        return [p for p in tps.run("status", "--json") if p["state"] != "delivered"]
    harness.wait_for(lambda: not open_ones(), "the notifications")


if __name__ == "__main__":
    harness.main()
