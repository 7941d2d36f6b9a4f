//! The matrices of F(2 x 2, 3 x 3), applied to squares of vectors in registers.
//!
//! Each transform multiplies a square from the left and from the right with one small matrix of
//! zeros, ones and halves, so it is made of additions only (and of halving, which is exact):
//!
//! ```text
//!      | 1  0 -1  0 |       |  1    0    0  |
//! B' = | 0  1  1  0 |   G = | 1/2  1/2  1/2 |   A' = | 1  1  1  0 |
//!      | 0 -1  1  0 |       | 1/2 -1/2  1/2 |        | 0  1 -1  1 |
//!      | 0 -1  0  1 |       |  0    0    1  |
//! ```
//!
//! (with `'` for the transpose). The backward passes use the same matrices from the other side.

use crate::kernels::simd::Simd;

/// Vectors at the places of a square.
pub(super) type Square<S, const N: usize> = [[<S as Simd>::Vector; N]; N];

/// One line of a transform: `FROM` vectors become `TO`.
trait Line<S: Simd, const FROM: usize, const TO: usize> {
    fn line(simd: S, line: [S::Vector; FROM]) -> [S::Vector; TO];
}

/// All columns, then all rows.
#[inline(always)]
fn both_ways<S: Simd, L: Line<S, FROM, TO>, const FROM: usize, const TO: usize>(
    simd: S,
    square: &Square<S, FROM>,
) -> Square<S, TO> {
    let mut half = [[simd.zero(); FROM]; TO];
    for column in 0..FROM {
        let mut line = [simd.zero(); FROM];
        for (to, row) in line.iter_mut().zip(square) {
            *to = row[column];
        }
        for (row, value) in half.iter_mut().zip(L::line(simd, line)) {
            row[column] = value;
        }
    }
    let mut all = [[simd.zero(); TO]; TO];
    for (to, row) in all.iter_mut().zip(half) {
        *to = L::line(simd, row);
    }
    all
}

/// `B' d B`: a patch of the input.
#[inline(always)]
pub(super) fn input<S: Simd>(simd: S, d: &Square<S, 4>) -> Square<S, 4> {
    struct B;
    impl<S: Simd> Line<S, 4, 4> for B {
        #[inline(always)]
        fn line(simd: S, d: [S::Vector; 4]) -> [S::Vector; 4] {
            [
                simd.sub(d[0], d[2]),
                simd.add(d[1], d[2]),
                simd.sub(d[2], d[1]),
                simd.sub(d[3], d[1]),
            ]
        }
    }
    both_ways::<S, B, 4, 4>(simd, d)
}

/// `B v B'`: what a patch of the input gets from the gradient of its transform.
#[inline(always)]
pub(super) fn input_gradient<S: Simd>(simd: S, v: &Square<S, 4>) -> Square<S, 4> {
    struct B;
    impl<S: Simd> Line<S, 4, 4> for B {
        #[inline(always)]
        fn line(simd: S, v: [S::Vector; 4]) -> [S::Vector; 4] {
            [
                v[0],
                simd.sub(simd.sub(v[1], v[2]), v[3]),
                simd.sub(simd.add(v[1], v[2]), v[0]),
                v[3],
            ]
        }
    }
    both_ways::<S, B, 4, 4>(simd, v)
}

/// `A' m A`: the pixels of the output.
#[inline(always)]
pub(super) fn output<S: Simd>(simd: S, m: &Square<S, 4>) -> Square<S, 2> {
    struct A;
    impl<S: Simd> Line<S, 4, 2> for A {
        #[inline(always)]
        fn line(simd: S, m: [S::Vector; 4]) -> [S::Vector; 2] {
            [
                simd.add(simd.add(m[0], m[1]), m[2]),
                simd.add(simd.sub(m[1], m[2]), m[3]),
            ]
        }
    }
    both_ways::<S, A, 4, 2>(simd, m)
}

/// `A y A'`: the gradient of the products from that of the output.
#[inline(always)]
pub(super) fn output_gradient<S: Simd>(simd: S, y: &Square<S, 2>) -> Square<S, 4> {
    struct A;
    impl<S: Simd> Line<S, 2, 4> for A {
        #[inline(always)]
        fn line(simd: S, y: [S::Vector; 2]) -> [S::Vector; 4] {
            [y[0], simd.add(y[0], y[1]), simd.sub(y[0], y[1]), y[1]]
        }
    }
    both_ways::<S, A, 2, 4>(simd, y)
}

/// `G g G'`: the kernel.
#[inline(always)]
pub(super) fn kernel<S: Simd>(simd: S, g: &Square<S, 3>) -> Square<S, 4> {
    struct G;
    impl<S: Simd> Line<S, 3, 4> for G {
        #[inline(always)]
        fn line(simd: S, g: [S::Vector; 3]) -> [S::Vector; 4] {
            let half = simd.splat(0.5);
            let ends = simd.mul(half, simd.add(g[0], g[2]));
            let middle = simd.mul(half, g[1]);
            [g[0], simd.add(ends, middle), simd.sub(ends, middle), g[2]]
        }
    }
    both_ways::<S, G, 3, 4>(simd, g)
}

/// `G' u G`: the gradient of the kernel from that of its transform.
#[inline(always)]
pub(super) fn kernel_gradient<S: Simd>(simd: S, u: &Square<S, 4>) -> Square<S, 3> {
    struct G;
    impl<S: Simd> Line<S, 4, 3> for G {
        #[inline(always)]
        fn line(simd: S, u: [S::Vector; 4]) -> [S::Vector; 3] {
            let half = simd.splat(0.5);
            let sum = simd.mul(half, simd.add(u[1], u[2]));
            [
                simd.add(u[0], sum),
                simd.mul(half, simd.sub(u[1], u[2])),
                simd.add(sum, u[3]),
            ]
        }
    }
    both_ways::<S, G, 4, 3>(simd, u)
}
