"""tps for the tests: its configuration and command line; and a device with a DM client that shares no code with it.

The client writes SyncML as XML text, and computes digests with hashlib and hmac as OMA-TS-DM_Security has them.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import ssl
import subprocess
import time
import xml.etree.ElementTree

import harness
from harness import equal

XML = "application/vnd.syncml.dm+xml"
SERVER_ID = "dm.example"
GETS = ["./DevInfo/DevId", "./DevInfo/Man", "./DevInfo/Mod", "./DevInfo/DmV", "./DevInfo/Lang", "./DevDetail/SwV",
        "./DevDetail/FwV"]
ENV = {"OPENPPG_TEMPLATES": harness.source("contrib/tps/templates"), "OPENPPG_PROFILES": harness.source("contrib/profiles")}


class Tps:
    """tps with a configuration in a folder of its own."""

    def __init__(self, config, start=True):
        self.folder = harness.temp_dir()
        self.config = os.path.join(self.folder, "tps.conf")
        self.program = self.port = None
        self.write(config)
        if start:
            self.start()

    def write(self, config):
        with open(self.config, "w") as f:
            f.write("group = tps\nlog-level = 0\nserver-id = %s\ndm-host = 127.0.0.1\ndm-port = 0\nnotify-port = 0\n%s" % (
                SERVER_ID, config))

    def start(self):
        self.program = harness.Program([harness.built("tps"), self.config], env=ENV)
        self.port = int(self.program.wait_line(r"tps: ready: DM on https?://[^ ]+:(\d+)/dm").group(1))

    def stop(self):
        self.program.stop()

    def run(self, *args, stdin="", status=0):
        """The command's output; with --json a list of objects; what it complained of when it should fail."""
        got, out, err = harness.run([harness.built("tps"), "-c", self.config] + list(args), stdin=stdin, env=ENV)
        equal(got, status, "tps %s\n%s%s" % (" ".join(args), out, err))
        if status != 0:
            return err
        return [json.loads(line) for line in out.splitlines()] if "--json" in args else out

    def show(self, device):
        return self.run("device", "show", device, "--json")[0]

    def nodes(self, device):
        return {uri: node["value"] for uri, node in self.show(device)["nodes"].items()}

    def events(self, device, kind=None):
        return [e["text"] for e in self.show(device)["events"] if kind in (None, e["kind"])]


# ---- certificates ----------------------------------------------------------------------------------

def make_certificate(folder, name, issuer=None, usage="serverAuth", names="DNS:localhost,IP:127.0.0.1"):
    """name.pem and name.key; without an issuer an authority."""
    def path(suffix, of=name):
        return os.path.join(folder, of + suffix)

    def openssl(*args):
        done = subprocess.run(["openssl"] + list(args), capture_output=True, text=True, timeout=harness.DEADLINE_S)
        equal(done.returncode, 0, done.stderr)
        return done.stdout
    with open(path(".ext"), "w") as f:
        f.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=%s\nsubjectAltName=%s\n" % (usage, names) if issuer else
                "basicConstraints=critical,CA:TRUE\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=Example/CN=" + name,
            "-keyout", path(".key"), "-out", path(".csr"))
    signer = ["-CA", path(".pem", issuer), "-CAkey", path(".key", issuer), "-CAcreateserial"] if issuer else \
        ["-signkey", path(".key")]
    openssl("x509", "-req", "-days", "2", "-in", path(".csr"), "-extfile", path(".ext"), "-out", path(".pem"), *signer)
    return openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", path(".pem")).strip().split("=", 1)[1]


# ---- SyncML ------------------------------------------------------------------------------------------

def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def b64(octets):
    return base64.b64encode(octets).decode()


def digest(name, user, password, nonce):
    def h(octets):
        return hashlib.new(name, octets).digest()
    return h(base64.b64encode(h(("%s:%s" % (user, password)).encode())) + b":" + nonce)


def hmac_md5(user, password, nonce, body):
    def h(octets):
        return base64.b64encode(hashlib.md5(octets).digest())
    return b64(hashlib.md5(h(("%s:%s" % (user, password)).encode()) + b":" + nonce + b":" + h(body)).digest())


def hmac_sha256(key, stamp, body):
    return b64(hmac.new(key.encode(), stamp.encode() + b":" + body, hashlib.sha256).digest())


def header_fields(value):
    """The fields of x-syncml-hmac."""
    return {name.strip(): text.strip().strip('"') for name, text in (part.split("=", 1) for part in value.split(","))}


def chal(scheme, nonce):
    return ('<Chal><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">%s</Type>'
            '<NextNonce xmlns="syncml:metinf">%s</NextNonce></Meta></Chal>' % (scheme, b64(nonce)))


def item(target=None, source=None, data=None, fmt=None, more=False, size=None):
    meta = "".join('<%s xmlns="syncml:metinf">%s</%s>' % (n, v, n) for n, v in (("Format", fmt), ("Size", size)) if v)
    return "<Item>%s%s%s%s%s</Item>" % (
        "<Target><LocURI>%s</LocURI></Target>" % target if target else "",
        "<Source><LocURI>%s</LocURI></Source>" % source if source else "",
        "<Meta>%s</Meta>" % meta if meta else "", "<Data>%s</Data>" % escape(data) if data is not None else "",
        "<MoreData/>" if more else "")


