"""Records that only we can read, kept in stores that others may see.

An answer that is kept to be given again may hold a token, and the session store must not let
whoever reads it sign in.  So answers are encrypted, with what the standard library has: SHAKE-256
over a secret key and a nonce is a stream that nobody can tell from chance without the key
(Bertoni, Daemen, Peeters & Van Assche, "Cryptographic sponge functions", 2011, 3.2: keyed
sponges), it is added to the text, and HMAC-SHA-256 over both says whether the record is ours
(encrypt, then authenticate: Bellare & Namprempre, ASIACRYPT 2000).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

NONCE_BYTES = 16
_TAG_BYTES = 32


class Seal:
    """Seals and opens records of one name; `secret` and `name` together make the keys."""

    def __init__(self, secret: str, name: bytes) -> None:
        self._key = hmac.digest(secret.encode(), name, "sha256")

    def digest(self, purpose: str, content: bytes = b"") -> str:
        """Return what stands for the content; nobody without the secret can try guesses on it."""
        return hmac.digest(self._derived(purpose), content, "sha256").hex()

    def close(self, content: bytes) -> bytes:
        """Return the content as a sealed record; twice the same makes two different ones."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = nonce + self._mixed(nonce, content)
        return self._tag(text) + text

    def open(self, record: bytes) -> bytes | None:
        """Return what was sealed; None if it was not sealed by this name and secret."""
        tag, text = record[:_TAG_BYTES], record[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(text)):
            return None
        return self._mixed(text[:NONCE_BYTES], text[NONCE_BYTES:])

    def _mixed(self, nonce: bytes, content: bytes) -> bytes:
        stream = hashlib.shake_256(self._derived("stream") + nonce).digest(len(content))
        mixed = int.from_bytes(content, "big") ^ int.from_bytes(stream, "big")
        return mixed.to_bytes(len(content), "big")

    def _tag(self, text: bytes) -> bytes:
        return hmac.digest(self._derived("tag"), text, "sha256")

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode(), "sha256")
