"""kill -9 of ppgd under load, on PostgreSQL."""
import harness
import kill
import pg_server
from harness import case


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


harness.main()
