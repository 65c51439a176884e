"""Who goes first: classes of priority, order within a class, and which link carries a push."""
import itertools
import time

import harness
from gateway import Gateway, PASSWORD, initiator, new_id
from harness import case, equal, note, wait_for

QOS = '<quality-of-service priority="%s"/>'
LINK = """
group = smsc
smsc = smpp
smsc-id = {id}
host = 127.0.0.1
port = {port}
smsc-username = ppg
smsc-password = secret
source-addr = "+12025550100"
reconnect-delay-max = 1s
{more}
"""
RECONNECT = "reconnect-delay-max = 1s\n"


def numbers(prefix, n, start=0):
    return ["+1202%s%05d" % (prefix, i) for i in range(start, start + n)]


def push(gw, to, priority=None, **more):
    push_id = new_id()
    reply = gw.push(to, push_id=push_id, qos=QOS % priority if priority else "", **more)
    equal(reply.code, 1001, reply.desc)
    return push_id


def link(smsc_id, port, more=""):
    return LINK.format(id=smsc_id, port=port, more=more)


def links_up(gw, *names):
    wait_for(lambda: all(l["state"] == "up" for l in gw.admin("/api/v1/links").json() if l["smsc_id"] in names),
             "links %s" % (names,))


# ---- classes ----------------------------------------------------------------------------------------------

@case
def a_full_window_is_left_alone():
    """While more waits than a slow link takes, the store is not asked for it all the time."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more="throughput = 2", ppg_more="inflight-max = 80")
    gw.wait_link()
    for priority in ("high", "medium", "low"):
        push(gw, numbers("554", 200), priority)
        seq = max([m["seq"] for m in sim.wait_messages(1)])
        before = gw.metric("store_operations_total")
        sim.wait_messages(6, since=seq)
        count = gw.metric("store_operations_total") - before
        note("%d operations" % count)
        assert count < 2000, "%d operations while 6 messages left" % count
    gw.kill()


def overtakes(inflight, backlog):
    """A high push between thousands of others on a slow link with a window of one."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more="max-pending-submits = 1\nthroughput = 20", ppg_more="inflight-max = %d" % inflight)
    gw.wait_link()
    push(gw, numbers("555", backlog), "low")
    push(gw, numbers("556", backlog))
    sim.wait_messages(5)
    for n in range(3):
        push(gw, "+1202557%04d" % n, "high")
        behind = sim.stats()["messages"]
        seq = sim.wait_messages(1, dest="1202557%04d" % n)[0]["seq"]
        note("message %d, when %d had gone and %d waited" % (seq, behind, 2 * backlog - behind))
        assert seq <= behind + 100, "%d others went before it" % (seq - behind)
    gw.kill()
    sim.stop()


@case
def high_overtakes_a_backlog():
    """All of it is in the process."""
    overtakes(20000, 2000)


@case
def high_overtakes_when_all_in_hand_are_others():
    """inflight-max recipients are in hand, the rest is in the store."""
    overtakes(100, 2000)


def backlog_of_all_classes(n, smsc_more="", **more):
    """A gateway whose link comes up when n of each class wait in its store."""
    port = harness.free_port()
    gw = Gateway(port, smsc_more=RECONNECT + "max-pending-submits = 1\n" + smsc_more, **more)
    push(gw, numbers("555", n), "low")
    push(gw, numbers("556", n), "medium")
    push(gw, numbers("557", n), "high")
    return gw, harness.Smscsim(port=port)


def classes(messages):
    return [{"555": "low", "556": "medium", "557": "high"}[m["dest"][4:7]] for m in messages]


