"""What ppgd sends, read by a decoder that is not ours: tshark dissects the octets of the SMPP connection."""
import hmac
import os
import re
import shutil
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness                                             # noqa: E402
import smpp_client                                         # noqa: E402
from capture import Proxy, write_pcap                      # noqa: E402
from gateway import Gateway, PAP_TYPES, PROVURL, SENDER, new_id        # noqa: E402
from harness import case, equal                            # noqa: E402

if not shutil.which("tshark"):
    print("1..0 # SKIP tshark is not installed")
    raise SystemExit(0)

SI = ('<si><indication href="http://www.example.net/a/mail?x=1&amp;y=2" si-id="1@example.net" action="signal-high" '
      'created="2026-01-02T15:04:05Z" si-expires="2026-03-01T00:00:00Z">Gr\u00fc\u00dfe &amp; 3 &lt;new&gt; mails</indication></si>')
SL = '<sl href="https://www.example.net/start" action="execute-high"/>'
CO = '<co><invalidate-object uri="http://www.example.net/x"/><invalidate-service uri="http://www.example.org/"/></co>'
PROV = ('<wap-provisioningdoc version="1.1">'
        '<characteristic type="PXLOGICAL"><parm name="PROXY-ID" value="proxy.example.net"/><parm name="NAME" value="Proxy"/>'
        '<characteristic type="PORT"><parm name="PORTNBR" value="9201"/><parm name="SERVICE" value="CO-WSP"/></characteristic>'
        '<characteristic type="PXPHYSICAL"><parm name="PHYSICAL-PROXY-ID" value="P1"/><parm name="PXADDR" value="192.0.2.7"/>'
        '<parm name="PXADDRTYPE" value="IPV4"/><parm name="TO-NAPID" value="N1"/></characteristic></characteristic>'
        '<characteristic type="NAPDEF"><parm name="NAPID" value="N1"/><parm name="BEARER" value="GSM-GPRS"/>'
        '<parm name="NAME" value="Packets"/><parm name="NAP-ADDRESS" value="apn.example"/><parm name="NAP-ADDRTYPE" value="APN"/>'
        '<parm name="INTERNET"/></characteristic>'
        '<characteristic type="APPLICATION"><parm name="APPID" value="w7"/><parm name="PROVIDER-ID" value="dm.example"/>'
        '<parm name="INIT"/><characteristic type="APPADDR"><parm name="ADDR" value="https://dm.example.net/dm"/></characteristic>'
        '<characteristic type="APPAUTH"><parm name="AAUTHLEVEL" value="APPSRV"/><parm name="AAUTHNAME" value="device-1"/>'
        '</characteristic></characteristic></wap-provisioningdoc>')
LINES = ["line %02d: %s" % (n, "abcdefghij" * (n % 4)) for n in range(30)]
MMS = (b"\x8c\x82\x98T-1\0\x8d\x92\x89\x18\x80+12025550199/TYPE=PLMN\0\x8a\x80\x8e\x02\x04\x00\x88\x05\x81\x03\x01\x51\x80"
       b"\x83http://mmsc.example.net/T-1\0")
PIN = "1234"

# ---- the recording -----------------------------------------------------------------------------------

sim = harness.Smscsim()
proxy = Proxy(sim.port)
gw = Gateway(proxy.port, smsc_more="enquire-link-interval = 1")
gw.wait_link()
ENQUIRE_LINK = b"\0\0\0\x10\0\0\0\x15\0\0\0\0"


def compiled(document):
    """The WBXML of a provisioning document, and its MAC for USERPIN: made by ppgctl and by Python alike."""
    path = os.path.join(harness.temp_dir(), "document.xml")
    with open(path, "w") as f:
        f.write(document)
    ppgctl = harness.built("ppgctl")
    status, out, err = harness.run([ppgctl, "encode", "--body", "--type", "text/vnd.wap.connectivity-xml", path])
    equal(status, 0, err)
    body = bytes.fromhex(out)
    status, mac, err = harness.run([ppgctl, "mac", "--sec", "userpin", "--pin", PIN, "--hex", "--body", "-"], stdin=out)
    equal(status, 0, err)
    equal(mac.strip(), hmac.new(PIN.encode(), body, "sha1").hexdigest().upper())
    return body, mac.strip()


