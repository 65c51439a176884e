"""Links to an SMSC over TLS: who is believed, who is not, and a push on its way."""
import base64
import hashlib
import os
import subprocess

import harness
from gateway import Gateway, new_id
from harness import case, equal

FOLDER = harness.temp_dir()


def path(name):
    return os.path.join(FOLDER, name)


def openssl(*args, data=None):
    done = subprocess.run(["openssl"] + list(args), input=data, capture_output=True, timeout=harness.DEADLINE_S)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def make(name, issuer=None, names=None):
    """name.pem (certificate and key) and name.key."""
    with open(path(name + ".ext"), "w") as f:
        f.write("basicConstraints=critical,CA:%s\n" % ("FALSE" if issuer else "TRUE"))
        if names:
            f.write("subjectAltName=%s\n" % names)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
            "-keyout", path(name + ".key"), "-out", path(name + ".csr"))
    signer = ["-CA", path(issuer + ".pem"), "-CAkey", path(issuer + ".key"), "-CAcreateserial"] if issuer else \
        ["-signkey", path(name + ".key")]
    openssl("x509", "-req", "-days", "2", "-in", path(name + ".csr"), "-extfile", path(name + ".ext"),
            "-out", path(name + ".pem"), *signer)
    with open(path(name + ".pem"), "a") as out, open(path(name + ".key")) as key:
        out.write(key.read())


make("ca")
make("server", "ca", "DNS:smsc.example.net")
make("client", "ca")
PIN = hashlib.sha256(openssl("pkey", "-pubout", "-outform", "DER", "-in", path("server.key"))).digest()


def tls_sim(*more):
    return harness.Smscsim("--tls-cert", path("server.pem"), *more)


def gateway(sim, more, ssl="true"):
    return Gateway(sim.port, smsc_more="use-ssl = %s\nreconnect-delay = 1s\nreconnect-delay-max = 1s\n%s" % (ssl, more))


def delivers(sim, more):
    """A long push goes out over the link, and its receipts come back."""
    gw = gateway(sim, more)
    try:
        gw.wait_link()
        push_id = new_id("tls")
        equal(gw.push("+12025550177", push_id=push_id).code, 1001)
        harness.wait_for(lambda: gw.show(push_id)["state"] == "delivered", "the push to be delivered")
    finally:
        gw.stop()


def is_refused(sim, more, reason, ssl="true"):
    """The link stays down, and the log says why."""
    gw = gateway(sim, more, ssl)
    try:
        gw.program.wait_line(reason)
        equal(sim.stats()["binds"], 0)
    finally:
        gw.stop()


@case
def verified_by_name():
    delivers(tls_sim(), 'ssl-trusted-ca-file = "%s"\nssl-server-name = smsc.example.net' % path("ca.pem"))


@case
def pinned_and_with_our_own_certificate():
    delivers(tls_sim("--tls-client-ca", path("ca.pem")), 'ssl-pinned-key = "%s"\nssl-client-certkey-file = "%s"' % (
        base64.b64encode(PIN).decode(), path("client.pem")))


@case
def the_wrong_name():
    is_refused(tls_sim(), 'ssl-trusted-ca-file = "%s"' % path("ca.pem"), "IP address mismatch")


@case
def the_wrong_authority():
    is_refused(tls_sim(), "ssl-server-name = smsc.example.net", "unable to get local issuer certificate")


@case
def the_wrong_key():
    is_refused(tls_sim(), "ssl-pinned-key = %s" % ("00" * 32), "the peer's key is not the pinned one")


@case
def one_side_without_tls():
    is_refused(tls_sim(), "", "closed by the SMSC|no answer to the bind|Connection reset", ssl="false")
    is_refused(harness.Smscsim(), "ssl-pinned-key = %s" % PIN.hex(), "TLS: ")


harness.main()
