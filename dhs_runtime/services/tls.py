"""How the certificates of https servers are checked."""

import ssl
from pathlib import Path

from dhs_runtime.errors import ConfigError


def tls_context(ca: str | Path | None, *, verify: bool) -> ssl.SSLContext:
    """The check of a client: by the CA certificates in the file `ca`, or else in the system.

    Raises:
        ConfigError: `ca` cannot be read, or has no certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise ConfigError(f"no certificates in {ca}: {error.strerror or error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
