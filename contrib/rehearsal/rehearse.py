#!/usr/bin/env python3
"""The rehearsal of ./quickstart --rehearse: a phone from the factory is bootstrapped over the air, provisioned and managed
by an operator's own server, and everybody who tries the same without being that server is refused - by the phone, and
by the gateway that says so beforehand."""
import argparse
import json
import os
import re
import secrets
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "quickstart"))
from common import DEADLINE_S, Program, fail, get_json, pick_port, say, wait_for  # noqa: E402

NUMBER, IMSI, PIN = "+12025550143", "001010123456789", "471147"
DEVICE_ID = "IMEI:004999010640000"
TPS_URL, GATEWAY_NUMBER = "https://tps.example.net/cp", "+12025550100"
PORTS = ("PPG", "ADMIN", "SMPP", "SIM", "DM", "NOTIFY")
PROFILE = "wm5-opened"
NIA = "application/vnd.syncml.notification"
CP = "application/vnd.wap.connectivity-wbxml"

# what an attacker would have a phone believe
ROGUE_BOOTSTRAP = """<wap-provisioningdoc version="1.1">
<characteristic type="BOOTSTRAP"><parm name="NAME" value="Rogue"/><parm name="PROVURL" value="https://rogue.example.org/cp"/>
</characteristic></wap-provisioningdoc>"""
ROGUE_PROXY = """<wap-provisioningdoc version="1.1">
<characteristic type="NAPDEF"><parm name="NAPID" value="INET"/><parm name="NAME" value="Internet"/>
<parm name="BEARER" value="GSM-GPRS"/><parm name="NAP-ADDRESS" value="rogue.example.org"/><parm name="NAP-ADDRTYPE" value="APN"/>
</characteristic></wap-provisioningdoc>"""

# what the operator knows of the phone, and tells its gateway: before the bootstrap, and after it
FACTORY = {}
BOOTSTRAPPED = {"provurl": TPS_URL, "policies": {"4107": 3200, "4119": 128},
                "proxies": [{"id": "ppg", "address": GATEWAY_NUMBER, "type": "E164", "trust": 1, "push": 1}]}