def record():
    """Push one of each kind, every one to a number of its own; returns {kind: number}."""
    body, mac = compiled(PROV)
    pushes = {
        "si": dict(content=SI),
        "sl": dict(content=SL, content_type="text/vnd.wap.sl"),
        "co": dict(content=CO, content_type="text/vnd.wap.co"),
        "prov": dict(content=PROV, content_type="text/vnd.wap.connectivity-xml"),
        "mac": dict(content=body, content_type="application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC=" + mac),
        "text": dict(content="\n".join(LINES), content_type="text/plain"),
        "mms": dict(content=MMS, content_type="application/vnd.wap.mms-message",
                    headers=[("X-Wap-Application-Id", "x-wap-application:mms.ua")]),
    }
    numbers = {kind: "1202555%04d" % (300 + n) for n, kind in enumerate(pushes)}
    ids = {}
    for kind, push in pushes.items():
        ids[kind] = new_id(kind)
        equal(gw.push("+" + numbers[kind], push_id=ids[kind], **push).code, 1001, kind)
    for push_id in ids.values():
        gw.wait_state(push_id, "delivered")
    harness.wait_for(lambda: any(ENQUIRE_LINK in octets for _, _, _, octets in list(proxy.records)), "enquire_link")
    gw.stop()
    sim.stop()
    return numbers, mac


# ---- what tshark makes of it ---------------------------------------------------------------------------

CONFIG_DIR = harness.temp_dir()         # nobody's own preferences


def dissect(records):
    """The packets, as tshark prints them in its XML form."""
    path = os.path.join(harness.temp_dir(), "recorded.pcap")
    write_pcap(path, records)
    options = ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "smpp.reassemble_smpp_over_tcp:TRUE",
               "gsm_sms_ud.port_number_udh_means_wsp:TRUE"]
    status, out, err = harness.run(["tshark", "-r", path, "-T", "pdml"] + [w for o in options for w in ("-o", o)],
                                   deadline_s=60, env={"WIRESHARK_CONFIG_DIR": CONFIG_DIR})
    equal(status, 0, err)
    return xml.etree.ElementTree.fromstring(out).findall("packet")


def complaints(packets):
    """What tshark finds wrong: anything malformed, and expert remarks that are not the chat and notes of TCP."""
    found = []
    for packet in packets:
        for proto in packet.findall("proto"):
            if proto.get("name") == "_ws.malformed":
                found.append(proto.get("showname"))
            for field in proto.iter("field"):
                if field.get("name") != "_ws.expert":
                    continue
                severity = max(int(f.get("show")) for f in field.iter("field") if f.get("name") == "_ws.expert.severity")
                if proto.get("name") != "tcp" or severity > 0x400000:
                    found.append("%s: %s" % (proto.get("name"), field.get("showname")))
    return found


class Pdu:
    """An SMPP PDU and what was dissected out of it: {layer: {field name: [(show, showname, octets)]}}."""

    def __init__(self, from_gateway, proto):
        self.from_gateway, self.layers = from_gateway, {}
        self.add(proto)

    def add(self, proto):
        fields = self.layers.setdefault(proto.get("name"), {})
        for field in proto.iter("field"):
            fields.setdefault(field.get("name"), []).append((field.get("show"), field.get("showname") or "", field.get("value")))
        if proto.get("name") == "wbxml":
            self.wbxml = proto

    def get(self, name):
        """The value of a field that occurs once."""
        found = self.layers[name.split(".")[0] if not name.startswith("gsm_sms.") else "gsm_sms_ud"].get(name, [])
        equal(len(found), 1, "times that %s occurs" % name)
        return found[0][0]

    def number(self, name):
        return int(self.get(name), 0)


