"""Taking over from Kannel: the configuration example of its user guide serves its own push initiator, test_ppg.

Example and tables are read from the installed package kannel-docs; nothing of them is kept here.
"""
import html
import os
import re
import shutil

import harness
from harness import Skip, case, equal

GUIDE = "/usr/share/doc/kannel-docs/userguide/userguide.html"
FOLDER = "/usr/lib/kannel/test"
for needed, package in ((GUIDE, "kannel-docs"), (FOLDER + "/test_ppg", "kannel-extras")):
    if not os.path.exists(needed):
        print("1..0 # SKIP %s is not installed" % package)
        raise SystemExit(0)

NUMBER = "358408201681"     # where smstestppg.txt of kannel-extras pushes to
CHAPTER_GROUPS = ("ppg", "wap-push-user", "core", "wapbox", "smsc", "smsbox")


# ---- the guide ---------------------------------------------------------------------------------------

def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def read_guide():
    with open(GUIDE, encoding="latin-1") as f:
        return f.read()


def listings(text):
    """The examples, each as a list of (key, value)."""
    for block in re.findall(r"(?is)<pre[^>]*>(.*?)</pre", text):
        pairs = [tuple(part.strip() for part in line.split("=", 1))
                 for line in plain(block).splitlines() if "=" in line and not line.strip().startswith("#")]
        if pairs and pairs[0][0] == "group":
            yield pairs


def push_chapter(text):
    start = re.search(r'(?is)<a\s+name="ppg"', text).start()
    return text[start:re.search(r'(?is)class="chapter"', text[start:]).start() + start]


def example():
    """Group -> its keys, as the chapter about pushes shows it first."""
    found = {}
    for pairs in listings(push_chapter(read_guide())):
        group = pairs[0][1]
        if group in CHAPTER_GROUPS and "..." not in group:
            found.setdefault(group, pairs)
    return found


def variables():
    """(group, variable) of every table that describes a group the gateway reads."""
    text = read_guide()
    titles = {"Core Group Variables": "core", "Wapbox Group Variables": "wapbox", "SMSC Group Variables": "smsc",
              "PPG core group configuration variables": "ppg", "PPG user group configuration variables": "wap-push-user"}
    # tables of single kinds of SMSC have no title; the first one is said to be about SMPP here
    smpp = text.index("SMPP 3.3, 3.4 and 5.0", text.index("Table 7-1"))
    for table in re.finditer(r"(?is)<table.*?</table", text):
        before = " ".join(plain(text[max(0, table.start() - 600):table.start()]).split())
        title = re.search(r"Table \d+-\d+\. ([^.]*)$", before)
        group = titles.get(title.group(1)) if title else None
        names = [plain(re.search(r"(?is)<td[^>]*>(.*?)</td", row + "</td").group(1)).strip()
                 for row in re.findall(r"(?is)<tr.*?</tr", table.group(0)) if "<TD" in row.upper()]
        names = [name.split()[0] for name in names if re.match(r"^[a-z][a-z0-9-]+(\s*\([moc]\))?$", name)]
        if group is None and table.start() > smpp and "transceiver-mode" in names:
            group = "smsc"
        if group:
            for name in names:
                if name != "group":
                    yield group, name


# ---- the gateway on that configuration -------------------------------------------------------------------

class FromKannel:
    """ppgd on the guide's example; `changes` (and ppg, user: of that group) replace keys, None takes one away."""

    def __init__(self, smsc_port, changes=None, more="", smsc="", ppg=None, user=None, files=None, start=True):
        self.folder = harness.temp_dir()
        for name, text in (files or {}).items():
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)
        self.port = harness.free_port()
        self.config = os.path.join(self.folder, "kannel.conf")
        groups = example()
        # what the example cannot know: a free port, where the SMSC is, and that its links are ours
        keys = {("ppg", "ppg-port"): str(self.port), ("ppg", "own-links"): "true",
                     ("smsc", "smsc"): "smpp", ("smsc", "host"): "127.0.0.1", ("smsc", "port"): str(smsc_port)}
        keys.update(changes or {})
        keys.update({("ppg", key): value for key, value in (ppg or {}).items()})
        keys.update({("wap-push-user", key): value for key, value in (user or {}).items()})
        with open(self.config, "w") as f:
            for group, pairs in groups.items():
                pairs = dict(pairs)
                pairs.update({key: value for (g, key), value in keys.items() if g == group})
                if group == "smsc":
                    # the example has a link of another kind; that one's own keys stay, and mean nothing
                    pairs.update(line.split(" = ") for line in smsc.splitlines())
                f.write("".join("%s = %s\n" % pair for pair in pairs.items() if pair[1] is not None) + "\n")
            f.write(more)
        self.url = "http://127.0.0.1:%d/wappush" % self.port
        if start:
            self.program = harness.Program([harness.built("ppgd"), self.config])
            self.program.wait_line("ppgd: ready")

    def stop(self):
        self.program.stop()


