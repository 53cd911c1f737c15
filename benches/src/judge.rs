//! Holds what was measured against the bars.

use crate::row::{Bar, Line, Measured, Row};

/// One line of the table, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What was measured.
    pub what: String,
    /// Our number, in nanoseconds.
    pub ours: f64,
    /// Those of the peers.
    pub peers: Vec<(&'static str, f64)>,
    /// Ours divided by that of the peer that counts, which is named.
    pub ratio: Option<(f64, &'static str)>,
    /// What it is held against.
    pub bar: Bar,
    /// Whether it is met; `None` where there is none.
    pub met: Option<bool>,
    /// Why it is not met.
    pub reason: &'static str,
}

/// The lines of `row`, judged by what was measured: ours first, then the
/// peers. A line without samples is left out.
#[must_use]
pub fn judge(row: &Row, measured: &[Measured]) -> Vec<Judged> {
    let judged = |line: &Line| one(row.what, line, measured);
    row.lines.iter().filter_map(judged).collect()
}

fn one(what: &str, line: &Line, measured: &[Measured]) -> Option<Judged> {
    let (us, others) = measured.split_first()?;
    let ours = us.value(line.statistic)?;
    let peers: Vec<_> = others
        .iter()
        .filter_map(|peer| Some((peer.name, peer.value(line.statistic)?)))
        .collect();
    let ratio_to = |peer: &Measured| Some((us.ratio(peer, line.statistic)?, peer.name));
    let ratio = match line.bar {
        Bar::Peer(_, name) => others
            .iter()
            .find(|peer| peer.name == name)
            .and_then(ratio_to),
        Bar::Fastest(_) | Bar::Limit(_) | Bar::None => others
            .iter()
            .filter_map(ratio_to)
            .max_by(|one, other| one.0.total_cmp(&other.0)),
    };
    let met = match line.bar {
        Bar::Fastest(most) | Bar::Peer(most, _) => Some(ratio.is_some_and(|(now, _)| now <= most)),
        Bar::Limit(most) => Some(ours <= most),
        Bar::None => None,
    };
    let what = if line.label.is_empty() {
        what.to_owned()
    } else {
        format!("{what}, {}", line.label)
    };
    let reason = if met == Some(false) { line.reason } else { "" };
    Some(Judged {
        what,
        ours,
        peers,
        ratio,
        bar: line.bar,
        met,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Statistic;

    fn measured(values: &[(&'static str, f64)]) -> Vec<Measured> {
        values
            .iter()
            .map(|&(name, value)| Measured {
                name,
                rounds: vec![vec![value]],
            })
            .collect()
    }

    fn judged(bar: Bar, values: &[(&'static str, f64)]) -> Judged {
        let row = Row {
            name: "",
            what: "kill",
            rounds: 1,
            count: 1,
            contenders: Vec::new(),
            lines: vec![Line::of("p99", Statistic::Rounds(0.99), bar).because("physics")],
        };
        judge(&row, &measured(values)).remove(0)
    }

    #[test]
    fn the_fastest_peer_counts() {
        let line = judged(
            Bar::Fastest(1.2),
            &[("ours", 24.0), ("slow", 90.0), ("fast", 20.0)],
        );
        assert_eq!(line.ratio, Some((1.2, "fast")));
        assert_eq!(line.met, Some(true));
        assert_eq!((line.what.as_str(), line.reason), ("kill, p99", ""));
        let line = judged(Bar::Fastest(1.2), &[("ours", 25.0), ("fast", 20.0)]);
        assert_eq!((line.met, line.reason), (Some(false), "physics"));
    }

    #[test]
    fn a_named_peer_counts_though_another_is_faster() {
        let peers = [("ours", 10.0), ("fast", 1.0), ("named", 10.0)];
        let line = judged(Bar::Peer(1.0, "named"), &peers);
        assert_eq!((line.ratio, line.met), (Some((1.0, "named")), Some(true)));
        let line = judged(Bar::Peer(1.0, "absent"), &peers);
        assert_eq!((line.ratio, line.met), (None, Some(false)));
    }

    #[test]
    fn a_limit_needs_no_peer() {
        assert_eq!(judged(Bar::Limit(5.0), &[("ours", 5.0)]).met, Some(true));
        assert_eq!(judged(Bar::Limit(5.0), &[("ours", 5.1)]).met, Some(false));
        assert_eq!(judged(Bar::None, &[("ours", 5.1)]).met, None);
    }
}