def read_pdus(packets):
    pdus = []
    for packet in packets:
        from_gateway = None
        for proto in packet.findall("proto"):
            if proto.get("name") == "tcp":
                from_gateway = proto.find("field[@name='tcp.dstport']").get("show") == "2775"
            elif proto.get("name") == "smpp":
                pdus.append(Pdu(from_gateway, proto))
            elif pdus and proto.get("name") not in ("geninfo", "frame", "eth", "ip"):
                pdus[-1].add(proto)
    return pdus


# tshark 4.0 lacks two attribute names of provisioning page 1, where they mean the same as on page 0.
MISSING = {"05": "name=", "06": "value="}


def wbxml_tree(proto):
    """(element, {attribute: value}, [child or text]) from the rows of tshark's WBXML listing."""
    root = ("", {}, [])
    stack, attribute, inside_attributes = [root], None, False
    for field in proto.iter("field"):
        kind, show = field.get("name"), field.get("show")
        element = stack[-1]
        if kind == "wbxml.known_tag":
            child = (show, {}, [])
            element[2].append(child)
            inside_attributes, content = (c != "." for c in re.search(r"\((.)(.)\)", field.get("showname")).groups())
            if inside_attributes or content:
                stack.append(child)
        elif kind == "wbxml.known_attrstart":
            if show.startswith("(Requested token not defined"):
                show = MISSING[field.get("value")]
            attribute, value = re.fullmatch(r"([\w-]+)=(?:'(.*)')?", show).groups()
            element[1][attribute] = value or ""
        elif kind == "wbxml.known_attrvalue":
            element[1][attribute] += show.strip("'")
        elif kind in ("wbxml.str_i", "wbxml.opaque_data"):
            if kind == "wbxml.opaque_data":
                show = re.search(r"%DateTime: (\S+)", field.get("showname")).group(1)
            if inside_attributes:
                element[1][attribute] += show
            else:
                element[2].append(show)
        elif kind == "wbxml.end_attribute_list":
            inside_attributes = False
        elif kind in ("wbxml.end_known_tag", "wbxml.end_known_tag.uint"):
            stack.pop()
            inside_attributes = False
        elif kind.startswith("wbxml.") and kind not in ("wbxml.version", "wbxml.public_id.known", "wbxml.charset", "wbxml.switch_page"):
            raise AssertionError("an unexpected row: %s" % field.attrib)
    equal(len(stack), 1, "open elements at the end")
    return root[2]


def xml_tree(document):
    def walk(element):
        children = [element.text] if (element.text or "").strip() else []
        return (element.tag, dict(element.attrib), children + [walk(child) for child in element])
    return [walk(xml.etree.ElementTree.fromstring(document))]


# Everything is recorded and dissected before the first case, once.
numbers, MAC = record()
packets = dissect(proxy.records)
pdus = read_pdus(packets)

BIND_TRANSCEIVER, SUBMIT, DELIVER, ENQUIRE, UNBIND = 9, 4, 5, 0x15, 6


def submitted(kind):
    """The submit_sm PDUs of a push."""
    return [p for p in pdus if p.number("smpp.command_id") == SUBMIT and p.get("smpp.destination_addr") == numbers[kind]]


def message(kind):
    """The PDU in which the message became complete."""
    return submitted(kind)[-1]


# ---- the cases ------------------------------------------------------------------------------------------

@case
def nothing_is_malformed():
    equal(complaints(packets), [])


@case
def tshark_would_say_so():
    """The cases above can fail: headers longer than the message are seen."""
    broken = list(proxy.records)
    n = next(n for n, record in enumerate(broken) if b"\x23\xf0" in record[3])
    when, connection, from_client, octets = broken[n]
    at = octets.index(b"\x23\xf0") + 4             # past TID and PDU type: HeadersLen
    broken[n] = (when, connection, from_client, octets[:at] + b"\x7f" + octets[at + 1:])
    assert any("alformed" in text for text in complaints(dissect(broken))), complaints(dissect(broken))


