//! Training on the CPU: operations of Burn's Flex backend whose forward and backward passes run on `zoo-kernels`, maps in NHWC.
#![forbid(unsafe_code)]
