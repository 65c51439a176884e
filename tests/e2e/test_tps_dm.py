"""Device management sessions with tps over HTTPS: who is who, by digest, HMAC and certificate; and what is done then."""
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time

import harness
from harness import case, equal
from provisioner import GETS, SERVER_ID, XML, Device, Tps, b64, client_context, hmac_sha256, item, make_certificate, status

FOLDER = harness.temp_dir()
make_certificate(FOLDER, "ca")
make_certificate(FOLDER, "strangers")
make_certificate(FOLDER, "server", "ca")
PINNED = make_certificate(FOLDER, "pinned", "strangers", "clientAuth", "DNS:pinned.example.net")
make_certificate(FOLDER, "named", "ca", "clientAuth", "DNS:named.example.net")
make_certificate(FOLDER, "pretender", "strangers", "clientAuth", "DNS:named.example.net")
PLAIN = client_context(FOLDER)
CONFIG = ('database = "tps.db"\ndm-url = "https://tps.example.net/dm"\nssl-server-cert-file = "%s"\nssl-server-key-file = "%s"\n'
          'ssl-client-ca-file = "%s"\nmessage-size-max = 16K\nobject-size-max = 20K\nsessions-max = 20\n'
          "session-messages-max = 30\n" % tuple(
              os.path.join(FOLDER, f) for f in ("server.pem", "server.key", "ca.pem")))
tps = Tps(CONFIG)
numbers = iter(range(100, 999))


def device(scheme="md5", more=(), context=PLAIN):
    n = next(numbers)
    return Device(tps, "IMEI:49015420323%04d" % n, scheme, "device-password-%d" % n, "server-password-%d" % n, context, more)


def waiting(d):
    return [(c["verb"], c["uri"], c["status"]) for c in tps.run("dm", "list", d.id, "--json")]


# ---- who is who --------------------------------------------------------------------------------------

def session_of(scheme, success):
    d = device(scheme)
    equal(tps.show(d.id)["password_kept"], True)
    replies = d.whole()
    equal(replies[0].code, success)
    assert replies[0].nonce or scheme == "hmac-sha256", "no nonce for the next time"
    nodes = tps.nodes(d.id)
    equal(nodes, d.tree)
    # the second session begins with nonces that both have kept
    d.begin()
    first = d.first()
    equal(first.code, success)
    assert d.server_fits(first), "the server does not show itself with the nonce it was given"
    equal([c[2] for c in first.commands()], GETS)
    equal(first.statuses(), {1: 200, 2: 200})
    line, _ = d.header_status(first, success)
    last = d.send([line] + d.obey(first), cred="" if success == 212 else None)
    equal((last.code, last.commands(), last.final), (success, [], True))
    # hashes are enough from now on, but for a key
    equal(tps.show(d.id)["password_kept"], scheme == "hmac-sha256")
    equal(len(tps.events(d.id, "session")), 2)
    return d, last


@case
def md5():
    """syncml:auth-md5, both ways; nonces last from session to session."""
    session_of("md5", 212)


@case
def sha256():
    """syncml:auth-sha256, both ways."""
    session_of("sha256", 212)


@case
def hmac_of_12():
    """The HMAC of DM 1.2: in every message, with a new nonce for each, both ways."""
    d, last = session_of("hmac-md5", 200)
    assert d.server_fits(last) and last.nonce
    # its header on another body, none at all, and garbage are failures
    d.begin()
    body = d.message([])
    wrong = d.post(body, d.hmac_header(body + b" "))
    equal((wrong.code, wrong.chal), (401, "syncml:auth-MAC"))
    d.begin()
    equal(d.send([], header=False).code, 407)
    d.begin()
    equal(d.post(d.message([]), "algorithm=MD5, username=").code, 401)


@case
def hmac_of_13():
    """HMAC-SHA256 of DM 1.3, both ways: a message that was recorded is not taken again, in another session neither."""
    d, _ = session_of("hmac-sha256", 200)
    d.begin()
    body = d.message([])
    header = d.hmac_header(body)
    good = d.post(body, header)
    equal(good.code, 200)
    assert d.server_fits(good)
    equal(d.post(body, header).body, good.body)     # a repetition of the last message: the same answer
    body2 = d.message([])
    header2 = d.hmac_header(body2)
    equal(d.post(body2, header2, good.resp_uri).code, 200)
    equal(d.post(body, header).code, 401)           # the first one again begins a session, and is too old for it
    d.begin()
    body = d.message([])
    old = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    equal(d.post(body, 'algorithm=HMAC-SHA256, ServerId="%s", Timestamp="%s", mac=%s' % (
        SERVER_ID, old, hmac_sha256(d.password, old, body))).code, 401)


