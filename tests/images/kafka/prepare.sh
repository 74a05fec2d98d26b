# The broker's jars from Maven Central.
maven_jars "$here/pom.xml" "$out/libs"
