"""Documents that the gateway signs, with the store on PostgreSQL: the cases of test_sign.py."""
import gateway
import harness
import pg_server

try:
    server = pg_server.Server()
except harness.Skip as why:
    print("1..0 # SKIP %s" % why)
    raise SystemExit(0)


class Gateway(gateway.Gateway):
    """The cases start gateways beside the first one: each gets a database of its own."""
    n = 0

    def __init__(self, smsc_port, **more):
        Gateway.n += 1
        server.ask("CREATE DATABASE sign%d" % Gateway.n)
        super().__init__(smsc_port, store_url=server.url.replace("dbname=postgres", "dbname=sign%d" % Gateway.n), **more)


gateway.Gateway = Gateway
gateway.STORE_FOLDERS = [server.folder]
import test_sign        # its cases run, and the program ends
