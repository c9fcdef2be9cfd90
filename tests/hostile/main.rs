//! What odd and hostile peers send, and what it must not do to the calls of others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test fails by panicking

#[path = "../peers/service.rs"]
#[allow(dead_code)]
mod service;

mod log;
#[allow(dead_code)]
mod wire;

mod a_flood_leaves_established_calls_alone;
mod a_hang_up_waits_for_the_ack;
mod a_shared_connection_survives_a_bad_message;
mod bad_media_is_counted_and_not_heard;
mod draining_refuses_new_calls_only;
mod every_request_is_answered;
mod legacy_messages_go_through;
mod logs_hold_nothing_personal;
mod our_requests_find_their_way;
mod torture;
