# The zoo of make-certs.sh --zoo: certificates that are right, and one wrong in each way. Sourced by make-certs.sh, whose functions it uses.
# shellcheck shell=bash

zoo_days=90
zoo_names='DNS:localhost, IP:127.0.0.1, IP:::1'

# openssl ca says when a certificate begins and ends to the second; openssl x509 only says days.
zoo_time() { date -u -d "@$(($(date -u +%s) + $1))" +%Y%m%d%H%M%SZ; }

zoo_key() {
    case "$2" in
        rsa) run_openssl "making an RSA key" genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" ;;
        p384) run_openssl "making a P-384 key" genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:named_curve -out "$1" ;;
        *) run_openssl "making a P-256 key" genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$1" ;;
    esac
}

# zoo_authority_config NAME: what openssl ca needs to know of an authority; its database lies in DIR/NAME.d.
zoo_authority_config() {
    mkdir -p "$out/$1.d"
    [ -e "$out/$1.d/index.txt" ] || : >"$out/$1.d/index.txt"
    [ -e "$out/$1.d/crlnumber" ] || printf '01\n' >"$out/$1.d/crlnumber"
    cat >"$work/$1.ca.cnf" <<TEXT
[ca]
default_ca = authority
[authority]
database = $out/$1.d/index.txt
new_certs_dir = $work
rand_serial = yes
crlnumber = $out/$1.d/crlnumber
certificate = $out/$1.pem
private_key = $out/$1-key.pem
default_md = sha256
default_crl_days = 30
crl_extensions = crl_extensions
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
[crl_extensions]
authorityKeyIdentifier = keyid:always
TEXT
}

# zoo_sign NAME AUTHORITY SUBJECT START END EXTENSION...: signs what $work/NAME-key.pem stands for; AUTHORITY "" signs with the key itself.
zoo_sign() {
    local name="$1" authority="$2" subject="$3" start="$4" end="$5"
    shift 5
    { printf '[extensions]\n'; printf '%s\n' "$@"; } >"$work/$name.cnf"
    printf '[req]\ndistinguished_name = subject\nprompt = no\n[subject]\nCN = %s\n' "$subject" >"$work/$name.req.cnf"
    run_openssl "requesting $name.pem" req -new -config "$work/$name.req.cnf" -key "$work/$name-key.pem" -sha256 -out "$work/$name.csr"
    if [ -n "$authority" ]; then
        run_openssl "signing $name.pem" ca -batch -notext -config "$work/$authority.ca.cnf" -extfile "$work/$name.cnf" -extensions extensions \
            -startdate "$start" -enddate "$end" -in "$work/$name.csr" -out "$work/$name.pem"
    else
        run_openssl "signing $name.pem" x509 -req -in "$work/$name.csr" -signkey "$work/$name-key.pem" -sha256 -days "$((zoo_days * 2))" \
            -set_serial "$(random_serial)" -extfile "$work/$name.cnf" -extensions extensions -out "$work/$name.pem"
    fi
}

zoo_authority() {
    local name="$1" above="$2" subject="$3" fault
    fault="$(pair_fault "$out/$name.pem" "$out/$name-key.pem")"
    if [ -z "$fault" ] && [ -n "$above" ]; then
        openssl verify -no-CApath -no-CAstore -CAfile "$out/$above.pem" "$out/$name.pem" >/dev/null 2>&1 </dev/null || fault='another root signed it'
    fi
    if [ -z "$fault" ]; then
        protect_key "$name"; tell_pair kept "$name"
    else
        zoo_key "$work/$name-key.pem" p256
        # What it once signed and revoked ends with it.
        rm -rf "${out:?}/$name.d" "$out/$name.crl.pem"
        zoo_sign "$name" "$above" "$subject" "$(zoo_time -300)" "$(zoo_time $((zoo_days * 2 * 86400)))" \
            'basicConstraints = critical, CA:TRUE' 'keyUsage = critical, keyCertSign, cRLSign' 'subjectKeyIdentifier = hash' \
            ${above:+'authorityKeyIdentifier = keyid:always'} ${4:+"$4"}
        install_pair "$name"
        tell_pair made "$name" "$fault"
    fi
    zoo_authority_config "$name"
}

# key_identifier FILE EXTENSION: the identifier in it, without colons; authorities of the zoo have keys of their own, so that it tells who signed.
key_identifier() { openssl x509 -in "$1" -noout -ext "$2" 2>/dev/null </dev/null | tr -d ' \n:' | grep -oE '[0-9A-F]{40}' || true; }

