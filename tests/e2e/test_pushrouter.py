"""pushrouter --decode and --smscsim: decisions on whole messages, as a user of the program sees them."""
import json
import os
import signal
import subprocess

from harness import DEADLINE_S, Program, Smscsim, built, case, equal, free_port, main, run, source, temp_dir, wait_for
from pushes import SI, Simulator, entry, provisioning, si, ud
import smpp_client as smpp

ROUTER = "pushrouter"
GATEWAY, STRANGER = "+12025550100", "+12025550199"
PROXY = ["--proxy", GATEWAY + ",trust,push"]


def decode(lines, *options):
    """Run --decode --json over the lines: exit status and the objects."""
    status, out, err = run([built(ROUTER), "--decode", "--json", *options], "\n".join(lines) + "\n")
    equal(err, "", "diagnostics")
    return status, [json.loads(line) for line in out.splitlines()]


def vector(name):
    with open(source("tests/vectors/router/%s.hex" % name)) as f:
        return f.read().split()


# ---- roles and outcomes ------------------------------------------------------------------------

@case
def service_indications():
    """the sender and what it vouches for decide"""
    rows = [
        (STRANGER, 1, "DISCARD", "P13", 4160), (STRANGER, 0, "DISCARD", "P13", 4160),
        (GATEWAY, 1, "DELIVER", None, 5952), (GATEWAY, 2, "DELIVER", None, 6976),
        (GATEWAY, 0, "DISCARD", "P13", 4928),
    ]
    for sender, flag, outcome, code, mask in rows:
        status, (answer,) = decode([si(flag)], "--from", sender, *PROXY)
        equal((answer["outcome"], answer["code"], answer["mask"]), (outcome, code, mask), (sender, flag))
        equal(status, 0 if outcome == "DELIVER" else 1, "exit status")
        equal(answer["message"]["content_type"], "application/vnd.wap.sic")
        equal(answer["message"]["ports"], {"dst": 2948, "src": 9200})
        assert "http://m.example" in answer["message"]["body"]["value"], answer
    equal(answer["roles"], ["USER_UNAUTH", "KNOWN_PPG", "TRUSTED_PPG", "ANY_PUSH_SOURCE"])
    tests = {s["test"]: s["result"] for s in answer["stages"] if "test" in s}
    equal(tests, {"4110": 64, "4109": 0})
    equal(answer["reason"], "SI role mismatch (4109)")


@case
def policies_and_profiles():
    """--policy and --profile change the device"""
    equal(decode([si(0)], "--from", STRANGER, "--policy", "4109=3136")[0], 0)
    equal(decode([si(0)], "--from", STRANGER, "--policy", "4109=0xC40")[0], 0)
    equal(decode([si(0)], "--from", STRANGER, "--profile", "wm-htc-2008")[0], 0)
    equal(decode([si(0)], "--from", GATEWAY, "--profile", "w10m", "--proxy", GATEWAY + ",push")[0], 0)
    equal(decode([si(0)], "--from", GATEWAY, "--profile", "w10m", "--proxy", GATEWAY)[0], 1)
    equal(decode([si(1)], "--from", "2025550100", *PROXY)[0], 1)


@case
def live_messages():
    """two operators' documents, with the right and wrong PIN"""
    opened = ["--policy", "4107=4096", "--policy", "4111=4096", "--policy", "4119=4096"]
    r1, r2 = vector("operator-r1"), vector("operator-r2")
    for lines, pin in ((r1, "1234"), (r1[::-1], "1234"), ([" | ".join(r1)], "1234"), (r2, "1111")):
        status, (answer,) = decode(lines, "--pin", pin, *opened)
        equal((status, answer["outcome"]), (0, "APPLY_AFTER_PIN"))
        equal(answer["client"], "configuration manager")
        assert "NAPDEF" in answer["applies"], answer["applies"]
        status, (answer,) = decode(lines, "--pin", "9999", *opened)
        equal((status, answer["code"], answer["applies"]), (1, "P09", []))
        status, (answer,) = decode(lines, *["--pin", "9999"] * 3, "--pin", pin, *opened)
        equal((status, answer["code"]), (1, "P10"))
    status, (answer,) = decode(r1, "--pin", "1234")
    equal((status, answer["code"]), (1, "P04"))


