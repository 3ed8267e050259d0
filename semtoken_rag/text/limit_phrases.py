"""Phrases of sentences that limit the one before, by language: patterns for a text in lower case."""

SHORT = 120  # characters of a sentence that is an exception by its end alone

# What may stand before: numbers, marks, and words that oppose.
AHEAD = (
    r"(?:[^\w§]|\(?\d{1,3}[.)]|\(?[a-z]\)|§ ?\d{1,4}[a-z]?(?=\W*\s(?:§|\())|第.{1,3}[条條款项項]\s"
    r"|(?:section|article|artikel|art|clause|artículo|articolo|artigo|sec)\.? \d{1,4}[.:)]\s)*"
    r"(?:(?:however|but|yet|still|note that|please note that|jedoch|aber|doch|allerdings|cependant"
    r"|toutefois|mais|néanmoins"
    r"|sin embargo|no obstante|pero|tuttavia|però|ma|no entanto|contudo|porém|mas|echter|maar|dock|men"
    r"|однако|но|ale|jednak)"
    r",?\s+)?"
)
# Strict: it speaks of what stands before, by a pronoun or a number, or begins with the exception.
PART = (
    r"(?:sub)?(?:paragraph|section|clause|article|rule|point|sentence|item)s?\W{1,2}(?:\d[\w().]*"
    r"|[a-z]\))(?: (?:and"
    r"|or|to|of) \S+){0,4}"
    r"|(?:die |der |den )?(?:abs(?:ä|a)tze?|abs\.|sätze|satz|ziffer|nummer|nr\.|artikel|art\."
    r"|§§?)\s?\d[\w().]*(?: (?:und|bis|satz|abs\.|nr\.) ?\S+){0,3}"
    r"|(?:le |l['’]|les )(?:paragraphes?|alinéas?|articles?|points?) \d\S*(?: et \S+)?"
    r"|(?:el |los )(?:apartados?|párrafos?|artículos?|puntos?) \d\S*(?: y \S+)?"
    r"|(?:il |i |l['’]|gli )(?:comma|commi|paragraf[oi]|articol[oi]|punt[oi]) \d\S*(?: e \S+)?"
    r"|(?:o |os )(?:n\.º|parágrafos?|números?|artigos?|pontos?|itens?|item) \d\S*(?: e \S+)?"
)
STRICT = {
    "en": (
        r"(?:this|that|these|those|it|they|such|the (?:above|foregoing|same)|(?:this|that|these|those"
        rf"|such)(?: [\w-]+){{1,4}}|{PART})"
        r"(?: also| however,?)? (?:(?:does|do|shall|will)(?: not|n['’]t)(?: \w+)?"
        r" (?:apply|extend to|include|cover|hold (?:true|for|in|if|when|on))"
        r"|(?:is|are)(?: not|n['’]t) (?:\w+ )?(?:the case|applicable|valid|included)"
        r"|(?:is|are)(?: not|n['’]t) (?:permitted|allowed|available) (?:on|during|for|if|when|where|after"
        r"|before|between|unless)\b"
        r"|(?:(?:applies|apply|is valid|are valid|holds) (?:only|solely|exclusively)|only (?:applies"
        r"|apply|holds)"
        r"|(?:is|are) only (?:valid|applicable)))",
        r"(?:this|that|these|those)(?! (?:web)?(?:page|site|document|article|report|text|guide|book)s?\b)"
        r"(?: [\w-]+){0,3}? (?:(?:applies|apply|is|are|holds)(?: \w+)?"
        r" (?:to|for|on|in|at)(?: [\w'’-]+){1,6} only\W*\Z"
        r"|(?:is|are) (?:limited|restricted|reserved|confined) (?:to|for)\b)",
        r"(?:notwithstanding|subject to|by way of derogation from) (?:this|that|the (?:above|foregoing)"
        r"|(?:sub)?(?:paragraph|section"
        r"|clause|article|rule|point|item)s?\W{1,2}(?:\d|[a-z]\)))",
        r"exceptions?(?: to (?:this|these|the)(?: \w+){0,3})?(?: (?:are|is|include|apply|applies|exists?"
        r"|can|may)\b|\s?[:：])",
        r"(?:an|the|one|another|some|the only|the sole|the main) exceptions? (?:is|are|applies|apply"
        r"|exists?|to this|to the rule)\b",
        r"there (?:is|are) (?:an?|one|two|some|several|a few|the following)(?: \w+)? exceptions?\b",
        r"(?:excluded|exempt|exempted|excepted|not included|not covered)(?: (?:from|by"
        r"|in) [\w ]{2,30})? (?:are|is)\b"
        r"|(?:excluded|exempt|exempted|not included|not covered)\s?[:：]",
        r"(?:does not apply|do not apply|shall not apply|not applicable|not valid|applies only|valid only"
        r"|only valid)\b",
    ),
    "de": (
        r"(?:dies|das|diese[rsnm]?(?: [\w-]+){0,4}|letzteres|gleiches|sie|es|die vorstehend\w*(?: \w+){1,3}"
        rf"|{PART}) (?:(?:gilt|gelten|trifft|treffen|greift|greifen)(?: \w+){{0,3}}?"
        r" (?:(?:nicht|nur) (?:für|bei|an|in|im|wenn|falls|sofern|auf|zu|mehr|während|am|zwischen|ab|nach"
        r"|vor|gegenüber)\b|nicht(?=\s?[,.;]|\Z))"
        r"|(?:findet|finden)(?: \w+){0,3}? (?:keine|nur) anwendung"
        r"|(?:ist|sind)(?: [\w]+){0,3}? (?:nicht (?:der fall|anzuwenden|anwendbar|gültig|enthalten"
        r"|inbegriffen)|nur (?:gültig|anwendbar)))",
        r"(?:dies|das|diese[rsnm]?)(?: [\w-]+){0,3}? (?:ist|sind) (?:\w+ )?"
        r"(?:auf [\w .]{1,60} (?:beschränkt|begrenzt)|(?:beschränkt|begrenzt) auf"
        r"|[\w .]{1,60} vorbehalten)\b",
        r"(?:hiervon |davon |nicht )?(?:ausgenommen|ausgeschlossen)(?: \w+){0,2}? (?:sind|ist|bleibt"
        r"|bleiben|hiervon|davon|werden)\b"
        r"|(?:hiervon|davon) (?:sind|ist|bleiben|bleibt)? ?(?:ausgenommen|ausgeschlossen|nicht)\b"
        r"|ausgenommen\s?[:：]"
        r"|(?:hiervon|davon) (?:sind|ist|bleiben) [^.]{1,80} (?:ausgenommen|ausgeschlossen)\b",
        r"(?:\w+ )?ausnahmen?(?: (?:hiervon|davon|von dieser regel))?(?: (?:sind|ist|bilden|bildet|gelten"
        r"|gilt|bestehen|besteht|machen|macht)\b|\s?[:：])",
        r"(?:etwas )?ander(?:s|es) (?:gilt|verhält)\b|abweichend (?:davon|hiervon|von (?:abs|absatz"
        r"|satz|§|ziffer|nummer|nr|artikel|art)\b)",
        r"nicht (?:enthalten|inbegriffen|eingeschlossen|erfasst|umfasst|versichert|gedeckt"
        r"|dazu gehören)\b[^,]{0,20} (?:sind|ist)\b",
        r"(?:gilt|gelten) (?:jedoch |aber )?(?:nicht|nur) (?:für|bei|an|in|im|wenn|auf|zu|am)\b"
        r"|nicht (?:gültig|anwendbar)\b",
    ),
    "fr": (
        r"(?:cela|ceci|ça|ce|cette|ces|cet|il|elle|ils|elles|celle-ci|celui-ci|ce qui précède"
        rf"|(?:cette|ces|cet|ce|ladite|la présente)(?: [\w'’-]+){{1,4}}"
        rf"|{PART}) (?:ne (?:s['’]applique(?:nt|ra|ront)?|vaut|valent|concernent?)"
        r"|n['’](?:est|inclut|incluent)|ne (?:couvre|sont|comprend)) (?:toutefois |cependant "
        r"|donc )?(?:pas|que|qu['’])"
        r"(?:(?<=que)|(?<=qu['’])|(?<=applique pas)|(?<=appliquent pas)|(?<=appliquera pas)|(?<=vaut pas)"
        r"|(?<=valent pas)|(?<=concerne pas)"
        r"|(?<=concernent pas)|(?<=inclut pas)|(?<=couvre pas)|(?<=comprend pas)| le cas| valable"
        r"| applicable)(?:(?<=')|(?<=’)|(?!\w))",
        r"(?:cela|ceci|ces?|cette|cet)(?: [\w'’-]+){0,3}? (?:est|sont) (?:réservé|limité)e?s? (?:à|aux?)\b",
        r"(?:en )?(?:sont|est|restent|demeurent) (?:toutefois )?(?:exclu|except|exempt)\w*",
        r"(?:(?:une|la seule|l['’]unique|seule) )?exceptions?(?: à (?:cette|la) \w+)?(?:\s?[:：]| (?:est"
        r"|sont|concernent?|s['’]appliquent?)\b)",
        r"[^.;:!?]{1,80} (?:échappe|échappent|déroge|dérogent) à (?:cette|ces|la présente|ladite|celle-ci)\b",
        r"(?:y )?(?:fait|font) exception|il en (?:est|va) autrement|il n['’]en (?:va|est) pas de même"
        r"|par dérogation"
        r"|ne sont pas (?:concern|compris|inclu)\w*|n['’]est pas (?:compris|inclu)\w*|non (?:valable"
        r"|applicable|compris)\b"
        r"|ne s['’]applique(?:nt)? (?:pas|qu)",
    ),
    "es": (
        r"(?:(?:esto|eso|ello|lo anterior|lo dispuesto[\w ]{0,40}|(?:est[ea]s?|dich[oa]s?"
        r"|tal(?:es)?)(?: [\w-]+){1,4}"
        rf"|{PART}) )?(?:no (?:(?:se )?aplica(?:n|rá|rán)?\b|se incluyen?\b|está[n]? incluid"
        r"|será[n]? (?:de aplicación|aplicables?)"
        r"|es (?:aplicable|válid[oa]|el caso)"
        r"|son (?:aplicables|válid[oa]s)|vale[n]?\b|rige[n]?\b|incluyen?\b)|(?:solo|sólo"
        r"|únicamente) (?:se aplica|es válid|vale)|se aplica[n]? (?:solo|sólo|únicamente))",
        r"(?:est[oea]s?|es[oea]s?|dich[oa]s?)(?: [\w-]+){0,3}? (?:está|están|es|son)"
        r" (?:reservad|limitad)[oa]s? (?:a|para)\b",
        r"(?:(?:quedan?|están?|son|se encuentran) (?:exclu|except|exceptuad|exent)\w*|se (?:excluye"
        r"|exceptúa)n?\b)",
        r"(?:la única |una |las? )?excepci(?:ón|ones)(?: a (?:esta|la) \w+)?(?:\s?[:：]| (?:es|son)\b)",
        r"(?:excluidos|exceptuados|excluidas)(?: quedan| están)\b",
    ),
    "it": (
        r"(?:(?:ciò|questo|quanto sopra|tale|(?:quest[aeio]|tal[ei]|dett[aoei])(?: [\w'’-]+){1,4}"
        r"|la presente \w+"
        rf"|{PART}) )?(?:non (?:si applica(?:no)?|si applicherà|vale\b|valgono|è (?:valid[oa]"
        r"|applicabile|il caso|inclus[oa])|sono (?:validi|valide|applicabili)|include\b)"
        r"|(?:vale|valgono|si applica(?:no)?) (?:solo|soltanto|esclusivamente))",
        r"quest[aeio](?: [\w'’-]+){0,3}? (?:è|sono) (?:riservat|limitat)[aeio]"
        r" (?:a|ai|agli|alle|al|allo|alla)\b",
        r"(?:ne )?(?:sono|è|restano|rimangono) (?:esclus|esent|eccettuat)\w*|(?:fa|fanno) eccezione",
        r"(?:l['’]unica |un['’])?eccezion[ei](?: a (?:questa|tale) \w+)?(?:\s?[:：]| (?:è|sono)\b)",
        r"esclus[iea](?: sono| è)\b",
    ),
    "pt": (
        r"(?:(?:isto|isso|tal|o (?:acima|anterior|disposto[\w ]{0,40})|(?:est[ea]s?|ess[ea]s?|tal|tais"
        r"|dit[oa])(?: [\w-]+){1,4}"
        rf"|{PART}) )?(?:não (?:se aplica(?:m|rá)?\b|é (?:aplicável|válid[oa]|o caso)|são (?:aplicáveis"
        r"|válid[oa]s)|vale[m]?\b|inclui\b|abrange\b)"
        r"|(?:só|apenas|somente) (?:se aplica|é válid|vale)|(?:aplica-se|vale) (?:só|apenas|somente))",
        r"(?:ficam?|estão|está|são) (?:exclu|except|exce[tp]tuad|isent)\w*|(?:excluem|exce[p]?tuam)-se\b"
        r"|exce[p]?tua-se\b",
        r"(?:a única |uma |as? )?exce[p]?(?:ção|ções)(?: a (?:esta|essa) \w+)?(?:\s?[:：]| (?:é|são)\b)"
        r"|(?:constituem|são|é) exceção",
    ),
    "nl": (
        r"(?:dit|deze(?: \w+){0,3}|dat|zij|het) (?:geldt|gelden|is|zijn) (?:echter )?niet (?:voor|op|bij"
        r"|in|als|van toepassing|inbegrepen)\b",
        r"uitgezonderd (?:zijn|is)\b|(?:een )?uitzondering(?:en)?(?: hierop)?(?:\s?:| (?:is|zijn|vormen"
        r"|vormt|geldt)\b)",
    ),
    "sv": (
        r"(?:detta|det|denna(?: \w+){0,3}|dessa(?: \w+){0,3}) gäller (?:dock )?(?:inte|endast|bara)\b",
        r"undantag(?: är| gäller|\s?:)|undantagna? är\b",
    ),
    "no": (
        r"(?:dette|det|denne(?: \w+){0,3}|disse(?: \w+){0,3}) (?:gjelder|gælder) (?:dog "
        r"|imidlertid )?(?:ikke|kun|bare)\b",
        r"(?:unntak|undtagelser?)(?: er| gjelder| gælder|\s?:)|unntatt er\b|undtaget er\b",
    ),
    "pl": (
        r"(?:to|ten|ta|powyższe)(?: \w+){0,3} nie (?:dotyczy|obowiązuje|ma zastosowania)\b",
        r"nie dotyczy (?:to )?|wyjąt(?:ek|ki|kiem) (?:jest|są|stanowi)",
    ),
    "cs": (r"(?:to|toto|tato?(?: \w+){0,3}) neplatí\b", r"výjimk\w+ (?:je|jsou|tvoří)\b"),
    "ru": (
        r"(?:это|этот|эта|данн\w+|указанн\w+)(?: \w+){0,3} не (?:распространя|относит|действу|применя"
        r"|каса)\w+",
        r"исключени\w+ (?:составля|являет|являют|:)\w*|исключени[ея]\s?:|не (?:распространяется"
        r"|применяется|действует)\b",
    ),
    "tr": (r"bu(?: \w+){0,3} (?:için )?geçerli değil\w*", r"istisna(?:lar)?\s?:"),
    "zh": (
        r"(?:但是?|然而|不过|不過|惟)[^。]{0,60}(?:除外|不适用|不適用|例外|不包括|不含|不在此限|不得)",
        r"(?:该|該|本|此|上述|前述|前款|前项|前項|第.{1,4}[款项項条條]|这|這"
        r"|以上)[^。，,]{0,20}(?:不适用|不適用|不包括|不在此限|仅适用|僅適用|只适用)",
        r"(?:例外|除外)(?:情况|情形|是|为|：|:|的)|不适用于|不適用於|不包括(?=[^\W_])|仅适用于|僅適用於",
        r"[^。，,；;]{1,40}(?:不在此列|不在此限|不受此限|除外|不适用(?:此|该|本|上述)\w{0,6}|不適用(?:此|該|本|上述)\w{0,6})(?=\W*\Z)",
    ),
    "ja": (
        r"(?:ただし|但し)(?=[^。]{1,80}\W*\Z)[^。]*(?:除|限|場合|な[いくけし]|ません|のみ|だけ|対象外"
        r"|不可|適用|例外|禁|必要)",
        r"(?:なお、?)?(?:この|これ|前項|第.{1,4}項|第.{1,4}条|上記|本)[^。]{0,40}(?:適用(?:され"
        r"|し)(?:ない|ません)|当てはま(?:らない|りません)"
        r"|除外|対象外|限りで(?:は)?(?:ない|ありません)|含(?:まない|みません|まれない|まれません))",
        r"例外(?:は|として|：|:)",
    ),
    "ko": (
        r"(?:다만|단,|단 |그러나 (?:이|위))",
        r"(?:이|위|본|해당|제\s?\d+\s?항)[^.]{0,40}(?:적용되지|적용하지|해당되지|해당하지) (?:않|아니)",
        r"예외(?:는|로|:|：)",
    ),
    "ar": (
        r"و?(?:هذا|هذه|ذلك|ولا|لا)(?: \w+){0,3}? ?(?:لا )?(?:ي|ت)(?:نطبق|سري|شمل) ",
        r"و?(?:ي|ت)ُ?ستثنى ",
        r"باستثناء ",
        r"الاستثناءات?\s?:",
    ),
    "th": (r"(?:ทั้งนี้|แต่|อย่างไรก็ตาม)? ?(?:ยกเว้น|เว้นแต่|ไม่ใช้กับ|ไม่รวมถึง|ข้อยกเว้น|ข้อนี้ไม่)", r"แต่ไม่"),
    "hi": (r"यह[^।]{0,40}लागू नहीं",),
}  # fmt: skip
# Loose: by its verb or its end alone, beside the sentence that it limits.
LOOSE = (
    r"(?:[\w'’-]+,? ){1,8}(?:does|do|shall|will)(?: not|n['’]t) apply\b"
    r"|the (?:[\w'’-]+ ){1,3}(?:only applies|only apply|applies only|apply only|(?:is|are) only valid"
    r"|(?:is|are) valid only)\b",
    rf"(?=.{{1,{SHORT}}}\Z)(?:[^\s,]+,? ){{1,12}}(?:is|are|shall be|will be|remain)(?: not)? (?:excluded"
    r"|exempt|exempted|excepted|not included|not covered|not eligible|included)"
    r"(?<!(?<! not) included)(?: from (?:this|that|it|these|the (?:rule|offer|scheme|discount"
    r"|requirement))\b[^.]*)?\W*\Z",
    r"(?:[^\s,]+,? ){1,8}(?:is|are) (?:an|the|the only) exceptions?(?: to this[^.]*)?\W*\Z",
    rf"(?=.{{1,{SHORT}}}\Z)(?:[\w-]+ ){{1,8}}(?:gilt|gelten) (?:dies|das|sie|es|er|diese \w+|die \w+"
    r"|der \w+|das \w+)(?: \w+)? nicht\W*\Z",
    r"(?:der|die|das)(?: [\w-]+){1,4} (?:gilt|gelten|findet|finden)(?: \w+)? (?:nicht"
    r"|keine anwendung)(?: (?:für|bei|an|in|im|wenn|auf|am)\b|\W*\Z)",
    rf"(?=.{{1,{SHORT}}}\Z)(?:[^\s,]+,? ){{1,10}}(?:sind|ist|bleiben)(?: \w+){{0,2}} (?:ausgenommen"
    r"|ausgeschlossen)\W*\Z",
    rf"(?=.{{1,{SHORT}}}\Z)(?:[^\s,]+,? ){{1,10}}(?:(?:en )?(?:sont|est) exclu\w*|(?:están?"
    r"|quedan?) exclu\w+|(?:sono|è) esclus\w+|(?:estão|está|ficam?) excluíd\w+)\W*\Z",
    r"(?:le|la|les|l['’]\w+)(?: [\w'’-]+){0,4} ne s['’]applique(?:nt)? pas\b",
    r"(?:el|la|los|las)(?: [\w-]+){1,4} no se aplica[n]?\b|(?:il|la|lo|i|gli"
    r"|le)(?: [\w'’-]+){1,4} non si applica(?:no)?\b"
    r"|(?:o|a|os|as)(?: [\w-]+){1,4} não se aplica[m]?\b",
    r"(?=\S+(?: \S+){0,8}\Z)(?:except|excluding|unless|not|only|außer|ausser|nicht|nur|sauf|excepté|pas"
    r"|salvo|excepto|tranne|eccetto|exceto|behalve|утром|кроме)"
    r" (?:on|in|for|during|at|between|after|before|if|when|with|by|an|am|im|bei|für|während|zwischen|le"
    r"|la|les|en|pour|pendant"
    r"|los|las|el|il|lo|i|di|nei|durante|aos|às|nos|nas|em|op|bij|voor)\b[^,]*\Z",
    r"(?=\S+(?: \S+){0,9}\Z)(?:unless|with the exception of|mit ausnahme|à l['’]exception"
    r"|con (?:la )?excepción|ad eccezione"
    r"|com (?:a )?exceção|es sei denn)\b[^,]*\Z",
    r"(?=.{1,40}\Z)[^。，,]{1,30}(?:除外|不在此限|不适用|不適用|例外)\W*\Z",
    r"(?=.{1,60}\Z)[^。、]{1,50}(?:を除く|は除く|を除きます|は除きます|は除外(?:する|します|されます)?"
    r"|対象外(?:です|とする|となります)?"
    r"|この限りで(?:は)?ない|適用(?:され|し)(?:ない|ません))\W*\Z",
    r"(?=.{1,80}\Z)[^.,]{1,60}(?:제외(?:됩니다|된다|한다|합니다)|적용되지 않\S+)\W*\Z",
)  # fmt: skip
