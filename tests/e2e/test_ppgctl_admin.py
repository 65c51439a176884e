"""ppgctl as an operator: pushes, audit, subscribers, profiles, metrics, reload, against a gateway."""
import http.server
import json
import os
import threading

import harness
from gateway import Gateway, PASSWORD, TOKEN, initiator, new_id
from harness import case, equal

sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator() + initiator("other", "other", "other-password"))
gw.wait_link()
FOLDER = harness.temp_dir()
ENV = {"PPGCTL_TOKEN": TOKEN, "PPGCTL_ADMIN": "http://127.0.0.1:%d/" % gw.admin_port}
RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>\n'


def file(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def ppgctl(*args, env=None):
    return harness.run([harness.built("ppgctl")] + list(args), env=dict(ENV, **(env or {})))


def ctl(*args):
    status, out, err = ppgctl(*args)
    equal((status, err), (0, ""), "%s: %s" % (args[0], out))
    return out


def says_no(error, *args, status=1, env=None):
    """It prints nothing, ends with `status`, and the first line on standard error is this or begins so."""
    got, out, err = ppgctl(*args, env=env)
    equal((got, out), (status, ""), err)
    assert err.startswith("ppgctl %s: %s" % (args[0], error)), err
    assert TOKEN not in err, err
    return err


@case
def pushes_and_what_happened_to_them():
    ids = [new_id("op") for _ in range(4)]
    for i, push_id in enumerate(ids):
        user = ("other", "other-password") if i % 2 else ("pi", PASSWORD)
        equal(gw.push(["+12025550101", "+12025550102"], push_id=push_id, user=user[0], password=user[1]).code, 1001)
        gw.wait_state(push_id, "delivered")
    lines = ctl("pushes", "--limit", "3").splitlines()
    equal(lines[0].split(), ["RECEIVED", "INITIATOR", "RECIPIENTS", "FINAL", "PUSH-ID"])
    equal([line.split()[1:] for line in lines[1:4]],
          [["other", "2", "2", ids[3]], ["tester", "2", "2", ids[2]], ["other", "2", "2", ids[1]]])
    before = lines[4].split()[-1]
    equal([p["push_id"] for p in json.loads(ctl("pushes", "--json", "--before", before))["pushes"]], ids[:1])
    equal([p["push_id"] for p in json.loads(ctl("pushes", "--json", "--initiator", "tester"))["pushes"]], [ids[2], ids[0]])
    lines = ctl("audit", ids[0]).splitlines()
    equal(lines[0].split()[:3], ["TIME", "RECIPIENTS", "EVENT"])
    equal(lines[1].split()[1:3], ["0-1", "accept"])
    assert lines[-1].split()[2:4] == ["receipt", "delivered"], lines
    rows = json.loads(ctl("audit", ids[0], "--json"))["rows"]
    equal(json.loads(ctl("audit", ids[0], "--json", "--after", str(rows[0]["row"])))["rows"], rows[1:])
    one = json.loads(ctl("show", ids[0], "--json", "--address", "WAPPUSH=+12025550102/TYPE=PLMN@ppg.example.net"))
    equal([r["n"] for r in one["recipients"]], [1])
    says_no("nothing is known of such a push", "audit", "none")
    says_no("no such push", "show", "none")
    says_no("limit is a number", "pushes", "--limit", "0")


@case
def what_a_push_is_shown_with():
    push_id = new_id("op")
    equal(gw.push("+12025550101", push_id=push_id, qos='<quality-of-service priority="low"/>').code, 1001)
    gw.wait_state(push_id, "delivered")
    push = json.loads(ctl("show", push_id, "--json"))
    out = ctl("show", push_id)
    for line in ("push-id:    " + push_id, "initiator:  tester", "state:      delivered", "priority:   low", "deadline:   " + push["deadline"],
                 "content:    application/vnd.wap.sic", "recipients: 1", "final:      1"):
        assert line in out.splitlines(), out
    push["recipients"][0].update(desc="no such device", prediction={
        "outcome": "DISCARD", "code": "P13", "reason": "SI role mismatch (4109)", "advice": "needs a proxy"})
    Fixed.answer = json.dumps(push).encode()
    out = ctl("show", push_id, "--admin", fixed())
    for line in ("  reason:      no such device", "  predicted:   DISCARD, P13 SI role mismatch (4109); needs a proxy"):
        assert line in out.splitlines(), out
    push["recipients"][0].update(prediction={"outcome": "DELIVER", "code": None, "reason": None, "advice": None})
    Fixed.answer = json.dumps(push).encode()
    assert "  predicted:   DELIVER\n" in ctl("show", push_id, "--admin", fixed())
    push["recipients"][0].update(prediction=None)
    Fixed.answer = json.dumps(push).encode()
    assert "predicted" not in ctl("show", push_id, "--admin", fixed())


class Fixed(http.server.BaseHTTPRequestHandler):
    """Answers everything with what the case put there."""
    answer = b"{}"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(Fixed.answer)))
        self.end_headers()
        self.wfile.write(Fixed.answer)

    def log_message(self, *_):
        pass


def fixed():
    if not hasattr(Fixed, "url"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fixed)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        harness.at_end(server.shutdown)
        Fixed.url = "http://127.0.0.1:%d" % server.server_port
    return Fixed.url


