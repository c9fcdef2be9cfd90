//! Every table of the store is in the retention table of the documentation, and the other way round.

use std::collections::BTreeSet;

#[test]
fn every_table_has_its_row_in_the_retention_table() {
    let text = include_str!("../../docs/reference/retention.md");
    let cells = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<&str> = cells.filter_map(|line| line.split('`').next()).collect();
    for engine in ["sqlite", "postgres"] {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut tables = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let names = sql.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
            tables.extend(names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned));
        }
        let tables: BTreeSet<&str> = tables.iter().map(String::as_str).collect();
        assert_eq!(documented, tables, "{engine}");
    }
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| -> BTreeSet<_> {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}
