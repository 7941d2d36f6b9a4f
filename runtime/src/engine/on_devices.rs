//! Tests that run on every device. Their names end with the device.

/// Tests of `$body`, a `fn<D: Driver>(&D::Device)`: one for each kind of GPU. Here a new one is added.
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
macro_rules! gpu_tests {
    ($body:ident) => {
        #[test]
        #[cfg(feature = "cuda-emulator")]
        fn on_the_emulated_gpu() {
            $body::<$crate::gpu::emulator::Emulator>(&());
        }

        #[test]
        #[cfg(feature = "cuda")]
        fn on_cuda() {
            if let Some(device) = $crate::gpu::nvidia::tests::gpu() {
                $body::<$crate::gpu::nvidia::Nvidia>(&device);
            }
        }
    };
}

/// Tests of commands: makes a test for each kind of GPU of `$body`, a `fn<D: Driver>(&D::Device)`.
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
macro_rules! on_every_gpu {
    ($name:ident, $body:ident) => {
        mod $name {
            use super::$body;

            $crate::engine::on_devices::gpu_tests!($body);
        }
    };
}

/// Tests of networks: makes a test for the CPU and each kind of GPU of `$body`, a `fn<E: Engine>(&E::Device)`.
macro_rules! on_every_device {
    ($name:ident, $body:ident) => {
        mod $name {
            #[test]
            fn on_the_cpu() {
                super::$body::<$crate::engine::CpuEngine>(&dfdx::tensor::Cpu::default());
            }

            #[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
            fn on_a_gpu<D: $crate::gpu::driver::Driver>(device: &D::Device) {
                super::$body::<$crate::gpu::engine::GpuEngine<D>>(device);
            }

            #[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
            $crate::engine::on_devices::gpu_tests!(on_a_gpu);
        }
    };
}

pub(crate) use on_every_device;
#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
pub(crate) use {gpu_tests, on_every_gpu};
