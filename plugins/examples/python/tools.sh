# What `requirements.txt` pins, in `.venv`, and the types of the contract beside it.
test -d .venv || {
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
}
PATH=$PWD/.venv/bin:$PATH
test -d .bindings || componentize-py --quiet --wit-path wit --world signalbox-policy bindings .bindings
