// Every kernel, for one module.

#include "activations.cu"
#include "arrays.cu"
#include "bias.cu"
#include "convolution.cu"
#include "dropout.cu"
#include "losses.cu"
#include "metrics.cu"
#include "normalization.cu"
#include "optimizers.cu"
#include "pooling.cu"
#include "reductions.cu"
