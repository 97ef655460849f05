# Reads one-line apt sources: deb [option=value ...] URI SUITE COMPONENT...
# Writes one record per binary source; see list_apt_sources in apt.sh.
{
    sub(/#.*/, "")
    if ($1 != "deb") next
    line = $0
    sub(/^[ \t]*deb[ \t]+/, "", line)
    signed_by = ""; trusted = ""; valid = ""
    if (line ~ /^\[/) {
        options = line
        sub(/\].*/, "", options); sub(/^\[/, "", options)
        sub(/^\[[^]]*\][ \t]*/, "", line)
        count = split(options, option, /[ \t]+/)
        for (i = 1; i <= count; i++) {
            value = option[i]; sub(/^[^=]*=/, "", value)
            if (option[i] ~ /^[Ss]igned-[Bb]y=/) { signed_by = value; gsub(/,/, " ", signed_by) }
            if (option[i] ~ /^[Tt]rusted=/) trusted = value
            if (option[i] ~ /^[Cc]heck-[Vv]alid-[Uu]ntil=/) valid = value
        }
    }
    count = split(line, part, /[ \t]+/)
    if (count < 2) next
    components = ""
    for (i = 3; i <= count; i++) if (part[i] != "") components = components (components == "" ? "" : " ") part[i]
    printf "%s\037%s\037%s\037%s\037%s\037%s\n", part[1], part[2], components, signed_by, trusted, valid
}
