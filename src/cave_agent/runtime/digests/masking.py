"""Passwords and keys in texts that a model is to read."""

import re

MASK = "***"

_KEY_WORDS = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token(?!s|_usage)|api_?-?key|access_?-?key|private_?-?key"
    r"|credential|authorization|signature)"
)
_SECRET_NAME = re.compile(rf"{_KEY_WORDS}|^(?:sig|auth|pw)$", re.IGNORECASE)

# A path has one slash where the URL that it was made from has two.
_URL_LOGIN = re.compile(
    r"(?<=:/)(?P<user>/?[^\s:/?#@'\"<>]{0,200}):(?P<password>[^\s'\"<>]{0,1000})@"
)
# A text may be cut before the `@`; a mere port is none.
_CUT_URL_LOGIN = re.compile(r"(?<=://)(?P<user>[^\s:/?#@'\"<>\[\]]{1,200}):(?!\d*$)[^\s/?#@'\"]+$")
_URL_TOKEN = re.compile(r"(?<=://)[^\s:/?#@'\"<>]{20,200}@")
_ASSIGNED = re.compile(
    rf"(?P<name>\b\w{{0,40}}{_KEY_WORDS}\w{{0,40}}"
    r"(?:: [\w\[\]. |]{1,60})?"  # a type hint, as in a signature
    r" ?=\s?|[?&](?:sig|auth|pw|key)=)"
    r"(?P<value>'[^'\n]*'?|\"[^\"\n]*\"?|[^\s&;,)'\"]+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    rf"(?P<name>(?P<quote>['\"])\w{{0,40}}{_KEY_WORDS}\w{{0,40}}(?P=quote)\s?:\s?)"
    r"(?:'[^'\n]*'?|\"[^\"\n]*\"?)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(?P<scheme>Bearer|Basic)\s+[\w+/=.~-]{8,}")
# A whole text, as in a parsed URL; names of what precedes an address are no users.
_LOGIN = re.compile(
    r"(?<![^'\"])(?!(?:mailto|e-?mail|sips?|xmpp|acct|from|to|b?cc):)(?P<user>[\w.%+-]{1,100}):"
    r"[^\s'\"/]{1,200}(?=@(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?(?![^'\"]))",
    re.IGNORECASE,
)
# What services issue begins with letters that say so.
_ISSUED = re.compile(
    r"\b(?:sk-|pk-|gh[opsu]_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|hf_|eyJ[\w-]{5,}\.)[\w.-]{12,}"
)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a password, a key or the like.

    Example:
        >>> is_secret_name("db_password"), is_secret_name("total_tokens")
        (True, False)
    """
    return _SECRET_NAME.search(name) is not None


def mask_secrets(text: str) -> str:
    """Return a text in which `***` stands for passwords in URLs, keys and tokens.

    It knows them by their place (`user:password@host`, `?api_key=…`, `password=…`,
    `Bearer …`) and by how well-known services begin theirs. A password that stands alone looks like
    any other word and stays.

    Args:
        text: Any text.

    Example:
        >>> mask_secrets("postgresql://ann:hunter2@db/shop?sslpassword=x")
        'postgresql://ann:***@db/shop?sslpassword=***'
    """
    if ":" in text and "@" in text:
        text = _URL_LOGIN.sub(rf"\g<user>:{MASK}@", text)
        text = _LOGIN.sub(rf"\g<user>:{MASK}", text)
    if "://" in text:
        text = _CUT_URL_LOGIN.sub(rf"\g<user>:{MASK}", text)
        text = _URL_TOKEN.sub(f"{MASK}@", text)
    if "=" in text:
        text = _ASSIGNED.sub(_keep_name, text)
    if ":" in text:
        text = _QUOTED.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", text)
    text = _SCHEME.sub(rf"\g<scheme> {MASK}", text)
    return _ISSUED.sub(MASK, text)


def _keep_name(match: re.Match[str]) -> str:
    quote = match["value"][0]
    return match["name"] + (f"{quote}{MASK}{quote}" if quote in "'\"" else MASK)
