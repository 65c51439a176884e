"""A PostgreSQL server of the test's own: tests/unit/pg_cluster.sh."""
import os
import subprocess

import harness

SCRIPT = os.path.join(harness.TOP_SRCDIR, "tests", "unit", "pg_cluster.sh")


class Server:
    def __init__(self, *settings):
        self.program = subprocess.Popen(["bash", SCRIPT, "serve", *settings], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        harness.at_end(self.stop)
        self.url = self.program.stdout.readline().strip()
        if self.url == "none":
            raise harness.Skip("no PostgreSQL server is installed")
        self.folder = self.program.stdout.readline().strip()
        self.bin = self.program.stdout.readline().strip()
        assert self.bin, "the server did not start"

    def stop(self):
        if self.program.poll() is None:
            self.program.communicate()

    def kill(self):
        subprocess.run(["bash", SCRIPT, "kill", self.folder], check=True)

    def again(self):
        subprocess.run(["bash", SCRIPT, "again", self.folder], check=True)

    def ask(self, sql):
        """Rows of one column, as text."""
        out = subprocess.run([os.path.join(self.bin, "psql"), "-XAt", "-h", self.folder, "-U", "ppg", "-c", sql, "postgres"],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        return out.splitlines()
