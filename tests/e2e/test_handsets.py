"""pushrouter --smscsim --handsets: any number of different handsets, and the file that keeps them."""
import json
import os
import stat

from harness import Program, Smscsim, built, case, equal, main, note, run, temp_dir
from pushes import Simulator, entry, provisioning, push, si, ud
import smpp_client as smpp

GATEWAY, STRANGER = "12025550100", "12025550199"
PROXIES = [{"id": "P1", "address": "+" + GATEWAY, "type": "E164", "trust": 1, "push": 1}]
OPEN = {"4107": 4096, "4111": 4096, "4119": 4096, "4121": 4096}
PIN, IMSI = "75319", "001010123456789"


def document(inner, pin=PIN):
    return ud(provisioning(("<wap-provisioningdoc>%s</wap-provisioningdoc>" % inner).encode(), 1, pin.encode()))


def characteristic(path, inner="", **parms):
    return '<characteristic type="%s">%s%s</characteristic>' % (
        path, "".join('<parm name="%s" value="%s"/>' % (k.replace("_", "-"), v) for k, v in parms.items()), inner)


SHUT = document(characteristic("SecurityPolicy").replace("></", '><parm name="4107" value="3200"/></'))


def write(handsets, **more):
    path = os.path.join(temp_dir(), "handsets.json")
    with open(path, "w") as f:
        json.dump(dict(more, handsets=handsets), f)
    return path


def read(path):
    with open(path) as f:
        whole = json.load(f)
    return whole, {h["number"]: h for h in whole["handsets"]}


def take(sim, path, n, *options):
    """Run until n messages were taken: the answers."""
    status, out, err = run([built("pushrouter"), "--smscsim", sim.url, "--handsets", path, "--json", "--once", str(n), *options])
    equal(status, 0, err)
    return [json.loads(line) for line in out.splitlines()]


def state(path, number):
    status, out, err = run([built("pushrouter"), "--handsets", path, "--state", number])
    equal((status, err), (0, ""))
    return json.loads(out)


@case
def each_its_own():
    """profile, PINs, proxies, policies and clients are those of the handset"""
    path = write([
        {"number": "+12025550121", "proxies": PROXIES},
        {"number": "+12025550122"},
        {"number": "12025550123", "policies": {"4109": 64}},
        {"number": "+12025550124", "profile": "w10m", "proxies": [dict(PROXIES[0], trust=0)]},
        {"number": "+12025550125", "policies": OPEN, "pins": [PIN]},
        {"number": "+12025550126", "policies": OPEN, "pins": ["1111"]},
        {"number": "+12025550127", "clients": [{"content_type": "text/x-a"}]},
        {"number": "+12025550128", "profile": "w10m", "policies": {"4109": 256}},
    ], defaults={"profile": "wm5"})
    rows = [("121", si(1), "DELIVER", None), ("122", si(1), "DISCARD", "P13"), ("123", si(1), "DELIVER", None),
            ("124", si(1), "DELIVER", None), ("125", SHUT, "APPLY_AFTER_PIN", None), ("126", SHUT, "DISCARD", "P09"),
            ("127", ud(push("text/x-a", b"x")), "DELIVER", None), ("121", ud(push("text/x-a", b"x")), "DISCARD", "P11"),
            ("128", si(1), "DISCARD", "P13"), ("125", SHUT, "DISCARD", "P04")]
    sim = Simulator([entry(i + 1, "12025550" + row[0], [row[1]]) for i, row in enumerate(rows)] +
                    [entry(50, "12025559999", [si(1)])])
    answers = take(sim, path, len(rows))
    equal([(a["dest"][-3:], a["outcome"], a["code"]) for a in answers], [(n, o, c) for n, _, o, c in rows])


