"""pushrouter's clients: programs, Unix sockets and folders that get what was accepted, and nothing else."""
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time

from harness import Program, at_end, built, case, equal, main, run, temp_dir, wait_for
from pushes import provisioning, push, si

GATEWAY, STRANGER = "+12025550100", "+12025550199"
KNOWN = ["--proxy", GATEWAY + ",trust,push", "--from", GATEWAY]


def decode(lines, *options, status=0):
    got, out, err = run([built("pushrouter"), "--decode", "--json", "--as", "wsp", "--own-clients", "no", *options],
                        "\n".join(lines) + "\n")
    equal(got, status, err)
    return [json.loads(line) for line in out.splitlines()], err


def script(text):
    """A program of this content."""
    path = os.path.join(temp_dir(), "client")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def entries(folder):
    return sorted(name for name in os.listdir(folder))


def stats(err):
    return json.loads([line for line in err.splitlines() if line.startswith("{")][-1])


# ---- who gets what ----------------------------------------------------------------------------------

@case
def precedence():
    """the pair, the application id alone, the content type alone, nobody"""
    pair, app, kind = temp_dir(), temp_dir(), temp_dir()
    registrations = ["--register", "text/x-a;app=x-app:one;form=raw=file:" + pair,
                     "--register", "*;app=x-app:one;form=raw=file:" + app,
                     "--register", "text/x-a;form=raw=file:" + kind]
    rows = [("text/x-a", "x-app:one", pair), ("text/x-b", "x-app:one", app), ("text/x-a", "x-app:two", kind),
            ("text/x-a", None, kind), ("text/x-b", "x-app:two", None), ("text/x-b", None, None)]
    for n, (content_type, app_id, folder) in enumerate(rows):
        body = b"row %d" % n
        before = {f: entries(f) for f in (pair, app, kind)}
        (answer,), _ = decode([push(content_type, body, app_id)], *registrations, status=0 if folder else 1)
        equal(answer["code"], None if folder else "P11", rows[n])
        for f in (pair, app, kind):
            new = [e for e in entries(f) if e not in before[f]]
            equal([read(os.path.join(f, e)) for e in new], [body] if f == folder else [], rows[n])
    # with only some of them: the next in order takes it
    (answer,), _ = decode([push("text/x-a", b"last", "x-app:one")], *registrations[2:])
    assert b"last" in [read(os.path.join(app, e)) for e in entries(app)]


@case
def nothing_before_the_decision():
    """what was discarded reaches no client"""
    folder = temp_dir()
    option = ["--register", "application/vnd.wap.sic=file:" + folder]
    pdu = si(1)[14:]
    decode([pdu], *option, "--proxy", GATEWAY + ",trust,push", "--from", STRANGER, status=1)
    equal(entries(folder), [])
    decode([pdu], *option, *KNOWN)
    equal(len(entries(folder)), 1)


@case
def own_clients():
    """without --own-clients no, what nobody registered for still has the profile's client"""
    status, out, _ = run([built("pushrouter"), "--decode", "--json", *KNOWN, "--register", "text/x-a=exec:true"], si(1) + "\n")
    equal((status, json.loads(out)["client"]), (0, "SI client"))


# ---- programs ---------------------------------------------------------------------------------------

@case
def programs():
    """one run a message, the message on standard input, as JSON or raw; nothing else is inherited"""
    folder = temp_dir()
    path = script('cat > "$1/in.$$"; env | sort > "$1/env"; ls /proc/self/fd > "$1/fds"; echo "$2" > "$1/word"\n')
    decode([push("text/x-a", b"one"), push("text/x-a", b"two")], "--from", GATEWAY,
           "--register", "text/x-a=exec:%s %s 'two words; $(reboot)'" % (path, folder))
    got = [json.loads(read(os.path.join(folder, e))) for e in entries(folder) if e.startswith("in.")]
    equal(sorted(m["body"]["value"] for m in got), ["one", "two"])
    for m in got:
        equal((m["from"], m["bearer"], m["content_type"], m["outcome"], m["mask"]),
              (GATEWAY, "sms", "text/x-a", "DELIVER", 4160))
        equal(bytes.fromhex(m["octets"]).decode(), m["body"]["value"])
    equal(read(os.path.join(folder, "word")), b"two words; $(reboot)\n")
    names = {line.split("=")[0] for line in read(os.path.join(folder, "env")).decode().splitlines()}
    assert names <= {"PATH", "LC_ALL", "PWD", "SHLVL", "_", "OLDPWD"}, names
    equal(read(os.path.join(folder, "fds")).decode().split(), ["0", "1", "2", "3"])     # 3: ls reading the folder
    raw = temp_dir()
    decode([push("text/x-a", b"\0\xff raw")], "--register", "text/x-a;form=raw=exec:%s %s" % (path, raw))
    equal([read(os.path.join(raw, e)) for e in entries(raw) if e.startswith("in.")], [b"\0\xff raw"])


