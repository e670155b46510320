"""The words around a person report, in nb, nn and en: plain, and without a verdict (domain §4.4).

A key with the reader's name behind it, such as `erased.guardian`, is said to that reader instead of the key itself.
"""

from __future__ import annotations

from features.declarations.catalogue import Wording

WORDS: dict[str, Wording] = {
    "title": Wording(nb="Hva vi vet og har gjort", nn="Kva vi veit og har gjort", en="What we know and what we have done"),
    "synthetic": Wording(nb="Personen er oppdiktet.", nn="Personen er oppdikta.", en="This person is invented."),
    "made": Wording(nb="Laget", nn="Laga", en="Made"),
    "controller": Wording(
        nb="Ansvarlig for opplysningene (behandlingsansvarlig)",
        nn="Ansvarleg for opplysningane (behandlingsansvarleg)",
        en="Responsible for the information (controller)",
    ),
    "for.person": Wording(
        nb="Rapporten er din. Den viser alt tjenesten har om deg: hva noen bestemte, hvem som har sett det, hvordan modeller brukte "
        "opplysningene, og opplysningene selv. Her står også det helsetjenester, barnevern og andre holder fortrolig. Foresatte har "
        "ikke rett til å få denne utgaven uten videre.",
        nn="Rapporten er din. Han viser alt tenesta har om deg: kva nokon bestemte, kven som har sett det, korleis modellar brukte "
        "opplysningane, og opplysningane sjølve. Her står òg det helsetenester, barnevern og andre held fortruleg. Føresette har ikkje "
        "utan vidare rett til å få denne utgåva.",
        en="This report is yours. It shows all that the service has about you: what somebody decided, who has looked, how models used the "
        "information, and the information itself. What health services, child welfare and others keep confidential is in it too. "
        "Guardians have no automatic right to this version.",
    ),
    "for.guardian": Wording(
        nb="Rapporten handler om barnet eller ungdommen og er laget for en foresatt. Det helsetjenester, barnevern og andre holder "
        "fortrolig, og hvor den unge bor, er ikke med, enten det finnes noe eller ikke. Den unge kan selv be om sin egen rapport.",
        nn="Rapporten handlar om barnet eller ungdommen og er laga for ein føresett. Det helsetenester, barnevern og andre held fortruleg, "
        "og kvar den unge bur, er ikkje med, anten det finst noko eller ikkje. Den unge kan sjølv be om sin eigen rapport.",
        en="This report is about the child or young person and is made for a guardian. What health services, child welfare and others keep "
        "confidential, and where the young person lives, is left out, whether there is any or not. The young person can ask for their own "
        "report.",
    ),
    "for.reviewer": Wording(
        nb="Rapporten er skrevet ut av den som har saken. Derfor er det helsetjenester, barnevern og andre holder fortrolig, og hvor du "
        "bor, ikke med, enten det finnes noe eller ikke, og bare denne ene saken er med. Be kommunen om hele rapporten; den sendes rett "
        "til deg.",
        nn="Rapporten er skriven ut av den som har saka. Difor er det helsetenester, barnevern og andre held fortruleg, og kvar du bur, "
        "ikkje med, anten det finst noko eller ikkje, og berre denne eine saka er med. Be kommunen om heile rapporten; han blir send rett "
        "til deg.",
        en="This report was printed by whoever has the case. So what health services, child welfare and others keep confidential, and "
        "where you live, is left out, whether there is any or not, and only this one case is in it. Ask the municipality for the whole "
        "report; it goes to you.",
    ),
    "erased": Wording(
        nb="Du er slettet her. Det som står igjen, er at det fantes en sak, og når.",
        nn="Du er sletta her. Det som står att, er at det fanst ei sak, og når.",
        en="You were erased here. What is left is that there was a case, and when.",
    ),
    "erased.guardian": Wording(
        nb="Den unge er slettet her. Det som står igjen, er at det fantes en sak, og når.",
        nn="Den unge er sletta her. Det som står att, er at det fanst ei sak, og når.",
        en="The young person was erased here. What is left is that there was a case, and when.",
    ),
    "data": Wording(nb="Opplysninger som kan brukes", nn="Opplysningar som kan brukast", en="Information that may be used"),
    "none": Wording(nb="Ingenting.", nn="Ingenting.", en="Nothing."),
    "what": Wording(nb="Hva", nn="Kva", en="What"),
    "value": Wording(nb="Verdi", nn="Verdi", en="Value"),
    "source": Wording(nb="Kilde", nn="Kjelde", en="Source"),
    "happened": Wording(nb="Skjedde", nn="Skjedde", en="Happened"),
    "known": Wording(nb="Kjent fra", nn="Kjend frå", en="Known from"),
    "yes": Wording(nb="ja", nn="ja", en="yes"),
    "no": Wording(nb="nei", nn="nei", en="no"),
    "recorded": Wording(nb="registrert", nn="registrert", en="recorded"),
    "logic": Wording(nb="Hvordan modellene virker", nn="Korleis modellane verkar", en="How the models work"),
    "logic.1": Wording(
        nb="En modell er et dataprogram som har lært av hvordan det gikk for tidligere elever. Den ser på noen av opplysningene lenger "
        "nede, slik de var kjent på en bestemt dag, og regner ut hvor mange av 100 unge med lignende opplysninger det gikk på samme måte "
        "for. Den vet ingenting om resten av livet.",
        nn="Ein modell er eit dataprogram som har lært av korleis det gjekk for tidlegare elevar. Han ser på nokre av opplysningane lenger "
        "nede, slik dei var kjende ein bestemt dag, og reknar ut kor mange av 100 unge med liknande opplysningar det gjekk på same måten "
        "for. Han veit ingenting om resten av livet.",
        en="A model is a computer program that has learnt from how it went for earlier pupils. It looks at some of the information further "
        "down, as it was known on one day, and works out for how many of 100 young people with similar information things went the same "
        "way. It knows nothing of the rest of a life.",
    ),
    "logic.2": Wording(
        nb="Svaret blir til én av tre grupper. Grensene er de samme for alle. Bare så mange som kommunen rekker å se på, blir foreslått. "
        "Modellen bestemmer ingenting: et menneske skriver først hva det selv vet, ser så på forslaget, og bestemmer.",
        nn="Svaret blir til éi av tre grupper. Grensene er dei same for alle. Berre så mange som kommunen rekk å sjå på, blir føreslåtte. "
        "Modellen bestemmer ingenting: eit menneske skriv først kva det sjølv veit, ser så på forslaget, og bestemmer.",
        en="The estimate becomes one of three bands. The lines between them are the same for everybody. Only as many as the municipality "
        "can look at are proposed, and the model decides nothing: a person looks, writes first what they know themselves, and decides.",
    ),
    "logic.uses": Wording(nb="Bruker", nn="Bruker", en="Uses"),
    "logic.line": Wording(
        nb="Grensen for å kunne bli foreslått: {n} av 100.",
        nn="Grensa for å kunne bli føreslått: {n} av 100.",
        en="The line for being possibly proposed: {n} of 100.",
    ),
    "scores": Wording(
        nb="Når en modell har brukt opplysningene", nn="Når ein modell har brukt opplysningane", en="When a model used the information"
    ),
    "proposed": Wording(nb="Foreslått for vurdering", nn="Føreslått for vurdering", en="Proposed for review"),
    "not_proposed": Wording(nb="Ikke foreslått", nn="Ikkje føreslått", en="Not proposed"),
    "band": Wording(nb="Gruppe", nn="Gruppe", en="Band"),
    "band.gone": Wording(nb="Ikke lagret lenger", nn="Ikkje lagra lenger", en="No longer kept"),
    "reasons": Wording(
        nb="Dette påvirket anslaget. Det er ikke årsaker.",
        nn="Dette påverka anslaget. Det er ikkje årsaker.",
        en="This moved the estimate. These are not causes.",
    ),
    "raises": Wording(nb="trakk opp", nn="drog opp", en="raised it"),
    "lowers": Wording(nb="trakk ned", nn="drog ned", en="lowered it"),
    "neither": Wording(nb="påvirket lite", nn="påverka lite", en="moved it little"),
    "missing": Wording(nb="ikke kjent", nn="ikkje kjent", en="not known"),
    "cases": Wording(nb="Saker", nn="Saker", en="Cases"),
    "case.created": Wording(nb="Opprettet", nn="Oppretta", en="Made"),
    "case.state": Wording(nb="Står som", nn="Står som", en="Stands as"),
    "case.purged": Wording(nb="Innholdet ble slettet", nn="Innhaldet vart sletta", en="Content purged"),
    "case.decided": Wording(nb="Hva som er bestemt", nn="Kva som er bestemt", en="What was decided"),
    "case.not_decided": Wording(nb="Ingen har bestemt noe ennå.", nn="Ingen har bestemt noko enno.", en="Nobody has decided anything yet."),
    "case.seen": Wording(nb="Hvem som har sett saken", nn="Kven som har sett saka", en="Who has looked"),
    "case.not_seen": Wording(nb="Ingen har åpnet saken.", nn="Ingen har opna saka.", en="Nobody has opened the case."),
    "case.times": Wording(
        nb="{n} ganger fra {first}, sist {last}", nn="{n} gonger frå {first}, sist {last}", en="{n} times since {first}, last on {last}"
    ),
    "case.opened": Wording(nb="Hver gang noen så saken", nn="Kvar gong nokon såg saka", en="Each time somebody looked"),
    "case.done": Wording(nb="Alt som er gjort", nn="Alt som er gjort", en="All that was done"),
    "case.written": Wording(nb="Hva som er skrevet", nn="Kva som er skrive", en="What was written"),
    "case.consents": Wording(nb="Samtykker", nn="Samtykke", en="Consents"),
    "when": Wording(nb="Når", nn="Når", en="When"),
    "who": Wording(nb="Rolle", nn="Rolle", en="Role"),
    "where": Wording(nb="Kommune", nn="Kommune", en="Municipality"),
    "withdrawn": Wording(nb="trukket", nn="trekt", en="withdrawn"),
    "restrictions": Wording(nb="Innsigelser og begrensninger", nn="Innseiingar og avgrensingar", en="Objections and restrictions"),
    "lifted": Wording(nb="opphevet", nn="oppheva", en="lifted"),
    "basis": Wording(nb="Formål og hjemmel", nn="Formål og heimel", en="Purposes and legal bases"),
    "kept": Wording(
        nb="Et forslag ingen rekker å se på, slettes etter {unreviewed} dager. En avsluttet sak tømmes etter {closed} dager. "
        "Det modellen regnet ut, brukes siden bare til å kontrollere modellen. "
        "Det slettes senest {scored} dager etter at man kan vite hvordan det gikk.",
        nn="Eit forslag ingen rekk å sjå på, blir sletta etter {unreviewed} dagar. Ei avslutta sak blir tømd etter {closed} dagar. "
        "Det modellen rekna ut, blir sidan berre brukt til å kontrollere modellen. "
        "Det blir sletta seinast {scored} dagar etter at ein kan vite korleis det gjekk.",
        en="A proposal that nobody gets to look at is purged after {unreviewed} days. A closed case is emptied after {closed} days. "
        "What the model worked out is used afterwards to check the model and for nothing else. "
        "It is removed at the latest {scored} days after it can be known how things went.",
    ),
    "rights": Wording(nb="Dette kan du gjøre", nn="Dette kan du gjere", en="What you can do"),
    "rights.1": Wording(
        nb="Be om at feil blir rettet hos den som har registrert dem. Saken beregnes da på nytt.",
        nn="Be om at feil blir retta hos den som har registrert dei. Saka blir då rekna på nytt.",
        en="Ask that errors are corrected where they were recorded. The case is then computed anew.",
    ),
    "rights.2": Wording(
        nb="Si nei. Da stanser alle saker om deg med en gang, og ingen senere kjøring foreslår deg. Du trenger ikke å si hvorfor.",
        nn="Sei nei. Då stansar alle saker om deg med ein gong, og inga seinare køyring føreslår deg. Du treng ikkje å seie kvifor.",
        en="Say no. Then every case about you stops at once, and no later run proposes you. You need not say why.",
    ),
    "rights.2.guardian": Wording(
        nb="Si nei. Da stanser alle saker om den unge med en gang, og ingen senere kjøring foreslår den unge. Du trenger ikke å si "
        "hvorfor.",
        nn="Sei nei. Då stansar alle saker om den unge med ein gong, og inga seinare køyring føreslår den unge. Du treng ikkje å seie "
        "kvifor.",
        en="Say no. Then every case about the young person stops at once, and no later run proposes them. You need not say why.",
    ),
    "rights.3": Wording(
        nb="Be om å bli slettet, og trekke et samtykke når du vil.",
        nn="Be om å bli sletta, og trekkje eit samtykke når du vil.",
        en="Ask to be erased, and withdraw a consent whenever you like.",
    ),
    "rights.3.guardian": Wording(
        nb="Be om at den unge blir slettet, og trekke et samtykke du har gitt, når du vil.",
        nn="Be om at den unge blir sletta, og trekkje eit samtykke du har gitt, når du vil.",
        en="Ask that the young person is erased, and withdraw a consent that you gave whenever you like.",
    ),
    "rights.4": Wording(
        nb="Klage til kommunens personvernombud og til Datatilsynet (datatilsynet.no).",
        nn="Klage til personvernombodet i kommunen og til Datatilsynet (datatilsynet.no).",
        en="Complain to the municipality's data protection officer and to Datatilsynet, the supervisory authority (datatilsynet.no).",
    ),
}