@case
def challenges():
    """Nothing: 407 and a challenge. Wrong: 401 and one more. Wrong again: the end, without a challenge."""
    d = device()
    d.begin()
    missing = d.first(cred="")
    equal((missing.code, missing.chal, len(missing.nonce), missing.commands()), (407, "syncml:auth-md5", 16, []))
    equal(set(missing.statuses().values()), {407})
    equal(d.first().code, 212)
    d.begin()
    d.password, right = "wrong", d.password
    wrong = d.first()
    equal((wrong.code, wrong.chal, wrong.nonce is not None, wrong.commands()), (401, "syncml:auth-md5", True, []))
    last = d.first()
    equal((last.code, last.chal, last.nonce, last.commands(), set(last.statuses().values())), (401, None, None, [], {401}))
    d.password = right
    d.begin()
    equal(d.login().code, 212)
    equal(tps.nodes(d.id)["./DevInfo/Man"], "Example")


@case
def nonces_are_not_taken_twice():
    """A credential that was right once is wrong in the next session, when the device has confirmed the new nonce."""
    d = device()
    d.whole()
    d.begin()
    recorded = d.credential()
    reply = d.first()
    line, _ = d.header_status(reply)
    equal(d.send([line] + d.obey(reply), cred="").code, 212)
    d.begin()
    again = d.first(cred=recorded)
    equal((again.code, again.commands()), (401, []))
    nonces = set()
    for _ in range(5):
        d.begin()
        nonces.add(d.first(cred="").nonce)
    equal(len(nonces), 5)


@case
def strangers():
    """A device that is not known is asked like others, and never let in."""
    d = device()
    d.id = "IMEI:000000000000000"
    d.begin()
    first = d.first()
    equal((first.code, first.chal, first.nonce is not None, first.commands()), (401, "syncml:auth-md5", True, []))
    equal(d.first().code, 401)
    d.begin()
    equal(d.first(cred="").code, 407)
    equal(d.first(cred="").code, 401)


@case
def other_schemes():
    """What is not asked is not taken: BASIC, SHA-256 where MD5 is, MD5 where HMAC is."""
    d = device()
    d.whole()
    basic = ('<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta>'
             "<Data>%s</Data></Cred>" % b64(("%s:%s" % (d.user, d.password)).encode()))
    d.begin()
    equal(d.first(cred=basic).code, 401)
    d.scheme = "sha256"
    equal(d.first().code, 401)
    h = device("hmac-md5")
    h.scheme = "md5"
    h.begin()
    first = h.first()
    equal((first.code, first.chal), (407, "syncml:auth-MAC"))
    equal(first.commands(), [])


@case
def other_sessions():
    """Who does not come by the RespURI of a session is not in it: he begins another, and shows himself message by message."""
    d = device()
    d.begin()
    reply = d.login()
    assert reply.resp_uri.startswith("https://tps.example.net/dm?s=")
    stolen = d.send(["<Alert><Data>1226</Data>%s</Alert>" % item(source="./x", data="stolen")], cred="", token=False)
    equal((stolen.code, stolen.commands()), (407, []))
    equal(tps.events(d.id, "alert"), [])
    shown = d.send([], token=False)
    equal((shown.code, shown.nonce is not None), (212, True))
    shown = d.send([], token=False)
    equal((shown.code, shown.nonce is not None), (200, True))
    equal(d.send([], token=False).code, 200)


# ---- certificates -----------------------------------------------------------------------------------

