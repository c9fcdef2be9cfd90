//! A large file over a line that breaks: what has come is kept, and the next try asks for the rest.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest, Sha256};

/// The largest published speaker model has some 100 MB; an address that sends more is the wrong one.
const MAX_BYTES: u64 = 1 << 30;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Without a byte for so long the line is dead.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Lines that break in the middle are tried again from where they broke, as long as something comes each time.
const TRIES_WITHOUT_PROGRESS: u32 = 3;

/// Fetches `url` into `part`, from where an earlier call stopped, until it is whole.
pub fn fetch(url: &str, part: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(url.starts_with("https://") || url.starts_with("http://"), "{url}: only http and https are spoken");
    let agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_per_read(Some(READ_TIMEOUT))
        .http_status_as_error(false)
        .user_agent(concat!("regulars/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(part)
        .with_context(|| format!("cannot write {}", part.display()))?;
    let mut failures = 0;
    loop {
        let before = file.metadata()?.len();
        match go_on(&agent, url, &mut file, before) {
            Ok(()) => return Ok(()),
            Err(Interrupted::ForGood(error)) => return Err(error),
            Err(Interrupted::Line(error)) => {
                let came = file.metadata()?.len();
                failures = if came > before { 0 } else { failures + 1 };
                if failures == TRIES_WITHOUT_PROGRESS {
                    return Err(error
                        .context(format!("{came} bytes have come and are kept; the same command goes on from there")));
                }
                eprintln!("the line broke after {came} bytes; going on");
            }
        }
    }
}

enum Interrupted {
    /// Trying again helps.
    Line(anyhow::Error),
    ForGood(anyhow::Error),
}

/// One request: everything from byte `have` on.
fn go_on(agent: &ureq::Agent, url: &str, file: &mut File, have: u64) -> Result<(), Interrupted> {
    let line = |error: anyhow::Error| Interrupted::Line(error.context(format!("cannot fetch {url}")));
    let disk = |error: std::io::Error| Interrupted::ForGood(error.into());
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let response = match request.call() {
        Ok(response) => response,
        Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::Tls(_) | ureq::Error::Rustls(_))) => {
            return Err(Interrupted::ForGood(anyhow::Error::from(error).context(format!("cannot fetch {url}"))));
        }
        Err(error) => return Err(line(error.into())),
    };
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match status {
        200 => {
            // A server that knows no ranges sends it all again.
            file.set_len(0).map_err(disk)?;
            file.rewind().map_err(disk)?;
        }
        206 => {}
        // Nothing lies behind what we have (RFC 9110 §15.5.17): it is whole, or longer than the file there.
        416 if have > 0 => return Ok(()),
        500..=599 | 429 => return Err(line(anyhow::anyhow!("the server answers {status}"))),
        _ => return Err(Interrupted::ForGood(anyhow::anyhow!("{url}: the server answers {status}"))),
    }
    let announced = header("content-length").and_then(|text| text.parse::<u64>().ok());
    let start = if status == 206 { have } else { 0 };
    if announced.is_some_and(|length| start + length > MAX_BYTES) {
        return Err(Interrupted::ForGood(anyhow::anyhow!(
            "{url} has more than {MAX_BYTES} bytes: no speaker model has"
        )));
    }
    let mut body = response.into_body().into_with_config().limit(MAX_BYTES).reader();
    let (mut buffer, mut came) = (vec![0; 1 << 16], 0);
    loop {
        let read = body.read(&mut buffer).map_err(|error| line(error.into()))?;
        if read == 0 {
            break;
        }
        file.write_all(&buffer[..read]).map_err(disk)?;
        came += read as u64;
        if start + came > MAX_BYTES {
            return Err(Interrupted::ForGood(anyhow::anyhow!(
                "{url} has more than {MAX_BYTES} bytes: no speaker model has"
            )));
        }
    }
    match announced {
        Some(length) if came < length => Err(line(anyhow::anyhow!("the line broke"))),
        _ => Ok(()),
    }
}

/// In hexadecimal digits.
pub fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(&buffer[..read]);
    }
}
