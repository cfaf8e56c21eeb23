"""Infer preprocessing: search for the settings that a model was trained with."""

from functools import partial
from typing import Any

import streamlit as st

from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec
from core.lab.augmentation import Example
from core.lab.conventions import candidate_specs
from core.lab.finder import Sureness, Trial, Verdict, find_spec
from core.nets.card import ModelCard, Task
from core.picture.image import Picture
from core.picture.samples import sample_picture, samples
from pages.components.blob.knobs import knob_query, turn_knobs
from pages.components.inputs.model import pick_model
from pages.components.inputs.picture import kept_pictures
from pages.components.shell.cached import cached_answer
from pages.components.shell.navigation import BLOB
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent

_SHARES = ("confidence", "stability", "agreement")
_FIRST = ("cat", "coffee", "astronaut", "rocket")
_SURE: dict[Sureness, str] = {
    "sure": ":green-badge[clear] The first result is far ahead of the second.",
    "likely": ":orange-badge[likely] The first result is ahead, but not by much. More pictures "
    "or labels would make the result clearer.",
    "open": ":red-badge[undecided] These pictures do not separate the first results. Add "
    "pictures of objects that the model knows, or label the pictures.",
}


def show_finder(key: str, task: Task) -> None:
    """Let the visitor choose a model and pictures, search on request, and rank the specs."""
    st.markdown(
        "Is the preprocessing of a model unknown? This tries common combinations and rates the "
        "predictions. The search does not use the model card, which only marks rows below."
    )
    card = pick_model(f"{key}.{task}", task=task)
    examples = _pick_examples(key)
    question = (card.name, *((each.picture.digest, each.label) for each in examples))
    st.button(
        "Infer preprocessing",
        key=f"{key}.go",
        icon=":material/search:",
        disabled=not examples,
        on_click=_ask,
        args=(f"{key}.asked", question),
    )
    if st.session_state.get(f"{key}.asked") == question:
        verdict = cached_answer("finder", question, partial(_search, card, examples))
        _show(key, verdict, card)
    show_source(find_spec, candidate_specs)


def _ask(key: str, question: tuple[Any, ...]) -> None:
    st.session_state[key] = question


def _pick_examples(key: str) -> tuple[Example, ...]:
    pictures = _pick_pictures(key)
    known = st.toggle(
        "I know what the pictures show",
        key=persistent(f"{key}.labelled"),
        bind="query-params",
        help="With labels, the settings that predict them rank first: the most reliable "
        "criterion.",
    )
    if not known:
        return tuple(Example(picture) for picture in pictures)
    with st.container(horizontal=True):
        labels = [
            st.text_input(
                f"Label of {plain(picture.name)}",
                key=f"{key}.label.{picture.digest[:12]}",
                placeholder="a label, or part of it",
                width=200,
            )
            for picture in pictures
        ]
    return tuple(
        Example(picture, label.strip() or None)
        for picture, label in zip(pictures, labels, strict=True)
    )


def _pick_pictures(key: str) -> tuple[Picture, ...]:
    """Let the visitor choose among the samples and their own pictures."""
    given = kept_pictures()
    names = st.pills(
        "Sample pictures",
        [sample.name for sample in samples()],
        selection_mode="multi",
        default=() if given else _FIRST,
        key=persistent(f"{key}.samples"),
        bind="query-params",
        wrap=True,
    )
    mine: tuple[Picture, ...] = ()
    if given:
        chosen = st.pills(
            "Your pictures",
            range(len(given)),
            selection_mode="multi",
            default=range(len(given)),
            format_func=lambda row: given[row].name,
            key=f"{key}.given",
            wrap=True,
        )
        mine = tuple(given[row] for row in chosen)
    else:
        st.caption(
            "Three to five pictures of different objects work best. Upload yours under Picture."
        )
    together = (*mine, *(sample_picture(name) for name in names))
    return tuple({picture.digest: picture for picture in together}.values())


def _search(card: ModelCard, examples: tuple[Example, ...]) -> Verdict:
    """Try the combinations, and show the progress."""
    bar = st.empty()
    verdict = Verdict((), 0.0)
    for so_far in find_spec(card, examples):
        verdict = so_far.verdict
        tried = f"{so_far.done} of {so_far.total} settings tried"
        bar.progress(so_far.done / so_far.total, tried)
    bar.empty()
    return verdict


def _show(key: str, verdict: Verdict, card: ModelCard) -> None:
    best = verdict.trials[0]
    if best.error:
        st.warning(f"The model rejected every setting. {plain(best.error)}")
        return
    st.markdown(f"##### {_words(best.spec)}")
    st.markdown(_SURE[verdict.sureness])
    # a link alone would lose against controls that this visitor has changed before
    if st.button(
        "Use these settings on the Blob page",
        key=f"{key}.use",
        icon=":material/arrow_forward:",
        on_click=turn_knobs,
        args=("blob", best.spec),
    ):
        st.switch_page(BLOB, query_params=knob_query("blob", best.spec))
    st.dataframe(
        [_row(place, trial, card) for place, trial in enumerate(verdict.trials, start=1)],
        hide_index=True,
        height="content",
        column_config={
            "score": st.column_config.ProgressColumn(
                format="percent", min_value=0.0, max_value=1.0
            ),
            "std": st.column_config.TextColumn(width=140),
            **dict.fromkeys(_SHARES, st.column_config.NumberColumn(format="percent")),
        },
    )
    st.caption(
        "The score is the agreement with your labels. Without labels, it is the confidence "
        "beyond that on a grey image, times how much the predictions depend on the picture. "
        "Settings with the same predictions share a row; ✓ marks the preprocessing of the "
        "model card."
    )


def _row(place: int, trial: Trial, card: ModelCard) -> dict[str, Any]:
    spec = trial.spec
    cells = {
        "#": place,
        "score": round(trial.score, 3),
        "scalefactor": triple_to_text(spec.scalefactor),
        "mean": triple_to_text(spec.mean),
        "std": triple_to_text(spec.std),
        "swapRB": spec.swap_rb,
        "resize mode": spec.fit,
        "model card": "✓" if trial.covers(card.blob) else "",
        "predictions": trial.error or ", ".join(trial.answers),
        "confidence": round(trial.confidence, 3),
        "stability": round(trial.stability, 3),
    }
    labelled = {} if trial.agreement is None else {"agreement": round(trial.agreement, 3)}
    return {**cells, **labelled, "equivalent": "; ".join(_words(each) for each in trial.alike)}


def _words(spec: BlobSpec) -> str:
    words = [f"scalefactor {triple_to_text(spec.scalefactor)}"]
    if any(spec.mean):
        words.append(f"mean ({triple_to_text(spec.mean)})")
    if set(spec.std) != {1.0}:
        words.append(f"std ({triple_to_text(spec.std)})")
    return ", ".join([*words, f"swapRB {'on' if spec.swap_rb else 'off'}", spec.fit])