@case
def shares_of_the_classes():
    """While all wait, of 16 messages 12 are high, 3 medium, 1 low; none of them ever starves."""
    gw, sim = backlog_of_all_classes(400)
    order = classes(sim.wait_messages(1200))
    first = order[:528]
    got = {c: first.count(c) for c in ("high", "medium", "low")}
    note("of the first 528: %s" % got)
    for name, share in (("high", 396), ("medium", 99), ("low", 33)):
        assert abs(got[name] - share) <= 6, got
    for name, most in (("high", 4), ("medium", 10), ("low", 34)):
        at = [i for i, c in enumerate(first) if c == name]
        longest = max(b - a for a, b in zip(at, at[1:]))
        assert longest <= most, "%s waited for %d others" % (name, longest)
    rest = order[order.index("low"):]
    last_high = max(i for i, c in enumerate(order) if c == "high")
    after = order[last_high + 1:]
    equal(set(after[:100]), {"medium", "low"})      # their shares grow when high is through
    equal(len(rest) > 0 and order.count("low"), 400)
    gw.stop()
    sim.stop()


@case
def shares_with_a_small_window():
    """Classes are refilled from the store each for itself."""
    gw, sim = backlog_of_all_classes(150, "throughput = 40", ppg_more="inflight-max = 48")
    first = classes(sim.wait_messages(150)[:150])
    got = {c: first.count(c) for c in ("high", "medium", "low")}
    note("of the first 150: %s" % got)              # 112, 28, 10 unless the store is slower than the link
    assert got["high"] >= 20 and got["medium"] >= 15 and got["low"] >= 5, got
    gw.kill()
    sim.stop()


@case
def first_come_first_served():
    """Pushes of one class leave in the order they were accepted, also after a kill -9."""
    port = harness.free_port()
    gw = Gateway(port, smsc_more=RECONNECT + "max-pending-submits = 1")
    to = ["+1202558%04d" % i for i in range(300)]
    for number in to[:200]:
        push(gw, number)
    gw.kill()
    gw.start()
    for number in to[200:]:
        push(gw, number)
    sim = harness.Smscsim(port=port)
    equal([m["dest"] for m in sim.wait_messages(300)], [n[1:] for n in to])
    gw.stop()
    sim.stop()


# ---- routes -------------------------------------------------------------------------------------------------

INITIATORS = (("tester", ""), ("defaulted", "default-smsc = PREMIUM"), ("forced", "forced-smsc = PREMIUM"),
              ("limited", 'allowed-links = "second"'), ("bearers", 'allowed-bearers = "CSD"'))
wanted = itertools.count()


class Routes:
    """Three links: first takes all but PREMIUM, second PREMIUM alone, third is of another network."""

    def __init__(self, ppg_more=""):
        self.sims = {name: harness.Smscsim() for name in ("first", "second", "third")}
        text = link("second", self.sims["second"].port, "allowed-smsc-id = PREMIUM;LIMITED")
        text += link("third", self.sims["third"].port, "network = PDC\nbearer = CSD\ndenied-smsc-id = PREMIUM;LIMITED\n"
                     "preferred-smsc-id = LATER")
        self.gw = Gateway(self.sims["first"].port, smsc_more="denied-smsc-id = PREMIUM;LIMITED\n" + text,
                          ppg_more=ppg_more, initiators="".join(
            initiator(name, name, PASSWORD, more=more) for name, more in INITIATORS))
        links_up(self.gw, "main", "second", "third")

    def carrier(self, user="tester", smsc=None, qos=""):
        """The link that carried a push, or the code it was refused with."""
        number = "+1202559%04d" % next(wanted)
        reply = self.gw.push(number, user=user, qos=qos, http_headers={"X-Kannel-SMSC": smsc} if smsc else None)
        if reply.code != 1001:
            return reply.code

        def who():
            return [name for name, sim in self.sims.items() if sim.messages(dest=number)]
        return wait_for(who, "a push to %s" % number)[0]

    def stop(self):
        self.gw.stop()
        for sim in self.sims.values():
            sim.stop()


