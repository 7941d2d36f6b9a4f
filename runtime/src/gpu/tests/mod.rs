//! Steps on a GPU: what the device is told, and that it computes what the CPU does.

#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod agreement;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
pub(crate) mod bench;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod dropout;
mod host;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
pub(crate) mod large_layers;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod large_merging;
mod launches;
mod logging;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod lstm;
mod memory;
mod networks;
#[cfg(feature = "cuda-emulator")]
mod order;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod products;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
mod sessions;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
pub(crate) mod trial;