@case
def shells():
    """only shell: has a shell"""
    folder = temp_dir()
    decode([push("text/x-a", b"x")], "--register", "text/x-a;form=raw=shell:cat | tr x y > %s/out" % folder)
    equal(read(folder + "/out"), b"y")
    decode([push("text/x-a", b"x")], "--register", "text/x-a=exec:/bin/echo > %s/none" % folder)
    equal(entries(folder), ["out"])


@case
def exit_status():
    """how programs end is logged and counted"""
    rows = [("exit 0", r"exit status 0", 1, 0), ("echo oh no >&2; exit 3", r'exit status 3; it said', 0, 1),
            ("kill -9 $$", r"died of signal 9", 0, 1), ("exec sleep 1000", r"killed: time limit", 0, 1),
            ("sleep 1000 & sleep 1000", r"killed: time limit", 0, 1), ("exec yes", r"killed: output limit", 0, 1)]
    for text, says, done, failed in rows:
        _, err = decode([push("text/x-a", b"x" * 1000)], "--stats", "--register",
                        "text/x-a;time=%d;output=10000=exec:%s" % (1 if "sleep" in text else 3600, script(text + "\n")))
        assert says in err.replace("\n", " "), (text, err)
        (client,) = stats(err)["clients"]
        equal((client["done"], client["failed"], client["running"], client["queued"]), (done, failed, 0, 0), text)
    _, err = decode([push("text/x-a", b"x")], "--stats", "--register", "text/x-a=exec:/no/such/program")
    assert "cannot be started" in err, err
    equal(stats(err)["clients"][0]["failed"], 1)


@case
def what_programs_leave_is_ended():
    """a process that a program leaves behind in its group goes with it"""
    folder = temp_dir()
    decode([push("text/x-a", b"x")], "--register",
           "text/x-a=exec:" + script("sleep 1000 & echo $! > %s/pid; exit 0\n" % folder))
    pid = int(read(folder + "/pid"))

    def gone():
        try:
            with open("/proc/%d/stat" % pid) as f:
                return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
        except FileNotFoundError:
            return True
    wait_for(gone, "the end of what was left")


@case
def programs_at_once():
    """no more than jobs= run at one time, the rest waits"""
    folder = temp_dir()
    path = script('mkdir "$1/$$"; ls "$1" | wc -l; n=$(ls "$1" | grep -vc max); echo $n >> "$1/max"; sleep 0.1; rmdir "$1/$$"\n')
    _, err = decode([push("text/x-a", b"%d" % i) for i in range(12)], "--stats", "--register",
                    "text/x-a;jobs=3=exec:%s %s" % (path, folder))
    counts = [int(n) for n in read(folder + "/max").split()]
    equal(len(counts), 12)
    assert max(counts) <= 3, counts
    equal(stats(err)["clients"][0]["done"], 12)


@case
def programs_that_do_not_read():
    """a program that leaves its input alone holds nothing up"""
    _, err = decode([push("text/x-a", b"y" * 60000)] * 3, "--stats", "--register", "text/x-a=exec:true")
    equal(stats(err)["clients"][0]["done"], 3)


@case
def while_nothing_comes():
    """clients are served and counters shown while the input is open and silent"""
    folder = temp_dir()
    p = Program([built("pushrouter"), "--decode", "--as", "wsp", "--own-clients", "no", "--register",
                 "text/x-a=exec:" + script("cat > %s/in; mv %s/in %s/out\n" % ((folder,) * 3)),
                 "--register", "text/x-b;time=1=exec:sleep 1000"], stdin=subprocess.PIPE)
    p.process.stdin.write((push("text/x-a", b"first") + "\n" + push("text/x-b", b"second") + "\n").encode())
    p.process.stdin.flush()
    wait_for(lambda: "out" in entries(folder), "the program's input")
    p.wait_line("killed: time limit")
    p.signal(signal.SIGUSR1)
    p.wait_line(r'^\{"parts":0,.*"failed":1')
    p.process.stdin.close()
    equal(p.wait(), 0)


