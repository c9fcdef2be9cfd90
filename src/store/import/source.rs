//! The bytes of a file, as UTF-8, and no row of them longer than a row can be.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// Reads as UTF-8 what is written in `encoding`; `None` is UTF-8, and then bytes that are none are found row by row.
pub(super) fn open<'a>(
    source: impl Read + Send + 'a,
    encoding: Option<&'static Encoding>,
) -> Result<RowLimit<Box<dyn Read + Send + 'a>>, String> {
    let mut source = BufReader::with_capacity(READ_BYTES, source);
    check(source.fill_buf().map_err(|error| error.to_string())?, encoding)?;
    let source: Box<dyn Read + Send + 'a> = match encoding {
        None => Box::new(source),
        Some(named) => Box::new(DecodeReaderBytesBuilder::new().encoding(Some(named)).build(source)),
    };
    Ok(RowLimit { source, since_row: 0 })
}

/// By the first bytes. Other encodings show at the first letter that is no ASCII, row by row.
fn check(start: &[u8], encoding: Option<&'static Encoding>) -> Result<(), String> {
    let is_utf16 = encoding.is_some_and(|encoding| encoding == UTF_16LE || encoding == UTF_16BE);
    let utf16 = |label: &str| {
        Err(format!(
            "its encoding is UTF-16; save it as UTF-8, or say encoding = \"{label}\" in a mapping file (--map)"
        ))
    };
    match start {
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            Err("it is a spreadsheet; export it as CSV".to_owned())
        }
        _ if is_utf16 => Ok(()),
        [0xff, 0xfe, ..] => utf16("utf-16le"),
        [0xfe, 0xff, ..] => utf16("utf-16be"),
        [letter, 0, ..] if *letter != 0 => utf16("utf-16le"),
        [0, letter, ..] if *letter != 0 => utf16("utf-16be"),
        _ if start.contains(&0) => Err("it is no text file: it holds a byte that is zero".to_owned()),
        _ => Ok(()),
    }
}

/// Ends a file in which a row does not end, before it fills the memory.
pub(super) struct RowLimit<R> {
    source: R,
    since_row: usize,
}

impl<R> RowLimit<R> {
    pub fn row_read(&mut self) {
        self.since_row = 0;
    }
}

impl<R: Read> Read for RowLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row > MAX_ROW_BYTES {
            return Err(io::Error::other("a row that does not end; is a quotation mark missing?"));
        }
        let read = self.source.read(buffer)?;
        self.since_row += read;
        Ok(read)
    }
}

/// Bytes read at once.
pub(super) const READ_BYTES: usize = 64 * 1024;
/// All columns of a kind at their longest, four bytes a character, are a fifth of this. Without a limit, one quotation mark too
/// many makes the rest of the file one row.
const MAX_ROW_BYTES: usize = 1024 * 1024;
