"""A DM server for tests: XML SyncML over HTTP(S) with hashlib and hmac, and nothing of the code under test.

It keeps one account a user, asks for credentials, proves its own, and sends `plan`: a list of messages, each a list of
(verb, uri, format, data). What devices answered is in `statuses` and `results`.
"""
import base64
import hashlib
import hmac
import http.server
import os
import ssl
import struct
import threading
import time
import xml.etree.ElementTree as ET

import harness

XML = "application/vnd.syncml.dm+xml"
HASHES = {"md5": hashlib.md5, "sha256": hashlib.sha256}


def b64(octets):
    return base64.b64encode(octets).decode()


def user_hash(h, user, password):
    return b64(h(("%s:%s" % (user, password)).encode()).digest()).encode()


def digest(auth, user, password, nonce):
    h = HASHES[auth]
    return h(user_hash(h, user, password) + b":" + nonce).digest()


def old_hmac(user, password, nonce, body):
    h = hashlib.md5
    return b64(h(user_hash(h, user, password) + b":" + nonce + b":" + b64(h(body).digest()).encode()).digest())


def notification(server, password, nonce, session, ui=1, vendor=b""):
    """Package 0: digest and trigger."""
    trigger = struct.pack(">IBHB", (11 << 22) | (ui << 20) | (1 << 19), 0, session, len(server)) + server.encode() + vendor
    h = hashlib.md5
    return h(user_hash(h, server, password) + b":" + nonce + b":" + b64(h(trigger).digest()).encode()).digest() + trigger


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


class Account:
    def __init__(self, user, password, server_id, server_password, auth="md5", server_auth="md5"):
        self.user, self.password, self.server_id, self.server_password = user, password, server_id, server_password
        self.auth, self.server_auth = auth, server_auth         # "md5", "sha256", "hmac-md5", "hmac-sha256"
        self.nonce, self.server_nonce = os.urandom(16), os.urandom(16)

    def parms(self, url):
        """As a provisioning document has it; certificates of names do not matter, the address does."""
        names = {"md5": "DIGEST", "sha256": "DIGEST-SHA256", "hmac-md5": "HMAC", "hmac-sha256": "HMAC-SHA256"}

        def level(name, user, secret, nonce, auth):
            return ('<characteristic type="APPAUTH"><parm name="AAUTHLEVEL" value="%s"/><parm name="AAUTHTYPE" value="%s"/>'
                    '<parm name="AAUTHNAME" value="%s"/><parm name="AAUTHSECRET" value="%s"/><parm name="AAUTHDATA" value="%s"/>'
                    '</characteristic>' % (name, names[auth], user, secret, b64(nonce)))
        return ('<parm name="APPID" value="w7"/><parm name="PROVIDER-ID" value="%s"/><parm name="NAME" value="Manager"/>'
                '<characteristic type="APPADDR"><parm name="ADDR" value="%s"/></characteristic>' % (self.server_id, url) +
                level("APPSRV", self.user, self.password, self.nonce, self.auth) +
                level("CLIENT", self.server_id, self.server_password, self.server_nonce, self.server_auth))

    def application(self, url, more=""):
        return '<characteristic type="APPLICATION">%s%s</characteristic>' % (more, self.parms(url))


class Message:
    """A message of a device."""

    def __init__(self, body):
        root = ET.fromstring(body)
        for e in root.iter():
            e.tag = e.tag.rpartition("}")[2]
        self.head, self.body = root.find("SyncHdr"), root.find("SyncBody")
        self.session, self.id = self.head.findtext("SessionID"), int(self.head.findtext("MsgID"))
        self.source = self.head.findtext("Source/LocURI")
        self.user = self.head.findtext("Source/LocName")
        self.final = self.body.find("Final") is not None

    def cred(self):
        c = self.head.find("Cred")
        if c is None:
            return None, None
        return c.findtext("Meta/Type"), base64.b64decode(c.findtext("Data"))

    def alert(self):
        return next((e.findtext("Data") for e in self.body.findall("Alert")), None)

    def header_status(self):
        for e in self.body.findall("Status"):
            if e.findtext("CmdRef") == "0":
                nonce = e.findtext("Chal/Meta/NextNonce")
                return int(e.findtext("Data")), base64.b64decode(nonce) if nonce else None
        return None, None


