"""Manuals: warnings that say what not to do before what, and procedures whose steps look alike."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "manual"
# (what negates it, what is not to be done, what limits that, question)
WARNINGS = {
    "en": (
        (
            "Do not",
            "open the lid of the autoclave",
            "before the gauge reads zero",
            "When may the lid of the autoclave be opened?",
        ),
        (
            "Do not",
            "switch on the grinder",
            "until the hopper has been locked",
            "When may the grinder be switched on?",
        ),
        ("Never", "fill the tank", "while the burner is lit", "When must the tank not be filled?"),
        ("Do not", "touch the mirror", "without cotton gloves", "How may the mirror be touched?"),
        ("Do not", "lift the drum", "unless two people hold the frame", "When may the drum be lifted?"),
        (
            "Never",
            "loosen the belt",
            "as long as the wheel is turning",
            "When must the belt not be loosened?",
        ),
        ("Do not", "pour the resin", "until the mould is dry", "When may the resin be poured?"),
        ("Do not", "close the flue", "before the ashes are cold", "When may the flue be closed?"),
        (
            "Never",
            "wash the filter",
            "in water above body heat",
            "In what water must the filter never be washed?",
        ),
    ),
    "de": (
        (
            "",
            "Öffnen Sie den Deckel des Autoklaven",
            "nicht, bevor das Manometer null zeigt",
            "Wann darf der Deckel des Autoklaven geöffnet werden?",
        ),
        (
            "",
            "Schalten Sie das Mahlwerk",
            "nicht ein, bis der Trichter verriegelt ist",
            "Wann darf das Mahlwerk eingeschaltet werden?",
        ),
        (
            "",
            "Füllen Sie den Tank",
            "niemals, während der Brenner läuft",
            "Wann darf der Tank nicht gefüllt werden?",
        ),
        (
            "",
            "Berühren Sie den Spiegel",
            "nicht, ohne Baumwollhandschuhe zu tragen",
            "Wie darf der Spiegel berührt werden?",
        ),
        (
            "",
            "Heben Sie die Trommel",
            "nicht an, außer wenn zwei Personen den Rahmen halten",
            "Wann darf die Trommel angehoben werden?",
        ),
        (
            "",
            "Lösen Sie den Riemen",
            "niemals, solange sich das Rad dreht",
            "Wann darf der Riemen nicht gelöst werden?",
        ),
        (
            "",
            "Gießen Sie das Harz",
            "nicht ein, ehe die Form trocken ist",
            "Wann darf das Harz eingegossen werden?",
        ),
        (
            "",
            "Schließen Sie den Abzug",
            "nicht, bevor die Asche kalt ist",
            "Wann darf der Abzug geschlossen werden?",
        ),
        (
            "",
            "Waschen Sie den Filter",
            "niemals, wenn das Wasser heiß ist",
            "Wann darf der Filter nicht gewaschen werden?",
        ),
    ),
    "fr": (
        (
            "N'ouvrez pas",
            "le couvercle de l'autoclave",
            "avant que le manomètre n'indique zéro",
            "Quand peut-on ouvrir le couvercle de l'autoclave ?",
        ),
        (
            "Ne mettez pas",
            "le moulin en marche",
            "avant d'avoir verrouillé la trémie",
            "Quand peut-on mettre le moulin en marche ?",
        ),
        (
            "Ne remplissez jamais",
            "le réservoir",
            "pendant que le brûleur est allumé",
            "Quand ne faut-il pas remplir le réservoir ?",
        ),
        ("Ne touchez pas", "le miroir", "sans gants de coton", "Comment peut-on toucher le miroir ?"),
        (
            "Ne soulevez pas",
            "le tambour",
            "à moins que deux personnes ne tiennent le cadre",
            "Quand peut-on soulever le tambour ?",
        ),
        (
            "Ne desserrez jamais",
            "la courroie",
            "tant que la roue tourne",
            "Quand ne faut-il pas desserrer la courroie ?",
        ),
        ("Ne versez pas", "la résine", "avant que le moule ne soit sec", "Quand peut-on verser la résine ?"),
        (
            "Ne fermez pas",
            "le conduit",
            "avant que les cendres ne soient froides",
            "Quand peut-on fermer le conduit ?",
        ),
        ("Ne lavez jamais", "le filtre", "quand l'eau est chaude", "Quand ne faut-il pas laver le filtre ?"),
    ),
    "zh": (  # the limit stands first
        ("请勿", "打开灭菌器的盖子", "压力表归零之前，", "什么时候可以打开灭菌器的盖子？"),
        ("不要", "启动研磨机", "料斗锁紧之前，", "什么时候可以启动研磨机？"),
        ("切勿", "给油箱加油", "燃烧器点燃时，", "什么时候不能给油箱加油？"),
        ("不要", "触摸镜面", "没有戴棉手套时，", "怎样才可以触摸镜面？"),
        ("不要", "抬起滚筒", "除非有两人扶住框架，否则", "什么时候可以抬起滚筒？"),
        ("切勿", "松开皮带", "只要轮子还在转动，", "什么时候不能松开皮带？"),
        ("不要", "倒入树脂", "模具干燥之前，", "什么时候可以倒入树脂？"),
        ("不要", "关闭烟道", "灰烬冷却之前，", "什么时候可以关闭烟道？"),
        ("切勿", "清洗滤网", "水温过高时，", "什么时候不能清洗滤网？"),
    ),
}
PROCEDURES = {
    "en": (
        "Clean the brewing group", "Descale the boiler", "Warm the cups", "Empty the drip tray",
        "Calibrate the scale", "Change the seal", "Rinse the milk pipe", "Drain the pump",
        "Align the nozzle",
    ),
    "de": (
        "Brühgruppe reinigen", "Kessel entkalken", "Tassen vorwärmen", "Tropfschale leeren",
        "Waage eichen", "Dichtung wechseln", "Milchleitung spülen", "Pumpe entleeren", "Düse ausrichten",
    ),
    "fr": (
        "Nettoyer le groupe", "Détartrer la chaudière", "Chauffer les tasses", "Vider le bac",
        "Étalonner la balance", "Changer le joint", "Rincer la buse à lait", "Purger la pompe",
        "Aligner le gicleur",
    ),
    "zh": (
        "清洗冲泡组", "给锅炉除垢", "预热杯子", "清空滴水盘", "校准电子秤", "更换密封圈", "冲洗奶管", "排空水泵", "对准喷嘴",
    ),
}  # fmt: skip
STEPS = {
    "en": (
        (
            "Set the dial to {n} and hold the left key.",
            "dial to {n}",
            "To what is the dial set in the procedure '{p}'?",
        ),
        (
            "Wait {n} seconds, then turn the tap.",
            "{n} seconds",
            "How long does one wait in the procedure '{p}'?",
        ),
    ),
    "de": (
        (
            "Regler auf {n} stellen und die linke Taste halten.",
            "auf {n}",
            "Worauf wird der Regler beim Vorgang „{p}“ gestellt?",
        ),
        (
            "{n} Sekunden warten, dann den Hahn drehen.",
            "{n} Sekunden",
            "Wie lange wartet man beim Vorgang „{p}“?",
        ),
    ),
    "fr": (
        (
            "Réglez la molette sur {n} et tenez la touche gauche.",
            "sur {n}",
            "Sur quoi règle-t-on la molette pour « {p} » ?",
        ),
        (
            "Attendez {n} secondes, puis tournez le robinet.",
            "{n} secondes",
            "Combien de temps attend-on pour « {p} » ?",
        ),
    ),
    "zh": (
        ("将旋钮调到{n}并按住左键。", "调到{n}", "“{p}”时旋钮调到多少？"),
        ("等待{n}秒，然后转动龙头。", "{n}秒", "“{p}”时要等待多久？"),
    ),
}
ALARM = {"en": "WARNING", "de": "ACHTUNG", "fr": "ATTENTION", "zh": "警告"}


def warnings(draw: Draw) -> Sheet:
    """Warnings, each with the condition under which it holds."""
    lines, facts, drawn = [], [], draw.some(WARNINGS[draw.lang], 2)
    for deny, act, limit, ask in drawn:
        others = tuple(other for _, other, _, _ in drawn if other != act)  # of which the negation may be
        if draw.lang == "zh":
            lines.append(f"{limit}{deny}{act}。")
            facts.append(Fact(ask, act, (limit, deny), rivals=others, answer=(limit, act)))
            facts.append(Fact(ask, limit, after=(deny, act), answer=(limit, act)))
        else:
            lines.append(f"{deny} {act} {limit}.".strip())
            facts.append(Fact(ask, act, (deny,) if deny else (), (limit,), others, (act, limit)))
            needs = (
                (deny, act) if deny else (act,)
            )  # "before noon" alone says that it may be done before noon
            facts.append(Fact(ask, limit, needs, answer=(act, limit)))
    marked = [f"{ALARM[draw.lang]}: {line}" for line in lines]
    return Sheet("\n\n".join([draw.prose(), *marked, draw.prose()]), facts)


def procedures(draw: Draw) -> Sheet:
    """Procedures with numbered steps that differ by their numbers alone."""
    names, parts, facts = draw.some(PROCEDURES[draw.lang], 2), [draw.prose()], []
    for i, name in enumerate(names, 1):
        lines = [f"{i}. {name}"]
        others = tuple(n for n in names if n != name)
        for letter, (sentence, short, ask) in zip("ab", STEPS[draw.lang], strict=True):
            n = draw.number(12, 98)
            lines.append(f"   {letter}) {sentence.format(n=n)}")
            facts.append(Fact(ask.format(p=name), short.format(n=n), (name,), rivals=others))
        parts.append("\n".join(lines))
    return Sheet("\n\n".join([*parts, draw.prose()]), facts)


TEMPLATES = {"manual-warnings": warnings, "manual-procedures": procedures}