@case
def each_request_has_its_answer():
    for request in (BIND_TRANSCEIVER, SUBMIT, DELIVER, ENQUIRE, UNBIND):
        asked = [p for p in pdus if p.number("smpp.command_id") == request]
        assert asked, "no PDU %#x" % request
        for p in asked:
            equal(p.from_gateway, request != DELIVER)
            answers = [a for a in pdus if a.number("smpp.command_id") == request | 0x80000000
                       and a.from_gateway != p.from_gateway and a.get("smpp.sequence_number") == p.get("smpp.sequence_number")]
            equal([a.number("smpp.command_status") for a in answers], [0], "answers to PDU %#x" % request)
    bind = next(p for p in pdus if p.number("smpp.command_id") == BIND_TRANSCEIVER)
    equal((bind.get("smpp.system_id"), bind.number("smpp.interface_version")), ("ppg", 0x34))


@case
def fields_of_submit_sm():
    for kind in numbers:
        for p in submitted(kind):
            equal((p.get("smpp.source_addr"), p.number("smpp.source_addr_ton"), p.number("smpp.source_addr_npi")), (SENDER[1:], 1, 1))
            equal((p.number("smpp.dest_addr_ton"), p.number("smpp.dest_addr_npi")), (1, 1))
            equal((p.number("smpp.data_coding"), p.number("smpp.protocol_id")), (4, 0))
            equal((p.number("smpp.esm.submit.features"), p.number("smpp.esm.submit.msg_type")), (1, 0))
            equal(p.number("smpp.regdel.receipt"), 1)
            assert p.get("smpp.validity_period"), p.layers["smpp"]
            assert p.number("smpp.sm_length") <= 140


@case
def ports_and_parts():
    for kind in numbers:
        parts = submitted(kind)
        for n, p in enumerate(parts, 1):
            equal((p.number("gsm_sms.destination_port"), p.number("gsm_sms.originator_port")), (2948, 9200))
            if len(parts) > 1:
                equal((p.number("gsm_sms.udh.mm.msg_part"), p.number("gsm_sms.udh.mm.msg_parts")), (n, len(parts)))
                equal(p.get("gsm_sms.udh.mm.msg_id"), parts[0].get("gsm_sms.udh.mm.msg_id"))
        if len(parts) > 1:
            equal(parts[-1].number("gsm_sms_ud.fragment.count"), len(parts))
        equal(["wsp" in p.layers for p in parts], [False] * (len(parts) - 1) + [True], "complete with the last part")
    assert len(submitted("text")) > 3 and len(submitted("si")) < 3
    ids = [submitted(kind)[0].get("gsm_sms.udh.mm.msg_id") for kind in numbers if len(submitted(kind)) > 1]
    equal(len(set(ids)), len(ids), "one reference for each message")


@case
def push_headers():
    types = {"si": "application/vnd.wap.sic", "sl": "application/vnd.wap.slc", "co": "application/vnd.wap.coc",
             "prov": "application/vnd.wap.connectivity-wbxml", "text": "text/plain", "mms": "application/vnd.wap.mms-message",
             "mac": "application/vnd.wap.connectivity-wbxml"}
    for kind in numbers:
        m = message(kind)
        equal(m.number("wsp.pdu_type"), 6)
        shown = m.layers["wsp"]["wsp.header.content_type"][0]
        equal(shown[0], types[kind])
        if kind == "mac":
            assert shown[1].endswith("; SEC=USERPIN; MAC=" + MAC), shown
        equal(m.get("wsp.header.initiator_uri"), PROVURL)
        equal([m.number("wsp.header.push_flag." + bit) for bit in ("authenticated", "trusted", "last")], [1, 1, 0])
        if kind == "mms":
            equal(m.get("wsp.header.x_wap_application_id"), "x-wap-application:mms.ua")
        else:
            assert "wsp.header.x_wap_application_id" not in m.layers["wsp"], kind


