//! The sections of the file, and what each stage is told.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Table;

use super::ConfigError;
use super::care::{Care, manners};
use super::hooks::{Hooks, records_options};
use super::signalling::{Sip, Tls, sip_options};
use crate::customer::care::Manners;
use crate::identity::{self, Search};
use crate::store::{self, KeySource};
use crate::voice::{ModelSource, VoiceError};
use crate::{call, desk, records, rtp, sip, stream};

/// The settings of a whole service, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub sip: sip::Options,
    pub stream: stream::Options,
    pub rtp_ports: RangeInclusive<u16>,
    /// `None`: the address of the first SIP listener.
    pub rtp_address: Option<IpAddr>,
    pub call: call::Options,
    pub max_calls: usize,
    pub drain: Duration,
    pub model: ModelSource,
    /// Anti-spoofing, beside it.
    pub spoof_model: Option<ModelSource>,
    /// Where fetched models are.
    pub models: PathBuf,
    pub voice_threads: usize,
    pub search_reason: String,
    pub store: store::Options,
    pub desk_listen: SocketAddr,
    pub records: records::Options,
    pub shop: desk::Shop,
    pub care: Manners,
    pub time_zone: TimeZone,
    pub log_filter: String,
}

#[derive(Deserialize)]
struct Sections {
    sip: Sip,
    tls: Tls,
    stream: Stream,
    rtp: Rtp,
    call: Call,
    voice: Voice,
    identity: Identity,
    store: Store,
    desk: Desk,
    hooks: Hooks,
    shop: Shop,
    care: Care,
    log: Log,
}

#[derive(Deserialize)]
struct Stream {
    listen: String,
    audiosocket_listen: String,
    token: String,
    audiohook_key: String,
    audiohook_secret: String,
}

#[derive(Deserialize)]
struct Rtp {
    ports: String,
    address: String,
    reorder_window_ms: u64,
}

#[derive(Deserialize)]
struct Call {
    max_calls: usize,
    media_timeout_s: u64,
    wrap_up_s: u64,
    drain_s: u64,
}

#[derive(Deserialize)]
struct Voice {
    model: String,
    models: PathBuf,
    spoof_model: String,
    threads: usize,
    refresh_days: u32,
    replay_days: u32,
}

#[derive(Deserialize)]
struct Identity {
    search: String,
    search_reason: String,
    stranger_at_known_number: f32,
    known_at_unknown_number: f32,
    recognise_at: f32,
    probably_at: f32,
}

#[derive(Deserialize)]
struct Store {
    url: String,
    key_file: String,
}

#[derive(Deserialize)]
struct Desk {
    listen: String,
}

#[derive(Deserialize)]
struct Shop {
    name: String,
    language: String,
    time_zone: String,
    currency: String,
}

#[derive(Deserialize)]
struct Log {
    filter: String,
}

/// One packet of 20 ms at least; 300 ms are what the reorder buffer holds of them.
const REORDER_WINDOW_MS: RangeInclusive<u64> = 20..=300;

impl Config {
    /// From the merged table; every key is there, each of its kind.
    pub(super) fn from_table(table: &Table) -> Result<Self, ConfigError> {
        let s: Sections =
            table.clone().try_into().map_err(|error: toml::de::Error| value("configuration", error.message()))?;
        if !REORDER_WINDOW_MS.contains(&s.rtp.reorder_window_ms) {
            return Err(value("rtp.reorder_window_ms", "is 20 to 300: longer only delays recognition"));
        }
        if s.call.max_calls == 0 {
            return Err(value("call.max_calls", "is at least 1"));
        }
        let identity = identity_options(&s.identity)?;
        let care = manners(&s.care)?;
        let receiver = rtp::ReceiverOptions {
            reorder_window: Duration::from_millis(s.rtp.reorder_window_ms),
            ..rtp::ReceiverOptions::default()
        };
        Ok(Self {
            sip: sip_options(&s.sip, &s.tls)?,
            stream: stream_options(&s.stream, &s.sip)?,
            rtp_ports: ports(&s.rtp.ports)?,
            rtp_address: optional("rtp.address", &s.rtp.address)?,
            call: call::Options {
                identity,
                receiver,
                media_timeout: Duration::from_secs(s.call.media_timeout_s),
                wrap_up: Duration::from_secs(s.call.wrap_up_s),
                refresh_every: days(s.voice.refresh_days),
                replay_keep: days(s.voice.replay_days),
            },
            max_calls: s.call.max_calls,
            drain: Duration::from_secs(s.call.drain_s),
            model: ModelSource::find(&s.voice.model, &s.voice.models)
                .map_err(|error: VoiceError| value("voice.model", &error.to_string()))?,
            spoof_model: spoof_model(&s.voice)?,
            models: s.voice.models,
            voice_threads: s.voice.threads,
            search_reason: s.identity.search_reason,
            store: store::Options { url: s.store.url, key: key_source(s.store.key_file) },
            desk_listen: read("desk.listen", &s.desk.listen)?,
            records: records_options(&s.hooks, s.sip.country_code())?,
            shop: desk::Shop {
                name: s.shop.name,
                language: s.shop.language,
                currency: currency(s.shop.currency)?,
                limits: care.limits,
                ..desk::Shop::default()
            },
            care,
            time_zone: TimeZone::get(&s.shop.time_zone)
                .map_err(|_| value("shop.time_zone", &format!("`{}` is no IANA time zone", s.shop.time_zone)))?,
            log_filter: s.log.filter,
        })
    }
}

pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

/// 0: never.
fn days(days: u32) -> Option<Duration> {
    (days > 0).then(|| DAY.saturating_mul(days))
}

