cat <<'END' >&2

thread 'main' (4711) panicked at src/main.rs:7:5:
called `Option::unwrap()` on a `None` value
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
END
exit 101
