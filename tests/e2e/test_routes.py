"""Groups route: which link carries a push, shares, failover, parking, source addresses, times, reload."""
import datetime
import time

import harness
from gateway import Gateway, SENDER, initiator, new_id
from harness import case, equal, note, wait_for

LINK = """
group = smsc
smsc = smpp
smsc-id = {id}
host = 127.0.0.1
port = {port}
smsc-username = ppg
smsc-password = secret
source-addr = "{source}"
reconnect-delay = 1s
reconnect-delay-max = 1s
{more}
"""
RECONNECT = "reconnect-delay = 1s\nreconnect-delay-max = 1s\n"


def link(smsc_id, port, more="", source=SENDER):
    return LINK.format(id=smsc_id, port=port, more=more, source=source)


def route(name, links, *keys):
    return "\ngroup = route\nname = %s\nlinks = \"%s\"\n%s\n" % (name, links, "\n".join(keys))


def numbers(n, prefix="1202555", start=0):
    return ["+%s%05d" % (prefix, i) for i in range(start, start + n)]


def links_up(gw, *names):
    wait_for(lambda: all(l["state"] == "up" for l in gw.admin("/api/v1/links").json() if l["smsc_id"] in names),
             "links %s" % (names,))


def one_up(gw):
    wait_for(lambda: sum(l["state"] == "up" for l in gw.admin("/api/v1/links").json()) == 1, "one link to be down")


def push(gw, to, code=1001, qos="", **more):
    push_id = new_id()
    reply = gw.push(to, push_id=push_id, qos=qos, **more)
    equal(reply.code, code, reply.desc)
    return push_id


def two(rules, more_a="", more_b="", **settings):
    """A gateway with links main and b, each to a simulator of its own."""
    a, b = harness.Smscsim(), harness.Smscsim()
    gw = Gateway(a.port, smsc_more=RECONNECT + more_a + "\n" + link("b", b.port, more_b) + rules, **settings)
    links_up(gw, "main", "b")
    return gw, a, b


def count(sim):
    return sim.stats()["messages"]


# ---- choice --------------------------------------------------------------------------------------------

@case
def by_number_initiator_type_and_priority():
    """The first rule that fits decides, for each recipient by itself; what no rule is for goes as without any."""
    gw, a, b = two(
        route("spain", "b", "prefix = +34") + route("billing", "b", "initiator = bank") +
        route("loads", "b", "content-type = text/vnd.wap.sl") + route("slow", "b", "priority = low") +
        route("app", "b", "application-id = x-wap-application:mms.ua") + route("rest", "main"),
        initiators=initiator() + initiator("bank", "bank", uri=None))
    sl = ('<?xml version="1.0"?><!DOCTYPE sl PUBLIC "-//WAPFORUM//DTD SL 1.0//EN" '
          '"http://www.wapforum.org/DTD/sl.dtd"><sl href="https://www.example.net/x"/>')
    rows = [("+12025550001", a, {}), ("+34255500002", b, {}), ("+12025550003", b, dict(user="bank")),
            ("+12025550004", b, dict(content=sl, content_type="text/vnd.wap.sl")),
            ("+12025550005", b, dict(qos='<quality-of-service priority="low"/>')),
            ("+12025550006", a, dict(qos='<quality-of-service priority="high"/>')),
            ("+12025550007", b, dict(headers=(("X-Wap-Application-Id", "x-wap-application:mms.ua"),)))]
    for to, sim, more in rows:
        push(gw, to, **more)
        sim.wait_messages(1, dest=to[1:])
    push(gw, ["+12025551001", "+34255501002"])      # recipients of one push part
    a.wait_messages(1, dest="12025551001")
    b.wait_messages(1, dest="34255501002")
    equal((count(a), count(b)), (3, 6))
    gw.stop()


