"""What the end-to-end tests share: cases that print TAP, programs that are waited for, HTTP, deadlines.

A test file holds functions marked @case and ends with `harness.main()`. Each function is one TAP
line; an AssertionError or any other exception fails it and becomes a diagnostic. Names given as
arguments run only those cases:  top_builddir=build tests/e2e/test_x.py case_name

Nothing here sleeps for an outcome: wait_for() asks until the answer is there or a deadline passes,
Program.wait_line() wakes with the line.
"""
import atexit
import collections
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

TOP_BUILDDIR = os.environ.get("top_builddir", os.getcwd())
TOP_SRCDIR = os.environ.get("top_srcdir",
                            os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

DEADLINE_S = float(os.environ.get("TEST_DEADLINE", "60"))    # for one wait; slow machines raise it
SOON_S = DEADLINE_S / 3         # what nothing holds up is there a hundred times sooner; a machine may stand still


class Skip(Exception):
    """Raise it to skip the running case, with the reason."""


# ---- TAP ---------------------------------------------------------------------------------------

_cases = []
_at_end = []


def case(fn):
    """Mark a function as a test case; its first line of documentation, or its name, is shown."""
    _cases.append(fn)
    return fn


def at_end(fn):
    """Call fn() when the cases have run, the last one given first. Returns fn."""
    _at_end.append(fn)
    return fn


def note(text):
    """Diagnostic lines beside the results."""
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def _title(fn):
    text = (fn.__doc__ or fn.__name__).strip().splitlines()[0]
    return fn.__name__ + ": " + text.replace("#", "no.") if fn.__doc__ else text


def _run(fn, number):
    try:
        fn()
    except Skip as why:
        print("ok %d - %s # SKIP %s" % (number, _title(fn), why), flush=True)
        return True
    except Exception:
        print("not ok %d - %s" % (number, _title(fn)), flush=True)
        note(traceback.format_exc())
        for program in list(Program.running):
            note("%s said last:" % program.name)
            note("\n".join(program.tail()))
        return False
    print("ok %d - %s" % (number, _title(fn)), flush=True)
    return True


def main():
    """Run the cases of the file, print TAP, leave with 0 when all went well."""
    wanted = sys.argv[1:]
    chosen = [fn for fn in _cases if not wanted or fn.__name__ in wanted]
    print("1..%d" % len(chosen), flush=True)
    good = True
    for number, fn in enumerate(chosen, 1):
        good = _run(fn, number) and good
    for fn in reversed(_at_end):
        try:
            fn()
        except Exception:
            note(traceback.format_exc())
            good = False
    sys.exit(0 if good and chosen else 1)


def equal(got, expected, what=""):
    """Assert with both values shown."""
    if got != expected:
        raise AssertionError("%s%sexpected %r\n     got %r" % (what, ": " if what else "", expected, got))


# ---- waiting -----------------------------------------------------------------------------------

def wait_for(ask, what, deadline_s=None, every_s=0.02):
    """Call ask() until it returns something true, and return that; fail after the deadline."""
    end = time.monotonic() + (deadline_s or DEADLINE_S)
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(every_s)


def soon(began, what):
    """Fail when more time has passed since `began`, of time.monotonic(), than a machine stands still."""
    took = time.monotonic() - began
    assert took < SOON_S, "%s took %.1f s" % (what, took)


# ---- programs ----------------------------------------------------------------------------------

def built(path):
    """A program of the build tree; skips the case when it was not built."""
    full = os.path.join(TOP_BUILDDIR, path)
    if not os.path.exists(full):
        raise Skip(path + " is not built")
    return full


def source(path):
    """A file of the source tree."""
    return os.path.join(TOP_SRCDIR, path)


class Program:
    """A program that was started, with all its lines (stdout and stderr) kept and waited for."""

    running = set()

    def __init__(self, argv, name=None, cwd=None, env=None, stdin=None):
        self.name = name or os.path.basename(argv[0])
        self.lines = []                 # (stream, text); stream is "out" or "err"
        self._changed = threading.Condition()
        self._open = 2
        self.process = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=cwd,
                                        env=dict(os.environ, **(env or {})))
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self.process.stdout, "out"), (self.process.stderr, "err"))]
        for reader in self._readers:
            reader.start()
        Program.running.add(self)

    def _read(self, stream, name):
        for raw in stream:
            with self._changed:
                self.lines.append((name, raw.decode("utf-8", "replace").rstrip("\n")))
                self._changed.notify_all()
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def tail(self, n=30):
        with self._changed:
            return ["[%s] %s" % line for line in self.lines[-n:]]

    def text(self, stream="out"):
        with self._changed:
            return "\n".join(text for name, text in self.lines if name == stream)

    def wait_line(self, pattern, deadline_s=None, start=0):
        """The match of the first line, from line number `start` on, that holds the pattern."""
        end = time.monotonic() + (deadline_s or DEADLINE_S)
        at = start
        with self._changed:
            while True:
                while at < len(self.lines):
                    found = re.search(pattern, self.lines[at][1])
                    if found:
                        return found
                    at += 1
                left = end - time.monotonic()
                if self._open == 0 or left <= 0:
                    raise AssertionError("%s never said %r%s; its last lines:\n%s" % (
                        self.name, pattern, " before it ended" if self._open == 0 else "",
                        "\n".join("[%s] %s" % line for line in self.lines[-30:])))
                self._changed.wait(left)

    def wait(self, deadline_s=None):
        """Exit status (negative: the signal), with all its lines read."""
        try:
            status = self.process.wait(deadline_s or DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s does not end" % self.name)
        for reader in self._readers:
            reader.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        Program.running.discard(self)
        return status

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self, expect=0, deadline_s=None):
        """SIGTERM, and the exit status that an orderly end has. Does nothing when it has ended."""
        if self not in Program.running:
            return
        self.signal(signal.SIGTERM)
        try:
            status = self.wait(deadline_s)
        except AssertionError:
            self.kill()
            raise
        if expect is not None:
            equal(status, expect, "exit status of %s\n%s" % (self.name, "\n".join(self.tail())))

    def kill(self):
        """SIGKILL: the end without notice."""
        if self in Program.running:
            self.signal(signal.SIGKILL)
            self.wait()


