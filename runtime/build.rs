//! Compiles what is not Rust: for the feature `cuda-emulator`, the CUDA kernels with the emulator that runs them.

fn main() {
    println!("cargo:rerun-if-changed=cuda");
    #[cfg(feature = "cuda-emulator")]
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .flag_if_supported("-Wno-unknown-pragmas")
        .file("cuda/emulator/emulator.cpp")
        .compile("addax_cuda_emulator");
}
