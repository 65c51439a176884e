# pg_cluster.sh - a PostgreSQL server of one's own in a temporary folder, on a Unix socket only. Sourced by tests
# in shell; others run it:  pg_cluster.sh serve  starts one, prints its url and its folder, and ends it with its
# standard input;  pg_cluster.sh kill|again FOLDER  do that to the one in FOLDER.
#
# pg_start [NAME=VALUE ...]: makes and starts it; sets pg_folder and OPENPPG_TEST_STORE (the url of a database
# of a role that may make others). pg_kill: SIGKILL to all of it; pg_again: starts it anew. pg_stop: the end.

pg_bin=
for pg_try in "${PG_BINDIR:-}" /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null)"; do
	[ -n "$pg_try" ] && [ -x "$pg_try/initdb" ] && pg_bin=$pg_try
done

# initdb and postgres refuse to run as root: the owner of the folder does it.
pg_run() {
	if [ "$(id -u)" -ne 0 ]; then
		(cd "$pg_folder" && "$@")
	else
		(cd "$pg_folder" && setpriv --reuid="$(stat -c %u .)" --regid="$(stat -c %g .)" --clear-groups "$@")
	fi
}

# Its log goes to a file: nothing of the server holds on to the output of the test.
pg_again() {
	pg_run "$pg_bin/pg_ctl" -D "$pg_folder/data" -l "$pg_folder/log" -w -t 120 start >"$pg_folder/start" 2>&1 </dev/null
}

pg_start() {
	[ -n "$pg_bin" ] || { echo "no PostgreSQL server is installed" >&2; return 1; }
	pg_folder=$(mktemp -d "${TMPDIR:-/tmp}/openppg-pg-XXXXXX") || return
	if [ "$(id -u)" -eq 0 ]; then
		pg_user=$(id -un postgres 2>/dev/null || echo nobody)
		chown "$pg_user:$(id -gn "$pg_user")" "$pg_folder"
	fi
	pg_run "$pg_bin/initdb" -D "$pg_folder/data" -U ppg -A trust -E UTF8 --locale=C --no-instructions \
		>"$pg_folder/initdb" 2>&1 </dev/null || { cat "$pg_folder/initdb" >&2; return 1; }
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$pg_folder'"
		echo "fsync = on"
		echo "shared_buffers = 16MB"
		echo "max_connections = 30"
		echo "autovacuum_naptime = 5s"
		echo "logging_collector = off"
		for pg_try; do echo "$pg_try"; done
	} >>"$pg_folder/data/postgresql.conf"
	pg_again || { cat "$pg_folder/start" "$pg_folder/log" >&2; return 1; }
	OPENPPG_TEST_STORE="postgresql:host=$pg_folder user=ppg dbname=postgres"
	OPENPPG_TEST_PG=$pg_folder
	export OPENPPG_TEST_STORE OPENPPG_TEST_PG
}

# As a power switch: the postmaster and all that it started. Who has died but was not buried by its parent yet
# still has its number, which would keep the next postmaster out.
pg_kill() {
	pg_pid=$(head -n 1 "$pg_folder/data/postmaster.pid")
	pg_pids="$pg_pid $(grep -ls "^PPid:[[:space:]]*$pg_pid\$" /proc/[0-9]*/status | cut -d/ -f3)"
	kill -9 $pg_pids 2>/dev/null
	for pg_pid in $pg_pids; do
		while grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$pg_pid/status"; do
			sleep 0.02
		done
	done
	rm -f "$pg_folder/data/postmaster.pid" "$pg_folder"/.s.PGSQL.5432*
}

pg_stop() {
	[ -n "${pg_folder:-}" ] || return 0
	pg_run "$pg_bin/pg_ctl" -D "$pg_folder/data" -m immediate -w stop >/dev/null 2>&1 </dev/null
	rm -rf "$pg_folder"
	pg_folder=
}

case "${0##*/} ${1:-}" in
"pg_cluster.sh serve")
	trap pg_stop EXIT
	trap 'exit 1' INT TERM HUP
	if [ -z "$pg_bin" ]; then
		echo "none"
		exit 0
	fi
	shift
	pg_start "$@" || exit 1
	echo "$OPENPPG_TEST_STORE"
	echo "$pg_folder"
	echo "$pg_bin"
	cat >/dev/null
	;;
"pg_cluster.sh kill") pg_folder=$2 && pg_kill ;;
"pg_cluster.sh again") pg_folder=$2 && pg_again ;;
esac
