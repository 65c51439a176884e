"""kill -9 of ppgd under load, on SQLite."""
import os
import sqlite3

import harness
import kill
from harness import case, equal


class Store:
    url = "sqlite:ppg.db"

    def read(self, folder):
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(folder, "ppg.db"), uri=True)
        equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        return ([row[0] for row in db.execute("SELECT push_id FROM push")],
                [row[0] for row in db.execute("SELECT state FROM recipient")])


@case
def nothing_that_was_accepted_is_lost():
    kill.nothing_that_was_accepted_is_lost(Store())


harness.main()