@case
def routes_by_wish():
    """allowed-, denied- and preferred-smsc-id; X-Kannel-SMSC, default-smsc, forced-smsc, allowed-links."""
    r = Routes()
    rows = [
        (dict(smsc="PREMIUM"), "second"), (dict(smsc="premium"), "second"), (dict(smsc="LATER"), "third"),
        (dict(smsc="main"), "first"), (dict(smsc="third"), "third"),
        (dict(user="defaulted"), "second"), (dict(user="defaulted", smsc="main"), "first"),
        (dict(user="forced"), "second"), (dict(user="forced", smsc="main"), "second"),
        (dict(user="limited"), 2001), (dict(user="limited", smsc="PREMIUM"), "second"),
        (dict(user="limited", smsc="main"), 2001),
        (dict(user="bearers"), "third"), (dict(user="bearers", smsc="main"), "third"),
        (dict(user="bearers", smsc="PREMIUM"), 2001),
    ]
    for row, expected in rows:
        equal(r.carrier(**row), expected, str(row))
    r.stop()


@case
def routes_by_network_and_bearer():
    """Preferred as they are, 3009 and 3010 when they are required and there is none."""
    r = Routes()
    rows = [
        ('network="PDC"', "third"), ('bearer="CSD"', "third"), ('network="GSM" bearer="SMS"', "first"),
        ('network="PDC" network-required="true"', "third"), ('network="any" network-required="true" bearer="CSD"', "third"),
        ('network="CDPD" network-required="true"', 3009), ('network="GSM" bearer="USSD" bearer-required="true"', 3010),
        ('network="GSM" network-required="true" bearer="CSD" bearer-required="true"', 3010),
    ]
    for attributes, expected in rows:
        equal(r.carrier(qos="<quality-of-service %s/>" % attributes), expected, attributes)
    equal(r.carrier(smsc="PREMIUM", qos='<quality-of-service network="PDC" network-required="true"/>'), 2001)
    r.stop()


@case
def default_smsc_of_the_gateway():
    """For pushes whose initiator has none."""
    r = Routes(ppg_more="default-smsc = LIMITED")
    equal(r.carrier(), "second")
    equal(r.carrier(smsc="main"), "first")
    r.stop()


@case
def one_link_is_down():
    """The other serves, whatever waits for the first; what only the first may carry waits, and is not lost."""
    up, port = harness.Smscsim(), harness.free_port()
    users = (initiator() + initiator("up", "up", PASSWORD, more='allowed-links = "main"') +
             initiator("down", "down", PASSWORD, more='allowed-links = "second"'))
    gw = Gateway(up.port, smsc_more=link("second", port), initiators=users, ppg_more="inflight-max = 100")
    gw.wait_link()
    many = push(gw, numbers("556", 1000), user="down")
    waiting = [push(gw, number, user="down") for number in numbers("557", 150)]
    began = time.monotonic()
    for n in range(40):
        gw.wait_state(push(gw, "+1202558%04d" % n, user="up"), "delivered")
        gw.wait_state(push(gw, "+1202559%04d" % n), "delivered")
    harness.soon(began, "80 pushes over the other link")
    equal(up.stats()["messages"], 80)
    equal((gw.show(many)["n_final"], gw.show(waiting[-1])["state"]), (0, "pending"))
    equal({r["attempts"] for r in gw.show(many)["recipients"]}, {0})           # nobody takes and returns them
    assert gw.show(waiting[-1])["recipients"][0]["attempts"] <= 1
    down = harness.Smscsim(port=port)
    down.wait_messages(1150)
    gw.wait_state(many, "delivered")
    for push_id in waiting:
        gw.wait_state(push_id, "delivered")
    equal((up.stats()["messages"], down.stats()["messages"]), (80, 1150))
    gw.stop()
    up.stop()
    down.stop()


