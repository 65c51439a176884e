"""Content types that are not SI, SL or provisioning: from what an initiator writes to what a device reads."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
from gateway import Gateway                                # noqa: E402
from harness import case, equal                            # noqa: E402

VECTORS = os.path.join(harness.TOP_SRCDIR, "tests", "vectors", "content")
sim = harness.Smscsim()
gw = Gateway(sim.port)
gw.wait_link()
numbers = iter("+1202555%04d" % n for n in range(300, 400))


def vector(name):
    """Content type and document of a vector."""
    with open(os.path.join(VECTORS, name + ".txt"), encoding="utf-8") as f:
        content_type, document = f.read().split("\n", 1)
    return content_type, document


def on_air(content_type, document, gateway=None, **arguments):
    """What the device gets of such a push: the JSON of ppgctl decode."""
    number = next(numbers)
    reply = (gateway or gw).push(number, content=document, content_type=content_type, **arguments)
    equal(reply.code, 1001, reply.text)
    return sim.wait_messages(1, dest=number[1:])[0]["message"]


@case
def mms_notification_from_fields():
    content_type, document = vector("mms-notification")
    message = on_air(content_type, document)
    equal((message["content_type"], message["app_id"]), ("application/vnd.wap.mms-message", "x-wap-application:mms.ua"))
    equal(message["body"], {"format": "fields", "value": json.loads(document)})


@case
def dm_notification_from_fields():
    content_type, document = vector("dm-notification")
    message = on_air(content_type, document)
    equal((message["content_type"], message["app_id"]),
          ("application/vnd.syncml.notification", "x-wap-application:syncml.dm"))
    fields = message["body"]["value"]
    equal((fields["version"], fields["session_id"], fields["server_id"]), ("1.1", "BEEF", "dm.example"))


@case
def drm_rights_become_binary():
    content_type, document = vector("drm-rights")
    message = on_air(content_type, document)
    equal((message["content_type"], message["app_id"]),
          ("application/vnd.oma.drm.rights+wbxml", "x-wap-application:drm.ua"))
    assert "<ds:KeyValue>AAECAwQFBgcICQoLDA0ODw==</ds:KeyValue>" in message["body"]["value"], message


@case
def no_transform_leaves_fields_as_text():
    content_type, document = vector("mms-notification")
    message = on_air(content_type, document, headers=[("Cache-Control", "no-transform")])
    equal((message["content_type"], message["body"]), (content_type, {"format": "text", "value": document}))


@case
def what_is_wrong_is_told_before_acceptance():
    for content_type, document, said in (
            ("application/vnd.wap.mms-message+json", '{\n"X-Mms-Message-Type":', "line 2"),
            ("application/vnd.wap.mms-message+json", '{"X-Mms-Message-Type":"m-notification-ind"}', "X-Mms-Transaction-ID"),
            ("application/vnd.wap.mms-message", b"\x8c\x82\x98", "X-Mms-Transaction-ID"),
            ("application/vnd.syncml.notification", b"\0" * 20, "its header has 24"),
            ("application/vnd.omaloc-supl-init", b"\0\x06\1\0\0", "SUPL INIT says 6 octets, it has 5"),
            ("application/vnd.oma.drm.rights+xml", "<o-ex:rights>\n<x/></o-ex:rights>", "line 2, column 1: unknown element x"),
            ("multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b\r\nContent-Type: text/vnd.wap.si\r\n\r\n<si/>\r\n--b--\r\n",
             "part 2: line 1, column 6: si has no indication"),
            ("multipart/mixed; boundary=b", "--b\r\nContent-Type: text/vnd.wap.connectivity-xml\r\n\r\n"
             "<wap-provisioningdoc/>\r\n--b--\r\n", "part 1: provisioning goes on its own"),
            ("application/vnd.wap.multipart.mixed", b"\1\1\6\xb6\3\x0bj\0E\1", "part 1: provisioning goes on its own")):
        reply = gw.push(next(numbers), content=document, content_type=content_type)
        equal(reply.code, 3006, reply.text)
        assert said in reply.desc, reply.desc


@case
def an_application_id_of_the_initiator_stays():
    content_type, document = vector("mms-notification")
    message = on_air(content_type, document, headers=[("X-Wap-Application-Id", "x-wap-application:wml.ua")])
    equal(message["app_id"], "x-wap-application:wml.ua")
    equal(on_air("text/plain", "hello")["app_id"], None)
    plain = Gateway(sim.port, ppg_more="default-application-id = false")
    plain.wait_link()
    equal(on_air(content_type, document, plain)["app_id"], None)
    plain.stop()


harness.main()
