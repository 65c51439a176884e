"""PAP and the admin port over HTTPS: certificates of both sides, their renewal, and https receivers of notifications."""
import base64
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import http.client

import harness
from gateway import Gateway, PASSWORD, Receiver, SI, TOKEN, USER, acknowledge, initiator, multipart, new_id, push_message, read_reply
from harness import case, equal

FOLDER = harness.temp_dir()


# ---- certificates, made here and now ------------------------------------------------------------

def path(name):
    return os.path.join(FOLDER, name)


def openssl(*args):
    done = subprocess.run(["openssl"] + list(args), capture_output=True, text=True, timeout=harness.DEADLINE_S)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def make(name, issuer=None, usage="serverAuth", names="DNS:localhost,IP:127.0.0.1", subject=None, days=2):
    """name.pem and name.key; without an issuer an authority."""
    subject = subject or "/O=Example/CN=" + name
    with open(path(name + ".ext"), "w") as f:
        if issuer:
            f.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=%s\nsubjectAltName=%s\n" % (usage, names))
        else:
            f.write("basicConstraints=critical,CA:TRUE\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", path(name + ".key"), "-out", path(name + ".csr"))
    signer = ["-CA", path(issuer + ".pem"), "-CAkey", path(issuer + ".key"), "-CAcreateserial"] if issuer else \
        ["-signkey", path(name + ".key")]
    openssl("x509", "-req", "-days", str(days), "-in", path(name + ".csr"), "-extfile", path(name + ".ext"),
            "-out", path(name + ".pem"), *signer)


def fingerprint(name):
    return openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", path(name + ".pem")).strip().split("=", 1)[1]


make("ca")
make("other-ca")
make("server", "ca")
make("renewed", "ca")
make("stranger", "other-ca")
make("elsewhere", "ca", names="DNS:elsewhere.example.net,IP:127.0.0.2")
make("past", "ca", days=-1)
make("client", "ca", "clientAuth")
make("pinned", "other-ca", "clientAuth", "DNS:pinned.example.net")
make("named", "ca", "clientAuth", "DNS:named.example.net")
make("pretender", "other-ca", "clientAuth", "DNS:named.example.net")
make("unknown", "ca", "clientAuth", "DNS:unknown.example.net")
shutil.copy(path("server.pem"), path("live.pem"))
shutil.copy(path("server.key"), path("live.key"))

INITIATORS = (initiator() +
              '\ngroup = wap-push-user\nwap-push-user = pinned\ncertificate = "sha256:%s"\n' % fingerprint("pinned") +
              '\ngroup = wap-push-user\nwap-push-user = named\ncertificate = "dns:named.example.net"\n')

sim = harness.Smscsim()
ssl_port = harness.free_port()
FILES = 'ssl-server-cert-file = "%s"\nssl-server-key-file = "%s"\n' % (path("live.pem"), path("live.key"))
gw = Gateway(sim.port, initiators=INITIATORS, log_level="1\nssl-trusted-ca-file = \"%s\"" % path("ca.pem"),
             ppg_more="ppg-ssl-port = %d\n%sssl-client-certs = ask\nssl-client-ca-file = \"%s\"\n" % (
                 ssl_port, FILES, path("ca.pem")))
gw.wait_link()


# ---- a client --------------------------------------------------------------------------------------

def context(client=None, authority="ca"):
    c = ssl.create_default_context(cafile=path(authority + ".pem"))
    if client:
        c.load_cert_chain(path(client + ".pem"), path(client + ".key"))
    return c


def connect(client=None, port=None):
    return http.client.HTTPSConnection("127.0.0.1", port or ssl_port, context=context(client), timeout=harness.DEADLINE_S)


def exchange(connection, method, target, body=None, headers=None):
    connection.request(method, target, body, headers or {})
    response = connection.getresponse()
    return harness.Answer(response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read())


def push(connection, user=None, push_id=None, attributes=""):
    control = push_message(push_id or new_id(), "+12025550143", attributes=attributes)
    body, outer = multipart(control, SI)
    headers = {"Content-Type": outer}
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    return read_reply(exchange(connection, "POST", "/wappush", body, headers))


def server_name(port=None):
    """The common name of the certificate that new connections get."""
    c = connect(port=port)
    c.connect()
    subject = dict(pair[0] for pair in c.sock.getpeercert()["subject"])
    c.close()
    return subject["commonName"]


def renew(name):
    shutil.copy(path(name + ".pem"), path("live.pem"))
    shutil.copy(path(name + ".key"), path("live.key"))


# ---- cases -------------------------------------------------------------------------------------------

@case
def both_ports_take_pushes():
    """Over HTTP and over HTTPS, with a login."""
    over_tls, plain = new_id(), new_id()
    connection = connect()
    equal(push(connection, USER + ":" + PASSWORD, over_tls).code, 1001)
    equal(gw.push("+12025550143", push_id=plain).code, 1001)
    equal(push(connection, USER + ":" + PASSWORD).code, 1001)      # the connection stays
    equal(push(connection, USER + ":wrong").http, 401)
    gw.wait_state(over_tls, "delivered")
    gw.wait_state(plain, "delivered")
    equal(push(connect()).http, 401)


@case
def curl_pushes():
    control, outer = multipart(push_message(new_id(), "+12025550143"), SI)
    status, out, err = harness.run(["curl", "-sS", "--cacert", path("ca.pem"), "-u", USER + ":" + PASSWORD, "-H", "Content-Type: " + outer,
                                    "--data-binary", "@-", "https://localhost:%d/wappush" % ssl_port], stdin=control)
    equal((status, err), (0, ""))
    assert 'code="1001"' in out, out


