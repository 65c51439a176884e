"""ppgd with Kannel's own tester of SMPP clients, drive_smpp: an SMSC that takes submit_sm and sends what is no receipt."""
import os
import re
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
from gateway import Gateway, new_id                        # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402

PROGRAM = "/usr/lib/kannel/test/drive_smpp"
BOX_PORT = 13001                # where it insists on a bearerbox that takes its other end: we listen and say nothing
MESSAGES = 5

# It gives up without these.
CONFIG = """\
group = core
admin-port = 1
admin-password = x
smsbox-port = 2

group = smpp-tlv
name = my_receipted_message_id
tag = 0x001E
type = octetstring
length = 65
"""


@case
def takes_what_we_send_and_is_answered():
    """transmitter and receiver: 5 submit_sm one way; 5 deliver_sm and 5 enquire_link the other"""
    if not os.path.exists(PROGRAM):
        raise harness.Skip("drive_smpp is not installed")

    def listen():
        try:
            return socket.create_server(("127.0.0.1", BOX_PORT))
        except OSError:
            return None
    box = wait_for(listen, "port %d to be free" % BOX_PORT)
    folder, port = harness.temp_dir(), harness.free_port()
    config = os.path.join(folder, "drive.conf")
    with open(config, "w") as f:
        f.write(CONFIG)
    smsc = harness.Program([PROGRAM, "-v", "0", "-p", str(port), "-m", str(MESSAGES), "-c", config], cwd=folder)
    smsc.wait_line("Starting drive_smpp test")          # no trial connection: it would end with that
    gw = Gateway(port, smsc_more="receive-port = %d\ndelivered-on = submit" % port)
    ids = [new_id() for _ in range(MESSAGES)]
    for n, push_id in enumerate(ids):
        equal(gw.push("+1202555012%d" % n, push_id=push_id).code, 1001)
    for push_id in ids:
        gw.wait_state(push_id, "delivered")
    smsc.wait_line("All messages sent to ESME")
    for what in ("submit_sm", "deliver_sm_resp", "enquire_link_resp"):
        wait_for(lambda: len(re.findall(r"of type %s$" % what, smsc.text("err"), re.M)) >= MESSAGES, what)
    one, = gw.admin("/api/v1/links").json()
    equal((one["accepted"], one["messages"], one["bad_pdus"], one["nacks"]), (MESSAGES, MESSAGES, 0, 0))
    gw.stop()
    smsc.kill()
    box.close()


harness.main()
