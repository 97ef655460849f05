#!/usr/bin/env bash
# Usage: summarize-tests.sh DIR PROJECT...
# Adds up DIR/PROJECT.trx (what ran) and DIR/PROJECT.exit (how dotnet test ended) of every project named, and prints
# "N passed, N failed, N skipped" as the last line, also into DIR/summary.txt.
# A project that crashed, hung or left no results counts as one failure, because its missing tests would not be seen.
set -euo pipefail

results="$1"
shift
passed=0
failed=0
skipped=0

# broken PROJECT WHAT
broken() { printf '%s: %s\n' "$1" "$2"; failed=$((failed + 1)); }

# The counter called NAME of the <Counters> element held in $counters.
counter() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }

for project in "$@"; do
    trx="$results/$project.trx"
    status="$(cat "$results/$project.exit" 2>/dev/null || printf 'unknown')"
    # Text of tests cannot be mistaken for these: in it, < is written &lt;
    counters="$(sed -n 's/.*\(<Counters [^>]*>\).*/\1/p' "$trx" 2>/dev/null || true)"
    if [ -z "$counters" ]; then
        broken "$project" "left no results (dotnet test ended with exit code $status)"
        continue
    fi
    project_passed="$(counter passed)"
    project_failed=$(( $(counter failed) + $(counter error) + $(counter timeout) + $(counter aborted) ))
    # Inconclusive and ignored tests appear in no counter but the total.
    project_skipped=$(( $(counter total) - project_passed - project_failed ))
    passed=$((passed + project_passed))
    failed=$((failed + project_failed))
    skipped=$((skipped + project_skipped))
    printf '%s: %d passed, %d failed, %d skipped\n' "$project" "$project_passed" "$project_failed" "$project_skipped"
    # After a crash the file is there, with the results so far, but says so only in its outcome and in the exit code.
    if grep -q '<Text>The active [Tt]est [Rr]un was aborted' "$trx"; then
        broken "$project" "the run was aborted by a crash or a hang; the tests after that point did not run"
    elif [ "$status" != 0 ] && [ "$project_failed" -eq 0 ]; then
        broken "$project" "dotnet test ended with exit code $status although no test failed"
    fi
done

# Nobody should have to open a .trx file to learn why tests were skipped or which failed.
for outcome in NotExecuted Failed; do
    files=()
    for project in "$@"; do [ ! -r "$results/$project.trx" ] || files+=("$results/$project.trx"); done
    [ "${#files[@]}" -gt 0 ] || break
    awk -v outcome="$outcome" '
        /<UnitTestResult / {
            inside = index($0, "outcome=\"" outcome "\"") > 0
            name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name)
            if (inside && outcome == "Failed") print "failed: " plain(name)
        }
        inside && outcome == "NotExecuted" && /<Message>/ {
            reason = $0; sub(/.*<Message>/, "", reason); sub(/<\/Message>.*/, "", reason); sub(/^Initialization method .* threw exception\. */, "", reason); sub(/^Assert\.Inconclusive[^.]*\. */, "", reason)
            if (!(reason in count)) order[++reasons] = reason
            count[reason]++; inside = 0
        }
        function plain(text) { gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&amp;/, "\\&", text); return text }
        END { for (i = 1; i <= reasons; i++) printf "skipped %d: %s\n", count[order[i]], plain(order[i]) }
    ' "${files[@]}"
done

# Skipped tests prove nothing, so a run of only those is no success either.
[ $((passed + failed)) -gt 0 ] || printf 'no test ran\n'
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$results/summary.txt"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
