//! What sort of failure an error is, so that the three outward faces (SIP status, gRPC code, exit code) agree.

/// Every stage's error maps itself to one of these by `kind()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller of the interface must change what it sends.
    InvalidInput,
    NotFound,
    /// The state does not allow it now: already done, already ended, changed meanwhile.
    Conflict,
    /// Not allowed: consent, role, configuration.
    Denied,
    /// Full or draining; the same request may pass later.
    Unavailable,
    /// Our bug, or a machine that fails under us.
    Internal,
}
