#!/bin/bash
# The command-line tools, each under the name it has in a download of Kafka; which
# one is meant is said by the name of the link.
set -euo pipefail

case ${0##*/} in
  kafka-broker-api-versions.sh) class=org.apache.kafka.tools.BrokerApiVersionsCommand ;;
  kafka-configs.sh) class=kafka.admin.ConfigCommand ;;
  kafka-console-consumer.sh) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  kafka-console-producer.sh) class=org.apache.kafka.tools.ConsoleProducer ;;
  kafka-consumer-groups.sh) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  kafka-consumer-perf-test.sh) class=org.apache.kafka.tools.ConsumerPerformance ;;
  kafka-get-offsets.sh) class=org.apache.kafka.tools.GetOffsetShell ;;
  kafka-metadata-quorum.sh) class=org.apache.kafka.tools.MetadataQuorumCommand ;;
  kafka-producer-perf-test.sh) class=org.apache.kafka.tools.ProducerPerformance ;;
  kafka-storage.sh) class=kafka.tools.StorageTool ;;
  kafka-topics.sh) class=org.apache.kafka.tools.TopicCommand ;;
  *)
    echo "${0##*/}: no tool of Kafka has this name in this image" >&2
    exit 2
    ;;
esac

# Warnings only: the answer of a tool is what it prints, not its log.
exec env KAFKA_LOG4J_ROOT_LOGLEVEL="${KAFKA_LOG4J_ROOT_LOGLEVEL:-WARN}" java \
  -Xmx256M -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.properties \
  -cp '/opt/kafka/libs/*' "$class" "$@"
