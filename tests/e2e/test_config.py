"""ppgd and its configuration: what it says of a wrong one, what it leaves alone, and reloading."""
import os
import re
import signal
import socket
import sqlite3

import gateway
import harness
from harness import case, equal


def folder_with(text, name="ppgd.conf"):
    folder = harness.temp_dir()
    with open(os.path.join(folder, name), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return folder


def ppgd(*args, **more):
    return harness.run([harness.built("ppgd")] + list(args), **more)


config = gateway.config_text


def line_of(text, part):
    return text[:text.index(part)].count("\n") + 1


def refused(text, *says):
    """Both the check and a start say it, end with status 1, open no port and make no store."""
    folder = folder_with(text)
    path = os.path.join(folder, "ppgd.conf")
    for args in (["--check-config", path], ["-c", path]):
        status, out, err = ppgd(*args)
        equal((status, out), (1, ""), err)
        for part in says:
            part = part.replace("FILE", path)
            assert part in err, "%r is not in %r" % (part, err)
    equal(os.listdir(folder), ["ppgd.conf"])
    return err


# ---- the command line ----------------------------------------------------------------------------

@case
def a_good_configuration_is_checked():
    text = config()
    path = os.path.join(folder_with(text), "ppgd.conf")
    status, out, err = ppgd("--check-config", path)
    equal((status, out), (0, path + ": no errors\n"))
    where = "%s:%d: group wap-push-user, ppg-password: is plain text" % (path, line_of(text, "ppg-password"))
    assert err.startswith("notice: " + where) and err.count("\n") == 1, err
    equal(os.listdir(os.path.dirname(path)), ["ppgd.conf"])


@case
def the_printed_configuration_is_one():
    path = os.path.join(folder_with(config(smsc_more="throughput = 7")), "ppgd.conf")
    status, out, _ = ppgd("--print-config", path)
    equal(status, 0)
    assert gateway.PASSWORD not in out and gateway.TOKEN not in out, out
    assert "throughput = 7\n" in out and "max-pending-submits = 10\n" in out
    again = os.path.join(folder_with(out), "ppgd.conf")
    equal(ppgd("--print-config", again)[:2], (0, out))


@case
def wrong_use():
    for args in ([], ["a", "b"], ["--fly"]):
        status, out, err = ppgd(*args)
        equal((status, out), (2, ""))
        assert "ppgd --help" in err and err.count("\n") <= 2, err


# ---- mistakes (C-01 to C-05, C-08) -----------------------------------------------------------------

@case
def keys_and_values():
    text = config(ppg_more="ppg-prot = 8080\nmax-age = soon", smsc_more="port = 70000")
    text = text.replace("port = %s\nsmsc-username" % text.split("host = 127.0.0.1\nport = ")[1].split("\n")[0],
                        "smsc-username", 1)
    err = refused(text, "FILE:%d: group ppg, ppg-prot: unknown key; did you mean \"ppg-port\"?" % line_of(text, "ppg-prot"),
                  "FILE:%d: group ppg, max-age: soon is not a time" % line_of(text, "max-age"),
                  "FILE:%d: group smsc, port: 70000 is not in 1..65535" % line_of(text, "port = 70000"))
    equal(err.count("error: "), 3, err)


@case
def missing_keys_and_doubles():
    link = "group = smsc\nsmsc = smpp\nsmsc-id = main\nport = 1\nsmsc-username = u\n"
    text = config() + link
    refused(text, "FILE:%d: group smsc, host: this key is required and missing" % (line_of(text, link)),
            "FILE:%d: group smsc, smsc-id: \"main\" is used at FILE:%d already" % (
                line_of(text, link) + 2, line_of(text, "smsc-id = main")))


@case
def files_that_include_one_another():
    refused(config() + "include = ppgd.conf\n", "include: a loop: ")
    refused(config() + "include = nothing.conf\n", "nothing.conf: No such file or directory")


@case
def octets_that_are_no_text():
    refused(config(ppg_more='global-sender = "123'), "column 17: the quote that starts here is not closed")
    refused(config().encode().replace(b"log-level = 1", b"log-level = 1\0"), "column 14: octet \\x00")
    refused(b"\xff\xd8\xff\xe0\x00\x10JFIF", "FILE:1: column 5: octet \\x00")
    refused(config() + "a" * (1 << 20), "column 65537: the line is longer than 65536 octets")
    folder = folder_with(b"\xef\xbb\xbf" + config().replace("\n", "\r\n").encode())
    equal(ppgd("--check-config", os.path.join(folder, "ppgd.conf"))[0], 0)


# ---- what a start finds (C-06, C-07) ------------------------------------------------------------------

def start_fails(text, *says, prepare=None):
    folder = folder_with(text)
    path = os.path.join(folder, "ppgd.conf")
    if prepare:
        prepare(folder)
    status, out, err = ppgd(path)
    equal((status, out), (1, ""), err)
    lines = [line for line in err.splitlines() if line.startswith("ppgd: ")]
    equal(len(lines), 1, err)
    for part in says:
        assert part.replace("FILE", path).replace("FOLDER", folder) in lines[0], "%r is not in %r" % (part, lines[0])
    return folder


@case
def ports_that_are_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = config(port=port)
        folder = start_fails(text, "ppg-port %d (FILE:%d): " % (port, line_of(text, "ppg-port")), "in use")
        equal(os.listdir(folder), ["ppgd.conf"], "no store was created")
        text = config(admin_port=port)
        folder = start_fails(text, "port %d (FILE:%d): " % (port, line_of(text, "port = %d" % port)), "in use")
        equal(os.listdir(folder), ["ppgd.conf"], "no store was created")


@case
def stores_that_cannot_be_used():
    def no_database(folder):
        with open(os.path.join(folder, "ppg.db"), "wb") as f:
            f.write(b"this is no database, whatever its name says. " * 100)

    def newer(folder):
        with sqlite3.connect(os.path.join(folder, "ppg.db")) as db:
            db.execute("pragma user_version = 1000000")
            db.execute("create table later (x)")
        db.close()

    def unchanged(prepare):
        twin = harness.temp_dir()
        prepare(twin)
        folder = start_fails(config(), "FOLDER/ppg.db", prepare=prepare)
        for name, at in (("before", twin), ("after", folder)):
            with open(os.path.join(at, "ppg.db"), "rb") as f:
                if name == "before":
                    octets = f.read()
                else:
                    equal(f.read() == octets, True, "the file is as it was")

    unchanged(no_database)
    unchanged(newer)
    start_fails(config().replace("sqlite:ppg.db", "sqlite:no/such/folder/ppg.db"), "no/such/folder/ppg.db")


# ---- reloading (C-09) ------------------------------------------------------------------------------------

@case
def a_wrong_configuration_leaves_the_old_one_in_force():
    sim = harness.Smscsim()
    gw = gateway.Gateway(sim.port)
    gw.wait_link()
    for changes in (dict(ppg_more="ppg-prot = 1"), dict(smsc_more="include = nothing.conf"),
                    dict(initiators="\0"), dict(initiators="")):
        seen = len(gw.program.lines)
        gw.write_config(**dict(dict(ppg_more="", smsc_more="", initiators=gateway.initiator()), **changes))
        gw.program.signal(signal.SIGHUP)
        gw.program.wait_line("configuration in force stays", start=seen)
        equal(gw.push("+12025550123").code, 1001)
        answer = gw.admin("/api/v1/reload", method="POST")
        assert answer.status >= 400, answer
    equal([l["state"] for l in gw.admin("/api/v1/links").json()], ["up"])
    sim.wait_messages(4)
    gw.stop()
    sim.program.stop()


@case
def initiators_come_and_go():
    sim = harness.Smscsim()
    gw = gateway.Gateway(sim.port)
    gw.wait_link()
    equal(gw.push("+12025550123").code, 1001)
    equal(gw.push("+12025550123", user="new", password="x").http, 401)
    gw.write_config(initiators=gateway.initiator("fresh", "new", "x"))
    seen = len(gw.program.lines)
    gw.program.signal(signal.SIGHUP)
    gw.program.wait_line("reloaded", start=seen)
    equal(gw.push("+12025550123", user="new", password="x").code, 1001)
    equal(gw.push("+12025550123").http, 401)
    sim.wait_messages(2)
    gw.stop()
    sim.program.stop()


@case
def a_hash_is_a_password():
    sim = harness.Smscsim()
    status, made, err = harness.run([harness.built("ppgctl"), "passwd"], stdin=b"geheim\n")
    equal((status, err), (0, ""))
    gw = gateway.Gateway(sim.port, initiators=gateway.initiator(password=made.strip()))
    equal(gw.push("+12025550123", password="geheim").code, 1001)
    equal(gw.push("+12025550123", password=made.strip()).http, 401)
    gw.stop()
    sim.program.stop()


@case
def the_command_line_meets_the_gateway():
    """ppgctl submit, show and links against ppgd."""
    sim = harness.Smscsim()
    gw = gateway.Gateway(sim.port)
    gw.wait_link()
    env = {"PPGCTL_PASSWORD": gateway.PASSWORD, "PPGCTL_TOKEN": gateway.TOKEN,
           "PPGCTL_ADMIN": "http://127.0.0.1:%d" % gw.admin_port}
    ppgctl = harness.built("ppgctl")
    submit = [ppgctl, "submit", "--url", gw.url, "--user", gateway.USER, "--to", "+12025550123", "--type",
              "text/vnd.wap.si", "--push-id", "a b/c?", "--file", "-"]
    status, out, err = harness.run(submit, stdin=gateway.SI, env=env)
    equal((status, err), (0, ""))
    assert out.startswith("1001 ") and out.endswith("push-id a b/c?\n"), out
    gw.wait_state("a b/c?", "delivered")
    status, out, err = harness.run(submit, stdin=gateway.SI, env=env)
    equal((status, out[:5], err), (1, "2007 ", ""))
    status, out, err = harness.run([ppgctl, "show", "a b/c?"], env=env)
    equal((status, err), (0, ""))
    assert re.search(r"^state: +delivered$", out, re.M) and "WAPPUSH=+12025550123/TYPE=PLMN@127.0.0.1\n" in out, out
    equal(harness.run([ppgctl, "show", "no such"], env=env), (1, "", "ppgctl show: no such push\n"))
    status, out, err = harness.run([ppgctl, "links"], env=env)
    equal((status, out.splitlines()[1].split()[:3], err), (0, ["main", "smpp", "up"], ""))
    status, out, err = harness.run([ppgctl, "links"], env=dict(env, PPGCTL_TOKEN="x"))
    equal((status, out), (1, ""))
    assert "token" in err, err
    status, out, err = harness.run(submit, stdin=gateway.SI, env=dict(env, PPGCTL_PASSWORD="x"))
    equal((status, out), (1, ""))
    assert "HTTP status 401" in err, err
    gw.stop()
    sim.program.stop()


harness.main()
