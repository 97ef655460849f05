#!/usr/bin/env bash
# Installs the native libraries of the ngtcp2 engine where they are missing. See --help.
set -euo pipefail

setup_directory="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$setup_directory/apt.sh"

packages=(libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9)
libraries=(libngtcp2.so.16 libngtcp2_crypto_gnutls.so.8 libnghttp3.so.9 libgnutls.so.30)
# The first Debian 12 build with the fixes for the certificate identity flaws of 2026.
gnutls_minimum='3.7.9-2+deb12u7'

usage() {
    cat <<'TEXT'
Usage: native.sh [--check | --print-source | --help]

Installs the native libraries of the ngtcp2 engine, only where they are missing:
libngtcp2-16, libngtcp2-crypto-gnutls8 and libnghttp3-9 (Debian 12: from
bookworm-backports; Debian 13 and later: from main), on Debian 12 a GnuTLS with
the security fixes of 2026, and the program openssl, which makes the development
certificates. Needs root or a sudo that asks no password.

  --check         report what is there and what is missing; change nothing.
                  Exit code 0: nothing is missing. 1: something is.
  --print-source  print the apt source that would be added for Debian 12's
                  backports; print nothing when none is needed.
TEXT
}

# True when the dynamic loader would find the library: in its cache, or in LD_LIBRARY_PATH.
library_loads() {
    local directory
    local -a directories
    if PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | awk -v name="$1" '$1 == name { found = 1 } END { exit !found }'; then
        return 0
    fi
    IFS=: read -r -a directories <<<"${LD_LIBRARY_PATH:-}"
    for directory in "${directories[@]}"; do
        if [ -n "$directory" ] && [ -e "$directory/$1" ]; then return 0; fi
    done
    return 1
}

missing_libraries() {
    local library
    for library in "${libraries[@]}"; do library_loads "$library" || printf '%s\n' "$library"; done
}

openssl_is_missing() { ! command -v openssl >/dev/null 2>&1; }

missing() {
    missing_libraries
    if openssl_is_missing; then printf 'openssl\n'; fi
}

# True on Debian 12 when its GnuTLS is older than the fixed build.
gnutls_is_old() {
    local version
    [ "$(package_suite)" = bookworm-backports ] && package_installed libgnutls30 || return 1
    version="$(dpkg-query -W -f '${Version}' libgnutls30)"
    dpkg --compare-versions "$version" lt "$gnutls_minimum"
}

# What apt-get is to install, one argument a line. A library that is there without its package stays as it is.
missing_packages() {
    local package
    if [ -n "$(missing_libraries)" ]; then
        for package in "${packages[@]}"; do package_installed "$package" || { package_argument "$package"; printf '\n'; }; done
    fi
    if openssl_is_missing; then printf 'openssl\n'; fi
}

# Every installed package built from GnuTLS: they depend on each other's exact version and must move together.
gnutls_packages() {
    dpkg-query -W -f '${source:Package} ${db:Status-Abbrev} ${Package}\n' | awk '$1 == "gnutls28" && $2 == "ii" { print $3 }'
}

install_command() {
    local package
    printf 'apt-get install -y --no-install-recommends'
    for package in "${packages[@]}"; do printf ' '; package_argument "$package"; done
    if openssl_is_missing; then printf ' openssl'; fi
}

report() {
    local absent
    absent="$(missing | paste -s -d ' ')"
    if [ -n "$absent" ]; then
        say "missing: $absent"
        say "Debian packages: ${packages[*]} openssl"
        return 1
    fi
    say "present: ${libraries[*]} openssl"
    if gnutls_is_old; then
        say "libgnutls30 is older than $gnutls_minimum, which fixes flaws in certificate checks; upgrade it"
    fi
}

explain_by_hand() {
    local absent
    absent="$(missing | paste -s -d ' ')"
    warn "missing: $absent"
    case "$(package_suite)" in
        bookworm-backports)
            if [ -n "$(backports_source bookworm || printf unknown)" ]; then
                warn "this needs root. As root, name the suite bookworm-backports in the apt sources ('native.sh --print-source' prints the text for a file in /etc/apt/sources.list.d), then run:"
            else
                warn "this needs root. As root, run:"
            fi
            warn "  apt-get update && $(install_command)" ;;
        main)
            warn "this needs root. As root, run:"
            warn "  apt-get update && $(install_command)" ;;
        *)
            warn "this system is neither Debian 12 nor Debian 13, so nothing was installed. Install the packages that hold what is missing; on Debian they are called:"
            warn "  ${packages[*]} openssl" ;;
    esac
    exit 1
}

install_missing() {
    local -a arguments=()
    mapfile -t arguments < <(missing_packages)
    [ -z "$(missing_libraries)" ] || enable_package_suite
    refresh_package_lists
    if [ "${#arguments[@]}" -gt 0 ]; then
        say "installing ${arguments[*]}"
        install_packages "${arguments[@]}" || fail "apt-get could not install them; its message is above. By hand: $(install_command)"
    fi
    if gnutls_is_old; then
        mapfile -t arguments < <(gnutls_packages)
        say "upgrading ${arguments[*]}"
        install_packages --only-upgrade "${arguments[@]}" || true
        gnutls_is_old && warn "libgnutls30 stays older than $gnutls_minimum: this machine's apt sources have no newer one. Add the security suite and upgrade it."
    fi
    $as_root ldconfig
    [ -z "$(missing)" ] || fail "still missing although the packages are installed: $(missing | paste -s -d ' '). Reinstall them with: apt-get install --reinstall ${packages[*]}"
}

[ "$#" -le 1 ] || { warn "one option at most, and none takes a value: '${*:2}' is too much"; exit 2; }
case "${1:-}" in
    '') ;;
    --help|-h) usage; exit 0 ;;
    --check) report; exit ;;
    --print-source)
        [ "$(package_suite)" = bookworm-backports ] || exit 0
        backports_source bookworm || fail "no enabled apt source in $NET_APT_DIR serves the suite bookworm"
        exit 0 ;;
    *) warn "unknown option '$1'"; usage >&2; exit 2 ;;
esac

if [ -z "$(missing)" ] && ! gnutls_is_old; then
    report
    exit 0
fi
if [ -z "$(package_suite)" ] || ! as_root="$(root_prefix)"; then
    [ -z "$(missing)" ] || explain_by_hand
    report      # Everything loads; only the GnuTLS upgrade has to wait for somebody with the right to do it.
    exit 0
fi
install_missing
report
