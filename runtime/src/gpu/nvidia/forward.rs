//! The functions of CUDA that cudarc and Addax call. Written by `scripts/cuda-forwards.py`.

use super::library::{CUBLAS, DRIVER, NVRTC, forward};
use core::ffi::*;

mod driver {
    use super::*;
    use cudarc::driver::sys::*;

    forward! {
        DRIVER;
        fn cuCtxGetCurrent(pctx: *mut CUcontext);
        fn cuCtxSetCurrent(ctx: CUcontext);
        fn cuDestroyExternalMemory(extMem: CUexternalMemory);
        fn cuDeviceGet(device: *mut CUdevice, ordinal: c_int);
        fn cuDeviceGetAttribute(pi: *mut c_int, attrib: CUdevice_attribute, dev: CUdevice);
        fn cuDeviceGetCount(count: *mut c_int);
        fn cuDeviceGetName(name: *mut c_char, len: c_int, dev: CUdevice);
        fn cuDevicePrimaryCtxRelease_v2(dev: CUdevice);
        fn cuDevicePrimaryCtxRetain(pctx: *mut CUcontext, dev: CUdevice);
        fn cuDeviceTotalMem_v2(bytes: *mut usize, dev: CUdevice);
        fn cuDriverGetVersion(driverVersion: *mut c_int);
        fn cuEventCreate(phEvent: *mut CUevent, Flags: c_uint);
        fn cuEventDestroy_v2(hEvent: CUevent);
        fn cuEventElapsedTime(pMilliseconds: *mut f32, hStart: CUevent, hEnd: CUevent);
        fn cuEventQuery(hEvent: CUevent);
        fn cuEventRecord(hEvent: CUevent, hStream: CUstream);
        fn cuEventSynchronize(hEvent: CUevent);
        fn cuExternalMemoryGetMappedBuffer(devPtr: *mut CUdeviceptr, extMem: CUexternalMemory, bufferDesc: *const CUDA_EXTERNAL_MEMORY_BUFFER_DESC);
        fn cuGraphDestroy(hGraph: CUgraph);
        fn cuGraphExecDestroy(hGraphExec: CUgraphExec);
        fn cuGraphInstantiateWithFlags(phGraphExec: *mut CUgraphExec, hGraph: CUgraph, flags: c_ulonglong);
        fn cuGraphLaunch(hGraphExec: CUgraphExec, hStream: CUstream);
        fn cuImportExternalMemory(extMem_out: *mut CUexternalMemory, memHandleDesc: *const CUDA_EXTERNAL_MEMORY_HANDLE_DESC);
        fn cuInit(Flags: c_uint);
        fn cuLaunchKernel(f: CUfunction, gridDimX: c_uint, gridDimY: c_uint, gridDimZ: c_uint, blockDimX: c_uint, blockDimY: c_uint, blockDimZ: c_uint, sharedMemBytes: c_uint, hStream: CUstream, kernelParams: *mut *mut c_void, extra: *mut *mut c_void);
        fn cuMemAllocAsync(dptr: *mut CUdeviceptr, bytesize: usize, hStream: CUstream);
        fn cuMemAlloc_v2(dptr: *mut CUdeviceptr, bytesize: usize);
        fn cuMemFreeAsync(dptr: CUdeviceptr, hStream: CUstream);
        fn cuMemFreeHost(p: *mut c_void);
        fn cuMemFree_v2(dptr: CUdeviceptr);
        fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize);
        fn cuMemHostAlloc(pp: *mut *mut c_void, bytesize: usize, Flags: c_uint);
        fn cuMemcpyDtoDAsync_v2(dstDevice: CUdeviceptr, srcDevice: CUdeviceptr, ByteCount: usize, hStream: CUstream);
        fn cuMemcpyDtoD_v2(dstDevice: CUdeviceptr, srcDevice: CUdeviceptr, ByteCount: usize);
        fn cuMemcpyDtoHAsync_v2(dstHost: *mut c_void, srcDevice: CUdeviceptr, ByteCount: usize, hStream: CUstream);
        fn cuMemcpyDtoH_v2(dstHost: *mut c_void, srcDevice: CUdeviceptr, ByteCount: usize);
        fn cuMemcpyHtoDAsync_v2(dstDevice: CUdeviceptr, srcHost: *const c_void, ByteCount: usize, hStream: CUstream);
        fn cuMemcpyHtoD_v2(dstDevice: CUdeviceptr, srcHost: *const c_void, ByteCount: usize);
        fn cuMemsetD8Async(dstDevice: CUdeviceptr, uc: c_uchar, N: usize, hStream: CUstream);
        fn cuMemsetD8_v2(dstDevice: CUdeviceptr, uc: c_uchar, N: usize);
        fn cuModuleGetFunction(hfunc: *mut CUfunction, hmod: CUmodule, name: *const c_char);
        fn cuModuleLoad(module: *mut CUmodule, fname: *const c_char);
        fn cuModuleLoadData(module: *mut CUmodule, image: *const c_void);
        fn cuModuleUnload(hmod: CUmodule);
        fn cuOccupancyAvailableDynamicSMemPerBlock(dynamicSmemSize: *mut usize, func: CUfunction, numBlocks: c_int, blockSize: c_int);
        fn cuOccupancyMaxActiveBlocksPerMultiprocessor(numBlocks: *mut c_int, func: CUfunction, blockSize: c_int, dynamicSMemSize: usize);
        fn cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(numBlocks: *mut c_int, func: CUfunction, blockSize: c_int, dynamicSMemSize: usize, flags: c_uint);
        fn cuOccupancyMaxActiveClusters(numClusters: *mut c_int, func: CUfunction, config: *const CUlaunchConfig);
        fn cuOccupancyMaxPotentialBlockSize(minGridSize: *mut c_int, blockSize: *mut c_int, func: CUfunction, blockSizeToDynamicSMemSize: CUoccupancyB2DSize, dynamicSMemSize: usize, blockSizeLimit: c_int);
        fn cuOccupancyMaxPotentialBlockSizeWithFlags(minGridSize: *mut c_int, blockSize: *mut c_int, func: CUfunction, blockSizeToDynamicSMemSize: CUoccupancyB2DSize, dynamicSMemSize: usize, blockSizeLimit: c_int, flags: c_uint);
        fn cuOccupancyMaxPotentialClusterSize(clusterSize: *mut c_int, func: CUfunction, config: *const CUlaunchConfig);
        fn cuProfilerStart();
        fn cuProfilerStop();
        fn cuStreamBeginCapture_v2(hStream: CUstream, mode: CUstreamCaptureMode);
        fn cuStreamCreate(phStream: *mut CUstream, Flags: c_uint);
        fn cuStreamDestroy_v2(hStream: CUstream);
        fn cuStreamEndCapture(hStream: CUstream, phGraph: *mut CUgraph);
        fn cuStreamSynchronize(hStream: CUstream);
        fn cuStreamWaitEvent(hStream: CUstream, hEvent: CUevent, Flags: c_uint);
    }
}

