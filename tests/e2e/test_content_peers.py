"""What we compile, beside what other people's programs make of the same documents: Kannel's test_si, test_sl and
test_ota, and libwbxml's wbxml2xml."""
import os
import re
import shutil
import xml.etree.ElementTree

import harness
from harness import Skip, case, equal

KANNEL = "/usr/lib/kannel/test"
# they tell the kinds of documents, and their versions, by the document type
PROLOGUE = '<?xml version="1.0"?>\n<!DOCTYPE %s PUBLIC "-//WAPFORUM//DTD %s//EN" "http://www.wapforum.org/DTD/%s.dtd">\n'
folder = harness.temp_dir()

SI = [
    '<si><indication href="http://www.example.com/a" si-id="1@example.net" action="signal-high" '
    'created="2026-06-25T15:23:15Z" si-expires="2026-06-30T00:00:00Z">4 new e-mails</indication></si>',
    '<si><indication href="https://example.org/x?a=1&amp;b=2" action="signal-low">Two words</indication></si>',
    '<si><indication action="delete" si-id="http://www.example.net/1"/></si>',
]
SL = ['<sl href="http://www.example.com/a.wml" action="execute-high"/>', '<sl href="https://www.example.edu/b" action="cache"/>']
CO = ['<co><invalidate-object uri="http://www.example.net/a"/><invalidate-service uri="https://example.org/"/></co>']
EMN = ['<emn mailbox="mailat:somebody@example.org" timestamp="2026-01-02T15:04:00Z"/>']
PROV = [
    '<wap-provisioningdoc version="1.1"><characteristic type="NAPDEF"><parm name="NAPID" value="N1"/>'
    '<parm name="NAME" value="Example internet"/><parm name="BEARER" value="GSM-GPRS"/>'
    '<parm name="NAP-ADDRESS" value="internet.example.net"/><parm name="NAP-ADDRTYPE" value="APN"/></characteristic>'
    '<characteristic type="APPLICATION"><parm name="APPID" value="w4"/><parm name="NAME" value="Example MMS"/>'
    '<parm name="TO-NAPID" value="N1"/><parm name="ADDR" value="http://mms.example.net/"/></characteristic></wap-provisioningdoc>',
    '<wap-provisioningdoc version="1.1"><characteristic type="PXLOGICAL"><parm name="PROXY-ID" value="P1"/>'
    '<parm name="PUSHENABLED" value="1"/><characteristic type="PXPHYSICAL"><parm name="PHYSICAL-PROXY-ID" value="1"/>'
    '<parm name="PXADDR" value="192.0.2.1"/><parm name="PXADDRTYPE" value="IPV4"/><parm name="TO-NAPID" value="N1"/>'
    '</characteristic></characteristic></wap-provisioningdoc>',
]
WML = [
    '<wml><card id="a" title="Meter $(name)" newcontext="true"><onevent type="ontimer">'
    '<go href="http://www.example.com/x?a=$(a:escape)&amp;b=$b" method="post"><postfield name="v" value="$(v:unesc)"/></go>'
    '</onevent><p align="center">Price is $$5 for <b>$(who:noesc)</b> <i>now</i>, or <a href="#b">later</a>.<br/>Next line</p>'
    '<p><input name="q" type="password" emptyok="true"/><select name="s"><option value="1">One</option></select></p></card></wml>',
]
TYPES = {"si": "text/vnd.wap.si", "sl": "text/vnd.wap.sl", "co": "text/vnd.wap.co", "emn": "text/vnd.wap.emn+xml",
         "prov": "text/vnd.wap.connectivity-xml", "wml": "text/vnd.wap.wml"}
DOCUMENTS = dict(si=SI, sl=SL, co=CO, emn=EMN, prov=PROV)


def put(name, text, mode="w"):
    path = os.path.join(folder, name)
    with open(path, mode) as f:
        f.write(text)
    return path


def ours(kind, document):
    """Our binary form."""
    status, out, err = harness.run([harness.built("ppgctl"), "encode", "--body", "--type", TYPES[kind], put("in.xml", document)])
    equal(status, 0, err)
    return bytes.fromhex(out.strip())


def tree(document):
    def walk(element):
        return (element.tag, sorted(element.attrib.items()), (element.text or "").strip(), [walk(child) for child in element])
    return walk(xml.etree.ElementTree.fromstring(document))


def kannel(program, document, *options):
    """What Kannel's compiler makes of it."""
    path = os.path.join(KANNEL, program)
    if not os.path.exists(path):
        raise Skip("kannel-extras is not installed")
    prologue = PROLOGUE % (("wml", "WML 1.1", "wml_1.1") if program == "wml_tester" else ("wap-provisioningdoc", "PROV 1.0", "prov"))
    out = os.path.join(folder, "out")
    if os.path.exists(out):
        os.remove(out)
    status, _, err = harness.run([path] + list(options or ("-v", "4")) + ["-f", out, put("kannel.xml", prologue + document)])
    equal(status, 0, err)
    with open(out, "rb") as f:
        octets = f.read()
    # two of them write text, with most octets as \\xNN
    octets = octets.rpartition(b"content being\\x0a")[2] if b"content being" in octets else octets
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), octets)


def decoded(octets):
    status, out, err = harness.run([harness.built("ppgctl"), "decode", "--as", "wbxml", "--json"], octets.hex() + "\n")
    equal(status, 0, err)
    import json
    return json.loads(out)["body"]["value"]


@case
def kannel_compiles_service_indications_alike():
    for document in SI:
        equal(tree(decoded(kannel("test_si", document))), tree(decoded(ours("si", document))), document)


@case
def kannel_compiles_service_loadings_alike():
    for document in SL:
        equal(tree(decoded(kannel("test_sl", document))), tree(decoded(ours("sl", document))), document)


@case
def kannel_compiles_settings_alike():
    for document in PROV:
        equal(tree(decoded(kannel("test_ota", document))), tree(document), document)
        equal(tree(decoded(ours("prov", document))), tree(document), document)


@case
def kannel_compiles_decks_alike():
    for document in WML:
        equal(tree(decoded(kannel("wml_tester", document, "-b"))), tree(decoded(ours("wml", document))), document)
    for name in ("hello.wml", "testcase.wml"):
        with open(os.path.join(KANNEL, name)) as f:
            document = re.sub(r"<[?!][^>]*>", "", f.read()).strip()
        equal(tree(decoded(kannel("wml_tester", document, "-b"))), tree(decoded(ours("wml", document))), name)


@case
def wbxml2xml_reads_the_source_document():
    if shutil.which("wbxml2xml") is None:
        raise Skip("libwbxml2-utils is not installed")
    for kind, documents in DOCUMENTS.items():
        for document in documents:
            path = put("ours.wbxml", ours(kind, document), "wb")
            out = os.path.join(folder, "wbxml2xml.xml")
            status, said, err = harness.run(["wbxml2xml", "-m", "2", "-k", "-o", out, path])
            equal(status, 0, said + err)
            with open(out, encoding="utf-8") as f:
                equal(tree(f.read()), tree(document), kind)


harness.main()