@case
def kannels_prefixes_of_a_link():
    """allowed-, denied- and preferred-prefix; who has no link is refused, and only they."""
    gw, a, b = two("", more_a='denied-prefix = "+34"', more_b='allowed-prefix = "34;+1202556"\npreferred-prefix = "+1202556"')
    for to, sim in (("+12025550001", a), ("+34255500002", b), ("+12025560003", b)):
        push(gw, to)
        sim.wait_messages(1, dest=to[1:])
    gw.write_config(smsc_more=RECONNECT + 'denied-prefix = "+34"\n' + link("b", b.port, 'allowed-prefix = "+1202556"'))
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    reply = gw.push("+34255500004")
    equal((reply.code, reply.desc), (2002, "no link takes such a number"))
    mixed = push(gw, ["+34255500005", "+12025550006"])
    a.wait_messages(1, dest="12025550006")
    shown = gw.wait_state(mixed, "partial") if gw.show(mixed)["state"] == "partial" else gw.show(mixed)
    note(shown)
    equal(count(b), 2)
    gw.stop()


@case
def source_address_of_a_route():
    """The address that devices trust goes to the pushes of the trusted initiator only."""
    gw, a, b = two(route("trusted", "main;b", "initiator = tester", 'source-addr = "+12025550199"'),
                   initiators=initiator() + initiator("other", "other", uri=None, role="ppg-auth"))
    push(gw, "+12025550001")
    push(gw, "+12025550002", user="other")
    def source(to):
        found = [m for sim in (a, b) for m in sim.messages() if m["dest"] == to]
        return found[0]["source"] if found else None
    wait_for(lambda: source("12025550001") and source("12025550002"), "both")
    equal((source("12025550001"), source("12025550002")), ("12025550199", SENDER[1:]))
    gw.stop()


@case
def a_trusted_address_is_no_strangers():
    """Control E-11 looks at the sender of each recipient, whichever route it takes."""
    gw, a, b = two(route("spain", "main", "prefix = +34", 'source-addr = "+12025550199"') +
                   '\ngroup = control\ne-11-senders = "+12025550199"\n',
                   initiators=initiator() + initiator("other", "other", uri=None, role="ppg-auth"))
    push(gw, "+34255500001")
    push(gw, "+12025550002", user="other")
    for to in ("+34255500003", ["+12025550004", "+34255500005"]):
        reply = gw.push(to, user="other")
        equal(reply.code, 2001, reply.desc)
        assert "+12025550199" in reply.desc, reply.desc
    gw.stop()


@case
def a_push_with_the_address_of_a_route_is_cancelled():
    """The SMSC wants the source address that the message came with."""
    gw, a, b = two(route("one", "b", "prefix = +34", 'source-addr = "+12025550188"') +
                   route("own", "main", 'source-addr = "+12025550199"'))
    a.receipts(mode="hold")
    push_id = push(gw, "+12025550001")
    wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "it to be submitted")
    reply = gw.post(('<?xml version="1.0"?><!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" '
                     '"http://www.wapforum.org/DTD/pap_2.0.dtd"><pap><cancel-message push-id="%s"/></pap>' % push_id
                     ).encode(), "application/xml")
    equal((reply.element, reply.code), ("cancel-response", 1000), reply.text)
    equal(a.stats()["cancelled"], 1)
    gw.wait_state(push_id, "cancelled")
    gw.stop()


@case
def times():
    """A rule is for its hours: one that is now, one that is not."""
    now = datetime.datetime.now(datetime.timezone.utc)
    clock = lambda hours: (now + datetime.timedelta(hours=hours)).strftime("%H:%M")
    gw, a, b = two(route("later", "main", "zone = utc", 'time = "%s-%s"' % (clock(2), clock(4))) +
                   route("now", "b", "zone = utc", 'time = "%s-%s"' % (clock(-2), clock(2))))
    push(gw, numbers(20))
    b.wait_messages(20)
    equal(count(a), 0)
    gw.stop()