@case
def network_pin():
    """the IMSI is a key; neither it nor a PIN is ever printed"""
    body = (b'<wap-provisioningdoc><characteristic type="NAPDEF"><parm name="NAPID" value="a"/>'
            b'</characteristic></wap-provisioningdoc>')
    key = bytes.fromhex("0910101032547698")
    opened = ["--policy", "4107=4096", "--policy", "4111=4096"]
    imsi, pin = "001010123456789", "75319"
    rows = [(0, key, ["--imsi", imsi], None), (0, key, [], "P08"),
            (2, key + pin.encode(), ["--imsi", imsi, "--pin", pin], None),
            (2, key + pin.encode(), ["--pin", pin], "P09"),
            (1, pin.encode(), ["--pin", pin], "P15")]
    for sec, secret, options, code in rows:
        for form in ("--json", "--decode"):
            status, out, err = run([built(ROUTER), "--decode", form, *opened, *options],
                                   provisioning(body, sec, secret) + "\n")
            if form == "--json":
                equal(json.loads(out)["code"], code, (sec, options))
            assert imsi not in out + err and pin not in out + err, out


@case
def state_is_kept_on_request():
    """--keep: a document that shuts the door shuts it"""
    body = (b'<wap-provisioningdoc><characteristic type="SecurityPolicy"><parm name="4107" value="3200"/>'
            b'</characteristic></wap-provisioningdoc>')
    line = provisioning(body, 1, b"1234")
    opened = ["--pin", "1234", "--policy", "4107=4096", "--policy", "4111=4096", "--policy", "4119=4096"]
    equal([a["code"] for a in decode([line, line], *opened)[1]], [None, None])
    equal([a["code"] for a in decode([line, line], *opened, "--keep")[1]], [None, "P04"])


# ---- input ------------------------------------------------------------------------------------

@case
def parts():
    """parts in any order, repeated, missing; other ports"""
    r1 = vector("operator-r1")
    status, answers = decode([r1[1], r1[0], r1[1], r1[2], r1[0], r1[2]])
    equal(len(answers), 1)
    equal(answers[0]["message"]["segments"], 3)
    status, answers = decode(["|".join([r1[2], r1[0], r1[2], r1[1], r1[1]]), si(0)])
    equal(len(answers), 2)
    status, answers = decode([r1[0], r1[2], si(0)])
    equal(len(answers), 2)
    assert "incomplete" in answers[1]["error"], answers
    equal(decode([r1[0] + "|" + r1[1]])[0], 1)
    status, (answer,) = decode(["060504C34FC002" + "010603AEB481" + SI])
    equal((status, answer["outcome"], answer["message"]["ports"]["dst"]), (1, "NOT_A_PUSH", 49999))


@case
def parts_that_never_come():
    """a message that stays incomplete goes after its time, or when there are too many; both are counted"""
    first = vector("operator-r1")[0]
    p = Program([built(ROUTER), "--decode", "--incomplete-time", "1"], stdin=subprocess.PIPE)
    p.process.stdin.write((first + "\n" + si(1) + "\n").encode())
    p.process.stdin.flush()
    p.wait_line("outcome")

    def timed_out():
        lines = len(p.lines)
        p.signal(signal.SIGUSR1)
        return json.loads(p.wait_line(r'^(\{"parts".*)', start=lines).group(1))["timed_out"]
    wait_for(timed_out, "the end of its time", every_s=0.2)
    p.process.stdin.close()
    equal(p.wait(), 1)
    assert "incomplete" not in p.text(), p.text()
    # references 1 to 5 of two parts each, the first of each; three may wait
    lines = ["0B05040B8423F00003%02X0201" % i + "010603" for i in range(1, 6)]
    status, out, err = run([built(ROUTER), "--decode", "--json", "--incomplete-max", "3", "--stats"], "\n".join(lines) + "\n")
    stats = json.loads(err)
    equal((status, stats["displaced"], stats["incomplete"], stats["parts"]), (1, 2, 3, 5))
    assert "3 message(s) incomplete" in out, out


@case
def bad_lines():
    """a bad line gets an error with its place, the others are answered"""
    good = si(1)
    rows = [("", "line 2"), ("0", "column"), ("01g0", "column 3"), ("01|", "column 4"), ("|", "column 1"),
            ("41" * 200000, "too long"), ("\xe9", "column 1")]
    for line, says in rows:
        status, answers = decode([good, line, good], "--from", GATEWAY, *PROXY)
        equal(status, 1)
        equal([a.get("outcome") for a in answers], ["DELIVER", None, "DELIVER"], line[:20])
        assert says in answers[1]["error"], answers[1]
    for line in ("01", "0106", "01067FAE80", "0106FFFFFFFFFF7FAE", "01068FFFFFFF7FAE", "0106021EAE",
                 "010605AEB4414243", "010602AEB4", "010501AE"):
        status, (answer,) = decode([line], "--as", "wsp")
        equal((status, answer["code"], answer["mask"]), (1, "P02", 0), line)
        assert answer["message"]["error"] and "offset" in answer["message"], answer
    equal(decode(["0605"], "--as", "sms")[0], 1)
    status, out, _ = run([built(ROUTER), "--decode"], "")
    equal((status, out), (0, ""))


