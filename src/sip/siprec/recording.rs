//! One recording session: what its metadata and its streams say together, and again when either changes.

use std::sync::Arc;

use super::metadata::Metadata;
use super::roles::{Agents, Offered, Roles};
use crate::sip::sdp::{self, Description};

/// How roles are told, for all sessions.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub agents: Agents,
    /// Country code without `+`, for numbers in national form.
    pub country_code: Option<String>,
}

pub struct Recording {
    rules: Arc<Rules>,
    metadata: Metadata,
    streams: Vec<Offered>,
    roles: Roles,
}

impl Recording {
    pub fn new(rules: Arc<Rules>) -> Self {
        Self { rules, metadata: Metadata::default(), streams: Vec::new(), roles: Roles::default() }
    }

    /// Takes up what a request brings: metadata, a description of the streams, or both.
    pub fn update(&mut self, metadata: Option<&[u8]>, offer: Option<&Description>) -> &Roles {
        if let Some(bytes) = metadata {
            self.metadata.update(Metadata::parse(bytes));
        }
        if let Some(offer) = offer {
            self.streams = sdp::recorded_streams(offer)
                .map(|(slot, media)| Offered { slot, label: media.label.clone() })
                .collect();
        }
        let Rules { agents, country_code } = &*self.rules;
        self.roles = Roles::decide(&self.metadata, &self.streams, agents, country_code.as_deref(), &self.roles);
        &self.roles
    }

    pub fn roles(&self) -> &Roles {
        &self.roles
    }
}

/// Whether an INVITE opens a recording session (RFC 7866 §6.1.1): any one of its three signs will do, since clients in the
/// field leave out one or the other.
pub fn is_recording<'a>(mut headers: impl Iterator<Item = (&'a str, &'a str)>, has_metadata: bool) -> bool {
    has_metadata
        || headers.any(|(name, value)| {
            let option = || value.split(',').any(|option| option.trim().eq_ignore_ascii_case(OPTION));
            let feature = || value.split([';', '<', '>']).any(|parameter| is_feature(parameter, "+sip.src"));
            (name.eq_ignore_ascii_case("Require") && option()) || (name.eq_ignore_ascii_case("Contact") && feature())
        })
}

/// The option tag of a recording session (RFC 7866 §6.1.1).
pub const OPTION: &str = "siprec";
/// What our Contact says in the answer (RFC 7866 §6.2).
pub const SERVER_FEATURE: &str = "+sip.srs";

fn is_feature(parameter: &str, feature: &str) -> bool {
    parameter.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(feature))
}