@case
def the_choice_is_explained():
    """ppgctl route and the admin port: every rule that was looked at, every link, the outcome."""
    sim = harness.Smscsim()
    dead = harness.free_port()
    gw = Gateway(sim.port, smsc_more=RECONNECT + 'denied-prefix = "+44"\n' + link("b", dead, source="+12025550111") +
                 route("night", "b", "zone = utc", 'time = "22:00-06:00"') + route("si", "main; b", "initiator = tester",
                 "content-type = text/vnd.wap.si", "source-addr = +12025550199") + route("spain", "b", "prefix = +34") +
                 route("ireland", "main", "prefix = +353", "segmentation = sar", "validityperiod = 90", "throughput = 7") +
                 route("high", "main:2; b:1", "priority = high"))
    links_up(gw, "main")
    env = {"PPGCTL_TOKEN": "admin-token", "PPGCTL_ADMIN": "http://127.0.0.1:%d/" % gw.admin_port}
    noon, midnight = ("--at", "2026-01-02T12:00:00Z"), ("--at", "2026-01-03T00:00:00Z")
    rows = [
        (("+12025550001",) + noon, 0, "sent by main: ", ["route night: no, it is not its time",
         "route si: no, it is for other initiators", "no route fits: every link is looked at",
         "link main (up): yes, it may carry it; from " + SENDER + "; udh16; valid for 1440 minutes"]),
        (("+12025550001",) + midnight, 0, "waits: every link that may carry it is down", ["route night: yes, it fits",
         "link main (up): no, the route does not name it"]),
        (("+12025550001", "--initiator", "tester", "--type", "text/vnd.wap.si") + noon, 0, "sent by main: ",
         ["route si: yes, it fits", "link main (up): yes, it may carry it; from +12025550199; udh16; valid for 1440 minutes"]),
        (("+35355500001",) + noon, 0, "sent by main: ", ["route ireland: yes, it fits; at most 7 PDUs a second",
         "link main (up): yes, it may carry it; from %s; sar; valid for 90 minutes" % SENDER]),
        (("+34255500001",) + noon, 0, "waits: ", ["route spain: yes, it fits"]),
        (("+442025550001", "--priority", "high") + noon, 0, "waits: ",
         ["link main (up): no, it does not take such a number; share 2"]),
    ]
    for args, status, last, some in rows:
        got, out, err = harness.run([harness.built("ppgctl"), "route"] + list(args), env=env)
        equal((got, err), (status, ""), out)
        lines = out.splitlines()
        assert lines[-1].startswith(last), out
        for line in some:
            assert line in lines, "%s\n%s" % (line, out)
    answer = gw.admin("/api/v1/route?number=%2B12025550001&priority=high&at=2026-01-02T12:00:00Z").json()
    equal((answer["route"], answer["chosen"], answer["outcome"], answer["code"]), ("high", ["main"], "sent", 0))
    equal([(r["route"], r["fits"]) for r in answer["rules"]],
          [("night", False), ("si", False), ("spain", False), ("ireland", False), ("high", True)])
    for query, status, text in (("", 400, "number is needed"), ("number=x", 400, "number: "),
                                ("number=%2B1&priority=urgent", 400, "priority is"), ("number=%2B12025550001&at=now", 400, "at is"),
                                ("number=%2B12025550001&initiator=nobody", 404, "no such initiator")):
        refusal = gw.admin("/api/v1/route?" + query)
        equal(refusal.status, status, query)
        assert text in refusal.json()["error"] or query.startswith("number=%2B1&"), refusal.text
    gw.write_config(smsc_more=RECONNECT + 'denied-prefix = "+44"\n')
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    got, out, err = harness.run([harness.built("ppgctl"), "route", "+442025550001"], env=env)
    equal((got, out.splitlines()[-1]), (1, "refused with 2002: no link takes such a number"))
    gw.stop()


# ---- messages of a route ---------------------------------------------------------------------------------------

def smpp_seconds(text):
    return datetime.datetime.strptime(text[:12], "%y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc).timestamp()


@case
def segmentation_of_a_route():
    """Each route its own way to cut; what no rule is for goes as the link says."""
    gw, a, b = two(route("spain", "main", "prefix = +34", "segmentation = sar") +
                   route("ireland", "main", "prefix = +353", "segmentation = payload") +
                   route("italy", "main", "prefix = +39", "segmentation = udh8"), more_a="segmentation = udh16")
    rows = (("+34255500001", "tlv", 3), ("+35325550001", "tlv", 1), ("+39025550001", "udh", 3), ("+12025550001", "udh", 3))
    for to, ports_in, pdus in rows:
        push(gw, to, content="x" * 300, content_type="text/plain")
        message = a.wait_messages(1, dest=to[1:])[0]
        equal((message["ports_in"], len(message["message_ids"])), (ports_in, pdus), to)
        if ports_in == "udh":
            equal(message["segments"][0][:2], "0B" if to.startswith("+39") else "0C", to)
    gw.stop()


@case
def validity_of_a_route():
    """Of pushes without a time of their own: the route's, else the link's; one with its own keeps it, and max-age ends all."""
    gw, a, b = two(route("spain", "main", "prefix = +34", "validityperiod = 90"), more_a="validityperiod = 200",
                   ppg_more="max-age = 5h")
    late = 60
    for to, before, expected in (("+34255500001", None, 90 * 60), ("+12025550001", None, 200 * 60),
                                 ("+34255500002", 240 * 60, 240 * 60), ("+34255500003", 60, 60), ("+12025550002", 600 * 60, 300 * 60)):
        now = int(time.time())
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + (before or 0)))
        push(gw, to, attributes='deliver-before-timestamp="%s" ' % stamp if before else "")
        got = smpp_seconds(a.wait_messages(1, dest=to[1:])[0]["validity_period"]) - now
        assert expected <= got <= expected + late, "%s: %d instead of %d" % (to, got, expected)
    gw.stop()


