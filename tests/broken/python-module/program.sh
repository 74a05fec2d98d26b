cat <<'END' >&2
Traceback (most recent call last):
  File "/srv/shop/app.py", line 1, in <module>
    import flask
ModuleNotFoundError: No module named 'flask'
END
exit 1
