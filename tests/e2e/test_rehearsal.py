"""./quickstart --rehearse: the whole story, with every decision as expected and as predicted."""
import os

import harness
from harness import case, equal

SCRIPT = harness.source("contrib/rehearsal/rehearse.py")


def rehearse(*options):
    folder = harness.temp_dir()
    status, out, err = harness.run(["python3", SCRIPT, "--programs", harness.TOP_BUILDDIR, "--folder", folder] + list(options),
                                   deadline_s=4 * harness.DEADLINE_S)
    equal((status, err), (0, ""), out)
    return out, folder


@case
def the_story():
    out, folder = rehearse()
    for text in ("SEC=USERNETWPIN", "APPLY_AFTER_PIN by the configuration manager", "closed: 4107 = 3200, 4119 = 128",
                 "phone by syncml:auth-md5, server by syncml:auth-md5", "phone by syncml:auth-sha256, server by syncml:auth-sha256",
                 "phone by syncml:auth-hmac-sha256, server by syncml:auth-hmac-sha256", "rogue     PAP 2001 predicted reject P15",
                 "phone     REJECT_DOC P15", "predicted discard P08: network PIN MAC wrong", "phone     DISCARD P08",
                 "control E-16: this notification was sent", "does nothing: the digest is wrong"):
        assert text in out, (text, out)
    assert out.splitlines()[-1].endswith("each decided as expected, and as the gateway had predicted"), out
    # the user's PIN is in no log and no store of the gateway
    for name in ("ppgd.log", "ppgd.err", "ppg.db", "ppg.db-wal", "tps.err", "tps.db"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, "rb") as f:
                assert b"471147" not in f.read(), name


@case
def its_octets():
    out, _ = rehearse("--bytes")
    # package 0 with its type and application by code, and the server's identifier
    assert "C4AF87" in out and b"dm.example.net".hex().upper()[:8] in out, out


harness.main()
