"""Pushes to devices that have an IP address: one UDP datagram each, to a push router and to a bare socket."""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gateway                                             # noqa: E402
import harness                                             # noqa: E402
from harness import case, equal, wait_for                  # noqa: E402

UDP = """
group = smsc
smsc = udp
smsc-id = ip
port = {port}
source-port = {source}
allow = "127.0.0.1;::1"
max-datagram = 600
throughput = {throughput}
"""


def start(port, source=0, throughput=0):
    sim = harness.Smscsim("--quiet")
    gw = gateway.Gateway(sim.port, smsc_more=UDP.format(port=port, source=source, throughput=throughput))
    gw.wait_link()
    wait_for(lambda: all(link["state"] == "up" for link in gw.admin("/api/v1/links").json()), "both links")
    return sim, gw


def ip(address, kind="IPv4"):
    return "WAPPUSH=%s/TYPE=%s@ppg.example.net" % (address, kind)


@case
def to_a_push_router():
    """pushrouter --udp takes it; numbers still go to the SMSC, and nothing is sent twice"""
    router = harness.Program([harness.built("pushrouter"), "--udp", "127.0.0.1:0"])
    port = int(router.wait_line(r"127\.0\.0\.1:(\d+)").group(1))
    sim, gw = start(port)
    equal(gw.push(ip("127.0.0.1"), push_id="ip@pi").code, 1001)
    gw.wait_state("ip@pi", "delivered")
    router.wait_line(r"127\.0\.0\.1: .*application/vnd\.wap\.sic")
    equal(gw.push("+12025550123", push_id="number@pi").code, 1001)
    gw.wait_state("number@pi", "delivered")
    equal([m["dest"].lstrip("+") for m in sim.wait_messages(1)], ["12025550123"])
    links = {link["smsc_id"]: link for link in gw.admin("/api/v1/links").json()}
    equal([(links[name]["kind"], links[name]["accepted"]) for name in ("ip", "main")], [("udp", 1), ("smpp", 1)])
    gw.stop()
    router.stop()
    sim.stop()


@case
def the_datagram():
    """from the port that is set, a WSP push PDU and nothing else; IPv6 as well"""
    families = [(socket.AF_INET, "127.0.0.1", "IPv4")]
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
            families.append((socket.AF_INET6, "0000:0000:0000:0000:0000:0000:0000:0001", "IPv6"))
        except OSError:
            harness.note("no IPv6 here")
    port, source = harness.free_port(), harness.free_port()
    sim, gw = start(port, source)
    for family, address, kind in families:
        with socket.socket(family, socket.SOCK_DGRAM) as device:
            device.bind(("127.0.0.1" if kind == "IPv4" else "::1", port))
            device.settimeout(harness.DEADLINE_S)
            equal(gw.push(ip(address, kind), push_id=kind + "@pi").code, 1001)
            octets, peer = device.recvfrom(65536)
            equal((peer[1], octets[1]), (source, 6))
            assert b"mail" in octets
            gw.wait_state(kind + "@pi", "delivered")
    gw.stop()
    sim.stop()


@case
def what_is_refused():
    """other networks, too much for a datagram, numbers and addresses in one push: nothing leaves"""
    port = harness.free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", port))
        device.settimeout(harness.DEADLINE_S)
        sim, gw = start(port)
        reply = gw.push(ip("127.0.0.2"))
        equal((reply.code, reply.desc), (2001, "push-message/address[1]: no link serves this network"))
        equal(gw.push([ip("127.0.0.1"), "+12025550123"]).code, 2002)
        reply = gw.push(ip("127.0.0.1"), gateway.SI.replace("new mail", "new mail" * 90))
        equal(reply.code, 3006)
        assert "a link over UDP carries 600" in reply.desc, reply.desc
        equal(gw.push(ip("127.0.0.1"), push_id="good@pi").code, 1001)
        octets, _ = device.recvfrom(65536)
        assert len(octets) < 600
        gw.wait_state("good@pi", "delivered")
        device.setblocking(False)
        try:
            assert device.recv(65536) is None
        except BlockingIOError:
            pass
        equal(sim.messages(), [])
        gw.stop()
        sim.stop()


@case
def without_such_a_link():
    """an IP address is an unknown subscriber, as before"""
    sim = harness.Smscsim("--quiet")
    gw = gateway.Gateway(sim.port)
    reply = gw.push(ip("127.0.0.1"))
    equal(reply.code, 2002)
    assert "no link serves TYPE=IPv4" in reply.desc, reply.desc
    gw.stop()
    sim.stop()


@case
def a_rate():
    """throughput limits datagrams as it limits messages; all arrive"""
    port = harness.free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", port))
        device.settimeout(harness.DEADLINE_S)
        sim, gw = start(port, throughput=20)
        ids = ["rate-%d@pi" % i for i in range(10)]
        for push_id in ids:
            equal(gw.push(ip("127.0.0.1"), push_id=push_id).code, 1001)
        for _ in ids:
            device.recv(65536)
        for push_id in ids:
            gw.wait_state(push_id, "delivered")
        gw.stop()
        sim.stop()


harness.main()
