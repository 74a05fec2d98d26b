#!/bin/bash
# Makes elasticsearch.yml of the variables that look like settings, then becomes the server.
set -euo pipefail

readonly home=/usr/share/elasticsearch

main() {
  [[ ${1:-} == eswrapper ]] || exec "$@"
  write_settings
  # shellcheck disable=SC2046,SC2086 # options are words
  exec java -Xms512m -Xmx512m ${ES_JAVA_OPTS:-} -Djava.awt.headless=true -Dlog4j2.disable.jmx=true \
    -Des.path.home=$home -Des.path.conf=$home/config \
    -Des.distribution.flavor=oss -Des.distribution.type=docker \
    -cp "$home/lib/*" org.elasticsearch.bootstrap.Elasticsearch
}

# Of `env`, because a shell knows no variable with a dot in its name.
write_settings() {
  {
    echo 'network.host: 0.0.0.0'
    env | sed -n 's/^\([a-z][a-z_]*\(\.[a-z_]*\)\+\)=\(.*\)$/\1: "\3"/p'
  } >"$home/config/elasticsearch.yml"
}

main "$@"
