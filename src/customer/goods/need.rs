//! What customers ask for in words, and the tag of the items that suit it.

use super::allergen::folded;

/// "vegano" or "rein pflanzlich" asks for items with the tag "vegan".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub words: Vec<String>,
    pub tag: String,
}

impl Need {
    /// The tags that `text` asks for, each once.
    pub fn named_in<'a>(text: &str, needs: &'a [Need]) -> Vec<&'a str> {
        let text = in_words(text);
        let mut tags: Vec<&str> = Vec::new();
        for need in needs.iter().filter(|need| need.words.iter().any(|words| text.contains(&in_words(words)))) {
            if !tags.contains(&need.tag.as_str()) {
                tags.push(&need.tag);
            }
        }
        tags
    }
}

/// Folded words with a space around each, so that "gluten-free" is found as words and "vegan" not in "Las Vegans".
fn in_words(text: &str) -> String {
    let text = folded(text);
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}