class Rehearsal:
    def __init__(self, programs, folder, show_bytes):
        self.programs, self.folder, self.show_bytes = programs, folder, show_bytes
        self.values = {name: pick_port(0) for name in PORTS}
        for name in ("TPS", "ROGUE", "TOKEN"):
            self.values[name] = secrets.token_hex(12)
        self.steps, self.wrong, self.seen = 0, [], 0
        self.sessions = []

    # ---- the programs

    def path(self, name):
        return os.path.join(self.folder, name)

    def program(self, name):
        return os.path.join(self.programs, name)

    def configure(self, name):
        with open(os.path.join(HERE, name + ".in")) as f:
            text = re.sub("@([A-Z]+)@", lambda m: str(self.values[m.group(1)]), f.read())
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(text)

    def certificates(self):
        """An authority, and the certificate of the DM server under it."""
        with open(self.path("server.ext"), "w") as f:
            f.write("subjectAltName=DNS:localhost\n")
        for args in (
                "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Rehearsal",
                "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
                "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem"):
            done = subprocess.run(["openssl"] + args.split(), cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE_S)
            if done.returncode != 0:
                fail("openssl: " + done.stderr.strip()[-300:])

    def start(self):
        self.certificates()
        self.configure("ppgd.conf")
        self.configure("tps.conf")
        with open(self.path("handsets.json"), "w") as f:
            json.dump({"handsets": [{"number": NUMBER[1:], "profile": PROFILE, "imsi": IMSI, "pins": [PIN],
                                     "dm_info": {"DevId": DEVICE_ID, "Man": "Example"}}]}, f)
        self.sim_url = "http://127.0.0.1:%d" % self.values["SIM"]
        self.admin_url = "http://127.0.0.1:%d" % self.values["ADMIN"]
        self.pap_url = "http://127.0.0.1:%d/wappush" % self.values["PPG"]
        Program(self.folder, [self.program("smscsim"), "--port", str(self.values["SMPP"]), "--http-port",
                              str(self.values["SIM"])]).wait_line("HTTP on")
        self.handset = Program(self.folder, [
            self.program("pushrouter"), "--smscsim", self.sim_url, "--handsets", "handsets.json", "--json",
            "--dm", "--dm-ca-file", "ca.pem"])
        Program(self.folder, [self.program("ppgd"), "ppgd.conf"]).wait_line("ppgd: ready")
        wait_for(lambda: all(link["state"] == "up" for link in get_json(self.admin_url + "/api/v1/links", self.values["TOKEN"])),
                 "the SMPP link to be up")
        Program(self.folder, [self.program("tps"), "tps.conf"]).wait_line("tps: ready")
        say("running: smscsim (SMSC), pushrouter (the phone %s), ppgd (gateway), tps (provisioning server); logs in %s" % (
            NUMBER, os.path.relpath(self.folder)))

    def run(self, *args, stdin="", **env):
        done = subprocess.run([self.program(args[0])] + list(args[1:]), capture_output=True, text=True, input=stdin,
                              cwd=self.folder, env=dict(os.environ, PPGCTL_TOKEN=self.values["TOKEN"], **env), timeout=DEADLINE_S)
        if done.returncode == 2:
            fail("%s %s: %s" % (args[0], args[1], done.stderr.strip()))
        return done.stdout

    def tps(self, *args, stdin=""):
        return self.run("tps", "-c", "tps.conf", *args, stdin=stdin)

    # ---- what is told

    def step(self, title):
        self.steps += 1
        say("\n%d. %s" % (self.steps, title))

    def tell(self, who, text):
        say("   %-9s %s" % (who, text))

    def check(self, good, text):
        if not good:
            self.wrong.append("step %d: %s" % (self.steps, text))
            say("   UNEXPECTED: " + text)

    def known(self, device):
        """The operator's import: what the phone is, and what has been set on it."""
        facts = json.dumps({"imsi": IMSI, "dm_servers": ["dm.example.net"], "device": device}).replace('"', '""')
        with open(self.path("subscribers.csv"), "w") as f:
            f.write('address,number,profile,facts\n%s,,%s,"%s"\n' % (NUMBER, PROFILE, facts))
        self.run("ppgctl", "subscribers", "--admin", self.admin_url, "import", "subscribers.csv")

    def outcome(self, decision):
        return "%s%s" % (decision["outcome"], " " + decision["code"] if decision.get("code") else "")

    def follow(self, push_id):
        """A push to its end: what the gateway had predicted, what went on air, what the phone decided."""
        show = lambda: json.loads(self.run("ppgctl", "show", "--admin", self.admin_url, "--json", push_id))
        push = wait_for(lambda: (lambda p: p if p["state"] != "pending" else None)(show()), "the receipt of " + push_id)
        recipient = push["recipients"][0]
        self.check(push["state"] == "delivered", "the push is " + push["state"])
        predicted = recipient["prediction"]
        self.tell("gateway", "predicted: %s%s" % (self.outcome(predicted), ", " + predicted["reason"] if predicted.get("reason") else ""))
        message = get_json("%s/messages?since=%d&wait=%d" % (self.sim_url, self.seen, DEADLINE_S))[-1]
        self.seen = message["seq"]
        decoded = message["message"]
        params = "".join("; %s=%s" % item for item in decoded["params"].items())
        self.tell("on air", "%d SMS: %s%s" % (len(message["segments"]), decoded["content_type"], params))
        self.tell("", "Push-Flag %s, initiator %s, from %s" % (decoded["push_flag"], decoded["initiator_uri"], message["source"]))
        if self.show_bytes:
            for octets in message["segments"]:
                for at in range(0, len(octets), 72):
                    self.tell("" if at else "bytes", octets[at:at + 72])
        decision = self.decision()
        self.tell("phone", "%s%s" % (self.outcome(decision), ": " + decision["reason"] if decision.get("reason") else
                                     " by the " + (decision.get("client") or "router")))
        self.tell("", "roles " + ", ".join(decision["roles"]))
        self.check((predicted["outcome"], predicted["code"]) == (decision["outcome"], decision["code"]),
                   "the gateway predicted %s, the phone decided %s" % (self.outcome(predicted), self.outcome(decision)))
        return decision

    def next_line(self):
        return json.loads(self.handset.wait_line(r"^\{.*\}$").group(0))

    def decision(self):
        while True:
            line = self.next_line()
            if "seq" in line:
                return line
            self.sessions.append(line["dm"])

    def session(self):
        while not self.sessions:
            line = self.next_line()
            if "handset" in line:
                self.sessions.append(line["dm"])
        return self.sessions.pop(0)

    # ---- the provisioning server's part

    def push(self, template, *values, expect, stdin=""):
        answer = json.loads(self.tps("push", DEVICE_ID, template, *values, "--json", stdin=stdin))
        return self.submitted(answer, expect)

    def submitted(self, answer, expect):
        self.tell("gateway", "PAP %d %s" % (answer["code"], answer["desc"]))
        self.check(answer["code"] == 1001, "not accepted")
        if answer["code"] != 1001:
            return {}
        decision = self.follow(answer["push_id"])
        self.check(decision["outcome"] == expect, "wanted " + expect)
        return decision

    def state(self):
        return json.loads(self.run("pushrouter", "--handsets", "handsets.json", "--state", NUMBER[1:]))

    def managed(self, auth, name):
        """Account, package 0, session."""
        self.step("A DM account whose credentials are %s" % name)
        self.tps("device", "remove", DEVICE_ID)
        self.tps("device", "add", DEVICE_ID, "--msisdn", NUMBER, "--imsi", IMSI, "--profile", PROFILE, "--auth", auth)
        self.tell("tps", "makes new passwords and nonces for the phone, and sends the w7 document")
        self.push("w7", expect="APPLY")
        self.step("Package 0, and a session with %s" % name)
        self.tps("dm", "queue", DEVICE_ID, "get", "./DevInfo/Man")
        self.tps("dm", "queue", DEVICE_ID, "replace", "./DMAcc/dm.example.net/Name", "Managed by the operator")
        self.tell("tps", "notifies the phone; its digest proves who asks")
        answer = json.loads(self.tps("notify", DEVICE_ID, "--json"))
        self.submitted(answer, "DELIVER")
        session = self.session()
        self.tell("session", "%s: %d messages; phone by %s, server by %s" % (
            session["outcome"], session["messages"], session["device_auth"], session["server_auth"]))
        for command in session["commands"]:
            self.tell("", "%-8s %-40s %d" % (command["command"], command["target"], command["status"]))
        self.check(session["outcome"] == "done", "the session ended as " + str(session["reason"]))
        self.check(session["device_auth"].endswith({"md5": "md5", "sha256": "sha256", "hmac-sha256": "hmac-sha256"}[auth]),
                   "the phone used " + session["device_auth"])
        self.check({(c["command"], c["status"]) for c in session["commands"]} == {("Get", 200), ("Replace", 200)},
                   "not all commands were done")

    # ---- the others' part

    def submit(self, account, content_type, body, headers=()):
        with open(self.path("attack.bin"), "wb") as f:
            f.write(body)
        options = [part for header in headers for part in ("--header", header)]
        password = self.values["ROGUE" if account.startswith("rogue") else "TPS"]
        return json.loads(self.run("ppgctl", "submit", "--json", "--url", self.pap_url, "--user", account, "--to", NUMBER,
                                   "--push-id", "rehearsal-%s@example.org" % secrets.token_hex(4), "--type", content_type,
                                   "--file", "attack.bin", *options, PPGCTL_PASSWORD=password))

    def attack(self, user, document, content_type, headers=(), body=None):
        """Submitted twice: as an account of which the gateway refuses what will be refused, and as one that is only warned."""
        for account in user:
            answer = self.submit(account, content_type, body if body is not None else document.encode(), headers)
            self.tell(account[:9], "PAP %s %s" % (answer["code"], answer.get("desc") or ""))
            if account.endswith("-warned") or account == "tps":
                self.check(answer["code"] == 1001, "not accepted, although only warned")
                if answer["code"] == 1001:
                    decision = self.follow(answer["push_id"])
                    self.check(decision["outcome"] in ("DISCARD", "REJECT_DOC"), "the phone took it")
            else:
                self.check(answer["code"] == 2001 and "predicted" in (answer.get("desc") or ""), "the gateway did not refuse it")

    def compiled(self, document):
        with open(self.path("attack.xml"), "w") as f:
            f.write(document)
        return bytes.fromhex(self.run("ppgctl", "encode", "--body", "--type", "text/vnd.wap.connectivity-xml", "attack.xml"))

    # ---- all of it

    def act(self):
        self.step("The phone comes from the factory, opened for a bootstrap over the air")
        state = self.state()
        self.tell("phone", "profile %s: 4107 = %s, 4119 = %s; no provisioning server, no trusted proxy" % (
            PROFILE, state["policies"]["4107"], state["policies"]["4119"]))
        self.known(FACTORY)
        self.tps("device", "add", DEVICE_ID, "--msisdn", NUMBER, "--imsi", IMSI, "--profile", PROFILE)
        self.tell("operator", "tells the gateway and the provisioning server what it is")

        self.step("OTA bootstrap, signed with the network's PIN and the user's")
        self.tell("tps", "asks the gateway to sign with USERNETWPIN; the user's PIN came by letter, and goes no further than there")
        self.push("bootstrap", "policy-4107=3200", "policy-4119=128", "--sign", "usernetwpin", "--sign-at", "gateway",
                  "--pin-stdin", stdin=PIN + "\n", expect="APPLY_AFTER_PIN")
        state = self.state()
        self.tell("phone", "provisioning server %s, trusted proxy %s; closed: 4107 = %s, 4119 = %s" % (
            state.get("provurl"), state["proxies"][0]["address"], state["policies"]["4107"], state["policies"]["4119"]))
        self.check((state.get("provurl"), state["policies"]["4107"], state["policies"]["4119"]) == (TPS_URL, 3200, 128),
                   "the bootstrap did not do what it says")
        self.known(BOOTSTRAPPED)

        self.step("Continuous provisioning by the server that was installed")
        self.tell("tps", "sends an access point, unsigned: who it is says the gateway")
        decision = self.push("apn", "apn=internet.example.net", expect="APPLY")
        self.check(decision.get("effective", 0) & 8 != 0, "without the manager role")
        self.tell("", "effective mask %d: manager (8) among it, by grant" % decision.get("effective", 0))

        for auth, name in (("md5", "MD5"), ("sha256", "SHA-256"), ("hmac-sha256", "HMAC-SHA-256")):
            self.managed(auth, name)

        self.step("A rogue provisioning server wants to be the phone's own")
        self.attack(("rogue", "rogue-warned"), ROGUE_BOOTSTRAP, "text/vnd.wap.connectivity-xml")

        self.step("The same with a forged Push-Flag: the gateway writes what it knows itself")
        self.attack(("rogue", "rogue-warned"), ROGUE_PROXY, "text/vnd.wap.connectivity-xml", headers=("Push-Flag: 3",))

        self.step("A document with a wrong MAC, even by the right server")
        self.attack(("tps",), None, CP + "; SEC=NETWPIN; MAC=" + "0123456789" * 4, body=self.compiled(ROGUE_PROXY))

        self.managed("md5", "MD5, once more")
        stale = self.notification()
        self.step("A notification with a stale nonce: one that the phone has followed already")
        self.tell("tps", "notifies the phone again, so that the nonce of the last time is used up")
        self.submitted(json.loads(self.tps("notify", DEVICE_ID, "--json")), "DELIVER")
        session = self.session()
        self.check(session["outcome"] == "done", "that session ended as %s" % session["reason"])
        self.replay(stale)

        self.step("After all this, the phone is as it was")
        state = self.state()
        self.tell("phone", "provisioning server %s" % state.get("provurl"))
        self.check(state.get("provurl") == TPS_URL, "its provisioning server is another one")
        self.check("rogue" not in json.dumps(state["settings"]), "there are settings of the rogue server")

    def notification(self):
        """The body of the last package 0 on air."""
        sent = get_json("%s/messages?since=0" % self.sim_url)
        octets = b""
        for part in [m for m in sent if m["message"]["content_type"] == NIA][-1]["segments"]:
            raw = bytes.fromhex(part)
            octets += raw[raw[0] + 1:]
        return octets[3 + octets[2]:]

    def replay(self, body):
        answer = self.submit("rogue-warned", NIA, body)
        self.tell("rogue", "sends the older one again: PAP %s %s" % (answer["code"], answer.get("desc") or ""))
        self.check(answer["code"] == 1001 and "E-16" in (answer.get("desc") or ""), "the gateway did not say that it was there before")
        decision = self.follow(answer["push_id"])
        refused = (decision.get("dm") or {}).get("refused")
        self.tell("", "its DM client does nothing: %s" % refused)
        self.check(refused is not None and "digest" in refused, "the phone took it")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--programs", required=True)
    options.add_argument("--folder", required=True)
    options.add_argument("--bytes", action="store_true")
    options = options.parse_args()
    folder = os.path.abspath(options.folder)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name in ("ppg.db", "ppg.db-wal", "ppg.db-shm", "tps.db", "tps.db-wal", "tps.db-shm"):
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rehearsal = Rehearsal(os.path.abspath(options.programs), folder, options.bytes)
    try:
        rehearsal.start()
        rehearsal.act()
    except KeyboardInterrupt:
        say("\nstopping")
    finally:
        Program.stop_all()
    if rehearsal.wrong:
        say("\nNOT as expected:")
        for text in rehearsal.wrong:
            say("  " + text)
        sys.exit(1)
    say("\n%d steps, each decided as expected, and as the gateway had predicted" % rehearsal.steps)


if __name__ == "__main__":
    main()
