#!/bin/bash
# Makes the schema and the namespace, then becomes the server; or runs what is given.
set -euo pipefail

main() {
  case ${1:-} in
    autosetup | '') ;;
    server | workflow | operator | env | --*) exec temporal "$@" ;;
    *) exec "$@" ;;
  esac
  defaults
  wait_for_database
  make_schema "$DBNAME" temporal
  make_schema "$VISIBILITY_DBNAME" visibility
  make_namespace &
  # Every service in one process.
  exec temporal-server --root /etc/temporal --config config --env config start
}

defaults() {
  export DB=${DB:-postgres12} DB_PORT=${DB_PORT:-5432}
  export DBNAME=${DBNAME:-temporal} VISIBILITY_DBNAME=${VISIBILITY_DBNAME:-temporal_visibility}
  export POSTGRES_USER=${POSTGRES_USER:-temporal} POSTGRES_PWD=${POSTGRES_PWD:-temporal}
  export SQL_PASSWORD=$POSTGRES_PWD
  if [[ $DB != postgres12 ]]; then
    echo "DB=$DB: this image knows postgres12 only" >&2
    exit 1
  fi
  if [[ -z ${POSTGRES_SEEDS:-} ]]; then
    echo "POSTGRES_SEEDS is not set: the name of the database's host is needed" >&2
    exit 1
  fi
}

wait_for_database() {
  local tries
  for ((tries = 0; tries < 120; tries++)); do
    (: >"/dev/tcp/$POSTGRES_SEEDS/$DB_PORT") 2>/dev/null && return
    sleep 0.5
  done
  echo "no PostgreSQL answers at $POSTGRES_SEEDS:$DB_PORT" >&2
  exit 1
}

# make_schema DATABASE NAME: each step is harmless where it was done before.
make_schema() {
  local tool=(temporal-sql-tool --plugin "$DB" --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" --database "$1")
  "${tool[@]}" create-database
  # Version 0.0 may be written once only; a second start finds the table.
  "${tool[@]}" update-schema --schema-name "postgresql/v12/$2" 2>/dev/null && return
  "${tool[@]}" setup-schema --version 0.0
  "${tool[@]}" update-schema --schema-name "postgresql/v12/$2"
}

make_namespace() {
  local namespace=${DEFAULT_NAMESPACE:-default} tries
  local tool=(temporal operator namespace --address 127.0.0.1:7233)
  for ((tries = 0; tries < 120; tries++)); do
    "${tool[@]}" describe --namespace "$namespace" >/dev/null 2>&1 && return
    "${tool[@]}" create --namespace "$namespace" --retention "${DEFAULT_NAMESPACE_RETENTION:-24h}" >/dev/null 2>&1 && return
    sleep 1
  done
  echo "the namespace $namespace could not be made" >&2
}

main "$@"
