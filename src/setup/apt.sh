# Sourced by native.sh and peers.sh: what both need to know about this machine and its apt sources.
# shellcheck shell=bash

# Tests point these at copies; on a real machine the defaults hold.
NET_APT_DIR="${NET_APT_DIR:-/etc/apt}"
NET_OS_RELEASE="${NET_OS_RELEASE:-/etc/os-release}"

say() { printf '%s: %s\n' "$(basename "$0")" "$*"; }
warn() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
fail() { warn "$*"; exit 1; }

os_field() {
    [ -r "$NET_OS_RELEASE" ] || return 0
    # A subshell, because os-release is shell text that sets variables such as NAME and VERSION.
    # shellcheck disable=SC1090
    ( . "$NET_OS_RELEASE"; eval "printf '%s' \"\${$1:-}\"" )
}

# Prints "bookworm-backports" (Debian 12), "main" (Debian 13 and later) or nothing (anything else).
package_suite() {
    [ "$(os_field ID)" = debian ] || return 0
    local version
    version="$(os_field VERSION_ID)"
    case "$version" in
        12) printf 'bookworm-backports' ;;
        '') printf 'main' ;;                  # testing and unstable carry no number
        *) [ "$version" -ge 13 ] 2>/dev/null && printf 'main' || true ;;
    esac
}

# NAME as apt-get wants it. On Debian 12 the suffix matters: without it apt takes the far older version in main.
package_argument() {
    if [ "$(package_suite)" = bookworm-backports ]; then printf '%s/bookworm-backports' "$1"; else printf '%s' "$1"; fi
}

package_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

# Prints what runs a command as root: nothing for root, "sudo -n" where that asks for no password; fails otherwise.
root_prefix() {
    if [ "$(id -u)" -eq 0 ]; then return 0; fi
    if command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then printf 'sudo -n'; return 0; fi
    return 1
}

# Lists every enabled binary source, one "field=value" record per source, fields separated by \037:
# uris, suites, components, signed-by, trusted, check-valid-until. Inline keys keep their lines, joined by \036.
list_apt_sources() {
    local file
    for file in "$NET_APT_DIR"/sources.list "$NET_APT_DIR"/sources.list.d/*.list; do
        [ -r "$file" ] && awk -f "$setup_directory/one-line-sources.awk" "$file"
    done
    for file in "$NET_APT_DIR"/sources.list.d/*.sources; do
        [ -r "$file" ] && awk -f "$setup_directory/deb822-sources.awk" "$file"
    done
    return 0
}

# Prints the deb822 text that names CODENAME-backports at the place the machine already takes CODENAME from;
# prints nothing when the machine names that suite already; fails when no source of the machine serves CODENAME.
backports_source() {
    list_apt_sources | awk -v codename="$1" -f "$setup_directory/backports-source.awk"
}

# apt-get update does not wait for the lock of the package lists, so wait here; any other failure is told
# and left to the install, because one broken third-party source must not stop us.
refresh_package_lists() {
    local attempt output
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        if output="$($as_root apt-get update -q 2>&1)"; then return 0; fi
        case "$output" in
            *'Could not get lock'*) [ "$attempt" -lt 10 ] && sleep 6 ;;
            *) break ;;
        esac
    done
    warn "apt-get update did not finish cleanly; going on with what it fetched:"
    printf '%s\n' "$output" | tail -n 5 >&2
}

# --no-remove: setting up this project never takes a package away.
install_packages() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends --no-remove \
        -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Makes the suite that holds our packages known to apt. Writes at most one file of our own.
enable_package_suite() {
    [ "$(package_suite)" = bookworm-backports ] || return 0
    local text file="$NET_APT_DIR/sources.list.d/net-bookworm-backports.sources"
    text="$(backports_source bookworm)" || fail "no enabled apt source of this machine serves the suite bookworm, so the place of bookworm-backports is unknown. Add bookworm-backports to the apt sources by hand and run this again."
    [ -n "$text" ] || return 0
    say "adding the suite bookworm-backports in $file"
    printf '%s\n' "$text" | $as_root tee "$file.new" >/dev/null
    $as_root chmod 0644 "$file.new"
    $as_root mv "$file.new" "$file"
}
