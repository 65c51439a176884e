"""Values of a configuration that stand in the environment and in files, and the check and the print that show them."""
import os
import signal

import gateway
import harness
from harness import case, equal


def ppgd(*args, **more):
    return harness.run([harness.built("ppgd")] + list(args), **more)


def write(path, text, mode=0o600):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def config(folder=None, **changes):
    """A configuration in a folder; its path."""
    path = os.path.join(folder or harness.temp_dir(), "ppgd.conf")
    write(path, gateway.config_text(**changes))
    return path


def line_of(path, part):
    with open(path) as f:
        text = f.read()
    return text[:text.index(part)].count("\n") + 1


@case
def secrets_in_files_and_the_environment():
    """Login, admin token and SMSC password come from elsewhere; a reload reads them again."""
    folder = harness.temp_dir()
    write(os.path.join(folder, "pi.pw"), "first-word\n")
    write(os.path.join(folder, "token"), "token-of-a-file\nnot this\n")
    os.environ["OPENPPG_SMSC_PW"] = "pw-smsc"
    sim = harness.Smscsim()
    gw = gateway.Gateway(sim.port, folder=folder, start=False,
                         initiators=gateway.initiator(password="file:pi.pw"))
    with open(gw.config) as f:
        text = f.read()
    write(gw.config, text.replace('token = "%s"' % gateway.TOKEN, "token = file:token").replace(
        "smsc-password = secret", "smsc-password = ${OPENPPG_SMSC_PW}"))
    gw.start()
    equal(gw.push("+12025550123", password="first-word").code, 1001)
    equal(gw.push("+12025550123", password="file:pi.pw").http, 401)
    equal(gw.admin("/api/v1/links", token="token-of-a-file").status, 200)
    equal(gw.admin("/api/v1/links", token="file:token").status, 401)
    sim.wait_messages(1)
    write(os.path.join(folder, "pi.pw"), "second-word")
    write(os.path.join(folder, "token"), "next-token\n")
    seen = len(gw.program.lines)
    gw.program.signal(signal.SIGHUP)
    gw.program.wait_line("reloaded", start=seen)
    equal(gw.push("+12025550123", password="second-word").code, 1001)
    equal(gw.push("+12025550123", password="first-word").http, 401)
    equal(gw.admin("/api/v1/links", token="next-token").status, 200)
    equal(gw.admin("/api/v1/links", token="token-of-a-file").status, 401)
    # the file is gone: what is in force stays
    os.unlink(os.path.join(folder, "pi.pw"))
    seen = len(gw.program.lines)
    gw.program.signal(signal.SIGHUP)
    gw.program.wait_line("pi.pw: No such file", start=seen)
    gw.program.wait_line("in force stays", start=seen)
    equal(gw.push("+12025550123", password="second-word").code, 1001)
    gw.stop()
    sim.program.stop()
    said = gw.program.text() + gw.program.text("err")
    for secret in ("first-word", "second-word", "token-of-a-file", "next-token", "pw-smsc"):
        assert secret not in said, said


@case
def every_mistake_of_a_value_at_once():
    folder = harness.temp_dir()
    write(os.path.join(folder, "loose"), "geheim\n", 0o644)
    path = config(folder, token="file:loose", ppg_more="global-sender = ${OPENPPG_NOT_SET}\nmax-age = ${OPENPPG_AGE}",
                  smsc_more="system-type = ${open", initiators=gateway.initiator(password="file:no-such"))
    status, out, err = ppgd("--check-config", path, env={"OPENPPG_AGE": "soon"})
    equal((status, out), (1, ""))
    for part, says in (
            ("global-sender", "group ppg, global-sender: the environment has no variable OPENPPG_NOT_SET"),
            ("max-age", "group ppg, max-age: soon is not a time (a number with s, m, h or d behind it) in 1m..63d"),
            ("ppg-password", "group wap-push-user, ppg-password: file %s/no-such: No such file or directory" % folder),
            ("system-type", 'group smsc, system-type: "${" takes the name of a variable'),
            ("token", "group admin, token: everybody may read or change file %s/loose" % folder)):
        line = "%s: %s:%d: %s" % ("notice" if part == "token" else "error", path, line_of(path, part), says)
        assert line in err, "%r is not in %s" % (line, err)
    equal(err.count("error: "), 4, err)
    assert "geheim" not in err, err


@case
def the_print_shows_everything_but_secrets():
    folder = harness.temp_dir()
    write(os.path.join(folder, "token"), "of-a-file\n")
    path = config(folder, token="file:token", smsc_more="service-type = ${OPENPPG_TYPE}\\\n  P",
                  initiators=gateway.initiator(password="${OPENPPG_PW}"))
    status, out, err = ppgd("--print-config", path, env={"OPENPPG_TYPE": "WA", "OPENPPG_PW": "of-the-environment"})
    equal(status, 0, err)
    lines = out.splitlines()
    for line in ('token = "***"', 'ppg-password = "***"', 'smsc-password = "***"', 'service-type = "WAP"', "#max-age = 2d",
                 "#max-pending-submits = 10", "#log-file ="):
        assert line in lines, "%s is not in\n%s" % (line, out)
    assert "of-a-file" not in out + err and "of-the-environment" not in out + err, out
    # every key of each group that is there, once, whether written or not
    _, table, _ = ppgd("--print-keys")
    keys = {}
    for row in table.splitlines():
        group, key, kind = row.split("\t")[:3]
        if kind != "ignored":
            keys.setdefault(group, []).append(key)
    shown, group = {}, None
    for line in lines:
        key = line.lstrip("#").split(" =")[0]
        if line.startswith("group = "):
            group = line[len("group = "):]
            shown[group] = []
        elif group and key:
            shown[group].append(key)
    equal(sorted(shown), ["admin", "core", "ppg", "smsc", "store", "wap-push-user"])
    for group in shown:
        equal(shown[group], keys[group], group)


@case
def a_reload_says_what_needs_a_restart():
    sim = harness.Smscsim()
    gw = gateway.Gateway(sim.port)
    seen = len(gw.program.lines)
    other = harness.free_port()
    gw.write_config(ppg_more="max-age = 1h\nmax-body = 1M", port=other)
    gw.program.signal(signal.SIGHUP)
    gw.program.wait_line("reloaded", start=seen)
    said = gw.program.tail(1000)
    for key, value in (("ppg-port", "%d instead of %d" % (other, gw.port)), ("max-body", "1M instead of 16M")):
        line = "%s:%d: group ppg, %s: %s needs a restart" % (gw.config, line_of(gw.config, key), key, value)
        assert any(line in l for l in said), "%s is not in\n%s" % (line, "\n".join(said))
    assert not any("max-age" in l and "restart" in l for l in said), said
    equal(gw.push("+12025550123").code, 1001)
    gw.stop()
    sim.program.stop()


harness.main()
