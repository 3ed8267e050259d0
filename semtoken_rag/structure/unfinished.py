"""Lines that end in the middle of a sentence, by the word or the mark that they end with."""

from __future__ import annotations

import re
from functools import cache

LEAST = 3  # words of a line that a small letter goes on with

# Words that need another one behind them. No adverbs and no particles of verbs, which may end a title.
_WORDS = (
    "the a an of and or nor to in for on with by at from as that which who whose is are was were be been has"
    " have had shall will must may can not no than if when while under into per its his her their this these"
    " between except"
    " der die das den dem des ein eine einen einem einer und oder mit für auf im zu von bei nach aus am zum"
    " zur durch über unter vor ist sind wird werden nicht kein keine keinen als dass wenn sowie bis um hat"
    " haben außer ohne"
    " le la les un une des de du et ou à au aux en dans par pour sur avec sans que qui est sont ne sauf ni"
    " el los las una del y con por para se su sus son salvo sin"
    " il lo gli di della dei delle da nel nella per tra fra che non è sono al alla ai tranne"
    " os um uma dos das em na nos nas com não são ao exceto"
    " het een van en op te voor met naar uit door niet och att på av för med till"
    " и в на с не или для от по без из за при z w na nie oraz lub dla przez od"
)
_LAST = r"(?<![\w'’-])([^\W\d_]{1,8})\Z"
_FINAL = r"[.!?:;。！？；：।؟۔។…][\"'”’»)\]]*(?:\[\d+\]|[¹²³⁰⁴-⁹])*\s*\Z"
_COMMA = r"[^\s,][,，、]\Z"
_EAST = r"[をはがにでとも的和与與或及是不对對为為把被从從向]\Z"  # a particle that needs a word behind it


def wants_more(line: str) -> bool:
    """Return whether a line, without blanks at its end, ends with a comma or a word that needs another.

    >>> [wants_more(line) for line in ("Basel, Strasbourg,", "The supplier shall not", "Who goes", "会费是")]
    [True, True, False, True]
    """
    if re.search(_COMMA, line[-2:]) or re.search(_EAST, line[-1:]):
        return True
    found = re.search(_LAST, line[-10:])
    return found is not None and found.group(1) in _words()


def goes_on(line: str, following: str) -> bool:
    """Return whether a sentence goes on from a line to the next; both without blanks around them.

    >>> goes_on("3.2 The supplier shall", "Deliver it."), goes_on("He lived in town", "and wrote.")
    (True, True)
    >>> goes_on("Short line", "Vienna. It voted."), goes_on("It rained.", "and so on")
    (False, False)
    """
    if not following or re.search(_FINAL, line[-8:]) or re.search(r"[=|<>{}\t]", line[-60:]):
        return False
    words = len(line[-60:].split(None, 3))
    small = begins_small(following)
    if wants_more(line):
        return words > 1 or small or not line.isascii()
    return words >= LEAST and small


def begins_small(line: str) -> bool:
    """Return whether the first letter of a line, behind quotation marks, is a small one."""
    return line[:4].lstrip("\"'“‘„«(")[:1].islower()


@cache
def _words() -> frozenset[str]:
    return frozenset(_WORDS.split())
