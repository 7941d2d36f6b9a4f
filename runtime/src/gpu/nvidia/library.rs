//! CUDA's libraries, loaded when they are first needed instead of linked.
//!
//! cudarc declares CUDA's functions as `extern "C"`; `forward` defines them. Each looks its namesake up in the library
//! of the machine and calls it; where there is none, it answers with an error code. So a program that is built with the
//! feature `cuda` starts on a machine without CUDA and can say what it found.

use super::codes::DRIVER_CODES;
use libloading::Library as Loaded;
use std::ffi::{CStr, c_char, c_uint};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// One library, opened at its first use and never closed.
#[derive(Debug)]
pub(super) struct Library {
    names: &'static [&'static str],
    /// What a function answers where the library or the function is missing.
    pub(super) missing: u32,
    opened: OnceLock<Result<Loaded, String>>,
}

/// The driver. Missing: `CUDA_ERROR_STUB_LIBRARY`.
pub(super) static DRIVER: Library = Library::new(
    if cfg!(windows) {
        &["nvcuda.dll"]
    } else {
        &["libcuda.so.1", "libcuda.so"]
    },
    34,
);

/// Matrix products. Missing: `CUBLAS_STATUS_NOT_INITIALIZED`.
pub(super) static CUBLAS: Library = Library::new(
    if cfg!(windows) {
        &["cublas64_13.dll", "cublas64_12.dll"]
    } else {
        &["libcublas.so.13", "libcublas.so.12", "libcublas.so"]
    },
    1,
);

/// The run-time compiler, which dfdx needs for a few operations. Missing: `NVRTC_ERROR_INTERNAL_ERROR`.
pub(super) static NVRTC: Library = Library::new(
    if cfg!(windows) {
        &["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"]
    } else {
        &["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]
    },
    11,
);

/// Convolutions, which [`super::cudnn`] looks up itself. Missing: `CUDNN_STATUS_NOT_INITIALIZED`.
pub(super) static CUDNN: Library = Library::new(
    if cfg!(windows) {
        &["cudnn64_9.dll"]
    } else {
        &["libcudnn.so.9"]
    },
    1001,
);

/// Variables that name a folder with libraries below it.
const HOMES: [&str; 4] = [
    "CUDNN_PATH",
    "CUDA_PATH",
    "CUDA_ROOT",
    "CUDA_TOOLKIT_ROOT_DIR",
];

/// Where they are below it.
const FOLDERS: &[&str] = if cfg!(windows) {
    &["bin"]
} else {
    &["lib64", "lib"]
};

impl Library {
    const fn new(names: &'static [&'static str], missing: u32) -> Self {
        Library {
            names,
            missing,
            opened: OnceLock::new(),
        }
    }

    /// Opens the library; the error is the loader's own words.
    pub(super) fn open(&self) -> Result<&Loaded, &str> {
        let opened = self.opened.get_or_init(|| {
            let mut first_error = None;
            for path in self.candidates() {
                // SAFETY: CUDA's libraries may be loaded at any time.
                match unsafe { Loaded::new(&path) } {
                    Ok(library) => return Ok(library),
                    Err(error) => {
                        first_error.get_or_insert(error.to_string());
                    }
                }
            }
            Err(first_error.unwrap_or_default())
        });
        opened.as_ref().map_err(String::as_str)
    }

    /// Where the library may be: wherever the loader looks, then in the folders that builds with CUDA know.
    fn candidates(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let folders = HOMES.iter().filter_map(std::env::var_os).flat_map(|home| {
            FOLDERS
                .iter()
                .map(move |folder| Path::new(&home).join(folder))
        });
        let in_folders =
            folders.flat_map(|folder| self.names.iter().map(move |name| folder.join(name)));
        self.names.iter().map(PathBuf::from).chain(in_folders)
    }

    /// The address of a function; 0 if there is none.
    pub(super) fn symbol(&self, name: &str) -> usize {
        let Ok(library) = self.open() else { return 0 };
        // SAFETY: only the address is taken here; who calls it knows the signature.
        match unsafe { library.get::<*const ()>(name.as_bytes()) } {
            Ok(symbol) => *symbol as usize,
            Err(_) => 0,
        }
    }

    /// cudarc turns an answer into an enum, and a newer CUDA may answer with codes that the enum does not have.
    pub(super) fn known(&self, code: u32) -> u32 {
        if std::ptr::eq(self, &DRIVER) && !DRIVER_CODES.contains(&code) {
            UNKNOWN
        } else {
            code
        }
    }
}

/// `CUDA_ERROR_UNKNOWN`.
const UNKNOWN: u32 = 999;

macro_rules! forward {
    ($library:ident; $(fn $name:ident($($argument:ident: $type:ty),* $(,)?);)*) => { $(
        // SAFETY: CUDA's own function of this name, which is not linked, has this signature; no other function has its
        // name.
        #[unsafe(no_mangle)]
        #[allow(
            non_snake_case,
            clippy::too_many_arguments,
            unreachable_pub,
            reason = "the names and signatures are CUDA's"
        )]
        unsafe extern "C" fn $name($($argument: $type),*) -> u32 {
            static ADDRESS: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
            let address = *ADDRESS.get_or_init(|| $library.symbol(stringify!($name)));
            if address == 0 {
                return $library.missing;
            }
            type Function = unsafe extern "C" fn($($type),*) -> u32;
            // SAFETY: the library's function of this name has this signature.
            let function = unsafe { core::mem::transmute::<usize, Function>(address) };
            // SAFETY: the caller keeps the promises of the function.
            $library.known(unsafe { function($($argument),*) })
        }
    )* };
}
pub(super) use forward;

/// cudarc's errors cannot be printed unless these two answer, so they do without a driver as well.
fn describe(error: c_uint, text: *mut *const c_char, name: &str, without: &'static CStr) -> u32 {
    let address = DRIVER.symbol(name);
    if address == 0 {
        // SAFETY: the caller gives a place for the pointer.
        unsafe { *text = without.as_ptr() };
        return 0;
    }
    type Function = unsafe extern "C" fn(c_uint, *mut *const c_char) -> u32;
    // SAFETY: both functions have this signature.
    let function = unsafe { core::mem::transmute::<usize, Function>(address) };
    // SAFETY: as above.
    DRIVER.known(unsafe { function(error, text) })
}

// SAFETY: as for all functions in `forward`.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the name is CUDA's")]
unsafe extern "C" fn cuGetErrorName(error: c_uint, text: *mut *const c_char) -> u32 {
    describe(error, text, "cuGetErrorName", c"CUDA_ERROR_STUB_LIBRARY")
}

// SAFETY: as for all functions in `forward`.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the name is CUDA's")]
unsafe extern "C" fn cuGetErrorString(error: c_uint, text: *mut *const c_char) -> u32 {
    describe(
        error,
        text,
        "cuGetErrorString",
        c"the CUDA driver is not installed",
    )
}
