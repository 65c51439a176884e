"""Pushes through Kannel's own bearerbox: ppgd as one of its boxes, smscsim as the SMSC behind it."""
import os
import re
import shutil
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gateway                                             # noqa: E402
import harness                                             # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402

KANNEL = """\
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {smsbox}
wapbox-port = {wapbox}
box-allow-ip = "127.0.0.1"
store-type = file
store-location = "{folder}/kannel.store"
store-dump-freq = 1

group = wapbox
bearerbox-host = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}

{smsc}
"""

SMPP = """\
group = smsc
smsc = smpp
smsc-id = sim
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
reconnect-delay = 1
"""

FAKE = """\
group = smsc
smsc = fake
smsc-id = fake
port = {port}
connect-allow-ip = 127.0.0.1
"""

# what ppgd needs beside it: the same file, read by both, would do as well
OURS = """
group = ppg
ppg-port = {port}
interface = 127.0.0.1
global-sender = "{sender}"

{initiators}

group = store
url = "sqlite:ppg.db"

group = admin
port = {admin_port}
token = "{token}"
"""


class Box:
    """A bearerbox that binds to the simulator; without one it waits for Kannel's own, fakesmsc, on self.ports["fake"]."""

    def __init__(self, sim=None):
        self.path = shutil.which("bearerbox", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if self.path is None:
            raise harness.Skip("bearerbox is not installed")
        self.folder, self.sim = harness.temp_dir(), sim
        self.ports = {name: harness.free_port() for name in ("admin", "smsbox", "wapbox", "send", "fake")}
        smsc = SMPP.format(port=sim.port) if sim else FAKE.format(port=self.ports["fake"])
        self.text = KANNEL.format(folder=self.folder, smsc=smsc, **self.ports)
        self.config = os.path.join(self.folder, "kannel.conf")
        with open(self.config, "w") as f:
            f.write(self.text)
        self.program = None

    def start(self):
        self.program = harness.Program([self.path, self.config])
        wait_for(lambda: (not self.sim or self.sim.stats()["bound"] == 1) and harness.is_listening(self.ports["smsbox"]),
                 "the bearerbox to bind")

    def kill(self):
        self.program.kill()
        if self.sim:
            wait_for(lambda: self.sim.stats()["bound"] == 0, "the end of its bind")


class Gateway(gateway.Gateway):
    """ppgd with Kannel's file and what is its own behind that."""

    def __init__(self, box):
        self.box = box
        super().__init__(0)

    def write_config(self, **changes):
        self.settings.update(changes)
        with open(self.config, "w") as f:
            f.write(self.box.text + OURS.format(**self.settings))


def link(gw):
    one, = gw.admin("/api/v1/links").json()
    return one


@case
def a_kannel_file_works_as_it_is():
    """a push of several parts and its receipts go through the bearerbox"""
    sim = harness.Smscsim("--quiet")
    box = Box(sim)
    box.start()
    gw = Gateway(box)
    gw.wait_link()
    equal((link(gw)["smsc_id"], link(gw)["kind"]), ("bearerbox", "bearerbox"))
    long_text = gateway.SI.replace("new mail", "new mail" * 30)
    for push_id, text, parts in (("one@pi", gateway.SI, 1), ("three@pi", long_text, 3)):
        equal(gw.push("+12025550123", text, push_id=push_id).code, 1001)
        shown = gw.wait_state(push_id, "delivered")
        equal(shown["state"], "delivered")
        entry = sim.wait_messages(1 if parts == 1 else 2)[-1]
        equal((entry["system_id"], entry["dest"].lstrip("+"), len(entry["segments"])), ("kannel", "12025550123", parts))
        equal(entry["message"]["content_type"], "application/vnd.wap.sic")
    equal((link(gw)["accepted"], link(gw)["receipts"], link(gw)["bad_receipts"]), (4, 4, 0))
    gw.stop()
    box.kill()
    sim.stop()


@case
def a_bearerbox_that_dies_loses_nothing():
    """pushed before, while and after it is gone: every push is delivered"""
    sim = harness.Smscsim("--quiet")
    box = Box(sim)
    gw = Gateway(box)
    equal(gw.push("+12025550110", push_id="early@pi").code, 1001)     # it is not there yet
    box.start()
    gw.wait_state("early@pi", "delivered")
    box.kill()
    wait_for(lambda: link(gw)["state"] != "up", "the link to be down")
    ids = ["during-%d@pi" % i for i in range(5)]
    for i, push_id in enumerate(ids):
        equal(gw.push("+1202555012%d" % i, push_id=push_id).code, 1001)
    box.start()
    for push_id in ids:
        gw.wait_state(push_id, "delivered")
    gw.kill()
    gw.start()
    equal(gw.push("+12025550130", push_id="late@pi").code, 1001)
    gw.wait_state("late@pi", "delivered")
    equal(len({m["dest"].lstrip("+") for m in sim.messages()}), 7)
    gw.stop()
    box.kill()
    sim.stop()


@case
def an_orderly_end_of_the_bearerbox():
    """it ends by itself when it is asked to, though we are connected; the link comes back with it"""
    sim = harness.Smscsim("--quiet")
    box = Box(sim)
    box.start()
    gw = Gateway(box)
    gw.wait_link()
    box.program.signal(15)
    wait_for(lambda: link(gw)["state"] != "up", "the link to be down")
    try:
        box.program.wait(20)
    except AssertionError as hung:		# its own orderly end hangs now and then
        harness.note(str(hung))
        box.program.kill()
    wait_for(lambda: sim.stats()["bound"] == 0, "the end of its bind")
    box.start()
    gw.wait_link()
    equal(gw.push("+12025550123", push_id="again@pi").code, 1001)
    gw.wait_state("again@pi", "delivered")
    gw.stop()
    box.kill()
    sim.stop()


@case
def an_smsc_that_refuses():
    """what the SMSC behind the bearerbox refuses becomes undeliverable"""
    sim = harness.Smscsim("--quiet")
    box = Box(sim)
    box.start()
    gw = Gateway(box)
    gw.wait_link()
    sim.receipts(state="UNDELIV")
    equal(gw.push("+12025550123", push_id="refused@pi").code, 1001)
    gw.wait_state("refused@pi", "undeliverable")
    gw.stop()
    box.kill()
    sim.stop()


@case
def kannels_own_fakesmsc():
    """a push of several parts leaves the bearerbox for an SMSC that is Kannel's too, octet by octet"""
    fakesmsc = "/usr/lib/kannel/test/fakesmsc"
    if not os.path.exists(fakesmsc):
        raise harness.Skip("fakesmsc is not installed")
    box = Box()
    box.start()
    fake = harness.Program([fakesmsc, "-H", "127.0.0.1", "-r", str(box.ports["fake"]), "-m", "1", "-i", "3600", "1 2 text x"])
    gw = Gateway(box)
    gw.wait_link()
    equal(gw.push("+12025550123", gateway.SI.replace("new mail", "new mail" * 30), push_id="fake@pi").code, 1001)
    gw.wait_state("fake@pi", "delivered")
    fake.wait_line("Got message 3")
    found = re.findall(r"Got message \d: <(\S+) (\S+) udh (\S+) data (\S*)>", fake.text("err"))
    equal([f[:2] for f in found], [(gateway.SENDER, "+12025550123")] * 3)
    headers, parts = ([urllib.parse.unquote_to_bytes(f[n].replace("+", " ")) for f in found] for n in (2, 3))
    equal([(h[:3], h[5:]) for h in headers], [(b"\x0c\x08\4", bytes([3, n]) + bytes.fromhex("05040b8423f0")) for n in (1, 2, 3)])
    message = b"".join(parts)
    equal((message[1], message.count(b"new mail")), (6, 30))
    equal((link(gw)["accepted"], link(gw)["receipts"], link(gw)["bad_receipts"]), (3, 3, 0))
    gw.stop()
    fake.kill()
    box.kill()


harness.main()