def said_by(argv):
    # test_ppg ends with status 0 whatever came back; what it printed tells
    status, out, err = harness.run(argv, deadline_s=40)
    equal(status, 0, out + err)
    return out + err


def pap_file(folder, push_id, number=NUMBER):
    """Kannel's own control document with an id of its own, so that pushes can be told apart."""
    with open(os.path.join(FOLDER, "smstestppg.txt")) as f:
        text = f.read()
    text = re.sub(r'push-id="[^"]*"', 'push-id="%s"' % push_id, text).replace(NUMBER, number)
    path = os.path.join(folder, push_id + ".txt")
    with open(path, "w") as f:
        f.write(text)
    return path


def test_ppg(gw, push_id, user=None, password=None, number=NUMBER, options=(), url=None, ssl=None):
    """One push by Kannel's push initiator, in a configuration file of its own when it logs in. No value may hold "include"."""
    pap = pap_file(gw.folder, push_id, number)
    content = os.path.join(FOLDER, "si.txt")
    program = os.path.join(FOLDER, "test_ppg")
    if user is None:
        return said_by([program, *options, url or gw.url, content, pap])
    path = os.path.join(gw.folder, "test_ppg-%s.conf" % push_id)
    with open(path, "w") as f:
        f.write("group = test-ppg\nretries = 1\n%s\n" % (
            "pi-ssl = no\n" if ssl is None else "pi-ssl = yes\n" + ssl))
        f.write("group = configuration\npush-url = %s\npap-file = %s\ncontent-file = %s\nusername = %s\n"
                "password = %s\n" % (url or gw.url, pap, content, user, password))
    return said_by([program, *options, path])


def arrives(sim, n, number=NUMBER):
    """The nth message at the SMSC is the SI of kannel-extras."""
    m = sim.wait_messages(n, deadline_s=40)[n - 1]
    equal(m["dest"].lstrip("+"), number)
    equal(m["message"]["content_type"], "application/vnd.wap.sic")
    assert "You have 4 new emails" in m["message"]["body"]["value"], m


def refused(said, *codes):
    assert not re.search(r"\b1001\b", said), said
    assert any(re.search(r"\b%s\b" % code, said) for code in codes), said


HERE = {("wap-push-user", "allow-ip"): "127.0.0.1"}


# ---- cases ---------------------------------------------------------------------------------------------

@case
def the_example_is_found():
    groups = example()
    equal(sorted(groups), sorted(CHAPTER_GROUPS))
    ppg, user = dict(groups["ppg"]), dict(groups["wap-push-user"])
    equal((ppg["ppg-url"], ppg["trusted-pi"]), ("/wappush", "false"))
    assert "127.0.0.1" in ppg["ppg-allow-ip"], ppg
    assert user["ppg-username"] and user["ppg-password"] and user["allow-ip"], user


@case
def every_variable_of_the_guide_is_known():
    status, table, _ = harness.run([harness.built("ppgd"), "--print-keys"])
    known = {tuple(row.split("\t")[:2]) for row in table.splitlines()}
    told = sorted(set(variables()))
    assert len(told) > 150, "only %d variables were found" % len(told)
    equal([pair for pair in told if pair not in known], [])


