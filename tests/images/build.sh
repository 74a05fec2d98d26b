#!/usr/bin/env bash
# Builds the container images of the tests from the distribution's own packages,
# so that no image registry is needed.
#
#   tests/images/build.sh                   all images
#   tests/images/build.sh redis busybox     only these (and the base they stand on)
#
#   benchtop-test/base:bookworm    debootstrap, without documentation and languages
#   benchtop-test/busybox:1        one static binary, for fast container tests
#   benchtop-test/postgres:15      POSTGRES_* and /docker-entrypoint-initdb.d as in the official image
#   benchtop-test/redis:7          all addresses, no protected mode
#   benchtop-test/rabbitmq:3       management plugin, guest from everywhere
#   benchtop-test/mariadb:10       MYSQL_* and MARIADB_*, also with _FILE, as in the official image
#   benchtop-test/nginx:1          sites in /etc/nginx/conf.d, envsubst
#
# Each image carries a label with the hash of this script and of the image's own
# folder; an image that has the right label is left as it is. One line an image
# is printed: "built" or "present", and the seconds it took.
#
# Needs Docker, apt and, for everything but busybox, root (debootstrap).
# BENCHTOP_TEST_MIRROR names the Debian mirror when apt's own first source is not one.
# DOCKER names another client than `docker`.
set -euo pipefail

readonly suite=bookworm
readonly label=benchtop-test.hash
readonly docker=${DOCKER:-docker}
readonly all_images=(base busybox postgres redis rabbitmq mariadb nginx)

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here

main() {
  local wanted=("$@") image
  ((${#wanted[@]})) || wanted=("${all_images[@]}")
  for image in "${wanted[@]}"; do
    tag_of "$image" >/dev/null
  done
  need_docker

  # Two builds at once would build everything twice; the second waits, then finds it present.
  exec {lock}>"${TMPDIR:-/tmp}/benchtop-test-images.$UID.lock"
  flock "$lock"

  work=$(mktemp -d "${TMPDIR:-/tmp}/benchtop-test-images.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT

  # The base last: it cannot go before what stands on it.
  local former=()
  for image in nginx mariadb rabbitmq redis postgres busybox base; do
    former+=("$("$docker" image inspect --format '{{.Id}}' "$(tag_of "$image")" 2>/dev/null || true)")
  done

  # busybox stands alone and is built beside the base; the others need the base first.
  local jobs=()
  if contains busybox "${wanted[@]}"; then
    ensure busybox & jobs+=($!)
  fi
  if needs_base "${wanted[@]}"; then
    ensure base
  fi
  for image in "${wanted[@]}"; do
    case $image in
      base | busybox) ;;
      *) ensure "$image" & jobs+=($!) ;;
    esac
  done

  local job failed=0
  for job in "${jobs[@]}"; do
    wait "$job" || failed=1
  done
  remove_untagged "${former[@]}"
  return "$failed"
}

# Removes those of the images that lost their tag to a newer build, unless
# something still uses them.
remove_untagged() {
  local id tags
  for id in "$@"; do
    tags=$("$docker" image inspect --format '{{len .RepoTags}}' "$id" 2>/dev/null) || continue
    if ((tags == 0)); then
      "$docker" image rm "$id" >/dev/null 2>&1 || true
    fi
  done
}

# True when `base` was asked for, or an image on top of it has to be built.
needs_base() {
  local image
  for image in "$@"; do
    case $image in
      base) return 0 ;;
      busybox) ;;
      *) is_present "$image" || return 0 ;;
    esac
  done
  return 1
}

# Builds one image unless it is there, and prints its line. The output of the
# build is shown only when it fails.
ensure() {
  local image=$1 started=$SECONDS tag log
  tag=$(tag_of "$image")
  log=$work/$image.log
  if is_present "$image"; then
    printf '%-28s present  %3d s\n' "$tag" $((SECONDS - started))
    return 0
  fi
  if ! (build_one "$image") >"$log" 2>&1; then
    {
      printf '%-28s failed   %3d s\n' "$tag" $((SECONDS - started))
      tail -n 40 -- "$log"
    } >&2
    return 1
  fi
  printf '%-28s built    %3d s\n' "$tag" $((SECONDS - started))
}

# Called as a condition above, where `set -e` is off: hence the explicit `&&` and `||`.
build_one() {
  case $1 in
    base) build_base ;;
    busybox) build_busybox ;;
    *)
      "$docker" build --quiet --force-rm --network host --tag "$(tag_of "$1")" \
        --label "$label=$(hash_of "$1")" "$here/$1"
      ;;
  esac
}

build_base() {
  need_debootstrap || return
  local root=$work/base mirror
  mirror=$(debian_mirror) || return
  local options=(--variant=minbase)
  # Without certificates inside, apt could not read a mirror that speaks TLS.
  [[ $mirror == https:* ]] && options+=(--include=ca-certificates)

  debootstrap "${options[@]}" "$suite" "$root" "$mirror" &&
    carry_apt_configuration "$root" "$mirror" &&
    slim_down "$root" &&
    tar -C "$root" --numeric-owner --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
    "$docker" import \
      --change 'CMD ["bash"]' \
      --change 'ENV LANG=C.UTF-8' \
      --change "LABEL $label=$(hash_of base)" \
      - "$(tag_of base)"
}