@case
def a_link_that_goes_down_with_pushes_in_hand():
    """They wait for it; pushes that the other may carry go there."""
    first, second = harness.Smscsim(), harness.Smscsim()
    users = initiator() + initiator("own", "own", PASSWORD, more='allowed-links = "second"')
    gw = Gateway(first.port, smsc_more=link("second", second.port, "max-pending-submits = 1\nthroughput = 5"), initiators=users)
    links_up(gw, "main", "second")
    own = push(gw, numbers("556", 60), user="own")
    free = push(gw, numbers("557", 60))
    second.wait_messages(3)
    second.program.kill()
    gw.wait_state(free, "delivered")
    before = {r["address"] for r in gw.show(own)["recipients"] if r["step"] in ("submitted", "delivered")}
    assert len(before) < 60, "all of them had gone"
    again = harness.Smscsim(port=second.port)
    wait_for(lambda: gw.show(own)["n_final"] >= 60 - len(before), "the rest to be delivered", 90)
    got = [m["dest"] for m in again.messages()]
    equal(len(set(got)), len(got), "messages that came twice")
    gw.kill()
    first.stop()
    again.stop()


@case
def a_backlog_that_waits_costs_nothing():
    """The store is not asked again and again while a slow link works off what is in hand."""
    sim = harness.Smscsim()
    gw = Gateway(sim.port, smsc_more="max-pending-submits = 1\nthroughput = 5", ppg_more="inflight-max = 400")
    gw.wait_link()
    push(gw, numbers("556", 2000))
    for n, priority in enumerate(("high", "medium", "low")):        # something becomes due meanwhile
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2 + n))
        push(gw, "+1202557%04d" % n, priority, attributes='deliver-after-timestamp="%s"' % later)
    sim.wait_messages(5)
    began, commits = time.monotonic(), gw.metric("store_commits_total")
    sim.wait_messages(30)
    commits, took = gw.metric("store_commits_total") - commits, time.monotonic() - began
    note("%d commits in %.1f s" % (commits, took))
    assert commits < 200 * (took + 1), commits
    assert sim.messages(dest="+12025570000"), "the high one has not gone"
    gw.kill()
    sim.stop()


@case
def a_slow_link_beside_a_fast_one():
    """What waits for the slow one fills the process; pushes for the other go all the same, and nothing gets lost."""
    slow, fast = harness.Smscsim(), harness.Smscsim()
    users = (initiator("slow", "slow", PASSWORD, more='allowed-links = "main"') +
             initiator("fast", "fast", PASSWORD, more='allowed-links = "second"'))
    gw = Gateway(slow.port, smsc_more="max-pending-submits = 1\nthroughput = 10\n" + link("second", fast.port), initiators=users,
                 ppg_more="inflight-max = 400")
    links_up(gw, "main", "second")
    many = push(gw, numbers("556", 3000), user="slow")
    singles = [push(gw, number, user="slow") for number in numbers("557", 50)]
    slow.wait_messages(30)                          # 3 s
    began = time.monotonic()
    for n in range(30):
        gw.wait_state(push(gw, "+1202558%04d" % n, user="fast"), "delivered")
    note("30 pushes over the fast link in %.1f s, %d messages over the slow one" % (
        time.monotonic() - began, slow.stats()["messages"]))
    harness.soon(began, "30 pushes over the fast link")
    equal((fast.stats()["messages"], gw.show(singles[-1])["state"]), (30, "pending"))
    before, began, commits = slow.stats()["messages"], time.monotonic(), gw.metric("store_commits_total")
    wait_for(lambda: slow.stats()["messages"] >= before + 60, "the slow link to go on")
    commits, took = gw.metric("store_commits_total") - commits, time.monotonic() - began
    note("%d commits in %.1f s" % (commits, took))
    assert commits < 200 * (took + 1), "it looks into the store all the time: %d commits" % commits
    assert gw.metric("in_hand") <= 900, gw.metric("in_hand")
    order = [m["dest"] for m in slow.messages()]
    equal(order, [x[1:] for x in numbers("556", 3000)][:len(order)])
    assert gw.show(many)["n_final"] < 3000
    gw.kill()
    slow.stop()
    fast.stop()


harness.main()
