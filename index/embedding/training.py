"""Tunes the sentence model on official texts. The weights that Code Desk ships were made with it.

The training data are pairs of texts that lead to one code: titles, inclusion terms, Includes notes,
entries of the indexes and tables, drug names, and the synonyms and shorthand of `prompts`. No
question of an evaluation file, no ICD-9 title and no list of synonyms from elsewhere is among them.
One text of a pair is reworded as people type: an index entry is reversed ("bacterial streptococcal
meningitis"), words are replaced by their shorthand, some are left out or misspelled.

The loss is InfoNCE: of all texts of a batch, the partner must be nearest. A batch consists of runs
of neighbouring codes, because siblings are the hardest to tell apart. A text whose code is above or
below the code of the question does not count as a wrong answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codesets.store.code_store import CodeStore
from index import families
from index.embedding.models import Model
from index.text.lexicon import Lexicon
from index.text.tokens import essential

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

#: The number of pairs in a batch, and in a run of neighbouring codes.
_BATCH, _NEIGHBOURS = 64, 8
#: The highest learning rate, and the share of the steps in which it rises to that.
_LEARNING_RATE, _WARM_UP = 4e-5, 0.06
#: Cosines are multiplied by this before the softmax, as in the model's first training.
_SCALE = 20.0
#: Tokens of a text that are read. Questions and titles are short.
_TOKENS = 32
#: The number of texts that go through the model together. They have like lengths: less padding.
_TOGETHER = 16
#: The length of vectors after `shorten`, and the number of texts that it looks at.
_DIMENSIONS, _TEXTS_TO_SHORTEN_BY = 256, 20_000
#: The most pairs of a family, and of one whose code begins with T: there the Table of Drugs lists
#: each substance six times.
_MOST_PAIRS, _MOST_OF_TABLE = 6, 1
#: The share of the families of ICD-10-PCS that is used: they are alike, and found by their axes.
_OF_PROCEDURES = 0.3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that lead to one code of a system. `asked` is the one that is reworded."""

    system: str
    code: str
    asked: str
    text: str


def pairs(store: CodeStore, chance: random.Random) -> list[Pair]:
    """The pairs of one epoch, drawn from everything loaded except CPT."""
    drawn: list[Pair] = []
    for system in store.systems:
        if system == "cpt":
            continue  # the AMA's texts are not ours to train on
        gathered = families.gather(store, system)
        for family in gathered.families:
            if system == "icd10pcs" and chance.random() > _OF_PROCEDURES:
                continue
            texts = [gathered.texts[number] for number in family.texts]
            most = _MOST_OF_TABLE if family.code[:1] == "T" and system == "icd10cm" else _MOST_PAIRS
            others = texts[1:]
            for asked in chance.sample(others, min(most, len(others))):
                # Mostly with the title, otherwise with another text.
                rest = [text for text in others if text != asked]
                text = chance.choice(rest) if rest and chance.random() < 0.3 else family.title
                drawn.append(Pair(system, family.code, asked, text))
            if not others or chance.random() < 0.15:
                drawn.append(Pair(system, family.code, family.title, family.title))
    for means, short in Lexicon.shipped().shorthand().items():
        drawn += [Pair("lexicon", " ".join(means), each, " ".join(means)) for each in short]
    return drawn


