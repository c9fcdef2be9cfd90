//! The fourteen substances that a menu must declare, and the words in which customers speak of them.
//!
//! Matching words warns and never clears: an item without a match may hold anything.

/// Regulation (EU) No 1169/2011, Annex II, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Allergen {
    Gluten,
    Crustaceans,
    Eggs,
    Fish,
    Peanuts,
    Soya,
    Milk,
    Nuts,
    Celery,
    Mustard,
    Sesame,
    Sulphites,
    Lupin,
    Molluscs,
}

impl Allergen {
    pub const ALL: [Allergen; 14] = [
        Allergen::Gluten,
        Allergen::Crustaceans,
        Allergen::Eggs,
        Allergen::Fish,
        Allergen::Peanuts,
        Allergen::Soya,
        Allergen::Milk,
        Allergen::Nuts,
        Allergen::Celery,
        Allergen::Mustard,
        Allergen::Sesame,
        Allergen::Sulphites,
        Allergen::Lupin,
        Allergen::Molluscs,
    ];

    /// The word used in CSV files, in the store and on the card.
    pub fn as_str(self) -> &'static str {
        match self {
            Allergen::Gluten => "gluten",
            Allergen::Crustaceans => "crustaceans",
            Allergen::Eggs => "eggs",
            Allergen::Fish => "fish",
            Allergen::Peanuts => "peanuts",
            Allergen::Soya => "soya",
            Allergen::Milk => "milk",
            Allergen::Nuts => "nuts",
            Allergen::Celery => "celery",
            Allergen::Mustard => "mustard",
            Allergen::Sesame => "sesame",
            Allergen::Sulphites => "sulphites",
            Allergen::Lupin => "lupin",
            Allergen::Molluscs => "molluscs",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|allergen| allergen.as_str() == word)
    }

    /// English, German, Italian, Spanish and French, folded as [`folded`] does. A word that ends with `*` is the beginning of
    /// one. Who says "nuts" may mean peanuts too, and who says "shellfish" either kind.
    fn words(self) -> &'static str {
        match self {
            Allergen::Gluten => {
                "gluten* glutin* wheat* rye barley oat oats spelt coeliac* celiac* coeliaq* celiach* weizen* roggen* \
                 gerste* hafer* dinkel* zoliaki* zoeliaki* frumento grano segale orzo farro avena trigo centeno \
                 cebada espelta ble seigle orge avoine epeautre"
            }
            Allergen::Crustaceans => {
                "crustace* crostace* krebstier* krusten* shellfish shrimp* prawn* crab* lobster* garnele* krabbe* \
                 hummer gamber* granchi* aragost* camaron* cangrejo* langost* marisco* crevette* homard*"
            }
            Allergen::Eggs => "egg eggs ei eier* eiweiss* uovo uova huevo* oeuf*",
            Allergen::Fish => {
                "fish fisch* pesce pesci pescado* poisson* salmon* tuna cod anchov* lachs* thunfisch* sardell* acciug* \
                 alici tonno merluzzo atun anchoa* thon saumon anchois"
            }
            Allergen::Peanuts => {
                "peanut* groundnut* erdnuss* erdnuess* arachid* cacahuet* mani nut nuts nuss nuesse nusse nussallergi*"
            }
            Allergen::Soya => "soy soya* soja* soia soybean*",
            Allergen::Milk => {
                "milk* dairy lactos* laktos* lattos* milch* latte latticin* leche lacte* lait laitier* cheese* kase* \
                 kaese* formaggi* queso* fromage* butter* burro mantequilla beurre cream sahne* panna nata creme"
            }
            Allergen::Nuts => {
                "nut nuts nuss* nusse* nuesse* hazelnut* almond* walnut* cashew* pecan* pistachi* macadamia* haselnuss* \
                 haselnuess* mandel* walnuss* walnuess* pistazi* noce noci nocciol* mandorl* pistacch* anacard* nuez \
                 nueces avellana* almendra* pistacho* noix noisette* amande* pistache* marzipan*"
            }
            Allergen::Celery => "celery celeriac* sellerie* sedano apio celeri*",
            Allergen::Mustard => "mustard* senf* senape mostaza* moutarde*",
            Allergen::Sesame => "sesam* tahin* ajonjoli",
            Allergen::Sulphites => "sulphit* sulfit* sulphur* sulfur* schwefel* solfit* solforos*",
            Allergen::Lupin => "lupin* altramu*",
            Allergen::Molluscs => {
                "mollus* weichtier* shellfish mussel* oyster* squid* octopus* clam clams scallop* muschel* auster* \
                 tintenfisch* calamar* cozz* vongol* ostric* polpo polpi seppi* mejillon* almeja* pulpo marisco* moule* \
                 huitre*"
            }
        }
    }
}

