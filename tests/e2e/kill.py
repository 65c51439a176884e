"""kill -9 of ppgd at random moments under load: no accepted push is lost, duplicates are bounded and counted.

The body of test_kill.py and test_kill_pg.py: each store says what its url is and what it holds in the end.
"""
import collections
import os
import random
import subprocess
import time

import harness
from gateway import Gateway, USER, PASSWORD
from harness import equal, note, wait_for

ROUNDS = int(os.environ.get("KILL_ROUNDS", "20"))
SEED = int(os.environ.get("KILL_SEED", str(int(time.time()))))
WINDOW = 10                             # max-pending-submits: what may be in the air when it dies

class Round:
    """One life of the process: load, death, restart."""

    def __init__(self, gateway, number, rng):
        self.log = os.path.join(gateway.folder, "promised-%d" % number)
        load = subprocess.Popen(
            [harness.built("tests/bench/load"), "--port", str(gateway.port), "--user", "%s:%s" % (USER, PASSWORD),
             "--connections", "16", "--count", "1000000", "--seconds", "30", "--prefix", "r%d" % number, "--log", self.log],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(self.log) and os.path.getsize(self.log) > 0, "the first promise")
        time.sleep(rng.uniform(0, 0.25))        # the moment of death is what is random here
        gateway.kill()
        load.communicate(timeout=60)
        with open(self.log) as f:
            self.promised = f.read().split()


def nothing_that_was_accepted_is_lost(store):
    """store.url; store.read(folder): push-ids and states of recipients, after checking what can be checked."""
    sim = harness.Smscsim("--max-messages", "2000000")
    rng = random.Random(SEED)
    note("seed %d (KILL_SEED), %d rounds (KILL_ROUNDS)" % (SEED, ROUNDS))
    gw = Gateway(sim.port, log_level=2, smsc_more="max-pending-submits = %d" % WINDOW, store_url=store.url)
    promised, recovered = [], 0
    for number in range(ROUNDS):
        gw.wait_link()
        recovered += gw.metric("recovered_total")
        life = Round(gw, number, rng)
        assert life.promised
        promised += life.promised
        gw.start()
    gw.wait_link()
    recovered += gw.metric("recovered_total")
    wait_for(lambda: gw.metric("recipients_pending") == 0, "every recipient to reach a final state", 120)
    gw.stop()
    ids, states = store.read(gw.folder)
    stored, states = set(ids), collections.Counter(states)
    lost = [p for p in promised if p not in stored]
    equal(lost, [], "accepted pushes that are not in the store")
    equal(list(states), [4], "states other than delivered (4): %s" % states)
    stats = sim.stats()
    duplicates = stats["messages"] - len(stored)
    note("%d promised, %d stored, %d sent, %d sent twice, %d counted as possibly sent twice" % (
        len(promised), len(stored), stats["messages"], duplicates, recovered))
    assert duplicates >= 0, "%d stored pushes were never sent" % -duplicates
    assert duplicates <= recovered, "more duplicates than were counted as possible"
    sim.stop()