@case
def every_group_of_the_guide_is_known():
    gw = FromKannel(harness.free_port(), start=False)
    groups = {value for pairs in listings(read_guide()) for key, value in pairs if key == "group"}
    groups = sorted(group.strip('"') for group in groups - set(CHAPTER_GROUPS) if re.match(r'"?[a-z0-9-]+"?$', group))
    assert len(groups) > 15, groups
    with open(gw.config, "a") as f:
        f.write("".join("\ngroup = %s\nid = x\n" % group for group in groups))
    status, out, err = harness.run([harness.built("ppgd"), "--check-config", gw.config])
    equal([line for line in err.splitlines() if line.startswith("error: ")], [])
    for group in groups:
        assert re.search("notice: .*: group %s: is not used here" % group, err), group + "\n" + err


@case
def included_files_and_joined_lines():
    """The example in the form that the guide shows for larger ones: one file includes a file and a folder."""
    sim = harness.Smscsim()
    gw = FromKannel(sim.port, HERE, start=False)
    with open(gw.config) as f:
        groups = f.read().strip().split("\n\n")
    names = [pairs for pairs in listings(read_guide()) if len([1 for key, _ in pairs if key == "include"]) == 2][0]
    names = [value.strip('"') for key, value in names if key == "include"]
    os.mkdir(os.path.join(gw.folder, names[1]))
    files = {names[0]: [g for g in groups if g.startswith("group = wapbox")],
             names[1] + "/smsc.conf": [g for g in groups if g.startswith("group = smsc\n")],
             names[1] + "/user.conf": [g + '\nallowed-prefix = "46;\\\n   358"' for g in groups if "wap-push-user" in g]}
    for name, texts in files.items():
        equal(len(texts), 1)
        with open(os.path.join(gw.folder, name), "w") as f:
            f.write(texts[0])
    rest = [g for g in groups if g.split("\n")[0] in ("group = ppg", "group = core")]
    equal(len(rest), 2)
    with open(gw.config, "w") as f:
        f.write("\n\n".join(rest) + "".join('\ninclude = "%s"' % name for name in names) + "\n")
    gw.program = harness.Program([harness.built("ppgd"), gw.config])
    gw.program.wait_line("ppgd: ready")
    user = dict(example()["wap-push-user"])
    said = test_ppg(gw, "parts@pi.example.net", user["ppg-username"], user["ppg-password"], options=("-b",))
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 1)
    gw.stop()
    sim.program.stop()


@case
def a_file_of_a_running_bearerbox_pushes_through_it():
    sim = harness.Smscsim()
    gw = FromKannel(sim.port, {("ppg", "own-links"): None}, start=False)
    status, out, err = harness.run([harness.built("ppgd"), "--check-config", gw.config])
    equal(status, 0, err)
    assert "group wapbox, bearerbox-host: pushes go through this bearerbox" in err + out, err + out
    sim.program.stop()


@case
def right_and_wrong_logins():
    sim = harness.Smscsim()
    user = dict(example()["wap-push-user"])
    name, password = user["ppg-username"], user["ppg-password"]
    gw = FromKannel(sim.port, HERE)
    said = test_ppg(gw, "right@pi.example.net", name, password, options=("-b",))
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 1)
    refused(test_ppg(gw, "wrong@pi.example.net", name, password + "x", options=("-b",)), 401)
    refused(test_ppg(gw, "nobody@pi.example.net", name + "x", password, options=("-b",)), 401)
    refused(test_ppg(gw, "none@pi.example.net"), 401)
    said = test_ppg(gw, "again@pi.example.net", name, password, options=("-b",))
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 2)
    equal(len(sim.messages()), 2)
    gw.stop()
    sim.program.stop()


@case
def logins_in_the_url():
    """test_ppg's usual way: user name and password in the query, when query-login allows it."""
    sim = harness.Smscsim()
    user = dict(example()["wap-push-user"])
    login = "?username=%s&password=%s"
    gw = FromKannel(sim.port, HERE)
    right = gw.url + login % (user["ppg-username"], user["ppg-password"])
    refused(test_ppg(gw, "off@pi.example.net", url=right), 401)
    gw.stop()
    gw = FromKannel(sim.port, HERE, ppg={"query-login": "true"})
    right = gw.url + login % (user["ppg-username"], user["ppg-password"])
    said = test_ppg(gw, "on@pi.example.net", url=right)
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 1)
    refused(test_ppg(gw, "wrong@pi.example.net", url=gw.url + login % (user["ppg-username"], "x")), 401)
    gw.stop()
    sim.program.stop()