/// The allergens that a customer's own words name, in the order of the Annex.
pub fn named_in(text: &str) -> Vec<Allergen> {
    let text = folded(text);
    let said: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let names = |allergen: &Allergen| {
        allergen.words().split_whitespace().any(|known| match known.strip_suffix('*') {
            Some(beginning) => said.iter().any(|word| word.starts_with(beginning)),
            None => said.contains(&known),
        })
    };
    Allergen::ALL.into_iter().filter(names).collect()
}

/// Small letters without their marks, so that who writes in a hurry is understood: "Nüsse" is "nusse", "œuf" is "oeuf".
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => folded.push('a'),
            'è' | 'é' | 'ê' | 'ë' => folded.push('e'),
            'ì' | 'í' | 'î' | 'ï' => folded.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => folded.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => folded.push('u'),
            'ç' => folded.push('c'),
            'ñ' => folded.push('n'),
            'ß' => folded.push_str("ss"),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            other => folded.push(other),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fourteen_and_each_is_understood_in_five_languages() {
        use Allergen::*;
        for (allergen, said) in [
            (Gluten, ["wheat", "Weizen", "frumento", "trigo", "blé"]),
            (Crustaceans, ["prawns", "Garnelen", "gamberi", "camarones", "crevettes"]),
            (Eggs, ["eggs", "Eier", "uova", "huevos", "œufs"]),
            (Fish, ["fish", "Fisch", "pesce", "pescado", "poisson"]),
            (Peanuts, ["peanuts", "Erdnüsse", "arachidi", "cacahuetes", "cacahuètes"]),
            (Soya, ["soy", "Sojabohnen", "soia", "soja", "soja"]),
            (Milk, ["lactose", "Milcheiweiß", "lattosio", "leche", "lait"]),
            (Nuts, ["hazelnuts", "Nüsse", "nocciole", "nueces", "noisettes"]),
            (Celery, ["celery", "Sellerie", "sedano", "apio", "céleri"]),
            (Mustard, ["mustard", "Senf", "senape", "mostaza", "moutarde"]),
            (Sesame, ["sesame", "Sesam", "sesamo", "sésamo", "sésame"]),
            (Sulphites, ["sulphites", "Schwefeldioxid", "solfiti", "sulfitos", "sulfites"]),
            (Lupin, ["lupin", "Lupinen", "lupini", "altramuces", "lupin"]),
            (Molluscs, ["mussels", "Muscheln", "cozze", "mejillones", "moules"]),
        ] {
            for word in said {
                assert!(named_in(&format!("Vorsicht: {word}!")).contains(&allergen), "{word}");
            }
        }
    }

    #[test]
    fn a_word_within_a_word_is_none() {
        for innocent in ["coconut milkshake-free", "eight", "Reis", "nutmeg", "Eis", "graceful", "", "none known"] {
            let named = named_in(innocent);
            assert!(named.is_empty() || innocent.contains("milk"), "{innocent}: {named:?}");
        }
    }

    #[test]
    fn who_says_nuts_may_mean_peanuts_but_not_the_other_way_round() {
        assert_eq!(named_in("NUTS"), [Allergen::Peanuts, Allergen::Nuts]);
        assert_eq!(named_in("peanut butter"), [Allergen::Peanuts, Allergen::Milk], "too often is better than not");
        assert_eq!(named_in("Erdnussallergie"), [Allergen::Peanuts]);
        assert_eq!(named_in("shellfish"), [Allergen::Crustaceans, Allergen::Molluscs]);
    }
}
