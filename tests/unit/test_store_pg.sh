#!/bin/bash
# test_store_pg.sh - the contract of the store on PostgreSQL: the programs that test it on SQLite run again on a
# server of their own, and then what is PostgreSQL's alone (test_pg). Their cases are counted as one list.
top_builddir=${top_builddir:-.} top_srcdir=${top_srcdir:-$(dirname "$0")/../..}
. "$top_srcdir/tests/unit/pg_cluster.sh"
programs=${*:-test_store test_store_outcome test_store_whole test_store_class test_store_cancel test_store_replace \
	test_store_facts test_store_audit test_store_ask test_store_memory test_pg}

trap pg_stop EXIT
trap 'exit 1' INT TERM HUP
if [ -z "$pg_bin" ]; then
	echo "1..0 # SKIP no PostgreSQL server is installed"
	exit 0
fi
if ! pg_start; then
	echo "1..1"
	echo "not ok 1 - a PostgreSQL server for the tests"
	exit 1
fi
number=0 bad=0
for program in $programs; do
	CMOCKA_MESSAGE_OUTPUT=TAP "$top_builddir/tests/unit/$program" >"$pg_folder/out" 2>"$pg_folder/err" </dev/null
	status=$?
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$pg_folder/out" | head -n 1)
	seen=$(grep -cE '^(not )?ok ' "$pg_folder/out")
	awk -v number="$number" -v program="$program" '
		/^(not )?ok / {
			result = $1 == "not" ? "not ok" : "ok"
			sub(/^(not )?ok [0-9]+ *-? */, "")
			print result, ++number, "- " program " on PostgreSQL: " $0
			next
		}
		/^1\.\./ { next }
		{ print /^#/ ? $0 : "# " $0 }
	' "$pg_folder/out"
	sed 's/^/# /' "$pg_folder/err"
	number=$((number + seen))
	grep -q '^not ok' "$pg_folder/out" && bad=1
	if [ -z "$planned" ] || [ "$planned" != "$seen" ] || { [ $status -ne 0 ] && ! grep -q '^not ok' "$pg_folder/out"; }; then
		number=$((number + 1)) bad=1
		echo "not ok $number - $program ends as it should (status $status, $seen of ${planned:-?} cases)"
		tail -n 20 "$pg_folder/log" | sed 's/^/# /'
	fi
done
echo "1..$number"
exit $bad
