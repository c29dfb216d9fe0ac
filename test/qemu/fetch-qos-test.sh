#!/usr/bin/env bash
# Builds QEMU's own test program qos-test from Debian's source package, without root, and prints where it is.
# What it needs and this machine lacks (GLib's headers) is unpacked beside it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"
version=1:10.2.2+ds-1

dir=$(qemu_cache)/qos-test
program=$dir/run/qos-test
if [ -x "$program" ]; then
  printf '%s\n' "$program"
  exit
fi
mkdir -p "$dir"
exec 3>&1 >"$dir/log" 2>&1
trap 'printf "qos-test cannot be built: see %s\n" "$dir/log" >&3' ERR

# 1. GLib's headers, for the suite that this machine runs.
suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
private_apt "$dir/apt" /var/lib/dpkg/status deb "$suite"
apt-get -c "$dir/apt/apt.conf" install -y -q --download-only --no-install-recommends libglib2.0-dev ninja-build flex bison
unpack_packages "$dir/apt" "$dir/root"
# QEMU wants a newer Meson than bookworm's; it is Python alone. A virtual environment shows it to QEMU's own.
private_apt "$dir/meson-apt" /dev/null deb trixie
cd "$dir/meson-apt/cache/archives"
apt-get -c "$dir/meson-apt/apt.conf" download meson
unpack_packages "$dir/meson-apt" "$dir/meson"
python3 -m venv --without-pip "$dir/python"
python=$dir/python/bin/python3
cp -r "$dir"/meson/usr/lib/python3/dist-packages/* "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

# 2. The source.
private_apt "$dir/source-apt" /dev/null deb-src sid
cd "$dir"
apt-get -c "$dir/source-apt/apt.conf" source --download-only "qemu=$version"
rm -rf source
dpkg-source --no-check -x qemu_"${version#*:}".dsc source

# 3. The build: nothing but the test programs.
export PATH="$dir/root/usr/bin:$PATH"
libraries=$dir/root/usr/lib/$(gcc -print-multiarch)
export PKG_CONFIG_PATH="$libraries/pkgconfig:$dir/root/usr/share/pkgconfig:$dir/root/usr/lib/pkgconfig"
mkdir -p source/build
cd source/build
flags="-I$dir/root/usr/include -I$dir/root/usr/include/glib-2.0 -I$libraries/glib-2.0/include"
../configure --python="$python" --target-list=x86_64-softmmu --without-default-features --disable-docs --disable-download --disable-install-blobs \
  --extra-cflags="$flags" --extra-ldflags="-L$libraries -Wl,-rpath,$libraries"
nice ninja tests/qtest/qos-test
mkdir -p "$dir/run"
cp tests/qtest/qos-test "$program"
cd "$dir"
rm -rf source
printf '%s\n' "$program" >&3
