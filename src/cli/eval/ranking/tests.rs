use super::super::trials::{Enrolled, Scored};
use super::*;
use crate::voice::{Quality, Score};

/// Probes as (speaker, scores); `enrolled` are the speakers of the prints.
fn matrix(enrolled: &[usize], probes: &[(usize, &[f32])]) -> Matrix {
    let scored = |(speaker, scores): &(usize, &[f32])| Scored {
        scores: scores.iter().copied().map(Score).collect(),
        speaker: *speaker,
        fold: 0,
        own: enrolled.iter().position(|of| of == speaker),
        quality: Quality::default(),
        heard: true,
        short: false,
    };
    let enrolled = enrolled.iter().map(|speaker| Enrolled { speaker: *speaker, fold: 0 }).collect();
    Matrix { probes: probes.iter().map(scored).collect(), enrolled }
}

/// One print, target trials by its speaker, nontarget trials by strangers.
fn two_sides(targets: &[f32], nontargets: &[f32]) -> Ranking {
    let (targets, nontargets) = (targets.chunks(1), nontargets.chunks(1));
    let strangers = nontargets.enumerate().map(|(n, score)| (n + 1, score));
    let probes: Vec<(usize, &[f32])> = targets.map(|score| (0, score)).chain(strangers).collect();
    Ranking::new(&matrix(&[0], &probes))
}

fn eer(targets: &[f32], nontargets: &[f32]) -> Option<f64> {
    two_sides(targets, nontargets).eer(&vec![1; nontargets.len() + 1])
}

#[test]
fn the_equal_error_rate_of_hand_made_scores() {
    assert_eq!(eer(&[0.9, 0.8], &[0.1, 0.2]), Some(0.0), "apart");
    assert_eq!(eer(&[0.1, 0.2], &[0.8, 0.9]), Some(1.0), "the wrong way round");
    // A threshold between .4 and .6 misses one of four and lets one of four pass.
    assert_eq!(eer(&[0.3, 0.6, 0.8, 0.9], &[0.1, 0.2, 0.4, 0.7]), Some(0.25));
    assert_eq!(eer(&[0.5; 3], &[0.5; 9]), Some(0.5), "scores that say nothing");
    assert_eq!(eer(&[], &[0.5]), None);
}

#[test]
fn a_speaker_drawn_twice_counts_as_two_speakers() {
    // Speaker 1 is the stranger at .7; drawn three times, three of six pass at .7.
    let ranking = two_sides(&[0.3, 0.6, 0.8, 0.9], &[0.7, 0.1, 0.2, 0.4]);
    assert_eq!(ranking.eer(&[1, 3, 1, 1, 1]), eer(&[0.3, 0.6, 0.8, 0.9], &[0.7, 0.7, 0.7, 0.1, 0.2, 0.4]));
    assert_eq!(ranking.eer(&[2, 0, 1, 1, 1]), eer(&[0.3, 0.6, 0.8, 0.9], &[0.1, 0.2, 0.4]));
    assert_eq!(ranking.eer(&[0, 1, 1, 1, 1]), None);
}

#[test]
fn first_place_is_shared_with_nobody() {
    let enrolled = [0, 1, 2];
    let probes: [(usize, &[f32]); 4] =
        [(0, &[0.9, 0.1, 0.2]), (1, &[0.5, 0.5, 0.1]), (2, &[0.4, 0.3, 0.2]), (3, &[0.9, 0.9, 0.9])];
    let ranking = Ranking::new(&matrix(&enrolled, &probes));
    assert_eq!(ranking.rank_1(&[1; 4]), Some(1.0 / 3.0), "one is first, one is level, one is last");
    assert_eq!(ranking.rank_1(&[3, 0, 1, 0]), Some(0.75));
    assert_eq!(ranking.rank_1(&[0, 0, 0, 5]), None);
}

/// Two of a gallery of four, by hand. Probes of 0 and 1 find themselves; the best stranger is that of speaker 4.
#[test]
fn a_search_misses_by_threshold_or_by_rank() {
    let probes: [(usize, &[f32]); 3] =
        [(0, &[0.9, 0.1, 0.1, 0.1]), (1, &[0.8, 0.5, 0.1, 0.1]), (4, &[0.6, 0.2, 0.3, 0.4])];
    let ranking = Ranking::new(&matrix(&[0, 1, 2, 3], &probes));
    // Nobody else may pass. The probe of 1 is a stranger to half of the galleries, and scores .8 in some of those. So .8 is
    // the threshold: 0 passes it always, 1 never.
    assert_eq!(ranking.fnir(&[1; 5], 2, 0.0), Some(0.5));
    // With half of the strangers' searches let through the threshold falls below .5; 1 is then first in the two of its three
    // galleries that lack 0.
    assert!((ranking.fnir(&[1; 5], 2, 0.5).unwrap() - 0.5 * (1.0 - 2.0 / 3.0)).abs() < 1e-12);
    assert_eq!(ranking.fnir(&[1; 5], 5, 0.01), None, "there are four");
}

