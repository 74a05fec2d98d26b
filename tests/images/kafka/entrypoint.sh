#!/bin/bash
# Writes server.properties from the KAFKA_* variables, formats the storage on the
# first start, then becomes the broker. A single node without any variable.
set -euo pipefail

readonly properties=/opt/kafka/config/server.properties

main() {
  if [[ ${1:-} == kafka ]]; then
    defaults
    write_properties
    format_storage
    exec java $(heap) $(performance) -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.properties \
      -cp '/opt/kafka/libs/*' ${KAFKA_OPTS:-} kafka.Kafka "$properties"
  fi
  exec "$@"
}

defaults() {
  export CLUSTER_ID=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
  export KAFKA_LOG_DIRS=${KAFKA_LOG_DIRS:-/var/lib/kafka/data}
  [[ -z ${KAFKA_PROCESS_ROLES:-} ]] || return 0
  export KAFKA_NODE_ID=${KAFKA_NODE_ID:-1}
  export KAFKA_PROCESS_ROLES=broker,controller
  export KAFKA_LISTENERS=${KAFKA_LISTENERS:-PLAINTEXT://:9092,CONTROLLER://:9093}
  export KAFKA_ADVERTISED_LISTENERS=${KAFKA_ADVERTISED_LISTENERS:-PLAINTEXT://localhost:9092}
  export KAFKA_CONTROLLER_LISTENER_NAMES=${KAFKA_CONTROLLER_LISTENER_NAMES:-CONTROLLER}
  export KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=${KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:-CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT}
  export KAFKA_CONTROLLER_QUORUM_VOTERS=${KAFKA_CONTROLLER_QUORUM_VOTERS:-1@localhost:9093}
  export KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=${KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR:-1}
  export KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR=${KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR:-1}
  export KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=${KAFKA_TRANSACTION_STATE_LOG_MIN_ISR:-1}
}

# KAFKA_LOG_DIRS -> log.dirs; two underscores stand for one, three for a dash.
write_properties() {
  local variable key
  : >"$properties"
  for variable in $(compgen -e KAFKA_); do
    case $variable in
      KAFKA_HEAP_OPTS | KAFKA_OPTS | KAFKA_JVM_PERFORMANCE_OPTS | KAFKA_LOG4J_*) continue ;;
    esac
    key=${variable#KAFKA_}
    key=${key,,}
    key=${key//___/-}
    key=${key//__/$'\x01'}
    key=${key//_/.}
    key=${key//$'\x01'/_}
    printf '%s=%s\n' "$key" "${!variable}" >>"$properties"
  done
}

format_storage() {
  local folder=${KAFKA_LOG_DIRS%%,*}
  [[ ! -f $folder/meta.properties ]] || return 0
  kafka-storage.sh format --cluster-id "$CLUSTER_ID" --config "$properties" --ignore-formatted
}

heap() {
  printf '%s\n' "${KAFKA_HEAP_OPTS:--Xms256M -Xmx512M}"
}

performance() {
  printf '%s\n' "${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true}"
}

main "$@"
