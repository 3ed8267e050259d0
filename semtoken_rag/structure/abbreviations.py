"""Abbreviations by language: what follows their full stop, and so whether a sentence may end there."""

from __future__ import annotations

from functools import cache

# No sentence ends behind these: something always follows.
NEVER_LAST = {
    "": "dr. prof. mr. mrs. ms. e.g. i.e. cf. vs.",
    "en": "approx. e.g. i.e. cf. viz. vs. v. mr. mrs. ms. dr. prof. rev. hon. capt. col. gen. lt. sgt."
    " messrs. mt."
    " esp. incl. excl. resp. ca. c. gov. sen. rep.",
    "de": "abs. vgl. ca. bzw. z.b. d.h. u.a. dr. prof. hr. fr. hrn. evtl. ggf. inkl. exkl. zzgl. abzgl."
    " sog. insb."
    " v.a. i.d.r. i.s.v. i.v.m. i.s.d. m.a.w. o.g. u.u. z.t. zw. i.h.v. gem. mind. entspr. einschl. st. dipl."
    " ing. jr. lt. od. geb. gest. verh. bspw. resp. allg. s.o. s.u. h.c. rer. nat. med. phil. jur. urspr.",
    "fr": "m. mm. mme. mlle. mr. dr. me. env. c.-à-d. p.ex. cf. mgr. pr. st. ste. av. bd. vs. resp.",
    "es": "sr. sra. srta. sres. d. dña. dr. dra. prof. profa. p.ej. aprox. cf. vs. lic. ing. arq. gral."
    " avda. ud. uds.",
    "it": "sig. sigg. dott. dr. prof. avv. ing. arch. geom. on. spett."
    " gent. es. p.es."
    " ca. cfr. vs. d.lgs. d.p.r. s.p.a. s.",
    "pt": "sr. sra. srs. dr. dra. prof. profa. eng. exmo. exma. p.ex. aprox. cf. vs. av.",
    "nl": "dhr. mevr. mw. mr. dr. drs. prof. ir. ing. bijv. bv. d.w.z. o.a. m.b.t. t.o.v. i.p.v. ca. vgl."
    " incl. excl."
    " resp. m.i.v. t.a.v. a.u.b. evt.",
    "sv": "t.ex. bl.a. d.v.s. dvs. ca. jfr. dr. prof. fr.o.m. t.o.m. s.k. inkl. exkl. resp.",
    "no": "f.eks. bl.a. dvs. ca. jf. dr. prof. inkl. ekskl. hhv.",
    "da": "f.eks. bl.a. dvs. ca. jf. dr. prof. inkl. ekskl. hhv. fx.",
    "fi": "esim. ts. ks. vrt. mm. n. noin. tri. prof. toim. eli.",
    "pl": "np. tj. tzn. m.in. ok. ds. dr. prof. inż. mgr. św. ul. al. pl. im. zob. por. wg. hab. tel.",
    "cs": "např. tj. tzv. resp. ing. mgr. mudr. judr. dr. prof. doc. bc. sv. ul. nám. popř. příp. vč. cca."
    " srov.",
    "tr": "örn. bkz. vb. dr. prof. doç. av. yrd. sn. bay. yak. mah. cad. sok.",
    "ru": "т.е. т.к. напр. ул. д. кв. им. проф. др. ср. см. гр. акад. пр. просп. обл. р-н.",
    "uk": "напр. тобто. вул. буд. кв. ім. проф. див. гр. акад. просп. обл. т.зв.",
}

# A sentence ends behind these, unless a number, a letter of a list or a small letter follows.
BEFORE_NUMBER = {
    "en": "no. nos. fig. figs. eq. eqs. sec. secs. vol. vols. ch. chap. pp. p. para. art. arts. app. tab."
    " ex. max. min."
    " tel. ext. ver. v. ed. eds. par. cl. reg. sched. pt. ref. jan. feb. mar. apr. jun. jul. aug. sep."
    " sept. oct."
    " nov. dec. ln. st. rm. apt.",
    "de": "nr. nrn. art. ziff. abb. tab. kap. bd. s. tel. str. rn. rdnr. rz. az. anm. aufl. bl. lit. hs."
    " satz. pos."
    " anl. jan. feb. mär. apr. jun. jul. aug. sept. sep. okt. nov. dez. bst. tz. uabs. abschn. mwst. plz."
    " hausnr. max."
    " min.",
    "fr": "art. no. nos. p. pp. vol. chap. fig. tél. tel. al. n. éd. ch. par. sect. réf. janv. févr. juil."
    " sept. oct."
    " nov. déc.",
    "es": "art. arts. núm. núms. no. pág. págs. p. pp. fig. cap. vol. tel. tfno. ap. párr. inc. n. ed."
    " secc. máx. mín.",
    "it": "art. artt. n. nn. nr. pag. pagg. p. pp. fig. cap. vol. tel. co. lett. par. all. sez. tab."
    " ed. max. min.",
    "pt": "art. arts. n. nº. pág. págs. p. pp. fig. cap. vol. tel. al. inc. núm. ed. sec. máx. mín.",
    "nl": "nr. nrs. art. blz. p. fig. afb. tab. hfst. tel. par. vol. max. min.",
    "sv": "nr. s. kap. fig. tel. art. st. max. min.",
    "no": "nr. s. kap. fig. tlf. art. pkt. maks. min.",
    "da": "nr. s. kap. fig. tlf. art. stk. pkt. maks. min.",
    "fi": "nro. n:o. s. ss. kuv. luku. puh. art. mom.",
    "pl": "nr. art. ust. pkt. poz. s. str. rys. tab. rozdz. tel. lit. par.",
    "cs": "č. čl. odst. písm. s. str. obr. tab. kap. tel. sb.",
    "tr": "no. nr. s. ss. mad. md. şek. tel. bl. böl.",
    "ru": "ст. п. пп. стр. рис. табл. гл. тел. ч. абз. разд. №. тыс. млн. млрд.",
    "uk": "ст. п. пп. стор. рис. табл. гл. тел. ч. абз. розд. тис. млн. млрд.",
}