def certificate(folder, name):
    """A certificate for this machine and its key, in one file each and both in a third, as test_ppg wants its own."""
    paths = [os.path.join(folder, name + end) for end in (".cert", ".key", ".both")]
    status, _, err = harness.run([
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1]])
    equal(status, 0, err)
    with open(paths[2], "w") as f:
        for path in paths[:2]:
            with open(path) as one:
                f.write(one.read())
    return paths


@case
def https():
    """The guide's keys for HTTPS; test_ppg logs in over it, and is refused with a wrong password."""
    if shutil.which("openssl") is None:
        raise Skip("openssl is not installed")
    sim = harness.Smscsim()
    user = dict(example()["wap-push-user"])
    login = user["ppg-username"], user["ppg-password"]
    keys = [dict(pairs) for pairs in listings(read_guide()) if ("group", "ppg") in pairs and "ppg-ssl-port" in dict(pairs)]
    equal(len(keys), 1)
    folder, port = harness.temp_dir(), harness.free_port()
    server, client = certificate(folder, "server"), certificate(folder, "client")
    values = {"ppg-ssl-port": str(port), "ssl-server-cert-file": server[0], "ssl-server-key-file": server[1]}
    equal(sorted(key for key in keys[0] if "ssl" in key), sorted(values))
    gw = FromKannel(sim.port, HERE, ppg=values)
    url = "https://localhost:%d/wappush" % port
    more = dict(options=("-b",), url=url, ssl="ssl-client-certkey-file = %s\nssl-trusted-ca-file = %s\n" % (
        client[2], server[0]))
    said = test_ppg(gw, "tls@pi.example.net", *login, **more)
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 1)
    refused(test_ppg(gw, "wrong@pi.example.net", login[0], "x", **more), 401)
    # HTTP is served beside it
    said = test_ppg(gw, "plain@pi.example.net", *login, options=("-b",))
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 2)
    equal(len(sim.messages()), 2)
    gw.stop()
    sim.program.stop()


@case
def lists_of_addresses():
    """The example's initiator comes from elsewhere; its own list and the gateway's refuse this machine."""
    sim = harness.Smscsim()
    user = dict(example()["wap-push-user"])
    login = user["ppg-username"], user["ppg-password"]
    gw = FromKannel(sim.port)
    refused(test_ppg(gw, "elsewhere@pi.example.net", *login, options=("-b",)), 403)
    gw.stop()
    for changes in ({"ppg-allow-ip": "194.100.32.*"}, {"ppg-deny-ip": "127.*.*.*"}):
        gw = FromKannel(sim.port, HERE, ppg=changes)
        refused(test_ppg(gw, "refused@pi.example.net", *login, options=("-b",)), 403)
        gw.stop()
    gw = FromKannel(sim.port, {("wap-push-user", "allow-ip"): "127.0.0.*"})
    said = test_ppg(gw, "here@pi.example.net", *login, options=("-b",))
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 1)
    gw.stop()
    sim.program.stop()


@case
def lists_of_numbers():
    sim = harness.Smscsim()
    user = dict(example()["wap-push-user"])
    login = user["ppg-username"], user["ppg-password"]
    for group, key, value, good in (
            ("wap-push-user", "allowed-prefix", "358;46", True), ("wap-push-user", "allowed-prefix", "46", False),
            ("wap-push-user", "denied-prefix", "35840", False), ("wap-push-user", "black-list", "numbers", False),
            ("wap-push-user", "white-list", "numbers", True), ("core", "black-list-receiver", "numbers", False),
            ("core", "white-list-receiver", "numbers", True), ("core", "black-list-receiver-regex", "^.358", False),
            ("core", "white-list-receiver-regex", "^.46", False)):
        changes = dict(HERE)
        changes[group, key] = value
        gw = FromKannel(sim.port, changes, files={"numbers": "+%s\n" % NUMBER})
        seen = len(sim.messages())
        said = test_ppg(gw, "%s-%s@pi.example.net" % (key, value), *login, options=("-b",))
        if good:
            assert re.search(r"\b1001\b", said), said
            arrives(sim, seen + 1)
        else:
            refused(said, 2001)
            equal(len(sim.messages()), seen)
        gw.stop()
    sim.program.stop()