@case
def the_file_is_kept():
    """what documents change is in the file; what it does not know stays; nobody else can read it"""
    path = write([{"number": "+12025550121", "profile": "wm5", "policies": OPEN, "pins": [PIN], "imsi": IMSI, "note": {"mine": [1]},
                   "accounts": [{"id": "dm.example.org", "roles": 8}]},
                  {"number": "+12025550122", "profile": "wm5"}])
    gateway = document(
        characteristic("NAPDEF", NAPID="inet", NAP_ADDRESS="net.example") +
        characteristic("NAPDEF", NAPID="mms", NAP_ADDRESS="mms.example", AUTHSECRET="hush") +
        characteristic("PXLOGICAL", characteristic("PXPHYSICAL", PHYSICAL_PROXY_ID="ph1", PXADDR="+12025550188",
                                                   PXADDRTYPE="E164", PUSHENABLED="1"), PROXY_ID="new", TRUST="1") +
        characteristic("BOOTSTRAP", PROVURL="https://tps.example.net/new") +
        characteristic("APPLICATION", APPID="w7", PROVIDER_ID="dm.example.net", ROLE="16"))
    again = document(characteristic("NAPDEF", NAPID="inet", NAP_ADDRESS="other.example"))
    more = document(characteristic("PXLOGICAL", PROXY_ID="new", PUSHENABLED="0") + characteristic("SecurityPolicy").replace(
        "></", '><parm name="4109" value="64"/></'))
    sim = Simulator([entry(1, "12025550121", [gateway]), entry(2, "12025550121", [again]),
                     entry(3, "12025550121", [si(1)], sender="12025550188"), entry(4, "12025550121", [more]),
                     entry(5, "12025550121", [si(1)], sender="12025550188"),
                     entry(6, "12025550121", [si(0)], sender=STRANGER), entry(7, "12025550122", [gateway])])
    answers = take(sim, path, 3)
    equal([a["outcome"] for a in answers], ["APPLY_AFTER_PIN", "APPLY_AFTER_PIN", "DELIVER"])
    equal(answers[2]["mask"], 4096 | 512 | 256 | 1024 | 64)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    whole, by_number = read(path)
    equal(whole["seen"], {"url": sim.url, "since": 3})
    one = by_number["+12025550121"]
    equal((one["note"], one["pins"], one["imsi"], one["provurl"]), ({"mine": [1]}, [PIN], IMSI, "https://tps.example.net/new"))
    equal(one["settings"]["NAPDEF:inet"], {"NAPID": "inet", "NAP-ADDRESS": "other.example"})
    equal(one["settings"]["NAPDEF:mms"]["AUTHSECRET"], "hush")
    equal(one["settings"]["PXLOGICAL:new/PXPHYSICAL:ph1"]["PXADDR"], "+12025550188")
    equal(one["accounts"], [{"id": "dm.example.org", "roles": 8}, {"id": "dm.example.net", "roles": 16}])
    equal(one["counters"], {"messages": 3, "accepted": 3})
    equal(by_number["+12025550122"], {"number": "+12025550122", "profile": "wm5"})

    # another program goes on where this one left; the address has a PUSHENABLED of its own, which counts
    answers = take(sim, path, 4)
    equal([(a["seq"], a["outcome"], a["code"]) for a in answers], [(4, "APPLY_AFTER_PIN", None), (5, "DELIVER", None),
                                                                 (6, "DELIVER", None), (7, "DISCARD", "P04")])
    _, by_number = read(path)
    equal(by_number["+12025550121"]["policies"]["4109"], 64)
    (proxy,) = by_number["+12025550121"]["proxies"]
    equal((proxy["push"], proxy["trust"], proxy["address"]), (1, 1, "+12025550188"))
    equal(by_number["+12025550122"]["counters"], {"messages": 1, "refused": 1})

    shown = state(path, "+12025550121")
    equal((shown["pins"], shown["imsi"], shown["family"], shown["policies"]["4109"]), (1, True, "wm5", 64))
    equal(shown["settings"]["NAPDEF:mms"]["AUTHSECRET"], True)
    equal(shown["policies"]["4108"], 2048)
    for secret in (PIN, IMSI, "hush"):
        assert secret not in json.dumps(shown)
    status, out, err = run([built("pushrouter"), "--handsets", path, "--state", "12025550129"])
    equal((status, out), (1, ""))


@case
def survives_kill():
    """what was printed before SIGKILL holds after it; the same messages are not taken twice"""
    path = write([{"number": "+12025550121", "profile": "wm5", "policies": OPEN, "pins": [PIN]}])
    sim = Simulator([])
    seen = []
    for i in range(8):
        p = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", path, "--json"])
        sim.add(entry(i + 1, "12025550121", [document(characteristic("NAPDEF", NAPID="n%d" % i))]))
        p.wait_line(r'"seq":%d,' % (i + 1))
        p.kill()
        seen += [json.loads(line)["seq"] for line in p.text().splitlines()]
        _, by_number = read(path)
        equal(sorted(by_number["+12025550121"]["settings"]), ["NAPDEF:n%d" % k for k in range(i + 1)])
    equal(seen, list(range(1, 9)))
    equal(by_number["+12025550121"]["counters"]["accepted"], 8)


