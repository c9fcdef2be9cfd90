//! "Did you mean": the known word that somebody probably had in mind.

/// The word that was probably meant, if one is near enough.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|name| (strsim::jaro_winkler(word, name), *name));
    let alike = scored.filter(|(score, _)| *score >= NEAR).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name);
    // In a short word one slip of the fingers leaves little that is alike: "sya" for "say".
    alike.or_else(|| known.iter().copied().find(|name| strsim::osa_distance(word, name) <= 1))
}

/// Jaro-Winkler similarity, 0 to 1. Below 0.8 "id" would be taken for "item"; above 0.9 "custmer" is no longer
/// "customer_id".
const NEAR: f64 = 0.8;
