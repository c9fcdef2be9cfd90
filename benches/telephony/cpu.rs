//! CPU time and memory of this process, from Linux's /proc.

use std::fs;
use std::time::Duration;

/// CPU time of every thread but the one that asks.
pub fn of_the_others() -> Duration {
    let own = fs::read_link("/proc/thread-self").expect("Linux");
    let own = own.file_name().expect("a thread has a number").to_owned();
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        if thread.file_name() == own {
            continue;
        }
        // A thread may end between the two looks.
        let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        nanoseconds += text.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or(0);
    }
    Duration::from_nanos(nanoseconds)
}

pub fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number of pages") * 4096
}
