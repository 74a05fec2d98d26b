#!/usr/bin/env bash
# Builds the container images of the larger systems that the examples run on, the
# real software, from package sources only: apt, pip, Maven Central, Go's modules.
# They take long, so the ordinary tests do without them; `cargo xtask test --full`
# asks for them.
#
#   tests/images/systems.sh                 all of them
#   tests/images/systems.sh kafka flink     only these (and what they stand on)
#
#   benchtop-test/java:17              Debian's runtime, below the next three
#   benchtop-test/kafka:4.1.1          apache/kafka's KAFKA_* variables, tools in /opt/kafka/bin
#   benchtop-test/flink:2.2.1          jobmanager, taskmanager, sql-gateway; FLINK_PROPERTIES; Kafka connector
#   benchtop-test/elasticsearch:7.10.2 elasticsearch-oss: variables with dots, ES_JAVA_OPTS
#   benchtop-test/prometheus:2         the folders and arguments of the official image
#   benchtop-test/grpc-health:1        a server of grpc.health.v1 whose answer can be changed
#   benchtop-test/otel-collector:0.155.0   OTLP in; OTLP, Prometheus, debug out; health check
#   benchtop-test/temporal:1.29.1      temporalio/auto-setup's variables on PostgreSQL, or `server start-dev`
#   benchtop-test/temporal-ui:2.42.1   the web pages of the above
#
# Each image carries a label with the hash of its own folder (and of java's, on which
# it stands); an image that has the right label is left as it is. One line an image is
# printed: "built", "present" or "skipped" with the source that did not answer, and
# the seconds it took. What is skipped is no failure: the tests name it once more.
#
# An image's folder may hold a `prepare.sh`: it is sourced before the build, with
# `here` (the folder), `out` (the build's context) and the functions of sources.sh.
#
# Needs Docker; apt and root for what prepares (Maven, Python) if it is not there.
# DOCKER names another client than `docker`. BENCHTOP_TEST_CACHE names the folder of
# the downloads (about 4 GB while Temporal is built); without it they are thrown away.
set -euo pipefail

readonly label=benchtop-test.hash
readonly docker=${DOCKER:-docker}
readonly all_images=(kafka flink elasticsearch prometheus grpc-health temporal temporal-ui otel-collector)

images=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly images
# shellcheck source=sources.sh
source "$images/sources.sh"

main() {
  if [[ ${1:-} == --build-one ]]; then
    build_one "$2"
    return
  fi
  local wanted=("$@") image failed=0
  ((${#wanted[@]})) || wanted=("${all_images[@]}")
  for image in "${wanted[@]}"; do
    tag_of "$image" >/dev/null
  done
  DOCKER=$docker bash "$images/build.sh" base

  # Two at once would build everything twice; the second waits, then finds it present.
  exec {lock}>"${TMPDIR:-/tmp}/benchtop-test-systems.$UID.lock"
  flock "$lock"
  work=$(mktemp -d "${TMPDIR:-/tmp}/benchtop-test-systems.XXXXXX")
  cache=${BENCHTOP_TEST_CACHE:-$work/cache}
  mkdir -p -- "$cache"
  export work cache
  trap 'rm -rf -- "$work"' EXIT

  # One after the other: each build uses all cores by itself.
  for image in "${wanted[@]}"; do
    ensure "$image" || failed=1
  done
  return "$failed"
}

# Builds one image, and the one below it, unless it is there, and prints its line.
ensure() {
  local image=$1 started=$SECONDS tag below log status=0 former
  tag=$(tag_of "$image")
  below=$(below "$image")
  [[ $below == base ]] || ensure "$below" || return
  if is_present "$image"; then
    printf '%-34s present  %4d s\n' "$tag" $((SECONDS - started))
    return 0
  fi
  log=$work/$image.log
  former=$("$docker" image inspect --format '{{.Id}}' "$tag" 2>/dev/null || true)
  # A process of its own: in a function whose status is asked for, `set -e` is off.
  DOCKER=$docker bash "$images/systems.sh" --build-one "$image" >"$log" 2>&1 || status=$?
  case $status in
    0) printf '%-34s built    %4d s\n' "$tag" $((SECONDS - started)) ;;
    "$absent") printf '%-34s skipped  %4d s  %s\n' "$tag" $((SECONDS - started)) "$(tail -n 1 -- "$log")" ;;
    *)
      {
        printf '%-34s failed   %4d s\n' "$tag" $((SECONDS - started))
        tail -n 40 -- "$log"
      } >&2
      return 1
      ;;
  esac
  remove_untagged "$former"
}

build_one() {
  local image=$1 here=$images/$1 out=$work/context-$1
  cp -r -- "$here" "$out"
  if [[ -f $here/prepare.sh ]]; then
    # shellcheck source=/dev/null
    source "$here/prepare.sh"
  fi
  "$docker" build --quiet --force-rm --network host --tag "$(tag_of "$image")" \
    --label "$label=$(hash_of "$image")" "$out"
  rm -rf -- "$out"
}

# The image that an image's Dockerfile names after FROM, without our prefix.
below() {
  sed -n 's|^FROM benchtop-test/\([a-z-]*\):.*|\1|p' "$images/$1/Dockerfile" | head -n 1
}

tag_of() {
  case $1 in
    base) echo benchtop-test/base:bookworm ;;
    java) echo benchtop-test/java:17 ;;
    kafka) echo benchtop-test/kafka:4.1.1 ;;
    elasticsearch) echo benchtop-test/elasticsearch:7.10.2 ;;
    prometheus) echo benchtop-test/prometheus:2 ;;
    grpc-health) echo benchtop-test/grpc-health:1 ;;
    otel-collector) echo benchtop-test/otel-collector:0.155.0 ;;
    temporal) echo benchtop-test/temporal:1.29.1 ;;
    temporal-ui) echo benchtop-test/temporal-ui:2.42.1 ;;
    flink) echo benchtop-test/flink:2.2.1 ;;
    *)
      echo "unknown image \"$1\"; known: java ${all_images[*]}" >&2
      exit 2
      ;;
  esac
}

# The hash of all files in the image's folder, names included, and of the image below;
# not of the base, which changes with the recipes of unrelated images.
hash_of() {
  local below
  below=$(below "$1")
  (
    cd -- "$images"
    {
      [[ $below == base ]] || hash_of "$below"
      find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -c1-16
  )
}

is_present() {
  local found
  found=$("$docker" image inspect --format "{{index .Config.Labels \"$label\"}}" "$(tag_of "$1")" 2>/dev/null) || return 1
  [[ $found == "$(hash_of "$1")" ]]
}

# Removes an image that lost its tag to a newer build, unless something uses it.
remove_untagged() {
  local tags
  [[ -n $1 ]] || return 0
  tags=$("$docker" image inspect --format '{{len .RepoTags}}' "$1" 2>/dev/null) || return 0
  if ((tags == 0)); then
    "$docker" image rm "$1" >/dev/null 2>&1 || true
  fi
}

main "$@"
