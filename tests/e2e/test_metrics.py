"""/metrics: every line as the format wants it, and what moves when something happens."""
import json
import re

import harness
from gateway import Gateway, Receiver, initiator, new_id
from harness import case, equal, wait_for

ODD = 'od"d\\name'
sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator() +
             initiator("other", "other", "other-password", more='denied-prefix = "+1999"\nrecipients-per-day = 5') +
             initiator('"od\\"d\\\\name"', "odd", "odd-password"),
             ppg_more='notify-allow = "127.0.0.0/8"')
gw.wait_link()
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(r"^(%s)(?:\{((?:%s=\"(?:[^\"\\\n]|\\[\\\"n])*\"(?:,(?=.))?)+)\})? (\S+)$" % (NAME, NAME))
LABEL = re.compile(r"(%s)=\"((?:[^\"\\\n]|\\[\\\"n])*)\"" % NAME)


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), text)


def parse(text):
    """{family: (kind, {(sample name, labels): value})}; fails at the first thing that is not right."""
    assert text.endswith("\n"), "no line end at the end"
    families, family, helped = {}, None, None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        where = "line %d: %s" % (number, line)
        if line.startswith("# HELP "):
            found = re.match(r"^# HELP (%s) (\S(?:[^\\]|\\[\\n])*)$" % NAME, line)
            assert found and found.group(1) not in families, where
            helped = found.group(1)
        elif line.startswith("# TYPE "):
            found = re.match(r"^# TYPE (%s) (counter|gauge|histogram)$" % NAME, line)
            assert found and found.group(1) == helped, where
            family = helped
            families[family] = (found.group(2), {})
        else:
            found = SAMPLE.match(line)
            assert found, where
            name, labels, value = found.groups()
            kind, samples = families[family]
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            assert name in [family + s for s in suffixes], where
            pairs = [(n, unescape(v)) for n, v in LABEL.findall(labels or "")]
            equal(len({n for n, _ in pairs}), len(pairs), where)
            equal(",".join('%s="%s"' % pair for pair in LABEL.findall(labels or "")), labels or "", where)
            key = (name, tuple(sorted(pairs)))
            assert key not in samples, "twice: " + where
            samples[key] = float(value)
            assert value == "+Inf" or (samples[key] >= 0 and samples[key] < 1e18), where
    for family, (kind, samples) in families.items():
        assert family.startswith("openppg_"), family
        assert (kind == "counter") == family.endswith("_total"), family + " is a " + kind
        if kind == "histogram":
            check_histogram(family, samples)
    return families


def check_histogram(family, samples):
    buckets = sorted((float(dict(labels)["le"]), value) for (name, labels), value in samples.items() if name.endswith("_bucket"))
    assert len(buckets) > 2 and buckets[-1][0] == float("inf"), family
    counts = [count for _, count in buckets]
    equal(counts, sorted(counts), family)
    equal(samples[family + "_count", ()], counts[-1], family)
    assert (family + "_sum", ()) in samples, family


def scrape():
    answer = gw.admin("/metrics", token=None)
    equal((answer.status, answer.headers["content-type"]), (200, "text/plain; version=0.0.4"))
    return parse(answer.text)


def value(metrics, name, **labels):
    name = "openppg_" + name
    family = name if name in metrics else re.sub("_(sum|count|bucket)$", "", name)
    return metrics[family][1].get((name, tuple(sorted(labels.items()))))


class Watch:
    """What has risen since it was made."""

    def __init__(self):
        self.before = scrape()

    def rise(self, name, **labels):
        return value(scrape(), name, **labels) - (value(self.before, name, **labels) or 0)

    def wait(self, n, name, **labels):
        wait_for(lambda: (value(scrape(), name, **labels) or 0) - (value(self.before, name, **labels) or 0) >= n,
                 "%s%s to rise by %g" % (name, labels, n))


@case
def the_checker_checks():
    good = "# HELP openppg_a_total x\n# TYPE openppg_a_total counter\nopenppg_a_total{b=\"c\\\\\\\"\\n\"} 1\n"
    equal(list(parse(good)["openppg_a_total"][1]), [("openppg_a_total", (("b", 'c\\"\n'),))])
    for bad in (good[:-1], good + good, good.replace("counter", "gauge"), good.replace("} 1", "}1"), good.replace("} 1", "} x"),
                good.replace("b=", "b ="), good.replace("# HELP", "#HELP"), good + "openppg_b 1\n", good + "\n",
                good + good.splitlines()[2] + "\n", good.replace("\\\\", "\\"), good.replace('"c', 'c'), good.replace('"}', '",}'),
                good.replace("} 1", "} -1"), good.replace("openppg_", "ppg_")):
        try:
            parse(bad)
        except (AssertionError, ValueError, KeyError):
            continue
        raise AssertionError("was taken: " + bad)


@case
def every_family_is_documented():
    with open(harness.source("doc/api.md")) as f:
        written = set(re.findall(r"`(openppg_[a-z_]+)", f.read()))
    equal(written, set(scrape()))


