"""Deals and packs that come with the package: in ``scenarios/`` of a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from absengine.errors import Problem, UsageError, Where

DEFAULT_PACK = "standard"
"""Pack run where a command names none and the deal has none of its own."""


def scenarios_folder() -> Path:
    """``absengine/scenarios`` of an installed package, else ``scenarios`` beside the package of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def shipped_packs() -> dict[str, Path]:
    """Name → file of every pack that comes with the package."""
    return {path.stem: path for path in sorted((scenarios_folder() / "packs").glob("*.toml"))}


def pack_files(asked: list[str], deal: Path) -> list[Path]:
    """Files of the packs asked for, by path or by shipped name; by default the deal's own pack, else the standard one.

    Raises UsageError for a word that is neither, with the shipped names.
    """
    shipped = shipped_packs()
    if not asked:
        name = (deal if deal.is_dir() else deal.parent).resolve().name
        return [shipped.get(name, shipped[DEFAULT_PACK])]
    files = []
    for word in asked:
        if Path(word).is_file():
            files.append(Path(word))
        elif word in shipped:
            files.append(shipped[word])
        else:
            from absengine.language.validation import did_you_mean

            allowed, todo = (
                f"a pack file, or one of {', '.join(shipped)}",
                did_you_mean(word, shipped, "check the path"),
            )
            raise UsageError(Problem("unknown-pack", Where(path="--pack"), f"'{word}'", allowed, todo))
    return files