@case
def documents_come_back():
    """SI, SL, CO and provisioning decode to the elements, attributes and values of their source."""
    public_ids = {"si": 5, "sl": 6, "co": 7, "prov": 0x0B, "mac": 0x0B}
    for kind, document in (("si", SI), ("sl", SL), ("co", CO), ("prov", PROV), ("mac", PROV)):
        m = message(kind)
        equal((m.number("wbxml.public_id.known"), m.number("wbxml.charset")), (public_ids[kind], 106), kind)
        equal(wbxml_tree(m.wbxml), xml_tree(document), kind)


@case
def text_comes_back():
    shown = [show for show, _, _ in message("text").layers["data-text-lines"][""]]
    equal([re.sub(r"\\n$", "", line) for line in shown], LINES)


@case
def notification_of_an_mms():
    m = message("mms")
    equal((m.number("mmse.message_type"), m.get("mmse.transaction_id"), m.get("mmse.mms_version")), (0x82, "T-1", "1.2"))
    equal((m.get("mmse.content_location"), m.get("mmse.message_size")), ("http://mmsc.example.net/T-1", "1024"))


@case
def receipts_come_back():
    """One for every submit_sm, with the id that its answer gave."""
    given = {p.get("smpp.sequence_number"): p.get("smpp.message_id") for p in pdus if p.number("smpp.command_id") == 0x80000004}
    told = [p for p in pdus if p.number("smpp.command_id") == DELIVER]
    equal(sorted(p.get("smpp.receipted_message_id") for p in told), sorted(given.values()))
    for p in told:
        equal((p.number("smpp.esm.submit.msg_type"), p.number("smpp.message_state")), (1, 2))


@case
def other_ways_to_cut_and_to_bind():
    """8-bit references, sar TLVs, message_payload; transmitter and receiver; version 5.0."""
    for more, fields in (("segmentation = udh8\ninterface-version = 50", ("smpp.sm_length",)),
                         ("segmentation = sar\nreceive-port = {port}", ("smpp.sar_msg_ref_num", "smpp.sar_segment_seqnum",
                                                                     "smpp.source_port", "smpp.destination_port")),
                         ("segmentation = payload\ninstances = 2", ("smpp.message_payload", "smpp.destination_port"))):
        other_sim = harness.Smscsim()
        other_proxy = Proxy(other_sim.port)
        other = Gateway(other_proxy.port, smsc_more=more.format(port=other_proxy.port))
        other.wait_link()
        push_id = new_id("cut")
        equal(other.push("+12025550399", push_id=push_id, content="\n".join(LINES), content_type="text/plain").code, 1001)
        other.wait_state(push_id, "delivered")
        other.stop()
        other_sim.stop()
        packets = dissect(list(other_proxy.records))
        equal(complaints(packets), [], more)
        seen = {f.get("name") for packet in packets for f in packet.iter("field")}
        equal(sorted(f for f in fields if f not in seen), [], more)


