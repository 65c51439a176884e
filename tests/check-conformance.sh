#!/bin/sh
# check-conformance.sh - doc/conformance.md against tests/conformance.list and the tests: every item has its row, every
# mandatory one is supported, and every test that is named exists. A row is one TAP case.
#
#	check-conformance.sh --ran BUILD	after the tests: the results in BUILD say that each case named passed
top=${top_srcdir:-$(dirname "$0")/..}
ran=
if [ "${1:-}" = --ran ]; then
	ran=$(cd "${2:?}" && pwd) || exit 1
	shift 2
fi
cd "$top" || exit 1
doc=${1:-doc/conformance.md}
list=${2:-tests/conformance.list}
number=0 bad=0

# result TITLE LINES: the lines are what is wrong
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

wanted=$(grep -v '^#' "$list")
# item, status, supported, shown by, remark; a tab between them
rows=$(sed 's/\\|/!/g' "$doc" | awk -F '|' '
	function trim(s) { gsub(/^ +| +$/, "", s); return s }
	/^\| [A-Z]+(-[A-Z]+)*-[CS]-[0-9]+ / { print trim($2) "\t" trim($4) "\t" trim($5) "\t" trim($6) "\t" trim($7) }')
# "item file case", one case a line
named=$(printf '%s\n' "$rows" | awk -F '\t' '$4 != "" {
	n = split($4, parts, "; *")
	for (i = 1; i <= n; i++) {
		m = split(parts[i], pair, ": *")
		k = split(pair[2], cases, ", *")
		if (m != 2 || k == 0)
			print $1, "?", parts[i]
		for (j = 1; j <= k; j++)
			print $1, pair[1], cases[j]
	}
}')

if [ -n "$ran" ]; then
	# The driver writes "PASS: tests/unit/test_x 3 - case" for C, "PASS: tests/e2e/test_x.py 3 - case: its title".
	result "every test that doc/conformance.md names has passed" "$(printf '%s\n' "$named" | while read -r item file name; do
		log=$ran/tests/${file%.*}.log
		grep -qE "^PASS: tests/${file%.c} [0-9]+ - $name(:|\$)" "$log" 2>/dev/null || echo "$item: $file: $name"
	done)"
	echo "1..$number"
	exit $bad
fi

result "the list of items is read" "$([ "$(printf '%s\n' "$wanted" | grep -cE '^[A-Z]+(-[A-Z]+)*-[CS]-[0-9]+ [MO]$')" -ge 120 ] || echo "$wanted")"
result "every item of the list has one row, with its status" "$(printf '%s\n' "$wanted" "--" "$rows" | awk '
	$1 == "--" { rows = 1; next }
	!rows { wanted[$1] = $2; next }
	!($1 in wanted) { print $1 " is not in the list"; next }
	seen[$1]++ { print $1 " is there twice" }
	$2 != wanted[$1] { print $1 " is " wanted[$1] ", not " $2 }
	END { for (item in wanted) if (!(item in seen)) print item " is missing" }')"
result "every mandatory item is supported" "$(printf '%s\n' "$rows" | awk -F '\t' '$2 == "M" && $3 != "yes" && $3 != "part" { print $1 ": " $3 }')"
result "what is supported names a test, what is not or in part says why" "$(printf '%s\n' "$rows" | awk -F '\t' '
	$3 !~ /^(yes|no|part)$/ { print $1 ": supported is \"" $3 "\"" }
	$3 != "no" && $4 == "" { print $1 " names no test" }
	$3 == "no" && $4 != "" { print $1 " is not supported and names a test" }
	$3 != "yes" && $5 == "" { print $1 " has no remark" }')"
result "every test that is named exists" "$(printf '%s\n' "$named" | while read -r item file name; do
	case $file in
	unit/*.c) grep -qE "^$name\(void \*\*" "tests/$file" 2>/dev/null &&
		grep -qE "cmocka_unit_test[a-z_]*\($name[,)]" "tests/$file" ;;
	e2e/*.py) grep -A1 -x '@case' "tests/$file" 2>/dev/null | grep -q "^def $name()" ;;
	*) false ;;
	esac || echo "$item: $file: $name"
done)"
echo "1..$number"
exit $bad
