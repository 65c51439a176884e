"""node-smpp for the tests: installed into the build folder once, as tests/e2e/node/package-lock.json pins it."""
import fcntl
import json
import os
import shutil
import subprocess

import harness

FOLDER = os.path.join(harness.TOP_BUILDDIR, "tests", "e2e", "node-smpp")
SOURCES = ("package.json", "package-lock.json")
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "ECONNREFUSED", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT")
# somebody between here and the registry whose certificates this machine does not know
DISTRUSTED = ("SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
              "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
INSTALL_S = 120


def _read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None


def _install():
    """None, or why there is no network to install from."""
    for name in SOURCES:
        shutil.copyfile(harness.source("tests/e2e/node/" + name), os.path.join(FOLDER, name))
    env = dict(os.environ)
    if os.path.exists(AUTHORITIES):                 # the system's, beside those that node brings along
        env.setdefault("NODE_EXTRA_CA_CERTS", AUTHORITIES)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--json",
                           "--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"],
                          cwd=FOLDER, env=env, capture_output=True, timeout=INSTALL_S)
    if done.returncode == 0:
        shutil.copyfile(os.path.join(FOLDER, SOURCES[1]), os.path.join(FOLDER, "installed"))
        return None
    said = done.stdout.decode("utf-8", "replace")
    try:
        code = json.loads(said)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        code = None
    if code in OFFLINE:
        return "no network: npm cannot reach its registry (%s)" % code
    if code in DISTRUSTED:
        return "npm does not trust who answers for its registry (%s)" % code
    raise AssertionError("npm ci: %s\n%s" % (said, done.stderr.decode("utf-8", "replace")))


def command(*words):
    """What runs smsc_node.js, and the environment that it needs; or why it cannot run here."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            return None, None, program + " is not installed"
    if int(harness.run(["node", "-p", "process.versions.node.split('.')[0]"])[1]) < 18:
        return None, None, "node is older than 18"
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        current = _read(harness.source("tests/e2e/node/" + SOURCES[1]))
        why = None if _read(os.path.join(FOLDER, "installed")) == current else _install()
    if why:
        return None, None, why
    return (["node", harness.source("tests/e2e/smsc_node.js")] + list(words),
            {"NODE_PATH": os.path.join(os.path.abspath(FOLDER), "node_modules")}, None)
