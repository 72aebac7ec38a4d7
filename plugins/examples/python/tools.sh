# What `requirements.txt` pins, in `.venv`.
test -d .venv || {
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
}
PATH=$PWD/.venv/bin:$PATH
