use proptest::prelude::*;

use super::*;

/// Values that are the same in every run and look like chance.
fn draw(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 2f32.powi(23) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn filled(mut rows: Rows, people: &[Vec<f32>]) -> Rows {
    assert!(people.iter().all(|values| rows.push(values)));
    rows
}

fn all_scores(rows: &Rows, probes: &[&[f32]]) -> Vec<Vec<f32>> {
    let mut scores = vec![vec![f32::NAN; rows.len()]; probes.len()];
    rows.scan(probes, |probe, first, found| scores[probe][first..first + found.len()].copy_from_slice(found));
    scores
}

#[test]
fn every_row_meets_every_probe_whatever_their_number_and_dimension() {
    for dimension in [1, 2, 7, 192, 256] {
        for (people, probes) in [(0, 1), (1, 1), (31, 2), (33, 3), (64, 7), (100, 8), (65, 9), (5, 17)] {
            let people: Vec<_> = (0..people).map(|n| draw(n, dimension)).collect();
            let rows = filled(Rows::new(dimension), &people);
            let probes: Vec<_> = (0..probes).map(|n| draw(1000 + n, dimension)).collect();
            let probes: Vec<&[f32]> = probes.iter().map(Vec::as_slice).collect();
            for (probe, scores) in probes.iter().zip(all_scores(&rows, &probes)) {
                for (values, score) in people.iter().zip(scores) {
                    let wanted = product(values, probe);
                    assert!((f64::from(score) - wanted).abs() < 1e-4, "{score} is not {wanted} ({dimension})");
                }
            }
        }
    }
}

#[test]
fn a_probe_finds_the_same_rows_alone_and_in_company_of_seven() {
    let people: Vec<_> = (0..100).map(|n| draw(n, 256)).collect();
    let rows = filled(Rows::new(256), &people);
    let probes: Vec<_> = (0..8).map(|n| draw(1000 + n, 256)).collect();
    let probes: Vec<&[f32]> = probes.iter().map(Vec::as_slice).collect();
    let together = rows.best(&probes, 5);
    for (probe, together) in probes.iter().zip(together) {
        let alone: Vec<usize> = rows.best(&[probe], 5).remove(0).into_iter().map(|(row, _)| row).collect();
        assert_eq!(alone, together.iter().map(|(row, _)| *row).collect::<Vec<_>>());
    }
}

#[test]
fn a_foreign_dimension_is_refused_and_finds_nobody() {
    for mut rows in [Rows::new(3), Rows::with_codes(3)] {
        assert!(rows.push(&[1.0, 0.0, 0.0]) && !rows.push(&[1.0, 0.0]) && !rows.replace(0, &[1.0]));
        assert_eq!((rows.len(), rows.dimension(), rows.score(0, &[1.0])), (1, 3, None));
        let found = rows.best(&[&[1.0, 0.0], &[0.5, 0.0, 0.0], &[]], 2);
        assert_eq!(found, [vec![], vec![(0, 0.5)], vec![]]);
    }
    let mut empty = Rows::new(0);
    assert!(empty.push(&[]) && empty.best(&[&[]], 1)[0].is_empty());
}

#[test]
fn equal_rows_are_found_in_their_order_and_one_that_is_no_number_is_not_found() {
    for rows in [Rows::new(2), Rows::with_codes(2)] {
        let people = [vec![0.0, 1.0], vec![f32::NAN, 0.0], vec![0.0, 1.0], vec![0.0, 0.9]];
        let rows = filled(rows, &people);
        assert_eq!(rows.best(&[&[0.0, 1.0]], 9), [[(0, 1.0), (2, 1.0), (3, 0.9)]]);
    }
}

#[test]
fn what_is_removed_is_overwritten() {
    let mut rows = filled(Rows::with_codes(4), &[vec![1.0; 4], vec![2.0; 4], vec![3.0; 4]]);
    assert!(rows.swap_remove(0) && !rows.swap_remove(2));
    assert_eq!(rows.row(0).unwrap().as_slice(), [3.0; 4]);
    assert!(rows.swap_remove(1) && rows.swap_remove(0) && !rows.swap_remove(0));
    assert!(rows.is_empty() && rows.row(0).is_none());
    assert!(rows.block.as_slice().iter().all(|value| *value == 0.0), "no value is left behind");
    let codes = rows.codes.map_or(Vec::new(), |codes| codes.values().to_vec());
    assert!(codes.iter().all(|code| *code == 0), "nor a code");
}

#[test]
fn a_crowd_of_equals_is_still_searched_exactly() {
    let people = vec![draw(1, 64); 2000];
    let rows = filled(Rows::with_codes(64), &people);
    let found: Vec<usize> = rows.best(&[&draw(1, 64)], 4).remove(0).into_iter().map(|(row, _)| row).collect();
    assert_eq!(found, [0, 1, 2, 3]);
}

#[derive(Clone, Debug)]
enum Change {
    Push(u32),
    Replace(usize, u32),
    Remove(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any::<u32>().prop_map(Change::Push),
        1 => (0usize..200, any::<u32>()).prop_map(|(row, seed)| Change::Replace(row, seed)),
        1 => (0usize..200).prop_map(Change::Remove),
    ]
}

proptest! {
    /// With codes and without, after any history, the best are those of a plain list of vectors.
    #[test]
    fn a_search_agrees_with_a_plain_list(
        changes in prop::collection::vec(change(), 0..200),
        dimension in 1usize..70,
        top in 1usize..6,
    ) {
        let (mut plain, mut list) = (Rows::new(dimension), Vec::<Vec<f32>>::new());
        let mut coded = Rows::with_codes(dimension);
        for change in changes {
            match change {
                Change::Push(seed) => {
                    let values = draw(seed, dimension);
                    prop_assert!(plain.push(&values) && coded.push(&values));
                    list.push(values);
                }
                Change::Replace(row, seed) => {
                    let values = draw(seed, dimension);
                    let there = row < list.len();
                    prop_assert_eq!((plain.replace(row, &values), coded.replace(row, &values)), (there, there));
                    if there {
                        list[row] = values;
                    }
                }
                Change::Remove(row) => {
                    let there = row < list.len();
                    prop_assert_eq!((plain.swap_remove(row), coded.swap_remove(row)), (there, there));
                    if there {
                        list.swap_remove(row);
                    }
                }
            }
        }
        let probe = draw(77, dimension);
        let mut wanted: Vec<f64> = list.iter().map(|values| product(values, &probe)).collect();
        wanted.sort_by(|a, b| b.total_cmp(a));
        for rows in [&plain, &coded] {
            prop_assert_eq!(rows.len(), list.len());
            for (row, values) in list.iter().enumerate() {
                let row = rows.row(row);
                prop_assert_eq!(row.as_ref().map(|row| row.as_slice()), Some(&values[..]));
            }
            let found = rows.best(&[&probe], top).remove(0);
            prop_assert_eq!(found.len(), top.min(list.len()));
            for ((row, score), wanted) in found.iter().zip(&wanted) {
                prop_assert!((f64::from(*score) - wanted).abs() < 1e-4);
                prop_assert!((product(&list[*row], &probe) - wanted).abs() < 1e-4);
            }
        }
    }
}
