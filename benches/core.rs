//! The same rows for criterion, one after the other: for the history of one
//! part, where `cargo ci bench` compares parts with each other.

use std::time::Duration;

use criterion::Criterion;
use sigproof_benches::suite;

fn main() {
    let rows = match suite::rows() {
        Ok(rows) => rows,
        Err(error) => panic!("{error}"),
    };
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for row in rows {
        let mut group = criterion.benchmark_group(row.name);
        let count = row.count;
        for mut contender in row.contenders {
            group.bench_function(contender.name, |bencher| {
                bencher.iter_custom(|iterations| {
                    // A round at least: a clock for each repetition would cost
                    // more than some of them take.
                    let rounds = iterations.div_ceil(u64::from(count));
                    let mut sum = 0.0;
                    let mut samples = 0.0;
                    for _ in 0..rounds {
                        let round = (contender.work)(count)
                            .unwrap_or_else(|error| panic!("{}: {error}", row.name));
                        samples += round.len() as f64;
                        sum += round.iter().sum::<f64>();
                    }
                    Duration::from_secs_f64(sum / samples * iterations as f64 / 1e9)
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
