#!/usr/bin/env bash
# Makes a development certificate authority and the certificates it signs. See --help.
set -euo pipefail
umask 077

script_directory="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program="$(basename "$0")"

usage() {
    cat <<'TEXT'
Usage: make-certs.sh [options]

Makes certificates for development and tests: an authority (ca.pem), a server
certificate for localhost, 127.0.0.1 and ::1 (server.pem), and a client
certificate (client.pem), each with its private key (ca-key.pem, server-key.pem,
client-key.pem; PKCS#8). Running it again keeps every file that still serves:
one day or more of validity left, the key fits, signed by this authority, and
all wanted names in it.

  --name NAME     one more DNS name or IP address for the server certificate;
                  may be given several times. A renewed certificate keeps the
                  names it had; --force starts from the names given
  --client NAME   one more client certificate, in NAME.pem and NAME-key.pem,
                  with NAME as common name and DNS name; may be given several times
  --rsa [BITS]    RSA keys of 2048 or 3072 bits (default 3072) instead of P-256.
                  A valid authority is kept whatever its key is.
  --days N        validity of server and client certificates, 1 to 3650 days
                  (default 90); the authority is valid for 3660 days
  --out DIR       where the files go (default: out, beside this script)
  --force         renew the server and client certificates even if they serve
  --force-ca      renew the authority too; every copy of the old ca.pem must be
                  replaced then, and other certificates it signed end
  --zoo DIR       makes another set instead, in DIR, for tests: a root, an
                  intermediate, good servers and clients (P-256, P-384, RSA), and
                  one of each that is short-lived, expired, not yet valid,
                  self-signed, of a strange authority, outside a name constraint,
                  revoked (with the list that says so), of the wrong usage, the
                  wrong name or no name; certs/README.md lists them. Running it
                  again keeps what still serves
  --seconds N     with --zoo: how long the short-lived ones hold (default 60)
  --help          this text

Keys are readable by their owner only. Do not use these certificates for
anything but development: whoever reads ca-key.pem can sign for any name.
TEXT
}

fail() { printf '%s: %s\n' "$program" "$*" >&2; exit 1; }
bad_argument() { printf "%s: %s\nTry '%s --help'.\n" "$program" "$*" "$program" >&2; exit 2; }

# --- arguments ---------------------------------------------------------------------------------------------------

out="$script_directory/out"
days=90
# Longer than --days may be, so that a certificate never outlives an authority of the same run.
authority_days=3660
days_limit=3650
rsa_bits=''
renew_leaves=no
renew_authority=no
zoo=''
zoo_seconds=60
# Alternative names are kept as OpenSSL writes them, so that they can be compared as text.
server_names=(DNS:localhost IP:127.0.0.1 IP:0:0:0:0:0:0:0:1)
clients=(client)

is_ipv4() {
    local part
    # No leading zeros: some programs read them as octal.
    [[ "$1" =~ ^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}$ ]] || return 1
    for part in ${1//./ }; do [ "$part" -le 255 ] || return 1; done
}

# Eight groups of up to four hexadecimal digits, or fewer around exactly one "::".
is_ipv6() {
    local group filled="$1" count=0
    [[ "$1" =~ ^[0-9A-Fa-f:]+$ && "$1" == *:*:* && "$1" != *:::* && "$1" != *::*::* ]] || return 1
    [[ "$1" != :[!:]* && "$1" != *[!:]: ]] || return 1
    for group in ${filled//:/ }; do [ "${#group}" -le 4 ] || return 1; count=$((count + 1)); done
    if [[ "$1" == *::* ]]; then [ "$count" -le 7 ]; else [ "$count" -eq 8 ]; fi
}

is_dns_name() {
    local label='[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
    # A last label of digits alone would be read as an IPv4 address.
    [ "${#1}" -le 253 ] && [[ "$1" =~ ^(\*\.)?$label(\.$label)*$ ]] && [[ ! "$1" =~ (^|\.)[0-9]+$ ]]
}

# All eight groups, upper case, no leading zeros.
expanded_ipv6() {
    local text="$1" group zeros='' count=0 joined=''
    if [[ "$text" == *::* ]]; then
        for group in ${text//:/ }; do count=$((count + 1)); done
        while [ "$count" -lt 8 ]; do zeros+=' 0'; count=$((count + 1)); done
        text="${text%%::*}$zeros ${text##*::}"
    fi
    for group in ${text//:/ }; do joined+="${joined:+:}$(printf '%X' "$((16#$group))")"; done
    printf '%s' "$joined"
}

add_server_name() {
    if is_ipv4 "$1"; then server_names+=("IP:$1")
    elif is_ipv6 "$1"; then server_names+=("IP:$(expanded_ipv6 "$1")")
    elif is_dns_name "$1"; then server_names+=("DNS:${1,,}")
    else bad_argument "--name '$1' is neither a DNS name nor an IP address; write one such as api.example or 192.0.2.7"
    fi
}

add_client() {
    is_dns_name "$1" && [[ "$1" != \** ]] ||
        bad_argument "--client '$1' is no usable name; use letters, digits, '-', '_' and '.', because it becomes a DNS name and a file name"
    case "${1,,}" in
        ca|server|*-key) bad_argument "--client '$1' would overwrite another file; choose a name that is not ca, not server and does not end in -key" ;;
        client) ;;
        *) clients+=("${1,,}") ;;
    esac
}

value_of() { [ "$#" -ge 2 ] && [ -n "$2" ] || bad_argument "$1 needs a value"; }

while [ "$#" -gt 0 ]; do
    case "$1" in
        --name) value_of "$@"; add_server_name "$2"; shift 2 ;;
        --client) value_of "$@"; add_client "$2"; shift 2 ;;
        --rsa)
            rsa_bits=3072
            if [[ "${2:-}" =~ ^[0-9]+$ ]]; then rsa_bits="$2"; shift; fi
            [[ "$rsa_bits" == 2048 || "$rsa_bits" == 3072 ]] || bad_argument "--rsa $rsa_bits: only 2048 and 3072 bits are made"
            shift ;;
        --days)
            value_of "$@"
            [[ "$2" =~ ^[1-9][0-9]{0,3}$ && "$2" -le "$days_limit" ]] || bad_argument "--days '$2' is no number from 1 to $days_limit"
            days="$2"; shift 2 ;;
        --out) value_of "$@"; out="$2"; shift 2 ;;
        --zoo) value_of "$@"; zoo="$2"; shift 2 ;;
        --seconds)
            value_of "$@"
            [[ "$2" =~ ^[1-9][0-9]{0,7}$ ]] || bad_argument "--seconds '$2' is no number from 1 to 99999999"
            zoo_seconds="$2"; shift 2 ;;
        --force) renew_leaves=yes; shift ;;
        --force-ca) renew_leaves=yes; renew_authority=yes; shift ;;
        --help|-h) usage; exit 0 ;;
        *) bad_argument "unknown argument '$1'" ;;
    esac
