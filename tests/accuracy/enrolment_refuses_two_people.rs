//! Two people in one recording, made by joining recordings of the development speakers.

use regulars::base::UnixMillis;
use regulars::speech::{FrontEnd, wav};
use regulars::voice::enroll::{Condition, Enroller};
use regulars::voice::{Embedder, ModelSource, VoiceError, Voiceprint};

fn enroll(embedder: &Embedder, samples: &[f32]) -> Result<Voiceprint, VoiceError> {
    let mut front_end = FrontEnd::new(8000).unwrap();
    front_end.push(samples);
    let mut enroller = Enroller::default();
    while let Some(window) = front_end.next_window() {
        enroller.add(&embedder.embed(&window).unwrap(), window.net_speech_ms, Condition::of(&window));
    }
    enroller.finish(embedder.model(), UnixMillis(0))
}

#[test]
fn one_person_is_enrolled_and_two_are_refused() {
    let Some(folder) = crate::eval_reports::development_data() else { return };
    let embedder = ModelSource::default().embedder().unwrap();
    let manifest = std::fs::read_to_string(folder.join("tel.csv")).unwrap();
    let rows: Vec<Vec<&str>> = manifest.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let sound = |file: &str| wav::parse(&std::fs::read(folder.join(file)).unwrap()).unwrap().samples;

    // The five with several recordings; twenty seconds of each make one long one.
    let mut speakers: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    speakers.dedup();
    let mut people = Vec::new();
    for speaker in speakers {
        let files: Vec<&str> = rows.iter().filter(|row| row[0] == speaker).map(|row| row[3]).collect();
        if files.len() > 2 {
            let samples: Vec<f32> = files.iter().flat_map(|file| sound(file)).take(20 * 8000).collect();
            people.push((speaker, samples));
        }
    }
    assert!(people.len() >= 5);
    for (speaker, samples) in &people {
        let print = enroll(&embedder, samples);
        assert!(print.is_ok(), "{speaker}: {:?}", print.err());
    }

    // Over random pairs of all 130 people three in four are refused; those who sound alike pass.
    let (mut refused, mut pairs) = (0, 0);
    for (n, (_, one)) in people.iter().enumerate() {
        for (_, other) in &people[..n] {
            pairs += 1;
            let joined = [&one[..], other].concat();
            refused += usize::from(matches!(enroll(&embedder, &joined), Err(VoiceError::TwoVoices)));
        }
    }
    assert!(refused * 2 >= pairs, "{refused} of {pairs} pairs were refused");
}
