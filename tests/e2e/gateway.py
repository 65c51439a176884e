"""ppgd between a test and smscsim: configuration, start, stop, kill, and PAP requests to it."""
import base64
import collections
import http.server
import itertools
import os
import threading
import urllib.parse
import xml.etree.ElementTree

import harness

USER, PASSWORD, TOKEN = "pi", "pi-password", "admin-token"
SENDER = "+12025550100"
PROVURL = "https://tps.example.net/cp"

CONFIG = """
group = core
log-level = {log_level}

group = ppg
ppg-port = {port}
ppg-url = /wappush
interface = 127.0.0.1
trusted-pi = {trusted}
{ppg_more}

{initiators}

group = smsc
smsc = smpp
smsc-id = main
host = 127.0.0.1
port = {smsc_port}
smsc-username = ppg
smsc-password = secret
source-addr = "{sender}"
{smsc_more}

group = store
url = "{store_url}"
{store_more}

group = admin
port = {admin_port}
token = "{token}"
"""

INITIATOR = """
group = wap-push-user
wap-push-user = {name}
ppg-username = {user}
ppg-password = "{password}"
{more}
"""

SI = """<?xml version="1.0"?>
<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "http://www.wapforum.org/DTD/si.dtd">
<si><indication href="http://www.example.net/mail" si-id="1@example.net" action="signal-high"
created="2026-01-02T15:04:05Z">You have new mail</indication></si>
"""

PAP_TYPES = {"1.0": "http://www.wapforum.org/DTD/pap_1.0.dtd", "2.0": "http://www.wapforum.org/DTD/pap_2.0.dtd",
             "2.1": "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd"}

_numbers = itertools.count(1)


def new_id(prefix="push"):
    return "%s-%d@pi.example.net" % (prefix, next(_numbers))


def initiator(name="tester", user=USER, password=PASSWORD, role="ppg-trusted", uri=PROVURL, more=""):
    more += "\npush-role = %s\n" % role
    if uri:
        more += 'initiator-uri = "%s"\n' % uri
    return INITIATOR.format(name=name, user=user, password=password, more=more)


def address(number):
    return "WAPPUSH=%s/TYPE=PLMN@ppg.example.net" % number


def escape(text):
    for char, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(char, "&%s;" % name)
    return text


def push_message(push_id, to, version="2.0", attributes="", qos=""):
    """A control entity; `to` is a number or a list of them."""
    numbers = [to] if isinstance(to, str) else to
    return ('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP %s//EN" "%s">\n'
            '<pap><push-message push-id="%s" %s>%s%s</push-message></pap>' % (
                version, PAP_TYPES[version], escape(push_id), attributes,
                "".join('<address address-value="%s"/>' % escape(n if "=" in n else address(n)) for n in numbers), qos))


def multipart(control, content, content_type="text/vnd.wap.si", headers=(), boundary="asdf"):
    """Body octets of a submission and its Content-Type."""
    content = content.encode() if isinstance(content, str) else content
    head = "".join("%s: %s\r\n" % pair for pair in headers)
    body = (("--%s\r\nContent-Type: application/xml\r\n\r\n%s\r\n--%s\r\nContent-Type: %s\r\n%s\r\n" % (
        boundary, control, boundary, content_type, head)).encode() + content + ("\r\n--%s--\r\n" % boundary).encode())
    return body, 'multipart/related; boundary=%s; type="application/xml"' % boundary


Reply = collections.namedtuple("Reply", "http element code desc push_id version text")


def read_reply(answer):
    """What a PAP answer says; element is e.g. "push-response"."""
    if answer.status != 202:
        return Reply(answer.status, None, None, answer.text.strip(), None, None, answer.text)
    harness.equal(answer.headers.get("content-type"), "application/xml")
    root = xml.etree.ElementTree.fromstring(answer.text)
    harness.equal(root.tag, "pap")
    child = root[0]
    result = child if child.get("code") else child[-1]
    version = answer.text.split("DTD PAP ", 1)[1].split("/", 1)[0]
    return Reply(202, child.tag, int(result.get("code")), result.get("desc"), child.get("push-id"), version, answer.text)


def config_text(**changes):
    """A configuration that serves, on ports that are free."""
    settings = dict(port=harness.free_port(), admin_port=harness.free_port(), smsc_port=harness.free_port(), sender=SENDER,
                    token=TOKEN, trusted="false", log_level=1, ppg_more="", smsc_more="", store_more="",
                    store_url="sqlite:ppg.db", initiators=initiator())
    settings.update(changes)
    return CONFIG.format(**settings)