done

# --- OpenSSL -----------------------------------------------------------------------------------------------------

command -v openssl >/dev/null 2>&1 || fail "the program openssl is missing; install the package openssl (version 3 or later)"
case "$(openssl version)" in
    'OpenSSL '[3-9]*|'OpenSSL '[1-9][0-9]*) ;;
    *) fail "OpenSSL 3 or later is needed, found '$(openssl version)'; put a newer openssl first in PATH" ;;
esac

# The user's own openssl.cnf must not add to what is written here.
export OPENSSL_CONF=/dev/null

# run_openssl DOING ARGUMENT...: quiet unless it fails, then tells what it was doing and what OpenSSL said.
run_openssl() {
    local doing="$1" output
    shift
    output="$(openssl "$@" 2>&1 </dev/null)" || fail "$doing failed: openssl $1 said: $output"
}

make_key() {
    if [ -n "$rsa_bits" ]; then
        run_openssl "making an RSA key" genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$rsa_bits" -out "$1"
    else
        run_openssl "making a P-256 key" genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$1"
    fi
}

# Sixteen random bytes below a leading 01, so that the number is positive and never shorter than RFC 5280 allows.
random_serial() { printf '0x01%s' "$(openssl rand -hex 15)"; }

public_key_of_certificate() { openssl x509 -in "$1" -noout -pubkey 2>/dev/null </dev/null; }
public_key_of_key() { openssl pkey -in "$1" -pubout 2>/dev/null -passin pass: </dev/null; }