@case
def by_certificate():
    """A registered certificate is enough where the device is to show one; another one, or none, is the end."""
    pinned, named, pretender = (client_context(FOLDER, n) for n in ("pinned", "named", "pretender"))
    for word, right, wrong in (("sha256:" + PINNED, pinned, named), ("dns:named.example.net", named, pretender),
                               ("subject:CN=named,O=Example", named, pinned)):
        d = device(more=("--require", "certificate", "--certificate", word), context=right)
        d.begin()
        first = d.first(cred="")
        equal((first.code, first.chal), (212, None), word)
        equal([c[2] for c in first.commands()], GETS)
        assert first.cred, "the server does not show itself"
        equal(tps.show(d.id)["password_kept"], True)
        for other in (wrong, PLAIN):
            d.begin()
            d.context = other
            refused = d.first()
            equal((refused.code, refused.chal, refused.commands()), (401, None, []), word)


@case
def certificate_or_digest():
    """With "either" both ways lead in; with "both" neither alone does."""
    pinned = client_context(FOLDER, "pinned")
    d = device(more=("--require", "either", "--certificate", "sha256:" + PINNED))
    equal(d.begin().login().code, 212)
    d.context = pinned
    equal(d.begin().first(cred="").code, 212)
    d = device(more=("--require", "both", "--certificate", "sha256:" + PINNED))
    refused = d.begin().first()
    equal((refused.code, refused.chal), (401, None))
    d.context = pinned
    first = d.begin().first(cred="")
    equal((first.code, first.chal), (407, "syncml:auth-md5"))       # S-007: MD5 together with TLS authentication
    equal(d.first().code, 212)
    d.begin().first(cred="")
    d.scheme = "sha256"
    other = d.first()                                                   # another scheme than asked: the end
    equal((other.code, other.chal), (401, None))


# ---- the server shows itself ----------------------------------------------------------------------------

@case
def server_is_challenged():
    """The device does not know the server yet: it sends its commands again with the new nonce; refused twice it stops."""
    d = device()
    tps.run("dm", "queue", d.id, "replace", "./Vendor/A", "one")
    d.begin()
    reply = d.login()
    line, fits = d.header_status(reply)
    equal((fits, reply.commands()[0][2]), (False, "./Vendor/A"))
    again = d.send([line, "<Alert><Data>1226</Data>%s</Alert>" % item(source="./x", data="meanwhile")], cred="")
    assert d.server_fits(again)
    equal((again.statuses()[2], "meanwhile" in tps.events(d.id, "alert")[-1]), (200, True))      # the device itself is proven
    equal([c[1:] for c in again.commands()][0][1:], ("./Vendor/A", "one"))
    equal(len(again.commands()), len(reply.commands()))
    line, _ = d.header_status(again)
    equal(d.send([line] + d.obey(again), cred="").commands(), [])
    equal(d.tree["./Vendor/A"], "one")
    # and a device that never accepts it
    tps.run("dm", "queue", d.id, "replace", "./Vendor/A", "two")
    d.begin()
    reply = d.login()
    d.server_password = "another-password"
    for code, commands in ((401, len(GETS) + 1), (401, 0)):
        line, _ = d.header_status(reply, refuse=code)
        reply = d.send([line], cred="")
        equal(len(reply.commands()), commands)
    equal(waiting(d)[-1], ("replace", "./Vendor/A", None))
    assert "does not accept this server" in tps.events(d.id, "session")[-1]


# ---- commands ------------------------------------------------------------------------------------------------

@case
def commands():
    """What was queued is done in order; the status that the device gave each is kept, its ACL's refusal too."""
    d = device()
    d.tree["./Vendor/Old"] = "x"
    for args in (("add", "./Vendor/Node"), ("add", "./Vendor/Node/Leaf", "<&> \u00e9"), ("replace", "./Vendor/Secret", "hush"),
                 ("get", "./Vendor/Old"), ("get", "./Vendor/None"), ("exec", "./Vendor/Do", "now"), ("delete", "./Vendor/Old")):
        tps.run("dm", "queue", d.id, *args)
    replies = d.whole(codes={"./Vendor/Secret": 425, "./Vendor/Do": 202})
    equal(waiting(d), [("add", "./Vendor/Node", 200), ("add", "./Vendor/Node/Leaf", 200), ("replace", "./Vendor/Secret", 425),
                       ("get", "./Vendor/Old", 200), ("get", "./Vendor/None", 404), ("exec", "./Vendor/Do", 202),
                       ("delete", "./Vendor/Old", 200)])
    equal(d.tree["./Vendor/Node/Leaf"], "<&> \u00e9")
    equal(tps.nodes(d.id)["./Vendor/Old"], "x")
    assert "./Vendor/None" not in tps.nodes(d.id)
    equal(replies[-1].commands(), [])
    assert "%d commands" % (7 + len(GETS)) in tps.events(d.id, "session")[-1]
    # no second time
    d.begin()
    equal([c[2] for c in d.login().commands()], GETS)


