"""The language under deals and packs: TOML with places, units, typed formulas, names, registries."""