def status(msg_ref, cmd_ref, cmd, code, more=""):
    return "<MsgRef>%d</MsgRef><CmdRef>%d</CmdRef><Cmd>%s</Cmd>%s<Data>%d</Data>" % (msg_ref, cmd_ref, cmd, more, code)


class Reply:
    """A message of the server."""

    def __init__(self, http_status, headers, body):
        self.http, self.headers, self.body = http_status, headers, body
        self.root = None
        if http_status != 200:
            return
        text = body.decode()
        for part in (' xmlns="SYNCML:SYNCML1.2"', ' xmlns="syncml:metinf"'):
            text = text.replace(part, "")
        self.root = xml.etree.ElementTree.fromstring(text)
        self.header, self.content = self.root.find("SyncHdr"), self.root.find("SyncBody")
        self.msg_id = int(self.header.findtext("MsgID"))
        self.session = self.header.findtext("SessionID")
        self.resp_uri = self.header.findtext("RespURI")
        self.final = self.content.find("Final") is not None
        first = self.content.find("Status")
        equal((first.findtext("Cmd"), first.findtext("CmdRef")), ("SyncHdr", "0"))
        self.code = int(first.findtext("Data"))
        self.chal = first.findtext("Chal/Meta/Type")
        nonce = first.findtext("Chal/Meta/NextNonce")
        self.nonce = base64.b64decode(nonce) if nonce else None
        self.cred = self.header.findtext("Cred/Data")
        self.cred_type = self.header.findtext("Cred/Meta/Type")

    def statuses(self):
        """Code of each of our commands, by CmdID."""
        return {int(s.findtext("CmdRef")): int(s.findtext("Data")) for s in self.content.findall("Status")[1:]}

    def commands(self):
        """(name, CmdID, target, data) of what we shall do."""
        return [(c.tag, int(c.findtext("CmdID")), c.findtext("Item/Target/LocURI"), c.findtext("Item/Data"))
                for c in self.content if c.tag in ("Get", "Replace", "Add", "Delete", "Exec")]

    def alerts(self):
        return [int(a.findtext("Data")) for a in self.content.findall("Alert")]


