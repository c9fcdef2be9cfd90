//! The story of one call, INVITE to hang-up.

pub mod books;
mod call_log;
pub mod command;
mod commands;
pub mod desk_event;
pub mod enrolment;
pub mod event;
mod follow;
pub mod intake;
mod judged;
pub mod listening;
pub mod machine;
mod missing;
mod news;
mod pending;
pub mod recognition;
pub mod registry;
mod replay;
pub mod sockets;
mod speaker;
mod spoof;
pub mod task;
pub mod totals;

pub use command::{AgentCommand, CommandError, EnrollWhom, OrderRequest};
pub use desk_event::{CallEvent, EndCause, Known, Missing, Person, What};
pub use event::{Action, Changed, Event, Ticket, Write, Written};
pub use intake::Intake;
pub use machine::{Call, Caller, Options, Voices};
pub use recognition::Voiceprints;
pub use registry::Registry;
pub use replay::EarlierCall;
