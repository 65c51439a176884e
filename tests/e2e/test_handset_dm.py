"""Handsets that are managed: account by a provisioning document, package 0 through the gateway, a session with a DM server."""
import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import threading

import harness
from dm_server import Account, DmServer, b64, notification
from gateway import Gateway, initiator, new_id
from harness import Program, Smscsim, built, case, equal, main, note, run, temp_dir, wait_for
from pushes import Simulator, entry, provisioning, push, si, ud

ROUTER = "pushrouter"
NIA = "application/vnd.syncml.notification"
PIN, IMSI = "75319", "001010123456789"
OPEN = {"4107": 4096, "4110": 4096, "4111": 4096, "4119": 4096}
NUMBER = "12025550121"
DEV_ID = "IMEI:004999010640000"


def handsets(number=NUMBER, **more):
    path = os.path.join(temp_dir(), "handsets.json")
    one = dict({"number": number, "profile": "wm5", "policies": OPEN, "pins": [PIN], "imsi": IMSI,
                "dm_info": {"DevId": DEV_ID, "Man": "Example"}}, **more)
    with open(path, "w") as f:
        json.dump({"handsets": [one]}, f)
    return path


def document(*applications):
    return ud(provisioning(("<wap-provisioningdoc>%s</wap-provisioningdoc>" % "".join(applications)).encode(), 1, PIN.encode()))


def package0(body):
    return ud(push(NIA, body, "x-wap-application:syncml.dm"))


def an_account(**more):
    return Account("dev1", "dev-secret-1", "dm.example.net", "srv-secret-1", **more)


def take(path, messages, *options, dm=True):
    """Run until all messages were taken and their sessions are over: (answers, events, stderr)."""
    sim = Simulator([entry(i + 1, NUMBER, [m]) for i, m in enumerate(messages)])
    status, out, err = run([built(ROUTER), "--smscsim", sim.url, "--handsets", path, "--json", "--dm-form", "xml", "--since", "0",
                            "--once", str(len(messages)), *(["--dm"] if dm else []), *options])
    equal(status, 0, err)
    lines = [json.loads(line) for line in out.splitlines()]
    return [x for x in lines if "seq" in x], [x for x in lines if "handset" in x], err


def kept(path):
    with open(path) as f:
        (one,) = json.load(f)["handsets"]
    return one


def node(path, uri):
    n = kept(path)["dm"]["nodes"][uri]
    return base64.b64decode(n["base64"]) if "base64" in n else n["value"]


def nonces(path, account="dm.example.net"):
    return [node(path, "./DMAcc/%s/AppAuth/%d/AAuthData" % (account, i)) for i in (1, 2)]


def octets(value):
    return value if isinstance(value, bytes) else value.encode()


PLAN = [[("Replace", "./DMAcc/dm.example.net/Name", "chr", "Renamed"), ("Get", "./DevInfo/Man", None, None),
         ("Get", "./DMAcc", None, None), ("Replace", "./DevInfo/Man", "chr", "Evil"),
         ("Get", "./DMAcc/dm.example.net/AppAuth/1/AAuthSecret", None, None), ("Add", "./Other", "node", None)],
        [("Get", "./DMAcc/dm.example.net/Name", None, None), ("Delete", "./Nothing", None, None)]]
PLAN_STATUSES = [("Replace", "./DMAcc/dm.example.net/Name", 200), ("Get", "./DevInfo/Man", 200), ("Get", "./DMAcc", 200),
                 ("Replace", "./DevInfo/Man", 425), ("Get", "./DMAcc/dm.example.net/AppAuth/1/AAuthSecret", 405),
                 ("Add", "./Other", 425), ("Get", "./DMAcc/dm.example.net/Name", 200), ("Delete", "./Nothing", 404)]


