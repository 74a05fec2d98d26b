# Flink's jars from pip (the whole download but for the Python parts and the shell
# scripts), the SQL connector for Kafka from Maven Central.
pip_wheel apache-flink-libraries==2.2.1 "$work/flink"
mkdir -p -- "$out/lib" "$out/opt" "$out/plugins"
mv -- "$work"/flink/pyflink/lib/*.jar "$out/lib/"
mv -- "$work"/flink/pyflink/opt/flink-sql-client-*.jar "$out/opt/"
mv -- "$work/flink/pyflink/plugins/metrics-prometheus" "$out/plugins/"
mv -- "$work/flink/pyflink/bin/bash-java-utils.jar" "$out/bin/"
maven_jar org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2 "$out/lib"
# The download has it in opt/; the pip package leaves it out.
maven_jar org.apache.flink:flink-sql-gateway:2.2.1 "$out/opt"
