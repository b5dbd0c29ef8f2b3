"""Passwords before a host; those in URLs are in test_secrets.py."""

import pytest

from dhs_runtime.userinfo import mask_userinfo


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("root:hunter2@axis", "root:***@axis"),
        ("cannot resolve 'root:hunter2@axis:80'", "cannot resolve 'root:***@axis:80'"),
        ("('root:hunter2@axis', 80)", "('root:***@axis', 80)"),
        ("login=root:hunter2@axis", "login=root:***@axis"),
        ("root:p@ss:w@[::1]:80", "root:***@[::1]:80"),
        ("root:hun/ter2@axis, //root:hunter2@axis", "root:***@axis, //root:***@axis"),
        ("rööt:hunter2@axis", "rööt:***@axis"),
        *((text, text) for text in ("joe@example.com", "mail: joe@example.com", "joe@host:/a/b")),
        *((text, text) for text in ("Email:joe@x.org", "<mailto:joe@x.org>", "reply-to:joe@x")),
        *((text, text) for text in ("at 10:20 joe@host", "12:30@x", "dcss@bl9:14242", "a@b:c@d")),
        *((text, text) for text in ("http://axis/x:y@z", "<Thread:main@0x7f>", "x:1@sha256:0f")),
    ],
)
def test_a_password_before_a_host_is_masked_without_a_scheme_too(text: str, told: str) -> None:
    assert mask_userinfo(text) == told
    assert mask_userinfo(told) == told