# zoo_fault NAME AUTHORITY KIND: why NAME.pem cannot be kept. KIND valid wants a day left, future that it has not begun; short is always made anew; other only wants the right authority.
zoo_fault() {
    local name="$1" authority="$2" kind="$3" certificate="$out/$1.pem" key="$out/$1-key.pem" begin
    [ "$kind" != short ] || { printf 'it is short-lived'; return; }
    [ -e "$certificate" ] && [ -e "$key" ] || { printf 'it was missing'; return; }
    [ "$(public_key_of_certificate "$certificate")" = "$(public_key_of_key "$key")" ] || { printf 'its key did not fit'; return; }
    if [ -n "$authority" ] && [ "$(key_identifier "$certificate" authorityKeyIdentifier)" != "$(key_identifier "$out/$authority.pem" subjectKeyIdentifier)" ]; then
        printf 'another authority signed it'; return
    fi
    if [ "$kind" = future ]; then
        begin="$(openssl x509 -in "$certificate" -noout -startdate </dev/null)"
        [ "$(date -u -d "${begin#notBefore=}" +%s)" -gt "$(($(date -u +%s) + 3600))" ] || printf 'it begins within the hour'
        return
    fi
    [ "$kind" != valid ] || openssl x509 -in "$certificate" -noout -checkend 86400 >/dev/null 2>&1 </dev/null || printf 'it had less than a day left'
}

# zoo_leaf NAME AUTHORITY KIND KEY START END USAGE NAMES [SUBJECT]
zoo_leaf() {
    local name="$1" authority="$2" kind="$3" key="$4" start="$5" end="$6" usage="$7" names="$8" subject="${9:-$1}" fault
    fault="$(zoo_fault "$name" "$authority" "$kind")"
    if [ -z "$fault" ]; then protect_key "$name"; tell_pair kept "$name"; return; fi
    zoo_key "$work/$name-key.pem" "$key"
    zoo_sign "$name" "$authority" "$subject" "$(zoo_time "$start")" "$(zoo_time "$end")" \
        'basicConstraints = critical, CA:FALSE' 'keyUsage = critical, digitalSignature' "extendedKeyUsage = $usage" 'subjectKeyIdentifier = hash' \
        ${authority:+'authorityKeyIdentifier = keyid:always'} ${names:+"subjectAltName = $names"}
    # The peer needs what stands between the leaf and the root.
    case "$authority" in intermediate|constrained) cat "$out/$authority.pem" >>"$work/$name.pem" ;; esac
    install_pair "$name"
    tell_pair made "$name" "$fault"
}

zoo_both() { zoo_leaf "$1-server" "$2" "$3" "$4" "$5" "$6" serverAuth "$zoo_names" localhost; zoo_leaf "$1-client" "$2" "$3" "$4" "$5" "$6" clientAuth "DNS:client" client; }

# The list holds the two certificates named revoked, and is written anew when it does not, or has less than a day left.
zoo_list() {
    local list="$out/intermediate.crl.pem" name next serial
    for name in revoked-server revoked-client; do
        serial="$(openssl x509 -in "$out/$name.pem" -noout -serial </dev/null)"
        grep -q "^R.*${serial#serial=}" "$out/intermediate.d/index.txt" ||
            run_openssl "revoking $name.pem" ca -batch -config "$work/intermediate.ca.cnf" -revoke "$out/$name.pem" -crl_reason keyCompromise
    done
    if [ -e "$list" ] && openssl crl -in "$list" -noout -verify -CAfile "$out/intermediate.pem" >/dev/null 2>&1 </dev/null &&
        [ "$(openssl crl -in "$list" -noout -text </dev/null | grep -c 'Serial Number:')" = "$(grep -c '^R' "$out/intermediate.d/index.txt")" ]; then
        next="$(openssl crl -in "$list" -noout -nextupdate </dev/null)"
        if [ "$(date -u -d "${next#nextUpdate=}" +%s)" -gt "$(($(date -u +%s) + 86400))" ]; then printf 'kept %s\n' "$list"; return; fi
    fi
    run_openssl "signing the revocation list" ca -gencrl -config "$work/intermediate.ca.cnf" -out "$work/intermediate.crl.pem"
    chmod 0644 "$work/intermediate.crl.pem"
    mv -f "$work/intermediate.crl.pem" "$list"
    printf 'made %s\n' "$list"
}

make_zoo() {
    local past=$((-30 * 86400)) ago=-3600 now=-300 later=$((zoo_days * 86400)) tomorrow=86400
    zoo_authority root '' 'Net zoo root'
    zoo_authority intermediate root 'Net zoo intermediate'
    zoo_authority constrained root 'Net zoo constrained' 'nameConstraints = critical, permitted;DNS:good.example'
    zoo_authority stranger '' 'Net zoo stranger'
    zoo_leaf server intermediate valid p256 "$now" "$later" serverAuth "$zoo_names" localhost
    zoo_leaf client intermediate valid p256 "$now" "$later" clientAuth DNS:client client
    zoo_both rsa intermediate valid rsa "$now" "$later"
    zoo_both p384 intermediate valid p384 "$now" "$later"
    zoo_both short-lived intermediate short p256 "$now" "$zoo_seconds"
    zoo_both expired intermediate other p256 "$past" "$ago"
    zoo_both not-yet-valid intermediate future p256 "$tomorrow" "$later"
    zoo_both self-signed '' valid p256 "$now" "$later"
    zoo_both stranger stranger valid p256 "$now" "$later"
    zoo_both name-constraint constrained valid p256 "$now" "$later"
    zoo_both revoked intermediate valid p256 "$now" "$later"
    zoo_leaf wrong-usage-server intermediate valid p256 "$now" "$later" clientAuth "$zoo_names" localhost
    zoo_leaf wrong-usage-client intermediate valid p256 "$now" "$later" serverAuth DNS:client client
    zoo_leaf wrong-name-server intermediate valid p256 "$now" "$later" serverAuth DNS:elsewhere.invalid elsewhere.invalid
    zoo_leaf common-name-only-server intermediate valid p256 "$now" "$later" serverAuth '' localhost
    zoo_list
    cat "$out/root.pem" "$out/intermediate.pem" >"$work/trust.pem"
    chmod 0644 "$work/trust.pem"
    mv -f "$work/trust.pem" "$out/trust.pem"
}
