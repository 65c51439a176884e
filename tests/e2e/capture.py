"""A TCP proxy that keeps what passes, and the pcap file that other people's decoders read."""
import socket
import struct
import threading
import time

import harness

CLIENT, SERVER = ("192.0.2.1", 49152), ("192.0.2.2", 2775)       # 2775: the port that says SMPP


class Proxy:
    """Between a client and 127.0.0.1:port, on a port of its own. Every recv() is one record."""

    def __init__(self, port):
        self._server_port = port
        self._lock = threading.Lock()
        self.records = []               # (time, connection, from the client?, octets)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        harness.at_end(self._listener.close)

    def _accept(self):
        connection = 0
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            for ends in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(connection,) + ends, daemon=True).start()
            connection += 1

    def _pass(self, connection, source, sink, from_client):
        try:
            while True:
                octets = source.recv(1400)
                with self._lock:
                    self.records.append((time.time(), connection, from_client, octets))
                if not octets:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(octets)
        except OSError:
            pass


def checksum(octets):
    """Of the Internet, RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _frame(source, sink, number, acknowledged, flags, octets):
    """Ethernet, IPv4 and TCP around the octets."""
    ends = socket.inet_aton(source[0]) + socket.inet_aton(sink[0])
    tcp = struct.pack("!HHIIBBHHH", source[1], sink[1], number, acknowledged, 5 << 4, flags, 65535, 0, 0)
    check = checksum(ends + struct.pack("!BBH", 0, 6, len(tcp) + len(octets)) + tcp + octets)
    tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(octets), 0, 0x4000, 64, 6, 0) + ends
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + tcp + octets


def write_pcap(path, records):
    """The records as segments of TCP connections, opened and ended as TCP does."""
    syn, fin, push, ack = 2, 1, 8, 16
    with open(path, "wb") as f:
        f.write(struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        numbers = {}                    # connection -> next sequence number [of the server, of the client]

        def put(when, connection, from_client, flags, octets=b""):
            ends = ((CLIENT[0], CLIENT[1] + connection), SERVER)
            source, sink = ends if from_client else ends[::-1]
            mine, other = numbers[connection][from_client], numbers[connection][not from_client]
            frame = _frame(source, sink, mine, other if flags & ack else 0, flags, octets)
            f.write(struct.pack("!IIII", int(when), int(when % 1 * 1e6), len(frame), len(frame)) + frame)
            numbers[connection][from_client] += len(octets) + (1 if flags & (syn | fin) else 0)

        for when, connection, from_client, octets in records:
            if connection not in numbers:
                numbers[connection] = [1000, 5000]
                put(when, connection, True, syn)
                put(when, connection, False, syn | ack)
                put(when, connection, True, ack)
            put(when, connection, from_client, push | ack if octets else fin | ack, octets)
