//! The desk as screens meet it: a real server on loopback, real gRPC, a real browser. The calls are made-up events.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod accuracy;
mod browser;
mod care;
mod commands;
mod judged;
mod opening;
mod people;
mod scenes;
mod shop;
mod watching;