/// Empty: none.
fn spoof_model(voice: &Voice) -> Result<Option<ModelSource>, ConfigError> {
    let asked = &voice.spoof_model;
    if asked.is_empty() {
        return Ok(None);
    }
    ModelSource::find(asked, &voice.models).map(Some).map_err(|_| {
        let reason =
            format!("there is no folder `{asked}`, neither in voice.models nor by that path; it holds model.onnx");
        value("voice.spoof_model", &reason)
    })
}

fn stream_options(stream: &Stream, sip: &Sip) -> Result<stream::Options, ConfigError> {
    let audiohook = match (stream.audiohook_key.as_str(), stream.audiohook_secret.as_str()) {
        ("", "") => None,
        (id, secret) => Some(stream::Key::new(id, secret).ok_or_else(|| {
            value("stream.audiohook_secret", "is base64, and needs stream.audiohook_key; both stand in the integration")
        })?),
    };
    Ok(stream::Options {
        listen: optional("stream.listen", &stream.listen)?,
        audiosocket_listen: optional("stream.audiosocket_listen", &stream.audiosocket_listen)?,
        token: stream::Token::new(&stream.token),
        audiohook,
        country_code: sip.country_code(),
        limits: stream::Limits::default(),
    })
}

fn identity_options(section: &Identity) -> Result<identity::Options, ConfigError> {
    let search = match section.search.as_str() {
        "number" => Search::Number,
        "everyone" if section.search_reason.trim().is_empty() => {
            return Err(value(
                "identity.search_reason",
                "searching everyone's voice needs a reason, which is kept in the audit",
            ));
        }
        "everyone" => Search::Everyone,
        other => return Err(value("identity.search", &format!("is \"number\" or \"everyone\", not \"{other}\""))),
    };
    let chances = [
        ("identity.stranger_at_known_number", section.stranger_at_known_number),
        ("identity.known_at_unknown_number", section.known_at_unknown_number),
        ("identity.recognise_at", section.recognise_at),
        ("identity.probably_at", section.probably_at),
    ];
    for (key, chance) in chances {
        if !(chance > 0.0 && chance < 1.0) {
            return Err(value(key, &format!("is a probability between 0 and 1, not {chance}")));
        }
    }
    if section.probably_at >= section.recognise_at {
        return Err(value("identity.probably_at", "must be below identity.recognise_at"));
    }
    Ok(identity::Options {
        search,
        stranger_at_known_number: section.stranger_at_known_number,
        known_at_unknown_number: section.known_at_unknown_number,
        recognise_at: section.recognise_at,
        probably_at: section.probably_at,
    })
}

/// ISO 4217, its shape alone.
fn currency(code: String) -> Result<String, ConfigError> {
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code || code.is_empty() {
        Ok(code)
    } else {
        Err(value("shop.currency", "is three capital letters, such as EUR"))
    }
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, ConfigError> {
    let range = text
        .split_once('-')
        .and_then(|(first, last)| Some(first.trim().parse::<u16>().ok()?..=last.trim().parse::<u16>().ok()?));
    range
        .filter(|range| !range.is_empty())
        .ok_or_else(|| value("rtp.ports", &format!("is FIRST-LAST, such as 20000-29999, not `{text}`")))
}

fn key_source(file: String) -> KeySource {
    if file.is_empty() { KeySource::Beside } else { KeySource::File(file.into()) }
}

fn optional<T: std::str::FromStr>(key: &str, text: &str) -> Result<Option<T>, ConfigError>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() { Ok(None) } else { read(key, text).map(Some) }
}

pub(super) fn read<T: std::str::FromStr>(key: &str, text: &str) -> Result<T, ConfigError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| value(key, &format!("`{text}`: {error}")))
}

pub(super) fn value(key: &str, reason: &str) -> ConfigError {
    ConfigError::Value { key: key.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use crate::config::ConfigArgs;
    use crate::voice::ModelSource;

    fn refusal(set: &[&str]) -> String {
        let set = set.iter().map(|s| (*s).to_owned()).collect();
        ConfigArgs { config: None, set }.load().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_a_valid_configuration() {
        let config = ConfigArgs::default().load().unwrap();
        assert_eq!(config.sip.listen.len(), 2);
        assert_eq!(config.rtp_ports, 20000..=29999);
        assert_eq!(config.model.name(), ModelSource::default().name(), "the default is named in two places");
    }

    #[test]
    fn searching_everyone_needs_a_reason() {
        assert!(refusal(&["identity.search=everyone"]).starts_with("identity.search_reason: "));
        let set = vec!["identity.search=everyone".to_owned(), "identity.search_reason=regulars on mobiles".to_owned()];
        assert!(ConfigArgs { config: None, set }.load().is_ok());
    }

    #[test]
    fn each_bad_value_is_named_with_its_key() {
        for (set, key) in [
            ("sip.listen=udp:nowhere", "sip.listen: "),
            ("rtp.ports=29999-20000", "rtp.ports: "),
            ("stream.listen=somewhere", "stream.listen: "),
            ("stream.audiohook_key=key", "stream.audiohook_secret: "),
            ("desk.listen=8080x", "desk.listen: "),
            ("identity.recognise_at=1.5", "identity.recognise_at: "),
            ("identity.search=all", "identity.search: "),
            ("shop.currency=euro", "shop.currency: "),
            ("shop.time_zone=Mars/Olympus", "shop.time_zone: "),
            ("sip.country_code=Germany", "sip.country_code: "),
            ("voice.model=ge3e", "voice.model: there is no model `ge3e`"),
            ("voice.spoof_model=lcnn", "voice.spoof_model: there is no folder `lcnn`"),
        ] {
            assert!(refusal(&[set]).starts_with(key), "{}", refusal(&[set]));
        }
    }
}
