# shellcheck shell=bash
# Installs Debian packages for ./dev: only what is missing, silently when nothing is, and never with a service left
# running. Sourced; begins with install_packages.

# The missing ones among the names given, a line each.
missing_packages() {
    local name
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
    done
}

# as_root COMMAND...: directly, or through sudo.
as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

can_be_root() {
    [[ $EUID -eq 0 ]] && return 0
    command -v sudo >/dev/null || return 1
    # Without a terminal sudo cannot ask for a password.
    sudo -n true 2>/dev/null || [[ -t 0 ]]
}

# install_packages NAME...
install_packages() {
    if ! command -v apt-get >/dev/null; then
        say "dev: this is not Debian; you need the equivalents of: $*"
        return 0
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@" | sort -u)
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if ! can_be_root; then
        say "dev: neither root nor sudo. Please have this run by somebody who may, then try again:"
        say "    apt-get install --no-install-recommends ${missing[*]}"
        exit 1
    fi
    say "dev: installing ${missing[*]}"
    [[ " ${missing[*]} " != *" postgresql-15 "* ]] || keep_postgresql_from_making_a_cluster
    with_services_held_back apt_install "${missing[@]}"
}

# A fresh postgresql package makes and starts a cluster on port 5432, unless this setting stands before it is unpacked.
keep_postgresql_from_making_a_cluster() {
    local file=/etc/postgresql-common/createcluster.conf
    if [[ -f $file ]] && grep -Eq '^[[:space:]]*create_main_cluster' "$file"; then
        return 0
    fi
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee -a "$file" >/dev/null
}

# with_services_held_back COMMAND...: Debian starts a service when it installs it; policy-rc.d is its way to say no.
with_services_held_back() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [[ -e $policy ]]; then
        "$@"
        return
    fi
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT # also on Ctrl-C
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    "$@" || status=$?
    as_root rm -f "$policy"
    trap - EXIT
    return "$status"
}

# apt_install NAME...: waits for whoever holds apt's or dpkg's lock; shows its output only if it fails.
apt_install() {
    local log status=0
    log=$(mktemp)
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
    {
        update_lists "${apt[@]}" &&
            as_root "${apt[@]}" install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
    } >"$log" 2>&1 </dev/null || status=$?
    [[ $status -eq 0 ]] || cat "$log" >&2
    rm -f "$log"
    leave_no_service_enabled "$@"
    return "$status"
}

# apt-get update heeds no lock time-out: the lock of the lists is waited for here, ten minutes like the other.
update_lists() {
    local attempt answer
    for ((attempt = 0; attempt < 120; attempt++)); do
        answer=$(as_root "$@" update 2>&1) && return 0
        printf '%s\n' "$answer"
        [[ $answer == *"Could not get lock"* ]] || return 1
        sleep 5
    done
    return 1
}

# Where systemd runs, a neighbour that we only start by hand must not come up at the next boot either.
leave_no_service_enabled() {
    local name
    [[ -d /run/systemd/system ]] || return 0
    for name in "$@"; do
        case $name in
        pgbouncer | haproxy) as_root systemctl disable --now --quiet "$name" || true ;;
        esac
    done
}

# Node and npm: whichever are there. Debian's npm conflicts with the nodejs of other sources, so packages are not asked.
install_node() {
    if command -v node >/dev/null && command -v npm >/dev/null; then
        return 0
    fi
    install_packages nodejs npm
}
