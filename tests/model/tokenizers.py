"""Tiny tokenizers of several kinds, each with added tokens of every sort."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from tests.tiny import CHAT_TEMPLATE, CORPUS

ALPHABET = sorted({*"".join(CORPUS), *"<>|/_[]#:\n\t"})
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
_TURNS = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
_MORE = [
    AddedToken("<think>", normalized=False),
    AddedToken("</think>", normalized=False),
    AddedToken("[mask]", lstrip=True, special=True),
    AddedToken("<|pad|>", rstrip=True, special=True),
    AddedToken("week", single_word=True, normalized=True),
    AddedToken("lovely story", normalized=True),
    AddedToken("<|end", normalized=False),
    AddedToken("end|>", normalized=False),
]
"""Special and not, with every flag, and overlapping each other."""
_BLANKS = [AddedToken("\n\n", normalized=False), AddedToken("    ", normalized=False)]
_PUTS_BLANKS = {"byte-level, spaced", "byte fallback"}
"""In front of every stretch of text, so behind each added token."""


def _byte_level(*, spaced: bool = False) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=spaced)
    tokenizer.decoder = decoders.ByteLevel()
    return _trained(tokenizer, trainers.BpeTrainer, _TURNS)


def _lower_case() -> Tokenizer:
    tokenizer = _byte_level()
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    return tokenizer


def _words_first() -> Tokenizer:
    """Words of the vocabulary whatever the merges, control tokens among them."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(" ", "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return _trained(tokenizer, trainers.BpeTrainer, _TURNS)


def _byte_fallback() -> Tokenizer:
    """Blanks as `▁`, one in front of every stretch of text; bytes for what is unknown."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return _trained(tokenizer, trainers.BpeTrainer, ["<unk>", *_TURNS, *_BYTES])


def _unigram() -> Tokenizer:
    """Its model holds the control tokens too, and would rather take them than anything else."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<unk>", *_TURNS]
    return _trained(tokenizer, trainers.UnigramTrainer, special, unk_token="<unk>")


def _word_pieces() -> Tokenizer:
    """Loses blanks, so that what it decodes to is compared without them."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return _trained(tokenizer, trainers.WordPieceTrainer, ["<unk>", *_TURNS])


KINDS = {
    "byte-level": _byte_level,
    "byte-level, spaced": lambda: _byte_level(spaced=True),
    "byte-level, lower case": _lower_case,
    "words first": _words_first,
    "byte fallback": _byte_fallback,
    "unigram": _unigram,
    "word pieces": _word_pieces,
}


def tokenizer_of(kind: str) -> PreTrainedTokenizerFast:
    tokenizer = KINDS[kind]()
    tokenizer.add_tokens(_MORE if kind in _PUTS_BLANKS else _MORE + _BLANKS)
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        unk_token="<unk>" if "<unk>" in known else None,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def _trained(tokenizer: Tokenizer, trainer: Any, special: list[str], **more: Any) -> Tokenizer:
    """Trained on the corpus; bytes are words of the vocabulary and not added tokens."""
    size = 160 + len(special) + (256 if tokenizer.decoder is not None else 0)
    alphabet = ALPHABET
    if isinstance(tokenizer.decoder, decoders.ByteLevel):
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    teacher = trainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=alphabet,
        show_progress=False,
        **more,
    )
    tokenizer.train_from_iterator(CORPUS * 4, teacher)
    parts = json.loads(tokenizer.to_str())
    parts["added_tokens"] = [one for one in parts["added_tokens"] if one["content"] not in _BYTES]
    return Tokenizer.from_str(json.dumps(parts))
