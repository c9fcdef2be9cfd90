//! How fuzz targets come by their input: whole messages, broken in a few places. Random bytes would end at the first line.
//!
//! `cargo test` runs each target for [`TIME`] from a new seed, which a failure names; `cargo bolero test NAME` runs it with
//! libFuzzer for as long as one likes.

use std::time::Duration;

use bolero::TypeGenerator;

/// Of each target in `cargo test`.
pub const TIME: Duration = Duration::from_secs(2);

/// One thing that goes wrong on the way. Places are taken modulo the length of what is there.
#[derive(Clone, Debug, TypeGenerator)]
pub enum Break {
    Set { at: u16, byte: u8 },
    Flip { at: u16, bit: u8 },
    Insert { at: u16, bytes: Vec<u8> },
    Cut { at: u16, bytes: u8 },
    Repeat { from: u16, bytes: u8, to: u16 },
    Word { at: u16, word: u8 },
    End { at: u16 },
}

/// What parsers of text trip over.
const WORDS: [&str; 16] = [
    "\r\n",
    "\n",
    "\r\n\r\n",
    ":",
    ";",
    "=",
    "\"",
    "<",
    ">",
    "%00",
    "-1",
    "0",
    "4294967296",
    "18446744073709551615",
    "\u{fffd}",
    "--",
];

/// What arrives when `message` meets these accidents.
pub fn broken(message: &[u8], breaks: &[Break]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    for accident in breaks.iter().take(12) {
        let end = bytes.len();
        let place = |at: u16| usize::from(at) % (end + 1);
        match accident {
            Break::Set { at, byte } => bytes.iter_mut().skip(place(*at)).take(1).for_each(|b| *b = *byte),
            Break::Flip { at, bit } => bytes.iter_mut().skip(place(*at)).take(1).for_each(|b| *b ^= 1 << (bit % 8)),
            Break::Insert { at, bytes: new } => drop(bytes.splice(place(*at)..place(*at), new.iter().copied())),
            Break::Cut { at, bytes: length } => {
                drop(bytes.drain(place(*at)..(place(*at) + usize::from(*length)).min(end)));
            }
            Break::Repeat { from, bytes: length, to } => {
                let piece = bytes[place(*from)..(place(*from) + usize::from(*length)).min(end)].to_vec();
                drop(bytes.splice(place(*to)..place(*to), piece));
            }
            Break::Word { at, word } => {
                let word = WORDS[usize::from(*word) % WORDS.len()];
                drop(bytes.splice(place(*at)..place(*at), word.bytes()));
            }
            Break::End { at } => bytes.truncate(place(*at)),
        }
    }
    bytes
}
