//! The words that are read to a caller before they say yes or no, in the caller's language.
//!
//! Each says what is made, that later calls bring it up to date, what it is for and not for, that no is fine, and that yes
//! can be taken back (GDPR Art. 7 and 9). A consent record keeps the id, so a text is never changed: a new wording gets a new
//! number.

/// One wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentScript {
    /// Id and version.
    pub id: &'static str,
    /// BCP 47 primary language subtag.
    pub language: &'static str,
    pub text: &'static str,
}

/// The newest wording of each language.
pub const ALL: [ConsentScript; 5] = [
    ConsentScript {
        id: "phone-en-2",
        language: "en",
        text: "May we recognise your voice when you call again? For this we would keep a voiceprint, numbers worked \
               out from your voice, and bring it up to date when you call. It only helps us to greet you by name \
               and to know what you like; it never proves who you are. You are free to say no, and we serve you \
               just the same. You can take your yes back at any time, and we delete the voiceprint. Do you agree?",
    },
    ConsentScript {
        id: "phone-de-2",
        language: "de",
        text: "Dürfen wir Ihre Stimme wiedererkennen, wenn Sie das nächste Mal anrufen? Dafür speichern wir einen \
               Stimmabdruck, das sind Zahlen, die aus Ihrer Stimme berechnet werden, und frischen ihn auf, wenn Sie \
               anrufen. Er hilft uns nur, Sie mit Namen zu begrüßen und zu wissen, was Sie mögen; er beweist nie, \
               wer Sie sind. Sie können gern Nein sagen, wir bedienen Sie genauso. Sie können Ihr Ja jederzeit \
               zurücknehmen, dann löschen wir den Stimmabdruck. Sind Sie einverstanden?",
    },
    ConsentScript {
        id: "phone-it-2",
        language: "it",
        text: "Possiamo riconoscere la sua voce quando richiamerà? Per questo conserveremmo un'impronta vocale, \
               cioè numeri calcolati dalla sua voce, e la aggiorneremmo quando chiama. Ci serve solo per salutarla \
               per nome e sapere che cosa preferisce; non dimostra mai chi è lei. Può dire di no liberamente, la \
               serviremo allo stesso modo. Può ritirare il suo consenso in qualsiasi momento, e cancelleremo \
               l'impronta. È d'accordo?",
    },
    ConsentScript {
        id: "phone-es-2",
        language: "es",
        text: "¿Podemos reconocer su voz cuando vuelva a llamar? Para ello guardaríamos una huella de voz, es \
               decir, números calculados a partir de su voz, y la actualizaríamos cuando llame. Solo nos sirve para \
               saludarle por su nombre y saber qué le gusta; nunca demuestra quién es usted. Puede decir que no con \
               toda libertad y le atenderemos igual. Puede retirar su consentimiento en cualquier momento y \
               borraremos la huella. ¿Está de acuerdo?",
    },
    ConsentScript {
        id: "phone-fr-2",
        language: "fr",
        text: "Pouvons-nous reconnaître votre voix lors de votre prochain appel ? Pour cela, nous garderions une \
               empreinte vocale, c'est-à-dire des nombres calculés à partir de votre voix, et nous la mettrions à \
               jour quand vous appelez. Elle nous sert seulement à vous saluer par votre nom et à savoir ce que \
               vous aimez ; elle ne prouve jamais qui vous êtes. Vous êtes libre de dire non, nous vous servirons \
               tout aussi bien. Vous pouvez revenir sur votre accord à tout moment, et nous effacerons l'empreinte. \
               Êtes-vous d'accord ?",
    },
];

/// The script for a caller who speaks `language` (BCP 47, such as `pt-BR`), else that of the `fallback` language, else
/// the first.
pub fn in_language(language: Option<&str>, fallback: &str) -> &'static ConsentScript {
    let of = |wanted: &str| {
        let primary = wanted.split('-').next().unwrap_or(wanted);
        ALL.iter().find(|script| script.language.eq_ignore_ascii_case(primary))
    };
    language.and_then(of).or_else(|| of(fallback)).unwrap_or(&ALL[0])
}

pub fn by_id(id: &str) -> Option<&'static ConsentScript> {
    ALL.iter().find(|script| script.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_language_comes_first_then_the_shops() {
        assert_eq!(in_language(Some("it-CH"), "de").id, "phone-it-2");
        assert_eq!(in_language(Some("ja"), "de").id, "phone-de-2");
        assert_eq!(in_language(None, "fr-BE").id, "phone-fr-2");
        assert_eq!(in_language(Some("ja"), "ko").id, "phone-en-2");
    }

    #[test]
    fn an_id_says_its_language_and_is_found() {
        for script in ALL {
            assert!(script.id.starts_with(&format!("phone-{}-", script.language)));
            assert_eq!(by_id(script.id), Some(&script));
        }
        assert_eq!(by_id("phone-en-1"), None);
    }
}
