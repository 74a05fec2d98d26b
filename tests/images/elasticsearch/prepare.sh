# The server's jars from Maven Central, and those of its one module in a folder apart:
# a module has a class loader of its own.
maven_jars "$here/pom.xml" "$out/lib"
mv -- "$out"/lib/transport-netty4-client-*.jar "$out"/lib/netty-*.jar "$out/transport-netty4/"
# The server's own security policy knows it by this name.
mv -- "$out"/lib/plugin-classloader-7.10.2.jar "$out/lib/elasticsearch-plugin-classloader-7.10.2.jar"