@case
def subscribers_are_imported():
    table = file("table.csv", 'address,number,profile,facts\nuser:jane@example.net,+12025550111,phone,"{""a"":1}"\n+12025550111,,phone,\n')
    equal(ctl("subscribers", "import", table), "2 written\n")
    equal(ctl("subscribers", "show", "user:jane@example.net"),
          'address: user:jane%40example.net\nnumber:  +12025550111\nprofile: phone\nfacts:   {"a":1}\n')
    equal(json.loads(ctl("subscribers", "show", "+12025550111", "--json"))["profile"], "phone")
    equal(ctl("subscribers", "remove", "+12025550111"), "removed\n")
    says_no("no such subscriber", "subscribers", "show", "+12025550111")
    says_no("no such subscriber", "subscribers", "remove", "+12025550111")
    says_no("address: ", "subscribers", "show", "jane")
    says_no("ACTION is", "subscribers", "list", "x", status=2)
    says_no("ACTION ARGUMENT is missing", "subscribers", "import", status=2)
    says_no("/nonexistent: No such file", "subscribers", "import", "/nonexistent", status=2)


@case
def large_tables_go_in_pieces():
    """Line ends inside quotes do not end a line, and the numbers of bad lines are those of the file."""
    pad = '"{""x"":""' + "y" * 4000 + '""}"'
    rows = ["user:n%d,+1202555%04d,,%s\n" % (i, i, pad) for i in range(2600)]         # 10 MiB
    head = '"address",number,profile,facts\r\n'
    path = file("large.csv", head + "".join(rows))
    equal(json.loads(ctl("subscribers", "import", path, "--json")), {"written": 2600})
    for i in (0, 1300, 2599):
        equal(json.loads(ctl("subscribers", "show", "user:n%d" % i, "--json"))["number"], "+1202555%04d" % i)
    broken = rows[:1] + ['"user:two\nlines",x,,%s\n' % pad] + rows[2:2000] + ["wrong\n"] + rows[2000:]
    path = file("broken.csv", head + "".join(broken[:1] + broken[2:]))
    err = says_no("%s:2001: 1 field" % path, "subscribers", "import", path)
    written = int(err.splitlines()[-1].split()[-2])
    assert 0 < written < 2000, err
    path = file("broken.csv", head + "".join(broken))
    err = says_no("%s:3: " % path, "subscribers", "import", path)
    equal(len(err.splitlines()), 2, err)
    path = file("head.csv", "x,y\n" + "".join(rows))
    says_no("%s:1: the first line is" % path, "subscribers", "import", path)
    equal(ctl("subscribers", "import", file("empty.csv", "address,number,profile")), "0 written\n")
    says_no("%s: the file is empty" % file("nothing", ""), "subscribers", "import", file("nothing", ""), status=2)
    says_no("%s: the file is empty" % file("nothing", ""), "profiles", "put", "x", file("nothing", ""), status=2)


@case
def profiles_are_kept():
    equal(ctl("profiles", "put", "phone", file("phone.rdf", RDF)), "written\n")
    equal(ctl("profiles", "get", "phone"), RDF)
    equal(json.loads(ctl("profiles", "put", "text", file("x", "any"), "--type", "text/plain", "--json")), {"written": 1})
    equal(ctl("profiles", "get", "text"), "any")
    line = "%10s  %-32s %s\n"
    head, phone = line % ("OCTETS", "NAME", "CONTENT-TYPE"), line % (len(RDF), "phone", "application/vnd.wap.uaprof")
    equal(ctl("profiles", "list"), head + phone + line % (3, "text", "text/plain"))
    equal(ctl("profiles", "list", "--limit", "1"), head + phone + "more with --after phone\n")
    equal(json.loads(ctl("profiles", "list", "--after", "phone", "--json")),
          {"profiles": [{"name": "text", "content_type": "text/plain", "octets": 3}], "next_after": None})
    says_no("limit is a number", "profiles", "list", "--limit", "0")
    equal(ctl("profiles", "remove", "text"), "removed\n")
    says_no("no such profile", "profiles", "get", "text")
    says_no("no such profile", "profiles", "remove", "text")
    says_no("line", "profiles", "put", "p", file("bad.rdf", "<x>"))
    says_no("a profile's name", "profiles", "put", "a/b", file("phone.rdf", RDF))
    for args in (("put", "p"), ("get", "p", "x"), ("list", "p"), ("remove", "p", "x")):
        says_no("put NAME FILE, get NAME, remove NAME or list", "profiles", *args, status=2)
    says_no("%s: more than" % file("big", b"x" * ((1 << 20) + 1)), "profiles", "put", "p", os.path.join(FOLDER, "big"), status=2)


@case
def metrics_need_no_token():
    out = ctl("metrics")
    assert "# TYPE openppg_pushes_accepted_total counter\n" in out, out
    status, out, _ = ppgctl("metrics", env={"PPGCTL_TOKEN": ""})
    equal(status, 0)
    says_no("", "metrics", "--admin", "http://127.0.0.1:%d" % harness.free_port())


@case
def reload_says_what_is_wrong():
    equal(ctl("reload"), "reloaded\n")
    equal(json.loads(ctl("reload", "--json")), {"reloaded": True})
    with open(gw.config) as f:
        good = f.read()
    with open(gw.config, "w") as f:
        f.write(good + "\nnonsense = 1\n")
    err = says_no("", "reload")
    assert "nonsense" in err, err
    with open(gw.config, "w") as f:
        f.write(good)
    equal(ctl("reload"), "reloaded\n")
    says_no("token needed", "reload", env={"PPGCTL_TOKEN": "wrong"})


harness.main()