@case
def whole_way():
    """document and package 0 through ppgd and smscsim; the session; package 0 again does nothing"""
    account = an_account()
    server = DmServer(account, PLAN)
    path = handsets()
    sim = Smscsim()
    gw = Gateway(sim.port, initiators=initiator(more='dm-servers = "dm.example.net"\n'))
    gw.wait_link()
    p = Program([built(ROUTER), "--smscsim", sim.url, "--handsets", path, "--json", "--dm", "--dm-form", "xml"])
    text = "<wap-provisioningdoc>%s</wap-provisioningdoc>" % account.application(server.url)
    mac = hmac.new(PIN.encode(), text.encode(), hashlib.sha1).hexdigest().upper()
    reply = gw.push("+" + NUMBER, content=text, content_type="text/vnd.wap.connectivity-xml; SEC=1; MAC=" + mac, push_id=new_id(),
                    headers=[("Cache-Control", "no-transform")])
    equal(reply.code, 1001, reply.text)
    p.wait_line(r'"dm": ?\{"accounts": ?true\}')
    body = notification("dm.example.net", "srv-secret-1", account.server_nonce, 0xBEEF)
    headers = [("X-Wap-Application-Id", "x-wap-application:syncml.dm")]
    reply = gw.push("+" + NUMBER, content=body, content_type=NIA, push_id=new_id(), headers=headers)
    equal(reply.code, 1001, reply.text)
    line = p.wait_line(r'^\{"handset".*"dm":.*')
    event = json.loads(line.string)
    equal((event["handset"], event["dm"]["outcome"], event["dm"]["session"]), (NUMBER, "done", "BEEF"), event)
    equal((event["dm"]["device_auth"], event["dm"]["server_auth"]), ("syncml:auth-md5", "syncml:auth-md5"))
    equal([(c["command"], c["target"], c["status"]) for c in event["dm"]["commands"]], PLAN_STATUSES)
    equal(server.statuses, PLAN_STATUSES)
    equal(server.results["./DevInfo/Man"], "Example")
    equal(server.results["./DMAcc/dm.example.net/Name"], "Renamed")
    first = server.messages[0]
    equal((first.session, first.id, first.source, first.user, first.alert()), ("BEEF", 1, DEV_ID, "dev1", "1200"))
    # what was told is on disk: both nonces are those that the server has now
    equal([octets(n) for n in nonces(path)], [account.nonce, account.server_nonce])
    equal(node(path, "./DMAcc/dm.example.net/Name"), "Renamed")
    n = len(server.messages)

    reply = gw.push("+" + NUMBER, content=body, content_type=NIA, push_id=new_id(), headers=headers)
    equal(reply.code, 1001, reply.text)
    line = p.wait_line(r'"refused"', start=len(p.lines) - 1)
    assert "digest" in line.string, line.string
    # the next one, with the nonce of now
    body = notification("dm.example.net", "srv-secret-1", account.server_nonce, 0xBEF0, vendor=b"v")
    gw.push("+" + NUMBER, content=body, content_type=NIA, push_id=new_id(), headers=headers)
    event = json.loads(p.wait_line(r'^\{"handset".*"BEF0"').string)
    equal(event["dm"]["outcome"], "done", event)
    equal(len(server.messages), n + 3)
    p.stop()
    # the document itself is told as it came; nothing else tells what it held
    events = "".join(line for line in p.text().splitlines() if '"dm"' in line and "wap-provisioningdoc" not in line)
    shown = run([built(ROUTER), "--handsets", path, "--state", NUMBER])[1] + events + p.text("err")
    assert "Renamed" in shown and "BEF0" in shown
    for secret in ("dev-secret-1", "srv-secret-1", b64(account.nonce), b64(account.server_nonce)):
        assert secret not in shown, secret


@case
def schemes():
    """digests and transport HMACs of both generations, in both directions"""
    for auth, server_auth in (("md5", "sha256"), ("sha256", "md5"), ("hmac-md5", "hmac-md5"), ("hmac-sha256", "hmac-sha256"),
                              ("hmac-sha256", "md5")):
        account = an_account(auth=auth, server_auth=server_auth)
        server = DmServer(account, PLAN)
        path = handsets()
        answers, _, _ = take(path, [document(account.application(server.url))])
        equal(answers[0]["dm"], {"accounts": True}, answers)
        body = notification("dm.example.net", "srv-secret-1", account.server_nonce, 1)
        answers, events, _ = take(path, [package0(body)])
        equal([e["dm"]["outcome"] for e in events], ["done"], "%s %s %s" % (auth, server_auth, events))
        equal(answers[0]["dm"], {"notification": "dm.example.net", "session": "1", "ui": "background", "begins": True})
        equal(server.statuses, PLAN_STATUSES, auth)
        equal(all("x-syncml-hmac" in h for h in server.headers), auth.startswith("hmac"))


@case
def survives_kill():
    """what the handset told the server it did holds after SIGKILL in the middle of the session, and in the next one"""
    account = an_account()
    server = DmServer(account, PLAN)
    told, go = threading.Event(), threading.Event()

    def behave(server, message, reply):
        if server.statuses and not told.is_set():
            told.set()
            go.wait(harness.DEADLINE_S)
        return reply
    server.behave = behave
    path = handsets()
    sim = Simulator([entry(1, NUMBER, [document(account.application(server.url, '<parm name="INIT"/>'))])])
    p = Program([built(ROUTER), "--smscsim", sim.url, "--handsets", path, "--json", "--dm", "--dm-form", "xml"])
    assert told.wait(harness.DEADLINE_S)
    p.kill()
    equal(node(path, "./DMAcc/dm.example.net/Name"), "Renamed")
    equal(octets(nonces(path)[0]), account.nonce)
    go.set()
    server.sessions.clear()
    server.plan = PLAN[1:]
    status, out, err = run([built(ROUTER), "--handsets", path, "--dm-session", NUMBER, "--dm-form", "xml", "--json"])
    equal((status, json.loads(out)["dm"]["outcome"]), (0, "done"), err + out)
    equal(server.results["./DMAcc/dm.example.net/Name"], "Renamed")


