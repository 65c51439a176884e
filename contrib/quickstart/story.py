#!/usr/bin/env python3
"""The story that ./quickstart tells: three programs, two pushes, every station they pass."""
import argparse
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True
from common import DEADLINE_S, Program, fail, get_json, pick_port, say, wait_for  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
HANDSET = "+12025550143"
WANTED_PORTS = {"PPG": 8080, "ADMIN": 8081, "SMPP": 2775, "SIM": 8082}


class Story:
    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.ports = {name: pick_port(port) for name, port in WANTED_PORTS.items()}
        self.password, self.token = secrets.token_hex(8), secrets.token_hex(16)
        self.good = True

    def program(self, name):
        return os.path.join(self.programs, name)

    def start(self):
        config = os.path.join(self.folder, "ppgd.conf")
        with open(os.path.join(HERE, "ppgd.conf.in")) as f:
            text = f.read()
        values = dict(self.ports, PASSWORD=self.password, TOKEN=self.token)
        with open(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(re.sub("@([A-Z]+)@", lambda m: str(values[m.group(1)]), text))
        self.sim_url = "http://127.0.0.1:%d" % self.ports["SIM"]
        self.admin_url = "http://127.0.0.1:%d" % self.ports["ADMIN"]
        self.pap_url = "http://127.0.0.1:%d/wappush" % self.ports["PPG"]
        Program(self.folder, [self.program("smscsim"), "--port", str(self.ports["SMPP"]), "--http-port",
                              str(self.ports["SIM"])]).wait_line("HTTP on")
        self.handset = Program(self.folder, [self.program("pushrouter"), "--smscsim", self.sim_url, "--dest", HANDSET,
                                             "--device", os.path.join(HERE, "handset.json"), "--json"])
        self.gateway = Program(self.folder, [self.program("ppgd"), config])
        self.gateway.wait_line("ppgd: ready")
        wait_for(lambda: all(link["state"] == "up" for link in get_json(self.admin_url + "/api/v1/links", self.token)),
                 "the SMPP link to be up")
        say("running: smscsim (SMSC), pushrouter (handset %s), ppgd (gateway); logs in %s" % (
            HANDSET, os.path.relpath(self.folder)))

    def ctl(self, *args, stdin=None):
        done = subprocess.run([self.program("ppgctl")] + list(args), capture_output=True, input=stdin,
                              env=dict(os.environ, PPGCTL_PASSWORD=self.password, PPGCTL_TOKEN=self.token), timeout=DEADLINE_S)
        if done.returncode == 2:
            fail("ppgctl %s: %s" % (args[0], done.stderr.decode().strip()))
        return done.stdout

    def station(self, name, text):
        say("  %-12s %s" % (name, text))

    def push(self, title, content_type, file, expected):
        push_id = "quickstart-%s@demo.example.net" % secrets.token_hex(4)
        say("\n" + title)
        reply = json.loads(self.ctl("submit", "--json", "--url", self.pap_url, "--user", "demo", "--push-id", push_id,
                                    "--to", HANDSET, "--type", content_type, "--file", file))
        self.station("accepted", "PAP %s %s (push-id %s)" % (reply["code"], reply.get("desc") or "", push_id))
        if reply["code"] != 1001:
            self.good = False
            return
        show = lambda: get_json(self.admin_url + "/api/v1/pushes?push-id=" + urllib.parse.quote(push_id), self.token)
        push = wait_for(lambda: (lambda p: p if p["state"] != "pending" else None)(show()), "the receipt")
        recipient = push["recipients"][0]
        self.station("compiled", "%s, %d octets of headers + %d of body on air" % (
            push["content_type"], push["header_octets"], self.octets["body"] if push["body_octets"] == 0 else push["body_octets"]))
        self.station("segments", "%d SMS to %s" % (recipient["segments"], HANDSET))
        self.station("submit_sm", "link %s, message ids %s" % (recipient["smsc_id"], ", ".join(recipient["message_ids"])))
        self.station("receipt", "%s (code %d) at %s" % (recipient["state"], recipient["code"], recipient["event_time"]))
        decision = json.loads(self.handset.wait_line(r"^\{.*\}$").group(0))
        reason = "%s %s" % (decision["code"], decision["reason"]) if decision.get("code") else "all tests passed"
        self.station("handset", "%s by the %s, because: %s" % (decision["outcome"], decision.get("client") or "router", reason))
        self.station("", "roles %s (mask %d%s)" % (", ".join(decision.get("roles", [])), decision["mask"],
                                                   ", effective %d" % decision["effective"] if decision.get("effective") else ""))
        for stage in decision.get("stages", []):
            if "policy" in stage and stage["policy"] is not None:
                self.station("", "stage %-3s policy %s: %d AND %d = %d" % (
                    stage["stage"], stage["test"], stage["mask"], stage["policy"], stage["result"]))
        if recipient["state"] != "delivered" or decision["outcome"] != expected:
            say("  UNEXPECTED: wanted delivered and %s" % expected)
            self.good = False

    def tell(self):
        self.octets = {}
        self.push("(a) a Service Indication, as text", "text/vnd.wap.si", os.path.join(HERE, "si.xml"), "DELIVER")
        with open(os.path.join(HERE, "handset.json")) as f:
            imsi = json.load(f)["imsi"]
        document = os.path.join(self.folder, "apn.wbxml")
        octets = bytes.fromhex(self.ctl("encode", "--body", "--type", "text/vnd.wap.connectivity-xml",
                                        os.path.join(HERE, "apn.xml")).decode())
        with open(document, "wb") as f:
            f.write(octets)
        self.octets["body"] = len(octets)
        mac = self.ctl("mac", "--sec", "netwpin", "--imsi", imsi, "--body", document).decode().strip()
        self.push("(b) an OMA client provisioning document, signed with the network PIN",
                  "application/vnd.wap.connectivity-wbxml; SEC=NETWPIN; MAC=" + mac, document, "APPLY")

    def addresses(self):
        say("""
The gateway stays up:
  PAP            %s   (user demo, password %s)
  admin          %s/api/v1/pushes?push-id=...   (token %s)
  metrics        %s/metrics
  SMSC simulator %s/messages

Try next:
  curl -u demo:%s -H 'Content-Type: multipart/related; boundary=b; type="application/xml"' --data-binary @- %s <<'END'
--b
Content-Type: application/xml

<?xml version="1.0"?>
<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "http://www.wapforum.org/DTD/pap_2.0.dtd">
<pap><push-message push-id="mine-1@example.net">
<address address-value="WAPPUSH=%s/TYPE=PLMN@ppg.example.net"/></push-message></pap>
--b
Content-Type: text/vnd.wap.si

<si><indication href="http://www.example.net/">Hello</indication></si>
--b--
END

Ctrl-C stops everything.""" % (self.pap_url, self.password, self.admin_url, self.token, self.admin_url, self.sim_url,
                              self.password, self.pap_url, HANDSET))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--programs", required=True)
    options.add_argument("--folder", required=True)
    options.add_argument("--once", action="store_true")
    options = options.parse_args()
    folder = os.path.abspath(options.folder)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    story = Story(os.path.abspath(options.programs), folder)
    try:
        story.start()
        story.tell()
        if options.once:
            say("\n" + ("both were delivered and decided as expected" if story.good else "NOT as expected"))
            sys.exit(0 if story.good else 1)
        story.addresses()
        while True:
            line = story.handset.lines.get()
            if line is None:
                fail("the handset ended; see %s" % story.handset.log)
            decision = json.loads(line)
            say("handset: %s %s" % (decision["outcome"], decision.get("reason") or ""))
    except KeyboardInterrupt:
        say("\nstopping")
    finally:
        Program.stop_all()


if __name__ == "__main__":
    main()
