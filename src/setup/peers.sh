#!/usr/bin/env bash
# Installs the independent programs that the interop tests talk to. See --help.
set -euo pipefail

setup_directory="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$setup_directory/apt.sh"

quiche_directory="$(cd "$setup_directory/../.." && pwd)/tests/peers/quiche"
grpc_js_directory="$(cd "$setup_directory/../.." && pwd)/tests/peers/grpc-js"
toxiproxy_directory="$(cd "$setup_directory/../.." && pwd)/tests/peers/toxiproxy"
# Must come from the same suite as the engine's libraries.
suite_packages=(ngtcp2-client ngtcp2-server libngtcp2-dev libngtcp2-crypto-gnutls-dev libnghttp3-dev)
main_packages=(python3-pycurl tshark gcc libc6-dev openssl iproute2 python3-grpcio)
# Debian 12 brings this one.
node_minimum=18

usage() {
    cat <<'TEXT'
Usage: peers.sh [--check | --help]

Installs what the tests talk to or compare with, only where it is missing:
ngtcp2's client and server, the C headers and compiler of the struct size test,
tshark, openssl, iproute2, libcurl with HTTP/3 and C-core gRPC for Python (apt, Debian 12 or later), and quiche, grpc-js and
toxiproxy-node-client for Node (npm, into node_modules in tests/peers/quiche, grpc-js and toxiproxy). Only tests need these; the library does not.

  --check   report what is there and what is missing; change nothing.
            Exit code 0: everything is there. 1: something is missing.
TEXT
}

# The library of curl that has HTTP/3: the one built with GnuTLS, from release 8 on. Debian 13 gave it another name.
curl_library() {
    if [ "$(package_suite)" = bookworm-backports ]; then printf 'libcurl3-gnutls'; else printf 'libcurl3t64-gnutls'; fi
}

# Debian 12 has release 7 installed on many machines, because git needs it.
curl_is_recent() {
    local version
    version="$(dpkg-query -W -f '${Version}' "$(curl_library)" 2>/dev/null || true)"
    [ "${version%%.*}" -ge 8 ] 2>/dev/null
}

missing_packages() {
    local package
    for package in "${suite_packages[@]}" "${main_packages[@]}"; do
        package_installed "$package" || printf '%s\n' "$package"
    done
    curl_is_recent || printf '%s\n' "$(curl_library)"
    # A Node from any other source serves as well, so ask for the programs, not for Debian's packages.
    command -v node >/dev/null 2>&1 || printf 'nodejs\n'
    command -v npm >/dev/null 2>&1 || printf 'npm\n'
}

node_is_recent() {
    command -v node >/dev/null 2>&1 &&
        [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null)" -ge "$node_minimum" ] 2>/dev/null
}

