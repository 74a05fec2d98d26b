#!/bin/bash
# jobmanager.sh start-foreground [-D key=value]...
set -euo pipefail
source "$(dirname -- "$(readlink -f -- "$0")")/role.sh"
take_foreground "$@"
shift
become_sized GET_JM_RESOURCE_PARAMS \
  org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint "$@"
