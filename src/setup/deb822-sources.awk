# Reads deb822 apt sources (stanzas of "Field: value" with indented continuation lines).
# Writes one record per enabled binary source; see list_apt_sources in apt.sh.
function flush_stanza(    types) {
    types = " " value["types"] " "
    if (value["uris"] != "" && types ~ / deb / && tolower(value["enabled"]) !~ /^(no|false|0|off|without|disable)$/)
        printf "%s\037%s\037%s\037%s\037%s\037%s\n", value["uris"], value["suites"], value["components"], \
            value["signed-by"], value["trusted"], value["check-valid-until"]
    delete value
    field = ""
}
function trimmed(text) { sub(/^[ \t]+/, "", text); sub(/[ \t\r]+$/, "", text); return text }

/^#/ { next }
/^[ \t\r]*$/ { flush_stanza(); next }
/^[ \t]/ {
    if (field == "") next
    # The lines of an inline key must survive; every other field is a list of words.
    if (field == "signed-by") value[field] = value[field] "\036" trimmed($0)
    else value[field] = value[field] " " trimmed($0)
    next
}
{
    at = index($0, ":")
    if (at == 0) next
    field = tolower(trimmed(substr($0, 1, at - 1)))
    value[field] = trimmed(substr($0, at + 1))
}
END { flush_stanza() }
