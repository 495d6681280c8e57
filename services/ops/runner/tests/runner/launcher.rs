//! The emulator's launcher has its tests in Python, beside it; this runs them with all the others.

use std::process::Command;

#[test]
fn the_launcher_s_bridges_keep_their_promises() {
    // Cargo runs a test program in its package's folder.
    let folder = "../emulator";
    let mut python = Command::new("python3");
    // `-B`: a test leaves no compiled files in the repository.
    let output = python
        .args(["-B", "-m", "unittest", "launcher_test", "delivery_streams_test"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
