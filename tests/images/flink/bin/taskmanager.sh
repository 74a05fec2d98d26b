#!/bin/bash
# taskmanager.sh start-foreground [-D key=value]...
set -euo pipefail
source "$(dirname -- "$(readlink -f -- "$0")")/role.sh"
take_foreground "$@"
shift
# By address: the job manager need not be able to resolve a container's own name.
grep -q '^taskmanager.host:' "$home/conf/config.yaml" ||
  set -- -D "taskmanager.host=$(hostname -i | cut -d' ' -f1)" "$@"
become_sized GET_TM_RESOURCE_PARAMS org.apache.flink.runtime.taskexecutor.TaskManagerRunner "$@"
