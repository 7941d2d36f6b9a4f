//! Arrays that are stretched to a larger shape: an axis of size 1 is met by all places along that axis.
//!
//! Shapes are aligned at their last axis, and axes that are missing in front count as 1, as in NumPy.

/// A sample has four axes, and a batch one more.
const AXES: usize = 5;

/// How a smaller array lies in a larger one.
///
/// Neighbouring axes that are both stretched, or both not, are taken together, and axes of size 1 are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The larger array's axes; 1 in front of the first one.
    sizes: [usize; AXES],
    /// How far apart two neighbours along each axis stand in the smaller array: 0 along an axis that is stretched.
    steps: [usize; AXES],
}

impl Stretch {
    /// From the dimensions of the smaller array to those of the larger one, of which there are at most five.
    pub(crate) fn new(from: &[usize], to: &[usize]) -> Self {
        debug_assert!(from.len() <= to.len() && to.len() <= AXES);
        let mut stretch = Stretch {
            sizes: [1; AXES],
            steps: [0; AXES],
        };
        let missing = to.len() - from.len();
        let (mut axis, mut step) = (AXES, 1);
        for (i, &size) in to.iter().enumerate().rev() {
            let own = if i < missing { 1 } else { from[i - missing] };
            debug_assert!(own == size || own == 1);
            if size == 1 {
                continue;
            }
            let stretched = own == 1;
            let joins = axis < AXES && (stretch.steps[axis] == 0) == stretched;
            if joins {
                stretch.sizes[axis] *= size;
            } else {
                axis -= 1;
                stretch.sizes[axis] = size;
                stretch.steps[axis] = if stretched { 0 } else { step };
            }
            step *= own;
        }
        stretch
    }

    /// Whether nothing is stretched.
    pub(crate) fn is_plain(&self) -> bool {
        self.steps
            .iter()
            .zip(&self.sizes)
            .all(|(&step, &size)| step == 1 || size == 1)
    }

    /// How often each number of the smaller array is used.
    pub(crate) fn repeats(&self) -> usize {
        self.sizes
            .iter()
            .zip(&self.steps)
            .filter(|(_, step)| **step == 0)
            .map(|(size, _)| size)
            .product()
    }

    /// Whether neighbours of the larger array are the same number of the smaller one.
    pub(crate) fn repeats_neighbours(&self) -> bool {
        self.steps[AXES - 1] == 0
    }

    /// The larger array.
    pub(crate) fn stretch(&self, from: &[f32], into: &mut [f32]) {
        for (run, start) in into.chunks_exact_mut(self.run()).zip(self.starts()) {
            match self.repeats_neighbours() {
                true => run.fill(from[start]),
                false => run.copy_from_slice(&from[start..start + run.len()]),
            }
        }
    }

    /// The gradient of the smaller array from that of the larger one: the sum over all uses of each number.
    pub(crate) fn sum(&self, from: &[f32], into: &mut [f32]) {
        into.fill(0.0);
        for (run, start) in from.chunks_exact(self.run()).zip(self.starts()) {
            match self.repeats_neighbours() {
                true => into[start] += sum(run),
                false => {
                    for (sum, number) in into[start..start + run.len()].iter_mut().zip(run) {
                        *sum += number;
                    }
                }
            }
        }
    }

    /// The length of the last axis.
    fn run(&self) -> usize {
        self.sizes[AXES - 1].max(1)
    }

    /// For each run along the last axis: where its first number stands in the smaller array.
    fn starts(&self) -> impl Iterator<Item = usize> {
        let Stretch { sizes, steps } = *self;
        (0..).map(move |mut run| {
            let mut start = 0;
            for axis in (0..AXES - 1).rev() {
                start += run % sizes[axis] * steps[axis];
                run /= sizes[axis];
            }
            start
        })
    }

    /// The structure that the CUDA kernels take.
    pub(crate) fn as_ints(&self) -> [i32; 2 * AXES] {
        std::array::from_fn(|i| match i.checked_sub(AXES) {
            None => self.sizes[i] as i32,
            Some(axis) => self.steps[axis] as i32,
        })
    }
}

/// The sum of the numbers, in eight parts, which rounds less than one after the other.
fn sum(numbers: &[f32]) -> f32 {
    let (eights, rest) = numbers.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, number) in sums.iter_mut().zip(eight) {
            *sum += number;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::properties::holds;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Where each number of the larger array comes from, worked out axis by axis.
    fn expected(from: &[usize], to: &[usize]) -> Vec<usize> {
        let missing = to.len() - from.len();
        (0..to.iter().product())
            .map(|mut place| {
                let (mut at, mut step) = (0, 1);
                for i in (0..to.len()).rev() {
                    let own = if i < missing { 1 } else { from[i - missing] };
                    at += place % to[i] % own * step;
                    step *= own;
                    place /= to[i];
                }
                at
            })
            .collect()
    }

    /// Shapes of up to five axes, some of which the smaller one does not have, or has only one place along.
    fn shapes() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
        let axes = vec((1..=6_usize, any::<bool>()), 1..=AXES);
        (axes, 1..=20_usize, 0..AXES).prop_map(|(axes, last, missing)| {
            let (mut to, stretched): (Vec<usize>, Vec<bool>) = axes.into_iter().unzip();
            let missing = missing.min(to.len() - 1);
            to[stretched.len() - 1] = last;
            let from = to.iter().zip(stretched).skip(missing);
            let from = from.map(|(&size, stretched)| if stretched { 1 } else { size });
            (from.collect(), to)
        })
    }

    #[test]
    fn every_place_gets_its_number() {
        holds(300, shapes(), |(from, to)| {
            let stretch = Stretch::new(&from, &to);
            let places = expected(&from, &to);
            let numbers: Vec<f32> = (0..from.iter().product())
                .map(|n: usize| n as f32)
                .collect();
            let mut stretched = vec![f32::NAN; places.len()];
            stretch.stretch(&numbers, &mut stretched);
            let right: Vec<f32> = places.iter().map(|&place| numbers[place]).collect();
            assert_eq!(stretched, right);
            assert_eq!(stretch.is_plain(), numbers.len() == places.len());
            assert_eq!(stretch.repeats() * numbers.len(), places.len());
        });
    }

    #[test]
    fn every_place_gives_its_gradient() {
        holds(300, shapes(), |(from, to)| {
            let places = expected(&from, &to);
            // Small whole numbers: their sums are exact.
            let gradient: Vec<f32> = (0..places.len()).map(|n| (n % 7) as f32).collect();
            let mut sums = vec![f32::NAN; from.iter().product()];
            let mut right = vec![0.0; sums.len()];
            Stretch::new(&from, &to).sum(&gradient, &mut sums);
            for (place, number) in places.iter().zip(&gradient) {
                right[*place] += number;
            }
            assert_eq!(sums, right);
        });
    }

    #[test]
    fn axes_that_behave_alike_are_one() {
        let stretch = Stretch::new(&[8, 1, 1, 3, 4], &[8, 5, 6, 3, 4]);
        assert_eq!(
            (stretch.sizes, stretch.steps),
            ([1, 1, 8, 30, 12], [0, 0, 12, 0, 1])
        );
        assert_eq!(stretch.as_ints(), [1, 1, 8, 30, 12, 0, 0, 12, 0, 1]);
    }
}
