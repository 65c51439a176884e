#!/bin/sh
# check-bad-input.sh - doc/bad-input.md against itself and the tests: every row of its list is there once, and
# every test it names exists. A row is one TAP case; what is wrong is listed as a diagnostic.
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1
doc=${1:-doc/bad-input.md}
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

# "H-01..H-14" and "G1..G8" of the list, one id a line
wanted=$(sed -n 's/^Rows: \(.*\)\.$/\1/p' "$doc" | tr ',' '\n' | awk '
	match($1, /^[A-Z]-?/) {
		prefix = substr($1, 1, RLENGTH)
		split($1, ends, "\\.\\.")
		first = substr(ends[1], RLENGTH + 1)
		for (i = first + 0; i <= substr(ends[2], RLENGTH + 1) + 0; i++)
			printf "%s%0*d\n", prefix, length(first), i
	}')
# the rows: id, last cell
rows=$(awk -F ' *\\| *' '/^\| [A-Z]-?[0-9]+ / { print $2 "\t" $(NF - 1) }' "$doc")
present=$(printf '%s\n' "$rows" | cut -f 1 | sort)

result "the list of rows is read" "$([ "$(printf '%s\n' "$wanted" | wc -l)" -ge 90 ] || echo "$wanted")"
result "every row of the list is there once" "$(printf '%s\n' "$wanted" "--" "$present" | awk '
	$1 == "--" { rows = 1; next }
	!rows { wanted[$1] = 1; next }
	!($1 in wanted) { print $1 " is not in the list" }
	seen[$1]++ { print $1 " is there twice" }
	END { for (id in wanted) if (!(id in seen)) print id " is missing" }')"
result "every row names a test, or what it waits for" "$(printf '%s\n' "$rows" |
	grep -vE '	.*((unit|e2e)/test_[a-z_0-9]+\.(c|py): [a-z]|waits for: [a-z])')"

# "id file case", one case a line
named=$(printf '%s\n' "$rows" | awk -F '\t' '{
	n = split($2, parts, "; *")
	for (i = 1; i <= n; i++) {
		if (parts[i] ~ /^waits for: /)
			continue
		m = split(parts[i], pair, ": *")
		k = split(pair[2], cases, ", *")
		if (m != 2 || k == 0)
			print $1, "?", parts[i]
		for (j = 1; j <= k; j++)
			print $1, pair[1], cases[j]
	}
}')
result "every test that is named exists" "$(printf '%s\n' "$named" | while read -r id file name; do
	case $file in
	unit/*.c) grep -qE "^$name\(void \*\*" "tests/$file" 2>/dev/null ;;
	e2e/*.py) grep -A1 -x '@case' "tests/$file" 2>/dev/null | grep -q "^def $name()" ;;
	*) false ;;
	esac || echo "$id: $file: $name"
done)"

# A case of C that main() does not name would never run.
result "every unit test that is named is run" "$(printf '%s\n' "$named" | while read -r id file name; do
	case $file in
	unit/*.c) grep -qE "[({, ]$name[),]" "tests/$file" || echo "$id: $file: $name" ;;
	esac
done)"

echo "1..$number"
exit $bad
