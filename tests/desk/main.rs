//! The desk as screens meet it: a real server on loopback, real gRPC, a real browser. The calls are made-up events.

mod browser;
mod commands;
mod opening;
mod people;
mod scenes;
mod shop;
mod watching;