@case
def nobody_reads():
    """a reader of the output that goes ends the program, as it does others"""
    reader, writer = os.pipe()
    os.close(reader)
    p = subprocess.Popen([built(ROUTER), "--decode"], stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    p.stdin.write((si(1) + "\n").encode())
    p.stdin.flush()         # and stays open
    equal(p.wait(DEADLINE_S), -signal.SIGPIPE)
    p.stdin.close()
    p.stderr.close()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([built(ROUTER), "--decode"], input=(si(1) + "\n").encode(), stdout=full,
                              stderr=subprocess.PIPE, timeout=DEADLINE_S)
    equal(done.returncode, 1)
    assert b"standard output" in done.stderr, done.stderr


@case
def bad_use():
    """wrong use: status 2, one line that names the option"""
    folder = temp_dir()
    files = {"cut": '{"profile":"wm5"', "pin": '{"profile":"wm5","pins":["12345x"]}', "none": "{}"}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    rows = [
        ([], "--decode"), (["--decode", "--smscsim", "http://127.0.0.1:1/"], "exclude"),
        (["--decode", "--profile", "wm9"], "wm9"), (["--decode", "--policy", "4109=-1"], "4294967295"),
        (["--decode", "--policy", "4109"], "ID=VALUE"), (["--decode", "--policy", "4109=1"], "no role"),
        (["--decode", "--proxy", ",push"], "proxy"), (["--decode", "--proxy", "1,pull"], "proxy"),
        (["--decode", "--pin", "12"], "PIN"), (["--decode", "--imsi", "12345x"], "IMSI"),
        (["--decode", "--consent", "maybe"], "yes|no"), (["--decode", "--wat"], "--wat"),
        (["--decode", "--incomplete-max", "0"], "incomplete-max"), (["--decode", "--incomplete-time", "x"], "incomplete-time"),
        (["--decode", "--own-clients", "1"], "own-clients"), (["--udp", "--rate", "0"], "rate"), (["--decode", "--udp"], "exclude"),
        (["--decode", "--once", "0"], "once"), (["--decode", "x"], "x"),
        (["--decode", "--device", folder + "/absent"], "absent"),
        (["--decode", "--device", folder + "/cut"], "line 1"),
        (["--decode", "--device", folder + "/pin"], "pins[0]"),
        (["--decode", "--device", folder + "/none"], "profile"),
        (["--decode", "--device", folder + "/cut", "--profile", "wm5"], "exclude"),
    ]
    for options, says in rows:
        status, out, err = run([built(ROUTER), *options])
        equal((status, out), (2, ""), options)
        assert says in err and err.count("\n") == 1 and "12345x" not in err, (options, err)
    for option in ("--help", "--version"):
        status, out, err = run([built(ROUTER), option])
        equal((status, err), (0, ""))
        assert "pushrouter" in out


@case
def device_files():
    """a device file, one that builds on another, and options after it"""
    folder = temp_dir()
    base, mine = os.path.join(folder, "base.json"), os.path.join(folder, "mine.json")
    with open(base, "w") as f:
        json.dump({"profile": "wm5", "policies": {"4109": 64},
                   "proxies": [{"id": "P1", "address": GATEWAY, "trust": 1, "push": 1}]}, f)
    with open(mine, "w") as f:
        json.dump({"profile": base, "pins": ["1111"],
                   "policies": {"4107": 4096, "4111": 4096, "4119": 4096}}, f)
    equal(decode([si(0)], "--from", STRANGER, "--device", base)[0], 0)
    equal(decode([si(0), vector("operator-r2")[0]], "--from", STRANGER, "--device", mine)[0], 0)
    equal(decode([si(0)], "--from", STRANGER, "--device", mine, "--policy", "4109=0")[0], 1)


@case
def text_for_people():
    """without --json: what it is, outcome, roles, each test"""
    status, out, _ = run([built(ROUTER), "--decode", "--from", STRANGER], si(1) + "\n")
    for words in ("application/vnd.wap.sic from " + STRANGER, "DISCARD P13: SI role mismatch (4109)",
                  "USER_UNAUTH|ANY_PUSH_SOURCE", "4160 & 3072 = 0", "http://m.example"):
        assert words in out, out


# ---- simulated handsets --------------------------------------------------------------------------

@case
def handsets():
    """messages of a simulator are delivered to handsets that remember what they applied"""
    body = (b'<wap-provisioningdoc><characteristic type="SecurityPolicy"><parm name="4107" value="3200"/>'
            b'</characteristic></wap-provisioningdoc>')
    signed = ud(provisioning(body, 1, b"1234"))
    sim = Simulator([
        entry(3, "12025550123", [si(1)]),
        entry(5, "12025550124", vector("operator-r1")[::-1]),
        entry(6, "12025550123", [signed]),
        entry(7, "12025550123", [signed], sender="12025550199"),
        entry(8, "12025550124", [signed], sender="12025550199"),
        entry(9, "12025550123", ["48656C6C6F"], esm_class=0),
        entry(10, "12025550123", [vector("operator-r1")[0]]),
        entry(11, "12025550123", [si(1)], sender="Bank", ton=5),
    ])
    opened = ["--pin", "1234", "--policy", "4107=4096", "--policy", "4111=4096", "--policy", "4119=4096"]
    status, out, err = run([built(ROUTER), "--smscsim", sim.url, "--json", "--once", "8", *PROXY, *opened])
    equal((status, err), (0, ""))
    answers = [json.loads(line) for line in out.splitlines()]
    equal([(a["seq"], a["dest"][-3:], a.get("outcome"), a.get("code")) for a in answers], [
        (3, "123", "DELIVER", None), (5, "124", "APPLY_AFTER_PIN", None),
        (6, "123", "APPLY_AFTER_PIN", None), (7, "123", "DISCARD", "P04"),
        (8, "124", "APPLY_AFTER_PIN", None), (9, "123", "NOT_A_PUSH", None),
        (10, "123", None, None), (11, "123", "DISCARD", "P13")])
    assert "missing" in answers[6]["error"], answers[6]
    equal(answers[1]["message"]["segments"], 3)
    equal(sim.asked[0]["since"], "0")


@case
def long_poll():
    """lines come as messages do; --dest and --since choose; SIGTERM ends it"""
    sim = Simulator([entry(1, "+12025550123", [si(1)]), entry(2, "+12025550124", [si(1)]),
                     entry(3, "+12025550123", [si(0)])])
    p = Program([built(ROUTER), "--smscsim", sim.url, "--dest", "12025550123", "--since", "1", *PROXY])
    p.wait_line(r"^3 \+12025550123: DISCARD P13: SI role mismatch")
    sim.add(entry(4, "+12025550124", [si(1)]))
    sim.add(entry(5, "+12025550123", [si(1)]))
    p.wait_line(r"^5 \+12025550123: DELIVER by SI client")
    equal(len(p.text().splitlines()), 2)
    equal(sim.asked[0]["dest"], "12025550123")
    p.stop(expect=0)


@case
def behind_smscsim():
    """through the real simulator: segments in disorder, the sender's type of number"""
    sim = Smscsim()
    esme = smpp.Esme(sim.port)
    equal(esme.bind().status, smpp.ROK)
    p = Program([built(ROUTER), "--smscsim", sim.url, "--dest", "+12025550123", "--pin", "1111", *PROXY,
                 "--policy", "4107=4096", "--policy", "4111=4096", "--policy", "4119=4096", "--once", "3"])
    esme.submit_ok("+12025550124", bytes.fromhex(si(1)), source=GATEWAY, esm_class=0x40)
    esme.submit_ok("+12025550123", bytes.fromhex(si(1)), source=GATEWAY, esm_class=0x40)
    p.wait_line(r"^\d+ \+?12025550123: DELIVER by SI client")
    for segment in reversed(smpp.segments(bytes.fromhex(vector("operator-r2")[0]), 77)):
        esme.submit_ok("+12025550123", segment, source="Operator", esm_class=0x40)
    p.wait_line(r"12025550123: APPLY_AFTER_PIN by configuration manager")
    esme.submit_ok("+12025550123", b"hello", source="Operator", data_coding=0)
    p.wait_line(r"12025550123: NOT_A_PUSH")
    equal(p.wait(), 0)
    esme.close()
    sim.stop()


@case
def no_simulator():
    """a simulator that is not there: status 1 and its address"""
    url = "http://127.0.0.1:%d" % free_port()
    status, out, err = run([built(ROUTER), "--smscsim", url + "/", "--once", "1"])
    equal((status, out), (1, ""))
    assert url in err and err.count("\n") == 1, err


if __name__ == "__main__":
    main()
