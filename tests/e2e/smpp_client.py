"""A raw SMPP 3.4 client for tests: what it is told to send it sends, right or wrong.

    esme = Esme(port); esme.bind("foo", "bar")
    answer = esme.submit("12025550123", udh_and_data, esm_class=0x40, registered_delivery=1)
    receipt = esme.next_request()          # deliver_sm
    esme.answer(receipt)
"""
import collections
import os
import re
import socket
import struct
import time

DEADLINE_S = float(os.environ.get("TEST_DEADLINE", "60"))     # as in harness.py

RESP = 0x80000000
GENERIC_NACK = 0x80000000
BIND_RECEIVER, BIND_TRANSMITTER, QUERY_SM, SUBMIT_SM, DELIVER_SM, UNBIND = 1, 2, 3, 4, 5, 6
REPLACE_SM, CANCEL_SM, BIND_TRANSCEIVER, OUTBIND, ENQUIRE_LINK = 7, 8, 9, 0xB, 0x15
SUBMIT_MULTI, ALERT_NOTIFICATION, DATA_SM = 0x21, 0x102, 0x103

ROK, RINVMSGLEN, RINVCMDLEN, RINVCMDID, RINVBNDSTS, RALYBND = 0, 1, 2, 3, 4, 5
RSYSERR, RINVDSTADR, RINVMSGID, RCANCELFAIL, RMSGQFUL = 8, 0x0B, 0x0C, 0x11, 0x14
RTHROTTLED, RX_T_APPN, RX_P_APPN, RQUERYFAIL, RINVOPTPARSTREAM = 0x58, 0x64, 0x65, 0x67, 0xC0

RECEIPTED_MESSAGE_ID, MESSAGE_STATE, MESSAGE_PAYLOAD = 0x001E, 0x0427, 0x0424
SOURCE_PORT, DESTINATION_PORT = 0x020A, 0x020B
SAR_REF, SAR_TOTAL, SAR_SEQ = 0x020C, 0x020E, 0x020F


class Pdu(collections.namedtuple("Pdu", "id status seq body")):
    def __repr__(self):
        return "Pdu(id=%08X status=%X seq=%d body=%s)" % (self.id, self.status, self.seq, self.body.hex())


class Closed(Exception):
    """The peer closed the connection."""


class Timeout(Exception):
    """Nothing came in time."""


def cstr(text):
    return text.encode("latin-1") + b"\0"


def tlv(tag, value):
    return struct.pack(">HH", tag, len(value)) + value


def pdu(command_id, body=b"", seq=1, status=0, length=None):
    return struct.pack(">IIII", len(body) + 16 if length is None else length, command_id, status, seq) + body


def address(number):
    """TON, NPI and digits as our gateway writes them."""
    if number.startswith("+"):
        return b"\1\1" + cstr(number[1:])
    if number.isdigit():
        return b"\0\1" + cstr(number)
    return b"\5\0" + cstr(number)


def submit_body(dest, data, source="+12025550100", esm_class=0, registered_delivery=0, data_coding=4,
                service_type="", validity="", tlvs=b""):
    return (cstr(service_type) + address(source) + address(dest) + bytes([esm_class, 0, 0]) + cstr("")
            + cstr(validity) + bytes([registered_delivery, 0, data_coding, 0, len(data)]) + data + tlvs)


def data_body(dest, source="+12025550100", esm_class=0, registered_delivery=0, data_coding=4, tlvs=b""):
    return (cstr("") + address(source) + address(dest)
            + bytes([esm_class, registered_delivery, data_coding]) + tlvs)


class _Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def u8(self):
        self.at += 1
        return self.octets[self.at - 1]

    def cstr(self):
        end = self.octets.index(0, self.at)
        text = self.octets[self.at:end].decode("latin-1")
        self.at = end + 1
        return text

    def take(self, n):
        self.at += n
        return self.octets[self.at - n:self.at]

    def tlvs(self):
        found = {}
        while self.at < len(self.octets):
            tag, n = struct.unpack(">HH", self.take(4))
            found[tag] = self.take(n)
        return found


def parse_message(body):
    """Members of a submit_sm or deliver_sm body."""
    r = _Reader(body)
    m = {"service_type": r.cstr(), "source_ton": r.u8(), "source_npi": r.u8(), "source": r.cstr(),
         "dest_ton": r.u8(), "dest_npi": r.u8(), "dest": r.cstr(), "esm_class": r.u8(),
         "protocol_id": r.u8(), "priority": r.u8(), "schedule": r.cstr(), "validity": r.cstr(),
         "registered_delivery": r.u8(), "replace": r.u8(), "data_coding": r.u8(), "default_msg_id": r.u8()}
    m["short_message"] = r.take(r.u8())
    m["tlvs"] = r.tlvs()
    return m


def parse_receipt(body):
    """What a delivery receipt says: a message with the text's fields (id, stat, ...) beside it."""
    m = parse_message(body)
    m["text"] = m["short_message"].decode("latin-1")
    m["fields"] = dict(re.findall(r"(id|sub|dlvrd|submit date|done date|stat|err|text):(\S*)", m["text"]))
    return m


def parse_query(body):
    r = _Reader(body)
    return {"message_id": r.cstr(), "final_date": r.cstr(), "state": r.u8(), "error": r.u8()}