@case
def unanswered():
    """A command that the device did not answer waits for the next session."""
    d = device()
    for uri in ("./Vendor/A", "./Vendor/B"):
        tps.run("dm", "queue", d.id, "get", uri)
    d.tree.update({"./Vendor/A": "a", "./Vendor/B": "b"})
    d.begin()
    reply = d.login()
    line, _ = d.header_status(reply, refuse=212)
    d.send([line] + d.obey(reply)[:2], cred="")
    equal(waiting(d), [("get", "./Vendor/A", 200), ("get", "./Vendor/B", None)])
    d.whole()
    equal(waiting(d), [("get", "./Vendor/A", 200), ("get", "./Vendor/B", 200)])


@case
def small_messages():
    """Commands are spread over as many messages as the device's MaxMsgSize asks for; what never fits is given up."""
    d = device()
    d.whole()
    for i in range(20):
        tps.run("dm", "queue", d.id, "replace", "./Vendor/N%02d" % i, "v" * 100 + str(i))
    tps.run("dm", "queue", d.id, "replace", "./Vendor/Large", "v" * 1500)
    d.begin()
    reply = d.first(max_size=1500)
    sizes, n = [], 0
    while reply.commands() or not reply.final:
        sizes.append(len(reply.body))
        n += 1
        line, _ = d.header_status(reply, 212)
        reply = d.send([line] + (d.obey(reply) or ["<Alert><Data>1222</Data></Alert>"]), cred="")
    assert n > 4 and max(sizes) <= 1500, (n, sizes)
    equal([d.tree["./Vendor/N%02d" % i] for i in range(20)], ["v" * 100 + str(i) for i in range(20)])
    equal(waiting(d)[-1], ("replace", "./Vendor/Large", 413))
    equal({c[2] for c in waiting(d)[:-1]}, {200})


@case
def large_results():
    """A result in pieces is joined; one above the limit, or one that breaks off, is not kept."""
    d = device()
    d.whole()

    def pieces(uri, parts, finish=True, size=True):
        tps.run("dm", "queue", d.id, "get", uri)
        d.begin()
        reply = d.first()
        cmd = [c[1] for c in reply.commands() if c[2] == uri][0]
        msg = reply.msg_id
        codes = []
        for i, part in enumerate(parts):
            more = i < len(parts) - 1 or not finish
            line, _ = d.header_status(d.last, 212)
            result = "<Results><MsgRef>%d</MsgRef><CmdRef>%d</CmdRef>%s</Results>" % (
                msg, cmd, item(source=uri, data=part, more=more, size=sum(map(len, parts)) if i == 0 and size else None))
            reply = d.send([line] + (["<Status>%s</Status>" % status(msg, cmd, "Get", 200)] if i == 0 else []) + [result],
                           cred="", final=not more)
            codes.append(sorted(reply.statuses().values())[-1])
            equal((1222 in reply.alerts(), reply.final), (more, not more))
        return codes
    parts = ["a" * 7000, "b" * 7000, "c" * 100]
    equal(pieces("./Vendor/Big", parts), [213, 213, 200])
    equal(tps.nodes(d.id)["./Vendor/Big"], "".join(parts))
    equal(pieces("./Vendor/Bigger", ["a" * 7000] * 4), [413, 413, 413, 413])
    equal(pieces("./Vendor/Bigger", ["a" * 7000] * 4, size=False), [213, 213, 413, 413])
    assert "./Vendor/Bigger" not in tps.nodes(d.id)
    equal(pieces("./Vendor/Broken", ["a" * 7000, "b"], finish=False), [213, 213])
    line, _ = d.header_status(d.last, 212)
    lost = d.send([line, "<Replace>%s</Replace>" % item(source="./DevInfo/Lang", data="fr")], cred="")
    equal((1223 in lost.alerts(), lost.statuses()[2]), (True, 200))
    assert "./Vendor/Broken" not in tps.nodes(d.id)
    equal(tps.nodes(d.id)["./DevInfo/Lang"], "fr")
    equal(pieces("./Vendor/Broken", ["a" * 7000, "b"], finish=False), [213, 213])
    line, _ = d.header_status(d.last, 212)
    equal(d.send([line, "<Alert><Data>1223</Data></Alert>"], cred="").alerts(), [])