# Loads it, because a package of the right version without a library for this processor is of no use.
quiche_present() {
    local wanted installed
    wanted="$(sed -n 's/^ *"@matrixai\/quic": "\([^"]*\)".*/\1/p' "$quiche_directory/package.json" | head -n 1)"
    installed="$(sed -n 's/^ *"version": "\([^"]*\)".*/\1/p' "$quiche_directory/node_modules/@matrixai/quic/package.json" 2>/dev/null | head -n 1)"
    [ -n "$wanted" ] && [ "$wanted" = "$installed" ] &&
        ( cd "$quiche_directory" && node --input-type=module -e 'await import("@matrixai/quic")' </dev/null >/dev/null 2>&1 )
}

grpc_js_present() {
    ( cd "$grpc_js_directory" && node --input-type=module -e '
        import { readFileSync } from "node:fs";
        const read = (file) => JSON.parse(readFileSync(file, "utf8"));
        for (const [name, version] of Object.entries(read("package.json").dependencies)) {
            if (read(`node_modules/${name}/package.json`).version !== version) process.exit(1);
        }
        await import("@grpc/grpc-js");' </dev/null >/dev/null 2>&1 )
}

toxiproxy_present() {
    ( cd "$toxiproxy_directory" && node --input-type=module -e '
        import { readFileSync } from "node:fs";
        const read = (file) => JSON.parse(readFileSync(file, "utf8"));
        for (const [name, version] of Object.entries(read("package.json").dependencies)) {
            if (read(`node_modules/${name}/package.json`).version !== version) process.exit(1);
        }
        await import("toxiproxy-node-client");' </dev/null >/dev/null 2>&1 )
}

report() {
    local missing status=0
    missing="$(missing_packages | tr '\n' ' ')"
    if [ -n "$missing" ]; then say "missing packages: $missing"; status=1; else say "packages are present"; fi
    if ! node_is_recent; then say "Node $node_minimum or later is missing"; status=1; fi
    if quiche_present; then say "quiche is present"; else say "quiche is missing in tests/peers/quiche/node_modules"; status=1; fi
    if grpc_js_present; then say "grpc-js is present"; else say "grpc-js is missing in tests/peers/grpc-js/node_modules"; status=1; fi
    if toxiproxy_present; then say "toxiproxy-node-client is present"; else say "toxiproxy-node-client is missing in tests/peers/toxiproxy/node_modules"; status=1; fi
    return "$status"
}

# ngtcp2-server enables a unit that would answer on a UDP port; the tests start the program themselves.
disable_service() {
    command -v systemctl >/dev/null 2>&1 || return 0
    [ "$(systemctl is-enabled ngtcp2d.service 2>/dev/null || true)" = enabled ] || return 0
    say "disabling ngtcp2d.service, which the ngtcp2-server package enables"
    $as_root systemctl disable ngtcp2d.service 2>&1 | tail -n 1
    # Where no systemd runs there is nothing to stop.
    if [ -d /run/systemd/system ]; then $as_root systemctl stop ngtcp2d.service; fi
}

install_apt_packages() {
    local -a arguments=()
    local package missing="$1"
    for package in "${suite_packages[@]}" "$(curl_library)"; do
        case " $missing " in *" $package "*) arguments+=("$(package_argument "$package")") ;; esac
    done
    for package in "${main_packages[@]}" nodejs npm; do
        case " $missing " in *" $package "*) arguments+=("$package") ;; esac
    done
    enable_package_suite
    refresh_package_lists
    say "installing ${arguments[*]}"
    install_packages "${arguments[@]}" || fail "apt-get could not install them; its message is above"
}

install_quiche() {
    say "installing quiche into tests/peers/quiche/node_modules"
    # npm install, not npm ci: the package lists a library per platform, a registry need not carry the ones for other
    # platforms, and npm ci refuses a lock file without them. --no-save keeps the lock file as it is, and what it names
    # is still checked against its checksums. No install scripts: the library comes ready built.
    ( cd "$quiche_directory" && npm install --no-save --ignore-scripts --no-progress </dev/null ) ||
        fail "npm could not install tests/peers/quiche; its message is above. npm must reach a registry that has the packages of package-lock.json"
    quiche_present ||
        fail "quiche is installed but does not load with Node $(node --version): $(uname -sm) may have no ready-built library in @matrixai/quic"
}

install_grpc_js() {
    say "installing grpc-js into tests/peers/grpc-js/node_modules"
    ( cd "$grpc_js_directory" && npm install --no-save --ignore-scripts --no-progress </dev/null ) ||
        fail "npm could not install tests/peers/grpc-js; its message is above. npm must reach a registry that has the packages of package-lock.json"
    grpc_js_present || fail "grpc-js is installed but does not load with Node $(node --version)"
}

install_toxiproxy() {
    say "installing toxiproxy-node-client into tests/peers/toxiproxy/node_modules"
    ( cd "$toxiproxy_directory" && npm install --no-save --ignore-scripts --no-progress </dev/null ) ||
        fail "npm could not install tests/peers/toxiproxy; its message is above. npm must reach a registry that has the packages of package-lock.json"
    toxiproxy_present || fail "toxiproxy-node-client is installed but does not load with Node $(node --version)"
}

[ "$#" -le 1 ] || { warn "one option at most, and none takes a value: '${*:2}' is too much"; exit 2; }
case "${1:-}" in
    '') ;;
    --help|-h) usage; exit 0 ;;
    --check) report; exit ;;
    *) warn "unknown option '$1'"; usage >&2; exit 2 ;;
esac

missing="$(missing_packages | tr '\n' ' ')"
if [ -n "$missing" ]; then
    [ -n "$(package_suite)" ] || fail "this system is neither Debian 12 nor later; install what these Debian packages hold: $missing"
    as_root="$(root_prefix)" || fail "installing needs root or a sudo that asks no password. Missing packages: $missing"
    install_apt_packages "$missing"
fi
if as_root="$(root_prefix)"; then disable_service; fi
node_is_recent || fail "Node $node_minimum or later is needed for the quiche, grpc-js and toxiproxy-node-client peers, found $(node --version 2>/dev/null || echo none). Install a newer Node and run this again."
quiche_present || install_quiche
grpc_js_present || install_grpc_js
toxiproxy_present || install_toxiproxy
report
