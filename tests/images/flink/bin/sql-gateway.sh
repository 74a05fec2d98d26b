#!/bin/bash
# sql-gateway.sh start-foreground [-Dkey=value]...
set -euo pipefail
source "$(dirname -- "$(readlink -f -- "$0")")/role.sh"
take_foreground "$@"
shift
# shellcheck disable=SC2046
FLINK_CONF_DIR=$home/conf FLINK_OPT_DIR=$home/opt FLINK_LIB_DIR=$home/lib FLINK_PLUGINS_DIR=$home/plugins \
  exec java ${FLINK_SQL_GATEWAY_HEAP:--Xmx512m} $(options) \
  -cp "$home/lib/*:$home/opt/*" org.apache.flink.table.gateway.SqlGateway "$@"
