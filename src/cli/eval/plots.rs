//! What a figure is one point of: error rates against each other (DET), and the scores of one person and of two. As SVG.

use std::ops::Range;
use std::path::Path;

use anyhow::Context as _;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;

use super::calibrated::Calibrated;
use super::trials::Cast;
use crate::voice::Trials;
use crate::voice::metrics::normal_deviate;

/// One manifest's plots: `NAME.det.svg` with a curve a length, and `NAME.SECONDS.scores.svg`.
pub fn draw(
    folder: &Path,
    manifest: &str,
    cast: &Cast,
    calibration: Option<&Calibrated>,
    lengths_ms: &[u32],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = manifest.replace(".csv", "").replace(' ', "-");
    let mut curves = Vec::new();
    for ms in lengths_ms {
        let matrix = cast.at(*ms);
        let cosines = matrix.trials(|probe, n| probe.scores[n].0);
        let llrs = calibration.map(|of| matrix.trials(|probe, n| of.llr(&matrix, probe, n).0));
        let seconds = format!("{:.1} s", f64::from(*ms) / 1000.0);
        let file = folder.join(format!("{name}.{}.scores.svg", seconds.replace(' ', "")));
        let title = format!("{name}, {seconds} of net speech");
        // Ratios end where the trials show no more, and most of those of two people lie at that end.
        scores(&file, &title, "cosine", &cosines).with_context(|| format!("cannot draw {}", file.display()))?;
        curves.push((seconds, llrs.as_ref().unwrap_or(&cosines).det()));
    }
    let file = folder.join(format!("{name}.det.svg"));
    det(&file, &name, &curves).with_context(|| format!("cannot draw {}", file.display()))
}

type Drawn = anyhow::Result<()>;
const SIZE: (u32, u32) = (640, 560);
const FONT: &str = "sans-serif";
/// Error rates at the axes' marks, in percent; the ends are the plot's.
const MARKS: [f64; 9] = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0];
/// Distinct in grey as well.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 60, 120), RGBColor(200, 80, 0), RGBColor(0, 140, 90), RGBColor(150, 100, 180)];

/// Detection error tradeoff (Martin et al., Eurospeech 1997): both errors on the scale of normal deviates, on which normal
/// scores make a straight line.
pub(in crate::cli) fn det(file: &Path, title: &str, curves: &[(String, Vec<(f64, f64)>)]) -> Drawn {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(Deviates, Deviates)?;
    let percent = |deviate: &f64| {
        let nearest = |a: &&f64, b: &&f64| {
            let away = |mark: &f64| (normal_deviate(mark / 100.0) - deviate).abs();
            away(a).total_cmp(&away(b))
        };
        MARKS.iter().min_by(nearest).map_or_else(String::new, |mark| format!("{mark}"))
    };
    chart
        .configure_mesh()
        .x_desc("false alarms, %")
        .y_desc("misses, %")
        .x_label_formatter(&percent)
        .y_label_formatter(&percent)
        .max_light_lines(0)
        .label_style((FONT, 13))
        .draw()?;
    for ((name, curve), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let inside = |rate: f64| normal_deviate(rate).clamp(Deviates.range().start, Deviates.range().end);
        let points = curve.iter().map(|(false_alarm, miss)| (inside(*false_alarm), inside(*miss)));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name.as_str())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).label_font((FONT, 13)).draw()?;
    root.present()?;
    Ok(())
}

/// An axis of error rates as normal deviates.
struct Deviates;

impl Ranged for Deviates {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let Range { start, end } = self.range();
        low + ((value - start) / (end - start) * f64::from(high - low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        MARKS.iter().map(|mark| normal_deviate(mark / 100.0)).collect()
    }

    fn range(&self) -> Range<f64> {
        normal_deviate(MARKS[0] / 100.0)..normal_deviate(MARKS[MARKS.len() - 1] / 100.0)
    }
}

/// Both kinds of trial as outlines of equal area.
fn scores(file: &Path, title: &str, meaning: &str, trials: &Trials) -> Drawn {
    let all = || trials.targets.iter().chain(&trials.nontargets).map(|score| f64::from(*score));
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    anyhow::ensure!(high > low, "there are no two scores");
    let width = (high - low) / BINS as f64;
    let outline = |scores: &[f32]| -> Vec<(f64, f64)> {
        let mut counts = [0.0; BINS];
        scores.iter().for_each(|x| counts[(((f64::from(*x) - low) / width) as usize).min(BINS - 1)] += 1.0);
        let share = |n: usize| 100.0 * counts[n] / scores.len().max(1) as f64;
        (0..BINS).flat_map(|n| [n, n + 1].map(|edge| (low + edge as f64 * width, share(n)))).collect()
    };
    let (same, other) = (outline(&trials.targets), outline(&trials.nontargets));
    let top = same.iter().chain(&other).fold(0.0, |top: f64, (_, share)| top.max(*share));
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(low..high, 0.0..1.1 * top)?;
    chart
        .configure_mesh()
        .x_desc(meaning)
        .y_desc("share of trials, %")
        .max_light_lines(0)
        .label_style((FONT, 13))
        .draw()?;
    for (name, outline, colour) in [("one person", same, COLOURS[0]), ("two people", other, COLOURS[1])] {
        chart
            .draw_series(LineSeries::new(outline, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).label_font((FONT, 13)).draw()?;
    root.present()?;
    Ok(())
}

const BINS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_plots_are_svg_and_the_same_twice() {
        let folder = tempfile::tempdir().unwrap();
        let trials = Trials { targets: vec![0.4, 0.6, 0.9], nontargets: vec![0.0, 0.1, 0.5, -0.2] };
        let draw = |name: &str| {
            let (one, two) = (folder.path().join(format!("{name}.det.svg")), folder.path().join(format!("{name}.svg")));
            det(&one, "line", &[("5.0 s".into(), trials.det())]).unwrap();
            scores(&two, "line", "cosine", &trials).unwrap();
            [one, two].map(|file| std::fs::read_to_string(file).unwrap())
        };
        let first = draw("first");
        assert_eq!(first, draw("second"));
        for (svg, words) in first.iter().zip([["misses, %", "5.0 s"], ["cosine", "two people"]]) {
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            assert!(words.iter().all(|word| svg.contains(word)), "{words:?}");
        }
        let flat = Trials { targets: vec![0.5], nontargets: vec![0.5] };
        assert!(scores(&folder.path().join("x.svg"), "", "", &flat).is_err());
    }
}