# --- what is there already ---------------------------------------------------------------------------------------

# Prints why CERTIFICATE and KEY cannot be kept as a pair; prints nothing when they can.
pair_fault() {
    local certificate="$1" key="$2" certificate_key own_key
    [ -e "$certificate" ] || { printf 'it was missing'; return; }
    [ -e "$key" ] || { printf 'its key was missing'; return; }
    certificate_key="$(public_key_of_certificate "$certificate")" || { printf 'it was unreadable'; return; }
    own_key="$(public_key_of_key "$key")" || { printf 'its key was unreadable'; return; }
    [ "$certificate_key" = "$own_key" ] || { printf 'its key did not fit'; return; }
    openssl x509 -in "$certificate" -noout -checkend 86400 >/dev/null 2>&1 </dev/null || printf 'it had less than a day left'
}

authority_fault() {
    local fault
    if [ "$renew_authority" = yes ]; then printf 'asked for'; return; fi
    fault="$(pair_fault "$out/ca.pem" "$out/ca-key.pem")"
    if [ -n "$fault" ]; then printf '%s' "$fault"; return; fi
    [[ "$(openssl x509 -in "$out/ca.pem" -noout -ext basicConstraints 2>/dev/null </dev/null)" == *CA:TRUE* ]] || printf 'it was no authority'
}

# Prints the alternative names of CERTIFICATE, one a line, written as in server_names.
names_in() {
    openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null </dev/null | tr ',' '\n' |
        awk 'sub(/^ *IP Address:/, "IP:") { print } sub(/^ *DNS:/, "") { print "DNS:" tolower($0) }'
}

# Prints the first wanted name that CERTIFICATE does not have.
missing_name() {
    local certificate="$1" name names
    shift
    names="$(names_in "$certificate" || true)"
    for name in "$@"; do
        grep -Fqx -- "$name" <<<"$names" || { printf '%s' "${name#*:}"; return; }
    done
}

# leaf_fault FILE PURPOSE NAME...: prints why FILE.pem cannot be kept; prints nothing when it can.
leaf_fault() {
    local certificate="$out/$1.pem" key="$out/$1-key.pem" purpose="$2" fault name
    shift 2
    if [ "$renew_leaves" = yes ]; then printf 'asked for'; return; fi
    fault="$(pair_fault "$certificate" "$key")"
    if [ -n "$fault" ]; then printf '%s' "$fault"; return; fi
    openssl verify -no-CApath -no-CAstore -CAfile "$out/ca.pem" -purpose "$purpose" "$certificate" >/dev/null 2>&1 </dev/null ||
        { printf 'this authority did not sign it for this use'; return; }
    if [ -n "$rsa_bits" ] && [[ "$(openssl pkey -in "$key" -noout -text_pub </dev/null)" != *"($rsa_bits bit)"*Modulus* ]]; then
        printf 'its key was not RSA of %s bits' "$rsa_bits"; return
    fi
    name="$(missing_name "$certificate" "$@")"
    [ -z "$name" ] || printf 'the name %s was missing in it' "$name"
}

# --- making ------------------------------------------------------------------------------------------------------

# A rename within one directory is atomic, so a file is either the old one or the whole new one. If the run ends
# between the two renames, the next run sees a key that does not fit and makes the pair again.
install_pair() {
    chmod 0644 "$work/$1.pem"
    mv -f "$work/$1-key.pem" "$out/$1-key.pem"
    mv -f "$work/$1.pem" "$out/$1.pem"
}

tell_pair() { printf '%s %s\n%s %s\n' "$1" "$out/$2.pem${3:+ ($3)}" "$1" "$out/$2-key.pem"; }

make_authority() {
    cat >"$work/ca.cnf" <<'TEXT'
[req]
distinguished_name = subject
x509_extensions = extensions
prompt = no
[subject]
CN = Net development authority
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
TEXT
    make_key "$work/ca-key.pem"
    run_openssl "signing the authority" req -x509 -new -config "$work/ca.cnf" -key "$work/ca-key.pem" -sha256 \
        -days "$authority_days" -set_serial "$(random_serial)" -out "$work/ca.pem"
    install_pair ca
}

