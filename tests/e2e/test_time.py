"""Times of a push: deliver-after, deliver-before, the gateway's maximum age, deadlines that pass, and retention."""
import calendar
import re
import time

import harness
from gateway import Gateway, Receiver, address, new_id
from harness import case, equal, note, wait_for

LATE_MS = 20000                 # a machine may stand still; a push that is early is always wrong
sim = harness.Smscsim()
receiver = Receiver()
PPG = 'notify-allow = "127.0.0.0/8"\n'
NOTIFY = 'ppg-notify-requested-to="%s" ' % receiver.url
TEXT = dict(content_type="text/plain")


def iso(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def smpp_seconds(text):
    """An absolute time of SMPP, in UTC."""
    found = re.match(r"(\d{12})000\+$", text)
    assert found, "validity_period %r" % text
    return calendar.timegm(time.strptime(found.group(1), "%y%m%d%H%M%S"))


def after(t):
    return 'deliver-after-timestamp="%s" ' % iso(t)


def before(t):
    return 'deliver-before-timestamp="%s" ' % iso(t)


def now():
    return int(time.time())


def push(gw, number, attributes="", **more):
    push_id = new_id()
    reply = gw.push(number, push_id=push_id, attributes=attributes, **more)
    equal(reply.code, 1001, reply.desc)
    return push_id


def notified(push_id, n=1):
    def enough():
        got = [g for g in [receiver.read(body) for _, _, body in receiver.got] if g["push-id"] == push_id]
        return got if len(got) >= n else None
    return wait_for(enough, "%d notifications of %s" % (n, push_id))


def with_link(**more):
    gw = Gateway(sim.port, ppg_more=PPG + more.pop("ppg_more", ""), **more)
    gw.wait_link()
    return gw


# ---- deliver-after ----------------------------------------------------------------------------------------

def arrives(number, at, what):
    message = sim.wait_messages(1, dest=number)[0]
    late_ms = message["received_ms"] - at * 1000
    note("%s: %d ms after its time" % (what, late_ms))
    assert 0 <= late_ms <= LATE_MS, "%d ms" % late_ms


@case
def deliver_after():
    """Not before, and at most a second later; also one that was received later but is due sooner."""
    gw = with_link()
    at = now() + 4
    late = push(gw, "+12025550101", after(at + 1))
    soon = push(gw, "+12025550102", after(at) + before(at + 600))
    passed = push(gw, "+12025550103", after(now() - 100))
    sim.wait_messages(1, dest="+12025550103")
    equal([gw.show(p)["state"] for p in (late, soon)], ["pending", "pending"])
    arrives("+12025550102", at, "due first")
    arrives("+12025550101", at + 1, "due second")
    gw.wait_state(passed, "delivered")
    gw.stop()


@case
def deliver_after_of_many():
    """A push to several addresses, in one class each."""
    gw = with_link()
    at = now() + 3
    for n, priority in enumerate(("high", "medium", "low")):
        push(gw, ["+1202555%d%03d" % (n + 2, i) for i in range(50)], after(at),
             qos='<quality-of-service priority="%s"/>' % priority)
    for n, priority in enumerate(("high", "medium", "low")):
        for i in (0, 49):
            arrives("+1202555%d%03d" % (n + 2, i), at, "%s, recipient %d" % (priority, i))
    gw.stop()


def restarted(end, number):
    gw = with_link()
    at = now() + 5
    waits = push(gw, number, after(at))
    getattr(gw, end)()
    gw.start()
    equal(gw.show(waits)["state"], "pending")
    gw.wait_link()
    arrives(number, at, "after " + end)
    past = push(gw, number[:-1] + "9", after(now() + 2))
    getattr(gw, end)()
    time.sleep(max(0, seconds(iso(time.time())) + 3 - time.time()))        # its time passes meanwhile
    began = now()
    gw.start()
    arrives(number[:-1] + "9", began - 1, "its time passed while the gateway was down")
    gw.wait_state(past, "delivered")
    gw.stop()


@case
def deliver_after_over_a_restart():
    restarted("stop", "+12025550111")


@case
def deliver_after_over_kill_9():
    restarted("kill", "+12025550121")


@case
def times_that_are_refused():
    gw = with_link()
    t = now()
    rows = [(before(t - 1), 2001), (before(t - 86400), 2001), ('deliver-before-timestamp="2001-01-01T00:00:00Z"', 2001),
            (after(t + 100) + before(t + 100), 2000), (after(t + 100) + before(t + 50), 2000),
            (after(t - 200) + before(t - 100), 2001), ('deliver-before-timestamp="%s"' % iso(t + 100)[:-1], 2000),
            ('deliver-after-timestamp="tomorrow"', 2000)]
    for attributes, code in rows:
        equal(gw.push("+12025550123", attributes=attributes).code, code, attributes)
    gw.stop()


# ---- validity at the SMSC -----------------------------------------------------------------------------------

def validities(gw, number):
    """validity_period of every part, as the log of octets shows them."""
    masked = number[1:5]
    return [smpp_seconds(found.group(1)) for _, text in list(gw.program.lines) for found in
            [re.search(r"-> submit_sm .*destination_addr=%s\S* .*validity_period=(\S+)" % masked, text) or
             re.search(r"-> submit_sm .*validity_period=(\S+) .*destination_addr=%s" % masked, text)] if found]


@case
def deliver_before_is_the_validity_of_every_part():
    gw = with_link(log_level=0)
    at = now() + 4000
    push_id = push(gw, "+13035550131", before(at), content="x" * 700, **TEXT)
    message = sim.wait_messages(1, dest="+13035550131")[0]
    gw.wait_state(push_id, "delivered")
    parts = len(message["segments"])
    assert parts >= 5, parts
    equal(smpp_seconds(message["validity_period"]), at)
    wait_for(lambda: len(validities(gw, "+13035550131")) >= parts, "all parts in the log")
    equal(validities(gw, "+13035550131"), [at] * parts)
    gw.stop()


@case
def the_maximum_age():
    """Counts from the acceptance, or from deliver-after; a deliver-before that is later changes nothing."""
    gw = with_link(ppg_more="max-age = 10m")
    for n, (attributes, expected) in enumerate(((lambda t: "", 600), (lambda t: before(t + 7200), 600),
                                                (lambda t: before(t + 100), 100))):
        number = "+1202555014%d" % n
        t = now()
        push(gw, number, attributes(t))
        got = smpp_seconds(sim.wait_messages(1, dest=number)[0]["validity_period"]) - t
        assert expected - 2 <= got <= expected + LATE_MS / 1000, "row %d: %d instead of %d" % (n, got, expected)
    for n, (attributes, expected) in enumerate(((lambda t: after(t + 3), 603), (lambda t: after(t + 3) + before(t + 50), 50))):
        t = now()
        push_id = push(gw, "+1202555015%d" % n, attributes(t))
        got = seconds(gw.show(push_id)["deadline"]) - t
        assert expected - 2 <= got <= expected + LATE_MS / 1000, "row %d: %d instead of %d" % (n, got, expected)
        at = seconds(gw.show(push_id)["deadline"])
        message = sim.wait_messages(1, dest="+1202555015%d" % n)[0]
        equal(smpp_seconds(message["validity_period"]), at)
    gw.stop()


# ---- deadlines that pass ------------------------------------------------------------------------------------

@case
def expired_while_the_link_is_down():
    """Every recipient is told of; the SMSC never sees the push."""
    port = harness.free_port()
    gw = Gateway(port, ppg_more=PPG, smsc_more="reconnect-delay-max = 1s")
    at = now() + 3
    numbers = ["+1202555016%d" % n for n in range(5)]
    push_id = push(gw, numbers, NOTIFY + before(at))
    kept = push(gw, "+12025550169")
    gw.wait_state(push_id, "expired")
    late = time.time() - at
    note("expired %.1f s after its time" % late)
    assert late >= 0, late
    notes = notified(push_id, 5)
    equal(sorted(n["address"] for n in notes), [address(n) for n in numbers])
    equal({n["message-state"] for n in notes}, {"expired"})
    assert all(seconds(n["event-time"]) >= at for n in notes), notes
    assert all(n["code"][0] in "34" for n in notes), notes
    other = harness.Smscsim(port=port)
    gw.wait_state(kept, "delivered")
    equal([m["dest"] for m in other.messages()], ["12025550169"])
    gw.stop()
    other.stop()


@case
def expired_over_kill_9():
    """Its time passes while nobody runs."""
    gw = Gateway(harness.free_port(), ppg_more=PPG)
    at = now() + 2
    push_id = push(gw, "+12025550171", NOTIFY + before(at))
    gw.kill()
    time.sleep(max(0, at + 0.1 - time.time()))
    gw.start()
    gw.wait_state(push_id, "expired")
    equal(notified(push_id)[0]["message-state"], "expired")
    gw.stop()


@case
def expired_behind_a_slow_link():
    """In the process, and in the link's own queue."""
    slow = harness.Smscsim()
    gw = Gateway(slow.port, ppg_more=PPG, smsc_more="max-pending-submits = 1")
    gw.wait_link()
    slow.fault("delay", value=6000, count=1)
    first = push(gw, "+12025550181")
    wait_for(lambda: slow.stats()["submit_sm"] == 1, "the first to be on its way")
    ids = [push(gw, "+1202555019%d" % n, NOTIFY + before(now() + 2)) for n in range(6)]
    kept = push(gw, "+12025550199")
    for push_id in ids:
        gw.wait_state(push_id, "expired")
        equal(notified(push_id)[0]["message-state"], "expired")
    gw.wait_state(first, "delivered")
    began = time.monotonic()
    gw.wait_state(kept, "delivered")                # it takes the place of those that expired
    harness.soon(began, "the push behind those that expired")
    equal([m["dest"] for m in slow.messages()], ["12025550181", "12025550199"])
    gw.stop()
    slow.stop()


@case
def expired_behind_a_link_that_does_not_answer():
    """Who waits for room on it does not wait for its answers."""
    silent = harness.Smscsim()
    gw = Gateway(silent.port, ppg_more=PPG, smsc_more="max-pending-submits = 1")
    gw.wait_link()
    silent.fault("drop_response", count=1)          # the link waits for a minute
    push(gw, "+12025550180")
    wait_for(lambda: silent.stats()["submit_sm"] == 1, "it to be on its way")
    at = now() + 2
    ids = [push(gw, "+1202555018%d" % n, before(at)) for n in range(1, 9)]
    wait_for(lambda: [gw.show(i)["state"] for i in ids].count("expired") >= 6, "those that are not in the link's own queue")
    note("expired %.1f s after its time" % (time.time() - at))
    assert time.time() - at < harness.SOON_S
    gw.kill()
    silent.stop()


@case
def the_deadline_between_two_parts():
    """What is left of the message is not sent, and the push has expired."""
    slow = harness.Smscsim()
    gw = Gateway(slow.port, ppg_more=PPG, smsc_more="max-pending-submits = 1")
    gw.wait_link()
    slow.fault("delay", value=2500)
    push_id = push(gw, "+12025550191", NOTIFY + before(now() + 4), content="x" * 1200, **TEXT)
    gw.wait_state(push_id, "expired")
    equal(notified(push_id)[0]["message-state"], "expired")
    stats = slow.stats()
    note("%d parts had gone" % stats["submit_sm"])
    assert 1 <= stats["submit_sm"] < 9, stats
    equal((stats["messages"], stats["incomplete"]), (0, 1))
    slow.clear_faults()
    gw.wait_state(push(gw, "+12025550192"), "delivered")       # the link goes on
    equal(slow.stats()["submit_sm"], stats["submit_sm"] + 1)
    gw.stop()
    slow.stop()


# ---- retention ----------------------------------------------------------------------------------------------

@case
def purged_after_the_retention():
    """Until then its push-id is used, also over restarts; then it is gone and its push-id is free."""
    gw = with_link(store_more="retention = 20s")
    one, many = new_id(), new_id()
    numbers = ["+1202556%04d" % n for n in range(1500)]
    equal((gw.push("+12025550123", push_id=one).code, gw.push(numbers, push_id=many).code), (1001, 1001))
    gw.wait_state(one, "delivered")
    wait_for(lambda: gw.metric("recipients_pending") == 0, "all to be delivered")
    last = time.time()
    waits = push(gw, "+12025550124", after(now() + 3000))
    for end in (None, "stop", "kill"):
        if end:
            getattr(gw, end)()
            gw.start()
        codes = (gw.push("+12025550123", push_id=one).code, gw.push("+12025550123", push_id=many).code)
        if time.time() - last > 15:
            raise harness.Skip("the machine is too slow for a retention of 20 s")
        equal(codes, (2007, 2007), str(end))
    wait_for(lambda: gw.metric("store_recipients") == 1, "all but the waiting one to be purged")
    assert time.time() - last >= 15, "purged too early"
    equal((gw.show(one), gw.show(many)), (None, None))
    equal(gw.show(waits)["state"], "pending")
    equal((gw.push("+12025550123", push_id=one).code, gw.push("+12025550123", push_id=many).code), (1001, 1001))
    gw.wait_state(many, "delivered")
    gw.stop()


harness.main()
