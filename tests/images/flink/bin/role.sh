#!/bin/bash
# Becomes one of Flink's processes; sourced by the scripts that are named after them.
#
# config.yaml holds the settings; where it says nothing, Flink's own arithmetic
# divides the memory of the role (BashJavaUtils).

readonly home=${FLINK_HOME:-/opt/flink}
readonly result=BASH_JAVA_UTILS_EXEC_RESULT:

# become_sized COMMAND CLASS ARGUMENT...: a role whose memory Flink divides.
become_sized() {
  local command=$1 class=$2 answer lines settings=()
  shift 2
  answer=$(java -cp "$home/bin/bash-java-utils.jar:$home/lib/*" \
    org.apache.flink.runtime.util.bash.BashJavaUtils "$command" --configDir "$home/conf" "$@" 2>&1) || true
  mapfile -t lines < <(grep "^$result" <<<"$answer" | sed "s/^$result//")
  if ((${#lines[@]} < 2)); then
    echo "Flink refuses these memory settings:" >&2
    printf '%s\n' "$answer" >&2
    exit 1
  fi
  # Two lines of words: options of the JVM, settings as `-D key=value`.
  read -ra settings <<<"${lines[1]}"
  # shellcheck disable=SC2086
  exec java ${lines[0]} $(options) -cp "$home/lib/*" "$class" --configDir "$home/conf" "$@" "${settings[@]}"
}

# The JVM options of config.yaml, and the place of the log's settings.
options() {
  sed -n 's/^env\.java\.opts\.all: *//p' "$home/conf/config.yaml"
  echo "-Dlog4j.configurationFile=file:$home/conf/log4j-console.properties ${FLINK_ENV_JAVA_OPTS:-}"
}

# Takes the word `start-foreground`, the only way to start in a container.
take_foreground() {
  if [[ ${1:-} != start-foreground ]]; then
    echo "${0##*/}: only \`start-foreground\` is known here" >&2
    exit 2
  fi
}
