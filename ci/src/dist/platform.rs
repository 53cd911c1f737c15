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
    /// How it is built where it does not run.
    pub cross: Option<Cross>,
}

/// Tools for another processor than that of the machine that builds.
pub struct Cross {
    /// The variable that names the linker to cargo, and the linker.
    pub linker: (&'static str, &'static str),
    /// What takes a program apart from its line tables.
    pub objcopy: &'static str,
    /// What runs its programs, to let them write their manual.
    pub emulator: &'static str,
}

/// Linux on ARM runners, on Graviton, and in every container on an Apple laptop.
pub const AARCH64: Platform = Platform {
    triple: "aarch64-unknown-linux-gnu",
    cpu: "aarch64",
    npm: "arm64",
    debian: "arm64",
    wheel: "manylinux2014_aarch64.manylinux_2_17_aarch64.musllinux_1_1_aarch64",
    cross: Some(Cross {
        linker: (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            "aarch64-linux-gnu-gcc",
        ),
        objcopy: "aarch64-linux-gnu-objcopy",
        emulator: "qemu-aarch64",
    }),
};

/// All of them. Another one needs its cross compiler in `tools.rs`, and a machine to try it on.
pub const PLATFORMS: &[Platform] = &[
    Platform {
        triple: "x86_64-unknown-linux-gnu",
        cpu: "x86_64",
        npm: "x64",
        debian: "amd64",
        wheel: "manylinux1_x86_64.manylinux_2_5_x86_64.musllinux_1_1_x86_64",
        cross: None,
    },
    AARCH64,
];
