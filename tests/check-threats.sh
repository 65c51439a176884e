#!/bin/sh
# check-threats.sh - doc/threats.md against the tests: every control and threat has its row, every named test exists.
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1
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

# "FILE TEST" a line, of the last column: "unit/test_a.c: one, two; e2e/test_b.py: three"
named=$(awk -F ' *[|] *' '/^\|/ && NF >= 5 { print $4 }' doc/threats.md | tr ';' '\n' | awk -F ': *' '
	NF == 2 && $1 ~ /test_/ { gsub(/^ +| +$/, "", $1); n = split($2, names, / *, */); for (i = 1; i <= n; i++) { gsub(/ /, "", names[i]); print $1, names[i] } }')
result "tests are named" "$([ "$(printf '%s\n' "$named" | wc -l)" -ge 30 ] || echo "only $(printf '%s\n' "$named" | wc -l)")"
result "every test that doc/threats.md names exists" "$(printf '%s\n' "$named" | while read -r file test; do
	case $file in
	*.c) grep -qE "TEST\($test\)|^$test\(void" "tests/$file" 2>/dev/null ;;
	*) grep -q "^def $test()" "tests/$file" 2>/dev/null ;;
	esac || echo "$file: $test"
done)"
result "every control and threat has a row" "$(
	for n in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q "^| E-$n |" doc/threats.md || echo "E-$n"
	done
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
		grep -q "^| T$n " doc/threats.md || echo "T$n"
	done)"
result "a row has a test or says why a gateway cannot help" "$(awk -F ' *[|] *' '
	/^\| (E-|T[0-9]|[a-z])/ && $4 == "" && $0 !~ /a gateway cannot help/ && $2 != "threat" && $2 != "control" { print $2 }' doc/threats.md)"

echo "1..$number"
exit $bad