@case
def dashboard_and_alerts_name_what_there_is():
    known = scrape()
    samples = set(known) | {f + s for f in known if known[f][0] == "histogram" for s in ("_bucket", "_sum", "_count")}
    for name in ("openppg.rules.yml", "openppg-dashboard.json"):
        with open(harness.source("contrib/monitoring/" + name)) as f:
            text = f.read()
        used = set(re.findall(r"\bopenppg_[a-z_]+", text))
        assert used and used <= samples, used - samples
        for family, label, value_of in re.findall(r'(openppg_[a-z_]+)\{[^}]*?([a-z_]+)=\\?"([a-z]+)\\?"\}', text):
            assert any(dict(labels).get(label) == value_of for _, labels in known[family][1]), (family, label, value_of)
        if name.endswith(".json"):
            json.loads(text)


@case
def initiators_have_counters_of_their_own():
    watch = Watch()
    equal(gw.push(["+12025550101", "+12025550102"]).code, 1001)
    equal(gw.push("+12025550101", user="odd", password="odd-password").code, 1001)
    equal(gw.push("+19995550101", user="other", password="other-password").code, 2001)
    equal(gw.push(["+1202555%04d" % n for n in range(6)], user="other", password="other-password").code, 2001)
    equal(gw.push("rubbish=1", user="other", password="other-password").code, 2002)
    for name, pushes, recipients in (("tester", 1, 2), (ODD, 1, 1), ("other", 0, 0)):
        equal((watch.rise("initiator_pushes_total", initiator=name), watch.rise("initiator_recipients_total", initiator=name)),
              (pushes, recipients), name)
        equal(watch.rise("initiator_recipients_today", initiator=name), recipients, name)
    for reason in ("prefix", "day-limit", "2xxx"):
        equal(value(scrape(), "initiator_refused_total", initiator="other", reason=reason), 1, reason)
        equal(value(scrape(), "initiator_refused_total", initiator=ODD, reason=reason), None)
        assert watch.rise("refused_reason_total", reason=reason) >= 1, reason
    equal(watch.rise("pap_results_total", code="1001"), 2)
    equal(watch.rise("pap_results_total", code="2002"), 1)
    names = {dict(labels)["initiator"] for (_, labels) in scrape()["openppg_initiator_pushes_total"][1]}
    equal(names, {"tester", "other", ODD})


@case
def strangers_make_no_counters():
    before, watch = {f: set(s) for f, (_, s) in scrape().items()}, Watch()
    for n in range(5):
        equal(gw.push("+12025550101", user="stranger%d" % n, password="x").http, 401)
    equal(harness.http_post(gw.url + "/nothing", b"x").status, 404)
    equal(harness.http_post(gw.url, b"x", headers={"Content-Type": "text/x-rubbish"}).status, 415)
    after = {f: set(s) for f, (_, s) in scrape().items()}
    equal(after, before)
    equal(watch.rise("refused_reason_total", reason="auth"), 5)
    equal(watch.rise("rejected_total", area="front", reason="auth"), 5)
    equal(watch.rise("rejected_total", area="front", reason="http"), 2)


@case
def a_push_leaves_its_trace():
    watch, push_id, receiver = Watch(), new_id(), Receiver()
    equal(gw.push(["+12025550103", "+12025550104"], push_id=push_id, content="x" * 300, content_type="text/plain",
                  attributes='ppg-notify-requested-to="%s"' % receiver.url).code, 1001)
    gw.wait_state(push_id, "delivered")
    receiver.wait(2)
    watch.wait(2, "notifications_acknowledged_total")
    for state in ("submitted", "delivered"):
        watch.wait(2, "entered_total", state=state)
    equal(watch.rise("entered_total", state="expired"), 0)
    segments = watch.rise("link_submitted_total", smsc_id="main")
    assert segments >= 6, segments
    equal(watch.rise("link_accepted_total", smsc_id="main"), segments)
    equal(watch.rise("link_receipts_total", smsc_id="main"), segments)
    equal(value(scrape(), "link_window", smsc_id="main"), 10)
    equal([value(scrape(), "link_state", smsc_id="main", state=s) for s in ("down", "connecting", "binding", "up", "unbinding")],
          [0, 0, 0, 1, 0])
    assert watch.rise("store_commit_operations_count") == watch.rise("store_commits_total") > 0
    assert watch.rise("answer_duration_seconds_count") >= 1


@case
def what_is_late_has_an_age():
    push_id = new_id()
    equal(value(scrape(), "queue_age_seconds"), 0)
    sim.stop()
    wait_for(lambda: value(scrape(), "links_up") == 0, "the link to be down")
    equal(gw.push("+12025550105", push_id=push_id).code, 1001)
    equal(value(scrape(), "link_state", smsc_id="main", state="up"), 0)
    wait_for(lambda: value(scrape(), "queue_age_seconds") >= 1, "the queue to age")
    equal(value(scrape(), "recipients_pending"), 1)


harness.main()
