"""Who takes part: what each contestant is, what it needs, and how it works, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contestant:
    """One row of the table."""

    name: str
    way: str
    """Its file in `ways/`, without `.py`."""
    packages: tuple[str, ...] = ()
    """Pinned, for an environment of its own; none: this project's own environment."""
    without: tuple[str, ...] = ()
    """Packages taken out again: builds of torchvision for a card do not load beside torch's build for processors."""
    works: str = ""
    """How it goes about it."""
    stores: str = "nothing"
    bfloat16: bool = True


_VISION = ("torchvision", "torchaudio", "torchcodec")
_SAE_LENS = "sae-lens==6.54.12"

CONTESTANTS = (
    Contestant("ceiling", "ceiling", works="the matrix products alone, 2,048 tokens at a time, on random numbers"),
    Contestant(
        "ours",
        "ours",
        works="blocks up to the SAE, texts in order of length, Top-K and pooling block by block, in one pass",
        stores="a run file: strongest activation of each text and feature with its place, and examples",
    ),
    Contestant(
        "plain transformers + sae-lens",
        "plain",
        works="the whole model with `output_hidden_states`, padded batches, `sae.encode`, the maximum over tokens",
        stores="the pooled matrix, SciPy's CSR as `.npz`",
    ),
    Contestant(
        "sae-lens, proxy of a transformers model",
        "sae_lens_proxy",
        (_SAE_LENS,),
        works="`HookedProxyLM.run_with_cache`, stopped after the SAE's block; dense `sae.encode`",
    ),
    Contestant(
        "sae-lens, TransformerLens bridge",
        "sae_lens_bridge",
        (_SAE_LENS,),
        works="`SAETransformerBridge.run_with_cache_with_saes`, one hook, stopped after the SAE's block; eager attention",
    ),
    Contestant(
        "delphi, latent cache",
        "delphi_cache",
        ("eai-delphi==0.1.3",),
        _VISION,
        works="all blocks, texts padded to one window, dense latents searched for what is not zero",
        stores="every token's non-zero latents, places in 16 bits, values in float16, in five splits with the tokens",
    ),
    Contestant(
        "interp-embed",
        "interp_embed_dataset",
        ("interp-embed==0.1.0",),
        _VISION,
        works="all blocks and logits, every hook cached, texts tokenised twice, a CSR a text",
        stores="every token's non-zero latents, one pickle",
        bfloat16=False,
    ),
    Contestant(
        "SAEDashboard, runner",
        "sae_dashboard_runner",
        ("sae-dashboard==0.8.0", "pyarrow<21"),
        _VISION,
        works="256 features a pass over all texts, all features encoded in each; also statistics, logits and sequences",
    ),
    Contestant(
        "dictionary_learning",
        "dictionary_learning_topk",
        ("dictionary-learning==0.1.0",),
        _VISION,
        works="nnsight trace, ended after the SAE's block; dense `AutoEncoderTopK.encode`",
    ),
    Contestant(
        "sparsify",
        "sparsify_coder",
        ("eai-sparsify==1.3.3",),
        works="the whole model with `output_hidden_states`; `SparseCoder.encode`, which never makes dense codes",
    ),
)
"""In the order of the table."""

NO_BFLOAT16 = "its encoder hands activations to NumPy, which has no bfloat16"
