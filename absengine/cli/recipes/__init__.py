"""Recipes (条款模板): the events of a plan as tables to insert into a deal file. One file each; see ``book``."""
