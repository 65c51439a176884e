# setup.sh - what ./quickstart and ./check share: packages, configure, a build folder. Sourced by both,
# with $top the source folder and $jobs the number of processes. broken() is theirs: it reports and ends.

say() { printf '== %s\n' "$*"; }

# Packages of packages.list whose "used by" matches a word and that are not installed, nor provided by one
# that is (Node.js packages from elsewhere bring npm along and conflict with Debian's).
missing_packages() {
	local installed
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' 2>/dev/null |
		sed -n 's/^installed //p' | tr ',' '\n' | sed 's/^ *//; s/[ (:].*//')
	awk -v used="$1" '!/^#/ && $2 ~ used { print $1 }' packages.list | while read -r package; do
		grep -qxF "$package" <<<"$installed" || echo "$package"
	done
}

# As root: installs packages and starts no service that comes with one of them (kannel-extras brings the kannel
# package, whose bearerbox would start now and at every boot; tests need the programs alone). For the same reason
# postgresql makes no cluster of its own, which would be started at every boot.
quiet_install='
	policy=/usr/sbin/policy-rc.d
	had_kannel=$(dpkg-query -W -f "\${db:Status-Status}" kannel 2>/dev/null)
	if [ ! -e $policy ]; then
		trap "rm -f $policy" EXIT
		trap "exit 1" INT TERM HUP
		printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
	fi
	clusters=/etc/postgresql-common/createcluster.conf
	case " $* " in
	*" postgresql "*)
		apt-get -q -y --no-install-recommends install postgresql-common || exit
		grep -q "^create_main_cluster" $clusters || echo "create_main_cluster = false # openppg" >>$clusters
		;;
	esac
	apt-get -q -y --no-install-recommends install "$@" || exit
	[ ! -e $clusters ] || sed -i "/^create_main_cluster = false # openppg$/d" $clusters
	if [ "$had_kannel" != installed ] && [ -e /etc/init.d/kannel ]; then
		update-rc.d kannel disable
	fi
'

# install_packages 'build|test': with apt, as root or through sudo.
install_packages() {
	local list as_root=()
	command -v dpkg-query >/dev/null || { say "not a Debian system: packages.list says what is needed"; return; }
	mapfile -t list < <(missing_packages "$1")
	[ ${#list[@]} -gt 0 ] || return
	say "installing: ${list[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || broken "as root, run: apt-get install ${list[*]}"
		[ -t 0 ] && as_root=(sudo) || as_root=(sudo -n)
	fi
	mkdir -p build
	{
		"${as_root[@]}" apt-get -q update &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "$quiet_install" sh "${list[@]}"
	} >build/packages.log 2>&1 || broken "apt-get could not install: ${list[*]}" build/packages.log
}

# Show where a build or a test run is: one line that changes on a terminal, now and then a line elsewhere.
progress() {
	awk -v terminal="$([ -t 1 ] && echo 1 || echo 0)" -v what="$1" -v every="$2" '
		{
			print > log_file
			fflush(log_file)
		}
		$1 ~ counted {
			n++
			if (terminal)
				printf "\r   %d %s \033[K", n, what
			else if (n % every == 0)
				printf "   %d %s\n", n, what
			fflush()
		}
		END { if (terminal && n) printf "\r\033[K" }
	' counted="$3" log_file="$4"
}

autotools() {
	[ -e config.status ] &&
		broken "this folder itself was configured; run \"make distclean\" here, builds go to build/"
	if [ ! -x configure ] || [ configure.ac -nt configure ]; then
		say "making configure"
		mkdir -p build
		autoreconf -fi >build/autoreconf.log 2>&1 || broken autoreconf build/autoreconf.log
	fi
}

# configure_in NAME CONFIGURE-OPTION...: build/NAME, configured with just these options
configure_in() {
	local name=$1 dir=$top/build/$1
	shift
	mkdir -p "$dir"
	if [ ! -e "$dir/Makefile" ] || [ "$(cat "$dir/options" 2>/dev/null)" != "$*" ]; then
		say "$name: configuring ($*)"
		(cd "$dir" && "$top/configure" -q "$@") >"$dir/configure.log" 2>&1 ||
			broken "$name: configure" "$dir/configure.log"
		echo "$*" >"$dir/options"
	fi
}

# make_in NAME TARGET-WORDS: builds them with progress; the log is build/NAME/build.log
make_in() {
	local name=$1 start=$SECONDS dir=$top/build/$1
	shift
	say "$name: building"
	set -o pipefail
	make -C "$dir" -j"$jobs" "$@" 2>&1 </dev/null |
		progress "files" 50 '^(CC|CCLD|AR)$' "$dir/build.log" || broken "$name: make" "$dir/build.log"
	set +o pipefail
	say "$name: built in $((SECONDS - start)) s"
}
