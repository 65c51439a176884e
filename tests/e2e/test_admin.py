"""The admin API: the newest pushes, audit rows, subscribers, profiles; who may ask, and what is refused how."""
import socket
import threading
import urllib.parse

import harness
from gateway import Gateway, TOKEN, USER, PASSWORD, address, initiator, new_id
from harness import case, equal

OTHER = ("other", "other-password")
sim = harness.Smscsim()
gw = Gateway(sim.port, initiators=initiator() + initiator("other", *OTHER))
gw.wait_link()
NUMBERS = ["+12025550%03d" % n for n in range(100, 200)]
PROFILE = b"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:prf="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#">
<rdf:Description rdf:ID="Profile"><prf:Push-MsgSize>1024</prf:Push-MsgSize></rdf:Description></rdf:RDF>
"""
RDF_TYPE = "application/vnd.wap.uaprof"


def api(method, path, body=None, token=TOKEN, headers=None, **query):
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = "Bearer " + token
    query = urllib.parse.urlencode({k.replace("_", "-"): v for k, v in query.items() if v is not None})
    return harness.http_request(method, "http://127.0.0.1:%d/api/v1/%s%s" % (
        gw.admin_port, path, "?" + query if query else ""), body, headers)


def good(answer):
    equal(answer.status, 200, answer.text)
    equal(answer.headers["content-type"], "application/json")
    return answer.json()


def refused(answer, status, part):
    """A JSON error with this status that says `part`."""
    equal(answer.status, status, answer.text)
    equal(answer.headers["content-type"], "application/json")
    error = answer.json()["error"]
    assert part in error, "%r is not in %r" % (part, error)
    return answer


# ---- who may ask, and for what -------------------------------------------------------------------

@case
def a_post_without_a_length():
    """what curl -X POST sends has no body; two in one connection are two requests"""
    head = "POST /api/v1/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN + "\r\n%s\r\n"
    with socket.create_connection(("127.0.0.1", gw.admin_port), harness.DEADLINE_S) as s:
        s.sendall((head % ("reload", "") + head % ("pushes/release?push-id=none", "Connection: close\r\n")).encode())
        answer = b"".join(iter(lambda: s.recv(65536), b"")).decode()
    equal([line.split()[1] for line in answer.splitlines() if line.startswith("HTTP/1.1 ")], ["200", "404"], answer)


PATHS = ("pushes", "audit", "subscribers", "profiles/x", "links", "reload", "nothing")


@case
def everything_needs_the_token():
    for path in PATHS:
        for method in ("GET", "PUT", "POST", "DELETE"):
            for token in (None, "wrong", TOKEN + "x", TOKEN[:-1]):
                answer = api(method, path, b"x" if method in ("PUT", "POST") else None, token=token)
                refused(answer, 401, "token needed")
                assert TOKEN not in answer.text


@case
def paths_and_methods():
    rows = (("GET", "nothing", 404, "no such path"), ("GET", "pushes/", 404, "no such path"),
            ("PUT", "profiles", 405, "another method"), ("GET", "profiles/", 404, "no such path"),
            ("DELETE", "pushes", 405, "another method"), ("POST", "subscribers", 405, "another method"),
            ("POST", "profiles/x", 405, "another method"), ("GET", "reload", 405, "another method"),
            ("PUT", "links", 405, "another method"), ("PATCH", "pushes", 405, "another method"),
            ("OPTIONS", "links", 405, "another method"), ("PATCH", "nothing", 404, "no such path"))
    for method, path, status, part in rows:
        answer = refused(api(method, path, b"" if method in ("PUT", "POST") else None), status, part)
        assert status != 405 or answer.headers["allow"], answer.headers
    equal(api("DELETE", "subscribers/x").status, 404)
    equal(api("POST", "subscribers", b"").headers["allow"], "GET, PUT, DELETE")


# ---- pushes ---------------------------------------------------------------------------------------

@case
def the_newest_pushes_page_by_page():
    ids = [new_id("list") for _ in range(7)]
    for i, push_id in enumerate(ids):
        user, password = OTHER if i % 2 else (USER, PASSWORD)
        equal(gw.push(NUMBERS[0:2], push_id=push_id, user=user, password=password).code, 1001)
    first = good(api("GET", "pushes", limit=3))
    equal([p["push_id"] for p in first["pushes"]], ids[:3:-1])
    second = good(api("GET", "pushes", limit=3, before=first["next_before"]))
    equal([p["push_id"] for p in second["pushes"]], ids[3:0:-1])
    mine = good(api("GET", "pushes", initiator="other", limit=1000))
    equal([p["push_id"] for p in mine["pushes"]], ids[5::-2])
    equal(mine["next_before"], None)
    row = mine["pushes"][0]
    equal((row["initiator"], row["n_recipients"], row["content_type"]), ("other", 2, "application/vnd.wap.sic"))
    assert row["received"].endswith("Z") and row["row"] > 0, row
    equal(good(api("GET", "pushes", initiator="nobody"))["pushes"], [])
    for name, value in (("limit", 0), ("limit", 1001), ("limit", "x"), ("before", -1)):
        refused(api("GET", "pushes", **{name: value}), 400, name)


@case
def one_push_and_one_recipient_of_it():
    push_id = new_id("one")
    equal(gw.push(NUMBERS[:5], push_id=push_id, qos='<quality-of-service priority="low"/>',
                  attributes='deliver-after-timestamp="2099-01-01T00:00:00Z" '
                             'deliver-before-timestamp="2099-01-02T00:00:00Z"').code, 1001)
    push = good(api("GET", "pushes", push_id=push_id))
    equal(len(push["recipients"]), 5)
    equal((push["priority"], push["state"], push["pap_version"]), ("low", "pending", "2.0"))
    equal(push["deliver_after"], "2099-01-01T00:00:00Z")
    assert push["deadline"] is not None
    equal([r["n"] for r in good(api("GET", "pushes", push_id=push_id, first=3))["recipients"]], [3, 4])
    one = good(api("GET", "pushes", push_id=push_id, address=address(NUMBERS[3]).lower()))["recipients"]
    equal([(r["n"], r["address"], r["code"], r["desc"]) for r in one], [(3, address(NUMBERS[3]), 1000, None)])
    refused(api("GET", "pushes", push_id=push_id, address=address(NUMBERS[9])), 404, "no recipient of this push")
    refused(api("GET", "pushes", push_id=push_id, address="rubbish"), 400, "address: ")
    refused(api("GET", "pushes", push_id=push_id, first=-1), 400, "first")
    refused(api("GET", "pushes", push_id="none"), 404, "no such push")
    refused(api("GET", "pushes", push_id=""), 400, "empty")


@case
def an_id_of_two_initiators():
    push_id = new_id("both")
    for user, password in ((USER, PASSWORD), OTHER):
        equal(gw.push(NUMBERS[0], push_id=push_id, user=user, password=password).code, 1001)
    for path in ("pushes", "audit"):
        refused(api("GET", path, push_id=push_id), 409, "several initiators")
        good(api("GET", path, push_id=push_id, initiator="other"))


# ---- audit -----------------------------------------------------------------------------------------

@case
def audit_rows_tell_the_story():
    push_id = new_id("audit")
    equal(gw.push(NUMBERS[:3], push_id=push_id).code, 1001)
    gw.wait_state(push_id, "delivered")
    audit = good(api("GET", "audit", push_id=push_id))
    rows = audit["rows"]
    equal((audit["push_id"], audit["next_after"]), (push_id, None))
    equal((rows[0]["event"], rows[0]["first"], rows[0]["last"], rows[0]["from"]), ("accept", 0, 2, None))
    delivered = [r for r in rows if r["event"] == "receipt delivered"]
    equal(sum(r["last"] - r["first"] + 1 for r in delivered), 3)
    equal({(r["from"], r["to"], r["smsc_id"]) for r in delivered} - {("submitted", "delivered", "main")}, set())
    assert all(r["time"].endswith("Z") for r in rows), rows
    paged, after = [], 0
    while after is not None:
        page = good(api("GET", "audit", push_id=push_id, after=after, limit=2))
        assert len(page["rows"]) <= 2
        paged, after = paged + page["rows"], page["next_after"]
    equal(paged, rows)
    refused(api("GET", "audit", push_id="none"), 404, "nothing is known")
    refused(api("GET", "audit"), 400, "push-id")
    refused(api("GET", "audit", push_id=push_id, limit=0), 400, "limit")


# ---- subscribers -------------------------------------------------------------------------------------

def put(text, **more):
    return api("PUT", "subscribers", text, **more)


HEAD = "address,number,profile,facts\n"


@case
def subscribers_are_written_read_and_removed():
    equal(good(put(HEAD + '+12025550101,,phone-1,\r\n"user:jane@example.net",+12025550102,,"{""imsi"":""001010123456789""}"\n\n'
                   "user:joe%40example.net,+12025550103,phone-1,")), {"written": 3})
    rows = (("+12025550101", "plmn:+12025550101", None, "phone-1", None),
            ("PLMN:+1-202-5550101", "plmn:+12025550101", None, "phone-1", None),
            ("user:jane@example.net", "user:jane%40example.net", "+12025550102", None, {"imsi": True}),
            ("USER:joe%40example.net", "user:joe%40example.net", "+12025550103", "phone-1", None))
    for written, shown, number, profile, facts in rows:
        equal(good(api("GET", "subscribers", address=written)),
              {"address": shown, "number": number, "profile": profile, "facts": facts}, written)
    answer = api("GET", "subscribers?address=+12025550101")       # "+" that nobody escaped
    equal(good(answer)["address"], "plmn:+12025550101")
    equal(good(put("address,number,profile\nuser:joe@example.net,+12025550109,\n")), {"written": 1})
    equal(good(api("GET", "subscribers", address="user:joe@example.net"))["number"], "+12025550109")
    equal(good(api("DELETE", "subscribers", address="user:joe@example.net")), {"removed": 1})
    refused(api("DELETE", "subscribers", address="user:joe@example.net"), 404, "no such subscriber")
    refused(api("GET", "subscribers", address="user:joe@example.net"), 404, "no such subscriber")
    for method in ("GET", "DELETE"):
        refused(api(method, "subscribers"), 400, "address is needed")
        refused(api(method, "subscribers", address="x"), 400, "TYPE:VALUE")


BAD_LINES = (
    ("x", "1 field, the first line names 4"), ("x,,,", "TYPE:VALUE"), (":x,+12025550101,,", "TYPE:VALUE"), ("us er:x,+12025550101,,", "TYPE:VALUE"),
    ("+,,a,", "without a digit"), ("+1202555x,,a,", "digits only"), ("+1202,,a,", None), ("nonsense:1,+12025550101,,", "not served"),
    ("user:,+12025550101,,", "empty"), ("user:%4,+12025550101,,", "hexadecimal"), ("user:%00,+12025550101,,", "NUL"),
    ("user:a,12025550101,,", "number"), ("user:a,+12,,", "number"), ("user:a,+1202555010x,,", "number"),
    ("user:a,+%s,," % ("1" * 21), "number"), ("user:a,,a b,", "profile"), ("user:a,,%s," % ("p" * 129), "profile"),
    ("user:a,,%s," % ("p" * 128), None), ("user:a,,,{", "facts"), ("user:a,,,[]", "facts"), ("user:a,,,{}", None),
    ('user:a,,,"{""x"":""%s""}"' % ("y" * 5000), "facts"), ("user:a,,,", "neither"), ("user:a,,a,,", "more than 4"),
    ('"user:a"x,,a,', "behind a quoted"), ('user:"a,,a,', "a quote inside"), ("user:a\0,,a,", "NUL"), ('"user:a,,a,', "no end"),
)


@case
def every_bad_line_is_named_and_nothing_is_written():
    for line, part in BAD_LINES:
        answer = put((HEAD + "user:before,+12025550101,,\n" + line + "\n").encode())
        if part is None:
            equal(good(answer), {"written": 2}, line)
            continue
        refused(answer, 400, "1 line cannot be read; nothing was changed")
        equal([b["line"] for b in answer.json()["bad"]], [3], line)
        assert part in answer.json()["bad"][0]["error"], (line, answer.text)
    good(api("DELETE", "subscribers", address="user:before"))
    answer = put(HEAD + "user:before,+12025550101,,\n" + "wrong\n" * 2500)
    refused(answer, 400, "2500 lines")
    equal((answer.json()["n_bad"], answer.json()["lines"], len(answer.json()["bad"])), (2500, 2501, 1000))
    equal([b["line"] for b in answer.json()["bad"]], list(range(3, 1003)))
    refused(api("GET", "subscribers", address="user:before"), 404, "no such")
    answer = put(HEAD + '"user:a","+1202","x\ny",\nwrong\n')     # a field of two lines
    equal([b["line"] for b in answer.json()["bad"]], [2, 4])


@case
def the_first_line_names_the_columns():
    equal(good(put(HEAD)), {"written": 0})
    equal(good(put("\ufeffaddress,number,profile\r\n")), {"written": 0})
    for head in ("", "address,number\n", "number,address,profile\n", "user:a,+12025550101,x\n", "address,number,profile,x\n", '"'):
        answer = refused(put(head), 400, "1 line cannot be read")
        equal(answer.json()["bad"][0]["line"], 1)


@case
def a_table_of_many_slices():
    equal(good(put(HEAD + "".join("user:many%d,+1202555%04d,,\n" % (i, i) for i in range(4321)))), {"written": 4321})
    for i in (0, 999, 1000, 4320):
        equal(good(api("GET", "subscribers", address="user:many%d" % i))["number"], "+1202555%04d" % i)
    refused(api("GET", "subscribers", address="user:many4321"), 404, "no such subscriber")


@case
def sizes_have_limits():
    refused(put("x" * ((8 << 20) + 1)), 413, "8388608")
    refused(put(HEAD + "wrong\n" * (8 << 17)), 400, "lines cannot be read")
    refused(api("PUT", "profiles/x", b"x" * ((1 << 20) + 1), headers={"Content-Type": "text/plain"}), 413, "1048576")
    refused(api("POST", "reload", b"x" * 65537), 413, "65536")
    equal(gw.admin("/healthz").status, 200)


# ---- profiles ----------------------------------------------------------------------------------------

@case
def profiles_are_written_read_and_removed():
    rows = (("phone-1", RDF_TYPE, PROFILE), ("phone_2.a+b", RDF_TYPE + "; charset=utf-8", PROFILE),
            ("bytes", "application/octet-stream", bytes(range(256))), ("x" * 128, "text/plain", b"x"))
    for name, content_type, document in rows:
        equal(good(api("PUT", "profiles/" + name, document, headers={"Content-Type": content_type})), {"written": 1})
        answer = api("GET", "profiles/" + urllib.parse.quote(name, safe=""))
        equal((answer.status, answer.headers["content-type"], answer.body), (200, content_type, document))
    equal(good(api("PUT", "profiles/bytes", b"other", headers={"Content-Type": "text/x"})), {"written": 1})
    answer = api("GET", "profiles/bytes")
    equal((answer.headers["content-type"], answer.body), ("text/x", b"other"))
    equal(good(api("DELETE", "profiles/bytes")), {"removed": 1})
    for method in ("GET", "DELETE"):
        refused(api(method, "profiles/bytes"), 404, "no such profile")


@case
def profiles_are_listed():
    names = ["l%02d" % i for i in range(11)] + ["l+1"]
    for name in names:
        good(api("PUT", "profiles/" + urllib.parse.quote(name), name.encode(), headers={"Content-Type": "text/x"}))
    expected = [{"name": n, "content_type": "text/x", "octets": 3} for n in sorted(names)]
    got, after = [], "l"
    while after:
        page = good(api("GET", "profiles?" + urllib.parse.urlencode({"after": after, "limit": 5})))
        got += page["profiles"]
        after = page["next_after"]
    equal([p for p in got if p["name"].startswith("l")], expected)
    equal([p["name"] for p in good(api("GET", "profiles"))["profiles"]], sorted(p["name"] for p in good(api("GET", "profiles?limit=1000"))["profiles"]))
    for query, part in (("limit=0", "limit"), ("limit=1001", "limit"), ("after=a%20b", "after"), ("after=", "after")):
        refused(api("GET", "profiles?" + query), 400, part)
    for name in names:
        good(api("DELETE", "profiles/" + urllib.parse.quote(name)))
    equal(good(api("GET", "profiles?after=l&limit=1"))["profiles"], [p for p in got if p["name"] > "m"][:1])


@case
def profiles_that_are_refused():
    rows = (("a b", RDF_TYPE, PROFILE, 400, "name"), ("a%2Fb", RDF_TYPE, PROFILE, 400, "name"),
            ("a%", RDF_TYPE, PROFILE, 400, "name"), ("x" * 129, RDF_TYPE, PROFILE, 400, "name"),
            ("p", None, PROFILE, 415, "Content-Type"), ("p", "text", PROFILE, 415, "Content-Type"),
            ("p", "text/", PROFILE, 415, "Content-Type"), ("p", "text/" + "x" * 200, PROFILE, 415, "Content-Type"),
            ("p", RDF_TYPE, PROFILE[:-20], 400, "line"), ("p", "text/xml", b"<a>", 400, "line"),
            ("p", RDF_TYPE, b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', 400, ""), ("p", "text/plain", b"", 400, "empty"))
    for name, content_type, document, status, part in rows:
        headers = {"Content-Type": content_type} if content_type else {}
        refused(api("PUT", "profiles/" + name.replace(" ", "%20"), document, headers=headers), status, part)
    refused(api("GET", "profiles/p"), 404, "no such profile")


@case
def a_stop_in_the_middle_of_a_table():
    """It is written to its end, or the answer says how far; the gateway ends in order."""
    answers = []
    table = HEAD + "".join("user:stop%d,+12025550101,,\n" % i for i in range(60000))
    writer = threading.Thread(target=lambda: answers.append(put(table)))
    writer.start()
    harness.wait_for(lambda: answers or api("GET", "subscribers", address="user:stop0").status == 200, "the first slice")
    gw.stop()
    writer.join(harness.DEADLINE_S)
    answer, = answers
    assert answer.status in (200, 503), answer
    written = answer.json()["written"]
    gw.start()
    equal([api("GET", "subscribers", address="user:stop%d" % i).status for i in (0, written - 1)], [200, 200])
    equal(api("GET", "subscribers", address="user:stop%d" % written).status, 404)


@case
def what_was_written_outlives_the_gateway():
    equal(good(put(HEAD + "user:last,+12025550101,,\n")), {"written": 1})
    gw.stop()
    gw.start()
    equal(good(api("GET", "subscribers", address="user:last"))["number"], "+12025550101")


harness.main()
