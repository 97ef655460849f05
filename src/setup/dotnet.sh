#!/usr/bin/env bash
# Checks that the .NET SDK which global.json asks for is there. Installs nothing.
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
wanted="$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$repository/global.json")"
# 10.0.100 -> 10.0: packages and pages are named after this.
feature_band="${wanted%.*}"

explain() {
    cat >&2 <<TEXT
dotnet.sh: $1
This project needs the .NET SDK $wanted or a later $feature_band.x (see global.json).
It is the package dotnet-sdk-$feature_band of many Linux distributions; otherwise look for
"Download .NET $feature_band" and "Install .NET on Linux" on Microsoft's .NET site.
TEXT
    exit 1
}

command -v dotnet >/dev/null 2>&1 || explain "the program dotnet is not in PATH"
# Run in the repository, dotnet itself applies global.json and its roll-forward rule.
if ! found="$(cd "$repository" && dotnet --version 2>/dev/null)"; then
    explain "no installed SDK fits; installed are: $(cd / && dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')"
fi
printf 'dotnet.sh: present: .NET SDK %s\n' "$found"