KINDS: dict[str, Wording] = {
    "need": Wording(nb="Hvorfor saken ble åpnet", nn="Kvifor saka vart opna", en="Why the case was opened"),
    "own_view": Wording(nb="Egen vurdering før forslaget", nn="Eiga vurdering før forslaget", en="Own view before the proposal"),
    "decision": Wording(nb="Begrunnelse for beslutningen", nn="Grunngiving for avgjerda", en="Reason for the decision"),
    "note": Wording(nb="Notat", nn="Notat", en="Note"),
    "correction": Wording(nb="Meldt feil", nn="Meld feil", en="Error that was reported"),
    "handover": Wording(nb="Overlevering", nn="Overlevering", en="Handover"),
    "objection": Wording(nb="Innsigelse", nn="Innseiing", en="Objection"),
    "restriction": Wording(nb="Begrensning", nn="Avgrensing", en="Restriction"),
    "score": Wording(
        nb="Vurdere hvem noen bør snakke med", nn="Vurdere kven nokon bør snakke med", en="Propose whom somebody might talk to"
    ),
    "audit": Wording(
        nb="Kontrollere at det er riktig og rettferdig", nn="Kontrollere at det er rett og rettferdig", en="Check it is right and fair"
    ),
}
"""Kinds of text, of restriction and of purpose; another kind is shown by its name."""
