"""What the tests of pushrouter share: pushes as octets, and a simulator that delivers them."""
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse

from harness import at_end, equal

# <si><indication href="http://m.example">Hi</indication></si>
SI = "02056A0045C60C036D2E6578616D706C6500010348690001 01"


def ud(pdu):
    return "0605040B8423F0" + pdu.replace(" ", "")


def si(flag):
    return ud("010603AEB4%02X" % (0x80 | flag) + SI)


def provisioning(body, sec, key):
    """A signed textual document as a WSP PDU."""
    mac = hmac.new(key, body, hashlib.sha1).hexdigest().upper()
    value = b"\xb5\x91" + bytes([0x80 | sec]) + b"\x92" + mac.encode() + b"\0"
    headers = b"\x1f" + bytes([len(value)]) + value
    return (b"\x01\x06" + bytes([len(headers)]) + headers + body).hex()


def push(content_type, body, app_id=None):
    """A WSP PDU with a textual content type and, perhaps, a textual application id."""
    head = content_type.encode() + b"\0"
    if app_id:
        head += b"\xaf" + app_id.encode() + b"\0"
    return (b"\x01\x06" + bytes([len(head)]) + head + body).hex()


class Simulator:
    """The part of smscsim that is asked: GET /messages with since, dest and wait."""

    def __init__(self, messages):
        self.asked, self.more = [], threading.Condition()
        self.messages = messages
        simulator = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                body = json.dumps(simulator.take(url.path, query)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                try:
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:         # the program was told to leave while it waited
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        at_end(self.stop)
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def take(self, path, query):
        equal(path, "/messages")
        dest = query.get("dest", "").lstrip("+ ")

        def fresh():
            return [m for m in self.messages if m["seq"] > int(query["since"]) and
                    (not dest or m["dest"].lstrip("+") == dest)]
        with self.more:
            self.asked.append(query)
            self.more.wait_for(lambda: fresh() or self.stopped, float(query["wait"]))
            return fresh()

    stopped = False

    def add(self, message):
        with self.more:
            self.messages.append(message)
            self.more.notify_all()

    def stop(self):
        with self.more:
            self.stopped = True
            self.more.notify_all()
        self.server.shutdown()
        self.server.server_close()


def entry(seq, dest, segments, sender="12025550100", ton=1, **more):
    return dict({"seq": seq, "system_id": "foo", "source": sender, "source_ton": ton, "dest": dest,
                 "esm_class": 64, "segments": segments}, **more)
