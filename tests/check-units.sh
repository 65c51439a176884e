#!/bin/sh
# check-units.sh - the service units: programs that are installed, options that they have, and what systemd itself says of
# them where it is there. Run by make check from the build folder.
set -u
n=0
failed=0
result() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		failed=1
	fi
}
make=${MAKE:-make}
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
echo "1..3"
units="contrib/systemd/ppgd.service contrib/systemd/tps.service"

said=
for unit in $units; do
	while read -r line; do
		program=$(basename "$line")
		[ -x "./$program" ] || said="$said$unit: $program is not built
"
	done <<-END
	$(sed -n 's/^Exec[A-Za-z]*=\([^ ]*\).*/\1/p' "$unit" | grep -v '^/bin/kill$')
	END
	grep -q '@' "$unit" && said="$said$unit: a place was not filled
"
done
result "units start programs that are here" "$said"

said=
for program in ppgd tps; do
	"./$program" --help 2>&1 | grep -q -e --check-config || said="$said$program has no --check-config
"
done
result "their options exist" "$said"

if command -v systemd-analyze >/dev/null 2>&1 && systemd-analyze verify --help >/dev/null 2>&1; then
	said=
	for unit in $units; do
		# programs where they are now, an account that exists
		sed -e "s|^\(Exec[A-Za-z]*=\)/[^ ]*/\(ppgd\|tps\)|\1$PWD/\2|" -e 's/^User=.*/User=root/' -e 's/^Group=.*/Group=root/' \
			-e '/^Documentation=/d' "$unit" > "$root/$(basename "$unit")"
	done
	said=$(systemd-analyze verify --man=no --recursive-errors=no "$root"/*.service 2>&1 | grep -F "$root" | head -5)
	result "systemd takes them" "$said"
else
	n=$((n + 1))
	echo "ok $n - systemd takes them # SKIP systemd-analyze is not there"
fi
exit $failed
