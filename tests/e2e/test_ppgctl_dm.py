"""The DM verbs of ppgctl against computations of Python's hashlib and hmac, which follow the specifications' formulas."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
from xml.etree import ElementTree

import harness
from harness import case, equal


def ppgctl(*args, stdin=b""):
    return harness.run([harness.built("ppgctl")] + list(args), stdin=stdin)


def prints(expected, *args, status=0, stdin=b""):
    got, out, err = ppgctl(*args, stdin=stdin)
    equal((got, out, err), (status, expected, ""), " ".join(args))


def refuses(part, *args, status=2, stdin=b"", secret=None):
    got, out, err = ppgctl(*args, stdin=stdin)
    equal((got, out), (status, ""), " ".join(args) + ": " + err)
    assert part in err, "%r is not in %r" % (part, err)
    assert secret is None or secret not in err, "the secret is in %r" % err


def b64(octets):
    return base64.b64encode(octets).decode()


def secret_file(text):
    path = os.path.join(harness.temp_dir(), "secret")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def both_answers(args, good, wrong, stdin=b""):
    """--verify says yes to what was printed, no to something else."""
    prints("verified\n", *args, "--verify", good, stdin=stdin)
    prints('{"verified":true}\n', *args, "--verify", good, "--json", stdin=stdin)
    prints("not verified\n", *args, "--verify", wrong, stdin=stdin, status=1)
    prints('{"verified":false}\n', *args, "--verify", wrong, "--json", stdin=stdin, status=1)


# ---- digests -----------------------------------------------------------------------------------

def digest(alg, user, password, nonce):
    h = getattr(hashlib, alg)
    inner = b64(h((user + ":" + password).encode()).digest())
    return b64(h(inner.encode() + b":" + nonce).digest())


@case
def digests():
    equal(digest("md5", "Bruce2", "OhBehave", b"Nonce"), "Zz6EivR3yeaaENcRN6lpAQ==")     # published
    for alg in "md5", "sha256":
        for user, password, nonce in (
                ("Bruce2", "OhBehave", b"Nonce"), ("dev-0001", "s3cr3t-pw", bytes(range(16))),
                ("dev-0001", "", b"n"), ("dev-0001", "pw", b""), ("gerät-ü", "pässwört €", bytes(128)),
                ("a:b", " p ", b"\0\n"), ("u" * 255, "p" * 300, bytes(range(128)))):
            want = digest(alg, user, password, nonce)
            args = ["dm-digest", "--alg", alg, "--user", user, "--nonce-b64", b64(nonce)]
            prints(want + "\n", *args, "--password", password)
            prints('{"digest":"%s"}\n' % want, *args, "--password", password, "--json")
            if password == password.strip("\n"):
                prints(want + "\n", *args, "--password-file", secret_file(password + "\nmore\n"))
                prints(want + "\n", *args, "--password-file", "-", stdin=(password + "\n").encode())
            both_answers(args + ["--password", password], want, digest(alg, user, password + "x", nonce))
    prints(digest("md5", "u", "p", b"n") + "\n", "dm-digest", "--alg", "MD5", "--user", "u", "--password", "p",
           "--nonce-b64", " bg ==")


@case
def bad_digests():
    good = {"--alg": "md5", "--user": "u", "--password": "geheim", "--nonce-b64": "bg=="}

    def args(**change):
        options = dict(good, **{"--" + k.replace("_", "-"): v for k, v in change.items()})
        return ["dm-digest"] + [word for name, value in options.items() if value is not None for word in (name, value)]

    prints(digest("md5", "u", "geheim", b"n") + "\n", *args())
    for change, part in (({"alg": "sha1"}, "--alg is md5 or sha256"), ({"alg": None}, "--alg is"),
                         ({"user": ""}, "--user is missing"), ({"user": None}, "--user is missing"),
                         ({"user": "u" * 256}, "more than 255 octets"), ({"password": None}, "--password or --password-file"),
                         ({"nonce_b64": None}, "--nonce-b64 is missing"), ({"nonce_b64": "bg="}, "not base64"),
                         ({"nonce_b64": "b-_g"}, "not base64"), ({"nonce_b64": b64(bytes(129))}, "at most 128 octets"),
                         ({"nonce_b64": "A" * 4096}, "at most 128 octets"),
                         ({"password_file": "/nowhere"}, "two ways to say the same")):
        refuses(part, *args(**change), secret="geheim")
    refuses("/nowhere", *args(password=None, password_file="/nowhere"))
    for wrong in "", "x", digest("md5", "u", "geheim", b"n")[:-1]:
        prints("not verified\n", *args(), "--verify", wrong, status=1)


# ---- MACs of messages --------------------------------------------------------------------------

def mac_sha256(key, timestamp, body):
    return b64(hmac.new(key, timestamp.encode() + b":" + body, hashlib.sha256).digest())


def mac_md5(user, password, nonce, body):
    def h(octets):
        return hashlib.md5(octets).digest()
    return b64(h(b64(h((user + ":" + password).encode())).encode() + b":" + nonce + b":" + b64(h(body)).encode()))


@case
def message_macs():
    stamp = "2012-01-01T13:04:20Z"
    equal(mac_sha256(b"0123456789abcdef", stamp, b"<SyncML/>"), "WxBO2V1FTEWW9gjo2oAdaIkw49szAP4MPE3FnpokCIw=")
    for key in b"0123456789abcdef", b"\0", bytes(range(100)):
        for body in b"<SyncML/>", b"", bytes(range(256)) * 40:
            want = mac_sha256(key, stamp, body)
            args = ["dm-hmac", "--timestamp", stamp, "--body", "-"]
            prints(want + "\n", *args, "--key-b64", b64(key), stdin=body)
            prints('{"mac":"%s"}\n' % want, *args, "--key-b64", b64(key), "--json", "--alg", "SHA256", stdin=body)
            prints(want + "\n", *args, "--key-b64-file", secret_file(b64(key)), stdin=body)
            prints(want + "\n", *args, "--key-b64", b64(key), "--hex", stdin=body.hex())
            both_answers(args + ["--key-b64", b64(key)], want, mac_sha256(key, stamp, body + b"\n"), stdin=body)
    equal(mac_md5("Robert Jordan", "wheel", b"nonce-1", b"<SyncML/>"), "9AbUAU6P8DCnkI8crjY26g==")
    for user, password, nonce, body in (("Robert Jordan", "wheel", b"nonce-1", b"<SyncML/>"), ("ü", "", b"", b""),
                                        ("u", "p:p", bytes(128), bytes(range(256)))):
        want = mac_md5(user, password, nonce, body)
        args = ["dm-hmac", "--alg", "md5", "--user", user, "--nonce-b64", b64(nonce), "--body", "-"]
        prints(want + "\n", *args, "--password", password, stdin=body)
        prints(want + "\n", *args, "--password-file", secret_file(password), stdin=body)
        both_answers(args + ["--password", password], want, mac_md5(user, password, nonce + b"x", body), stdin=body)


@case
def bad_message_macs():
    args = ("dm-hmac", "--timestamp", "t", "--body", "-")
    refuses("--key-b64 or --key-b64-file is missing", *args)
    refuses("not base64", *args, "--key-b64", "geheim!", secret="geheim")
    refuses("has no octets", *args, "--key-b64", "")
    refuses("more than 1024 digits", *args, "--key-b64", "A" * 1028, secret="AAAA")
    refuses("--timestamp is missing", "dm-hmac", "--key-b64", "AAAA", "--body", "-")
    refuses("--body names", "dm-hmac", "--key-b64", "AAAA", "--timestamp", "t")
    refuses("--alg is", *args, "--key-b64", "AAAA", "--alg", "sha1")
    refuses("only one of the files", *args, "--key-b64-file", "-")
    refuses("--body", *args, "--key-b64", "AAAA", "--hex", stdin="0g")
    refuses("--nonce-b64 is missing", "dm-hmac", "--alg", "md5", "--user", "u", "--password", "p", "--body", "-")
    refuses("--password or", "dm-hmac", "--alg", "md5", "--user", "u", "--nonce-b64", "", "--body", "-")
    refuses("more than 1048576 octets", *args, "--key-b64", "AAAA", stdin=b"x" * ((1 << 20) + 1))


# ---- bootstrap ---------------------------------------------------------------------------------

BODY = bytes.fromhex("030B6A004501")


@case
def bootstrap_macs():
    imsi = "001010123456789"
    rows = (("userpin", ["--pin", "1234"], b"1234", "6CD48BFD7FFC33183154734DF4434DA694E25E6A"),
            ("networkid", ["--network-id", imsi], imsi.encode(), "28930B4A8291BB8254C9E108C729B77834F7BDEA"),
            ("userpin_networkid", ["--pin", "1234", "--network-id", imsi], b"1234:" + imsi.encode(),
             "CC6F57ABF611F38390E92A91639DE55F2A3EC56A"),
            ("USERPIN_NETWORKID", ["--pin", "abc", "--network-id", "xyz"], b"abc:xyz", "E5FF6D173BAF4D6976260444910921C8A29B66D5"),
            ("networkid", ["--network-hex", "09 10 10 10 32 54 76 98"], bytes.fromhex("0910101032547698"), None),
            ("userpin", ["--pin", "päß word"], "päß word".encode(), None),
            ("userpin_networkid", ["--pin", "1", "--network-hex", "00FF"], b"1:\0\xff", None),
            ("userpin", ["--pin", "9" * 256], b"9" * 256, None),
            ("2", ["--pin", "1234", "--network-id", imsi], b"1234:" + imsi.encode(), None),
            ("userpin", ["--pin-file", secret_file("1234\n"), "--network-id", imsi], b"1234", None))
    for keytype, secrets, key, known in rows:
        for body in BODY, b"", bytes(range(256)):
            want = hmac.new(key, body, hashlib.sha1).hexdigest().upper()
            equal(known is None or body != BODY or known == want, True, keytype)
            args = ["dm-bootstrap-mac", "--keytype", keytype, "--body", "-"] + secrets
            prints(want + "\n", *args, stdin=body)
            prints(want + "\n", *args, "--hex", stdin=body.hex())
            prints('{"mac":"%s"}\n' % want, *args, "--json", stdin=body)
            both_answers(args, want.lower(), want[:-1] + ("1" if want[-1] == "0" else "0"), stdin=body)


@case
def bad_bootstrap_macs():
    refuses("--keytype is", "dm-bootstrap-mac", "--pin", "1234", "--body", "-")
    refuses("--keytype is", "dm-bootstrap-mac", "--keytype", "3gpp_gba", "--pin", "1234", "--body", "-")
    refuses("USERPIN needs the PIN", "dm-bootstrap-mac", "--keytype", "userpin", "--body", "-")
    refuses("USERPIN needs the PIN", "dm-bootstrap-mac", "--keytype", "userpin", "--pin", "", "--body", "-")
    refuses("NETWORKID needs the network id", "dm-bootstrap-mac", "--keytype", "networkid", "--pin", "7777", "--body", "-",
            secret="7777")
    refuses("at most 256 octets", "dm-bootstrap-mac", "--keytype", "userpin", "--pin", "7" * 257, "--body", "-", secret="77")
    refuses("not hexadecimal", "dm-bootstrap-mac", "--keytype", "networkid", "--network-hex", "7g", "--body", "-", secret="7g")
    refuses("two ways", "dm-bootstrap-mac", "--keytype", "networkid", "--network-hex", "77", "--network-id", "77", "--body", "-",
            secret="77")
    refuses("only one of the files", "dm-bootstrap-mac", "--keytype", "userpin_networkid", "--pin-file", "-",
            "--network-id-file", "-", "--body", secret_file("x"))
    refuses("--body names", "dm-bootstrap-mac", "--keytype", "userpin", "--pin", "1234")
    for wrong in "", "12", "G" * 40:
        status, out, err = ppgctl("dm-bootstrap-mac", "--keytype", "userpin", "--pin", "1234", "--body", "-", "--verify", wrong,
                                  stdin=BODY)
        equal((status, out), (1, "not verified\n"))
        assert "40" in err, err


# ---- package 0 ---------------------------------------------------------------------------------

def package0(server, password, nonce, session, version=11, ui=1, by_server=True, vendor=b""):
    def h(octets):
        return hashlib.md5(octets).digest()
    bits = version << 30 | ui << 28 | by_server << 27
    name = server.encode()
    trigger = bits.to_bytes(5, "big") + session.to_bytes(2, "big") + bytes([len(name)]) + name + vendor
    inner = b64(h((server + ":" + password).encode())).encode()
    return (h(inner + b":" + nonce + b":" + b64(h(trigger)).encode()) + trigger).hex().upper()


@case
def notifications():
    base = ["dm-notification", "--server-id", "dm.example", "--password", "srvpw", "--nonce-b64", b64(b"nonce-1")]
    equal(package0("dm.example", "srvpw", b"nonce-1", 1)[:32], "055A2E267982F27BE08B499D97938DB4")
    for options, fields in (
            (["--session-id", "1"], {"session": 1}), (["--session-id", "0001"], {"session": 1}),
            (["--session-id", "beef", "--ui-mode", "3", "--vendor", "01 02 03"], {"session": 0xBEEF, "ui": 3, "vendor": b"\1\2\3"}),
            (["--session-id", "FFFF", "--dm-version", "1.0", "--initiator", "client", "--ui-mode", "0"],
             {"session": 0xFFFF, "version": 10, "by_server": False, "ui": 0}),
            (["--session-id", "66E9", "--ui-mode", "2", "--initiator", "server", "--dm-version", "1.1", "--vendor", "ab" * 1024],
             {"session": 0x66E9, "ui": 2, "vendor": b"\xab" * 1024})):
        want = package0("dm.example", "srvpw", b"nonce-1", **fields)
        prints(want + "\n", *base, *options)
        prints('{"package0":"%s"}\n' % want, *base, *options, "--json")
        prints("verified\n", *base, "--verify", want)
        prints('{"verified":true,"special_nonce":false}\n', *base, "--verify", want.lower(), "--json")
        wrong = want[:-1] + ("1" if want[-1] == "0" else "0")
        equal(ppgctl(*base, "--verify", wrong)[0:2], (1, "not verified\n"))
    for server, password, nonce in (("s" * 255, "", b""), ("dienst-ü", "pä", bytes(128))):
        prints(package0(server, password, nonce, 7) + "\n", "dm-notification", "--server-id", server, "--password-file",
               secret_file(password), "--nonce-b64", b64(nonce), "--session-id", "7")
    for nonce in b"0x00000000", bytes(4):
        prints("verified, with the nonce 0x00000000\n", *base, "--verify", package0("dm.example", "srvpw", nonce, 1))
        prints('{"verified":true,"special_nonce":true}\n', *base, "--json", "--verify", package0("dm.example", "srvpw", nonce, 1))


@case
def a_notification_travels():
    """What is made is the body of a push that decode takes apart."""
    status, out, err = ppgctl("dm-notification", "--server-id", "dm.example", "--password", "srvpw", "--nonce-b64",
                              b64(b"nonce-1"), "--session-id", "1")
    equal((status, err), (0, ""))
    status, pdu, err = ppgctl("encode", "--type", "application/vnd.syncml.notification", "--header",
                              "X-Wap-Application-Id: x-wap-application:syncml.dm", "-", stdin=bytes.fromhex(out))
    equal((status, err), (0, ""))
    equal(pdu, "010603C4AF87" + out)
    done = subprocess.run([harness.built("ppgctl"), "dm-notification", "--server-id", "dm.example", "--password", "srvpw",
                           "--nonce-b64", b64(b"nonce-1"), "--session-id", "1", "--octets"], capture_output=True, check=True)
    equal(done.stdout, bytes.fromhex(out))
    status, line, err = ppgctl("decode", "--json", stdin=pdu)
    equal((status, err), (0, ""))
    assert ('"value":{"version":"1.1","ui_mode":1,"initiator":"server","session_id":"1","server_id":"dm.example",'
            '"digest":"055A2E267982F27BE08B499D97938DB4","vendor":""}') in line, line


@case
def a_bootstrap_travels():
    """Key types by the names that DM has for them; the message is decoded to what was written."""
    xml = harness.source("tests/vectors/syncml/bootstrap.xml")
    with open(xml, encoding="utf-8") as f:
        source = ElementTree.tostring(ElementTree.fromstring(f.read()))
    for name, code, printed in (("NETWORKID", "80", "NETWPIN"), ("userpin", "81", "USERPIN"),
                                ("USERPIN_NETWORKID", "82", "USERNETWPIN"), ("2", "82", "USERNETWPIN")):
        mac = "28930B4A8291BB8254C9E108C729B77834F7BDEA"
        status, pdu, err = ppgctl("encode", "--type", "application/vnd.syncml.dm+xml; SEC=%s; MAC=%s" % (name, mac), xml)
        equal((status, err), (0, ""))
        equal(pdu[:14], "01062F1F2DC291", name)
        equal(pdu[14:16], code, name)
        status, line, err = ppgctl("decode", "--json", stdin=pdu)
        equal((status, err), (0, ""))
        message = json.loads(line)
        equal((message["content_type"], message["params"], message["body"]["format"]),
              ("application/vnd.syncml.dm+wbxml", {"SEC": printed, "MAC": mac}, "xml"))
        decoded = ElementTree.fromstring(message["body"]["value"])
        equal([(e.tag, (e.text or "").strip()) for e in decoded.iter()],
              [(e.tag, (e.text or "").strip()) for e in ElementTree.fromstring(source).iter()])


@case
def notifications_of_dm_1_3_stay_octets():
    """Their layout is not published."""
    body = "109E2E4D1EE2B383A6E183BA4BE2CA1402E800000066E906737072696E74"
    status, line, err = ppgctl("decode", "--json", stdin="010603D8AF87" + body)
    equal((status, err), (0, ""))
    message = json.loads(line)
    equal((message["content_type"], message["body"]),
          ("application/vnd.syncml.dm.notification", {"format": "hex", "value": body}))


@case
def bad_notifications():
    base = ["dm-notification", "--server-id", "s", "--password", "geheim", "--nonce-b64", ""]
    for session in "0", "0000", "", "10000", "x", "-1", "0x1", " 1":
        refuses("--session-id", *base, "--session-id", session)
    refuses("0 is not allowed", *base, "--session-id", "0")
    refuses("--session-id is", *base)
    refuses("--ui-mode is", *base, "--session-id", "1", "--ui-mode", "4")
    refuses("--dm-version is", *base, "--session-id", "1", "--dm-version", "1.2")
    refuses("--initiator is", *base, "--session-id", "1", "--initiator", "nobody")
    refuses("--vendor is not hexadecimal", *base, "--session-id", "1", "--vendor", "1")
    refuses("more than 1024 octets", *base, "--session-id", "1", "--vendor", "ab" * 1025)
    refuses("--server-id is missing", *base[:1], *base[3:], "--session-id", "1", secret="geheim")
    refuses("more than 255 octets", "dm-notification", "--server-id", "s" * 256, *base[3:], "--session-id", "1", secret="geheim")
    refuses("control characters", "dm-notification", "--server-id", "s\ns", *base[3:], "--session-id", "1", secret="geheim")
    refuses("--verify is not hexadecimal", *base, "--verify", "0g")
    good = package0("s", "geheim", b"", 1)
    prints("verified\n", *base, "--verify", good)
    for wrong in good[:-2], good[:40], "", package0("t", "geheim", b"", 1), package0("s", "anders", b"", 1):
        equal(ppgctl(*base, "--verify", wrong)[0:2], (1, "not verified\n"), wrong)


# ---- GBA ---------------------------------------------------------------------------------------

def kdf(key, fc, *parameters):
    s = bytes([fc]) + b"".join(p + len(p).to_bytes(2, "big") for p in parameters)
    return hmac.new(key, s, hashlib.sha256).digest()


@case
def gba_keys():
    ks, rand = bytes(range(32)), bytes(range(32, 48))
    impi, naf = "001010123456789@ims.mnc001.mcc001.3gppnetwork.org", b"dm.example" + bytes.fromhex("0100000000")
    ks_naf = kdf(ks, 1, b"gba-me", rand, impi.encode(), naf)
    equal(ks_naf.hex(), "097f8fe04141cfe9f1dff868d9925662bdaa1e2096edba9bd3eb21111fa7162e")
    step = ["--ks", ks.hex(), "--rand", rand.hex(), "--impi", impi, "--naf-id", naf.hex()]
    for label, options, want in (
            ("dmbik", ["--ks", ks_naf.hex()], kdf(ks_naf, 1, b"dm-bik")), ("dmbek", ["--ks", ks_naf.hex()], kdf(ks_naf, 1, b"dm-bek")),
            ("DMBEK", ["--ks-file", secret_file(ks_naf.hex().upper())], kdf(ks_naf, 1, b"dm-bek")),
            ("ks_naf", step, ks_naf), ("ks_int_naf", step, kdf(ks, 1, b"gba-u", rand, impi.encode(), naf))):
        args = ["gba-kdf", "--label", label] + options
        prints(want.hex() + "\n", *args)
        prints('{"key":"%s"}\n' % want.hex(), *args, "--json")
        both_answers(args, want.hex().upper(), want.hex()[:-1] + ("1" if want.hex()[-1] == "0" else "0"))
        prints("not verified\n", *args, "--verify", "00", status=1)
    equal(kdf(ks_naf, 1, b"dm-bik").hex(), "ca6ef99231a698bcd267378e6d176b2fe360796d46bc922ed86058898ff709b6")
    refuses("--label is", "gba-kdf", "--ks", ks.hex(), "--label", "dm-bik")
    refuses("--label is", "gba-kdf", "--ks", ks.hex())
    refuses("--ks or --ks-file", "gba-kdf", "--label", "dmbik")
    refuses("32 octets expected, 31 given", "gba-kdf", "--label", "dmbik", "--ks", ks[1:].hex(), secret=ks[1:].hex())
    refuses("not hexadecimal", "gba-kdf", "--label", "dmbik", "--ks", "77g", secret="77g")
    refuses("needs --rand", "gba-kdf", "--label", "ks_naf", "--ks", ks.hex())
    refuses("--naf-id is not", "gba-kdf", "--label", "ks_naf", "--ks", ks.hex(), "--rand", "00", "--impi", "x", "--naf-id", "x")


harness.main()