# ---- folders ----------------------------------------------------------------------------------------

@case
def files():
    """a file a message: whole, private, named by time, never by the message"""
    folder = temp_dir()
    began = int(time.time())
    decode([push("text/x-a", b"%d" % i, "../../evil") for i in range(20)], "--register", "text/x-a=file:" + folder)
    names = entries(folder)
    equal([json.loads(read(os.path.join(folder, n)))["body"]["value"] for n in names], [str(i) for i in range(20)])
    for name in names:
        seconds, rest = name.split(".", 1)
        assert began - 5 <= int(seconds) <= time.time() + 5 and rest.endswith(".json"), name
        equal(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode), 0o600)


@case
def folder_that_went():
    """a folder that is gone: logged and counted, the router goes on"""
    folder = os.path.join(temp_dir(), "inside")
    os.mkdir(folder)
    p = Program([built("pushrouter"), "--udp", "127.0.0.1:0", "--own-clients", "no", "--stats",
                 "--register", "text/x-a=file:" + folder])
    port = int(p.wait_line(r"taken on 127\.0\.0\.1:(\d+)").group(1))
    os.rmdir(folder)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(bytes.fromhex(push("text/x-a", b"lost")), ("127.0.0.1", port))
        p.wait_line("a message cannot be written")
        os.mkdir(folder)
        s.sendto(bytes.fromhex(push("text/x-a", b"there")), ("127.0.0.1", port))
        wait_for(lambda: entries(folder), "the second message")
    p.stop()
    equal(stats(p.text("err"))["clients"][0]["failed"], 1)


# ---- sockets ----------------------------------------------------------------------------------------

class Listener:
    """A Unix stream socket whose lines are kept."""

    def __init__(self, path):
        self.path, self.lines, self.connections = path, [], []
        self.open()
        at_end(self.close)

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen()
        threading.Thread(target=self.serve, args=(self.socket,), daemon=True).start()

    def serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        try:
            for line in connection.makefile("rb"):
                if line.endswith(b"\n"):
                    self.lines.append(json.loads(line))
        except OSError:
            pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self.connections = []
        if os.path.exists(self.path):
            os.unlink(self.path)

    def values(self):
        return [m["body"]["value"] for m in self.lines]