@case
def a_client_certificate_is_a_login():
    """By its fingerprint, whoever issued it; by a name only when a trusted authority did."""
    for name in ("pinned", "named"):
        push_id = new_id()
        equal(push(connect(name), push_id=push_id).code, 1001)
        equal(gw.wait_state(push_id, "delivered")["initiator"], name)
    equal(push(connect("pretender")).http, 401)
    equal(push(connect("unknown")).http, 401)
    equal(push(connect("unknown"), USER + ":" + PASSWORD).code, 1001)   # a login beside one that nobody knows
    equal(push(connect("named"), USER + ":" + PASSWORD).http, 401)      # two that contradict each other


@case
def plain_http_on_the_https_port():
    with socket.create_connection(("127.0.0.1", ssl_port), timeout=harness.DEADLINE_S) as s:
        s.sendall(b"POST /wappush HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        equal(s.recv(100), b"")
    equal(push(connect(), USER + ":" + PASSWORD).code, 1001)


@case
def nobody_takes_us_for_another():
    try:
        context(authority="other-ca").wrap_socket(socket.create_connection(("127.0.0.1", ssl_port)), server_hostname="localhost")
    except ssl.SSLCertVerificationError:
        return
    raise AssertionError("verified by an authority that did not issue it")


@case
def a_renewed_certificate_is_read():
    """By a reload; connections that there are stay, and a wrong file changes nothing."""
    before = connect()
    equal(push(before, USER + ":" + PASSWORD).code, 1001)
    equal(server_name(), "server")
    renew("renewed")
    equal(server_name(), "server")
    equal(gw.admin("/api/v1/reload", "POST").status, 200)
    equal(server_name(), "renewed")
    equal(push(before, USER + ":" + PASSWORD).code, 1001)

    shutil.copy(path("server.pem"), path("live.pem"))           # not its key
    answer = gw.admin("/api/v1/reload", "POST")
    assert answer.status >= 400, answer
    assert "not the key of the certificate" in answer.text and "ssl-server-key-file" in answer.text, answer.text
    equal(server_name(), "renewed")

    renew("server")
    gw.program.signal(signal.SIGHUP)
    harness.wait_for(lambda: server_name() == "server", "the certificate of the file")


def secure(receiver, name):
    """Its server speaks TLS with that certificate."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(path(name + ".pem"), path(name + ".key"))
    receiver.server.socket = c.wrap_socket(receiver.server.socket, server_side=True)
    receiver.url = receiver.url.replace("http:", "https:")
    return receiver


@case
def notifications_go_to_receivers_that_are_trusted():
    """A certificate of an authority that is not ours, of another name, out of its time, of a client: nothing is sent."""
    trusted = secure(Receiver(), "server")
    trusted.answers.append(acknowledge())
    others = [secure(Receiver(), name) for name in ("stranger", "elsewhere", "past", "client")]
    heard = new_id()
    for other in others:
        start = len(gw.program.lines)
        equal(gw.push("+12025550143", attributes='ppg-notify-requested-to="%s"' % other.url).code, 1001)
        gw.program.wait_line("notify.*(certificate|SSL)", start=start)
    equal(gw.push("+12025550143", push_id=heard, attributes='ppg-notify-requested-to="%s"' % trusted.url).code, 1001)
    note = trusted.wait()[0]
    equal((note["push-id"], note["message-state"]), (heard, "delivered"))
    equal([other.got for other in others], [[], [], [], []])


@case
def https_alone():
    """Without ppg-port and with an admin port that speaks HTTPS, too."""
    port = harness.free_port()
    alone = Gateway(sim.port, start=False, ppg_more="ppg-ssl-port = %d\n%s" % (port, FILES))
    alone.write_config(port=0, token='%s"\nssl-cert-file = "%s"\nssl-key-file = "%s' % (      # the template quotes it
        TOKEN, path("live.pem"), path("live.key")))
    alone.start()
    assert not harness.is_listening(alone.port)
    equal(push(connect(port=port), USER + ":" + PASSWORD).code, 1001)
    admin = connect(port=alone.admin_port)
    bearer = {"Authorization": "Bearer " + TOKEN}
    equal(exchange(admin, "GET", "/healthz").status, 200)
    equal(exchange(admin, "GET", "/api/v1/links").status, 401)
    equal(exchange(admin, "GET", "/api/v1/links", headers=bearer).status, 200)
    command = [harness.built("ppgctl"), "links", "--admin", "https://localhost:%d" % alone.admin_port]
    equal(harness.run(command, env={"PPGCTL_TOKEN": TOKEN, "SSL_CERT_FILE": path("ca.pem")})[0], 0)
    status, _, err = harness.run(command, env={"PPGCTL_TOKEN": TOKEN, "SSL_CERT_FILE": path("other-ca.pem")})
    equal(status, 1, err)
    assert "certificate" in err, err
    renew("renewed")
    equal(exchange(admin, "POST", "/api/v1/reload", headers=bearer).status, 200)
    equal((server_name(port), server_name(alone.admin_port)), ("renewed", "renewed"))
    renew("server")
    alone.stop()


@case
def who_waits_costs_nothing():
    """Fifty connections at rest, and ten that never end their handshake."""
    idle = [connect() for _ in range(50)]
    for c in idle:
        c.connect()
    stuck = [socket.create_connection(("127.0.0.1", ssl_port)) for _ in range(10)]
    for s in stuck:
        s.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
    pid = gw.program.pid
    equal(push(idle[0], USER + ":" + PASSWORD).code, 1001)
    before = harness.cpu_s(pid)
    threading.Event().wait(1)                   # a time to measure over, not one to wait for something
    used = harness.cpu_s(pid) - before
    assert used < 0.5, "%.2f s of one second" % used
    for c in idle + stuck:
        c.close()


harness.main()
