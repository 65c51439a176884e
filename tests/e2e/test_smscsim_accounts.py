"""smscsim --accounts: who may bind and how, rates, settings of an account, reload, files that are wrong."""
import hashlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                                            # noqa: E402
from harness import case, equal, wait_for                                 # noqa: E402
import smpp_client as smpp                                                # noqa: E402
from smpp_client import Esme                                              # noqa: E402

DEST = "+12025550123"
FOLDER = harness.temp_dir()
TX, RX, TRX = smpp.BIND_TRANSMITTER, smpp.BIND_RECEIVER, smpp.BIND_TRANSCEIVER
RBINDFAIL, RINVPASWD, RINVSYSID = 0x0D, 0x0E, 0x0F


def path(name):
    return os.path.join(FOLDER, name)


def write(content, name="accounts.json"):
    with open(path(name), "wb") as f:
        f.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path(name)


def start(accounts, *more):
    return harness.Smscsim("--accounts", write(accounts), *more)


def bind(s, system_id, password="", kind=TRX, keep=None):
    esme = Esme(s.port)
    status = esme.bind(system_id, password, kind).status
    if keep is None:
        if status == smpp.ROK:
            equal(esme.unbind().status, smpp.ROK)
        esme.close()
    else:
        keep.append(esme)
    return status


def account(s, system_id):
    return [a for a in s.get("accounts").json() if a["system_id"] == system_id][0]


@case
def who_may_bind():
    """unknown RINVSYSID, wrong password RINVPASWD, wrong mode or address RBINDFAIL; nothing of them is in the log"""
    s = start([{"system_id": "one", "password": "secret08"}, {"system_id": "any"}, {"system_id": "none", "password": ""},
               {"system_id": "tx", "bind": ["transmitter"]}, {"system_id": "both", "bind": ["receiver", "transmitter"]},
               {"system_id": "far", "from": "192.0.2.0/24;2001:db8::/32"},
               {"system_id": "near", "from": "192.0.2.0/24;127.0.0.1"}])
    for args, status in ((("one", "secret08"), 0), (("one", "secret09"), RINVPASWD), (("one", "secret0"), RINVPASWD),
                         (("one", ""), RINVPASWD), (("one", "SECRET08"), RINVPASWD), (("ONE", "secret08"), RINVSYSID),
                         (("on", "secret08"), RINVSYSID), (("", ""), RINVSYSID), (("any", "whatever"), 0), (("any", ""), 0),
                         (("none", ""), 0), (("none", "x"), RINVPASWD), (("tx", "", TX), 0), (("tx", "", RX), RBINDFAIL),
                         (("tx", "", TRX), RBINDFAIL), (("both", "", TX), 0), (("both", "", RX), 0),
                         (("both", "", TRX), RBINDFAIL), (("far", ""), RBINDFAIL), (("near", ""), 0)):
        equal(bind(s, *args), status, str(args))
    # after a refusal the session is as before
    with Esme(s.port) as esme:
        equal(esme.bind("one", "wrong").status, RINVPASWD)
        equal(esme.submit(DEST, b"x").status, smpp.RINVBNDSTS)
        equal(esme.bind("one", "secret08").status, smpp.ROK)
        equal(esme.submit(DEST, b"x").status, smpp.ROK)
    listed = s.get("accounts").json()
    equal(sorted(a["system_id"] for a in listed), ["any", "both", "far", "near", "none", "one", "tx"])
    assert "secret08" not in json.dumps(listed)
    s.stop()
    assert "secret0" not in s.program.text("err"), "a password in the log"


@case
def max_binds():
    """one too many RALYBND; a place is free again after unbind, and after the connection is lost"""
    s = start([{"system_id": "two", "max_binds": 2}, {"system_id": "any"}])
    held = []
    equal([bind(s, "two", keep=held) for _ in range(3)], [0, 0, smpp.RALYBND])
    equal(account(s, "two")["bound"], 2)
    equal(bind(s, "any"), 0)
    equal(held[0].unbind().status, smpp.ROK)
    equal([bind(s, "two", keep=held), bind(s, "two", keep=held)], [0, smpp.RALYBND])
    held[1].close()
    wait_for(lambda: bind(s, "two", keep=held) == 0, "the lost one to be noticed")
    equal(bind(s, "two"), smpp.RALYBND)
    s.stop()