@case
def one_program_at_a_time():
    """a second program on the same file is refused; --state looks on"""
    path = write([{"number": "+12025550121", "profile": "wm5"}])
    sim = Simulator([])
    p = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", path])
    p.wait_line("1 handsets")
    status, out, err = run([built("pushrouter"), "--smscsim", sim.url, "--handsets", path])
    equal((status, out), (2, ""))
    assert "another program" in err, err
    equal(state(path, "12025550121")["number"], "+12025550121")
    p.stop()


@case
def what_cannot_be_saved():
    """a file that cannot be written: no decision is told, status 1"""
    path = write([{"number": "+12025550121", "profile": "wm5"}])
    sim = Simulator([])
    p = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", path])
    p.wait_line("1 handsets")
    os.mkdir(path + ".new")
    sim.add(entry(1, "12025550121", [si(1)]))
    equal(p.wait(), 1)
    assert path in p.text("err"), p.text("err")


@case
def limits():
    """what one handset keeps is bounded, and what did not fit is counted"""
    path = write([{"number": "+12025550121", "profile": "wm5", "policies": OPEN, "pins": [PIN]}])
    # 200 names a document: the second does not fit beside the first
    docs = [document("".join(characteristic("NAPDEF", NAPID="%d-%d" % (k, i)) for i in range(200))) for k in range(2)]
    sim = Simulator([entry(1, "12025550121", [docs[0]]), entry(2, "12025550121", [docs[1]])])
    equal([a["outcome"] for a in take(sim, path, 2)], ["APPLY_AFTER_PIN"] * 2)
    _, by_number = read(path)
    equal(len(by_number["+12025550121"]["settings"]), 200)
    equal(by_number["+12025550121"]["counters"], {"messages": 2, "accepted": 2, "settings_lost": 1})


@case
def bad_files():
    """an error that names handset and member, never a secret; status 2"""
    good = {"number": "+12025550121", "profile": "wm5"}
    rows = [
        ([], "object"), ({}, "handsets"), ({"handsets": {}}, "list"), ({"handsets": [1]}, "handsets[0]"),
        ({"handsets": [good, {"number": 7}]}, "handsets[1]"), ({"handsets": [dict(good, number="12a")]}, "digits"),
        ({"handsets": [dict(good, number="1" * 40)]}, "digits"), ({"handsets": [good, dict(good, number="12025550121")]}, "two"),
        ({"handsets": [dict(good, profile="none-such")]}, "none-such"), ({"handsets": [{"number": "1"}]}, "profile"),
        ({"handsets": [dict(good, pins=["9876x"])]}, "pins[0]"), ({"handsets": [dict(good, imsi="98765x")]}, "IMSI"),
        ({"handsets": [dict(good, certificates=[{"certificate": "x"}])]}, "certificates[0]"),
        ({"handsets": [dict(good, accounts=[{"roles": 16}])]}, "accounts[0]"),
        ({"handsets": [dict(good, settings={"x": 1})]}, "settings"), ({"handsets": [dict(good, counters={"x": "1"})]}, "counters"),
        ({"handsets": [dict(good, dm=1)]}, "dm"), ({"handsets": [dict(good, dm={"more": 1})]}, "more"),
        ({"handsets": [dict(good, dm={"nodes": {"a": {"value": "9876"}}})]}, "404"),
        ({"handsets": [dict(good, dm={"nodes": {"./a": {"value": 9876}}})]}, "./a"),
        ({"handsets": [dict(good, dm={"sessions": {"s": [1]}})]}, "sessions"), ({"handsets": [dict(good, dm={"stamp": "x"})]}, "stamp"),
        ({"handsets": [dict(good, dm_info={"Serial": "9876"})]}, "Serial"), ({"handsets": [dict(good, dm_cert=1)]}, "dm_cert"),
        ({"handsets": [good], "defaults": {"dm": {"nodes": {"./DMAcc": {"value": "9876"}}}}}, "./DMAcc"),
        ({"handsets": [good], "defaults": 1}, "defaults"), ({"handsets": [good], "seen": {}}, "seen"),
        ({"handsets": [good], "more": 1}, "more"),
        ({"handsets": [dict(good, clients=[{"content_type": "a/%d" % i} for i in range(33)])]}, "clients"),
    ]
    path = os.path.join(temp_dir(), "handsets.json")
    for value, says in rows:
        with open(path, "w") as f:
            json.dump(value, f)
        status, out, err = run([built("pushrouter"), "--smscsim", "http://127.0.0.1:1/", "--handsets", path])
        equal((status, out, err.count("\n")), (2, "", 1), value)
        assert says in err and path in err and "9876" not in err, (says, err)
    status, _, err = run([built("pushrouter"), "--smscsim", "http://127.0.0.1:1/", "--handsets", path + ".none"])
    assert status == 2 and "No such file" in err, err
    status, _, err = run([built("pushrouter"), "--decode", "--handsets", path])
    assert status == 2 and "--handsets" in err, err
    status, _, err = run([built("pushrouter"), "--state", "1"])
    assert status == 2 and "--handsets" in err, err