# ---- shares, failover ------------------------------------------------------------------------------------

@case
def shares():
    """3 to 1, in any stretch of what goes out; what is down gets nothing, and does not catch up."""
    gw, a, b = two(route("share", "main:3; b:1"))
    push(gw, numbers(400))
    wait_for(lambda: count(a) + count(b) == 400, "all 400")
    note("%d and %d" % (count(a), count(b)))
    assert abs(count(a) - 300) <= 2, "%d and %d" % (count(a), count(b))
    port = b.port
    b.stop()
    one_up(gw)
    push(gw, numbers(200, start=1000))
    wait_for(lambda: count(a) >= 500, "all of them at main")
    was = count(a)
    b = harness.Smscsim(port=port)
    links_up(gw, "main", "b")
    push(gw, numbers(400, start=2000))
    wait_for(lambda: count(a) - was + count(b) >= 400, "400 more")
    note("%d and %d" % (count(a) - was, count(b)))
    assert abs(count(b) - 100) <= 3, count(b)
    gw.stop()


@case
def fallback_when_throttled():
    """A link that is told to slow down is passed over, and its share goes to the fallback."""
    gw, a, b = two(route("one", "main", "fallback = b"))
    push(gw, numbers(100))
    a.wait_messages(100)
    equal(count(b), 0)
    a.fault("throttle", count=1000000)
    push(gw, numbers(100, start=1000))
    b.wait_messages(60)             # the others wait on the link
    gw.kill()


# ---- parking ----------------------------------------------------------------------------------------------

@case
def a_link_down_parks_its_recipients():
    """They wait in the store while others go; no loop, no storm of log lines; they go when it is up."""
    a, b = harness.Smscsim(), harness.Smscsim()
    port = b.port
    gw = Gateway(a.port, smsc_more=RECONNECT + link("b", port) + route("b", "b", "prefix = +34") +
                 route("rest", "main"))
    links_up(gw, "main", "b")
    b.stop()
    one_up(gw)
    parked = push(gw, numbers(500, "34255"))
    push(gw, numbers(100) + numbers(100, "34255", 1000))        # half of these
    a.wait_messages(100)
    wait_for(lambda: gw.metric("delivered_total") == 100, "the receipts of those that go")
    lines = len(gw.program.lines)
    before = gw.metric("store_operations_total")
    start = time.monotonic()
    wait_for(lambda: time.monotonic() > start + 3, "3 seconds")
    operations = gw.metric("store_operations_total") - before
    note("%d operations in 3 s" % operations)
    assert operations < 300, operations
    note("%d log lines" % (len(gw.program.lines) - lines))
    assert len(gw.program.lines) - lines < 100
    equal(gw.show(parked)["state"], "pending")
    b = harness.Smscsim(port=port)
    b.wait_messages(600, deadline_s=90)
    equal(count(a), 100)
    gw.stop()


# ---- reload ------------------------------------------------------------------------------------------------

@case
def new_rules_are_for_those_that_wait():
    """A rule that names a dead link is replaced by one that names another; nobody is lost."""
    a = harness.Smscsim()
    dead = harness.free_port()
    rules = RECONNECT + link("b", dead)
    gw = Gateway(a.port, smsc_more=rules + route("x", "b"))
    links_up(gw, "main")
    push_id = push(gw, numbers(50))
    equal(count(a), 0)
    gw.write_config(smsc_more=rules + route("y", "main"))
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    a.wait_messages(50, deadline_s=60)
    gw.wait_state(push_id, "delivered", 60)
    gw.stop()


harness.main()
