cat <<'END' >&2
Exception in thread "main" org.apache.flink.configuration.IllegalConfigurationException: Sum of configured Framework Heap Memory (128.000mb), Framework Off-Heap Memory (128.000mb) exceed configured Total Flink Memory (200.000mb)
END
exit 1
