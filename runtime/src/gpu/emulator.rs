//! A GPU that is not there: our CUDA kernels, compiled for the CPU.
//!
//! It runs every command of a plan with real numbers, so that everything but the hardware is tested without a GPU. It is
//! slow and for tests only.

use super::command::{Argument, Command, Pointer, Product};
use super::driver::Driver;
use super::host::Copies;
use crate::error::{Error, Result};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::sync::{Arc, Mutex, PoisonError};

unsafe extern "C" {
    fn addax_emulate_launch(
        kernel: *const c_char,
        grid_x: c_uint,
        grid_y: c_uint,
        grid_z: c_uint,
        block_x: c_uint,
        block_y: c_uint,
        block_z: c_uint,
        shared_bytes: c_uint,
        arguments: *mut *mut c_void,
    ) -> c_int;
    fn addax_emulate_error() -> *const c_char;
    fn addax_emulate_arguments(kernel: *const c_char) -> c_int;
    fn addax_emulate_order(order: c_uint);
}

/// Threads of a block.
const BLOCK: c_uint = 256;

/// Memory is aligned as `cuMemAlloc` aligns it.
const ALIGNMENT: usize = 256;

/// The emulator. Memory of the "device" is memory of the host.
#[derive(Debug, Default)]
pub(crate) struct Emulator {
    memory: Mutex<HashMap<u64, Layout>>,
}

impl Emulator {
    /// In which order threads and blocks run from now on, on all emulators: 0 ascending, 1 descending, any other number
    /// seeds a shuffle.
    pub(crate) fn order(order: u32) {
        // SAFETY: sets one number, and every order is right.
        unsafe { addax_emulate_order(order) };
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Layout>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what is not inside one allocation.
    fn check(&self, place: Pointer, bytes: usize) -> Result<()> {
        let memory = self.memory();
        let inside = memory.iter().any(|(start, layout)| {
            *start <= place.0 && place.0 + bytes as u64 <= start + layout.size() as u64
        });
        if inside || bytes == 0 {
            Ok(())
        } else {
            Err(Error::Device(format!(
                "{bytes} bytes at {place:?} are not allocated"
            )))
        }
    }

    fn launch(&self, kernel: &str, grid: [u32; 3], arguments: &[Argument]) -> Result<()> {
        let name = CString::new(kernel).map_err(Error::device)?;
        // SAFETY: the name ends with a zero.
        let expected = unsafe { addax_emulate_arguments(name.as_ptr()) };
        if usize::try_from(expected) != Ok(arguments.len()) {
            let given = arguments.len();
            let message = format!("`{kernel}` takes {expected} arguments, but is given {given}");
            return Err(Error::Device(message));
        }
        for argument in arguments {
            if let Argument::Pointer(pointer) = argument
                && *pointer != Pointer::NULL
            {
                self.check(*pointer, 1)?;
            }
        }
        let values: Vec<Vec<u64>> = arguments.iter().map(Argument::words).collect();
        let mut places: Vec<*mut c_void> = values
            .iter()
            .map(|value| value.as_ptr().cast_mut().cast())
            .collect();
        let [x, y, z] = grid;
        // SAFETY: as many arguments as the kernel takes, each of the size it reads; the pointers among them lead into
        // allocations of this emulator, and a kernel stays within what the plan has laid out for it.
        let code = unsafe {
            addax_emulate_launch(name.as_ptr(), x, y, z, BLOCK, 1, 1, 0, places.as_mut_ptr())
        };
        if code == 0 {
            return Ok(());
        }
        // SAFETY: the emulator gives a text that ends with a zero.
        let reason = unsafe { CStr::from_ptr(addax_emulate_error()) };
        Err(Error::Device(format!(
            "`{kernel}`: {}",
            reason.to_string_lossy()
        )))
    }

    fn product(&self, product: &Product) -> Result<()> {
        let Product { m, n, k, .. } = *product;
        let extents = product.extents();
        for (place, floats) in [product.a, product.b, product.c].into_iter().zip(extents) {
            self.check(place, 4 * floats)?;
        }
        // SAFETY: the three matrices lie inside allocations, and the plan keeps the result apart from the operands.
        let (a, b, c) = unsafe {
            (
                std::slice::from_raw_parts(product.a.0 as *const f32, extents[0]),
                std::slice::from_raw_parts(product.b.0 as *const f32, extents[1]),
                std::slice::from_raw_parts_mut(product.c.0 as *mut f32, extents[2]),
            )
        };
        let [of_a, of_b, of_c] = product.row_strides();
        for i in 0..m {
            for j in 0..n {
                let mut sum = 0.0_f64;
                for l in 0..k {
                    let a = if product.transpose_a {
                        a[l * of_a + i]
                    } else {
                        a[i * of_a + l]
                    };
                    let b = if product.transpose_b {
                        b[j * of_b + l]
                    } else {
                        b[l * of_b + j]
                    };
                    sum += f64::from(a) * f64::from(b);
                }
                let c = &mut c[i * of_c + j];
                if product.accumulate {
                    sum += f64::from(*c);
                }
                *c = sum as f32;
            }
        }
        Ok(())
    }
}

/// The emulator as the host's work sees it.
struct HostMemory<'a>(&'a Emulator);