@case
def alerts():
    """1226 is kept with what it says; 1222 goes on; what no server understands is 406; 1224 ends the session."""
    d = device()
    d.begin()
    reply = d.login(alert=1200)
    line, _ = d.header_status(reply, refuse=212)
    reply = d.send([line, "<Alert><Data>1226</Data><Correlator>77</Correlator>%s</Alert>" % item(source="./Vendor/Do", data="fine\n"),
                    "<Alert><Data>1222</Data></Alert>", "<Alert><Data>1100</Data></Alert>",
                    "<Add>%s</Add>" % item(target="./Server", data="mine"), "<Get>%s</Get>" % item(target="./Server"),
                    "<Replace>%s</Replace>" % item(source="./Vendor/X", data="y")] + d.obey(reply), cred="")
    equal([reply.statuses()[i] for i in range(2, 8)], [200, 200, 406, 405, 405, 405])
    kept = tps.events(d.id, "alert")
    equal(len(kept), 1)
    assert "77" in kept[0] and "./Vendor/Do" in kept[0] and "fine" in kept[0] and "\n" not in kept[0], kept
    assert "asked for by the server" in tps.events(d.id, "session")[-1]
    d.begin()
    d.login()
    line, _ = d.header_status(d.last, 212)
    equal(d.send([line, "<Alert><Data>1224</Data></Alert>"], cred="").commands(), [])
    assert "the device ended it" in tps.events(d.id, "session")[-1]


@case
def not_final():
    """A package in two messages: the server asks for the rest with 1222, and sends its commands then."""
    d = device()
    d.whole()
    d.begin()
    reply = d.first(final=False)
    equal((reply.code, reply.alerts(), reply.commands(), reply.final), (212, [1222], [], False))
    line, _ = d.header_status(reply, 212)
    reply = d.send([line], cred="")
    equal([c[2] for c in reply.commands()], GETS)


# ---- what strangers send ---------------------------------------------------------------------------------------

