//! The systems that binaries are made for.

/// A system, and what each registry calls it.
pub struct Platform {
    /// Rust's name.
    pub triple: &'static str,
    /// The processor, in the names of archives.
    pub cpu: &'static str,
    /// npm's `cpu`.
    pub npm: &'static str,
    /// Debian's architecture.
    pub debian: &'static str,
    /// The tag of a wheel. A static binary asks nothing of the C library: it is right for the oldest tag of each.
    pub wheel: &'static str,
}

/// All of them. Another one needs its cross compiler in `tools.rs`, and a machine to try it on.
pub const PLATFORMS: &[Platform] = &[Platform {
    triple: "x86_64-unknown-linux-gnu",
    cpu: "x86_64",
    npm: "x64",
    debian: "amd64",
    wheel: "manylinux1_x86_64.manylinux_2_5_x86_64.musllinux_1_1_x86_64",
}];