@case
def cannot_be_saved():
    """a file that cannot be written: the server is told nothing, no outcome is shown, status 1"""
    account = an_account()
    server = DmServer(account, PLAN)
    path = handsets()
    take(path, [document(account.application(server.url))])
    os.mkdir(path + ".new")
    status, out, err = run([built(ROUTER), "--handsets", path, "--dm-session", NUMBER, "--dm-form", "xml", "--json"])
    equal((status, out), (1, ""), err)
    equal((len(server.messages), server.statuses), (1, []))
    assert path in err, err


@case
def not_this_server():
    """a server with another password: nothing is executed, no nonce is kept, two messages and no more"""
    account = an_account()
    server = DmServer(account, PLAN)
    server.wrong_password = True
    path = handsets()
    take(path, [document(account.application(server.url))])
    before = nonces(path)
    body = notification("dm.example.net", "srv-secret-1", account.server_nonce, 2)
    _, events, _ = take(path, [package0(body)])
    equal((events[0]["dm"]["outcome"], events[0]["dm"]["server_auth"]), ("failed", None), events)
    equal({code for _, _, code in server.statuses}, {401})
    equal(len(server.messages), 2)
    equal(nonces(path), before)
    equal(node(path, "./DMAcc/dm.example.net/Name"), "Manager")


@case
def stale_and_special():
    """nonces that differ: one challenge each way; package 0 with the special nonce, as text and as octets"""
    for special in (b"0x00000000", b"\0\0\0\0"):
        account = an_account()
        server = DmServer(account, PLAN)
        path = handsets()
        take(path, [document(account.application(server.url))])
        account.nonce = account.server_nonce = special
        body = notification("dm.example.net", "srv-secret-1", special, 3)
        answers, events, _ = take(path, [package0(body)])
        equal(answers[0]["dm"].get("special_nonce"), True)
        equal(events[0]["dm"]["outcome"], "done", events)
        equal([octets(n) for n in nonces(path)], [account.nonce, account.server_nonce])
        assert special not in (account.nonce, account.server_nonce)
        equal(len(server.messages), 3)
        # the server lost what it kept of the device, but package 0 was right
        body = notification("dm.example.net", "srv-secret-1", account.server_nonce, 4)
        account.nonce, account.server_nonce = os.urandom(16), os.urandom(16)
        _, events, _ = take(path, [package0(body)])
        equal(events[0]["dm"]["outcome"], "done", events)
        equal([octets(n) for n in nonces(path)], [account.nonce, account.server_nonce])


@case
def ignored():
    """package 0 of an unknown server, with a wrong digest, cut, of session 0: no session, nothing kept"""
    account = an_account()
    server = DmServer(account, PLAN)
    path = handsets()
    take(path, [document(account.application(server.url))])
    before = kept(path)["dm"]
    good = notification("dm.example.net", "srv-secret-1", account.server_nonce, 5)
    bad = [notification("dm.example.org", "srv-secret-1", account.server_nonce, 5),
           notification("dm.example.net", "other", account.server_nonce, 5),
           notification("dm.example.net", "srv-secret-1", b"other", 5),
           good[:-1] + b"x", good[:30], good + b"v",
           notification("dm.example.net", "srv-secret-1", account.server_nonce, 0)]
    answers, events, _ = take(path, [package0(b) for b in bad])
    equal(["refused" in a["dm"] for a in answers if "dm" in a], [True] * sum("dm" in a for a in answers))
    equal((events, server.messages, kept(path)["dm"]), ([], [], before))
    # without --dm nothing begins; the same one does later, and its session is not held twice
    answers, events, _ = take(path, [package0(good)], dm=False)
    equal((answers[0]["dm"]["begins"], events), (False, []))
    account.auth = "md5"
    answers, events, _ = take(path, [package0(good), package0(good)])
    equal([a["dm"].get("refused") for a in answers], [None, "that session was held already"])
    equal(len(events), 1)


