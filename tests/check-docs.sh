#!/bin/sh
# check-docs.sh - the documents against what they describe: configuration keys, programs, verbs.
# A row is one TAP case; what is wrong is listed as a diagnostic.
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1
build=${top_builddir:-.}
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

# What the manual has to say of each key: group, key, "number, 1..65535; default 8080".
expected=$("$build/ppgd" --print-keys | awk -F '\t' '
	$3 == "ignored" { print $1 "\t" $2 "\tignored"; next }
	{
		spec = $3 == "boolean" ? "boolean" : $3 == "word" ? $4 : $3 ", " $4
		if ($5 == "required") spec = spec "; required"
		else if ($5 != "") spec = spec "; default " $5
		print $1 "\t" $2 "\t" spec
	}')
# What it says, in the same form.
written=$(sed 's/\\-/-/g' doc/ppgd.conf.5 | awk '
	/^\.SH GROUP / { group = tolower($3) }
	/^\.SH WITHOUT A USE HERE/ { unused = 1; group = ""; key = "" }
	/^\.SH / && !/^\.SH (GROUP|WITHOUT)/ { unused = 0; group = "" }
	/^\.B / { key = $2; next }
	group != "" && /^\.I / { sub(/^\.I /, ""); print group "\t" key "\t" $0 }
	unused && key != "" && !/^\./ { gsub(/[,.]/, " "); for (i = 1; i <= NF; i++) print key "\t" $i "\tignored" }')

only_first() { printf '%s\n' "$1" | while IFS= read -r line; do
	printf '%s\n' "$2" | grep -qxF -e "$line" || printf '%s\n' "$line"
done; }

result "keys are known" "$([ "$(printf '%s\n' "$expected" | wc -l)" -gt 100 ] || echo "ppgd --print-keys printed too few")"
result "every key is in doc/ppgd.conf.5, with its range and default" "$(only_first "$expected" "$written")"
result "doc/ppgd.conf.5 has no key that does not exist" \
	"$(only_first "$(printf '%s\n' "$written" | grep -v '^whole')" "$expected")"

result "every program has a manual page" "$(for program in $(env -u MAKEFLAGS -u MAKELEVEL make -s -C "$build" list-programs); do
	name=${program##*/}
	ls "doc/$name".[1-8] >/dev/null 2>&1 || echo "$name"
done)"

result "every verb of ppgctl and each of its options is in doc/ppgctl.1" "$(
	"$build/ppgctl" --help | awk '/^  / { print $1 }' | while read -r verb; do
		sed 's/\\-/-/g' doc/ppgctl.1 | grep -q "^\.SS ppgctl $verb" || echo "$verb"
		"$build/ppgctl" "$verb" --help | awk '/^  --/ && $1 != "--help" { print $1 }' |
			while read -r option; do
				sed 's/\\-/-/g' doc/ppgctl.1 | awk -v section="$verb" -v option="$option" '
					/^\.S[SH] / { inside = $0 ~ "^.SS ppgctl " section "( |$)" }
					inside && index($0 " ", option " ") { found = 1 }
					END { exit !found }' || echo "$verb $option"
			done
	done)"

# The same of tps.
expected=$("$build/tps" --print-keys | awk -F '\t' '{
	spec = $3 == "boolean" ? "boolean" : $3 ", " $4
	if ($5 == "required") spec = spec "; required"
	else if ($5 != "") spec = spec "; default " $5
	print $2 "\t" spec }')
written=$(sed 's/\\-/-/g' doc/tps.1 | awk '
	/^\.SH / { inside = /^\.SH CONFIGURATION/; key = "" }
	!inside { next }
	/^\.TP/ { named = 1; next }
	named && /^\.B / { key = $2 }
	key != "" && /^\.I / { sub(/^\.I /, ""); print key "\t" $0; key = "" }
	{ named = 0 }')
result "every key of tps is in doc/tps.1, with its range and default" "$(
	[ "$(printf '%s\n' "$expected" | wc -l)" -gt 30 ] || echo "tps --print-keys printed too few"
	only_first "$expected" "$written"; only_first "$written" "$expected")"
result "every verb of tps and each of its options is in doc/tps.1" "$(
	"$build/tps" --help | sed -n 's/^  \([a-z][a-z ]*[a-z]\).*/\1/p' | while read -r verb; do
		sed 's/\\-/-/g' doc/tps.1 | grep -qE "^\.BI? \"?tps $verb( |\"|$)" || echo "$verb"
		"$build/tps" $verb --help | awk '/^  --/ && $1 != "--help" { print $1 }' | while read -r option; do
			sed 's/\\-/-/g' doc/tps.1 | awk -v verb="$verb" -v option="$option" '
				/^\.(BI?) "?tps / { inside = index($0 " ", "tps " verb " ") || index($0, "tps " verb "\"") }
				inside && index($0 " ", option " ") { found = 1 }
				option == "--json" && index($0, option) { found = 1 }
				END { exit !found }' || echo "$verb $option"
		done
	done)"

