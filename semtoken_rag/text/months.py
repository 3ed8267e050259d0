"""Names of the months, which tell an ordinal or a date from the end of a sentence."""

from __future__ import annotations

from functools import cache

# Full names in the order of the year, then others and abbreviations, in the case in which a date has them.
MONTHS = {
    "en": "January February March April May June July August September October November December"
    " Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    " Jänner Feber Jän Mär Okt Dez",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    " janv févr avr juil déc",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    " setiembre ene abr ago dic",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
    " gen mag giu lug ott",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
    " fev set out dez",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december mrt",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember des",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta"
    " lokakuuta marraskuuta joulukuuta",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada"
    " grudnia",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου"
    " Νοεμβρίου Δεκεμβρίου",
}


def any_month() -> str:
    """Pattern of any month's name, written as listed, with a capital or all in capitals.

    >>> import re
    >>> [bool(re.fullmatch(any_month(), name)) for name in ("Juli", "juillet", "JULY", "Julia")]
    [True, True, True, False]
    """
    names = {name for listed in MONTHS.values() for name in listed.split()}
    written = names | {name.capitalize() for name in names} | {name.upper() for name in names}
    endings: dict[str, list[str]] = {}  # by first letter, so that most words are seen to be none at once
    for name in sorted(written, key=lambda name: (-len(name), name)):
        endings.setdefault(name[0], []).append(name[1:])
    return r"(?:" + "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in endings.items()) + r")(?!\w)"


@cache
def month_numbers() -> dict[str, int]:
    """Return the number of each month, by its names and abbreviations in lower case.

    >>> [month_numbers()[name] for name in ("may", "okt", "märz", "juil")]
    [5, 10, 3, 7]
    """
    numbers: dict[str, int] = {}
    for listed in MONTHS.values():
        names = listed.casefold().split()
        year = names[:12]
        for name in names:  # an abbreviation is of the month with which it begins alike for longest
            alike = max(
                year, key=lambda full: sum(full.startswith(name[:n]) for n in range(1, len(name) + 1))
            )
            numbers.setdefault(name, 1 + year.index(alike))
    return numbers