@case
def one_after_another():
    """notifications of two sessions in one go: one session follows the other; a user who is asked and declines"""
    account = an_account()
    server = DmServer(account, PLAN[1:])
    path = handsets()
    take(path, [document(account.application(server.url))])
    answers, events, _ = take(path, [package0(notification("dm.example.net", "srv-secret-1", account.server_nonce, i)) for i in (21, 22)])
    equal([(e["dm"]["session"], e["dm"]["outcome"]) for e in events], [("15", "done"), ("16", "done")])
    equal([m.session for m in server.messages], ["15"] * (len(server.messages) // 2) + ["16"] * (len(server.messages) // 2))
    path = handsets(consent="no")
    account = an_account()
    server = DmServer(account, PLAN[1:])
    take(path, [document(account.application(server.url))])
    answers, events, _ = take(path, [package0(notification("dm.example.net", "srv-secret-1", account.server_nonce, 30 + ui, ui=ui))
                                     for ui in (3, 2)])
    equal([a["dm"]["ui"] for a in answers], ["interaction", "informative"])
    equal(([a["dm"].get("refused") for a in answers], len(events)), (["the user declined", None], 1))


@case
def begun_here():
    """INIT in the document, a command on standard input, --dm-session: Alert 1201"""
    account = an_account()
    server = DmServer(account, PLAN[1:])
    path = handsets()
    _, events, _ = take(path, [document(account.application(server.url, '<parm name="INIT"/>'))])
    equal((events[0]["dm"]["outcome"], events[0]["dm"]["start"]), ("done", "client"), events)
    equal(server.messages[0].alert(), "1201")

    sim = Simulator([])
    p = Program([built(ROUTER), "--smscsim", sim.url, "--handsets", path, "--dm", "--dm-form", "xml", "--commands"],
                stdin=subprocess.PIPE)
    p.process.stdin.write(b"dm +12025550129\nnonsense\ndm +%s dm.example.net\n" % NUMBER.encode())
    p.process.stdin.flush()
    p.wait_line(r"--commands: no handset has this number")
    p.wait_line(r'--commands: "dm NUMBER \[SERVER\]" is expected')
    p.wait_line(r"^12025550121: session [0-9A-F]+ with \W?dm.example.net\W? done after 2 messages, server syncml:auth-md5; "
                r"Get \W?./DMAcc/dm.example.net/Name\W? 200, Delete \W?./Nothing\W? 404")
    p.process.stdin.close()
    p.stop()

    status, out, err = run([built(ROUTER), "--handsets", path, "--dm-session", "+%s,dm.example.net" % NUMBER, "--dm-form", "xml", "--json"])
    equal((status, json.loads(out)["dm"]["outcome"]), (0, "done"), err)
    status, out, err = run([built(ROUTER), "--handsets", path, "--dm-session", NUMBER, "--dm-form", "xml"])
    equal(status, 0, err)
    equal(len(set(m.session for m in server.messages)), 4)
    status, out, err = run([built(ROUTER), "--handsets", path, "--dm-session", NUMBER + ",other", "--dm-form", "xml"])
    equal((status, out), (1, ""))
    equal(len(kept(path)["dm"]["sessions"]["dm.example.net"]), 4)


@case
def policies_by_the_roles():
    """a server whose account is manager changes policies, which hold for the next push; one that is not gets 425"""
    folder = "./Vendor/MSFT/SecurityPolicy"
    plan = [[("Get", folder + "/4109", None, None), ("Replace", folder + "/4109", "int", "4096"), ("Get", folder + "/4109", None, None),
             ("Replace", folder + "/4109", "int", "5000000000"), ("Replace", folder + "/4109", "int", "x"), ("Replace", folder + "/9999", "int", "1"),
             ("Add", folder + "/9999", "int", "1"), ("Delete", folder + "/4109", None, None), ("Replace", folder + "?prop=ACL", "chr", "Add=*")],
            [("Get", folder + "/4109", None, None)]]
    rows = [("", [200, 200, 200, 500, 500, 404, 425, 425, 425, 200], "DELIVER"),
            ('<parm name="ROLE" value="16"/>', [425, 425, 425, 500, 500, 425, 425, 425, 425, 425], "DISCARD")]
    for role, codes, outcome in rows:
        account = an_account()
        server = DmServer(account, plan)
        path = handsets()
        answers, _, _ = take(path, [document(account.application(server.url, role))])
        equal(answers[0].get("dm"), {"accounts": True}, answers)
        answers, events, _ = take(path, [si(0), package0(notification("dm.example.net", "srv-secret-1", account.server_nonce, 3))])
        equal([(answers[0]["outcome"], e["dm"]["outcome"]) for e in events], [("DISCARD", "done")], answers)
        equal([code for _, _, code in server.statuses], codes, role)
        answers, _, _ = take(path, [si(0)])
        equal(answers[0]["outcome"], outcome)
        equal(kept(path)["policies"].get("4109"), 4096 if outcome == "DELIVER" else None)
        assert not any(uri.startswith("./Vendor") for uri in kept(path)["dm"]["nodes"]), kept(path)["dm"]
        if outcome == "DELIVER":
            equal(server.results[folder + "/4109"], "4096")


def openssl(*args):
    done = subprocess.run(["openssl"] + list(args), capture_output=True, text=True, timeout=harness.DEADLINE_S)
    equal(done.returncode, 0, done.stderr)


def certificates():
    folder = temp_dir()

    def make(name, issuer, usage, names="IP:127.0.0.1"):
        path = os.path.join(folder, name)
        with open(path + ".ext", "w") as f:
            f.write("basicConstraints=critical,CA:%s\n" % ("FALSE" if issuer else "TRUE") +
                    ("extendedKeyUsage=%s\nsubjectAltName=%s\n" % (usage, names) if issuer else ""))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=Example/CN=" + name,
                "-keyout", path + ".key", "-out", path + ".csr")
        signer = ["-CA", issuer + ".pem", "-CAkey", issuer + ".key", "-CAcreateserial"] if issuer else ["-signkey", path + ".key"]
        openssl("x509", "-req", "-days", "2", "-in", path + ".csr", "-extfile", path + ".ext", "-out", path + ".pem", *signer)
        return path
    ca = make("ca", None, None)
    server, device = make("server", ca, "serverAuth"), make("device", ca, "clientAuth", "DNS:device.example.net")
    with open(device + ".both", "w") as f:
        f.write(open(device + ".pem").read() + open(device + ".key").read())
    os.chmod(device + ".both", 0o600)
    return ca + ".pem", (server + ".pem", server + ".key"), device + ".both"


@case
def over_tls():
    """the server's certificate is verified, the handset shows its own; without them there is no session"""
    ca, server_files, device_file = certificates()
    account = an_account()
    server = DmServer(account, PLAN[1:], certificate=server_files, ca=ca)
    path = handsets(dm_cert=device_file)
    _, events, _ = take(path, [document(account.application(server.url, '<parm name="INIT"/>'))], "--dm-ca-file", ca)
    equal(events[0]["dm"]["outcome"], "done", events)
    assert ("commonName", "device") in [x[0] for x in server.peers[0]["subject"]], server.peers
    n = len(server.messages)
    for more, options in (({"dm_cert": device_file}, []), ({}, ["--dm-ca-file", ca])):
        other = handsets(**more)
        _, events, _ = take(other, [document(account.application(server.url, '<parm name="INIT"/>'))], *options)
        equal(events[0]["dm"]["outcome"], "failed", events)
    equal(len(server.messages), n)
    other = handsets()
    _, events, _ = take(other, [document(account.application(server.url, '<parm name="INIT"/>'))], "--dm-ca-file", ca, "--dm-cert",
                        device_file)
    equal(events[0]["dm"]["messages"] > 0, True)


@case
def plain_http():
    """without TLS only to the machine itself; a device that insists (4130) does not leave it even then"""
    account = an_account()
    for url, policies, options, word in (
            ("http://192.0.2.1/dm", OPEN, [], "may not be connected"),
            ("http://192.0.2.1/dm", OPEN, ["--dm-http"], "may not be connected"),
            ("ftp://192.0.2.1/dm", OPEN, [], "neither https nor http"),
            ("dm.example.net", OPEN, [], "no address")):
        path = handsets(policies=policies)
        _, events, _ = take(path, [document(account.application(url, '<parm name="INIT"/>'))], *options)
        equal(events[0]["dm"]["outcome"], "failed", events)
        assert word in events[0]["dm"]["reason"], events


@case
def servers_that_misbehave():
    """endless, oversize, no SyncML, another session, HTTP errors: the session ends, and says why"""
    def oversize(server, message, reply):
        return reply + b" " * 70000

    def other(server, message, reply):
        return reply.replace(b"<SessionID>", b"<SessionID>1")

    rows = [(None, [[("Get", "./DevInfo", None, None)]] * 30, "does not come to an end"),
            (oversize, PLAN, "longer than"), (other, PLAN, "another session"),
            (lambda s, m, r: b"<html/>", PLAN, ""), (lambda s, m, r: b"", PLAN, "")]
    for behave, plan, word in rows:
        account = an_account()
        server = DmServer(account, plan)
        if behave:
            server.behave = behave
        path = handsets()
        _, events, _ = take(path, [document(account.application(server.url, '<parm name="INIT"/>'))])
        equal(events[0]["dm"]["outcome"], "failed", events)
        assert word in events[0]["dm"]["reason"] and events[0]["dm"]["reason"], events
        assert len(server.messages) <= 20, len(server.messages)
    path = handsets()
    port = harness.free_port()
    _, events, _ = take(path, [document(account.application("http://127.0.0.1:%d/" % port, '<parm name="INIT"/>'))])
    equal((events[0]["dm"]["outcome"], events[0]["dm"]["messages"]), ("failed", 1), events)


# ---- bootstrap of the DM profile ---------------------------------------------------------------------------

T = {"Add": 0x05, "CmdID": 0x0B, "Data": 0x0F, "Final": 0x12, "Item": 0x14, "LocURI": 0x17, "Meta": 0x1A, "MsgID": 0x1B, "Replace": 0x20,
     "SessionID": 0x25, "Source": 0x27, "SyncBody": 0x2B, "SyncHdr": 0x2C, "SyncML": 0x2D, "Target": 0x2E, "VerDTD": 0x31, "VerProto": 0x32}


def tag(name, *inner):
    """An element of code page 0 as WBXML, out of elements and texts."""
    if not inner:
        return bytes([T[name]])
    return bytes([T[name] | 0x40]) + b"".join(x if isinstance(x, bytes) else b"\x03" + x.encode() + b"\0" for x in inner) + b"\x01"


def of_format(name):
    return tag("Meta", b"\x00\x01\x47\x03" + name.encode() + b"\0\x01\x00\x00")


def bootstrap_message(nodes, verb="Add"):
    commands = [tag(verb, tag("CmdID", str(i + 1)), tag("Item", tag("Target", tag("LocURI", uri)), of_format("node" if value is None else "chr"),
                                                        *([] if value is None else [tag("Data", value)])))
                for i, (uri, value) in enumerate(nodes)]
    return b"\x02\xa4\x01\x6a\x00" + tag(
        "SyncML", tag("SyncHdr", tag("VerDTD", "1.2"), tag("VerProto", "DM/1.2"), tag("SessionID", "0"), tag("MsgID", "0"),
                      tag("Target", tag("LocURI", DEV_ID)), tag("Source", tag("LocURI", "dm.example.net"))),
        tag("SyncBody", *commands, tag("Final")))


def bootstrap(body, sec, key, mac=None):
    """As a push: SEC and MAC with their short codes."""
    mac = mac or hmac.new(key, body, hashlib.sha1).hexdigest().upper()
    value = b"\xc2" + (b"" if sec is None else b"\x91" + bytes([0x80 | sec]) + b"\x92" + mac.encode() + b"\0")
    headers = b"\x1f" + bytes([len(value)]) + value + b"\xaf\x87"
    return ud((b"\x01\x06" + bytes([len(headers)]) + headers + body).hex())


def account_nodes(account, url, name="boot"):
    base = "./DMAcc/" + name
    return [(base, None), (base + "/AppID", "w7"), (base + "/ServerID", account.server_id), (base + "/Name", "Boot"),
            (base + "/AppAddr/1/Addr", url), (base + "/AppAuth/1/AAuthLevel", "CLCRED"), (base + "/AppAuth/1/AAuthType", "DIGEST"),
            (base + "/AppAuth/1/AAuthName", account.user), (base + "/AppAuth/1/AAuthSecret", account.password),
            (base + "/AppAuth/2/AAuthLevel", "SRVCRED"), (base + "/AppAuth/2/AAuthType", "DIGEST"),
            (base + "/AppAuth/2/AAuthSecret", account.server_password)]


CLIENTS = [{"content_type": "application/vnd.syncml.dm+wbxml"}, {"content_type": NIA}]


@case
def bootstrapped():
    """a signed message makes an account, which its server may change; the session that follows"""
    account = an_account()
    account.nonce = account.server_nonce = b""
    server = DmServer(account, [[("Replace", "./DMAcc/boot/Name", "chr", "Mine"), ("Get", "./DMAcc/boot?prop=ACL", None, None)]])
    body = bootstrap_message(account_nodes(account, server.url))
    digits, octets_of_sim = IMSI.encode(), bytes.fromhex("0910101032547698")
    for sec, key in ((1, PIN.encode()), (0, digits), (0, octets_of_sim), (2, PIN.encode() + b":" + digits)):
        path = handsets(clients=CLIENTS, pins=["1111", PIN])
        answers, _, _ = take(path, [bootstrap(body, sec, key)])
        equal((answers[0]["outcome"], answers[0]["dm"]), ("DELIVER", {"bootstrap": True}), "%s %s" % (sec, answers[0]))
    notified = notification("dm.example.net", "srv-secret-1", b"", 9)
    _, events, _ = take(path, [package0(notified)])
    equal(events[0]["dm"]["outcome"], "done", events)
    equal(server.results["./DMAcc/boot?prop=ACL"], "Delete=dm.example.net&Get=dm.example.net&Replace=dm.example.net")
    equal(node(path, "./DMAcc/boot/Name"), "Mine")
    # again: it is there already, so nothing of the second message holds
    more = bootstrap_message([("./DMAcc/other/ServerID", "other.example.net")] + account_nodes(account, server.url))
    answers, _, _ = take(path, [bootstrap(more, 1, PIN.encode())])
    assert "418" in answers[0]["dm"]["refused"], answers
    assert "./DMAcc/other" not in kept(path)["dm"]["nodes"]
    answers, _, _ = take(path, [bootstrap(bootstrap_message([("./DMAcc/boot/Name", "Again")], "Replace"), 1, PIN.encode())])
    equal((answers[0]["dm"], node(path, "./DMAcc/boot/Name")), ({"bootstrap": True}, "Again"))


@case
def bootstrapped_by_an_object():
    """an account as a serialised object in the inbox"""
    def leaf(name, value, form="chr"):
        return ("<Node><NodeName>%s</NodeName><RTProperties><Format><%s/></Format><Type><MIME>text/plain</MIME></Type></RTProperties>"
                "<Value>%s</Value></Node>" % (name, form, value))

    def inner(name, *nodes):
        return "<Node><NodeName>%s</NodeName>%s</Node>" % (name, "".join(nodes))
    account = an_account()
    server = DmServer(account, PLAN[1:])
    auth = [inner(str(i + 1), leaf("AAuthLevel", level), leaf("AAuthName", user), leaf("AAuthSecret", secret), leaf("AAuthData", b64(nonce), "b64"))
            for i, (level, user, secret, nonce) in enumerate((("CLCRED", account.user, account.password, account.nonce),
                                                             ("SRVCRED", account.server_id, account.server_password, account.server_nonce)))]
    tree = ('<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>dm.example.net</NodeName><RTProperties><Format><node/></Format>'
            "<Type><DDFName>org.openmobilealliance/1.0/w7</DDFName></Type></RTProperties>%s</Node></MgmtTree>" % "".join((
                leaf("AppID", "w7"), leaf("ServerID", account.server_id), leaf("Name", "Of an object"),
                inner("AppAddr", inner("1", leaf("Addr", server.url))), inner("AppAuth", *auth))))
    meta = tag("Meta", b"\x00\x01\x47\x03xml\0\x01\x53\x03application/vnd.syncml.dmtnds+xml\0\x01\x00\x00")
    body = bootstrap_message([]).replace(tag("Final"), tag("Add", tag("CmdID", "1"), tag("Item", tag("Target", tag("LocURI", "./Inbox/a")), meta,
                                                                                       tag("Data", tree))) + tag("Final"))
    path = handsets(clients=CLIENTS)
    answers, _, _ = take(path, [bootstrap(body, 1, PIN.encode())])
    equal(answers[0].get("dm"), {"bootstrap": True}, answers)
    answers, events, _ = take(path, [package0(notification(account.server_id, account.server_password, account.server_nonce, 10))])
    equal((events[0]["dm"]["outcome"], server.results), ("done", {"./DMAcc/dm.example.net/Name": "Of an object"}), events)
    broken = body.replace(b"</MgmtTree>", b"</MgmtTrxe>")
    answers, _, _ = take(path, [bootstrap(broken, 1, PIN.encode())])
    equal((answers[0]["dm"]["bootstrap"], answers[0]["dm"]["refused"]), (False, "Add ./Inbox/a: status 500"))


@case
def not_bootstrapped():
    """unsigned, another key, a PIN too late, a user who declines, a body that is none, a device without such a client"""
    account = an_account()
    body = bootstrap_message(account_nodes(account, "https://dm.example.net/"))
    nameless = bootstrap_message([("./DMAcc/x/AppID", "w7")])
    rows = [({}, bootstrap(body, None, b""), "not signed"), ({}, bootstrap(body, 1, b"1234"), "MAC"),
            ({}, bootstrap(body, 0, PIN.encode()), "MAC"), ({}, bootstrap(body, 1, PIN.encode(), mac="0" * 40), "MAC"),
            ({"pins": ["1111", "2222", "3333", PIN]}, bootstrap(body, 1, PIN.encode()), "MAC"),
            ({"pins": []}, bootstrap(body, 1, PIN.encode()), "MAC"), ({"imsi": None}, bootstrap(body, 0, IMSI.encode()), "MAC"),
            ({"consent": "no"}, bootstrap(body, 1, PIN.encode()), "declined"), ({}, bootstrap(nameless, 1, PIN.encode()), "names no server"),
            ({}, bootstrap(bootstrap_message([("./DevInfo", None)]), 1, PIN.encode()), "418")]
    for more, message, word in rows:
        path = handsets(**dict({"clients": CLIENTS}, **more))
        answers, events, _ = take(path, [message])
        equal((answers[0]["dm"]["bootstrap"], events), (False, []), word)
        assert word in answers[0]["dm"]["refused"], answers[0]["dm"]
        assert "dm" not in kept(path), kept(path)
    path = handsets()
    answers, _, _ = take(path, [bootstrap(body, 1, PIN.encode())])
    equal((answers[0]["code"], "dm" in answers[0]), ("P11", False))


def account_of_file(account, url):
    """Member "dm" of a handset that has the account."""
    base = "./DMAcc/" + account.server_id
    values = {"ServerID": account.server_id, "Name": "N", "AppAddr/1/Addr": url, "AppAuth/1/AAuthLevel": "CLCRED",
              "AppAuth/1/AAuthName": account.user, "AppAuth/1/AAuthSecret": account.password, "AppAuth/2/AAuthLevel": "SRVCRED",
              "AppAuth/2/AAuthSecret": account.server_password}
    nodes = {base: {"format": "node", "acl": "Get=*&Replace=" + account.server_id}}
    nodes.update({"%s/%s" % (base, k): {"value": v} for k, v in values.items()})
    for i, nonce in ((1, account.nonce), (2, account.server_nonce)):
        nodes["%s/AppAuth/%d/AAuthData" % (base, i)] = {"format": "bin", "base64": b64(nonce)}
    return {"nodes": nodes}


def resident(pid, what="VmRSS"):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what + ":")) / 1024


