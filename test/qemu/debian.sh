# Debian's packages without root: a private apt beside the machine's own. To be sourced by bash.
# The mirror is the one that the machine's own sources name; apt checks signatures and checksums as always.

# Where everything is kept.
qemu_cache() {
  printf '%s\n' "${IOVIRT_QEMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iovirt/qemu}"
}

# The archive's URI in the machine's sources, e.g. the one of `deb URI bookworm main`.
debian_mirror() {
  local uri
  uri=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 -E '/debian/?$') ||
    uri=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -n 1)
  uri=${uri%% *}
  [ -n "$uri" ] && printf '%s\n' "${uri%/}"
}

# private_apt DIR STATUS TYPE SUITE...: writes DIR/apt.conf for packages (TYPE deb) or sources (deb-src) of the suites,
# and fetches their lists. STATUS is the dpkg status file that says what is installed.
private_apt() {
  local dir=$1 status=$2 type=$3 mirror
  shift 3
  mirror=$(debian_mirror) || return 1
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  printf '%s\n' \
    "Types: $type" "URIs: $mirror" "Suites: $*" "Components: main" \
    "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" >"$dir/debian.sources"
  printf '%s\n' \
    "Dir::Etc::sourcelist \"$dir/debian.sources\";" 'Dir::Etc::sourceparts "/dev/null";' \
    "Dir::State::lists \"$dir/lists\";" "Dir::State::status \"$status\";" \
    "Dir::Cache \"$dir/cache\";" 'APT::Get::List-Cleanup "false";' 'Acquire::Languages "none";' \
    'APT::Sandbox::User "";' 'Debug::NoLocking "true";' >"$dir/apt.conf"
  apt-get -q -q -c "$dir/apt.conf" update
}

# unpack_packages DIR ROOT: unpacks every package that apt downloaded for DIR.
unpack_packages() {
  local package
  mkdir -p "$2"
  for package in "$1"/cache/archives/*.deb; do
    [ -e "$package" ] || continue
    dpkg-deb -x "$package" "$2"
  done
}
