"""Words that change what stands beside them: exceptions, conditions, negations, limits and attributions."""

from __future__ import annotations

import re
from functools import cache

# By language; a phrase ends at a comma, and a word goes on in any way at a star.
EXCEPTIONS = {
    "en": "except*, excluding, exclusive of, not including, unless, only if, only when, only where, only"
    " after, provided,"
    " providing, but not, but only, but never, other than, save for, save that, save as, save where, save"
    " in, until,"
    " apart from, aside from, exception*, subject to, notwithstanding, as long as, so long as, insofar as,"
    " in so far as,"
    " to the extent, on condition, on the condition, barring, without prejudice, if, in case, in the event,"
    " assuming,"
    " rather than, instead of, lest, as opposed to, no later than, conditional on, contingent on, otherwise",
    "de": "außer, ausser, ausgenommen, ausgeschlossen, ausnahme*, sofern, soweit, solange, es sei denn, nur"
    " wenn, nur falls,"
    " wenn, falls, vorbehaltlich, unter vorbehalt, abgesehen von, aber nicht, jedoch nicht, nicht aber, bis"
    " auf,"
    " unter der bedingung, unter der voraussetzung, vorausgesetzt, mit der maßgabe, im falle, im fall,"
    " anstatt, statt,"
    " unbeschadet, insoweit, insofern, erst wenn, bis dass, sonst, andernfalls",
    "fr": "sauf, excepté, hormis, hors, à moins, à condition, sous réserve, sous condition, pourvu,"
    " exception*, à l'exclusion,"
    " en dehors, mais pas, mais non, jusqu'à ce que, seulement si, uniquement si, si, s'il, s'ils, s'elle,"
    " en cas,"
    " au cas où, tant que, dans la mesure où, plutôt que, au lieu de, dès lors que",
    "es": "salvo, excepto, exceptuando, excepci*, a menos que, a no ser que, siempre que, siempre y cuando,"
    " solo si, sólo si,"
    " pero no, con tal de que, a condición, hasta que, si, en caso, fuera de, aparte de, sin perjuicio, en"
    " lugar de,"
    " en vez de, sino, salvedad, en la medida, mientras",
    "it": "tranne, salvo, salva, salvi, salve, eccetto, eccezion*, fuorché, a meno, esclus*, purché, a"
    " condizione, a patto,"
    " solo se, ma non, finché, fino a quando, se, in caso, sempre che, qualora, invece di, anziché, ove,"
    " nella misura,"
    " purchè",
    "pt": "exceto, excepto, excetuando, exceç*, salvo, a não ser, a menos que, desde que, contanto que,"
    " apenas se, só se,"
    " somente se, mas não, até que, se, caso, em caso, no caso, sem prejuízo, ressalvad*, em vez de, fora,"
    " na medida,"
    " enquanto",
    "nl": "behalve, tenzij, mits, indien, uitgezonderd, uitzondering*, maar niet, alleen als, zolang, voor"
    " zover, als, in geval",
    "sv": "utom, förutom, såvida, om inte, bara om, endast om, undantag*, förutsatt, i stället för",
    "no": "unntatt, unntak*, undtagen, undtagelse*, med mindre, medmindre, bare hvis, kun hvis, hvis,"
    " dersom, forutsatt,"
    " forudsat, bortset fra, bortsett fra",
    "pl": "chyba że, oprócz, z wyjątkiem, wyjątek, jeżeli, jeśli, o ile, pod warunkiem, dopóki, zamiast",
    "ru": "кроме, исключени*, исключая, если, за исключением, но не, при условии, пока, только если, помимо,"
    " вместо, разве что",
    "zh": "除, 但, 只有, 只要, 仅当, 仅限, 如果, 如有, 如未, 若, 倘, 假如, 前提, 直到, 例外,"
    " 不包括, 不含, 以外, 之外, 另有"
    ", 情况下, 情形下, 而非, 而不是",
    "ja": "ただし, 但し, を除, 以外, 限り, に限, 場合, なければ, ならば, もし, ときは, ときに, しない限り,"
    " 代わり, を条件, ば、",
    "ko": "다만, 제외*, 한하여, 한해, 경우에만, 예외*, 아니라",
    "ar": "إلا, وإلا, باستثناء, وباستثناء, ما عدا, ماعدا, عدا, شريطة, بشرط, ما لم, فقط إذا, سوى, إذا, ليس",
    "th": "ยกเว้น, เว้นแต่, แต่ไม่, นอกจาก, ถ้า, หาก, เฉพาะ, ต่อเมื่อ, เว้นเสียแต่",
    "lo": "ຍົກເວັ້ນ, ແຕ່ບໍ່, ຖ້າ, ຫາກ, ສະເພາະ",
    "km": "លើកលែងតែ, ប៉ុន្តែមិន, ប្រសិនបើ, លុះត្រាតែ",
    "my": "မှအပ, မဟုတ်လျှင်",
    "hi": "सिवाय, छोड़कर, अलावा, बशर्ते, यदि, अगर, जब तक",
}
NEGATIONS = {
    "en": "not, no, never, neither, nor, none, nobody, nothing, nowhere, without, hardly, scarcely, barely,"
    " rarely, seldom,"
    " cannot, few, little, unlikely, ain't, fail*, lack*, refus*, prohibit*, forbid*, forbidden, exempt*",
    "de": "nicht, kein*, weder, noch, nie, niemals, niemand*, nichts, nirgend*, ohne, kaum, selten,"
    " keinesfalls, keineswegs,"
    " mitnichten, verboten, untersagt, unzulässig, entfällt, entfallen, befreit",
    "fr": "ne, n'*, pas, ni, sans, non, jamais, aucun*, nul, nulle, nuls, rien, guère, interdit*, exclu*,"
    " exonér*",
    "es": "no, nunca, jamás, sin, ni, ningún, ningun*, nada, nadie, tampoco, apenas, prohibid*, exclu*,"
    " exent*",
    "it": "non, né, nè, mai, senza, nessun*, niente, nulla, neanche, nemmeno, neppure, mica, vietat*, esent*",
    "pt": "não, nunca, jamais, sem, nem, nenhum*, nada, ninguém, tampouco, proibid*, exclu*, isent*",
    "nl": "niet, geen, nooit, noch, zonder, niemand, niets, nauwelijks, verboden, evenmin",
    "sv": "inte, ingen, inget, inga, aldrig, utan, varken, förbjud*",
    "no": "ikke, ingen, intet, ingenting, aldri, aldrig, uten, uden, verken, hverken, forbud*",
    "pl": "nie, bez, nigdy, ani, żaden, żadn*, nikt, nic",
    "ru": "не, нет, ни, без, никогда, никто, ничего, нельзя, запрещ*",
    "tr": "değil, yok, hiç, asla, olmadan, hiçbir, dışında, hariç, sadece, eğer",
    "zh": "不, 没, 沒, 未, 非, 无, 無, 莫, 勿, 禁止, 否",
    "ja": "ない, なかっ, なく, なし, ません, ず、, ずに, ぬ, 不, 未, 非, 無, 禁",
    "ko": "않*, 없*, 아니*, 못*, 금지*",
    "ar": "لا, ليس, ليست, لم, لن, غير, دون, بدون, ولا, يحظر, يمنع",
    "th": "ไม่, มิ, ห้าม, ปราศจาก, งดเว้น",
    "lo": "ບໍ່, ຫ້າມ",
    "km": "មិន, ហាម, គ្មាន",
    "hi": "नहीं, न, ना, बिना, निषिद्ध",
}
GOVERNORS = {
    "en": "only, at most, up to, no more than, all but, merely, solely, exclusively, whether, claim*,"
    " alleged*, alleges, allegation*, den*ed,"
    " denies, deny, denying, said, says, say, saying, stated, states that, argue*, argued, believe*,"
    " report*, according,"
    " suggest*, think*, thought, suppos*, pretend*, rumo*, purport*, false, untrue, wrong, doubt*, perhaps,"
    " maybe,"
    " possibly, probably, apparently, seemingly, would, wouldn't, should have, wrongly, mistakenly,"
    " draft*, repeal*, obsolete, deprecated, superseded, expired, revoked, withdrawn, hypothetical*,"
    " fictional, fictitious",
    "de": "nur, höchstens, maximal, lediglich, ausschließlich, allenfalls, erst, ob, behaupt*, bestreit*,"
    " bestritt*,"
    " leugn*, angeblich, vermutlich, vielleicht, wahrscheinlich, möglicherweise, laut, zufolge, sagt*,"
    " meint*, glaubt*,"
    " nach angaben, mutmaßlich*, falsch, unwahr, irrtümlich, wäre, würde*, hätte*,"
    " entwurf*, aufgehoben*, veraltet*, überholt*, widerrufen*, außer kraft, ungültig*",
    "fr": "seulement, uniquement, au plus, exclusivement, prétend*, affirm*, nie, nient, niait, démen*,"
    " selon, d'après,"
    " peut-être, probablement, serait, seraient, aurait, auraient, dit, disent, faux, que si, croit, "
    "estime, estiment, projet, abrogé*, obsolète*, périmé*, caduc*",
    "es": "solo, sólo, solamente, únicamente, exclusivamente, como máximo, afirm*, niega, niegan, negó,"
    " según,"
    " quizá*, tal vez,"
    " probablemente, supuest*, presunt*, dice, dijo, dicen, sería, habría, falso, cree, creen, asegur*",
    "it": "solo, soltanto, solamente, unicamente, esclusivamente, al massimo, afferm*, sostien*, nega,"
    " negano,"
    " negò, secondo,"
    " forse, probabilmente, presunt*, sarebbe, avrebbe, dice, disse, falso, crede, dichiar*",
    "pt": "só, apenas, somente, unicamente, exclusivamente, no máximo, afirm*, nega, negam, negou, segundo,"
    " talvez,"
    " provavelmente, suposto*, suposta*, alegad*, diz, disse, seria, teria, falso, acredita*",
    "nl": "alleen, slechts, hoogstens, uitsluitend, volgens, beweer*, ontken*, misschien, zou, zegt, zei",
    "ru": "только, лишь, якобы, возможно, утвержда*, отрица*, по словам, вероятно, бы",
    "zh": "只, 仅, 僅, 最多, 至多, 假设, 声称, 據稱, 据, 否认, 可能, 也许, 或许, 认为, 称, 表示, 说",
    "ja": "のみ, だけ, 最大, と主張, と述べ, という, と言, によれば, によると, かもしれ, 否定, おそらく,"
    " らしい, とされ, 否認, と発表",
}
# At the beginning of a sentence these open a condition for all that follows.
OPENERS = "when, whenever, where, wherever, once, while, during, quand, lorsqu*, cuando, quando, wo,"
" sobald, während, bei, beim"
_CONTRACTED = r"n['’]t(?!\w)|(?<!\w)(?:n|s)['’](?=\w)"  # isn't; n'est, s'il
_UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my"})