class Wording:
    """Rewords a text as people type it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._short = Lexicon.shipped().shorthand()
        self._longest = max((len(words) for words in self._short), default=1)

    def __call__(self, text: str) -> str:
        chance = self._chance
        text = essential(text) if chance.random() < 0.7 else text
        parts = text.split(", ")
        if len(parts) > 1 and chance.random() < 0.7:
            parts.reverse()
            text = " ".join(parts)
        if chance.random() < 0.5:
            text = text.lower()
        words = text.split()
        if chance.random() < 0.35:
            words = self._shortened(words)
        if len(words) > 3 and chance.random() < 0.2:
            del words[chance.randrange(len(words))]
        if chance.random() < 0.12:
            at = chance.randrange(len(words))
            words[at] = self._slip(words[at])
        return " ".join(words) or text

    def _shortened(self, words: list[str]) -> list[str]:
        plain = [re.sub(r"[^\w'-]", "", word).lower() for word in words]
        read: list[str] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                short = self._short.get(tuple(plain[at : at + length]))
                if short and self._chance.random() < 0.7:
                    read.append(self._chance.choice(short))
                    at += length
                    break
            else:
                read.append(words[at])
                at += 1
        return read

    def _slip(self, word: str) -> str:
        """A word mistyped: two letters swapped, one left out or one doubled."""
        if len(word) < 5 or not word.isalpha():
            return word
        at = self._chance.randrange(1, len(word) - 1)
        return self._chance.choice(
            [
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            ]
        )


def batches(epoch: Sequence[Pair], chance: random.Random) -> Iterator[list[Pair]]:
    """The batches of an epoch, each of several runs of neighbouring codes."""
    order = sorted(range(len(epoch)), key=lambda n: (epoch[n].system, epoch[n].code))
    runs = [order[at : at + _NEIGHBOURS] for at in range(0, len(order), _NEIGHBOURS)]
    chance.shuffle(runs)
    mixed = [number for run in runs for number in run]
    for at in range(0, len(mixed), _BATCH):
        yield [epoch[number] for number in mixed[at : at + _BATCH]]


def related(batch: Sequence[Pair]) -> np.ndarray:
    """Whether the text of the second pair may answer the first: the same words, the same code, or
    one code above the other. bool, len(batch) x len(batch), True on the diagonal."""

    def of_one(a: Pair, b: Pair) -> bool:
        same = a.system == b.system and (a.code.startswith(b.code) or b.code.startswith(a.code))
        return same or a.text == b.text or a.asked == b.asked

    return np.array([[of_one(a, b) for b in batch] for a in batch])


def train(
    store: CodeStore,
    model: Model,
    folder: Path,
    *,
    epochs: int = 1,
    seed: int = 0,
    most: int | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Tune `model` and write it into `folder`, in the format of sentence-transformers.

    `most`: the most pairs of an epoch, None for all; `tell`: called with a line of progress. On two
    cores an epoch over everything takes about an hour. Raises ModelUnavailable when `model` cannot
    be loaded, ExtraMissing when the extra `train` is not installed.
    """
    loaded = model.load()
    import torch

    chance = random.Random(seed)
    torch.manual_seed(seed)
    wording = Wording(chance)
    epoch_pairs = [pairs(store, chance) for _ in range(epochs)]
    if most is not None:
        epoch_pairs = [chance.sample(drawn, min(most, len(drawn))) for drawn in epoch_pairs]
    steps = sum(-(-len(epoch) // _BATCH) for epoch in epoch_pairs)
    tell(f"{sum(map(len, epoch_pairs)):,} pairs, {steps:,} steps")
    loaded.max_seq_length, before = _TOKENS, loaded.max_seq_length
    # Word embeddings are not trained. Without them training takes two thirds of the time.
    for name, weight in loaded.named_parameters():
        weight.requires_grad = "word_embeddings" not in name
    weights = [weight for weight in loaded.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=_LEARNING_RATE, weight_decay=0.01, fused=True)
    warm = max(1, int(steps * _WARM_UP))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / warm, (steps - step) / max(1, steps - warm))
    )
    loaded.train()
    step, running = 0, 0.0
    for epoch in epoch_pairs:
        for batch in batches(epoch, chance):
            loss = _loss(loaded, batch, wording)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            running += (loss.item() - running) / min(step, 100)
            if step % 100 == 0 or step == steps:
                tell(f"step {step:,} of {steps:,}, loss {running:.3f}")
    loaded.eval()
    loaded.max_seq_length = before
    shorten(loaded, [pair.text for pair in epoch_pairs[-1]])
    loaded.save(str(folder), create_model_card=False)


def shorten(loaded: SentenceTransformer, texts: Sequence[str]) -> None:
    """Keep only the directions of vectors in which `texts` differ most. An index takes a third less
    memory, with no difference in the ranking."""
    import torch
    from sentence_transformers.models import Dense

    some = list(dict.fromkeys(texts))[:_TEXTS_TO_SHORTEN_BY]
    vectors = loaded.encode(some, normalize_embeddings=True, convert_to_numpy=True)
    _, _, directions = np.linalg.svd(vectors, full_matrices=False)
    kept = torch.from_numpy(np.ascontiguousarray(directions[:_DIMENSIONS]))
    dense = Dense(vectors.shape[1], len(kept), bias=False, activation_function=torch.nn.Identity())
    dense.linear.weight.data = kept
    modules = [loaded[0], loaded[1], dense, loaded[2]]
    for name in list(loaded._modules):
        del loaded._modules[name]
    for number, module in enumerate(modules):
        loaded.add_module(str(number), module)


def _loss(loaded: SentenceTransformer, batch: Sequence[Pair], wording: Wording) -> torch.Tensor:
    import torch

    asked = _vectors(loaded, [wording(pair.asked) for pair in batch])
    texts = _vectors(loaded, [essential(pair.text) for pair in batch])
    excused = torch.from_numpy(related(batch)).fill_diagonal_(False)
    cosines = (asked @ texts.T * _SCALE).masked_fill(excused, -torch.inf)
    return torch.nn.functional.cross_entropy(cosines, torch.arange(len(batch)))


def _vectors(loaded: SentenceTransformer, texts: Sequence[str]) -> torch.Tensor:
    import torch

    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    rows = []
    for at in range(0, len(order), _TOGETHER):
        features = loaded.preprocess([texts[n] for n in order[at : at + _TOGETHER]])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rows.append(loaded(features)["sentence_embedding"].float())
    back = torch.tensor(np.argsort(order))
    return torch.nn.functional.normalize(torch.cat(rows), dim=1)[back]
