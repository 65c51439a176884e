"""An SMSC that connects to the gateway: outbind, our bind on that connection, receipts and pushes over it."""
import harness
import smpp_client
from gateway import Gateway, new_id
from harness import case, equal, wait_for

RECEIVER, TRANSCEIVER = smpp_client.BIND_RECEIVER, smpp_client.BIND_TRANSCEIVER
sim = harness.Smscsim()


def outbind(port, more=""):
    return ("\noutbind-port = %d\noutbind-host = 127.0.0.1\noutbind-allow = \"127.0.0.1\"\noutbind-username = smsc1\n"
            "outbind-password = hello\n%s\n" % (port, more))


def come(port, system_id="smsc1", password="hello"):
    """The SMSC's end of a connection that it made, after its outbind."""
    harness.wait_for(lambda: harness.is_listening(port), "the port for outbind")
    smsc = smpp_client.Esme(port)
    smsc.send(smpp_client.OUTBIND, smpp_client.cstr(system_id) + smpp_client.cstr(password))
    return smsc


def take_bind(smsc, kind):
    bind = smsc.next_request()
    equal(bind.id, kind)
    assert bind.body.startswith(b"ppg\0secret\0"), bind.body
    smsc.answer(bind, body=b"smsc1\0")


def receipt(smsc, message_id, dest):
    text = ("id:%s sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 stat:DELIVRD err:000 text:" %
            message_id).encode()
    body = smpp_client.submit_body("+12025550100", text, source=dest, esm_class=4)
    equal(smsc.response(smsc.send(smpp_client.DELIVER_SM, body)).status, 0)


@case
def receipts_over_a_receiver():
    """The link sends on a session of its own; what comes back comes on the SMSC's."""
    port = harness.free_port()
    sim.receipts(mode="hold")
    gw = Gateway(sim.port, smsc_more=outbind(port))
    gw.wait_link()
    smsc = come(port)
    take_bind(smsc, RECEIVER)
    push_id = new_id()
    equal(gw.push("+12025550171", push_id=push_id).code, 1001)
    message = sim.wait_messages(1, dest="12025550171")[0]
    wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "the submission")
    receipt(smsc, gw.show(push_id)["recipients"][0]["message_ids"][0], message["dest"])
    gw.wait_state(push_id, "delivered")
    smsc.close()
    smsc = come(port)               # and again
    take_bind(smsc, RECEIVER)
    gw.stop()
    sim.receipts(mode="auto")


@case
def pushes_over_a_transceiver():
    """A link that has no host: the SMSC comes, or nothing goes."""
    port = harness.free_port()
    gw = Gateway(sim.port, smsc_more="\ngroup = smsc\nsmsc = smpp\nsmsc-id = comes\nsmsc-username = ppg\n"
                 "smsc-password = secret\n" + outbind(port, "outbind-bind = transceiver") +
                 "\ngroup = route\nname = iberia\nprefix = +34\nlinks = comes\n")
    gw.wait_link()
    push_id = new_id()
    equal(gw.push("+34255550172", push_id=push_id).code, 1001)
    smsc = come(port)
    take_bind(smsc, TRANSCEIVER)
    submit = smsc.next_request()
    equal(submit.id, smpp_client.SUBMIT_SM)
    equal(smpp_client.parse_message(submit.body)["dest"], "34255550172")
    smsc.answer(submit, body=b"A7\0")
    wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "the submission")
    receipt(smsc, "A7", "+34255550172")
    gw.wait_state(push_id, "delivered")
    gw.program.signal(15)
    unbind = smsc.next_request()
    equal(unbind.id, smpp_client.UNBIND)
    smsc.answer(unbind, body=b"")
    equal(gw.program.wait(), 0)


@case
def who_is_not_let_in():
    port = harness.free_port()
    gw = Gateway(sim.port, smsc_more=outbind(port))
    gw.wait_link()
    for system_id, password in (("smsc1", "guess"), ("smsc2", "hello"), ("smsc1", "")):
        assert come(port, system_id, password).is_closed(), (system_id, password)
    gw.program.wait_line("outbind with a wrong name or password from 127.0.0.1")
    assert not [line for line in gw.program.tail(1000) if "guess" in line or "hello" in line]
    equal(gw.admin("/api/v1/links").json()[0]["state"], "up")
    smsc = come(port)
    take_bind(smsc, RECEIVER)
    gw.stop()


@case
def a_transmitter_and_a_receiver_that_comes():
    """The link is bound as transmitter alone; its receipts come only when the SMSC does."""
    port = harness.free_port()
    gw = Gateway(sim.port, smsc_more="transceiver-mode = false\n" + outbind(port))
    gw.wait_link()
    push_id = new_id()
    equal(gw.push("+12025550173", content="x" * 300, content_type="text/plain", push_id=push_id).code, 1001)
    wait_for(lambda: gw.show(push_id)["recipients"][0]["step"] == "submitted", "the submission")
    answer = harness.http_post(sim.url + "outbind", {"host": "127.0.0.1", "port": port, "system_id": "smsc1", "password": "hello"})
    equal(answer.status, 200, answer.text)
    gw.wait_state(push_id, "delivered")
    gw.stop()


@case
def kept_over_a_reload():
    """A link that changes opens its port again when the old one has left it."""
    port = harness.free_port()
    gw = Gateway(sim.port, smsc_more=outbind(port))
    gw.wait_link()
    smsc = come(port)
    take_bind(smsc, RECEIVER)
    gw.write_config(smsc_more=outbind(port, "throughput = 50"))
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    unbind = smsc.next_request()
    equal(unbind.id, smpp_client.UNBIND)
    smsc.answer(unbind, body=b"")
    smsc = come(port)
    take_bind(smsc, RECEIVER)
    gw.stop()


harness.main()
