#!/bin/sh
# Puts the image's configuration before the options that were given, so that
# `redis-server --appendonly yes` stays reachable from outside.
set -eu

case "${1:-}" in
  -*) exec redis-server /etc/redis/redis.conf "$@" ;;
  redis-server)
    shift
    case "${1:-}" in
      '' | -*) exec redis-server /etc/redis/redis.conf "$@" ;;
      *) exec redis-server "$@" ;; # a configuration file of the caller's own
    esac
    ;;
  *) exec "$@" ;;
esac
