#!/bin/bash
# Creates the tables on the first start, then becomes the server. Understands
# {MYSQL,MARIADB}_{ROOT_PASSWORD,DATABASE,USER,PASSWORD}, each also with `_FILE`.
set -euo pipefail

readonly data=/var/lib/mysql

main() {
  # Options alone are options of the server.
  [[ ${1:-} == -* ]] && set -- mariadbd "$@"
  if [[ $1 != mariadbd && $1 != mysqld ]]; then
    exec "$@"
  fi
  shift
  chown -R mysql:mysql "$data" /run/mysqld
  if [[ ! -d $data/mysql ]]; then
    create
  fi
  exec mariadbd --user=mysql --datadir="$data" --bind-address=0.0.0.0 --skip-name-resolve \
    --socket=/run/mysqld/mysqld.sock "$@"
}

# Tables, users and the database, without a server that anybody could reach yet.
create() {
  local root database user password
  root=$(value ROOT_PASSWORD)
  database=$(value DATABASE)
  user=$(value USER)
  password=$(value PASSWORD)
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db \
    --auth-root-authentication-method=normal >/dev/null
  {
    # One user for this machine and one for all others; none without a password.
    echo "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');"
    echo "FLUSH PRIVILEGES;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$(quoted "$root")';"
    echo "CREATE USER 'root'@'%' IDENTIFIED BY '$(quoted "$root")';"
    echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    if [[ -n $database ]]; then
      echo "CREATE DATABASE \`$database\`;"
    fi
    if [[ -n $user ]]; then
      echo "CREATE USER '$(quoted "$user")'@'%' IDENTIFIED BY '$(quoted "$password")';"
      echo "GRANT ALL ON \`${database:-%}\`.* TO '$(quoted "$user")'@'%';"
    fi
    if compgen -G '/docker-entrypoint-initdb.d/*.sql' >/dev/null; then
      echo "USE \`${database:-mysql}\`;"
      cat /docker-entrypoint-initdb.d/*.sql
    fi
  } | mariadbd --user=mysql --datadir="$data" --bootstrap >/dev/null
}

# The variable of this name, or the contents of the file that it names.
value() {
  local prefix name
  for prefix in MARIADB MYSQL; do
    name=${prefix}_$1
    if [[ -n ${!name:-} ]]; then
      printf '%s' "${!name}"
      return
    fi
    name+=_FILE
    if [[ -n ${!name:-} ]]; then
      cat -- "${!name}"
      return
    fi
  done
}

quoted() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\'/\\\'}"
}

main "$@"