def resident(pid, name="VmRSS"):
    with open("/proc/%d/status" % pid) as f:
        return int([line.split()[1] for line in f if line.startswith(name + ":")][0]) / 1024


@case
def ten_thousand():
    """10,000 handsets, each different, live in less than 256 MiB, also when each has installed a document"""
    n, batch = 10000, 1000
    gates = [{"4107": 4096}, {"4142": 4096}, {"4142": 4096}]
    path = write([{"number": "+1202%07d" % i, "profile": ("wm5", "wm6x", "w10m")[i % 3], "imsi": "%015d" % (1010000000000 + i),
                   "pins": ["%04d" % i], "provurl": "https://tps.example.net/%d" % i,
                   "policies": dict(gates[i % 3], **{"4105": 1 + i % 250, "4111": 4480 if i % 3 == 2 else 4096, "4119": 4096}),
                   "proxies": [{"id": "P%d" % i, "address": "+1303%07d" % i, "trust": 1, "push": 1}]} for i in range(n)])
    sim = Simulator([])
    p = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", path, "--stats"])
    p.wait_line(r"10000 handsets")
    loaded = resident(p.pid)
    for begin in range(0, n, batch):
        documents = [document(characteristic("NAPDEF", NAPID="n%d" % i, NAP_ADDRESS="apn%d.example" % i) +
                              characteristic("BOOTSTRAP", PROVURL="https://new.example.net/%d" % i), pin="%04d" % i)
                     for i in range(begin, begin + batch)]
        with sim.more:
            sim.messages[:] = [entry(begin + k + 1, "1202%07d" % (begin + k), [d]) for k, d in enumerate(documents)]
            sim.more.notify_all()
        p.wait_line(r"^%d 1202" % (begin + batch), start=max(0, len(p.lines) - 10))
    after, peak = resident(p.pid), resident(p.pid, "VmHWM")
    note("resident: %.1f MiB when loaded, %.1f MiB after a document to each, %.1f MiB at most" % (loaded, after, peak))
    p.stop()
    stats = json.loads(p.text("err").splitlines()[-1])
    equal((stats["handsets"], stats["messages"], stats["outcomes"]), (n, n, {"APPLY_AFTER_PIN": n}))
    _, by_number = read(path)
    for i in range(0, n, 997):
        one = by_number["+1202%07d" % i]
        equal((one["provurl"], list(one["settings"])), ("https://new.example.net/%d" % i, ["NAPDEF:n%d" % i, "BOOTSTRAP"]))
        equal(one["counters"], {"messages": 1, "accepted": 1})
    with open(built("pushrouter"), "rb") as f:
        if b"__asan_init" not in f.read():
            assert peak < 256, peak


@case
def behind_smscsim():
    """through the real simulator"""
    path = write([{"number": "+12025550121", "profile": "wm5", "proxies": PROXIES}, {"number": "+12025550122", "profile": "wm5"}])
    sim = Smscsim()
    esme = smpp.Esme(sim.port)
    equal(esme.bind().status, smpp.ROK)
    p = Program([built("pushrouter"), "--smscsim", sim.url, "--handsets", path, "--once", "2"])
    for number in ("+12025550121", "+12025550129", "+12025550122"):
        esme.submit_ok(number, bytes.fromhex(si(1)), source="+" + GATEWAY, esm_class=0x40)
    p.wait_line(r"12025550121: DELIVER by SI client")
    p.wait_line(r"12025550122: DISCARD P13")
    equal(p.wait(), 0)
    esme.close()
    sim.stop()


if __name__ == "__main__":
    main()