mod cublas {
    use super::*;
    use cudarc::cublas::sys::*;

    forward! {
        CUBLAS;
        fn cublasCreate_v2(handle: *mut cublasHandle_t);
        fn cublasDestroy_v2(handle: cublasHandle_t);
        fn cublasDgemmStridedBatched(handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: c_int, n: c_int, k: c_int, alpha: *const f64, A: *const f64, lda: c_int, strideA: c_longlong, B: *const f64, ldb: c_int, strideB: c_longlong, beta: *const f64, C: *mut f64, ldc: c_int, strideC: c_longlong, batchCount: c_int);
        fn cublasDgemm_v2(handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: c_int, n: c_int, k: c_int, alpha: *const f64, A: *const f64, lda: c_int, B: *const f64, ldb: c_int, beta: *const f64, C: *mut f64, ldc: c_int);
        fn cublasDgemv_v2(handle: cublasHandle_t, trans: cublasOperation_t, m: c_int, n: c_int, alpha: *const f64, A: *const f64, lda: c_int, x: *const f64, incx: c_int, beta: *const f64, y: *mut f64, incy: c_int);
        fn cublasGemmEx(handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: c_int, n: c_int, k: c_int, alpha: *const c_void, A: *const c_void, Atype: cudaDataType, lda: c_int, B: *const c_void, Btype: cudaDataType, ldb: c_int, beta: *const c_void, C: *mut c_void, Ctype: cudaDataType, ldc: c_int, computeType: cublasComputeType_t, algo: cublasGemmAlgo_t);
        fn cublasGemmStridedBatchedEx(handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: c_int, n: c_int, k: c_int, alpha: *const c_void, A: *const c_void, Atype: cudaDataType, lda: c_int, strideA: c_longlong, B: *const c_void, Btype: cudaDataType, ldb: c_int, strideB: c_longlong, beta: *const c_void, C: *mut c_void, Ctype: cudaDataType, ldc: c_int, strideC: c_longlong, batchCount: c_int, computeType: cublasComputeType_t, algo: cublasGemmAlgo_t);
        fn cublasSetMathMode(handle: cublasHandle_t, mode: cublasMath_t);
        fn cublasSetStream_v2(handle: cublasHandle_t, streamId: cudaStream_t);
        fn cublasSetWorkspace_v2(handle: cublasHandle_t, workspace: *mut c_void, workspaceSizeInBytes: usize);
        fn cublasSgemmStridedBatched(handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: c_int, n: c_int, k: c_int, alpha: *const f32, A: *const f32, lda: c_int, strideA: c_longlong, B: *const f32, ldb: c_int, strideB: c_longlong, beta: *const f32, C: *mut f32, ldc: c_int, strideC: c_longlong, batchCount: c_int);
        fn cublasSgemm_v2(handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: c_int, n: c_int, k: c_int, alpha: *const f32, A: *const f32, lda: c_int, B: *const f32, ldb: c_int, beta: *const f32, C: *mut f32, ldc: c_int);
        fn cublasSgemv_v2(handle: cublasHandle_t, trans: cublasOperation_t, m: c_int, n: c_int, alpha: *const f32, A: *const f32, lda: c_int, x: *const f32, incx: c_int, beta: *const f32, y: *mut f32, incy: c_int);
    }
}

mod nvrtc {
    use super::*;
    use cudarc::nvrtc::sys::*;

    forward! {
        NVRTC;
        fn nvrtcCompileProgram(prog: nvrtcProgram, numOptions: c_int, options: *const *const c_char);
        fn nvrtcCreateProgram(prog: *mut nvrtcProgram, src: *const c_char, name: *const c_char, numHeaders: c_int, headers: *const *const c_char, includeNames: *const *const c_char);
        fn nvrtcDestroyProgram(prog: *mut nvrtcProgram);
        fn nvrtcGetPTX(prog: nvrtcProgram, ptx: *mut c_char);
        fn nvrtcGetPTXSize(prog: nvrtcProgram, ptxSizeRet: *mut usize);
        fn nvrtcGetProgramLog(prog: nvrtcProgram, log: *mut c_char);
        fn nvrtcGetProgramLogSize(prog: nvrtcProgram, logSizeRet: *mut usize);
    }
}
