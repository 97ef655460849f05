#!/usr/bin/env bash
# Runs every test project, one after the other but for those that mostly wait, and ends with "N passed, N failed, N skipped". See --help.
set -euo pipefail

setup_directory="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$setup_directory/../.." && pwd)"

usage() {
    cat <<'TEXT'
Usage: test.sh [--configuration NAME] [--filter EXPRESSION] [--results DIR]

Runs the built test projects below tests/ and writes a .trx file for each; one
after the other, but for those that say RunsBesideOthers, and for the tests whose
names begin with one of the parts that PartsBesideOthers of their project lists:
they mostly wait. The last line printed is "N passed, N failed, N skipped"; a
test that is inconclusive or ignored counts as skipped. Fails when a test failed,
a project crashed or hung, or no test ran at all.

  --configuration NAME  what was built (default Release)
  --filter EXPRESSION   as for dotnet test, such as TestCategory=Interop
  --results DIR         where the .trx files go (default artifacts/TestResults)
TEXT
}

configuration=Release
filter=''
results="$repository/artifacts/TestResults"
# A test that hangs is ended after hang_limit; project_limit catches what that does not see.
hang_limit=5m
project_limit=45m

while [ "$#" -gt 0 ]; do
    case "$1" in
        --help|-h) usage; exit 0 ;;
        --configuration|--filter|--results)
            [ "$#" -ge 2 ] || { printf 'test.sh: %s needs a value\n' "$1" >&2; exit 2; }
            case "$1" in
                --configuration) configuration="$2" ;;
                --filter) filter="$2" ;;
                --results) results="$2" ;;
            esac
            shift 2 ;;
        *) printf "test.sh: unknown argument '%s'\n" "$1" >&2; usage >&2; exit 2 ;;
    esac
done

# Unit tests come first: they are quick, and what they find explains what fails after them.
mapfile -t projects < <(grep -l '<IsTestProject>true' "$repository"/tests/*/*.csproj | awk '{ print (/UnitTests/ ? 0 : 1), $0 }' | sort | cut -d' ' -f2-)

rm -rf "$results"
mkdir -p "$results"

# Tests end processes by signals, which the processes would inherit as ignored from a script in the background or from nohup.
default_signals=(env --default-signal=HUP,INT,QUIT,TERM)
"${default_signals[@]}" true 2>/dev/null || default_signals=(env)

run_project() { # name, project, filter: runs it, and notes its exit code beside its results
    local name="$1" status=0
    printf '\n== %s\n' "$name"
    "${default_signals[@]}" timeout --kill-after=30s "$project_limit" dotnet test "$2" --no-build --configuration "$configuration" --nologo \
        -nodeReuse:false --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=minimal' \
        --results-directory "$results" --blame-hang-timeout "$hang_limit" --blame-hang-dump-type none \
        ${3:+--filter "$3"} </dev/null || status=$?
    printf '%s\n' "$status" >"$results/$name.exit"
}

both() { # filter, filter: what both let through
    if [ -n "$1" ]; then printf '(%s)&(%s)' "$1" "$2"; else printf '%s' "$2"; fi
}

parts_of() { sed -n 's/.*<PartsBesideOthers>\(.*\)<\/PartsBesideOthers>.*/\1/p' "$1"; }

# joined BETWEEN TERM PARTS: a filter of one term for each of the parts, which ; separates.
joined() { sed "s/;/ $1 $2/g; s/^/$2/; s/ //g" <<<"$3"; }
within() { joined '|' 'FullyQualifiedName~' "$1"; }
without() { joined '\&' 'FullyQualifiedName!~' "$1"; }

runs_beside() { grep -q '<RunsBesideOthers>true' "$1"; }

# One after the other, beside all the others.
run_beside() {
    local project parts
    for project in "${projects[@]}"; do
        parts="$(parts_of "$project")"
        if runs_beside "$project"; then
            run_project "$(basename "$project" .csproj)" "$project" "$filter"
        elif [ -n "$parts" ]; then
            run_project "$(basename "$project" .csproj).Beside" "$project" "$(both "$filter" "$(within "$parts")")"
        fi
    done
}

# What mostly waits for clocks or for other programs runs beside the others, and says afterwards what it found.
run_beside >"$results/beside.log" 2>&1 &
beside=$!
names=()
for project in "${projects[@]}"; do
    name="$(basename "$project" .csproj)"
    parts="$(parts_of "$project")"
    names+=("$name")
    if runs_beside "$project"; then
        continue
    fi

    if [ -n "$parts" ]; then
        names+=("$name.Beside")
        run_project "$name" "$project" "$(both "$filter" "$(without "$parts")")"
    else
        run_project "$name" "$project" "$filter"
    fi
done

wait "$beside"
cat "$results/beside.log"

printf '\n'
exec "$setup_directory/summarize-tests.sh" "$results" "${names[@]}"
