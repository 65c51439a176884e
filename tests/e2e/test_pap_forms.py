"""Numbers and addresses in the forms that initiators write, through ppgd to what smscsim is asked to dial."""
import gateway
import harness
from gateway import initiator, new_id
from harness import case, equal

sim = harness.Smscsim()
gw = gateway.Gateway(sim.port, ppg_more='country-code = 49\nnational-prefix = 0\nnotify-allow = "127.0.0.0/8"',
                     initiators=initiator() + initiator("british", "gb", "gb-pw", more="country-prefix = +44"))
gw.wait_link()
seq = 0


def dialled():
    global seq
    message = sim.wait_messages(1, since=seq)[0]
    seq = message["seq"]
    return message["dest"].lstrip("+")


@case
def numbers_are_dialled_as_international():
    for number, as_dialled in (("01715550143", "491715550143"), ("0171-555.0143", "491715550143"),
                               ("0012025550143", "12025550143"), ("12025550143", "12025550143"),
                               ("+12025550143", "12025550143")):
        equal(gw.push(number).code, 1001, number)
        equal(dialled(), as_dialled, number)
    equal(gw.push("07915550143", user="gb", password="gb-pw").code, 1001)
    equal(dialled(), "447915550143")


@case
def the_initiator_gets_its_own_spelling_back():
    written = "/wappush=0171-555.0144/EXT=a@b/type=plmn/@PPG.example.net"
    push_id = new_id()
    equal(gw.push(written, push_id=push_id).code, 1001)
    equal(dialled(), "491715550144")
    equal(gw.wait_state(push_id, "delivered")["recipients"][0]["address"], written)


@case
def types_that_are_numbers():
    equal(gw.push("WAPPUSH=%2B12025550145/TYPE=GSM_MSISDN@ppg.example.net").code, 1001)
    equal(dialled(), "12025550145")


@case
def what_cannot_be_dialled():
    for number, says in (("112", "short number"), ("+4930", "short number"), ("+", "without a digit"),
                         ("WAPPUSH=1/TYPE=TETRA_ITSI@p", "TETRA_ITSI"), ("WAPPUSH=1/TYPE=NEW@p", "NEW")):
        reply = gw.push(number)
        equal(reply.code, 2002, number)
        assert says in reply.desc, reply.desc


@case
def stop():
    gw.stop()
    sim.stop()


harness.main()
