//! The one place where our errors and refusals become SIP status codes (RFC 3261 §21).

use crate::base::ErrorKind;

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 486: nobody to take it now.
    BusyHere,
    /// 488: no codec in common, or no usable audio in the offer.
    NotAcceptableHere,
    /// 503: draining or full; the same call may pass later, or elsewhere at once.
    ServiceUnavailable { retry_after_s: u32 },
}

/// A status code with its reason phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub code: u16,
    pub reason: &'static str,
}

pub const OK: Status = Status::new(200, "OK");
pub const BAD_REQUEST: Status = Status::new(400, "Bad Request");
pub const UNAUTHORIZED: Status = Status::new(401, "Unauthorized");
pub const FORBIDDEN: Status = Status::new(403, "Forbidden");
pub const METHOD_NOT_ALLOWED: Status = Status::new(405, "Method Not Allowed");
pub const UNSUPPORTED_MEDIA_TYPE: Status = Status::new(415, "Unsupported Media Type");
pub const UNSUPPORTED_URI_SCHEME: Status = Status::new(416, "Unsupported URI Scheme");
pub const BAD_EXTENSION: Status = Status::new(420, "Bad Extension");
pub const INTERVAL_TOO_SMALL: Status = Status::new(422, "Session Interval Too Small");
pub const NO_SUCH_DIALOG: Status = Status::new(481, "Call/Transaction Does Not Exist");
pub const LOOP_DETECTED: Status = Status::new(482, "Loop Detected");
pub const BUSY_HERE: Status = Status::new(486, "Busy Here");
pub const NOT_ACCEPTABLE_HERE: Status = Status::new(488, "Not Acceptable Here");
pub const SERVER_ERROR: Status = Status::new(500, "Server Internal Error");
pub const NOT_IMPLEMENTED: Status = Status::new(501, "Not Implemented");
pub const SERVICE_UNAVAILABLE: Status = Status::new(503, "Service Unavailable");
pub const VERSION_NOT_SUPPORTED: Status = Status::new(505, "Version Not Supported");
pub const TOO_LARGE: Status = Status::new(513, "Message Too Large");

impl Status {
    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

impl Refusal {
    pub fn status(self) -> Status {
        match self {
            Refusal::BusyHere => BUSY_HERE,
            Refusal::NotAcceptableHere => NOT_ACCEPTABLE_HERE,
            Refusal::ServiceUnavailable { .. } => SERVICE_UNAVAILABLE,
        }
    }
}

/// How a failure on our side is told to the caller's network.
impl From<ErrorKind> for Refusal {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput | ErrorKind::NotFound => Refusal::NotAcceptableHere,
            ErrorKind::Denied | ErrorKind::Conflict => Refusal::BusyHere,
            ErrorKind::Unavailable | ErrorKind::Internal => {
                Refusal::ServiceUnavailable { retry_after_s: RETRY_AFTER_S }
            }
        }
    }
}

/// Warning of a 488 (RFC 3261 §20.43, §13.3.1.3).
pub const NO_COMMON_MEDIA: &str = "305 regulars \"No audio in a format that we know\"";

/// Long enough for a burst to drain, short enough that a caller who redials gets through. RFC 3261 §21.5.4.
pub const RETRY_AFTER_S: u32 = 5;