class DmServer:
    def __init__(self, account, plan=(), certificate=None, ca=None):
        accounts = account if isinstance(account, list) else [account]
        self.accounts, self.plan = {a.user: a for a in accounts}, [list(m) for m in plan]
        self.behave = lambda server, message, reply: reply      # a test may change the body that is sent
        self.wrong_password = False
        self.messages, self.headers, self.peers = [], [], []
        self.statuses, self.results, self.changed = [], {}, threading.Condition()
        self.sessions = {}
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with server.changed:
                    server.peers.append(self.connection.getpeercert() if certificate else None)
                    answer, headers = server.take(body, self.headers)
                    server.changed.notify_all()
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                try:
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:         # the device has gone
                    self.close_connection = True

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256

        self.http = Server(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if ca:
                context.load_verify_locations(ca)
                context.verify_mode = ssl.CERT_REQUIRED
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        harness.at_end(self.stop)
        self.url = "http%s://127.0.0.1:%d/dm" % ("s" if certificate else "", self.http.server_address[1])

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    # ---- who is there

    def device_is_known(self, a, state, message, body, headers):
        given = headers.get("x-syncml-hmac")
        nonce = a.nonce
        if a.auth in HASHES:
            kind, data = message.cred()
            if kind is None and state["known"]:         # 212 was said
                return True
            return kind == "syncml:auth-" + a.auth and data == digest(a.auth, a.user, a.password, nonce)
        if given is None:
            return False
        fields = dict(f.strip().split("=", 1) for f in given.split(","))
        fields = {k.lower(): v.strip('"') for k, v in fields.items()}
        if a.auth == "hmac-md5":
            return fields.get("algorithm") == "MD5" and fields["username"] == a.user and \
                fields["mac"] == old_hmac(a.user, a.password, nonce, body)
        stamp = fields.get("timestamp", "")
        fits = fields.get("algorithm") == "HMAC-SHA256" and stamp > state["stamp"] and fields["mac"] == b64(
            hmac.new(a.password.encode(), stamp.encode() + b":" + body, hashlib.sha256).digest())
        state["stamp"] = stamp if fits else state["stamp"]
        return fits

    def own(self, a, state, body):
        """Header of the transport that says who this is."""
        password = "guess" if self.wrong_password else a.server_password
        if a.server_auth == "hmac-md5":
            return {"x-syncml-hmac": 'algorithm=MD5, username="%s", mac=%s' % (
                a.server_id, old_hmac(a.server_id, password, a.server_nonce, body))}
        if a.server_auth == "hmac-sha256":
            state["own_stamp"] = max(state["own_stamp"] + 1, int(time.time()))
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(state["own_stamp"]))
            return {"x-syncml-hmac": 'algorithm=HMAC-SHA256, ServerId="%s", Timestamp="%s", mac=%s' % (
                a.server_id, stamp, b64(hmac.new(password.encode(), stamp.encode() + b":" + body, hashlib.sha256).digest()))}
        return {}

    def credential(self, a):
        if a.server_auth not in HASHES:
            return ""
        password = "guess" if self.wrong_password else a.server_password
        return ('<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-%s</Type></Meta>'
                "<Data>%s</Data></Cred>" % (a.server_auth, b64(digest(a.server_auth, a.server_id, password, a.server_nonce))))

    # ---- messages

    def take(self, body, headers):
        message = Message(body)
        a = self.accounts[message.user]
        state = self.sessions.setdefault((message.source, message.session), {"sent": 0, "id": 0, "known": False, "names": {}, "stamp": "",
                                                           "own_stamp": 0, "at": 0})
        self.messages.append(message)
        self.headers.append(dict(headers))
        known = self.device_is_known(a, state, message, body, headers)
        told, nonce = message.header_status()
        if nonce is not None and (told in (200, 212) or told in (401, 407)):
            a.server_nonce = nonce
        state["id"] += 1
        self.read_answers(state, message)
        if known and not state["known"] or a.auth == "hmac-md5" or not known:
            a.nonce = os.urandom(16)
        state["known"] = state["known"] or known
        if told not in (401, 407) and known:
            state["at"] += 1
        reply = self.reply(a, state, message, known)
        reply = self.behave(self, message, reply)
        return reply, dict(self.own(a, state, reply), **{"Content-Type": XML})

    def read_answers(self, state, message):
        for e in message.body.findall("Status"):
            name = state["names"].get((e.findtext("MsgRef"), e.findtext("CmdRef")))
            if name:
                self.statuses.append(name + (int(e.findtext("Data")),))
        for e in message.body.findall("Results"):
            for item in e.findall("Item"):
                data = item.findtext("Data") or ""
                if item.findtext("Meta/Format") == "b64":
                    data = base64.b64decode(data)
                self.results[item.findtext("Source/LocURI")] = data

    def challenge(self, a):
        auth = {"hmac-md5": "MAC"}.get(a.auth, a.auth)
        return ('<Chal><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-%s</Type>'
                '<NextNonce xmlns="syncml:metinf">%s</NextNonce></Meta></Chal>' % (auth, b64(a.nonce)))

    def reply(self, a, state, message, known):
        code = (200 if a.auth.startswith("hmac") else 212) if known else 401
        parts = ["<Status><CmdID>1</CmdID><MsgRef>%d</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>%s<Data>%d</Data></Status>" % (
            message.id, self.challenge(a), code)]
        n = 1
        for e in message.body:
            if e.tag in ("Status", "Results", "Final"):
                continue
            n += 1
            parts.append("<Status><CmdID>%d</CmdID><MsgRef>%d</MsgRef><CmdRef>%s</CmdRef><Cmd>%s</Cmd><Data>%d</Data></Status>" % (
                n, message.id, e.findtext("CmdID"), e.tag, 200 if known else 401))
        commands = self.plan[state["at"] - 1] if known and 0 < state["at"] <= len(self.plan) else []
        for verb, uri, form, data in commands:
            n += 1
            state["names"][(str(state["id"]), str(n))] = (verb, uri)
            meta = '<Meta><Format xmlns="syncml:metinf">%s</Format></Meta>' % form if form else ""
            parts.append("<%s><CmdID>%d</CmdID><Item><Target><LocURI>%s</LocURI></Target>%s%s</Item></%s>" % (
                verb, n, escape(uri), meta, "<Data>%s</Data>" % escape(data) if data is not None else "", verb))
        return ('<?xml version="1.0"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
                "<SessionID>%s</SessionID><MsgID>%d</MsgID><Target><LocURI>%s</LocURI></Target><Source><LocURI>%s</LocURI></Source>"
                '%s<Meta><MaxMsgSize xmlns="syncml:metinf">32000</MaxMsgSize></Meta></SyncHdr><SyncBody>%s<Final/></SyncBody></SyncML>' % (
                    message.session, state["id"], escape(message.source), self.url, self.credential(a), "".join(parts))).encode()