class Device:
    """A DM client with an account as w7 sets it up."""

    URI = {"md5": "syncml:auth-md5", "sha256": "syncml:auth-sha256", "hmac-md5": "syncml:auth-MAC",
           "hmac-sha256": "syncml:auth-hmac-sha256"}

    def __init__(self, tps, device_id, scheme="md5", password="device-password-1", server_password="server-password-1",
                 context=None, more=()):
        self.tps, self.id, self.scheme, self.context = tps, device_id, scheme, context
        self.user, self.password, self.server_password = device_id.split(":")[1], password, server_password
        # the nonces are random; a challenge tells the first one, as to a device that was set up by hand
        self.nonce, self.server_nonce = b"unknown", b"unknown"
        self.session_number, self.msg, self.last, self.url = 0, 0, None, None
        self.tree = {"./DevInfo/DevId": device_id, "./DevInfo/Man": "Example", "./DevInfo/Mod": "One", "./DevInfo/DmV": "1.2",
                     "./DevInfo/Lang": "en", "./DevDetail/SwV": "7.1", "./DevDetail/FwV": "3"}
        self.stamp = int(time.time())
        paths = []
        for name, secret in (("pw", password), ("spw", server_password)):
            paths.append(os.path.join(tps.folder, name))
            with open(paths[-1], "w") as f:
                f.write(secret + "\n")
        tps.run("device", "add", device_id, "--auth", scheme, "--password-file", paths[0], "--server-password-file", paths[1],
                *more)

    def begin(self, number=None):
        self.session_number = number or self.session_number + 1
        self.msg, self.last, self.url, self.trusts = 0, None, None, False
        return self

    # ---- one exchange

    def credential(self):
        if self.scheme.startswith("hmac"):
            return ""
        octets = digest(self.scheme, self.user, self.password, self.nonce)
        return ('<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">%s</Type></Meta>'
                "<Data>%s</Data></Cred>" % (self.URI[self.scheme], b64(octets)))

    def message(self, commands, cred=None, final=True, max_size=None, numbered=False):
        """The octets of the next message; each command gets its CmdID unless it is `numbered`."""
        self.msg += 1
        body = "".join(c if numbered else c.replace(">", "><CmdID>%d</CmdID>" % n, 1) for n, c in enumerate(commands, 1))
        meta = '<Meta><MaxMsgSize xmlns="syncml:metinf">%d</MaxMsgSize></Meta>' % max_size if max_size else ""
        return ('<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD>'
                "<VerProto>DM/1.2</VerProto><SessionID>%X</SessionID><MsgID>%d</MsgID><Target><LocURI>https://tps.example.net/dm"
                "</LocURI></Target><Source><LocURI>%s</LocURI><LocName>%s</LocName></Source>%s%s</SyncHdr><SyncBody>%s%s"
                "</SyncBody></SyncML>" % (self.session_number, self.msg, self.id, self.user,
                                          self.credential() if cred is None else cred, meta, body,
                                          "<Final/>" if final else "")).encode()

    def hmac_header(self, body):
        if self.scheme == "hmac-md5":
            return 'algorithm=MD5, username="%s", mac=%s' % (self.user, hmac_md5(self.user, self.password, self.nonce, body))
        if self.scheme == "hmac-sha256":
            self.stamp = max(self.stamp + 1, int(time.time()))
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.stamp))
            return 'algorithm=HMAC-SHA256, ServerId="%s", Timestamp="%s", mac=%s' % (
                SERVER_ID, stamp, hmac_sha256(self.password, stamp, body))
        return None

    def post(self, body, header=None, url=None, content_type=XML, context=None):
        headers = {"Content-Type": content_type}
        if header:
            headers["x-syncml-hmac"] = header
        path = "/dm" + ("?" + url.split("?", 1)[1] if url else "")
        context = context or self.context
        connection = http.client.HTTPSConnection("127.0.0.1", self.tps.port, context=context, timeout=harness.DEADLINE_S) \
            if context else http.client.HTTPConnection("127.0.0.1", self.tps.port, timeout=harness.DEADLINE_S)
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read())
        finally:
            connection.close()

    def send(self, commands, header=True, **more):
        """The next message of the session; the reply is checked for what must always be right."""
        url = self.url if more.pop("token", True) else None
        body = self.message(commands, **more)
        reply = self.post(body, self.hmac_header(body) if header else None, url)
        equal(reply.http, 200, reply.body)
        equal(reply.session, "%X" % self.session_number)
        self.url = reply.resp_uri
        if reply.nonce:
            self.nonce = reply.nonce
        self.last = reply
        return reply

    def first(self, alert=1201, **more):
        """Package 1."""
        info = "".join(item(source=uri, data=value) for uri, value in self.tree.items() if uri.startswith("./DevInfo"))
        return self.send(["<Alert><Data>%d</Data></Alert>" % alert, "<Replace>%s</Replace>" % info], **more)

    def login(self, **more):
        """Package 1, once more where the nonce was not the right one."""
        reply = self.first(**more)
        if reply.code in (401, 407):
            reply = self.first(**more)
        assert reply.code in (200, 212), reply.body
        return reply

    # ---- the server, checked

    def server_fits(self, reply):
        """Are these the server's credentials, for the nonce that we gave it?"""
        if self.scheme == "hmac-md5":
            got = header_fields(reply.headers["x-syncml-hmac"])
            return got["username"] == SERVER_ID and \
                got["mac"] == hmac_md5(SERVER_ID, self.server_password, self.server_nonce, reply.body)
        if self.scheme == "hmac-sha256":
            got = header_fields(reply.headers["x-syncml-hmac"])
            return got["mac"] == hmac_sha256(self.server_password, got["Timestamp"], reply.body)
        return reply.cred == b64(digest(self.scheme, SERVER_ID, self.server_password, self.server_nonce))

    def header_status(self, reply, ok=212, nonce=None, refuse=407):
        """Our Status of its header, with a challenge: the first time it cannot know our nonce.

        With 212 it need not show itself again in the session."""
        fits = self.trusts or self.server_fits(reply)
        self.trusts = (fits or refuse == 212) and ok == 212
        self.server_nonce = nonce or os.urandom(16)
        return "<Status>%s</Status>" % status(reply.msg_id, 0, "SyncHdr", ok if fits else refuse,
                                              chal(self.URI[self.scheme], self.server_nonce)), fits

    def obey(self, reply, codes=None):
        """Statuses and Results of what the server wants."""
        out = []
        for name, cmd_id, target, data in reply.commands():
            code = (codes or {}).get(target, 200)
            if name == "Get" and code == 200 and target not in self.tree:
                code = 404
            out.append("<Status>%s</Status>" % status(reply.msg_id, cmd_id, name, code))
            if code == 200 and name in ("Replace", "Add"):
                self.tree[target] = data
            if code == 200 and name == "Get":
                out.append("<Results><MsgRef>%d</MsgRef><CmdRef>%d</CmdRef>%s</Results>" % (
                    reply.msg_id, cmd_id, item(source=target, data=self.tree[target])))
        return out

    def whole(self, codes=None, **more):
        """A session to its end; all replies."""
        self.begin()
        replies = [self.login(**more)]
        ok = 200 if self.scheme.startswith("hmac") else 212
        while replies[-1].commands() or not replies[-1].final:
            assert len(replies) < 50, "the session does not end"
            line, fits = self.header_status(replies[-1], ok)
            replies.append(self.send([line] + (self.obey(replies[-1], codes) if fits else []),
                                     cred="" if replies[0].code == 212 else None))
        return replies


def client_context(folder, certificate=None):
    context = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
    if certificate:
        context.load_cert_chain(os.path.join(folder, certificate + ".pem"), os.path.join(folder, certificate + ".key"))
    return context
