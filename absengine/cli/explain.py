"""``absengine explain DEAL``: the deal in sentences, every term with its value."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Language(StrEnum):
    """Languages a deal can be told in."""

    EN = "en"
    ZH = "zh"


def explain(
    deal: Annotated[Path, typer.Argument(help="Deal folder, or its deal.toml.")],
    language: Annotated[Language, typer.Option("--language", "-l", help="English or Chinese (中文).")] = Language.EN,
) -> None:
    """Say a deal in words. Every term with its value, every step, every trigger."""
    from absengine.deal.explain import explain as in_words
    from absengine.deal.load import load
    from absengine.loaders import kind_names

    typer.echo(in_words(load(deal), kind_names(), language.value), nl=False)
