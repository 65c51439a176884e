"""kill -9 of ppgd under load, on PostgreSQL; and kill -9 of the server, while ppgd goes on."""
import os
import subprocess

import harness
import kill
import pg_server
from gateway import Gateway, USER, PASSWORD
from harness import case, equal, note, wait_for


class Store:
    def __init__(self):
        self.server = pg_server.Server()
        self.url = self.server.url

    def read(self, folder):
        return (self.server.ask("SELECT convert_from(push_id, 'UTF8') FROM openppg.push"),
                [int(state) for state in self.server.ask("SELECT state FROM openppg.recipient")])


@case
def nothing_that_was_accepted_is_lost():
    kill.nothing_that_was_accepted_is_lost(Store())


@case
def the_server_dies_and_ppgd_goes_on():
    """Submissions wait, nothing is lost, nothing is sent twice."""
    store, sim = Store(), harness.Smscsim("--max-messages", "2000000")
    gw = Gateway(sim.port, log_level=1, store_url=store.url)
    gw.wait_link()
    log = os.path.join(gw.folder, "promised")
    load = subprocess.Popen(
        [harness.built("tests/bench/load"), "--port", str(gw.port), "--user", "%s:%s" % (USER, PASSWORD), "--connections", "16",
         "--count", "1000000", "--seconds", "300", "--log", log], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _ in range(3):
        before = os.path.getsize(log) if os.path.exists(log) else 0
        wait_for(lambda: os.path.exists(log) and os.path.getsize(log) > before + 1000, "promises", 60)
        store.server.kill()
        store.server.again()
    before = os.path.getsize(log)
    wait_for(lambda: os.path.getsize(log) > before + 1000, "promises after the last time", 60)
    load.terminate()
    load.communicate(timeout=60)
    with open(log) as f:
        promised = set(f.read().split())
    wait_for(lambda: gw.metric("recipients_pending") == 0, "every recipient to reach a final state", 120)
    ids, states = store.read(gw.folder)
    equal(sorted(promised - set(ids)), [], "accepted pushes that are not in the store")
    equal(set(states), {4}, "states other than delivered")
    equal(sim.stats()["messages"], len(ids), "messages")
    equal(gw.metric("recovered_total"), 0)
    note("%d promised, %d stored and sent once" % (len(promised), len(ids)))
    gw.stop()
    sim.stop()


harness.main()