def governing(language: str = "") -> re.Pattern[str]:
    """Return the pattern of words that negate, limit, condition or attribute, for a text in lower case.

    Parameters
    ----------
    language
        If it is listed, words that mean so in another language alone, but are common in this one
        (Portuguese *no*, Swedish *ni*), are left out. Any other: all words of all languages.

    Returns
    -------
    re.Pattern of str
        The compiled pattern.

    Examples
    --------
    >>> bool(governing().search("das gilt, sofern er zahlt")), bool(governing("pt").search("vive no porto"))
    (True, False)
    """
    return _pattern(language, ("exceptions", "negations", "governors"))


def excepting(language: str = "") -> re.Pattern[str]:
    """Pattern of the exceptions and conditions alone, for a text in lower case.

    >>> excepting().search("at any time except on mondays").start()
    12
    """
    return _pattern(language, ("exceptions",))


# Harmless words of a language that are listed above for another one.
_COMMON = {
    "en": "falls fora mits ob ove pas se si sin als ne nada zou", "de": "mai ne no se si als",
    "nl": "se si ne",
    "fr": "no se non son", "es": "se mai", "it": "si ne ni", "pt": "no si ni ne", "sv": "ni se sin",
    "da": "se sin no", "no": "se sin", "fi": "ne se", "pl": "si se", "cs": "se si ne", "tr": "ne se",
}  # fmt: skip
_LISTS = {"exceptions": EXCEPTIONS, "negations": NEGATIONS, "governors": GOVERNORS}


@cache
def _pattern(language: str, kinds: tuple[str, ...]) -> re.Pattern[str]:
    spaced: dict[str, list[str]] = {}  # by first letter, so that most words are seen to be none at once
    unspaced = []
    for kind in kinds:
        for owner, listed in _LISTS[kind].items():
            for phrase in map(str.strip, listed.split(", ")):
                if owner in _UNSPACED:
                    unspaced.append(re.escape(phrase))
                elif owner == language or phrase not in _COMMON.get(language, "").split():
                    spaced.setdefault(phrase[0], []).append(_written(phrase[1:]))
    words = "|".join(f"{first}(?:{'|'.join(dict.fromkeys(rest))})" for first, rest in spaced.items())
    negated = f"|{_CONTRACTED}" if "negations" in kinds else ""
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)|{'|'.join(dict.fromkeys(unspaced))}{negated}")


def _written(rest: str) -> str:
    return re.escape(rest).replace(r"\*", r"\w*").replace("'", "['’]").replace(r"\ ", r"\s+")
