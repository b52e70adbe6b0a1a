"""A language model cut off at the layer that the SAE reads.

Only the blocks up to the hook are read from disk and run; there is no LM head and no KV cache.
For SmolLM2-135M at layer 16 of 30 that is 2.4 times less arithmetic than the whole model.

Weights lie in memory in the dtype of the checkpoint: 16 blocks of an 8 B model in bfloat16 take 8 GB. Up to a gigabyte of
them, a small model's, is laid out a second time for the products (`products.py`). Of a larger model products in float32
widen one weight at a time, as it is used, which costs 2 to 11 % of their time (1,024 tokens on a CPU) and loses no bit;
products in bfloat16 narrow wider weights where they lie, and read them from disk again if float32 is wanted after all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self, cast

import torch
from torch.utils.hooks import RemovableHandle
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from fac_core.errors import ModelMismatch, WrongUse
from fac_core.models.attention import use_short_causal
from fac_core.models.loading import described, with_weights
from fac_core.models.products import may_lie_twice, product
from fac_core.models.tokens import Tokens


def blocks_before(hook_name: str) -> int:
    """Number of blocks whose output the hook reads.

    Understands `blocks.K.hook_resid_post` and `blocks.K.hook_resid_pre` (TransformerLens) and
    `model.layers.K` (Hugging Face). Raises `ModelMismatch` for a hook inside a block.

    >>> blocks_before("blocks.15.hook_resid_post"), blocks_before("blocks.15.hook_resid_pre")
    (16, 15)
    """
    if match := re.fullmatch(r"blocks\.(\d+)\.hook_resid_(pre|post)", hook_name):
        blocks = int(match[1]) + (match[2] == "post")
    elif match := re.fullmatch(r"(?:model|gpt_neox|transformer)\.(?:layers|h)\.(\d+)", hook_name):
        blocks = int(match[1]) + 1
    else:
        blocks = 0
    if blocks == 0:
        raise ModelMismatch(
            f"The SAE reads {hook_name!r}; only the residual stream between blocks is supported"
            " (blocks.K.hook_resid_post, blocks.K.hook_resid_pre or model.layers.K)."
        )
    return blocks


_POSITIONS = re.compile(r"(^|\.)(wpe|embed_positions|position_embeddings)$").search
"""Learned positions, as GPT-2, OPT and their like have: of these there are only so many."""
_ONLY_CAUSAL = "only causal language models, which read from left to right, can be encoded with. Choose one of these."


class TruncatedModel:
    """The first `n_blocks` blocks of a causal language model, as a function of token ids.

    Raises `NotFound` when there is no such model and `ModelMismatch` when it has fewer blocks.
    """

    def __init__(self, name: str, n_blocks: int, *, device: str = "cpu") -> None:
        self.name = name
        self.n_blocks = n_blocks
        self.compute_dtype = torch.float32
        whole = described(AutoConfig, name)
        if whole.is_encoder_decoder:
            raise ModelMismatch(f"{name} has an encoder and a decoder ({whole.model_type}): {_ONLY_CAUSAL}")
        config = whole.get_text_config()  # a vision-language model has its language model inside
        self.n_layers: int = config.num_hidden_layers
        if n_blocks > self.n_layers:
            raise ModelMismatch(f"The SAE reads the output of block {n_blocks}, but {name} has {self.n_layers} blocks.")
        self.d_model: int = config.hidden_size
        self._take(_loaded_module(name, n_blocks, device))
        self._check_causal()

    def _check_causal(self) -> None:
        """Raise `ModelMismatch` where a token changes what stands before it: padding would, too."""
        one, other = self.residual(torch.tensor([[1, 2, 2, 2], [1, 2, 3, 3]])).cpu()[:, :2]
        if not torch.allclose(one, other, rtol=1e-3, atol=1e-3 * float(one.nan_to_num().abs().max()), equal_nan=True):
            raise ModelMismatch(f"{self.name} reads texts in both directions: {_ONLY_CAUSAL}")

    def _take(self, module: PreTrainedModel) -> None:
        self.module = module
        self.blocks = _blocks(module, self.n_blocks)
        learned = [m for name, m in module.named_modules() if isinstance(m, torch.nn.Embedding) and _POSITIONS(name)]
        self._most_positions = min((m.num_embeddings - getattr(m, "offset", 0) for m in learned), default=None)
        self._attention = module.config._attn_implementation
        self._is_narrowed = False
        self._hooks = [
            hook
            for layer in module.modules()
            if not isinstance(layer, torch.nn.Linear)
            for hook in _widen_all_but_products(layer)
        ]
        self.computing_in(torch.float32)

    @classmethod
    def around(cls, module: PreTrainedModel, n_blocks: int, name: str = "") -> Self:
        """A model that is in memory already and has these blocks and no others: random weights, of a shape to be tried."""
        model = cls.__new__(cls)
        model.name, model.n_blocks, model.n_layers = name, n_blocks, n_blocks
        model.d_model = module.config.get_text_config().hidden_size
        model._take(module.eval().requires_grad_(False))
        return model

    def computing_in(self, dtype: torch.dtype) -> Self:
        """This model, which from now on multiplies in a dtype, with the residual stream left in float32.

        For bfloat16 this costs 3 % of the speed of bfloat16 weights and halves their error: the rounding of the
        residual stream, which every block would repeat, is what moves features over their threshold.
        """
        self.compute_dtype = dtype
        if dtype == torch.float32 and self._is_narrowed:
            self._take(_loaded_module(self.name, self.n_blocks, str(self.module.device)))
            return self
        layers = [layer for layer in self.module.modules() if isinstance(layer, torch.nn.Linear)]
        lies_twice = may_lie_twice(sum(layer.weight.numel() for layer in layers), dtype)
        for layer in layers:
            if dtype != torch.float32:  # converted once here, not by autocast in every forward pass
                self._is_narrowed |= layer.weight.dtype != dtype
                layer.to(dtype)
            cast(Any, layer).forward = product(layer.weight, layer.bias, dtype, lies_twice=lies_twice)
        self.module.config._attn_implementation = self._attention
        if dtype != torch.float32:
            use_short_causal(self.module)
        return self

    def given_up(self, dtype: torch.dtype) -> PreTrainedModel:
        """The blocks as a plain module, all of it in a dtype, residual stream and all, for who runs them another way.

        This model is not to be used after that.
        """
        for hook in self._hooks:
            hook.remove()
        for layer in self.module.modules():
            vars(layer).pop("forward", None)
        return cast(Any, self.module).to(dtype)

    @torch.inference_mode()
    def residual(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Residual stream after the last block, before any final norm.

        Args:
            input_ids: `[batch, tokens]`, padded on the right. No mask is needed: attention is
                causal, so no real token ever sees the padding to its right.

        Returns:
            `[batch, tokens, d_model]` float32.
        """
        return self.residuals(input_ids, [self.n_blocks])[0]

    @torch.inference_mode()
    def residuals(self, input_ids: torch.Tensor, after: list[int]) -> list[torch.Tensor]:
        """Residual streams after several blocks (counted from 1), from one forward pass.

        Raises `WrongUse` for a window longer than a model with learned positions has of these.
        """
        if self._most_positions is not None and input_ids.shape[1] > self._most_positions:
            raise WrongUse(
                f"{self.name} has {self._most_positions:,} positions only. Say --context {self._most_positions}."
            )
        caught: dict[int, torch.Tensor] = {}

        def catch(n: int) -> Any:
            def hook(_module: torch.nn.Module, _args: Any, output: Any) -> None:
                caught[n] = output[0] if isinstance(output, tuple) else output

            return self.blocks[n - 1].register_forward_hook(hook)

        handles = [catch(n) for n in after]
        device = self.module.device
        mixed = torch.autocast(device.type, self.compute_dtype, enabled=self.compute_dtype != torch.float32)
        try:
            with mixed:
                self.module(input_ids=input_ids.to(device), use_cache=False)
        finally:
            for handle in handles:
                handle.remove()
        return [caught[n] for n in after]


