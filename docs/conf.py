"""Sphinx configuration."""

from dcs_codec import __version__

project = "dcs-codec"
author = "The dcs-codec developers"
copyright = "2026, The dcs-codec developers"  # noqa: A001 - Sphinx's name
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "dcs-codec"
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
suppress_warnings = ["myst.xref_missing"]  # the README's links are meant for its own folder
