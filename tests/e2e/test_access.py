"""What an initiator may do: where it comes from, how it logs in, whom it pushes to, what and how much."""
import base64
import http.client
import os
import signal
import time
import urllib.parse

import harness
from gateway import Gateway, PASSWORD, SI, USER, initiator, multipart, new_id, push_message
from harness import case, equal, wait_for

sim = harness.Smscsim()
NUMBER, OTHER = "+12025550100", "+442025550100"
SL = ('<?xml version="1.0"?><!DOCTYPE sl PUBLIC "-//WAPFORUM//DTD SL 1.0//EN" "http://www.wapforum.org/DTD/sl.dtd">'
      '<sl href="http://www.example.net/"/>')

folder = harness.temp_dir()
with open(os.path.join(folder, "white.txt"), "w") as f:
    f.write("# who asked for it\n+1 202-555-0100 : a customer\n0012025550101\n")
with open(os.path.join(folder, "black.txt"), "w") as f:
    f.write("+12025550199\n")


def account(name, more):
    return initiator(name, name, name + "-pw", uri="", more=more)


ACCOUNTS = (initiator()
            + account("near", "allow-ip = 127.0.0.2;10.0.0.0/8;fd00::/8\n")
            + account("notfar", 'allow-ip = "127.0.0.*"\ndeny-ip = 127.0.0.3\n')
            + account("prefix", 'allowed-prefix = "+1202;44"\ndenied-prefix = "+1202555019"\n')
            + account("white", "white-list = white.txt\n")
            + account("black", "black-list = black.txt\n")
            + account("types", 'content-type = "text/vnd.wap.si;application/vnd.wap.s*"\n')
            + account("apps", 'application-id = "x-wap-application:mms.ua;x-example:own.ua"\n')
            + account("slow", "pushes-per-second = 1\n")
            + account("daily", "recipients-per-day = 3\n"))
gw = Gateway(sim.port, folder=folder, initiators=ACCOUNTS, ppg_more='ppg-allow-ip = "127.*.*.*"\nppg-deny-ip = 127.0.0.66\n')
gw.wait_link()


