# Reads the records of list_apt_sources. Writes the deb822 source for CODENAME-backports, copied from the source that
# serves CODENAME; nothing when some source names the backports already. Exit code 3: nobody serves CODENAME.
function has(list, word) { return index(" " list " ", " " word " ") > 0 }

BEGIN { FS = "\037"; wanted = codename "-backports"; best = 0 }
{
    if (has($2, wanted) && has($3, "main")) known = 1
    if (has($2, codename "-updates")) updates[$1] = 1
    if (has($2, codename) && has($3, "main")) { count++; uris[count] = $1; key[count] = $4; trusted[count] = $5; valid[count] = $6 }
}
END {
    if (known) exit 0
    if (count == 0) exit 3
    # Other vendors also call their suites by Debian's code name. Debian's own archive is the one that has the
    # CODENAME-updates suite beside it, or at least a path that ends in /debian; else the first source serves.
    for (i = 1; i <= count; i++) {
        score = 1
        if (uris[i] ~ /\/debian\/?$/) score = 2
        if (uris[i] in updates) score = 3
        if (score > bestScore) { bestScore = score; best = i }
    }
    print "# Written by this project's src/setup: ngtcp2 and nghttp3 for Debian 12 are in backports."
    print "Types: deb"
    print "URIs: " uris[best]
    print "Suites: " wanted
    print "Components: main"
    if (key[best] != "") { lines = key[best]; gsub("\036", "\n ", lines); print "Signed-By: " lines }
    if (trusted[best] != "") print "Trusted: " trusted[best]
    if (valid[best] != "") print "Check-Valid-Until: " valid[best]
}
