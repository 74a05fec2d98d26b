# The wheels of Debian's Python, from pip.
need_python
"$work/python/bin/pip" download -q --only-binary :all: --python-version 3.11 --dest "$out/wheels" \
  -r "$here/requirements.txt" || give_up pip "$here/requirements.txt"