impl Copies for HostMemory<'_> {
    fn download(&mut self, from: Pointer, bytes: &mut [u8]) -> Result<()> {
        self.0.download(from, bytes)
    }

    fn upload(&mut self, to: Pointer, bytes: &[u8]) -> Result<()> {
        self.0
            .feed(to, bytes.len(), &mut |to| to.copy_from_slice(bytes))
    }
}

impl Driver for Emulator {
    type Device = ();
    type Captured = Vec<Command>;

    fn open((): &()) -> Result<Arc<Self>> {
        Ok(Arc::default())
    }

    fn captures(&self) -> bool {
        true
    }

    fn allocate(&self, bytes: usize) -> Result<Pointer> {
        let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).map_err(Error::device)?;
        // SAFETY: the layout is not empty.
        let start = unsafe { alloc_zeroed(layout) };
        if start.is_null() {
            return Err(Error::Device(format!("{bytes} bytes cannot be allocated")));
        }
        self.memory().insert(start as u64, layout);
        Ok(Pointer(start as u64))
    }

    fn free(&self, memory: Pointer) {
        if let Some(layout) = self.memory().remove(&memory.0) {
            // SAFETY: allocated with this layout, and no longer in the list.
            unsafe { dealloc(memory.0 as *mut u8, layout) };
        }
    }

    fn zero(&self, to: Pointer, bytes: usize) -> Result<()> {
        self.feed(to, bytes, &mut |to| to.fill(0))
    }

    fn copy(&self, from: Pointer, to: Pointer, bytes: usize) -> Result<()> {
        let mut between = vec![0; bytes];
        self.download(from, &mut between)?;
        self.feed(to, bytes, &mut |to| to.copy_from_slice(&between))
    }

    fn feed(&self, to: Pointer, bytes: usize, fill: &mut dyn FnMut(&mut [u8])) -> Result<()> {
        self.check(to, bytes)?;
        // SAFETY: inside an allocation, and nothing runs at the same time.
        fill(unsafe { std::slice::from_raw_parts_mut(to.0 as *mut u8, bytes) });
        Ok(())
    }

    fn download(&self, from: Pointer, bytes: &mut [u8]) -> Result<()> {
        self.check(from, bytes.len())?;
        // SAFETY: inside an allocation, and nothing runs at the same time.
        bytes.copy_from_slice(unsafe {
            std::slice::from_raw_parts(from.0 as *const u8, bytes.len())
        });
        Ok(())
    }

    fn run(&self, commands: &[Command]) -> Result<()> {
        commands.iter().try_for_each(|command| match command {
            Command::Launch {
                kernel,
                grid,
                arguments,
            } => self.launch(kernel, *grid, arguments),
            Command::Product(product) => self.product(product),
            Command::Convolution(convolution) => self.run(&convolution.own),
            Command::Host(call) => call.run(&mut HostMemory(self)),
        })
    }

    fn capture(&self, commands: &[Command]) -> Result<Vec<Command>> {
        Ok(commands.to_vec())
    }

    fn replay(&self, captured: &Vec<Command>) -> Result<()> {
        self.run(captured)
    }
}
