"""The reasons of the permission matrix in Norwegian, for the console's page; the matrix itself says them in English."""

from __future__ import annotations

IN_NORWEGIAN: dict[str, tuple[str, str]] = {
    "Sees new cases of the own municipality and the cases they took.": (
        "Ser nye saker i egen kommune og sakene de har tatt.",
        "Ser nye saker i eigen kommune og sakene dei har teke.",
    ),
    "Takes a new case of the own municipality, which makes them answer for it.": (
        "Tar en ny sak i egen kommune, og svarer da for den.",
        "Tek ei ny sak i eigen kommune, og svarer då for ho.",
    ),
    "Reviews the cases they took, with a stated need, and nobody else's.": (
        "Vurderer sakene de har tatt, med oppgitt tjenstlig behov, og ingen andres.",
        "Vurderer sakene dei har teke, med oppgitt tenestleg behov, og ingen andre sine.",
    ),
    "A young person or guardian can say no to anybody they meet; it takes effect at once.": (
        "Ungdom og foresatte kan si nei til hvem som helst de møter; det gjelder straks.",
        "Ungdom og føresette kan seie nei til kven som helst dei møter; det gjeld straks.",
    ),
    "Gives a person in a case they took what is known of them, when the person asks (R-21).": (
        "Gir en person i en sak de har tatt, det som er kjent om personen, når personen ber om det (R-21).",
        "Gir ein person i ei sak dei har teke, det som er kjent om personen, når personen ber om det (R-21).",
    ),
    "Learns who a case they took and opened is about, with a stated need, where there is an identity vault.": (
        "Får vite hvem en sak de har tatt og åpnet, gjelder, med oppgitt behov, der det finnes et identitetshvelv.",
        "Får vite kven ei sak dei har teke og opna, gjeld, med oppgitt behov, der det finst eit identitetskvelv.",
    ),
    "Sees how many were proposed, small numbers hidden.": (
        "Ser hvor mange som er foreslått, små tall skjult.",
        "Ser kor mange som er foreslått, små tal skjulte.",
    ),
    "Looks back on the cohorts screened where they work, small numbers hidden, beside the cases they took of them.": (
        "Ser tilbake på kullene som er gjennomgått der de arbeider, små tall skjult, ved siden av sakene de tok fra dem.",
        "Ser tilbake på kulla som er gjennomgått der dei arbeider, små tal skjulte, ved sida av sakene dei tok frå dei.",
    ),
    "How the models work, what they use and where their cut-offs lie is open to everyone who logs in (R-35).": (
        "Hvordan modellene virker, hva de bruker og hvor grensene ligger, er åpent for alle som logger inn (R-35).",
        "Korleis modellane verkar, kva dei bruker og kvar grensene ligg, er ope for alle som loggar inn (R-35).",
    ),
    "Sees the cases of persons with a confidential address, which nobody else sees.": (
        "Ser sakene til personer med fortrolig adresse, som ingen andre ser.",
        "Ser sakene til personar med fortruleg adresse, som ingen andre ser.",
    ),
    "Takes such a case, which makes them answer for it.": (
        "Tar en slik sak, og svarer da for den.",
        "Tek ei slik sak, og svarer då for ho.",
    ),
    "Reviews the cases they took, with a stated need.": (
        "Vurderer sakene de har tatt, med oppgitt tjenstlig behov.",
        "Vurderer sakene dei har teke, med oppgitt tenestleg behov.",
    ),
    "As for every other person.": (
        "Som for alle andre.",
        "Som for alle andre.",
    ),
    "Second reading stays among those who work with confidential addresses.": (
        "Andrelesing blir blant dem som arbeider med fortrolige adresser.",
        "Andrelesing blir blant dei som arbeider med fortrulege adresser.",
    ),
    "Answers the objection of such a person where they did not work the case: no leader knows of it (R-08).": (
        "Svarer på innsigelsen fra en slik person der de ikke hadde saken selv: ingen leder vet om den (R-08).",
        "Svarer på innseiinga frå ein slik person der dei ikkje hadde saka sjølv: ingen leiar veit om ho (R-08).",
    ),
    "Finds a colleague for a case that waits too long or whose reader left: no leader knows of it (R-08).": (
        "Finner en kollega til en sak som venter for lenge, eller der den som hadde den, har sluttet: ingen leder vet om den (R-08).",
        "Finn ein kollega til ei sak som ventar for lenge, eller der den som hadde ho, har slutta: ingen leiar veit om ho (R-08).",
    ),
    "As for every other person; the address is not part of it.": (
        "Som for alle andre; adressen er ikke med.",
        "Som for alle andre; adressa er ikkje med.",
    ),
    "Reads cases of the own municipality that a colleague handed over, blind until both have written (R-17).": (
        "Leser saker i egen kommune som en kollega har bedt om hjelp til, uten å se noe før begge har skrevet (R-17).",
        "Les saker i eigen kommune som ein kollega har bede om hjelp til, utan å sjå noko før båe har skrive (R-17).",
    ),
    "Reads the agreed needs of those they follow up, while a consent that names their service holds (R-23).": (
        "Leser avtalte behov for dem de følger opp, så lenge et samtykke som nevner tjenesten deres, gjelder (R-23).",
        "Les avtalte behov for dei dei følgjer opp, så lenge eit samtykke som nemner tenesta deira, gjeld (R-23).",
    ),
    "Answers an objection in writing: it is upheld and erased, or weighty reasons stand against it (R-22).": (
        "Svarer skriftlig på en innsigelse: den tas til følge og alt slettes, eller tungtveiende grunner taler mot (R-22).",
        "Svarer skriftleg på ei innseiing: ho blir teken til følgje og alt blir sletta, eller tungtvegande grunnar talar mot (R-22).",
    ),
    "Sees which cases are past their deadline and with whom, and nothing of what is in them.": (
        "Ser hvilke saker som er over fristen og hos hvem, og ingenting av det som står i dem.",
        "Ser kva saker som er over fristen og hos kven, og ingenting av det som står i dei.",
    ),
    "Finds somebody else for a case that waits too long or whose coordinator left, giving a reason.": (
        "Finner en annen til en sak som venter for lenge, eller der koordinatoren har sluttet, med begrunnelse.",
        "Finn ein annan til ei sak som ventar for lenge, eller der koordinatoren har slutta, med grunngiving.",
    ),
    "Stops proposals in the own municipality at once; answers for their use (R-30).": (
        "Stanser forslag i egen kommune straks; svarer for bruken (R-30).",
        "Stansar forslag i eigen kommune straks; svarer for bruken (R-30).",
    ),
    "Answers for capacity and therefore sees how many were proposed, small numbers hidden.": (
        "Svarer for kapasiteten og ser derfor hvor mange som er foreslått, små tall skjult.",
        "Svarer for kapasiteten og ser difor kor mange som er foreslått, små tal skjulte.",
    ),
    "Sees what a version would find and miss before answering for its use.": (
        "Ser hva en versjon ville finne og overse før de svarer for bruken.",
        "Ser kva ein versjon ville finne og oversjå før dei svarer for bruken.",
    ),
    "Answers for a model's use: acknowledges what it finds and misses before it serves (R-31).": (
        "Svarer for bruken av en modell: vedkjenner seg hva den finner og overser før den tas i bruk (R-31).",
        "Svarer for bruken av ein modell: vedkjenner seg kva han finn og overser før han blir teken i bruk (R-31).",
    ),
    "Answers for how the models are used.": (
        "Svarer for hvordan modellene brukes.",
        "Svarer for korleis modellane blir brukte.",
    ),
    "Opens incidents of models, and takes the steps of those that name this role as responsible (R-41).": (
        "Åpner hendelser om modeller, og tar stegene i dem som nevner denne rollen som ansvarlig (R-41).",
        "Opnar hendingar om modellar, og tek stega i dei som nemner denne rolla som ansvarleg (R-41).",
    ),
    "Answers for use within what was declared.": (
        "Svarer for at bruken holder seg innenfor det som er erklært.",
        "Svarer for at bruken held seg innanfor det som er erklært.",
    ),
    "Plans the own municipality's services; numbers only, small ones hidden.": (
        "Planlegger egen kommunes tjenester; bare tall, små skjult.",
        "Planlegg tenestene i eigen kommune; berre tal, små skjulte.",
    ),
    "Follows how the models behave; counts only.": (
        "Følger hvordan modellene oppfører seg; bare antall.",
        "Følgjer korleis modellane oppfører seg; berre tal.",
    ),
    "Compares a challenger with the version that serves; aggregates only.": (
        "Sammenligner en utfordrer med versjonen som er i bruk; bare samlede tall.",
        "Samanliknar ein utfordrar med versjonen som er i bruk; berre samla tal.",
    ),
    "Signs that a version is to serve, with a key that the service never sees; one of two (R-31).": (
        "Underskriver at en versjon skal tas i bruk, med en nøkkel som tjenesten aldri ser; én av to (R-31).",
        "Underskriv at ein versjon skal takast i bruk, med ein nøkkel som tenesta aldri ser; éin av to (R-31).",
    ),
    "Follows drift, calibration and fairness of the models they keep.": (
        "Følger avdrift, kalibrering og rettferdighet for modellene de forvalter.",
        "Følgjer avdrift, kalibrering og rettferd for modellane dei forvaltar.",
    ),
    "Trains and scores within what was declared.": (
        "Lærer opp og bruker modeller innenfor det som er erklært.",
        "Lærer opp og bruker modellar innanfor det som er erklært.",
    ),
    "Stops a model that misbehaves, everywhere and at once (R-30).": (
        "Stanser en modell som oppfører seg feil, overalt og straks (R-30).",
        "Stansar ein modell som oppfører seg feil, overalt og straks (R-30).",
    ),
    "Checks who is proposed; counts only.": (
        "Kontrollerer hvem som foreslås; bare antall.",
        "Kontrollerer kven som blir foreslått; berre tal.",
    ),
    "Checks what a new version changes for groups; aggregates only.": (
        "Kontrollerer hva en ny versjon endrer for grupper; bare samlede tall.",
        "Kontrollerer kva ein ny versjon endrar for grupper; berre samla tal.",
    ),
    "The reports are written for them.": (
        "Rapportene er skrevet for dem.",
        "Rapportane er skrivne for dei.",
    ),
    "Checks that data is used for what was declared and approved.": (
        "Kontrollerer at opplysninger brukes til det som er erklært og godkjent.",
        "Kontrollerer at opplysningar blir brukte til det som er erklært og godkjent.",
    ),
    "Checks who may do what, and why.": (
        "Kontrollerer hvem som kan gjøre hva, og hvorfor.",
        "Kontrollerer kven som kan gjere kva, og kvifor.",
    ),
    "Signs a month's report off with a remark, by a key of their own that never reaches the service.": (
        "Underskriver en månedsrapport med en merknad, med en egen nøkkel som aldri når tjenesten.",
        "Underskriv ein månadsrapport med ein merknad, med ein eigen nøkkel som aldri når tenesta.",
    ),
    "Checks that people decide, and how; metadata only, nothing that was written about a person.": (
        "Kontrollerer at mennesker bestemmer, og hvordan; bare metadata, ingenting som er skrevet om en person.",
        "Kontrollerer at menneske bestemmer, og korleis; berre metadata, ingenting som er skrive om ein person.",
    ),
    "Checks that the log was not altered.": (
        "Kontrollerer at loggen ikke er endret.",
        "Kontrollerer at loggen ikkje er endra.",
    ),
    "Checks proportionality; counts only.": (
        "Kontrollerer forholdsmessighet; bare antall.",
        "Kontrollerer at det står i høve til føremålet; berre tal.",
    ),
    "Checks what a new version changes; aggregates only.": (
        "Kontrollerer hva en ny versjon endrer; bare samlede tall.",
        "Kontrollerer kva ein ny versjon endrar; berre samla tal.",
    ),
    "Checks fairness and drift.": (
        "Kontrollerer rettferdighet og avdrift.",
        "Kontrollerer rettferd og avdrift.",
    ),
    "Checks purposes, legal bases and their approval.": (
        "Kontrollerer formål, hjemler og godkjenningen av dem.",
        "Kontrollerer føremål, heimlar og godkjenninga av dei.",
    ),
    "Follows objections, consents, retention and who opened what; counts, never whose.": (
        "Følger innsigelser, samtykker, sletting og hvem som åpnet hva; antall, aldri hvem det gjelder.",
        "Følgjer innseiingar, samtykke, sletting og kven som opna kva; tal, aldri kven det gjeld.",
    ),
    "Checks who read what and why it was allowed; metadata only.": (
        "Kontrollerer hvem som leste hva, og hvorfor det var lov; bare metadata.",
        "Kontrollerer kven som las kva, og kvifor det var lov; berre metadata.",
    ),
    "Follows the clock of requests for access: when each is due, never whose it is (R-21).": (
        "Følger fristen for innsynskrav: når hvert skal besvares, aldri hvem det gjelder (R-21).",
        "Følgjer fristen for innsynskrav: når kvart skal svarast på, aldri kven det gjeld (R-21).",
    ),
    "Looks into who read more than their work explains (R-28).": (
        "Ser på hvem som leste mer enn arbeidet forklarer (R-28).",
        "Ser på kven som las meir enn arbeidet forklarer (R-28).",
    ),
    "Sees how one proposal came about and was read, with a stated reason that is logged (R-27).": (
        "Ser hvordan ett forslag ble til og ble lest, med en oppgitt grunn som logges (R-27).",
        "Ser korleis eitt forslag vart til og vart lese, med ein oppgitt grunn som blir logga (R-27).",
    ),
    "Answers for what data is used for.": (
        "Svarer for hva opplysninger brukes til.",
        "Svarer for kva opplysningar blir brukte til.",
    ),
    "Approves the very words of a purpose, or takes that back with a reason (R-02).": (
        "Godkjenner et formåls nøyaktige ord, eller trekker det tilbake med begrunnelse (R-02).",
        "Godkjenner dei nøyaktige orda i eit føremål, eller trekkjer det tilbake med grunngiving (R-02).",
    ),
    "Answers for who may do what.": (
        "Svarer for hvem som kan gjøre hva.",
        "Svarer for kven som kan gjere kva.",
    ),
    "Answers for the processing and can stop all of it (R-30).": (
        "Svarer for behandlingen og kan stanse alt (R-30).",
        "Svarer for behandlinga og kan stanse alt (R-30).",
    ),
    "Answers for the processing; numbers only.": (
        "Svarer for behandlingen; bare tall.",
        "Svarer for behandlinga; berre tal.",
    ),
    "Answers for the processing; counts only.": (
        "Svarer for behandlingen; bare antall.",
        "Svarer for behandlinga; berre tal på kor mange.",
    ),
    "Sees what a version would find and miss before answering for it.": (
        "Ser hva en versjon ville finne og overse før de svarer for den.",
        "Ser kva ein versjon ville finne og oversjå før dei svarer for han.",
    ),
    "Answers for the processing: acknowledges what a model finds and misses before it serves (R-31).": (
        "Svarer for behandlingen: vedkjenner seg hva en modell finner og overser før den tas i bruk (R-31).",
        "Svarer for behandlinga: vedkjenner seg kva ein modell finn og overser før han blir teken i bruk (R-31).",
    ),
    "Answers for the processing.": (
        "Svarer for behandlingen.",
        "Svarer for behandlinga.",
    ),
    "Takes every incident's steps: whether a breach is notified is the controller's to decide (GDPR Art. 33).": (
        "Tar stegene i alle hendelser: om et brudd skal meldes, bestemmer den dataansvarlige (personvernforordningen artikkel 33).",
        "Tek stega i alle hendingar: om eit brot skal meldast, bestemmer den dataansvarlege (personvernforordninga artikkel 33).",
    ),
    "Must know after a restore or an incident that the log is whole; sees no entry.": (
        "Må vite etter en gjenoppretting eller en hendelse at loggen er hel; ser ingen linjer.",
        "Må vite etter ei attoppretting eller ei hending at loggen er heil; ser ingen linjer.",
    ),
    "Numbers by area for planning services, small ones hidden; never a case.": (
        "Tall etter område for å planlegge tjenester, små skjult; aldri en sak.",
        "Tal etter område for å planleggje tenester, små skjulte; aldri ei sak.",
    ),
    "Sees what is known and was done about themselves, and a guardian's report on their child (R-21).": (
        "Ser det som er kjent og gjort om seg selv, og som foresatt rapporten for foresatte om barnet sitt (R-21).",
        "Ser det som er kjent og gjort om seg sjølv, og som føresett rapporten for føresette om barnet sitt (R-21).",
    ),
    "Says no, or takes a consent back, for themselves or their child; it takes effect at once (R-22, R-23).": (
        "Sier nei eller trekker et samtykke for seg selv eller barnet sitt; det gjelder med en gang (R-22, R-23).",
        "Seier nei eller trekkjer eit samtykke for seg sjølv eller barnet sitt; det gjeld med ein gong (R-22, R-23).",
    ),
    "Scores histories that it posts itself, under a score purpose; nothing is stored and no identity is known.": (
        "Lar modellen vurdere historier den sender selv, under et formål for gjennomgang; ingenting lagres, ingen er kjent.",
        "Lèt modellen vurdere historier han sender sjølv, under eit føremål for gjennomgang; ingenting blir lagra, ingen er kjend.",
    ),
}
"""Reason as the matrix has it -> bokmål, nynorsk. A test holds the two to each other."""