# What this machine's apt needs to reach the mirror, the image's apt needs too:
# date checks switched off, a proxy, retries.
carry_apt_configuration() {
  local root=$1 mirror=$2
  printf 'deb %s %s main\n' "$mirror" "$suite" >"$root/etc/apt/sources.list" || return
  # A proxy that holds a password stays here: an image is easily handed on.
  apt-config dump |
    grep -E '^Acquire::(Check-[A-Za-z-]+|https?|Retries)[: ]' |
    grep -v '://[^/"]*@' >"$root/etc/apt/apt.conf.d/90host" || true
  if [[ $mirror == https:* && -r /etc/ssl/certs/ca-certificates.crt ]]; then
    cp -- /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt" || return
  fi
}

# Keeps documentation and languages out, now and for every later apt-get, and
# stops packages from starting their services while they are installed.
slim_down() {
  local root=$1
  cat >"$root/etc/dpkg/dpkg.cfg.d/90slim" <<'CONFIG' || return
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/lintian/*
path-include=/usr/share/doc/*/copyright
CONFIG
  cat >"$root/etc/apt/apt.conf.d/90slim" <<'CONFIG' || return
APT::Install-Recommends "false";
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
CONFIG
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" || return
  chmod 755 "$root/usr/sbin/policy-rc.d" || return
  find "$root/usr/share/doc" -type f ! -name copyright -delete || return
  find "$root/usr/share/doc" -type l -delete || return
  rm -rf -- "$root"/usr/share/{man,info,locale,lintian}/* "$root"/var/lib/apt/lists/* \
    "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/debconf/*-old \
    "$root"/var/log/{apt,bootstrap.log,dpkg.log,alternatives.log} || return
  # debootstrap copies these two from this machine; Docker provides them anyway.
  rm -f -- "$root/etc/resolv.conf" "$root/etc/hostname"
}

build_busybox() {
  local root=$work/busybox package applet
  mkdir -p -- "$root/package" "$root/image"/{bin,usr,etc,tmp,root,var,proc,sys,dev} || return
  chmod 1777 "$root/image/tmp" || return
  (cd -- "$root/package" && download_package busybox-static) || return
  package=$(find "$root/package" -name 'busybox-static_*.deb' -print -quit)
  dpkg-deb --fsys-tarfile "$package" | tar -C "$root/package" -x || return
  package=$(find "$root/package" -type f -name busybox -perm -u+x -print -quit)
  cp -- "$package" "$root/image/bin/busybox" || return
  for applet in $("$package" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/image/bin/$applet" || return
  done
  ln -s bin "$root/image/sbin" && ln -s ../bin "$root/image/usr/bin" &&
    ln -s ../bin "$root/image/usr/sbin" || return
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/image/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/image/etc/group"
  tar -C "$root/image" --owner=0 --group=0 --numeric-owner -c . |
    "$docker" import \
      --change 'CMD ["sh"]' \
      --change 'ENV PATH=/bin' \
      --change "LABEL $label=$(hash_of busybox)" \
      - "$(tag_of busybox)"
}

# Fetches one .deb into the current folder; works without root when apt's lists are there.
download_package() {
  local options=()
  # The folder is private, and apt's sandbox user could not write to it.
  ((UID == 0)) && options=(-o APT::Sandbox::User=root)
  apt-get "${options[@]}" download "$1" && return
  ((UID == 0)) || return
  apt-get update && apt-get "${options[@]}" download "$1"
}

# The first URI in apt's own sources, in the order in which apt reads them.
debian_mirror() {
  if [[ -n ${BENCHTOP_TEST_MIRROR:-} ]]; then
    printf '%s\n' "$BENCHTOP_TEST_MIRROR"
    return
  fi
  local file uri
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list; do
    [[ -r $file ]] || continue
    uri=$(awk '
      $1 == "URIs:" { print $2; exit }
      $1 == "deb"   { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z]+:\//) { print $i; exit } }
    ' "$file")
    if [[ -n $uri ]]; then
      printf '%s\n' "$uri"
      return
    fi
  done
  echo "no mirror found in apt's sources; set BENCHTOP_TEST_MIRROR to a Debian mirror" >&2
  return 1
}

need_docker() {
  if ! "$docker" version --format '{{.Server.Version}}' >/dev/null 2>&1; then
    echo "$docker does not answer: is the engine running, and may this user reach it?" >&2
    exit 1
  fi
}

need_debootstrap() {
  if ((UID != 0)); then
    echo "building the base image needs root (debootstrap): run this script as root once" >&2
    return 1
  fi
  command -v debootstrap >/dev/null && return
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap ||
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap; }
}

tag_of() {
  case $1 in
    base) echo "benchtop-test/base:$suite" ;;
    busybox) echo benchtop-test/busybox:1 ;;
    postgres) echo benchtop-test/postgres:15 ;;
    redis) echo benchtop-test/redis:7 ;;
    rabbitmq) echo benchtop-test/rabbitmq:3 ;;
    mariadb) echo benchtop-test/mariadb:10 ;;
    nginx) echo benchtop-test/nginx:1 ;;
    *)
      echo "unknown image \"$1\"; known: ${all_images[*]}" >&2
      exit 2
      ;;
  esac
}

# The hash of this script and of all files in the image's folder, names included.
hash_of() {
  (
    cd -- "$here"
    {
      sha256sum build.sh
      if [[ -d $1 ]]; then
        find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
      fi
    } | sha256sum | cut -c1-16
  )
}

is_present() {
  local found
  found=$("$docker" image inspect --format "{{index .Config.Labels \"$label\"}}" "$(tag_of "$1")" 2>/dev/null) || return 1
  [[ $found == "$(hash_of "$1")" ]]
}

contains() {
  local sought=$1 item
  shift
  for item in "$@"; do
    [[ $item == "$sought" ]] && return 0
  done
  return 1
}

main "$@"