@atexit.register
def _kill_what_runs():
    for program in list(Program.running):
        program.process.kill()
        program.process.wait()


def cpu_s(pid):
    """Processor time that a program has used, in seconds."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sanitized():
    """Whether the programs were built with sanitizers, whose time and memory say nothing of ours."""
    with open(built("ppgd"), "rb") as f:
        return b"__asan_init" in f.read()


def peak_kib(pid):
    """The most memory that a program has held at once."""
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))


def run(argv, stdin=b"", deadline_s=None, cwd=None, env=None):
    """Run a command to its end: (exit status, stdout, stderr) as text."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run(argv, input=stdin, capture_output=True, timeout=deadline_s or DEADLINE_S,
                          cwd=cwd, env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def temp_dir():
    """A folder that is gone after the test."""
    folder = tempfile.TemporaryDirectory(prefix="openppg-test-")
    at_end(folder.cleanup)
    return folder.name


_ports_given = set()


def free_port():
    """A port that nobody listens on now, never the same twice. Prefer port 0 where the program can tell what it got.

    It is below those that the system gives to who asks for any: nobody else gets it by chance while we wait."""
    while True:
        port = random.randrange(10000, 30000)
        if port in _ports_given:
            continue
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        _ports_given.add(port)
        return port


def is_listening(port):
    """Does somebody take connections there?"""
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


# ---- HTTP --------------------------------------------------------------------------------------

class Answer(collections.namedtuple("Answer", "status headers body")):
    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


def http_request(method, url, body=None, headers=None, timeout_s=None):
    """One exchange on a connection of its own; no redirects, every status is an answer.

    body: octets, text, or anything else, which travels as JSON."""
    parts = urllib.parse.urlsplit(url)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80,
                                            timeout=timeout_s or DEADLINE_S)
    try:
        connection.request(method, (parts.path or "/") + ("?" + parts.query if parts.query else ""),
                           body, headers)
        response = connection.getresponse()
        return Answer(response.status, dict((k.lower(), v) for k, v in response.getheaders()),
                      response.read())
    finally:
        connection.close()


def http_get(url, **more):
    return http_request("GET", url, **more)


def http_post(url, body, **more):
    return http_request("POST", url, body, **more)


# ---- the SMSC simulator ------------------------------------------------------------------------

class Smscsim:
    """smscsim on ports of its own choice."""

    def __init__(self, *options, port=0, http_port=0):
        self.program = Program([built("smscsim"), "--port", str(port), "--http-port", str(http_port)]
                               + list(options))
        found = self.program.wait_line(r"SMPP on (\S+):(\d+), HTTP on (http://\S+:(\d+)/)")
        self.host, self.port = found.group(1), int(found.group(2))
        self.url, self.http_port = found.group(3), int(found.group(4))

    def get(self, path, **query):
        query = urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})
        return http_get(self.url + path + ("?" + query if query else ""),
                        timeout_s=DEADLINE_S + float(dict(urllib.parse.parse_qsl(query)).get("wait", 0)))

    def messages(self, since=None, dest=None, wait=None, limit=None):
        answer = self.get("messages", since=since, dest=dest, wait=wait, limit=limit)
        equal(answer.status, 200, answer.text)
        return answer.json()

    def wait_messages(self, n, since=0, dest=None, deadline_s=None):
        """At least n messages after `since`, waiting for them."""
        end = time.monotonic() + (deadline_s or DEADLINE_S)
        got = []
        while len(got) < n:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError("%d of %d messages came" % (len(got), n))
            got += self.messages(since=got[-1]["seq"] if got else since, dest=dest,
                                 wait=max(1, min(30, int(left))))
        return got

    def stats(self):
        return self.get("stats").json()

    def fault(self, kind, **more):
        answer = http_post(self.url + "faults", dict(more, kind=kind))
        equal(answer.status, 200, answer.text)
        return answer.json()["id"]

    def clear_faults(self):
        equal(http_request("DELETE", self.url + "faults").status, 200)

    def receipts(self, **settings):
        answer = http_post(self.url + "receipts", settings)
        equal(answer.status, 200, answer.text)
        return answer.json()

    def stop(self):
        self.program.stop()