def check_known(tokens: Sequence[Tokens], model: TruncatedModel) -> None:
    """Raise `ModelMismatch` for a token that the model has no embedding for: its tokenizer has words that were added later."""
    highest = max((int(one.input_ids.max()) for one in tokens if len(one)), default=0)
    known = cast(torch.nn.Embedding, model.module.get_input_embeddings()).num_embeddings
    if highest >= known:
        raise ModelMismatch(
            f"The tokenizer of {model.name} has a token {highest}, but the model knows {known} of them. Use the tokenizer that"
            " belongs to these weights, or save the model with its embeddings resized."
        )


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """The model's own fast tokenizer. Raises `NotFound` when there is none."""
    tokenizer = described(AutoTokenizer, name)
    if not tokenizer.is_fast:
        raise ModelMismatch(f"{name} has no fast tokenizer, which is needed for offsets into the text.")
    return tokenizer


def _loaded_module(name: str, n_blocks: int, device: str) -> PreTrainedModel:
    """The first blocks, straight to the device, in the dtype of the checkpoint."""
    whole = described(AutoConfig, name)
    config = whole.get_text_config()
    _truncate(config, n_blocks)
    whole.dtype = config.dtype = (
        None  # of the weights themselves: a configuration may say another, which would round them
    )
    model = with_weights(AutoModel, name, config=whole, dtype="auto", device_map={"": device})
    if whole is not config:  # it sees as well: its weights have names that the language model alone would not find
        model = model.get_decoder()
    return cast(PreTrainedModel, model.eval().requires_grad_(False))


def _widen_all_but_products(layer: torch.nn.Module) -> list[RemovableHandle]:
    """What is no matrix product adds to the residual stream or scales it: in float32, as if loaded so."""
    if type(layer) is torch.nn.Embedding:  # large, and only looked up: its rows are widened, not the table
        return [layer.register_forward_hook(lambda _layer, _args, rows: rows.float())]
    for tensor in (*layer.parameters(recurse=False), *layer.buffers(recurse=False)):
        if tensor.is_floating_point():
            tensor.data = tensor.data.float()
    if hasattr(layer, "scalar_embed_scale"):  # Gemma's √d_model, which loading rounds to the dtype of the weights
        cast(Any, layer).embed_scale.fill_(layer.scalar_embed_scale)
    return []


def _truncate(config: Any, n_blocks: int) -> None:
    """Cut every per-layer setting, so that later blocks are never built or read."""
    n_layers = config.num_hidden_layers
    config.num_hidden_layers = n_blocks
    for key, value in vars(config).items():
        if isinstance(value, list) and len(value) == n_layers and key.startswith("layer"):
            setattr(config, key, value[:n_blocks])


def _blocks(module: torch.nn.Module, n_blocks: int) -> torch.nn.ModuleList:
    for child in module.modules():
        if isinstance(child, torch.nn.ModuleList) and len(child) == n_blocks:
            return child
    raise ModelMismatch(f"{type(module).__name__} has no list of {n_blocks} transformer blocks.")