class Esme:
    """One session. Requests of the SMSC that come while we wait for an answer are kept for next_request."""

    def __init__(self, port, host="127.0.0.1", deadline_s=DEADLINE_S, receive_buffer=None):
        self.deadline_s = deadline_s
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(deadline_s)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.requests, self.responses = collections.deque(), collections.deque()
        self.seq = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # -- octets --

    def send_raw(self, octets):
        self.socket.sendall(octets)

    def receive_raw(self, n, deadline_s=None):
        """Exactly n octets, or what came before the end or the deadline."""
        end = time.monotonic() + (deadline_s or self.deadline_s)
        while len(self.buffer) < n:
            try:
                self._more(end)
            except (Closed, Timeout):
                break
        got, self.buffer = self.buffer[:n], self.buffer[n:]
        return got

    def _more(self, end):
        left = end - time.monotonic()
        if left <= 0:
            raise Timeout()
        self.socket.settimeout(left)
        try:
            octets = self.socket.recv(1 << 16)
        except socket.timeout:
            raise Timeout()
        except ConnectionError:
            raise Closed()
        if not octets:
            raise Closed()
        self.buffer += octets

    def receive(self, deadline_s=None):
        """The next PDU of any kind."""
        end = time.monotonic() + (deadline_s or self.deadline_s)
        while True:
            if len(self.buffer) >= 4:
                n = struct.unpack(">I", self.buffer[:4])[0]
                if len(self.buffer) >= n:
                    octets, self.buffer = self.buffer[:n], self.buffer[n:]
                    return Pdu(*struct.unpack(">III", octets[4:16]), octets[16:])
            self._more(end)

    def is_closed(self, deadline_s=None):
        """Reads to the end of the connection; False when it stays open."""
        end = time.monotonic() + (deadline_s or self.deadline_s)
        while True:
            try:
                self._more(end)
            except Closed:
                return True
            except Timeout:
                return False

    # -- PDUs --

    def send(self, command_id, body=b"", status=0, seq=None):
        if seq is None:
            self.seq += 1
            seq = self.seq
        self.send_raw(pdu(command_id, body, seq, status))
        return seq

    def _sort(self, end):
        got = self.receive(max(0.001, end - time.monotonic()))
        (self.responses if got.id & RESP else self.requests).append(got)

    def response(self, seq, deadline_s=None):
        """The response with this sequence number (generic_nack included)."""
        end = time.monotonic() + (deadline_s or self.deadline_s)
        while True:
            for got in self.responses:
                if got.seq == seq:
                    self.responses.remove(got)
                    return got
            self._sort(end)

    def next_request(self, deadline_s=None):
        """The next request of the SMSC, such as a deliver_sm."""
        end = time.monotonic() + (deadline_s or self.deadline_s)
        while not self.requests:
            self._sort(end)
        return self.requests.popleft()

    def request(self, command_id, body=b"", deadline_s=None):
        return self.response(self.send(command_id, body), deadline_s)

    def answer(self, request, status=ROK, body=b"\0"):
        self.send(request.id | RESP, body, status, request.seq)

    # -- the usual requests --

    def bind(self, system_id="tester", password="secret", kind=BIND_TRANSCEIVER, system_type=""):
        body = cstr(system_id) + cstr(password) + cstr(system_type) + bytes([0x34, 0, 0]) + cstr("")
        return self.request(kind, body)

    def unbind(self):
        return self.request(UNBIND)

    def enquire_link(self):
        return self.request(ENQUIRE_LINK)

    def submit(self, dest, data, **more):
        """The whole response; message_id(response) reads the id."""
        return self.request(SUBMIT_SM, submit_body(dest, data, **more))

    def submit_ok(self, dest, data, **more):
        """Message id of a submission that must be accepted."""
        got = self.submit(dest, data, **more)
        assert got.id == SUBMIT_SM | RESP and got.status == ROK, got
        return message_id(got)

    def query(self, message, source="+12025550100"):
        return self.request(QUERY_SM, cstr(message) + address(source))

    def cancel(self, message, dest, source="+12025550100"):
        return self.request(CANCEL_SM, cstr("") + cstr(message) + address(source) + address(dest))


def message_id(response):
    return response.body.split(b"\0", 1)[0].decode("latin-1")


# ---- user data ---------------------------------------------------------------------------------

def single(datagram, dst=2948, src=9200):
    """Ports and datagram: user data of one part."""
    return struct.pack(">BBBHH", 6, 5, 4, dst, src) + datagram


def segments(datagram, ref, size=127, dst=2948, src=9200):
    """User data of the parts of a datagram, 16-bit reference."""
    pieces = [datagram[i:i + size] for i in range(0, len(datagram), size)]
    return [struct.pack(">BBBHBBBBHH", 0x0C, 8, 4, ref, len(pieces), i, 5, 4, dst, src) + piece
            for i, piece in enumerate(pieces, 1)]


def si_push(url="http://www.example.net/a", text="Hello", tid=1):
    """A connectionless push with a Service Indication in WBXML."""
    si = (b"\x02\x05\x6A\x00\x45\xC6\x0B\x03" + url.encode() + b"\0\x01\x03" + text.encode() + b"\0\x01\x01")
    headers = b"\xAE\xAF\x82"           # application/vnd.wap.sic; X-Wap-Application-Id: wml.ua
    return bytes([tid, 6, len(headers)]) + headers + si