@case
def cancel_sm():
    """One for each part, with the addresses and the id of its submit_sm."""
    own_sim = harness.Smscsim()
    own_sim.receipts(delay_ms=60000)
    own_proxy = Proxy(own_sim.port)
    own = Gateway(own_proxy.port)
    own.wait_link()
    push_id = new_id("cancel")
    equal(own.push("+12025550398", push_id=push_id, content="\n".join(LINES), content_type="text/plain").code, 1001)
    n_parts = len(harness.wait_for(lambda: own.show(push_id)["recipients"][0]["message_ids"], "the ids"))
    equal(own.post(('<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "%s">\n<pap>'
                    '<cancel-message push-id="%s"/></pap>' % (PAP_TYPES["2.0"], push_id)).encode(), "application/xml").http, 202)
    own.wait_state(push_id, "cancelled")
    own.stop()
    own_sim.stop()
    recorded = dissect(list(own_proxy.records))
    equal(complaints(recorded), [])
    seen = read_pdus(recorded)
    ids = [p.get("smpp.message_id") for p in seen if p.number("smpp.command_id") == 0x80000004]
    asked = [p for p in seen if p.number("smpp.command_id") == 8]
    equal((len(ids), sorted(p.get("smpp.message_id") for p in asked)), (n_parts, sorted(ids)))
    for p in asked:
        equal((p.get("smpp.source_addr"), p.number("smpp.source_addr_ton"), p.number("smpp.source_addr_npi")), (SENDER[1:], 1, 1))
        equal((p.get("smpp.destination_addr"), p.number("smpp.dest_addr_ton"), p.number("smpp.dest_addr_npi")), ("12025550398", 1, 1))
    equal([p.number("smpp.command_status") for p in seen if p.number("smpp.command_id") == 0x80000008], [0] * n_parts)


@case
def query_sm():
    """Of each part whose receipt has not come by the deadline, with the source address and the id of its submit_sm."""
    own_sim = harness.Smscsim()
    own_sim.fault("unknown_id", count=100)
    own_proxy = Proxy(own_sim.port)
    own = Gateway(own_proxy.port, store_more="receipt-margin = 10m")
    own.wait_link()
    push_id = new_id("query")
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    equal(own.push("+12025550397", push_id=push_id, content="\n".join(LINES), content_type="text/plain",
                   attributes='deliver-before-timestamp="%s"' % until).code, 1001)
    n_parts = len(harness.wait_for(lambda: own.show(push_id)["recipients"][0]["message_ids"], "the ids"))
    own.wait_state(push_id, "delivered")
    own.stop()
    own_sim.stop()
    recorded = dissect(list(own_proxy.records))
    equal(complaints(recorded), [])
    seen = read_pdus(recorded)
    ids = [p.get("smpp.message_id") for p in seen if p.number("smpp.command_id") == 0x80000004]
    asked = [p for p in seen if p.number("smpp.command_id") == 3]
    equal((len(ids), sorted(p.get("smpp.message_id") for p in asked)), (n_parts, sorted(ids)))
    for p in asked:
        equal((p.get("smpp.source_addr"), p.number("smpp.source_addr_ton"), p.number("smpp.source_addr_npi")), (SENDER[1:], 1, 1))


@case
def after_an_outbind():
    """The SMSC connects and says outbind; what follows is ours: bind_receiver."""
    own_sim = harness.Smscsim()
    port = harness.free_port()
    own = Gateway(own_sim.port, smsc_more='outbind-port = %d\noutbind-host = 127.0.0.1\noutbind-allow = "127.0.0.1"\n'
                                          'outbind-username = smsc1\noutbind-password = hello' % port)
    own.wait_link()
    harness.wait_for(lambda: harness.is_listening(port), "the port for outbind")
    own_proxy = Proxy(port)
    smsc = smpp_client.Esme(own_proxy.port)
    smsc.send(smpp_client.OUTBIND, smpp_client.cstr("smsc1") + smpp_client.cstr("hello"))
    bind = smsc.next_request()
    equal(bind.id, smpp_client.BIND_RECEIVER)
    smsc.answer(bind, body=b"smsc1\0")
    equal(smsc.response(smsc.send(smpp_client.ENQUIRE_LINK)).status, 0)
    smsc.close()
    own.stop()
    own_sim.stop()
    recorded = dissect(list(own_proxy.records))
    equal(complaints(recorded), [])
    commands = [p.number("smpp.command_id") for p in read_pdus(recorded)]
    equal(commands, [0xB, 1, 0x80000001, 0x15, 0x80000015])


harness.main()