@case
def ten_thousand():
    """10,000 handsets with an account each in 256 MiB, and sessions of 150 of them at once"""
    n, called = 10000, 150
    accounts = [Account("dev%d" % i, "pw%d" % i, "dm.example.net", "srv%d" % i) for i in range(n)]
    server = DmServer(accounts, PLAN[1:])
    path = os.path.join(temp_dir(), "handsets.json")
    with open(path, "w") as f:
        json.dump({"defaults": {"profile": "wm5", "policies": OPEN},
                   "handsets": [{"number": "1202%07d" % i, "dm": account_of_file(a, server.url)} for i, a in enumerate(accounts)]}, f)
    sim = Simulator([])
    p = Program([built(ROUTER), "--smscsim", sim.url, "--handsets", path, "--json", "--dm", "--dm-form", "xml", "--stats"])
    p.wait_line("10000 handsets")
    with sim.more:
        sim.messages += [entry(i + 1, "1202%07d" % i, [package0(notification("dm.example.net", a.server_password, a.server_nonce, 1 + i))])
                         for i, a in enumerate(accounts[:called])]
        sim.more.notify_all()
    wait_for(lambda: p.text().count('"outcome":"done"') == called, "the sessions", every_s=0.5)
    peak = resident(p.pid, "VmHWM")
    p.stop()
    equal(json.loads(p.text("err").splitlines()[-1])["dm"], {"running": 0, "waiting": 0, "done": called, "failed": 0})
    events = [json.loads(line)["dm"] for line in p.text().splitlines() if line.startswith('{"handset"')]
    equal([e["outcome"] for e in events], ["done"] * called)
    note("resident: %.1f MiB at most" % peak)
    with open(built(ROUTER), "rb") as f:
        if b"__asan_init" not in f.read():
            assert peak < 256, peak
    with open(path) as f:
        by_number = {h["number"]: h for h in json.load(f)["handsets"]}
    for i in range(0, called, 7):
        nodes = by_number["1202%07d" % i]["dm"]["nodes"]
        equal(base64.b64decode(nodes["./DMAcc/dm.example.net/AppAuth/1/AAuthData"]["base64"]), accounts[i].nonce)


