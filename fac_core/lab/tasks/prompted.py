"""An instruction as a model expects it: in its own chat template, or as plain text where it has none."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase


def prompt(tokenizer: PreTrainedTokenizerBase, instruction: str, begun: str = "") -> list[int]:
    """Token ids up to where the answer goes on.

    Args:
        begun: the beginning of the answer, already written.
    """
    if tokenizer.chat_template:
        turns = [{"role": "user", "content": instruction}]
        text = str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    else:
        text = f"{tokenizer.bos_token or ''}{instruction}\n\nAnswer: "
    return list(tokenizer(f"{text}{begun}", add_special_tokens=False)["input_ids"])
