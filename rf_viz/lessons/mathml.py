"""The LaTeX of the worked solutions as MathML, which browsers and printers show by themselves."""

from __future__ import annotations

import re
from html import escape

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")

_COMMANDS = {
    r"\cdot": "<mo>\N{DOT OPERATOR}</mo>",
    r"\max": "<mi>max</mi>",
    r"\min": "<mi>min</mi>",
    r"\lceil": '<mo stretchy="false">\N{LEFT CEILING}</mo>',
    r"\rceil": '<mo stretchy="false">\N{RIGHT CEILING}</mo>',
    r"\lfloor": '<mo stretchy="false">\N{LEFT FLOOR}</mo>',
    r"\rfloor": '<mo stretchy="false">\N{RIGHT FLOOR}</mo>',
    r"\rightarrow": "<mo>\N{RIGHTWARDS ARROW}</mo>",
    r"\,": '<mspace width="0.17em"/>',
    r"\;": '<mspace width="0.28em"/>',
}

_BEFORE_A_SIGN = {"", "=", "(", ",", "+", r"\cdot", r"\lceil", r"\lfloor"}
"""Tokens after which a minus is a sign, and no difference."""


def mathml(latex: str) -> str:
    """Turn an equation into MathML. Raises ValueError for LaTeX that no solution uses."""
    tokens = _TOKEN.findall(latex)
    return f"<math>{_row(tokens, closing=False)}</math>"


def prose(markdown: str) -> str:
    """Turn a sentence of a solution into HTML: bold and italic text, and equations in it."""
    html = []
    for number, part in enumerate(markdown.split("$")):
        if number % 2:
            html.append(mathml(part))
            continue
        text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(part))
        html.append(re.sub(r"\*(.+?)\*", r"<i>\1</i>", text))
    return "".join(html)


def _row(tokens: list[str], *, closing: bool) -> str:
    """Atoms up to the closing brace, or to the end. It takes its tokens off the list."""
    html, before = "", ""
    while tokens and not (closing and tokens[0] == "}"):
        sign = tokens[0] == "-" and before in _BEFORE_A_SIGN
        before = tokens[0]
        atom = _atom(tokens)
        if sign:
            atom = atom.replace("<mo>", '<mo form="prefix">')
        html += _scripted(atom, tokens)
    if closing:
        if not tokens:
            raise ValueError("a brace is not closed")
        tokens.pop(0)
    return f"<mrow>{html}</mrow>"


def _scripted(atom: str, tokens: list[str]) -> str:
    """An atom with the index below and the one above that follow it."""
    scripts = {}
    while tokens and tokens[0] in "_^":
        place = tokens.pop(0)
        scripts[place] = _atom(tokens)
    if not scripts:
        return atom
    tag = {"_": "msub", "^": "msup"}[next(iter(scripts))] if len(scripts) == 1 else "msubsup"
    return f"<{tag}>{atom}{''.join(scripts[place] for place in '_^' if place in scripts)}</{tag}>"


def _atom(tokens: list[str]) -> str:
    """One letter, number, operator, group or fraction."""
    token = tokens.pop(0)
    if token == "{":
        return _row(tokens, closing=True)
    if token == r"\tfrac":
        return f"<mfrac>{_atom(tokens)}{_atom(tokens)}</mfrac>"
    if token in _COMMANDS:
        return _COMMANDS[token]
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    if token.isalpha() and token.isascii():
        return f"<mi>{token}</mi>"
    if token in "+=,/":
        return f"<mo>{token}</mo>"
    if token in "()":
        return f'<mo stretchy="false">{token}</mo>'
    if token == "-":
        return "<mo>\N{MINUS SIGN}</mo>"
    raise ValueError(f"{token} is not known in an equation")