@case
def one_device_on_ip():
    """--udp: the account of a device file, package 0 by datagram, a command on standard input"""
    account = an_account()
    server = DmServer(account, PLAN[1:])
    path = os.path.join(temp_dir(), "device.json")
    with open(path, "w") as f:
        json.dump({"profile": "wm5", "policies": OPEN, "dm_info": {"DevId": DEV_ID}, "dm": account_of_file(account, server.url)}, f)
    p = Program([built(ROUTER), "--udp", "127.0.0.1:0", "--device", path, "--dm", "--dm-form", "xml", "--commands", "--json"],
                stdin=subprocess.PIPE)
    port = int(p.wait_line(r"taken on 127.0.0.1:(\d+)").group(1))
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.sendto(bytes.fromhex(package0(notification(account.server_id, account.server_password, account.server_nonce, 7))[14:]),
               ("127.0.0.1", port))
    event = json.loads(p.wait_line(r'^\{"handset".*"dm"').string)
    equal((event["dm"]["outcome"], event["dm"]["session"]), ("done", "7"), event)
    at = len(p.lines)
    p.process.stdin.write(b"dm - dm.example.net\n")
    p.process.stdin.close()
    event = json.loads(p.wait_line(r'^\{"handset".*"dm"', start=at).string)
    equal((event["dm"]["outcome"], event["dm"]["start"]), ("done", "client"), event)
    equal({m.source for m in server.messages}, {DEV_ID})
    p.stop()
    out.close()


if __name__ == "__main__":
    main()
