"""pushrouter --udp: a device on an IP bearer."""
import json
import os
import signal
import socket

from harness import Program, built, case, equal, main, run, temp_dir, wait_for
from pushes import SI, provisioning, push

PDU = bytes.fromhex(("010603AEB481" + SI).replace(" ", ""))


class Udp:
    def __init__(self, *options, address="127.0.0.1:0"):
        self.program = Program([built("pushrouter"), "--udp", address, "--json", "--stats", *options])
        found = self.program.wait_line(r"taken on \[?([0-9a-f.:]+?)\]?:(\d+)$")
        self.host, self.port = found.group(1), int(found.group(2))
        self.seen = 0

    def send(self, octets, source="127.0.0.1", to=None):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.bind((source, 0))
            s.sendto(octets, (to or ("::1" if ":" in source else "127.0.0.1"), self.port))

    def answers(self):
        return [json.loads(line) for line in self.program.text().splitlines()]

    def answer(self):
        wait_for(lambda: len(self.answers()) > self.seen, "a decision")
        self.seen += 1
        return self.answers()[self.seen - 1]

    def decide(self, octets, source="127.0.0.1"):
        self.send(octets, source)
        return self.answer()

    def stats(self):
        lines = len(self.program.lines)
        self.program.signal(signal.SIGUSR1)
        self.program.wait_line(r'^\{"parts"', start=lines)
        return json.loads([t for n, t in self.program.lines[lines:] if n == "err" and t.startswith('{"parts"')][0])

    def stop(self):
        self.program.stop()
        return json.loads(self.program.text("err").splitlines()[-1])


@case
def senders():
    """the source address is the sender: a proxy of type IPv4 matches exactly"""
    u = Udp("--proxy", "127.0.0.2,trust,push")
    rows = [("127.0.0.1", "DISCARD", 4160), ("127.0.0.2", "DELIVER", 5952), ("127.0.0.3", "DISCARD", 4160)]
    for source, outcome, mask in rows:
        got = u.decide(PDU, source)
        equal((got["source"], got["outcome"], got["mask"]), (source, outcome, mask))
        equal(got["message"]["kind"], "wsp")
    stats = u.stop()
    equal((stats["messages"], stats["outcomes"], stats["udp"]), (3, {"DISCARD": 2, "DELIVER": 1}, {"datagrams": 3, "over_rate": 0}))


@case
def telephone_proxies():
    """a proxy of type E164 with the same characters does not match an address"""
    folder = temp_dir()
    path = os.path.join(folder, "device.json")
    with open(path, "w") as f:
        json.dump({"profile": "wm5", "proxies": [{"id": "P1", "address": "127.0.0.1", "type": "E164", "trust": 1, "push": 1}]}, f)
    u = Udp("--device", path)
    equal(u.decide(PDU)["mask"], 4160)
    u.stop()


@case
def addresses():
    """IPv6 beside IPv4, and IPv4 through the socket of both"""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("::1", 0))
        u = Udp("--proxy", "127.0.0.1,trust,push", address="0")
        equal(u.host, "::")
        equal(u.decide(PDU, "::1")["source"], "::1")
        equal(u.decide(PDU, "127.0.0.1")["outcome"], "DELIVER")
        u.stop()
        u = Udp(address="[::1]:0")
        equal(u.decide(PDU, "::1")["outcome"], "DISCARD")
        u.stop()
    except OSError:
        u = Udp("--proxy", "127.0.0.1,trust,push", address="0")
        equal(u.host, "0.0.0.0")
        equal(u.decide(PDU)["outcome"], "DELIVER")
        u.stop()


@case
def documents_change_the_device():
    """what is applied holds for later datagrams"""
    body = (b'<wap-provisioningdoc><characteristic type="SecurityPolicy"><parm name="4107" value="3200"/>'
            b'</characteristic></wap-provisioningdoc>')
    signed = bytes.fromhex(provisioning(body, 1, b"1234"))
    u = Udp("--pin", "1234", "--policy", "4107=4096", "--policy", "4111=4096", "--policy", "4119=4096")
    equal(u.decide(signed)["outcome"], "APPLY_AFTER_PIN")
    equal(u.decide(signed)["code"], "P04")
    u.stop()


@case
def bad_datagrams():
    """whatever comes is decided, nothing is answered, the next one is served"""
    u = Udp("--proxy", "127.0.0.1,trust,push")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", u.port))
        for octets in (b"", b"\x01", b"\x01\x06", PDU[:-3], b"\xff" * 2000, bytes(60000), b"0605040B8423F0" + PDU):
            s.send(octets)
            got = u.answer()
            equal((got["outcome"], got["code"]), ("DISCARD", "P02"), octets[:10])
        s.send(PDU)
        equal(u.answer()["outcome"], "DELIVER")
        s.setblocking(False)
        try:
            raise AssertionError("it answered %r" % s.recv(100))
        except BlockingIOError:
            pass
    equal(u.stop()["reasons"], {"P02": 7})


@case
def rate():
    """what is above the rate is dropped and counted; later ones are served"""
    u = Udp("--rate", "5", "--own-clients", "no")
    for i in range(200):
        u.send(bytes.fromhex(push("text/x-a", b"%d" % i)))
    stats = wait_for(lambda: [s for s in [u.stats()] if s["udp"]["datagrams"] == 200], "all datagrams")[0]
    over = stats["udp"]["over_rate"]
    equal(stats["messages"] + over, 200)
    assert stats["messages"] >= 5 and over >= 50, stats
    before = len(u.answers())

    def served():
        u.send(PDU)
        return len(u.answers()) > before
    wait_for(served, "service again", every_s=0.3)
    u.stop()


@case
def leaves_after():
    """--once N; the value of --udp may be a word of its own or follow a ="""
    p = Program([built("pushrouter"), "--once", "2", "--udp=127.0.0.1:0"])
    port = int(p.wait_line(r"taken on 127\.0\.0\.1:(\d+)").group(1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(5):
            s.sendto(PDU, ("127.0.0.1", port))
    equal(p.wait(), 0)
    equal(p.text().splitlines(), ["127.0.0.1: DISCARD P13: SI role mismatch (4109) (application/vnd.wap.sic)"] * 2)


@case
def wrong_use():
    """addresses that are none, a port that is taken"""
    for value in ("x", "1.2.3.4:", ":99999", "::1:2948", "name.example:2948", "-1"):
        status, out, err = run([built("pushrouter"), "--udp=" + value])
        assert status in (1, 2) and out == "" and err.count("\n") == 1 and "--udp" in err, (value, status, err)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        status, out, err = run([built("pushrouter"), "--udp", "127.0.0.1:%d" % s.getsockname()[1]])
        equal((status, out), (1, ""))
        assert "in use" in err, err


if __name__ == "__main__":
    main()
