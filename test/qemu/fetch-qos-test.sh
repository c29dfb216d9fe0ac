#!/usr/bin/env bash
# Builds QEMU's own test program qos-test, and beside it those of OTHERS below, from Debian's source package, without
# root and without touching the system, and prints the path of the former; where that cannot be, one line on stderr that
# says why, and exit status 1. What it needs and this machine lacks of libraries and tools is unpacked beside it. Takes
# about two minutes, and 1.5 GB for that time.
#
#   fetch-qos-test.sh [--offline]     --offline: print what is already there, fetch nothing
#
# The folder is $IOVIRT_QEMU_CACHE, otherwise iovirt/qemu in $XDG_CACHE_HOME or ~/.cache. $IOVIRT_QOS_TEST names a
# program that is taken as it is.
set -euo pipefail

readonly OTHERS="intel-iommu-test fw_cfg-test machine-none-test qmp-test"
readonly VERSION=1:10.2.2+ds-1 SUITE=sid
# QEMU wants a newer Meson than bookworm's; it is Python alone.
readonly MESON_SUITE=trixie

cannot() {
  echo "no qos-test: $*" >&2
  exit 1
}

if [ -n "${IOVIRT_QOS_TEST:-}" ]; then
  [ -x "$IOVIRT_QOS_TEST" ] || cannot "IOVIRT_QOS_TEST names $IOVIRT_QOS_TEST, which is no program"
  echo "$IOVIRT_QOS_TEST"
  exit 0
fi

target="${IOVIRT_QEMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iovirt/qemu}/qos-test"
program="$target/run/qos-test"
if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi
[ "${1:-}" != --offline ] || cannot "not in $target"
for command in apt-get dpkg-deb dpkg-source gcc make pkg-config python3; do
  command -v "$command" >/dev/null || cannot "$command is not on this machine"
done
python3 -c 'import ensurepip, venv' 2>/dev/null || cannot "python3 has no module ensurepip (python3-venv)"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keys" ] || cannot "the Debian archive's keys are not on this machine"
mirror=$(apt-get indextargets --format '$(REPO_URI)' | sed -n 's|/debian/*$|/debian|p' | sort -u | head -n 1)
[ -n "$mirror" ] || cannot "the machine's own sources name no Debian mirror"

mkdir -p "$target"
exec 9>"$target/lock"
flock 9
if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi
work="$target/work"
rm -rf "$work" "$target/root"
mkdir -p "$work" "$target/root"
trap 'rm -rf "$work"' EXIT

# configure_apt NAME TYPE SUITE STATUS: a private apt for packages (deb) or sources (deb-src) of one suite. STATUS is
# the dpkg status file that says what is installed.
configure_apt() {
  local dir="$work/$1"
  mkdir -p "$dir"/{lists/partial,cache/archives/partial}
  echo "$2 [signed-by=$keys] $mirror $3 main" >"$dir/sources.list"
  cat >"$dir/apt.conf" <<CONF
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "-";
Dir::State::lists "$dir/lists";
Dir::State::status "$4";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
Acquire::Retries "5";
APT::Sandbox::User "";
Debug::NoLocking "true";
CONF
  APT_CONFIG="$dir/apt.conf" apt-get update -q
}

build() {
  configure_apt libraries deb "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" /var/lib/dpkg/status
  APT_CONFIG="$work/libraries/apt.conf" apt-get install -q -y -d --no-install-recommends libglib2.0-dev ninja-build flex bison
  for package in "$work"/libraries/cache/archives/*.deb; do
    [ ! -e "$package" ] || dpkg-deb -x "$package" "$target/root"
  done

  configure_apt meson deb "$MESON_SUITE" /dev/null
  (cd "$work/meson" && APT_CONFIG="$work/meson/apt.conf" apt-get download meson && dpkg-deb -x meson_*.deb root)
  python3 -m venv --without-pip "$work/python"
  local python="$work/python/bin/python3"
  cp -r "$work"/meson/root/usr/lib/python3/dist-packages/* "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

  configure_apt source deb-src "$SUITE" /dev/null
  (cd "$work/source" && APT_CONFIG="$work/source/apt.conf" apt-get source -q --download-only "qemu=$VERSION")
  dpkg-source --no-check -x "$work/source/qemu_${VERSION#*:}.dsc" "$work/qemu"

  # Nothing but the test programs. They find their libraries where those were unpacked.
  local libraries
  libraries="$target/root/usr/lib/$(gcc -print-multiarch)"
  export PATH="$target/root/usr/bin:$PATH" PKG_CONFIG_PATH="$libraries/pkgconfig:$target/root/usr/share/pkgconfig"
  local include="-I$target/root/usr/include -I$target/root/usr/include/glib-2.0 -I$libraries/glib-2.0/include"
  mkdir "$work/qemu/build"
  cd "$work/qemu/build"
  ../configure --python="$python" --target-list=x86_64-softmmu --without-default-features --disable-docs \
    --disable-download --disable-install-blobs \
    --extra-cflags="$include" --extra-ldflags="-L$libraries -Wl,-rpath,$libraries"
  local others
  read -r -a others <<<"$OTHERS"
  nice ninja tests/qtest/qos-test "${others[@]/#/tests/qtest/}"
  mkdir -p "$target/run"
  cp "${others[@]/#/tests/qtest/}" "$target/run/"
  cp tests/qtest/qos-test "$target/run/qos-test.new"
  mv "$target/run/qos-test.new" "$program"
}

# Not `build || cannot`: that would let it go on after a failure.
set +e
(set -e && build) >"$target/log" 2>&1
status=$?
set -e
[ "$status" = 0 ] || cannot "$(grep -m 1 -E '^E:|ERROR|error:' "$target/log" || tail -n 1 "$target/log") (see $target/log)"
echo "$program"