# A sentence may end behind these, but does so only before a common word with a capital.
MAY_END = {
    "": "etc. inc. ltd. corp. co. jr. st.",
    "en": "inc. ltd. co. corp. llc. plc. jr. sr. bros. etc. al. a.m. p.m. u.s. u.k. u.n. e.u. d.c. ph.d."
    " b.c. a.d."
    " dept. univ. assn. est. ave. blvd. rd. ibid. misc. yr. yrs. hr. hrs. mo. wk.",
    "de": "mio. mrd. tsd. bio. usw. etc. u.a. u.ä. o.ä. u.s.w. n.chr. v.chr. co. a.d. uvm. u.v.m. f. ff."
    " e.v. p.a. jh."
    " jhd. std. st. stck. exkl. gmbh. inc. ltd. a.a.o. m.w.n. b.v.",
    "fr": "etc. cie. s.a. s.a.r.l. av.j.-c. ap.j.-c. éts. inc. ltd. hab.",
    "es": "etc. cía. s.a. s.l. ee.uu. a.c. d.c. a.m. p.m. inc. ltda. mill.",
    "it": "ecc. etc. s.r.l. s.p.a. a.c. d.c. inc. ltd. mln. mld.",
    "pt": "etc. cia. s.a. ltda. lda. a.c. d.c. inc. mi. bi.",
    "nl": "enz. etc. e.d. b.v. n.v. v.chr. n.chr. mln. mld. jl.",
    "sv": "osv. m.m. etc. m.fl. milj. mkr. kr. st. e.kr. f.kr.",
    "no": "osv. m.m. etc. mill. mrd. kr. mfl. e.kr. f.kr.",
    "da": "osv. m.m. etc. mio. mia. kr. m.fl. e.kr. f.kr. a/s.",
    "fi": "jne. yms. ym. milj. mrd. oy. v. kpl.",
    "pl": "itd. itp. r. w. zł. mln. mld. tys. godz. sp. o.o. gr. n.e.",
    "cs": "atd. apod. aj. r. tis. mil. mld. kč. a.s. s.r.o. hod. n.l.",
    "tr": "vs. vb. a.ş. ltd. şti. mn. mr.",
    "ru": "т.д. т.п. тыс. млн. млрд. руб. коп. н.э. г. гг. р. в. вв.",
    "uk": "т.д. тис. млн. млрд. грн. коп. н.е. р. рр. ст.",
}


def abbreviation(word: str, language: str) -> str:
    """Tell what kind of abbreviation a word is.

    Parameters
    ----------
    word
        A word with its full stop, without blanks inside; in any case.
    language
        Language of the text. What goes before numbers is known in every one of them, since only a number
        makes it count.

    Returns
    -------
    str
        ``"never"``: no sentence ends behind it; ``"number"``: none does before a number or a small letter;
        ``"may"``: one ends there before a common word with a capital alone; ``""``: none of these.

    Examples
    --------
    >>> [abbreviation(word, "de") for word in ("Abs.", "Nr.", "Mio.", "Haus.")]
    ['never', 'number', 'may', '']
    """
    word = word.lower()
    for kind in ("never", "may"):
        if word in _words(kind, language) or ("." in word[:-1] and word in _everywhere(kind)):
            return kind
    return "number" if word in _everywhere("number") else ""


_LISTS = {"never": NEVER_LAST, "number": BEFORE_NUMBER, "may": MAY_END}


@cache
def _words(kind: str, language: str) -> frozenset[str]:
    listed = _LISTS[kind]
    return frozenset(listed.get("", "").split()) | frozenset(listed.get(language, "").split())


@cache
def _everywhere(kind: str) -> frozenset[str]:
    return frozenset(word for words in _LISTS[kind].values() for word in words.split())
