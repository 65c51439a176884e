#!/bin/sh
# check-includes.sh - the arrows between folders, and the one house of each third-party library.
# A row is one TAP case; what breaks it is listed as a diagnostic.
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1
number=0 bad=0

# result TITLE LINES: the lines are what breaks the rule
result() {
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "$2" | sed 's/^/# /'
		bad=1
	fi
}

# Every include of the sources: "file:line:#include ..."
sources() {
	find base wap policy store smsc ppg router contrib tests -name '*.[ch]' -exec \
		grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null {} +
}
all=$(sources)
in_all() { printf '%s\n' "$all" | grep -E "$1"; }

# arrow FOLDER "MAY INCLUDE": headers of ours that files in FOLDER name
arrow() {
	result "$1 includes of ours only $2" "$(in_all "^$1/" |
		grep -E '"(base|wap|policy|store|smsc|ppg|router|contrib|tests)/' |
		grep -vE "\"($(echo "$2" | tr ' ' '|'))/")"
}
arrow base    'base'
arrow wap     'wap base'
arrow policy  'policy base'
arrow store   'store base'
arrow smsc    'smsc wap base'
arrow router  'router policy wap base'
arrow ppg     'ppg store smsc policy wap base'
arrow contrib 'contrib router policy wap base'

# Files of ours are named from the top, so that the arrows above see all of them.
result "files of ours are included with their folder" "$(in_all '"[^"/]*"' | grep -vE '"config\.h"')"

# house LIBRARY HEADER-PATTERN "FILES"
house() {
	result "$1 is included in its house only" "$(in_all "[<\"]($2)" | grep -vE "^($3):" | grep -vE '^tests/')"
}
house libmicrohttpd 'microhttpd'             'base/http_[a-z_]*\.[ch]'
house GnuTLS        'gnutls/'                'base/http_(tls|handshake)[a-z_]*\.[ch]'
house libcurl       'curl/'                  'base/http_[a-z_]*\.[ch]'
house expat         'expat'                  'base/xml\.c'
house jansson       'jansson'                'base/json\.h'
house OpenSSL       'openssl/'               '(base/(tls|password|secret)[a-z_]*\.c|policy/[a-z_]*\.c)'
house libwbxml      'wbxml/|wbxml_conv\.h|libwbxml'  'tests/.*'
# tps keeps devices, not pushes: nothing of store/ would serve it
house SQLite        'sqlite3'                '(store/[a-z_]*|contrib/tps/db[a-z_]*)\.[ch]'
house libpq         'libpq|postgres'         'store/[a-z_]*\.[ch]'
house gwlib         'gwlib/|gw/'             '(smsc|ppg)/[a-z_]*\.c'

result "no header includes gwlib" "$(in_all '^[^:]*\.h:' | grep -E '[<"](gwlib/|gw/)')"

# Pure codecs: octets or facts in, structs out.
result "wap/ and policy/ do no I/O, have no threads and do not log" "$(in_all '^(wap|policy)/' |
	grep -E '<(pthread|sys/socket|netdb|fcntl|unistd|signal|poll|sys/epoll)\.h>|"base/(log|loop|queue|http_[a-z]*)\.h"')"

# Nobody but the tests uses what the tests share.
result "only tests include tests/" "$(in_all '"tests/' | grep -vE '^tests/')"

# A test that no list names is never run.
result "every test is in a list" "$(for test in tests/e2e/test_*.py tests/unit/test_*.c tests/unit/test_*.sh tests/check-*.sh tests/fuzz/fuzz_*.c; do
	name=$(echo "$test" | sed 's/\.c$//')
	grep -q -F "$name" */local.mk contrib/*/local.mk || echo "$test"
done)"

# So that the rows above did look at something.
result "includes were found" "$([ "$(printf '%s\n' "$all" | wc -l)" -gt 50 ] || echo "fewer than 50 in $PWD")"

echo "1..$number"
exit $bad