# Which keys wait for a restart; "lenient-*" there stands for all that begin so.
waiting=$(sed 's/\\-/-/g' doc/ppgd.conf.5 | awk '
	/^\.SH / { inside = /^\.SH RELOADING/; group = ""; next }
	!inside { next }
	/^\.TP/ { named = 1; next }
	/^\./ { group = named && $1 == ".B" ? $2 : ""; named = 0; next }
	group != "" { gsub(/[,.]/, " "); for (i = 1; i <= NF; i++) print group "\t" $i }')
restarting=$("$build/ppgd" --print-keys | awk -F '\t' '$7 == "restart" { sub(/^lenient-.*/, "lenient-*", $2); print $1 "\t" $2 }' | sort -u)
result "doc/ppgd.conf.5 names the keys that wait for a restart" "$(only_first "$restarting" "$waiting"
	only_first "$waiting" "$restarting")"

# What doc/from-kannel.md says of each variable, as "group<TAB>variable<TAB>word[<TAB>what the notice says]".
taken_over=$(awk '
	function tell(cell, rest,   names, n, i) {
		n = split(cell, names, "`")
		for (i = 2; i <= n; i += 2) print group "\t" names[i] "\t" rest
	}
	/^## / { group = $2 == "group" ? $3 : "" }
	group == "" { next }
	/^\| `/ {
		split($0, cell, / \| /)
		sub(/^\| /, "", cell[1])
		sub(/ \|$/, "", cell[3])
		word = "what is \"" cell[2] "\"?"
		if (cell[2] == "kept" || cell[2] == "changed" || cell[3] ~ /when it is true/) word = "used"
		else if (cell[2] == "no longer needed" || cell[2] == "not supported") word = "ignored\t" cell[3]
		tell(cell[1], word)
	}
	/^Not of Kannel: / { tell($0, "used") }' doc/from-kannel.md)
# "lenient-*" there stands for all keys that begin so.
families=$(printf '%s\n' "$taken_over" | sed -n 's/^\([^*]*\)\*\tused$/^\1/p')
taken_over=$(printf '%s\n' "$taken_over" | grep -vF '*')
# What is true, in the same form; some groups are not Kannel's.
true_here=$("$build/ppgd" --print-keys | awk -F '\t' '$1 !~ /^(store|admin|subscriber-source|control|route|device-profile)$/ {
	print $1 "\t" $2 "\t" ($3 == "ignored" ? "ignored\t" $6 : "used") }' |
	if [ -n "$families" ]; then grep -v "$families"; else cat; fi)
result "doc/from-kannel.md has every key, and says what the notices say" "$(only_first "$true_here" "$taken_over")"
result "doc/from-kannel.md has no key that does not exist, and none twice" "$(only_first "$taken_over" "$true_here"
	printf '%s\n' "$taken_over" | cut -f 1,2 | sort | uniq -d)"

# The sample shows every group; it is read by a unit test as well.
result "manual pages have no errors" "$(command -v groff >/dev/null || exit 0
	for page in doc/*.[1-8]; do
		groff -mandoc -Tutf8 -ww "$page" 2>&1 >/dev/null
	done)"

result "nothing is left for later in the sources" "$(
	grep -rnE '\b(TODO|FIXME|XXX)\b' --include='*.[ch]' --include='*.py' --include='*.sh' --include='*.mk' \
		--include='*.[1-8]' --include='*.md' base wap policy store smsc ppg router contrib tests doc README.md |
		grep -v '^tests/check-docs.sh:')"

echo "1..$number"
exit $bad
