#!/bin/bash
# Adds FLINK_PROPERTIES to the configuration, then becomes the role that is named.
set -euo pipefail

# Written anew at each start of the container: a key may stand in it only once.
{
  cat "$FLINK_HOME/conf/base.yaml"
  printf '%s\n' "${FLINK_PROPERTIES:-}"
} >"$FLINK_HOME/conf/config.yaml"
case ${1:-help} in
  jobmanager | taskmanager)
    role=$1
    shift
    exec "$FLINK_HOME/bin/$role.sh" start-foreground "$@"
    ;;
  help)
    echo "usage: jobmanager | taskmanager | /opt/flink/bin/sql-gateway.sh start-foreground"
    ;;
  *) exec "$@" ;;
esac
