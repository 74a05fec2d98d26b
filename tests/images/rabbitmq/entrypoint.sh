#!/bin/bash
# Becomes the broker; RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS are
# honoured as in the official image.
set -euo pipefail

# Erlang sizes its tables by this limit, and an engine may set it to a billion.
ulimit -n 65536 2>/dev/null || true

if [[ ${1:-} == rabbitmq-server && -n ${RABBITMQ_DEFAULT_USER:-} ]]; then
  own=/var/lib/rabbitmq/rabbitmq.conf
  {
    cat /etc/rabbitmq/rabbitmq.conf
    printf 'default_user = %s\n' "$RABBITMQ_DEFAULT_USER"
    printf 'default_pass = %s\n' "${RABBITMQ_DEFAULT_PASS:-guest}"
  } >"$own"
  export RABBITMQ_CONFIG_FILE="$own"
fi
exec "$@"
