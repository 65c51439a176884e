"""Handsets and the provisioning server of contrib/tps, through ppgd and smscsim: accounts, package 0, sessions over HTTPS in WBXML."""
import json
import os

import harness
from gateway import Gateway, PROVURL, SENDER, initiator
from harness import Program, Smscsim, built, case, equal, main, run
from provisioner import make_certificate

FOLDER = harness.temp_dir()
ENV = {"OPENPPG_TEMPLATES": harness.source("contrib/tps/templates"), "OPENPPG_PROFILES": harness.source("contrib/profiles")}
make_certificate(FOLDER, "ca")
make_certificate(FOLDER, "server", "ca")
make_certificate(FOLDER, "device", "ca", "clientAuth", "DNS:device.example.net")
CONFIG = """
group = tps
log-level = 0
database = tps.db
server-id = dm.example.net
dm-host = 127.0.0.1
dm-port = {dm_port}
dm-url = "https://127.0.0.1:{dm_port}/dm"
dm-get = "./DevDetail/SwV;./DevInfo/Mod"
ssl-server-cert-file = "{folder}/server.pem"
ssl-server-key-file = "{folder}/server.key"
ssl-client-ca-file = "{folder}/ca.pem"
gateway-url = "{gateway}"
gateway-username = tps
gateway-password = tps-password
gateway-name = ppg.example.net
gateway-address = "{sender}"
initiator-uri = "{provurl}"
notify-port = {notify_port}
notify-url = "http://127.0.0.1:{notify_port}/notify"
"""
SCHEMES = ["md5", "sha256", "hmac-md5", "hmac-sha256"]
OPEN = {"4107": 4100, "4110": 4096, "4111": 4100, "4119": 4100}


def number(i):
    return "+1202555%04d" % (130 + i)


def imsi(i):
    return "00101012345%04d" % i


def dev_id(i):
    return "IMEI:4901542032%05d" % i


sim = Smscsim()
gw = Gateway(sim.port, initiators=initiator("tps", "tps", "tps-password", more='dm-servers = "dm.example.net"\n'),
             ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
config = os.path.join(FOLDER, "tps.conf")
with open(config, "w") as f:
    f.write(CONFIG.format(folder=FOLDER, gateway=gw.url, sender=SENDER, provurl=PROVURL, dm_port=harness.free_port(),
                          notify_port=harness.free_port()))
server = Program([built("tps"), config], env=ENV)
server.wait_line("tps: ready")
both = os.path.join(FOLDER, "device.both")
with open(both, "w") as f:
    f.write(open(os.path.join(FOLDER, "device.pem")).read() + open(os.path.join(FOLDER, "device.key")).read())
handset_file = os.path.join(FOLDER, "handsets.json")
with open(handset_file, "w") as f:
    json.dump({"defaults": {"profile": "wm5", "policies": OPEN, "dm": {"nodes": {".": {"acl": "Add=*&Get=*"}}}},
               "handsets": [{"number": number(i), "imsi": imsi(i), "dm_info": {"DevId": dev_id(i), "SwV": "7.%d" % i}}
                            for i in range(10)]}, f)
handsets = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", handset_file, "--json", "--dm", "--dm-ca-file",
                    os.path.join(FOLDER, "ca.pem"), "--dm-cert", both])
handsets.wait_line("10 handsets")


def tps(*args, status=0):
    got, out, err = run([built("tps"), "-c", config] + list(args), env=ENV)
    equal(got, status, "tps %s\n%s%s" % (" ".join(args), out, err))
    return [json.loads(line) for line in out.splitlines()] if "--json" in args else out


def answer(i, what):
    """The line of what a handset got, after `what` was done."""
    at = len(handsets.lines)
    what()
    return json.loads(handsets.wait_line(r'"dest": ?"\+?%s"' % number(i)[1:], start=at).string)


def session(i, what):
    """What came of the session that `what` begins."""
    at = len(handsets.lines)
    what()
    return json.loads(handsets.wait_line(r'^\{"handset": ?"%s"' % number(i)[1:], start=at).string)["dm"]


def done(i):
    return {(c["verb"], c["uri"]): c["status"] for c in tps("dm", "list", dev_id(i), "--json")}


def managed(i, scheme, more=()):
    tps("device", "add", dev_id(i), "--msisdn", number(i), "--imsi", imsi(i), "--profile", "wm5", "--auth", scheme, *more)
    got = answer(i, lambda: tps("push", dev_id(i), "w7", "--sign", "netwpin"))
    equal((got["outcome"], got.get("dm")), ("APPLY", {"accounts": True}), got)
    tps("dm", "queue", dev_id(i), "add", "./Home", "https://www.example.net/")
    tps("dm", "queue", dev_id(i), "replace", "./DevInfo/Man", "Evil")
    tps("dm", "queue", dev_id(i), "get", "./DevDetail/HwV")
    came = session(i, lambda: tps("notify", dev_id(i)))
    equal((came["outcome"], came["start"]), ("done", "notification"), "%s: %s" % (scheme, came))
    equal(done(i), {("add", "./Home"): 200, ("replace", "./DevInfo/Man"): 425, ("get", "./DevDetail/HwV"): 200}, scheme)
    shown = json.dumps(tps("device", "show", dev_id(i), "--json"))
    assert "7.%d" % i in shown and "simulated handset" in shown, shown
    # again, with what the first session left
    tps("dm", "queue", dev_id(i), "get", "./Home")
    came = session(i, lambda: tps("notify", dev_id(i)))
    equal(came["outcome"], "done", "%s again: %s" % (scheme, came))
    equal(done(i)[("get", "./Home")], 200)
    return came


@case
def schemes():
    """each way to say who one is, twice: the second session begins with the nonces that the first left"""
    for i, scheme in enumerate(SCHEMES):
        came = managed(i, scheme)
        uri = {"md5": "syncml:auth-md5", "sha256": "syncml:auth-sha256", "hmac-md5": "syncml:auth-MAC",
               "hmac-sha256": "syncml:auth-hmac-sha256"}[scheme]
        equal((came["device_auth"], came["server_auth"]), (uri, uri))


@case
def by_certificate():
    """a device that has to show a certificate as well"""
    managed(5, "md5", ("--require", "both", "--certificate", "dns:device.example.net"))


@case
def lost_nonces():
    """package 0 with the special nonce sets new ones"""
    tps("device", "add", dev_id(6), "--msisdn", number(6), "--imsi", imsi(6), "--profile", "wm5")
    answer(6, lambda: tps("push", dev_id(6), "w7", "--sign", "netwpin"))
    came = session(6, lambda: tps("notify", dev_id(6), "--reset-nonces"))
    equal(came["outcome"], "done", came)
    came = session(6, lambda: tps("notify", dev_id(6)))
    equal(came["outcome"], "done", came)


@case
def begun_by_the_document():
    """a w7 document that has the handset start at once"""
    tps("device", "add", dev_id(7), "--msisdn", number(7), "--imsi", imsi(7), "--profile", "wm5", "--auth", "sha256")
    came = session(7, lambda: tps("push", dev_id(7), "w7", "start=1", "--sign", "netwpin"))
    equal((came["outcome"], came["start"]), ("done", "client"), came)


if __name__ == "__main__":
    main()
