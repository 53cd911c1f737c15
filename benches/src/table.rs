//! The table: in Markdown, aligned, so that a terminal shows it as well.

use std::fs;

use crate::judge::Judged;
use crate::row::Bar;

const HEAD: [&str; 6] = ["what", "ours", "peers", "ratio", "bar", "met"];

/// The table, with the reasons why a bar is not met below it.
#[must_use]
pub fn markdown(lines: &[Judged]) -> String {
    let mut cells = vec![HEAD.map(str::to_owned)];
    let mut reasons = String::new();
    let mut notes = 0;
    for line in lines {
        let mut met = match line.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        }
        .to_owned();
        if !line.reason.is_empty() {
            notes += 1;
            met.push_str(&format!(" ({notes})"));
            reasons.push_str(&format!("\n({notes}) {}: {}\n", line.what, line.reason));
        }
        cells.push([
            line.what.clone(),
            time(line.ours),
            peers(line),
            ratio(line),
            bar(line.bar),
            met,
        ]);
    }
    aligned(&cells) + &reasons
}

fn aligned(cells: &[[String; 6]]) -> String {
    let width = |column: usize| {
        let widths = cells.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, row) in cells.iter().enumerate() {
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(&format!("| {cell:width$} "));
        }
        text.push_str("|\n");
        if index == 0 {
            for width in widths {
                text.push_str(&format!("| {:-<width$} ", "---"));
            }
            text.push_str("|\n");
        }
    }
    text
}

fn peers(line: &Judged) -> String {
    let cell = |(name, value): &(&str, f64)| format!("{name} {}", time(*value));
    line.peers.iter().map(cell).collect::<Vec<_>>().join(" · ")
}

fn ratio(line: &Judged) -> String {
    match line.ratio {
        None => String::new(),
        Some((ratio, _)) if line.peers.len() == 1 => times(ratio),
        Some((ratio, name)) => format!("{} {name}", times(ratio)),
    }
}

fn times(ratio: f64) -> String {
    format!("{ratio:.3} ×")
}

fn bar(bar: Bar) -> String {
    match bar {
        Bar::Fastest(most) => format!("≤ {most} × the fastest"),
        Bar::Peer(most, name) => format!("≤ {most} × {name}"),
        Bar::Limit(most) => format!("≤ {}", time(most)),
        Bar::None => String::new(),
    }
}

/// Three digits and a unit.
fn time(nanos: f64) -> String {
    let (value, unit) = match nanos.abs() {
        small if small < 1e3 => (nanos, "ns"),
        middle if middle < 1e6 => (nanos / 1e3, "µs"),
        large if large < 1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    let digits = match value.abs() {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// What was measured on: processor, number of processors, kernel.
#[must_use]
pub fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    let virtual_machine = if processor.contains(" hypervisor") {
        ", virtual"
    } else {
        ""
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{model}, {count} processor{plural}{virtual_machine}, Linux {kernel}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        assert_eq!(time(0.4), "0.40 ns");
        assert_eq!(time(25.26), "25.3 ns");
        assert_eq!(time(5_000_000.0), "5.00 ms");
        assert_eq!(time(-1_500.0), "-1.50 µs");
        assert_eq!(time(123_456_000_000.0), "123 s");
    }

    #[test]
    fn the_table_names_peers_bars_and_reasons() {
        let line = |met, reason| Judged {
            what: "poll".to_owned(),
            ours: 0.44,
            peers: vec![("AtomicBool", 0.4), ("channel", 20.0)],
            ratio: Some((1.1, "AtomicBool")),
            bar: Bar::Peer(1.1, "AtomicBool"),
            met,
            reason,
        };
        let text = markdown(&[line(Some(true), ""), line(Some(false), "physics")]);
        let expected = "\
| what | ours    | peers                                | ratio              | bar                | met        |
| ---- | ------- | ------------------------------------ | ------------------ | ------------------ | ---------- |
| poll | 0.44 ns | AtomicBool 0.40 ns · channel 20.0 ns | 1.100 × AtomicBool | ≤ 1.1 × AtomicBool | yes        |
| poll | 0.44 ns | AtomicBool 0.40 ns · channel 20.0 ns | 1.100 × AtomicBool | ≤ 1.1 × AtomicBool | **no** (1) |

(1) poll: physics
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_machine_is_named() {
        let machine = machine();
        assert!(machine.contains("processor"), "{machine}");
        assert!(machine.contains("Linux "), "{machine}");
    }
}
