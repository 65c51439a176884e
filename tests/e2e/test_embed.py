"""Another program with the push router inside: contrib/embed, and the library and headers as installed."""
import os
import subprocess

from harness import TOP_BUILDDIR, Skip, built, case, equal, main, run, source, temp_dir
from pushes import push, si, ud

# M-Notification.ind: transaction T12, version 1.2, personal, 256 octets, two days, http://m.example
MMS = "8C829854313200" "8D92" "890181" "8A80" "8E020100" "8805810302A300" "83687474703A2F2F6D2E6578616D706C6500"
PROFILES = source("contrib/profiles")


def messages():
    long = bytes.fromhex(push("text/plain", b"a" * 100 + b"b" * 100))
    parts = ["0B05040B8423F00003%02X%02X%02X" % (77, 2, i + 1) + long[i * 127:(i + 1) * 127].hex() for i in range(2)]
    return [ud(push("text/plain", b"hello")), parts[1], parts[0], ud("0106" "01BE" + MMS), si(1), "0605", "x",
            "060504C34FC002" + push("text/plain", b"x"), parts[0].replace("4D02", "4E02", 1)]


EXPECTED = [
    r"DELIVER by text/plain (text/plain)", "inbox: Content-Type: text/plain", "roles 4928, hello", "more parts are to come",
    "DELIVER by text/plain (text/plain)", "inbox: Content-Type: text/plain", "roles 4928, " + "a" * 100 + "b" * 100,
    "MMS client: %d octets from +12025550100" % (len(MMS) // 2), "DELIVER by MMS client (application/vnd.wap.mms-message)",
    "DISCARD P11: no client registered (application/vnd.wap.sic)", "dropped: ", "dropped: ",
    "NOT_A_PUSH: port 49999 is not the push port 2948", "more parts are to come", "1 MMS, 1 incomplete"]


def check(program):
    status, out, err = run([program, PROFILES], "\n".join(messages()) + "\n")
    equal((status, err), (0, ""))
    lines = [line.rstrip("\r") for line in out.splitlines()]
    equal(len(lines), len(EXPECTED), out)
    for got, expected in zip(lines, EXPECTED):
        assert got == expected or (expected.endswith(": ") and got.startswith(expected)), (got, expected)


@case
def example():
    """contrib/embed as the build makes it"""
    check(built("contrib/embed/embed"))
    status, _, err = run([built("contrib/embed/embed"), "/no/such/folder"])
    equal(status, 1)
    assert "wm5" in err, err


@case
def installed():
    """the example compiled against what `make install` installs, and nothing else"""
    with open(built("libpushrouter.a"), "rb") as f:
        sanitized = b"__asan_init" in f.read()
    root = temp_dir()
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    made = subprocess.run(["make", "-s", "-C", TOP_BUILDDIR, "install-libLIBRARIES", "install-nobase_pushrouterHEADERS",
                           "install-pkgconfigDATA", "DESTDIR=" + root], env=env, capture_output=True, text=True)
    equal(made.returncode, 0, made.stdout + made.stderr)
    config = [os.path.join(d, "openppg-pushrouter.pc") for d, _, names in os.walk(root) if "openppg-pushrouter.pc" in names]
    equal(len(config), 1)
    env = {"PKG_CONFIG_PATH": os.path.dirname(config[0]), "PKG_CONFIG_SYSROOT_DIR": root}
    status, flags, err = run(["pkg-config", "--cflags", "--libs", "openppg-pushrouter"], env=env)
    if status != 0:
        raise Skip("pkg-config: " + err)
    # the libraries that it requires are where they were
    flags = [flag if not flag.startswith(("-I" + root, "-L" + root)) or os.path.isdir(flag[2:]) else flag[:2] + flag[2 + len(root):]
             for flag in flags.split()]
    program = os.path.join(root, "embed")
    status, out, err = run(["cc", "-std=gnu11", "-Wall", "-Werror", source("contrib/embed/embed.c"), "-o", program,
                            *(["-fsanitize=address,undefined"] if sanitized else []), *flags], cwd=root)
    equal((status, err), (0, ""), out)
    check(program)


if __name__ == "__main__":
    main()
