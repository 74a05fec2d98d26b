#!/bin/bash
# Creates the database cluster on the first start, then becomes the server.
# Understands POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each also with `_FILE`),
# POSTGRES_HOST_AUTH_METHOD, POSTGRES_INITDB_ARGS and the files in
# /docker-entrypoint-initdb.d.
set -euo pipefail

# A value in a file, as secrets are mounted.
for name in POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB; do
  file=${name}_FILE
  [[ -z ${!file:-} ]] || export "$name=$(<"${!file}")"
done
export POSTGRES_USER=${POSTGRES_USER:-postgres}
export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}

main() {
  if [[ ${1:-} == -* ]]; then
    set -- postgres "$@"
  fi
  if [[ ${1:-} == postgres ]]; then
    if [[ $(id -u) == 0 ]]; then
      prepare_folders
      exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
    fi
    [[ -s $PGDATA/PG_VERSION ]] || create_cluster
  fi
  exec "$@"
}

prepare_folders() {
  mkdir -p "$PGDATA"
  chown postgres:postgres "$PGDATA"
  chmod 700 "$PGDATA"
  install -d -o postgres -g postgres -m 2775 /var/run/postgresql
}

create_cluster() {
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256} arguments=()
  if [[ -z ${POSTGRES_PASSWORD:-} && $method != trust ]]; then
    echo "Error: database is uninitialized and POSTGRES_PASSWORD is not set" >&2
    exit 1
  fi
  read -ra arguments <<<"${POSTGRES_INITDB_ARGS:-}"
  # Nobody needs the few seconds of synchronisation for data that does not exist yet.
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-none}") \
    --auth-local=trust --auth-host="$method" --encoding=UTF8 --locale=C.UTF-8 --no-sync "${arguments[@]}"
  printf 'host all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  printf "listen_addresses = '*'\njit = off\n" >>"$PGDATA/postgresql.conf"

  # Only on the Unix socket: whoever asks over TCP must not find a server that
  # is about to stop again.
  pg_ctl --wait --options="-c listen_addresses=''" start
  if [[ $POSTGRES_DB != postgres ]]; then
    psql_as_owner --dbname=postgres --set=name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
  fi
  run_init_files
  pg_ctl --wait --mode=fast stop
  echo "PostgreSQL init process complete; ready for start up."
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sql) echo "running $file" && psql_as_owner --dbname="$POSTGRES_DB" --file="$file" ;;
      *.sql.gz) echo "running $file" && gunzip -c "$file" | psql_as_owner --dbname="$POSTGRES_DB" ;;
      *.sh) echo "running $file" && bash -euo pipefail "$file" ;;
      *) ;;
    esac
  done
}

psql_as_owner() {
  psql --set=ON_ERROR_STOP=1 --no-psqlrc --quiet --username="$POSTGRES_USER" "$@"
}

main "$@"