# make_leaf FILE COMMON-NAME USAGE NAME...
make_leaf() {
    local file="$1" common_name="$2" usage="$3" name names=''
    shift 3
    for name in "$@"; do names+="${names:+, }$name"; done
    # RFC 5280 ends a common name at 64 characters; the names that count are the alternative ones.
    cat >"$work/$file.cnf" <<TEXT
[req]
distinguished_name = subject
prompt = no
[subject]
CN = ${common_name:0:64}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $usage
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
subjectAltName = $names
TEXT
    make_key "$work/$file-key.pem"
    run_openssl "requesting $file.pem" req -new -config "$work/$file.cnf" -key "$work/$file-key.pem" -sha256 -out "$work/$file.csr"
    run_openssl "signing $file.pem" x509 -req -in "$work/$file.csr" -CA "$out/ca.pem" -CAkey "$out/ca-key.pem" -sha256 \
        -days "$days" -set_serial "$(random_serial)" -extfile "$work/$file.cnf" -extensions extensions -out "$work/$file.pem"
    install_pair "$file"
}

# leaf FILE COMMON-NAME USAGE PURPOSE NAME...: keeps or makes one certificate.
leaf() {
    local file="$1" common_name="$2" usage="$3" purpose="$4" fault
    shift 4
    fault="$(leaf_fault "$file" "$purpose" "$@")"
    if [ -z "$fault" ]; then protect_key "$file"; tell_pair kept "$file"; return; fi
    openssl x509 -in "$out/ca.pem" -noout -checkend "$((days * 86400))" >/dev/null 2>&1 </dev/null ||
        fail "$out/ca.pem ends before a certificate of $days days would; give fewer --days, or renew the authority with --force-ca"
    make_leaf "$file" "$common_name" "$usage" "$@"
    tell_pair made "$file" "$fault"
}

protect_key() { [ -z "$(find "$out/$1-key.pem" ! -perm 0600)" ] || chmod 0600 "$out/$1-key.pem"; }

prepare_directory() {
    if [ ! -e "$out" ]; then
        mkdir -p "$out" || fail "cannot make the directory '$out'; choose another with --out"
    elif [ ! -d "$out" ]; then
        fail "'$out' is not a directory; choose another with --out"
    elif [ -n "$(find "$out" -maxdepth 0 ! -perm 0700)" ]; then
        # A directory that holds something else is not ours to close.
        if [ -e "$out/ca-key.pem" ] || [ -e "$out/root-key.pem" ] || [ -z "$(ls -A "$out")" ]; then
            chmod 0700 "$out"
        else
            printf "%s: '%s' may be read by others and was left so, because it holds other files\n" "$program" "$out" >&2
        fi
    fi
    [ -w "$out" ] || fail "'$out' cannot be written; choose another directory with --out"
    out="$(cd "$out" && pwd)"
}

[ -z "$zoo" ] || out="$zoo"
prepare_directory
# Two runs at once would mix their files; the second waits, then keeps what the first made.
if command -v flock >/dev/null 2>&1; then
    exec 9<"$out"
    flock -w 120 9 || fail "another run has been working in '$out' for two minutes; end it and try again"
    rm -rf "$out"/.make-certs.*
fi
work="$(mktemp -d "$out/.make-certs.XXXXXX")"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "$zoo" ]; then
    # shellcheck source-path=SCRIPTDIR
    . "$script_directory/zoo.sh"
    make_zoo
    exit 0
fi

fault="$(authority_fault)"
if [ -n "$fault" ]; then make_authority; tell_pair made ca "$fault"; else protect_key ca; tell_pair kept ca; fi

# Whoever renews need not remember which names were once asked for.
if [ "$renew_leaves" = no ] && [ -r "$out/server.pem" ]; then
    while read -r name; do server_names+=("$name"); done < <(names_in "$out/server.pem")
fi
mapfile -t server_names < <(printf '%s\n' "${server_names[@]}" | awk '!seen[$0]++')

leaf server localhost serverAuth sslserver "${server_names[@]}"
for client in "${clients[@]}"; do leaf "$client" "$client" clientAuth sslclient "DNS:$client"; done
