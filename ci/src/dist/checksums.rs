//! What was made, with sizes and checksums.

use std::fs;

use super::{Dist, Failure, failed, write};

/// The list, as `sha256sum --check` reads it.
pub const LIST: &str = "SHA256SUMS";

/// Writes the list, and prints it with the sizes.
pub fn write_list(dist: &Dist) -> Result<(), Failure> {
    let at = dist.out.display().to_string();
    let mut names = Vec::new();
    for entry in fs::read_dir(&dist.out).map_err(|error| failed(&at, &error))? {
        let entry = entry.map_err(|error| failed(&at, &error))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let sums = dist
        .command("sha256sum", &arguments)
        .current_dir(&dist.out)
        .output()
        .map_err(|error| failed("sha256sum", &error))?;
    let sums = String::from_utf8_lossy(&sums.stdout).into_owned();
    write(&dist.out.join(LIST), &sums)?;
    println!("\n{at}:");
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap_or_default();
        let size = fs::metadata(dist.out.join(name)).map_or(0, |metadata| metadata.len());
        println!("{:>9.1} kB  {:.16}…  {name}", size as f64 / 1e3, sum);
    }
    Ok(())
}