@case
def sockets():
    """one connection, a line a message; after a break a new one, and nothing that waited is lost"""
    path = os.path.join(temp_dir(), "s")
    p = Program([built("pushrouter"), "--udp", "127.0.0.1:0", "--own-clients", "no", "--stats",
                 "--register", "text/x-a=unix:" + path])
    port = int(p.wait_line(r"taken on 127\.0\.0\.1:(\d+)").group(1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def send(text):
            s.sendto(bytes.fromhex(push("text/x-a", text.encode())), ("127.0.0.1", port))
        send("before")
        p.wait_line("No such file|Connection refused")
        listener = Listener(path)
        wait_for(lambda: listener.values() == ["before"], "what was sent before it listened")
        send("one")
        send("x" * 60000)
        wait_for(lambda: len(listener.values()) == 3, "two more")
        equal(len(listener.connections), 1)
        listener.close()
        send("while away")
        listener.open()
        wait_for(lambda: "while away" in listener.values(), "what came while it was away")
    p.stop()
    equal(stats(p.text("err"))["clients"][0]["queued"], 0)


@case
def slow_socket():
    """one that does not read: its queue is bounded, the others and the router go on"""
    path, folder = os.path.join(temp_dir(), "s"), temp_dir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    at_end(listener.close)
    p = Program([built("pushrouter"), "--udp", "127.0.0.1:0", "--own-clients", "no", "--rate", "100000",
                 "--register", "text/x-a;queue=5=unix:" + path, "--register", "text/x-b=file:" + folder])
    port = int(p.wait_line(r"taken on 127\.0\.0\.1:(\d+)").group(1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(30):
            s.sendto(bytes.fromhex(push("text/x-a", b"z" * 50000)), ("127.0.0.1", port))
            s.sendto(bytes.fromhex(push("text/x-b", b"%d" % i)), ("127.0.0.1", port))
            wait_for(lambda: len(entries(folder)) == i + 1, "the other client's message")
    p.signal(signal.SIGUSR1)
    p.wait_line(r'^\{"parts"')
    slow, quick = stats(p.text("err"))["clients"]
    assert slow["queued"] <= 5 and slow["lost"] >= 20 and slow["lost"] + slow["queued"] + slow["done"] == 30, slow
    equal((quick["done"], quick["lost"]), (30, 0))
    p.kill()


# ---- secrets ----------------------------------------------------------------------------------------

@case
def secrets_stay():
    """a client gets a document without its MAC; PIN and IMSI go nowhere"""
    folder = temp_dir()
    body = b'<wap-provisioningdoc><characteristic type="Clock"/></wap-provisioningdoc>'
    pdu = provisioning(body, 1, b"75319")
    answers, err = decode([pdu], "--pin", "75319", "--imsi", "001010123456789", "--policy", "4107=4096",
                          "--policy", "4111=4096", "--policy", "4119=4096", "--register",
                          "text/vnd.wap.connectivity-xml=shell:cat > %s/in; env > %s/env; tr '\\0' ' ' < /proc/$PPID/cmdline > %s/cmd"
                          % (folder, folder, folder))
    equal(answers[0]["outcome"], "APPLY_AFTER_PIN")
    got = json.loads(read(folder + "/in"))
    equal((got["params"], got["outcome"], got["effective"]), ({"SEC": "USERPIN"}, "APPLY_AFTER_PIN", 4120))
    mac = answers[0]["message"]["params"]["MAC"].encode()
    for name in ("in", "env", "cmd"):
        for secret in (b"75319", b"001010123456789", mac):
            assert secret not in read(os.path.join(folder, name)), (name, secret)


# ---- what is asked for ------------------------------------------------------------------------------

@case
def a_file_of_clients():
    """--clients FILE says the same as --register"""
    folder, path = temp_dir(), os.path.join(temp_dir(), "clients.json")
    with open(path, "w") as f:
        json.dump({"clients": [
            {"content_type": "text/x-a", "exec": ["/bin/sh", "-c", 'cat > "$0/a b"', folder], "form": "raw",
             "time_limit": 20, "jobs": 1, "queue": 10, "output_limit": 0},
            {"app_id": "x-app:one", "file": folder}]}, f)
    decode([push("text/x-a", b"list"), push("text/x-c", b"app", "x-app:one")], "--clients", path)
    equal(read(folder + "/a b"), b"list")
    equal(len(entries(folder)), 2)


@case
def wrong_registrations():
    """wrong use: status 2, one line that says what"""
    folder = temp_dir()
    rows = ["text/x-a", "=exec:true", "*=exec:true", "text/x-a=exec:", "text/x-a=exec:  ", "text/x-a=exec:'open",
            "text/x-a;jobs=0=exec:true", "text/x-a;time=9999=exec:true", "text/x-a;wat=1=exec:true",
            "text/x-a;form=xml=exec:true", "text/x-a;queue==exec:true", "text/x-a=file:" + folder + "/none",
            "text/x-a=unix:" + "x" * 200, "text/x-a;form=raw=unix:/tmp/x", "x" * 200 + "=exec:true", "text/x-a\n=exec:true"]
    for spec in rows:
        status, out, err = run([built("pushrouter"), "--decode", "--register", spec])
        equal((status, out, err.count("\n")), (2, "", 1), spec)
        assert err.startswith("pushrouter: --register: "), err
    status, _, err = run([built("pushrouter"), "--decode", "--register", "text/x-a=exec:true", "--register", "TEXT/X-A=exec:true"])
    assert status == 2 and "already registered" in err, err
    status, _, err = run([built("pushrouter"), "--decode"] + ["--register", "text/x-a=exec:true"] * 17)
    assert status == 2 and "at most 16" in err, err
    path = os.path.join(folder, "clients.json")
    for value, says in (({}, "clients"), ({"clients": [1]}, "clients[0]"), ({"clients": [{"exec": ["x"]}]}, "content type"),
                        ({"clients": [{"content_type": "a/b"}]}, "needed"), ({"clients": [{"content_type": "a/b", "exec": []}]}, "exec"),
                        ({"clients": [{"content_type": "a/b", "exec": "x", "file": "y"}]}, "exclude"),
                        ({"clients": [{"content_type": "a/b", "exec": "x", "jobs": "2"}]}, "jobs"),
                        ({"clients": [{"content_type": "a/b", "exec": "x", "port": 2}]}, "port"),
                        ({"clients": [{"content_type": 1, "exec": "x"}]}, "content_type")):
        with open(path, "w") as f:
            json.dump(value, f)
        status, out, err = run([built("pushrouter"), "--decode", "--clients", path])
        equal((status, out, err.count("\n")), (2, "", 1), value)
        assert says in err and path in err, (value, err)


if __name__ == "__main__":
    main()