/// Every subset of `of` with `size` members.
fn subsets(of: &[usize], size: usize) -> Vec<Vec<usize>> {
    match (of, size) {
        (_, 0) => vec![Vec::new()],
        ([], _) => Vec::new(),
        ([first, rest @ ..], _) => {
            let with = subsets(rest, size - 1).into_iter().map(|mut subset| {
                subset.push(*first);
                subset
            });
            with.chain(subsets(rest, size)).collect()
        }
    }
}

/// What `fnir` says in closed form, by searching every gallery. Copies of a speaker are people of their own; a copy is never
/// compared with the other copies of the same speaker, whose voice is no stranger's.
fn fnir_by_search(matrix: &Matrix, weights: &[u32], size: usize, fpir: f64) -> f64 {
    let (mut enrolled, mut strangers) = (Vec::new(), Vec::new());
    for probe in &matrix.probes {
        let mut prints: Vec<usize> = (0..matrix.enrolled.len())
            .filter(|n| probe.own != Some(*n))
            .flat_map(|n| std::iter::repeat_n(n, weights[matrix.enrolled[n].speaker] as usize))
            .collect();
        prints.extend(probe.own);
        let galleries = subsets(&prints, size);
        // Each probe counts alike, however many galleries there are without its copies.
        let weight = f64::from(weights[probe.speaker]) / galleries.len() as f64;
        for gallery in galleries {
            let best =
                gallery.iter().copied().max_by(|a, b| probe.scores[*a].0.total_cmp(&probe.scores[*b].0)).unwrap();
            match probe.own.filter(|own| gallery.contains(own)) {
                Some(own) => enrolled.push((probe.scores[best].0, own == best, probe.speaker)),
                None => strangers.push((probe.scores[best].0, weight)),
            }
        }
    }
    strangers.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = strangers.iter().map(|(_, weight)| weight).sum();
    let mut passing = 0.0;
    let threshold = strangers.iter().find(|(_, weight)| {
        passing += weight;
        passing / all > fpir + 1e-9
    });
    let threshold = threshold.map_or(f32::NEG_INFINITY, |(score, _)| *score);
    // Each speaker's searches together count as often as the speaker was drawn.
    let mut share = std::collections::BTreeMap::<usize, (f64, f64)>::new();
    for (score, right, speaker) in enrolled {
        let (missed, searches) = share.entry(speaker).or_default();
        *missed += f64::from(u8::from(!right || score <= threshold));
        *searches += 1.0;
    }
    let weight = |speaker: &usize| f64::from(weights[*speaker]);
    let missed: f64 = share.iter().map(|(speaker, (missed, searches))| weight(speaker) * missed / searches).sum();
    missed / share.keys().map(weight).sum::<f64>()
}

#[test]
fn the_closed_form_agrees_with_searching_every_gallery() {
    // Eight people enrolled, three strangers, scores from a small congruential generator; own scores are shifted up.
    let mut x = 1u32;
    let mut random = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 8) as f32 / (1 << 24) as f32
    };
    let enrolled: Vec<usize> = (0..8).collect();
    for (round, weights) in
        [[1; 11], [2, 0, 1, 3, 1, 1, 0, 1, 2, 0, 1], [0, 1, 1, 1, 2, 2, 1, 0, 0, 3, 1]].iter().enumerate()
    {
        let scores: Vec<Vec<f32>> =
            (0..11).map(|speaker| (0..8).map(|n| random() + if n == speaker { 0.4 } else { 0.0 }).collect()).collect();
        let probes: Vec<(usize, &[f32])> =
            scores.iter().enumerate().map(|(n, scores)| (n, scores.as_slice())).collect();
        let matrix = matrix(&enrolled, &probes);
        let ranking = Ranking::new(&matrix);
        for size in [1, 2, 3, 5] {
            for fpir in [0.01, 0.05, 0.2, 0.6] {
                let (found, wanted) =
                    (ranking.fnir(weights, size as u32, fpir).unwrap(), fnir_by_search(&matrix, weights, size, fpir));
                assert!((found - wanted).abs() < 1e-9, "round {round}, {size} of 8, {fpir}: {found} is not {wanted}");
            }
        }
    }
}
