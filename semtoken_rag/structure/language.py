"""Which language a text is in, by its script and its commonest words."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cache

SAMPLE = 600  # characters that are looked at
WORDS = 64  # words of these that are looked up
LETTERS = 64  # letters of these whose script is looked up
LEAST = 0.9  # evidence that is enough: one word that no other listed language has

# Where each script begins, and its language; "" where none of `KNOWN` is written so.
_SCRIPTS = (
    (0x0370, "el"), (0x0400, "ru"), (0x0530, ""), (0x0590, "he"), (0x0600, "ar"), (0x0700, ""),
    (0x0750, "ar"), (0x0780, ""), (0x0900, "hi"), (0x0980, ""), (0x0E00, "th"), (0x0E80, "lo"),
    (0x0F00, ""), (0x1000, "my"), (0x10A0, ""), (0x1100, "ko"), (0x1200, "am"), (0x13A0, ""),
    (0x1780, "km"), (0x1800, ""), (0x1F00, "el"), (0x2000, ""), (0x3041, "ja"), (0x3130, "ko"),
    (0x3190, ""), (0x31F0, "ja"), (0x3200, ""), (0x3400, "zh"), (0xA000, ""), (0xAC00, "ko"),
    (0xD7B0, ""), (0xF900, "zh"), (0xFB00, ""), (0xFB1D, "he"), (0xFB50, "ar"), (0xFE00, ""),
    (0xFE70, "ar"), (0xFF00, ""), (0xFF66, "ja"), (0xFFA0, ""), (0x20000, "zh"), (0x32000, ""),
)  # fmt: skip

# Commonest words, with those that begin a sentence: these tell too whether a capital follows a full stop.
STOP_WORDS = {
    "en": "the of and to in is was for on that with as by it at from are this which be has have had he she"
    " they"
    " we you i his her its their an or but not were when if what who will can there these all any"
    " then after before also our your my only some each both"
    " per over more than no between other first two while",
    "de": "der die das und ist von den dem des mit für auf im zu ein eine einer einem einen nicht sich als"
    " auch an er sie es wir ich wird sind war wurde bei nach aus am zum zur hat oder wenn dass diese dieser"
    " dieses werden kann in durch über unter vor seit ihr sein man aber wie wo wer was nur dabei dann dort"
    " danach damit daher dazu jedoch zudem heute hier jetzt derzeit darüber während",
    "fr": "le la les de des et un une est du en dans que qui pour pas sur au aux par il elle ce cette ces se"
    " avec sont plus ne ou son sa ses nous vous ils elles été était leur mais à dont y où si on je",
    "es": "el la las de y en un una es que por con para del se su sus al lo como más pero fue son está"
    " este esta ha no ser sobre entre cuando hay desde o muy también él ella si qué",
    "it": "il la lo gli le di e un una è che per con del della dei delle nel nella al alla si non sono da"
    " come"
    " anche dal più ma era stato i in questo questa ha suo sua se dalla degli cosa",
    "pt": "o a os as de e em um uma é que por com para do da dos das no na nos nas se ao à não mais como foi"
    " são está ser seu sua mas também pelo pela este esta ou quando há isso você ele ela se",
    "nl": "de het een en van in is op te dat die voor met zijn niet aan er om door ook als bij naar uit wordt"
    " werd deze dit heeft hebben ze hij wij of maar kan worden over tot wat waar ik je",
    "sv": "och att det i en på är som för av den med till ett inte om har de var från han hon vid kan ska"
    " eller men sig så när där detta denna blev efter också jag vi",
    "no": "og i det er på en til som av for at med de ikke den har et om var fra han hun vi kan skal ved"
    " eller"
    " men seg ble også etter hva dette denne bare jeg når være",
    "da": "og i det er på en til som af for at med de ikke den har et om var fra han hun vi kan skal ved"
    " eller"
    " men sig blev også efter hvad dette denne kun jeg når være",
    "fi": "ja on ei se että hän oli olla joka mutta ovat myös kun niin tai kuin voi ole sen hänen mukaan"
    " jos tämä sekä vain jo jonka vuonna minä mitä",
    "pl": "i w z na do się nie jest to że jak o po od za przez dla ale są był była było oraz jego jej które"
    " który która przy być może czy lub tym tego gdy co",
    "cs": "a se na je že s z do o i k pro jako za od po ale byl byla bylo jsou jeho její který která které"
    " nebo při tak být může také není co když podle",
    "tr": "ve bir bu da de için ile olarak olan çok daha gibi kadar sonra en ne ama o var değil olduğu ise"
    " veya ya her tarafından mi mı şu ben",
    "id": "yang dan di dari untuk dengan pada adalah ini itu tidak dalam oleh sebagai ke akan juga atau",
    "hu": "a az és hogy nem is egy van volt meg csak mint el vagy ez azt már lehet még után szerint",
    "ro": "și de la în cu pe nu este din că o un care pentru sunt mai au fost a al ale sau prin după",
    "vi": "và của là các có được trong cho không một những với này đã người khi để từ năm",
    "ru": "и в не на с что он она они это как по но к из у за от о для же так его все а мы вы я при этот"
    " если",
    "uk": "і в не на з що він вона вони це як по але до із у за від о для та так його всі а ми ви я при цей"
    " якщо",
    "el": "ο η το οι τα και να του της των με σε για από που στο στη στην δεν είναι θα αυτό αυτή ένα μια",
}  # fmt: skip
_LETTERS = {
    "de": "ß", "fr": "êœùëèîâû", "es": "ñ¿¡", "pt": "ãõ", "pl": "łżźśćńęą",
    "cs": "řěůšžčťď", "tr": "ğışİ", "it": "ìò", "ro": "șță", "vi": "ơưđạấầẩậắằặẹẻếềểễệỉịọỏốồổộớờởợụủứừửữự",
}  # fmt: skip

KNOWN = frozenset(STOP_WORDS) | {language for _, language in _SCRIPTS if language} | {"uk", "fa"}


def guess_language(text: str) -> str:
    """Guess the language of a text from its script, and where many share it, from its commonest words.

    A call has some 30 microseconds a chunk for this, and the guess only chooses between abbreviations and
    rules for sentences, which the languages mostly share. Detectors of character n-grams cost megabytes and
    milliseconds, and lose on texts of few words, where a wrong guess is worse than none.

    Parameters
    ----------
    text
        Any text; only its beginning is looked at.

    Returns
    -------
    str
        One of `KNOWN`; ``"en"`` where there is too little to tell.

    Examples
    --------
    >>> guess_language("Der Vertrag endet mit dem Tod des Mieters.")
    'de'
    >>> guess_language("契約は終了する。"), guess_language("XJ-7")
    ('ja', 'en')
    """
    sample = text[:SAMPLE]
    if not sample.isascii():
        some = [c for c in sample[:: len(sample) // LETTERS + 1] if c.isalpha()]
        wide = [c for c in some if c > "\u036f"]
        if 3 * len(wide) > len(some):
            return _by_script(wide, sample)
    return _by_words(sample)


def _by_script(letters: list[str], sample: str) -> str:
    """Language of ``letters`` of other scripts than Latin, which are some of those of ``sample``."""
    starts, languages = _tables()
    found = Counter(languages[bisect_right(starts, ord(c)) - 1] for c in letters)
    language = found.most_common(1)[0][0]
    if language == "zh" and 10 * found["ja"] > found["zh"]:
        return "ja"
    if language == "ru" and not {"і", "ї", "є", "ґ"}.isdisjoint(sample):
        return "uk"
    if language == "ar" and not {"پ", "چ", "ژ", "گ", "ک", "ی"}.isdisjoint(sample):
        return "fa"
    return language or "en"


def _by_words(sample: str) -> str:
    owners, letters = _owners(), _letters()
    scores: dict[str, float] = {}
    for word in sample.lower().split(None, WORDS)[:WORDS]:
        for language, weight in owners.get(word.strip(".,;:!?()\"'«»„“”¿¡"), ()):
            scores[language] = scores.get(language, 0.0) + weight
    if not sample.isascii():
        for letter in letters.keys() & set(sample):
            scores[letters[letter]] = scores.get(letters[letter], 0.0) + 1.0
    best = max(scores, key=lambda language: (scores[language], language == "en", language), default="en")
    return best if scores.get(best, 0.0) >= LEAST else "en"


@cache
def stop_words(language: str) -> frozenset[str]:
    """Commonest words of a language, in lower case; none where it is not listed."""
    return frozenset(STOP_WORDS.get(language, "").split())


@cache
def _owners() -> dict[str, tuple[tuple[str, float], ...]]:
    """Each stop word with its languages, and what it is worth to each: less, the more share it."""
    shared: dict[str, list[str]] = {}
    for language in STOP_WORDS:
        for word in stop_words(language):
            shared.setdefault(word, []).append(language)
    return {word: tuple((each, 1 / len(many)) for each in many) for word, many in shared.items()}


@cache
def _letters() -> dict[str, str]:
    return {letter: language for language, letters in _LETTERS.items() for letter in letters}


@cache
def _tables() -> tuple[list[int], list[str]]:
    return [0, *(start for start, _ in _SCRIPTS)], ["", *(language for _, language in _SCRIPTS)]
