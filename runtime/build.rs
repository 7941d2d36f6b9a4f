//! Compiles what is not Rust: the CUDA kernels, to PTX for the feature `cuda`, and with an emulator of CUDA for the
//! feature `cuda-emulator`.

fn main() {
    println!("cargo:rerun-if-changed=cuda");
    #[cfg(feature = "cuda")]
    ptx::compile();
    #[cfg(feature = "cuda-emulator")]
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .flag_if_supported("-Wno-unknown-pragmas")
        .file("cuda/emulator/emulator.cpp")
        .compile("addax_cuda_emulator");
}

#[cfg(feature = "cuda")]
mod ptx {
    use std::env;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    /// The oldest GPUs that the kernels run on. The driver translates PTX for newer ones.
    const ARCHITECTURE: &str = "compute_80";

    pub(super) fn compile() {
        let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        let output = folder.join("kernels.ptx");
        // A check of the types needs no compiler, and what it builds says that it has no kernels.
        if cfg!(feature = "ci-check") {
            std::fs::write(&output, "").expect("OUT_DIR can be written to");
        } else {
            run_nvcc(&output);
        }
    }

    fn run_nvcc(output: &Path) {
        const TOOLKITS: [&str; 3] = ["CUDA_PATH", "CUDA_ROOT", "CUDA_TOOLKIT_ROOT_DIR"];
        for variable in TOOLKITS {
            println!("cargo:rerun-if-env-changed={variable}");
        }
        let nvcc = TOOLKITS
            .iter()
            .filter_map(env::var_os)
            .map(|root| Path::new(&root).join("bin/nvcc"))
            .find(|nvcc| nvcc.exists())
            .unwrap_or_else(|| PathBuf::from("nvcc"));
        let status = Command::new(&nvcc)
            .args(["-ptx", "-std=c++17", "-arch", ARCHITECTURE, "-o"])
            .arg(output)
            .arg("cuda/kernels/all.cu")
            .status();
        let problem = match status {
            Ok(status) if status.success() => return,
            Ok(status) => format!("{} ended with {status}", nvcc.display()),
            Err(error) => format!("{} does not start: {error}", nvcc.display()),
        };
        panic!(
            "addax's feature `cuda` needs CUDA's compiler, but {problem}\n\
             install CUDA 12 or newer, or run `eval \"$(scripts/cuda-toolkit --lean --env)\"` in addax's repository, which \
             fetches a toolkit; `cargo check --features cuda,ci-check` checks the types without it"
        );
    }
}
