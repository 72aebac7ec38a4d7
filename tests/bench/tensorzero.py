"""Runs TensorZero's gateway, which comes as a Python module and picks its own port: the port is printed."""

import signal
import sys
from urllib.parse import urlsplit

import tensorzero

gateway = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
print("port", urlsplit(gateway.base_url).port, flush=True)
signal.pause()
