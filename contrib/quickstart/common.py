"""What the stories of ./quickstart share: programs that are started and waited for, addresses, answers of the gateway."""
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request

DEADLINE_S = 30


def say(text=""):
    print(text, flush=True)


def fail(text):
    say("FAILED: " + text)
    sys.exit(1)


def pick_port(wanted):
    """The wanted port, or any when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                pass
    fail("no free port on the loopback address")


class Program:
    """A program of ours; its standard output as a queue of lines, the rest in a log file."""

    running = []

    def __init__(self, folder, argv, stdin=subprocess.DEVNULL, env=None):
        self.name = os.path.basename(argv[0])
        self.log = os.path.join(folder, self.name + ".err")
        self.lines = queue.Queue()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(argv, cwd=folder, stdin=stdin, stdout=subprocess.PIPE, stderr=log,
                                            text=True, start_new_session=True, env=dict(os.environ, **(env or {})))
        threading.Thread(target=self._read, daemon=True).start()
        Program.running.append(self)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait_line(self, pattern):
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                fail("%s did not say %r within %d s; see %s" % (self.name, pattern, DEADLINE_S, self.log))
            if line is None:
                with open(self.log) as log:
                    fail("%s ended: %s" % (self.name, log.read().strip()[-500:]))
            found = re.search(pattern, line)
            if found:
                return found

    @staticmethod
    def stop_all():
        for program in reversed(Program.running):
            if program.process.poll() is None:
                program.process.terminate()
        for program in reversed(Program.running):
            try:
                program.process.wait(15)
            except subprocess.TimeoutExpired:
                program.process.kill()


def get_json(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token} if token else {})
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        return json.load(answer)


def wait_for(ask, what):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    fail("waited %d s for %s" % (DEADLINE_S, what))
