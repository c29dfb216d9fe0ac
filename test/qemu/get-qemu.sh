#!/usr/bin/env bash
# Gets QEMU 11.1 from Debian's packages, without root and without touching the system: a private apt configuration,
# every package unpacked into one folder, started through its own loader. Prints the path of the program that starts
# it; where it cannot be had, one line on stderr that says why, and exit status 1.
#
#   get-qemu.sh [--offline]     --offline: print what is already there, fetch nothing
#
# The folder is $IOVIRT_QEMU_CACHE, otherwise iovirt/qemu in $XDG_CACHE_HOME or ~/.cache. $IOVIRT_QEMU names a program that is
# taken as it is.
set -euo pipefail

readonly RELEASE=trixie SUITE=trixie-backports VERSION=11.1

cannot() {
  echo "no QEMU $VERSION: $*" >&2
  exit 1
}

if [ -n "${IOVIRT_QEMU:-}" ]; then
  [ -x "$IOVIRT_QEMU" ] || cannot "IOVIRT_QEMU names $IOVIRT_QEMU, which is no program"
  echo "$IOVIRT_QEMU"
  exit 0
fi

cache="${IOVIRT_QEMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iovirt/qemu}"
target="$cache/$VERSION"
program="$target/bin/qemu-system-x86_64"
if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi
[ "${1:-}" != --offline ] || cannot "not in $target"
for command in apt-get dpkg dpkg-deb; do
  command -v "$command" >/dev/null || cannot "$command is not on this machine"
done
[ "$(dpkg --print-architecture)" = amd64 ] || cannot "the packages are for amd64"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keys" ] || cannot "the Debian archive's keys are not on this machine"
mirror=$(apt-get indextargets --format '$(REPO_URI)' | sed -n 's|/debian/*$|/debian|p' | sort -u | head -n 1)
[ -n "$mirror" ] || cannot "the machine's own sources name no Debian mirror"

mkdir -p "$cache"
exec 9>"$cache/$VERSION.lock"
flock 9
if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi
work=$(mktemp -d "$cache/$VERSION.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/apt/{lists/partial,cache/archives/partial} "$work/root" "$work/bin"
: >"$work/apt/status"
for suite in "$RELEASE" "$SUITE"; do
  echo "deb [signed-by=$keys] $mirror $suite main"
done >"$work/apt/sources.list"
cat >"$work/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "-";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
Acquire::Languages "none";
Acquire::Retries "5";
APT::Sandbox::User "";
CONF
export APT_CONFIG="$work/apt/apt.conf"
{
  apt-get update -q &&
    apt-get install -q -y -d --no-install-recommends -t "$SUITE" qemu-system-x86
} >"$work/apt/log" 2>&1 || cannot "apt-get: $(grep -m 1 '^E:' "$work/apt/log" || tail -n 1 "$work/apt/log")"
for package in "$work"/apt/cache/archives/*.deb; do
  dpkg-deb -x "$package" "$work/root" || cannot "$package does not unpack"
done

# usr-merged and not: the loader and the libraries may lie in either place.
cat >"$work/bin/qemu-system-x86_64" <<'START'
#!/bin/sh
root=$(dirname "$0")/../root
QEMU_MODULE_DIR="$root/usr/lib/x86_64-linux-gnu/qemu" exec "$root/usr/lib64/ld-linux-x86-64.so.2" \
  --library-path "$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" \
  "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
START
chmod +x "$work/bin/qemu-system-x86_64"
chmod 755 "$work"
found=$("$work/bin/qemu-system-x86_64" --version 2>&1 | head -n 1) || cannot "it does not start: $found"
case "$found" in
  *"version $VERSION."*) ;;
  *) cannot "the packages hold another one: $found" ;;
esac
rm -rf "$target" "$work/apt"
mv "$work" "$target"
echo "$program"
