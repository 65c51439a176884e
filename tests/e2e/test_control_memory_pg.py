"""What controls remember over a kill, with the store on PostgreSQL: the cases of test_control_memory.py."""
import gateway
import harness
import pg_server

try:
    server = pg_server.Server()
except harness.Skip as why:
    print("1..0 # SKIP %s" % why)
    raise SystemExit(0)


class Gateway(gateway.Gateway):
    def __init__(self, smsc_port, **more):
        super().__init__(smsc_port, store_url=server.url, **more)


@harness.case
def the_store_is_there():
    harness.equal(server.ask("SELECT count(*) FROM openppg.push"), ["0"])


gateway.Gateway = Gateway
import test_control_memory       # its cases run, and the program ends
