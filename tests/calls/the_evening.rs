//! The demo is a test too: every call of the evening must come out right.

use std::process::Command;

#[test]
fn every_call_of_the_demo_comes_out_right() {
    let output = Command::new(env!("CARGO_BIN_EXE_regulars"))
        .args(["demo", "--headless", "--once"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("8 calls, 8 right, 0 wrong"), "{said}");
}