@case
def rate():
    """more requests than the rate: RTHROTTLED, nothing kept; later they are taken again; others are not slowed"""
    s = start([{"system_id": "slow", "rate": 20}, {"system_id": "quick"}])
    with Esme(s.port) as slow, Esme(s.port) as quick:
        equal((slow.bind("slow").status, quick.bind("quick").status), (0, 0))
        began = time.monotonic()
        for esme in (slow, quick):
            esme.send_raw(b"".join(smpp.pdu(smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x"), n) for n in range(1, 201)))
        got = {e: [e.response(n).status for n in range(1, 201)] for e in (slow, quick)}
        took = time.monotonic() - began
        equal(got[quick], [0] * 200)
        equal(set(got[slow]), {0, smpp.RTHROTTLED})
        taken = got[slow].count(0)
        equal(got[slow][:20], [0] * 20, "a second's worth at once")
        assert 20 <= taken <= 20 + 20 * (took + 1), (taken, took)
        equal(account(s, "slow")["throttled"], 200 - taken)
        equal(account(s, "slow")["submit_sm"], taken)
        equal(s.stats()["throttled"], 200 - taken)
        equal(s.stats()["messages"], 200 + taken)
        # session commands are free; the others count
        slow.send_raw(b"".join(smpp.pdu(smpp.SUBMIT_SM, smpp.submit_body(DEST, b"x"), n) for n in range(201, 301)))
        [slow.response(n) for n in range(201, 301)]
        slow.seq = 1000
        for _ in range(5):
            equal(slow.enquire_link().status, smpp.ROK)
        wait_for(lambda: slow.submit(DEST, b"x").status == 0, "the rate to allow it", every_s=0.1)
    s.stop()


@case
def receipts_of_the_account():
    """receipts: settings of this account, on top of everyone's"""
    s = start([{"system_id": "own", "receipts": {"state": "UNDELIV", "submit_id_format": "hex"}}, {"system_id": "any"}])
    for name, stat in (("own", "UNDELIV"), ("any", "DELIVRD")):
        with Esme(s.port) as esme:
            equal(esme.bind(name).status, 0)
            message = esme.submit_ok(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
            fields = smpp.parse_receipt(esme.next_request().body)["fields"]
            equal((fields["stat"], int(fields["id"])), (stat, int(message, 16 if name == "own" else 10)))
    s.stop()


@case
def reload():
    """SIGHUP: the file is read again; who is bound stays; a file that is wrong changes nothing"""
    s = start([{"system_id": "stays", "password": "old"}, {"system_id": "goes"}])
    with Esme(s.port) as stays, Esme(s.port) as goes:
        equal((stays.bind("stays", "old").status, goes.bind("goes").status), (0, 0))
        write([{"system_id": "stays", "password": "new", "receipts": {"state": "EXPIRED"}}, {"system_id": "comes"}])
        s.program.signal(signal.SIGHUP)
        wait_for(lambda: bind(s, "comes") == 0, "the new file")
        equal([bind(s, "goes"), bind(s, "stays", "old"), bind(s, "stays", "new")], [RINVSYSID, RINVPASWD, 0])
        for esme, stat in ((stays, "EXPIRED"), (goes, "DELIVRD")):
            esme.submit_ok(DEST, smpp.single(b"x"), esm_class=0x40, registered_delivery=1)
            equal(smpp.parse_receipt(esme.next_request().body)["fields"]["stat"], stat)
        equal([account(s, n)["listed"] for n in ("stays", "goes", "comes")], [True, False, True])
        write(b'[\n{"system_id": "stays", "password": "third"},\n{"system_id": "stays"}\n]')
        s.program.signal(signal.SIGHUP)
        s.program.wait_line(r"accounts\.json:3: system_id stays: there is one already; the accounts stay")
        equal([bind(s, "stays", "new"), bind(s, "stays", "third"), bind(s, "comes")], [0, RINVPASWD, 0])
    s.stop()


@case
def client_certificate():
    """client_key: only with the certificate whose key has this digest"""
    def openssl(*args):
        done = subprocess.run(["openssl"] + list(args), capture_output=True, timeout=harness.DEADLINE_S)
        equal(done.returncode, 0, done.stderr)
        return done.stdout
    for name in ("ca", "one", "two"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=" + name, "-keyout", path(name + ".key"), "-out", path(name + ".crt"))
    with open(path("both.crt"), "w") as out:
        out.write(open(path("one.crt")).read() + open(path("two.crt")).read())
    pin = hashlib.sha256(openssl("pkey", "-pubout", "-outform", "DER", "-in", path("one.key"))).hexdigest()
    accounts = [{"system_id": "mine", "client_key": pin}, {"system_id": "any"}]
    s = start(accounts, "--tls-cert", path("ca.crt"), "--tls-key", path("ca.key"), "--tls-client-ca", path("both.crt"))

    def tls_bind(key, system_id):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(path(key + ".crt"), path(key + ".key"))
        with Esme(s.port) as esme:
            esme.socket = context.wrap_socket(esme.socket)
            return esme.bind(system_id).status
    equal([tls_bind(key, name) for key in ("one", "two") for name in ("mine", "any")], [0, 0, RBINDFAIL, 0])
    s.stop()
    s = start(accounts)
    equal([bind(s, "mine"), bind(s, "any")], [RBINDFAIL, 0], "without TLS nobody shows it")
    s.stop()


@case
def wrong_files():
    """every error is refused at the start, with the file and the line"""
    program = harness.built("smscsim")
    rows = ((b"", 1, "array"), (b"{}", 1, "array"), (b"\n\n[\n", 4, ""), (b"[\n{}\n]", 2, "system_id: needed"),
            (b'[{"system_id":"a"}\n', 2, "expected"), (b'[{"system_id":"a"}] x', 1, "behind"),
            (b'[{"system_id":"a"},\n]', 2, ""), (b"[1]", 1, ""), (b'[[]]', 1, "object"),
            (b'[\n\n{"system_id":"a",\n"system_id":"b"}]', 4, "duplicate"),
            (b'[{"system_id":"a"},\n{"system_id":"a"}]', 2, "already"),
            (b'[{"system_id":""}]', 1, "system_id"), (b'[{"system_id":"1234567890123456"}]', 1, "system_id"),
            (b'[{"system_id":"a","password":"123456789"}]', 1, "password"), (b'[{"system_id":"a","password":1}]', 1, "password"),
            (b'[{"system_id":"a","bind":"transmitter"}]', 1, "bind"), (b'[{"system_id":"a","bind":[]}]', 1, "bind"),
            (b'[{"system_id":"a","bind":["transmitter","x"]}]', 1, "bind"),
            (b'[{"system_id":"a","max_binds":0}]', 1, "max_binds"), (b'[{"system_id":"a","rate":1.5}]', 1, "rate"),
            (b'[{"system_id":"a","rate":1000001}]', 1, "rate"), (b'[{"system_id":"a","from":"10.0.0.1/8"}]', 1, "from"),
            (b'[{"system_id":"a","from":""}]', 1, "from"), (b'[{"system_id":"a","client_key":"00"}]', 1, "client_key"),
            (b'[{"system_id":"a","receipts":{"state":"x"}}]', 1, "receipts: state"),
            (b'[{"system_id":"a","receipts":[]}]', 1, "receipts"), (b'[{"system_id":"a","note":1}]', 1, "note"),
            (b'[{"system_id":"a","more":1}]', 1, "members"), (b'[{"system_id":"\xff"}]', 1, ""),
            (b'[{"system_id":"a\\u0000b"}]', 1, ""))
    for content, line, words in rows:
        status, out, err = harness.run([program, "--port", "0", "--http-port", "0", "--accounts", write(content, "bad.json")])
        equal((status, out), (1, ""), str(content))
        assert "bad.json:%d: " % line in err and words in err, (content, err)
    for name, words in ((write(b" " * (1 << 20) + b"[]", "big.json"), "larger"), (path("missing.json"), "No such file"),
                        (FOLDER, "directory"),
                        (write([{"system_id": "a%d" % n} for n in range(1001)], "many.json"), "more than 1000")):
        status, _, err = harness.run([program, "--port", "0", "--http-port", "0", "--accounts", name])
        equal(status, 1, name)
        assert words in err, err


@case
def sample():
    """contrib/smscsim/accounts.json is taken as it is"""
    s = harness.Smscsim("--accounts", harness.source("contrib/smscsim/accounts.json"))
    equal([bind(s, "ppg01", "secret08"), bind(s, "ppg01", "secret09"), bind(s, "legacy", "secret09", TX),
           bind(s, "legacy", "secret09"), bind(s, "lab", "x"), bind(s, "other")],
          [0, RINVPASWD, 0, RBINDFAIL, 0, RINVSYSID])
    s.stop()


harness.main()
