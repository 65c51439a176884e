"""smscsim against an ESME that is not ours: Kannel's bearerbox binds, submits segments, takes the receipts."""
import os
import shutil
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402
import smpp_client as smpp                                 # noqa: E402

CONFIG = """\
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {box}
box-allow-ip = "127.0.0.1"

group = smsc
smsc = smpp
smsc-id = sim
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
msg-id-type = {id_type}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}

group = sendsms-user
username = tester
password = tester
max-messages = 10
concatenation = true
"""


def find(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise harness.Skip(name + " is not installed")
    return path


class Kannel:
    def __init__(self, sim, id_type=0):
        ports = dict(admin=harness.free_port(), box=harness.free_port(), send=harness.free_port(), smpp=sim.port)
        config = os.path.join(harness.temp_dir(), "kannel.conf")
        with open(config, "w") as f:
            f.write(CONFIG.format(id_type=id_type, **ports))
        bearerbox, smsbox = find("bearerbox"), find("smsbox")
        self.programs = [harness.Program([bearerbox, config])]
        wait_for(lambda: sim.stats()["bound"] == 1, "the bearerbox to bind")
        self.programs.append(harness.Program([smsbox, config]))
        self.programs[1].wait_line("Connected to bearerbox")    # asked earlier, it panics
        self.url = "http://127.0.0.1:%d/cgi-bin/sendsms?" % ports["send"]

    def send(self, **query):
        query = urllib.parse.urlencode(dict(query, username="tester", password="tester"),
                                       quote_via=urllib.parse.quote)

        def ask():
            try:
                return harness.http_get(self.url + query)
            except OSError:
                return None         # the smsbox does not listen yet
        return wait_for(ask, "an answer of the smsbox")

    def stop(self):
        for program in reversed(self.programs):
            program.kill()		# their own orderly end hangs now and then


@case
def bearerbox():
    """a push of three segments arrives whole, and the bearerbox knows the receipt for its own"""
    sim = harness.Smscsim("--quiet")
    try:
        kannel = Kannel(sim)
        push = smpp.si_push(text="a" * 300)
        header = bytes.fromhex("0605040B8423F0")
        got = kannel.send(to="+12025550123", coding=1, udh=header, text=push, **{
            "from": "12025550100", "dlr-mask": 31, "dlr-url": "http://127.0.0.1:1/"})
        equal(got.status, 202, got.text)
        entry, = sim.wait_messages(1)
        equal((entry["system_id"], entry["dest"], len(entry["segments"])), ("kannel", "12025550123", 3))
        equal(entry["message"].get("content_type"), "application/vnd.wap.sic", str(entry["message"]))
        assert "a" * 300 in entry["message"]["body"]["value"]
        kannel.programs[0].wait_line(r"created DLR message")
        wait_for(lambda: sim.stats()["receipts_acknowledged"] >= 1, "the answer to the receipt")
        equal(sim.stats()["errors"], 0)
        kannel.stop()
    finally:
        sim.stop()


@case
def hexadecimal_receipts():
    """receipts with hexadecimal ids are matched by a bearerbox that is told so"""
    sim = harness.Smscsim("--quiet")
    try:
        sim.receipts(id_format="hex")
        kannel = Kannel(sim, id_type=2)        # bit 1: deliver_sm has hexadecimal ids
        kannel.send(to="+12025550124", coding=1, udh=bytes.fromhex("0605040B8423F0"), text=smpp.si_push(), **{
            "from": "12025550100", "dlr-mask": 31, "dlr-url": "http://127.0.0.1:1/"})
        kannel.programs[0].wait_line(r"created DLR message")
        kannel.stop()
    finally:
        sim.stop()


harness.main()
