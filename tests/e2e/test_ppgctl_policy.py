"""ppgctl policy: cases in, answers out, line by line; profiles as files."""
import json
import os

import harness
from harness import case, equal

GATEWAY = "+12025550100"
PUSH = "0605040B8423F0 01 06 03 AE B4 81 02056A0045C60C036D2E6578616D706C6500010348690001 01"


def policy(*args, lines=(), env=None):
    text = "".join(line + "\n" for line in lines)
    return harness.run([harness.built("ppgctl"), "policy"] + list(args), stdin=text.encode(), env=env)


def explain(cases, *args, status=0):
    """Cases as objects; their answers."""
    lines = [c if isinstance(c, str) else json.dumps(c) for c in cases]
    got, out, err = policy("explain", "--json", *args, lines=lines)
    equal(got, status, err)
    return [json.loads(line) for line in out.splitlines()]


def worked(name="worked"):
    with open(harness.source("tests/vectors/policy/%s.jsonl" % name)) as f:
        return [json.loads(line) for line in f]


def check(name, expect, answer):
    for key, want in expect.items():
        got = answer.get(key, "absent")
        if key == "tests":
            got = {s["test"]: s["result"] for s in answer["stages"] if "test" in s}
        equal(got, want, name + ", " + key)


@case
def worked_cases():
    """every case of the vectors, through the program, as JSON and as text"""
    rows = worked() + worked("handsets")
    answers = explain([row["input"] for row in rows])
    equal(len(answers), len(rows))
    assert len(rows) > 65
    status, out, err = policy("explain", lines=[json.dumps(row["input"]) for row in rows])
    equal((status, err), (0, ""))
    equal(len(out.split("\n\n")), len(rows))
    assert "(null)" not in out, out
    for row, answer in zip(rows, answers):
        if isinstance(row["expect"], list):
            equal(len(answer), len(row["expect"]), row["name"])
            for want, got in zip(row["expect"], answer):
                check(row["name"], want, got)
        else:
            check(row["name"], row["expect"], answer)


@case
def lines_that_are_no_case():
    """each has its own answer, so that answers and lines stay side by side"""
    good = worked()[0]["input"]
    answers = explain([good, "{", "[]", "", good, '{"device":{"profile":"nobody"}}'], status=1)
    equal(["error" in a for a in answers], [False, True, True, True, False, True])
    assert "nobody" in answers[5]["error"], answers[5]
    equal(explain([]), [])


@case
def for_people():
    """stages by name, and what would have to change"""
    row = [r for r in worked() if r["name"] == "V01"][0]
    status, out, err = policy("explain", lines=[json.dumps(row["input"])])
    equal((status, err), (0, ""))
    assert out.startswith("DISCARD P13"), out
    for part in ("SECPOLICY_SI_MESSAGE", "USER_UNAUTH", "to be accepted:",
                 "source address: +12025550100, the trusted push proxy P1", "Push-Flag: 1"):
        assert part in out, "%r is not in %s" % (part, out)


@case
def captured_messages():
    """--hex: octets and options make the case"""
    common = ["--hex", "--proxy", GATEWAY + ",trust,push"]
    answers = explain([PUSH, "0605040B8423F0 | zz", PUSH[:30]], "--from", GATEWAY, *common, status=1)
    equal(answers[0]["outcome"], "DELIVER")
    equal(answers[0]["mask"], 5952)
    assert "error" in answers[1] and "error" in answers[2], answers
    equal(explain([PUSH], "--from", "+12025550199", *common)[0]["code"], "P13")
    equal(explain([PUSH], "--from", "+12025550199", "--policy", "4109=64", *common)[0]["outcome"], "DELIVER")
    equal(explain([PUSH], "--from", GATEWAY, "--profile", "ios", *common)[0]["code"], "P11")


def signed(params):
    """A signed document as a PDU, by ppgctl encode."""
    path = os.path.join(harness.temp_dir(), "doc.xml")
    with open(path, "w") as f:
        f.write('<wap-provisioningdoc version="1.1"><characteristic type="CM_GPRSEntries">'
                '<parm name="X" value="1"/></characteristic></wap-provisioningdoc>')
    status, out, err = harness.run([harness.built("ppgctl"), "encode", "--type",
                                    "text/vnd.wap.connectivity-xml" + params, path])
    equal(status, 0, err)
    return out.strip()


@case
def captured_documents():
    """SEC and MAC come from the message, settings from its body"""
    args = ["--hex", "--from", GATEWAY, "--profile", "w10m", "--proxy", GATEWAY + ",push"]
    mac = "; MAC=" + 40 * "A"
    rows = [("; SEC=USERPIN" + mac, "APPLY_AFTER_PIN", None), ("; SEC=NETWPIN" + mac, "DISCARD", "P05"),
            ("", "DISCARD", "P03")]
    for params, outcome, code in rows:
        answer = explain([signed(params)], *args)[0]
        equal((answer["outcome"], answer["code"]), (outcome, code), params)


@case
def bad_use():
    for args, part in ((["explain", "--hex"], "--from"), (["explain", "--from", "1"], "--hex"),
                       (["fly"], "explain"), ([], "missing"),
                       (["explain", "--hex", "--from", "1", "--proxy", "1,maybe"], "trust"),
                       (["explain", "--hex", "--from", "1", "--policy", "4109"], "ID=VALUE")):
        status, out, err = policy(*args)
        equal((status, out), (2, ""), err)
        assert part in err, err


@case
def profiles_of_ones_own():
    """a folder by option or environment; errors name file and line; the list"""
    folder = harness.temp_dir()
    with open(os.path.join(folder, "mine.profile"), "w") as f:
        f.write("# ours\nfamily = wm5\npolicy SI_MESSAGE = USER_UNAUTH\npolicy 4110 = USER_UNAUTH\n")
    with open(os.path.join(folder, "slip.profile"), "w") as f:
        f.write("family = wm5\n\npolicy SI_MESAGE = USER_UNAUTH\n")
    cases = [{"device": {"profile": p}, "message": {"bearer": "sms", "from": "1",
              "content_type": "text/vnd.wap.si"}} for p in ("mine", "slip")]
    answers = explain(cases, "--profiles", folder, status=1)
    equal(answers[0]["outcome"], "DELIVER")
    assert "slip:3: policy \"SI_MESAGE\" is not known" in answers[1]["error"], answers[1]
    env = dict(os.environ, OPENPPG_PROFILES=folder)
    status, out, err = policy("profiles", env=env)
    equal((status, out.splitlines()), (1, ["mine                   wm5    open_si"]), err)
    assert "slip:3" in err, err
    status, out, err = policy("profiles")
    equal((status, err), (0, ""))
    listed = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    equal(listed["wm-htc-2008"], ["wm5", "open_si", "open_sl"])
    equal(listed["unknown"], ["other"])
    assert "windows-mobile" not in listed and len(listed) > 25, listed


if __name__ == "__main__":
    harness.main()