def push_from(source, name=USER, password=None, to=NUMBER, query="", authorize=True, gateway=None):
    """(HTTP status, body) of a push that comes from that address of the loopback network."""
    password = PASSWORD if name == USER and password is None else password or name + "-pw"
    body, outer = multipart(push_message(new_id(), to), SI)
    headers = {"Content-Type": outer}
    if authorize:
        headers["Authorization"] = "Basic " + base64.b64encode(("%s:%s" % (name, password)).encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", (gateway or gw).port, timeout=60, source_address=(source, 0))
    try:
        connection.request("POST", "/wappush" + query, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def push(name, to=NUMBER, **more):
    return gw.push(to, user=name, password=name + "-pw", **more)


def accepted(reply):
    equal((reply.http, reply.code), (202, 1001), reply.text)


def refused(reply, *says):
    equal((reply.http, reply.element, reply.code), (202, "push-response", 2001), reply.text)
    for part in says:
        assert part in reply.desc, "%r is not in %r" % (part, reply.desc)


# ---- addresses -------------------------------------------------------------------------------------

@case
def an_initiator_comes_from_its_addresses():
    equal(push_from("127.0.0.2", "near")[0], 202)
    equal(push_from("127.0.0.1", "near"), (403, "pushes are not taken from this address\n"))
    equal(push_from("127.0.0.1", "near", "wrong")[0], 401)
    equal(push_from("127.0.0.9", "notfar")[0], 202)
    equal(push_from("127.0.0.3", "notfar")[0], 403)
    equal(push_from("127.0.1.9", "notfar")[0], 403)
    equal(push_from("127.0.1.9")[0], 202)


@case
def some_addresses_are_refused_before_any_login():
    equal(push_from("127.0.0.66"), (403, "pushes are not taken from this address\n"))
    equal(push_from("127.0.0.66", authorize=False)[0], 403)
    equal(push_from("127.0.0.66", "nobody", "wrong")[0], 403)
    equal(push_from("127.0.0.65")[0], 202)


# ---- numbers ---------------------------------------------------------------------------------------

@case
def numbers_have_allowed_and_denied_prefixes():
    accepted(push("prefix", NUMBER))
    accepted(push("prefix", OTHER))
    refused(push("prefix", "+33145550100"), "address[1]: not in allowed-prefix of this account")
    refused(push("prefix", "+12025550199"), "address[1]: denied-prefix of this account")
    accepted(gw.push("+12025550199"))


@case
def one_forbidden_number_refuses_all():
    before = gw.metric("store_pushes")
    reply = push("prefix", [NUMBER, OTHER, "+33145550100"])
    refused(reply, "address[3]", "allowed-prefix")
    assert "+33145550100" not in reply.desc, reply.desc
    equal(gw.metric("store_pushes"), before)


@case
def lists_of_numbers_are_files():
    accepted(push("white", NUMBER))
    accepted(push("white", "+12025550101"))
    refused(push("white", "+12025550102"), "not on the white-list of this account")
    accepted(push("black", NUMBER))
    refused(push("black", "+12025550199"), "on the black-list of this account")


# ---- content ----------------------------------------------------------------------------------------

@case
def content_types_of_an_account():
    accepted(push("types"))
    accepted(push("types", content_type="Text/VND.wap.SI; charset=utf-8"))
    refused(push("types", content=SL, content_type="text/vnd.wap.sl"), "content-type of this account does not name text/vnd.wap.sl")
    refused(push("types", content="hello", content_type="text/plain"), "text/plain")


@case
def applications_of_an_account():
    accepted(push("apps", headers=[("X-Wap-Application-Id", "x-wap-application:mms.ua")]))
    accepted(push("apps", headers=[("X-Wap-Application-Id", "4")]))
    accepted(push("apps", http_headers={"X-Wap-Application-Id": "x-example:own.ua"}))
    refused(push("apps"), "application-id of this account does not name x-wap-application:wml.ua")
    refused(push("apps", headers=[("X-Wap-Application-Id", "x-wap-application:syncml.dm")]), "syncml.dm")
    # the part's header is the one that counts
    refused(push("apps", headers=[("X-Wap-Application-Id", "7")], http_headers={"X-Wap-Application-Id": "4"}), "application-id")


# ---- how much ----------------------------------------------------------------------------------------

@case
def pushes_a_second():
    def too_many():
        reply = push("slow")
        return reply if reply.http == 503 else accepted(reply)
    accepted(push("slow"))
    late = wait_for(too_many, "a push too many")
    equal(late.text, "this initiator pushes more often than it may\n")
    accepted(gw.push(NUMBER))
    wait_for(lambda: push("slow").code == 1001, "the next second")


def use_up_a_day():
    reply = push("daily", [NUMBER, OTHER])
    accepted(reply)
    again = push("daily", push_id=reply.push_id)
    equal(again.code, 2007, again.text)			# it was not written, and does not count
    accepted(push("daily"))
    refused(push("daily"), "recipients-per-day of this account is 3, of which 3 are used")
    refused(push("daily", [NUMBER, OTHER, "+12025550101", "+12025550102"]), "of which 3 are used")
    gw.stop()
    gw.start()
    gw.wait_link()
    refused(push("daily"), "of which 3 are used")
    accepted(gw.push(NUMBER))


@case
def recipients_a_day():
    day = int(time.time() // 86400)
    try:
        use_up_a_day()
    except AssertionError:
        if day == int(time.time() // 86400):
            raise
        use_up_a_day()			# the day ended meanwhile


# ---- a login in the query ------------------------------------------------------------------------------

LOGIN = "?username=%s&password=%s" % (USER, urllib.parse.quote_plus(PASSWORD))


@case
def a_login_in_the_query_is_off():
    equal(push_from("127.0.0.1", query=LOGIN, authorize=False)[0], 401)
    equal(push_from("127.0.0.1", query=LOGIN)[0], 202)


@case
def a_login_in_the_query_is_switched_on():
    hashed = harness.run([harness.built("ppgctl"), "passwd"], stdin="a hidden word&\n")[1].strip()
    other = Gateway(sim.port, ppg_more="query-login = true\n", log_level=0,
                    initiators=initiator() + initiator("hidden", "hidden", hashed, uri=""))
    other.wait_link()
    equal(push_from("127.0.0.1", query=LOGIN, authorize=False, gateway=other)[0], 202)
    equal(push_from("127.0.0.1", query="?username=hidden&password=a+hidden+word%26", authorize=False, gateway=other)[0], 202)
    equal(push_from("127.0.0.1", query="?username=hidden&password=a+wrongly+guessed+word", authorize=False, gateway=other)[0], 401)
    equal(push_from("127.0.0.1", query="?username=hidden", authorize=False, gateway=other)[0], 401)
    equal(push_from("127.0.0.1", query="?password=x", authorize=False, gateway=other)[0], 401)
    # the header goes first
    equal(push_from("127.0.0.1", "nobody", "wrong", query=LOGIN, gateway=other)[0], 401)
    other.stop()
    log = other.program.text("out") + other.program.text("err")
    for secret in ("hidden+word", "hidden word", "wrongly", PASSWORD):
        assert secret not in log, "%s is in the log" % secret


# ---- reload -------------------------------------------------------------------------------------------

@case
def a_reload_takes_new_rules_and_lists():
    with open(os.path.join(folder, "white.txt"), "w") as f:
        f.write("+12025550102\n")
    gw.write_config(initiators=ACCOUNTS.replace("127.0.0.2;10.0.0.0/8", "127.0.0.4"))
    gw.program.signal(signal.SIGHUP)
    wait_for(lambda: push("white", "+12025550102").code == 1001, "the new list")
    refused(push("white", NUMBER), "white-list")
    equal(push_from("127.0.0.4", "near")[0], 202)
    equal(push_from("127.0.0.2", "near")[0], 403)
    # one that cannot be read leaves all as it is
    with open(os.path.join(folder, "white.txt"), "w") as f:
        f.write("+12025550100\nnobody\n")
    gw.program.signal(signal.SIGHUP)
    gw.program.wait_line("line 2 is not an international number")
    accepted(push("white", "+12025550102"))


# ---- mistakes of a configuration ------------------------------------------------------------------------

@case
def mistakes_are_named():
    def says(more, *parts):
        bad = Gateway(sim.port, initiators=initiator(more=more), start=False)
        status, out, err = harness.run([harness.built("ppgd"), "--check-config", bad.config])
        equal((status, out), (1, ""), err)
        for part in parts:
            assert part in err, "%r is not in %r" % (part, err)
    says("white-list = http://127.0.0.1/list\n", "white-list: http://127.0.0.1/list is a URL; fetch the list into a file")
    says("black-list = none.txt\n", "black-list: ", "none.txt: No such file or directory")
    says("allow-ip = 127.0.0\n", "allow-ip: network list: 127.0.0 is not an address")
    says("denied-prefix = 049\n", "denied-prefix: 049 begins with 0")
    says("content-type = text\n", "content-type: text is not a media type")
    says("application-id = nothing\n", "application-id: nothing")
    says("forced-smsc = elsewhere\n", "forced-smsc: elsewhere is not the smsc-id of a group smsc")
    says("allowed-links = main;elsewhere\n", "allowed-links: elsewhere is not the smsc-id")
    says("allowed-bearers = SMS;pigeon\n", "allowed-bearers: pigeon is not a bearer")
    says("certificate = CN=tps\n", "certificate: CN=tps is not subject:")


harness.main()
