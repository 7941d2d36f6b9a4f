//! The memory of this process.

use std::io;

/// The most memory that this process has had so far, in MiB. Linux only.
///
/// # Errors
/// Where the system does not tell.
pub fn peak_memory() -> io::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| {
        let kib = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
        kib.parse::<f64>().ok()
    });
    peak.map(|kib| kib / 1024.0)
        .ok_or_else(|| io::Error::other("the system does not tell how much memory was used"))
}