class Gateway:
    """ppgd with its configuration and store in a folder of its own."""

    def __init__(self, smsc_port, folder=None, initiators=None, trusted=False, ppg_more="", smsc_more="", store_more="",
                 log_level=1, start=True, store_url="sqlite:ppg.db"):
        self.folder = folder or harness.temp_dir()
        self.port, self.admin_port = harness.free_port(), harness.free_port()
        self.url = "http://127.0.0.1:%d/wappush" % self.port
        self.config = os.path.join(self.folder, "ppgd.conf")
        self.program = None
        self.settings = dict(
            port=self.port, admin_port=self.admin_port, smsc_port=smsc_port, sender=SENDER, token=TOKEN,
            trusted="true" if trusted else "false", ppg_more=ppg_more, smsc_more=smsc_more, store_more=store_more,
            store_url=store_url, log_level=log_level,
            initiators=initiator() if initiators is None else initiators)
        self.write_config()
        if start:
            self.start()

    def write_config(self, **changes):
        self.settings.update(changes)
        with open(self.config, "w") as f:
            f.write(CONFIG.format(**self.settings))

    def start(self):
        self.program = harness.Program([harness.built("ppgd"), self.config])
        self.program.wait_line("ppgd: ready")
        return self

    def stop(self):
        self.program.stop()

    def kill(self):
        self.program.kill()

    # ---- PAP

    def post(self, body, content_type, user=USER, password=PASSWORD, headers=None):
        headers = dict(headers or {}, **{"Content-Type": content_type})
        if user is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
        return read_reply(harness.http_post(self.url, body, headers=headers))

    def push(self, to, content=SI, content_type="text/vnd.wap.si", push_id=None, version="2.0", attributes="", qos="",
             headers=(), user=USER, password=PASSWORD, http_headers=None):
        control = push_message(push_id or new_id(), to, version, attributes, qos)
        body, outer = multipart(control, content, content_type, headers)
        return self.post(body, outer, user, password, http_headers)

    # ---- admin

    def admin(self, path, method="GET", token=TOKEN):
        headers = {"Authorization": "Bearer " + token} if token else {}
        return harness.http_request(method, "http://127.0.0.1:%d%s" % (self.admin_port, path), headers=headers)

    def show(self, push_id):
        answer = self.admin("/api/v1/pushes?" + urllib.parse.urlencode({"push-id": push_id}))
        return answer.json() if answer.status == 200 else None

    def wait_state(self, push_id, state, deadline_s=None):
        def reached():
            push = self.show(push_id)
            return push if push and push["state"] == state else None
        return harness.wait_for(reached, "push %s to be %s (now: %s)" % (push_id, state, self.show(push_id)), deadline_s)

    def wait_link(self, state="up", deadline_s=None):
        return harness.wait_for(lambda: any(l["state"] == state for l in self.admin("/api/v1/links").json()),
                                "the link to be " + state, deadline_s)

    def metric(self, name):
        for line in self.admin("/metrics", token=None).text.splitlines():
            if line.startswith("openppg_" + name + " "):
                return float(line.split()[1])
        raise AssertionError("no metric " + name)


class Receiver:
    """A push initiator's end for result notifications: keeps what comes, answers as told."""

    def __init__(self):
        outer = self
        self.got, self.answers, self._changed = [], [], threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, text, more = outer.answers.pop(0) if outer.answers else (202, "", {})
                with outer._changed:
                    outer.got.append((self.path, dict(self.headers), body))
                    outer._changed.notify_all()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/notify" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        harness.at_end(self.server.shutdown)

    def wait(self, n=1, deadline_s=None):
        """The first n notifications, as dictionaries of their attributes and address."""
        harness.wait_for(lambda: len(self.got) >= n, "%d notifications" % n, deadline_s)
        return [self.read(body) for _, _, body in self.got]

    @staticmethod
    def read(body):
        message = xml.etree.ElementTree.fromstring(body)[0]
        harness.equal(message.tag, "resultnotification-message")
        return dict(message.attrib, address=message.find("address").get("address-value"),
                    qos=message.find("quality-of-service") is not None,
                    version=body.split("DTD PAP ", 1)[1].split("/", 1)[0])


def acknowledge(code=1000):
    return (202, '<?xml version="1.0"?><!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "x"><pap>'
            '<resultnotification-response push-id="x" code="%d"><address address-value="x"/>'
            "</resultnotification-response></pap>" % code, {"Content-Type": "application/xml"})
