"""The tags every brand begins with, and the words by which its first rules know them, in six languages.

Words are chosen to be seldom wrong rather than to find everything: a rule sets a tag by itself, the rest is the model's to suggest.
How they are compared is told in rules.tagging (`refund*`: every word that begins so).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inbox.rules import language_names, tagging

LANGUAGES = ("en", "de", "fr", "es", "it", "pt")


@dataclass(frozen=True, slots=True)
class BuiltInTag:
    key: str
    name: str
    weight: int  # what it adds to a conversation's score, until the brand says otherwise
    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    # By language: words in a rule of their own, since one that is unwanted beside the others means something else in it; and what is unwanted there.
    apart: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word.strip() for line in lines for word in line.split(","))


TAGS = (
    BuiltInTag("order_status", "order status", 5, _words(
        "where is my order, where is my parcel, where is my package, track my order, tracking number, order status",
        "status of my order, my order has not arrived, has not arrived, hasn't arrived, not been delivered, when will it arrive",
        "when will my order, says delivered, delivery date, never got my parcel, never arrived, still waiting for my order",
        "any news on my order, has my order shipped, track my parcel, track my package, track order, track purchase",
        "wo ist mein paket, wo bleibt mein*, sendungsverfolgung, sendungsnummer, lieferstatus, noch nicht angekommen",
        "nicht geliefert, wann kommt mein*, wann kommt meine bestellung, lieferverzögerung, paket verloren",
        "où est ma commande, où est mon colis, suivi de commande, suivi de colis, numéro de suivi, toujours rien reçu",
        "pas encore reçu, pas reçu ma commande, colis perdu, colis bloqué, quand vais je recevoir, devait arriver",
        "dónde está mi pedido, dónde está mi paquete, número de seguimiento, estado de mi pedido, no ha llegado",
        "aún no llega, cuándo llega, cuándo llegará, seguimiento del pedido, sigo esperando el pedido, esperando el pedido",
        "dov'è il mio ordine, dov'è il mio pacco, il pacco risulta, non è arrivato, non è ancora arrivato, tracking",
        "stato dell'ordine, stato del mio ordine, quando arriva, numero di tracciamento, spedizione ferma",
        "onde está a minha encomenda, onde está meu pedido, cadê meu pedido, cadê a minha encomenda, código de rastreio",
        "ainda não chegou, não chegou, quando chega, rastrear, estado da encomenda, status do pedido",
    )),
    BuiltInTag("refund", "refund", 10, _words(
        "refund*, money back, reimburse*, my money returned, give me my money, chargeback",
        "rückerstatt*, erstatt*, geld zurück, mein geld, wann kommt das geld, gutschrift",
        "rembours*, mon argent, me rendre l'argent, avoir sur ma carte",
        "reembols*, devolución del dinero, devuélvanme, devolver el dinero, mi dinero",
        "rimbors*, i miei soldi, indietro i soldi, riaccredit*",
        "reembols*, estorno*, dinheiro de volta, meu dinheiro, devolução do dinheiro, devolver o dinheiro",
    )),
    BuiltInTag("cancel", "cancel", 12, _words(
        # All that begins with “cancel”, however it is misspelled, but the Italian for a gate and for stationery.
        "cancel, cancels, cancell, cancela*, cancele*, canceli*, cancella*, cancelled*, cancelling*, call off my order, do not want the order anymore, withdraw my order",
        "stornier*, storno, kündig*, widerruf*, abbestellen, canceln, gecancelt",
        "annuler*, annulation, annulez, résili*, rétractation",
        "cancelo, anular*, anulación, darme de baja",
        "annullare*, annullament*, annulla, annullate, disdire, disdetta, cancello l'ordine, cancello il mio ordine, cancello un ordine, cancello l'abbonamento",
        "anular*, desistir da compra",
    )),
    BuiltInTag("complaint", "complaint", 15, _words(
        "complain*, unacceptable, terrible service, awful service, worst service, disgraceful, what kind of service",
        "never again, nobody answers, no one answers, third time i, ripped off, disgusted, file a claim, lodge a claim",
        "beschwer*, unverschämt*, frechheit, schlechter witz, nie wieder, reklamier*, reklamation, kein lebenszeichen",
        "unmöglicher service, katastroph*, inakzeptabel, enttäusch*",
        "réclamation, me plaindre, plainte, inadmissible, inacceptable, scandaleux, plus jamais, service déplorable",
        "arnaque, honteux, très déçu*, lamentable",
        "queja*, quejarme, reclamar*, reclamación, inaceptable, vergüenza, pésimo, nunca más, indignad*, una estafa",
        "reclamo, reclami, lamentela, inaccettabile, vergogn*, mai più, pessimo servizio, scandaloso, una truffa, delus*",
        "reclamação, reclamar*, inaceitável, uma vergonha, péssimo, nunca mais, absurdo, descaso",
    )),
    BuiltInTag("product_question", "product question", 0, _words(
        "in stock, back in stock, restock*, what size, which size, run small, runs small, run large, do you have this in",
        "does it come in, come in navy, is it waterproof, is it vegan, dishwasher safe, what material, available in, do you ship to",
        "do you deliver to, how much does it cost, how much is the, what are the dimensions, size guide",
        "wieder verfügbar, wieder lieferbar, welche größe, fällt die, fällt das, gibt es die, gibt es das, gibt es den",
        "spülmaschinenfest, wasserdicht, liefert ihr nach, versendet ihr nach, aus welchem material, was kostet",
        "est il dispo*, il est dispo*, en stock, quelle taille, taille grand, taille petit, livrez vous, combien coûte, lave vaisselle",
        "existe t il en, quelle matière, de nouveau disponible",
        "tenéis en, hay stock, qué talla, hacéis envíos, hacen envíos, cuánto cuesta, está disponible, de qué material, lavavajillas",
        "volverá a estar disponible, lo tenéis en",
        "è disponibile, che taglia, quanto costa, lavastoviglie, spedite in, di che materiale, tornerà disponibile, veste piccol*",
        "tem em estoque, tem em stock, qual o tamanho, que tamanho, quanto custa, está disponível, enviam para, entregam em",
        "de que material, máquina de lavar loiça, lava louça",
    )),
    BuiltInTag("praise", "praise", -5, _words(
        "gorgeous, love it, love the, love my new, absolutely love, amazing service, great service, well done, thank you so much",
        "best customer service, so happy with, big thanks, brilliant service, 👏👏",
        "großartig, begeistert, tolles produkt, super service, toller service, vielen lieben dank, bin so zufrieden, weiter so",
        "bravo, excellent service, me encanta, encantad*, excelente servicio, felicidades, felicitaciones, mil gracias, la atención fue de 10, genial servicio",
        "bellissim*, complimenti, ottimo servizio, adoro, siete fantastici, grazie mille per, soddisfattissim*",
        "parabéns, adorei, amei, excelente atendimento, maravilhos*, muito obrigado pela, muito obrigada pela",
    ), without=_words("refund*, but, aber, mais, pero, ma, mas"), apart={
        # “ma”, the Italian but, is French for my. So these are words that no Italian writes; with “j'adore” and a but they go on in Italian.
        "fr": (_words(
            "merveill*, bravo à toute, bravo à toutes, bravo à tous, bravo à vous, bravo au, bravo aux, bravo pour, bravo ma commande",
            "super service ma commande, excellent service ma commande, ravie de mon achat, ravi de mon achat, conquise, j'adore mon, j'adore ma",
            "merci infiniment",
        ), _words(
            "refund*, but, aber, mais, pero, mas, ma il, ma lo, ma la, ma i, ma gli, ma le, ma un, ma una, ma è, ma ho, ma non, ma che, ma mi",
            "ma purtroppo, ma quanto, ma quando, ma perché, ma troppo, ma voglio",
        )),
    }),
    BuiltInTag("influencer", "influencer or partnership", 0, _words(
        "collab*, influencer, sponsorship, sponsored post, content creator, brand ambassador, media kit, my followers, k followers",
        "partner with you, partnership, wholesale, reseller, affiliate program*, gifted",
        "kooperation, zusammenarbeit, reichweite, meine follower, mediakit, werbepartner*, großhandel, wiederverkäufer",
        "partenariat, kit média, créatrice de contenu, créateur de contenu, mes abonnés, ambassadrice, collaboration, revendeur",
        "colaboración, colaborar con, creadora de contenido, creador de contenido, mis seguidores, embajadora, mayorista, distribuidor",
        "collaborazione, i miei follower, content creator, ambasciatrice, rivenditor*, all'ingrosso, partnership",
        "parceria, mil seguidores, meus seguidores, criadora de conteúdo, criador de conteúdo, embaixadora, revendedor*, atacado",
    )),
    BuiltInTag("job", "job", -5, _words(
        "job opening*, vacancy, vacancies, internship, are you hiring, you hiring, apply for a job, my cv, my resume, job application, work for you, career*",
        "stellenangebot*, bewerbung*, bewerben, praktikum, praktikumsplatz, ausbildungsplatz, offene stellen, lebenslauf, werkstudent*",
        "recrutez, candidature, offre d'emploi, stage de, mon cv, un stage, alternance, postuler",
        "vacante*, ofertas de trabajo, oferta de empleo, currículum, mi cv, prácticas en, trabajar con vosotros, trabajar con ustedes, candidatura",
        "lavorare con voi, posizioni aperte, candidatura, curriculum, il mio cv, tirocinio, assumete, offerta di lavoro",
        "vagas, currículo, meu cv, estágio, trabalhar convosco, trabalhar com vocês, candidatura, oferta de emprego",
    )),
    BuiltInTag("spam", "spam", -50, _words(
        "grow your account, buy followers, guaranteed followers, seo services, crypto investment, bitcoin investment, passive income",
        "you have been selected, claim your prize, double your, forex, earn from home, promote it on",
        # Whoever asks about our own mail quotes it; so a link to press is told with what it promises.
        "click the link below to claim, click the link below to earn, click the link below to win, click the link below to invest",
        "click the link below to grow, click the link below to get rich, click the link below to start earning",
        "follower kaufen, passives einkommen, krypto investment, verdiene geld, gewinn abholen",
        "acheter des abonnés, revenu passif, investissement crypto, gagnez de l'argent, cliquez sur ce lien pour gagner, cliquez sur ce lien pour investir",
        "comprar seguidores, ingresos pasivos, inversión en cripto, gana dinero, haz clic en este enlace para ganar, haz clic en este enlace para invertir",
        "compra follower, reddito passivo, investimento in cripto, guadagna da casa, clicca su questo link per guadagnare, clicca su questo link per vincere",
        "comprar seguidores, renda passiva, rendimento passivo, investimento em cripto, ganhe dinheiro, clique neste link para ganhar, clique neste link para investir",
    )),
    BuiltInTag("urgent", "urgent problem", 30, _words(
        "urgent*, asap, as soon as possible, emergency, immediately, right now, account was hacked, account has been hacked, fraud*",
        "charged twice, double charged, injured, caught fire, allergic reaction, unauthorised, unauthorized",
        "dringend, eilig, notfall, so schnell wie möglich, schnellstmöglich, gehackt, doppelt abgebucht, verletzt, betrug",
        "urgent*, urgence, au plus vite, dès que possible, immédiatement, piraté, débité deux fois, blessé*, fraude",
        "urgente*, urgencia, emergencia, cuanto antes, lo antes posible, hackead*, cobrado dos veces, fraude",
        "urgente*, urgenza, emergenza, il prima possibile, subito, hackerat*, addebitato due volte, frode",
        "urgente*, urgência, emergência, o quanto antes, o mais rápido possível, hackead*, paguei duas vezes, cobrado duas vezes, fraude",
    ), without=_words(
        "not urgent, isn't urgent, not that urgent, not so urgent, not very urgent, not really urgent, nothing urgent, not an emergency, no emergency",
        "isn't an emergency, not a matter of urgency, no need to reply immediately",
        "nicht dringend, nicht so dringend, nichts dringendes, kein notfall, nicht eilig, nicht so eilig, nicht urgent",
        "pas urgent, pas une urgence, pas très urgent, rien d'urgent, aucune urgence, pas d'urgence",
        "no es urgente, no es muy urgente, no es tan urgente, nada urgente, no es una urgencia, no es una emergencia, no hay urgencia, sin urgencia",
        "non è urgente, non è così urgente, niente di urgente, nulla di urgente, non è un'emergenza, non c'è urgenza, senza urgenza",
        "não é urgente, não é muito urgente, não é uma emergência, não há urgência, sem urgência",
    )),
)  # fmt: skip

BY_KEY = {tag.key: tag for tag in TAGS}
# Names that a brand may give to a tag of its own though models call another one so: “urgent” beside “urgent problem”.
TAKEN = frozenset(tag.key for tag in TAGS if tag.key != tag.name)
OWN = "#"  # before such a name


def label_of(key: str, name: str) -> str:
    """What models call a tag, and no other of its brand: the key of a built-in one, the name of another."""
    return key or (f"{OWN}{name}" if name in TAKEN else name)


def rules_of(tag: BuiltInTag) -> dict[str, tagging.Condition]:
    """By name: those that a brand begins with."""
    named = f"Words for {tag.name}"
    found = {named: tagging.parse({"words": tag.words, "without": tag.without})}
    for language, (words, without) in tag.apart.items():
        found[f"{named} in {language_names.named(language)}"] = tagging.parse(
            {"words": words, "without": without}
        )
    return found


# A customer who says one of these shows how they feel; what the words do not settle is the model's to suggest.
SENTIMENT: dict[str, tuple[str, ...]] = {
    "negative": _words(
        "furious, disgusted, unacceptable, disappointed, disappointing, terrible, awful, horrible, worst, useless, ridiculous, rubbish",
        "angry, fed up, scam, pathetic, disgraceful, i hate this, i hate it, i hate your, i hate you, hate waiting, hate dealing, 😡, 🤬, 👎, 😠",
        "enttäusch*, wütend, unverschämt*, frechheit, katastroph*, furchtbar, schrecklich, sauer, schlechter witz",
        "déçu*, furieu*, inadmissible, inacceptable, scandaleux, horrible, lamentable, honteux, c'est nul, service nul, vraiment nul, trop nul, complètement nul",
        "decepcionad*, enfadad*, furios*, inaceptable, pésimo, horrible, vergüenza, indignad*",
        "delus*, furios*, inaccettabile, pessim*, orribile, vergogn*, schifo, arrabbiat*",
        "decepcionad*, furios*, inaceitável, péssim*, horrível, vergonha, absurdo, desiludid*",
    ),
    "positive": _words(
        "gorgeous, love it, love the, amazing, brilliant, wonderful, fantastic, excellent, perfect, delighted, thank you so much, 😍, 🥰, ❤️, 👏",
        "großartig, begeistert, wunderbar, fantastisch, perfekt, super zufrieden, vielen lieben dank",
        "merveill*, génial*, parfait*, super content*, bravo, j'adore, magnifique",
        "me encanta, encantad*, genial, perfecto, maravillos*, fantástic*, estupend*, mil gracias",
        "bellissim*, fantastic*, perfetto, perfetta, meraviglios*, adoro, complimenti, ottimo",
        "adorei, amei, maravilhos*, perfeito, perfeita, fantástic*, parabéns, ótimo",
    ),
}
# Words that are names or mean something calm in another language: these count where the message is heard to be in their own.
SENTIMENT_IN: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {"positive": _words("toll, tolle, tolles")},
    "es": {"negative": _words("fatal")},
    "fr": {"positive": _words("ravi, ravie, ravis")},
}


def mood_rules() -> list[tuple[str, tagging.Condition]]:
    """(mood, what shows it)."""
    anywhere = [(mood, tagging.parse({"words": words})) for mood, words in SENTIMENT.items()]
    in_one = [
        (mood, tagging.parse({"words": words, "languages": [language]}))
        for language, moods in SENTIMENT_IN.items()
        for mood, words in moods.items()
    ]
    return [*anywhere, *in_one]