@case
def garbage():
    """What is no SyncML gets 400, another type 415, another path 404, another method 405, too much 413."""
    d = device()
    d.begin()
    good = d.message([])
    for body in (b"", b"<", b"\x00" * 100, b"<SyncML/>", good[:-1], good[:len(good) // 2], good.replace(b"MsgID>1<", b"MsgID>x<"),
                 good.replace(b"<SessionID>1</SessionID>", b""), good.replace(b"<SessionID>1<", b"<SessionID>%s<" % (b"1" * 17)),
                 good.replace(b"IMEI:", b"I" * 300), b'<!DOCTYPE a [<!ENTITY b "c">]>' + good, b"<a>" * 3000):
        equal(d.post(body).http, 400, body[:60])
    equal(d.post(good, content_type="text/xml").http, 415)
    equal(d.post(good, content_type="application/vnd.syncml.dm+wbxml").http, 400)
    equal(d.post(b"x" * 17000).http, 413)
    for old, new, code in ((b"<VerDTD>1.2", b"<VerDTD>2.0", 505), (b"DM/1.2", b"DS/1.2", 513)):
        equal(d.post(good.replace(old, new)).code, code)
    d.begin()
    equal(d.login().code, 212)


@case
def message_numbers():
    """A repeated message gets the answer it had; one that does not count up is refused."""
    d = device()
    d.whole()
    d.begin()
    body = d.message(["<Alert><Data>1226</Data>%s</Alert>" % item(source="./x", data="once")])
    first, again = d.post(body), d.post(body)
    equal((first.code, first.body), (212, again.body))
    equal(len(tps.events(d.id, "alert")), 1)
    d.msg, d.url = 3, first.resp_uri
    equal(d.send([], cred="").code, 212)
    d.msg = 1
    equal(d.post(d.message([], cred=""), url=d.url).http, 400)


@case
def limits():
    """A session has a limited number of messages; and sessions are limited: who is not known makes room for others."""
    d = device()
    d.whole()
    d.begin()
    d.first()
    for _ in range(29):
        equal(d.send([], cred="").http, 200)
    equal(d.post(d.message([], cred=""), url=d.url).http, 403)
    stranger = device()
    stranger.id = "IMEI:1"
    for _ in range(60):
        stranger.begin()
        equal(stranger.first(cred="").code, 407)
    d.whole()


@case
def slow():
    """Who stops in the middle of a request keeps nobody else waiting."""
    held = []
    for _ in range(10):
        s = PLAIN.wrap_socket(socket.create_connection(("127.0.0.1", tps.port)), server_hostname="127.0.0.1")
        s.sendall(b"POST /dm HTTP/1.1\r\nHost: x\r\nContent-Type: " + XML.encode() + b"\r\nContent-Length: 1000\r\n\r\n<Sync")
        held.append(s)
        held.append(socket.create_connection(("127.0.0.1", tps.port)))
    device().whole()
    for s in held:
        s.close()


@case
def together():
    """Ten devices at the same time, each with its own session and account."""
    devices, failed = [device(s) for s in ("md5", "sha256", "hmac-md5", "hmac-sha256", "md5") * 2], []

    def run(d):
        try:
            d.whole()
        except BaseException as why:
            failed.append(why)
    threads = [threading.Thread(target=run, args=(d,)) for d in devices]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(failed, [])
    for d in devices:
        equal(tps.nodes(d.id), d.tree)


@case
def removed():
    """A device that was removed in the middle of its session is out."""
    d = device()
    d.begin()
    d.login()
    tps.run("device", "remove", d.id)
    line, _ = d.header_status(d.last, 212)
    equal(d.send([line], cred="").code, 401)


@case
def restart():
    """Accounts, nonces and commands outlive the server."""
    d = device()
    d.whole()
    tps.run("dm", "queue", d.id, "get", "./DevDetail/SwV")
    tps.stop()
    tps.start()
    d.begin()
    first = d.first()
    equal(first.code, 212)
    assert d.server_fits(first)
    equal(first.commands()[0][2], "./DevDetail/SwV")


@case
def renewed():
    """SIGHUP: connections to come see the new certificate; a broken one leaves what is there."""
    def shown():
        with PLAIN.wrap_socket(socket.create_connection(("127.0.0.1", tps.port)), server_hostname="127.0.0.1") as s:
            return s.getpeercert()["subject"][-1][0][1]
    for name in ("server.pem", "server.key"):
        shutil.copy(os.path.join(FOLDER, name), os.path.join(FOLDER, "kept-" + name))
    equal(shown(), "server")
    make_certificate(FOLDER, "later", "ca")
    for name in (".pem", ".key"):
        shutil.copy(os.path.join(FOLDER, "later" + name), os.path.join(FOLDER, "server" + name))
    tps.program.signal(signal.SIGHUP)
    harness.wait_for(lambda: shown() == "later", "the new certificate")
    start = len(tps.program.lines)
    with open(os.path.join(FOLDER, "server.pem"), "w") as f:
        f.write("nothing")
    tps.program.signal(signal.SIGHUP)
    tps.program.wait_line("certificates stay as they are", start=start)
    equal(shown(), "later")
    for name in ("server.pem", "server.key"):
        shutil.copy(os.path.join(FOLDER, "kept-" + name), os.path.join(FOLDER, name))


@case
def locked():
    """A database that somebody else holds: 503, nothing half-done, and the same session begins well afterwards."""
    d = device()
    d.whole()
    other = sqlite3.connect(os.path.join(tps.folder, "tps.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    d.begin()
    body = d.message([])
    answer = d.post(body)
    equal((answer.http, answer.headers.get("retry-after")), (503, "30"))
    other.execute("ROLLBACK")
    other.close()
    equal(d.post(body).code, 212)


@case
def secrets_are_not_logged():
    """Neither passwords nor what commands carried are in the log."""
    tps.stop()
    said = tps.program.text("err") + tps.program.text()
    assert "device-password" not in said and "server-password" not in said and "hush" not in said


if __name__ == "__main__":
    harness.main()