@case
def default_smsc():
    """Of two links, the one that a push, its initiator or the gateway wants; a list may reserve a link for them."""
    usual, premium = harness.Smscsim(), harness.Smscsim()
    user = dict(example()["wap-push-user"])
    login = user["ppg-username"], user["ppg-password"]
    link = ("group = smsc\nsmsc = smpp\nsmsc-id = premium\nallowed-smsc-id = \"premium;gold\"\npreferred-smsc-id = gold\n"
            "host = 127.0.0.1\nport = %d\nsmsc-username = foo\nsmsc-password = bar\n" % premium.port)
    own = dict(example()["smsc"])["smsc-id"]
    for ppg, pi, to in (({}, {}, usual), ({"default-smsc": "premium"}, {}, premium),
                        ({"default-smsc": "GOLD"}, {}, premium),
                        ({"default-smsc": "premium"}, {"default-smsc": own}, usual),
                        ({"default-smsc": own}, {"forced-smsc": "gold"}, premium)):
        gw = FromKannel(usual.port, HERE, ppg=ppg, user=pi, more=link)
        seen = {sim: len(sim.messages()) for sim in (usual, premium)}
        said = test_ppg(gw, "smsc@pi.example.net", *login, options=("-b",))
        assert re.search(r"\b1001\b", said), said
        arrives(to, seen[to] + 1)
        equal(sum(len(sim.messages()) for sim in seen), sum(seen.values()) + 1)
        gw.stop()
    gw = FromKannel(usual.port, HERE, ppg={"default-smsc": "silver"}, more=link, start=False)
    status, out, err = harness.run([harness.built("ppgd"), "--check-config", gw.config])
    equal((status, out), (1, ""))
    assert "group ppg, default-smsc: silver is not the smsc-id of a group smsc" in err, err
    usual.program.stop()
    premium.program.stop()


@case
def message_ids_in_two_bases():
    """A receipt whose id is hexadecimal finds the push whose response had it in decimal, as msg-id-type = 2 says."""
    sim = harness.Smscsim()
    sim.receipts(mode="auto", state="DELIVRD", delay_ms=0, id_format="hex")
    token, port = "t", harness.free_port()
    gw = FromKannel(sim.port, HERE, smsc="msg-id-type = 0x02\ntransceiver-mode = true",
                    more="group = admin\nport = %d\ntoken = %s\n" % (port, token))
    user = dict(example()["wap-push-user"])
    said = test_ppg(gw, "bases@pi.example.net", user["ppg-username"], user["ppg-password"], options=("-b",))
    assert re.search(r"\b1001\b", said), said
    arrives(sim, 1)

    def delivered():
        answer = harness.http_get("http://127.0.0.1:%d/api/v1/pushes?push-id=bases%%40pi.example.net" % port,
                                  headers={"Authorization": "Bearer " + token})
        return answer.status == 200 and answer.json()["state"] == "delivered"
    harness.wait_for(delivered, "the receipt to find its push")
    gw.stop()
    sim.program.stop()


@case
def the_check_says_what_is_not_taken():
    """One notice for each key and group that means nothing here, and no error."""
    gw = FromKannel(harness.free_port(), HERE, start=False)
    status, out, err = harness.run([harness.built("ppgd"), "--check-config", gw.config])
    equal((status, out), (0, gw.config + ": no errors\n"), err)
    for key in ("admin-port", "box-allow-ip", "concurrent-pushes", "users", "no-sender", "no-coding", "syslog-level"):
        equal(len(re.findall(r"notice: \S+: group [a-z-]+, %s: is not used here" % key, err)), 1, key + "\n" + err)
    equal(len(re.findall("notice: .*: group smsbox: is not used here", err)), 1, err)


harness.main()
