# pg_cluster.sh - a PostgreSQL server of one's own in a temporary folder, on a Unix socket only. Sourced.
#
# pg_start [NAME=VALUE ...]: makes and starts it; sets pg_folder and OPENPPG_TEST_STORE (the url of a database
# of a role that may make others). pg_kill: SIGKILL to all of it; pg_again: starts it anew. pg_stop: the end.

pg_bin=
for pg_try in "${PG_BINDIR:-}" /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null)"; do
	[ -n "$pg_try" ] && [ -x "$pg_try/initdb" ] && pg_bin=$pg_try
done

# initdb and postgres refuse to run as root.
pg_run() {
	if [ "$(id -u)" -ne 0 ]; then
		(cd "$pg_folder" && "$@")
	else
		(cd "$pg_folder" && setpriv --reuid="$pg_user" --regid="$pg_group" --clear-groups "$@")
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
		pg_user=$(id -u postgres 2>/dev/null || id -u nobody) pg_group=$(id -g postgres 2>/dev/null || id -g nobody)
		chown "$pg_user:$pg_group" "$pg_folder"
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
	OPENPPG_TEST_PG_DATA=$pg_folder/data
	export OPENPPG_TEST_STORE OPENPPG_TEST_PG_DATA
}

# As a power switch: the postmaster and all that it started.
pg_kill() {
	pg_pid=$(head -n 1 "$pg_folder/data/postmaster.pid")
	kill -9 "$pg_pid" $(ps -o pid= --ppid "$pg_pid") 2>/dev/null
}

pg_stop() {
	[ -n "${pg_folder:-}" ] || return 0
	pg_run "$pg_bin/pg_ctl" -D "$pg_folder/data" -m immediate -w stop >/dev/null 2>&1 </dev/null
	rm -rf "$pg_folder"
	pg_folder=
}
