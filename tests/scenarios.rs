//! The seeds' scenarios as tests of this package: one for each file.

sigproof::scenarios!("ci/scenarios/seeds");
