#!/usr/bin/env bash
# PostgreSQL 18 beside Debian 12's 15, for what 15 cannot show: protocol 3.2, long cancel keys, direct TLS, search_path
# in ParameterStatus.
#
#   scripts/postgres18.sh           unpacks it if it is not there yet, and prints the folder of its programs
#   scripts/postgres18.sh --where   prints the folder if it is there; makes nothing
#
# Ends with 1 and a reason in one line where it cannot be had (no network, no suite that offers it): the tests that want
# it are skipped then.
#
# Nothing is installed and nobody need be root: apt, with lists and a state of its own, works out which packages of a
# later Debian it takes; they are unpacked into a folder (120 MB), and its programs run through that folder's own dynamic
# loader, so that not one library of the machine is touched. The folder is kept: when we are root, PostgreSQL runs as
# postgres and has to read it, so it lies under /var/cache then, else in the caller's cache.
set -euo pipefail

readonly SUITES=(forky sid) # the first that offers it
readonly PACKAGES=(postgresql-18 postgresql-client-18)
readonly BIN=usr/lib/postgresql/18/bin
readonly SECONDS_AT_MOST=300
readonly DEFAULT_MIRROR=http://deb.debian.org/debian
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# What they depend on and a server that is started by hand does not need: apt is told that these are there.
readonly NOT_NEEDED=(postgresql-common postgresql-client-common ssl-cert locales tzdata debconf sensible-utils)

refuse() {
    printf 'no PostgreSQL 18: %s\n' "$1" >&2
    exit 1
}

cache_folder() {
    if [[ $EUID -eq 0 ]]; then
        echo /var/cache/driftguard
    else
        echo "${XDG_CACHE_HOME:-$HOME/.cache}/driftguard"
    fi
}

is_complete() {
    [[ -x $1/$BIN/postgres ]] && "$1/$BIN/postgres" --version >/dev/null 2>&1
}

# The Debian mirror that this machine's own sources name.
mirror() {
    local uri
    uri=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 2>/dev/null | grep -m 1 -E '/debian/?$' || true)
    printf '%s\n' "${uri:-$DEFAULT_MIRROR}"
}

# write_state FOLDER SUITE: sources, a list of what is installed, and settings that leave the machine's apt alone.
write_state() {
    local folder=$1 suite=$2 name options=
    mkdir -p "$folder"/{lists,cache/archives}/partial
    [[ ! -e $KEYRING ]] || options="[signed-by=$KEYRING] "
    printf 'deb %s%s %s main\n' "$options" "$(mirror)" "$suite" >"$folder/sources.list"
    for name in "${NOT_NEEDED[@]}"; do
        printf 'Package: %s\nStatus: install ok installed\nVersion: 9999\nArchitecture: all\nMulti-Arch: foreign\n\n' "$name"
    done >"$folder/status"
    cat >"$folder/apt.conf" <<END
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::State::extended_states "$folder/extended_states";
Dir::Cache "$folder/cache";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
END
    # The sandbox's user could not enter a folder that is ours alone.
    [[ $EUID -ne 0 ]] || echo 'APT::Sandbox::User "root";' >>"$folder/apt.conf"
}

# download FOLDER SUITE: the packages, in FOLDER/cache/archives.
download() {
    write_state "$1" "$2"
    apt-get -qq -c "$1/apt.conf" update &&
        apt-get -qq -c "$1/apt.conf" install -y --download-only --no-install-recommends "${PACKAGES[@]}"
}

# Each program becomes a script that has the folder's own loader run it. --argv0: PostgreSQL finds its files by its name.
wrap_programs() {
    local folder=$1 program
    for program in "$folder/$BIN"/*; do
        [[ -f $program && ! -L $program && $(head -c 4 "$program" | tail -c 3) == ELF ]] || continue
        mv "$program" "$program.real"
        cat >"$program" <<'END'
#!/bin/sh
root=${0%/*}/../../../../..
for loader in "$root"/usr/lib/*/ld-linux*.so.[0-9]*; do
    exec "$loader" --argv0 "$0" --library-path "${loader%/*}" "$0.real" "$@"
done
END
        chmod 755 "$program"
    done
}

# make FOLDER: all of it beside FOLDER, and moved there when it is known to run.
make() {
    local folder=$1 work=$1.new suite package is_there=false
    rm -rf "$work"
    mkdir -p "$work/apt" "$work/tree"
    for suite in "${SUITES[@]}"; do
        if download "$work/apt" "$suite"; then
            is_there=true
            break
        fi
        rm -rf "$work/apt"
    done
    $is_there
    for package in "$work"/apt/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$work/tree"
    done
    rm -rf "$work"/tree/usr/share/{doc,man,locale}
    wrap_programs "$work/tree"
    is_complete "$work/tree" || {
        echo "E: its programs do not run here"
        return 1
    }
    rm -rf "$folder"
    mv "$work/tree" "$folder"
    rm -rf "$work"
}

main() {
    local cache folder log reason
    umask 022
    cache=$(cache_folder)
    folder=$cache/postgres18
    if ! is_complete "$folder"; then
        [[ ${1:-} != --where ]] || refuse "scripts/postgres18.sh has not been run"
        command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || refuse "this is not Debian"
        mkdir -p "$cache" 2>/dev/null || refuse "$cache cannot be made"
        exec 9>"$cache/postgres18.lock"
        flock 9
        if ! is_complete "$folder"; then
            log=$cache/postgres18.log
            timeout "$SECONDS_AT_MOST" bash "${BASH_SOURCE[0]}" --make "$folder" >"$log" 2>&1 </dev/null ||
                {
                    rm -rf "$folder.new"
                    reason=$(sed -n -E 's/^[EW]: //p' "$log" | head -n 1)
                    refuse "${reason:-it took longer than $SECONDS_AT_MOST s} (see $log)"
                }
        fi
    fi
    printf '%s\n' "$folder/$BIN"
}

case ${1:-} in
--make) make "$2" ;;
"" | --where) main "$@" ;;
*) refuse "there is no '$1'" ;;
esac
