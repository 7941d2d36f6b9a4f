//! Shapes: as values that the compiler computes, and as the dfdx types they become.
//!
//! - [`Shape`] is the shape of one sample, without the batch, plus the words that say which layer gave it.
//! - [`Message`] is text put together by the const evaluator.
//! - [`Outcome`] is what a layer's shape rule says: the shape it gives, the parameters it needs and, if its
//!   input does not fit, what is wrong.
//! - [`report`] turns the message of an outcome into a compile error at the place of the call.
//! - [`Dims`] and [`StaticShape`] lead from the value to dfdx's types.
//!
//! A rule is written once, as a `const fn` in the layer's own file; `network!` has the compiler run it.

mod generic;
mod message;
mod nested;
mod outcome;
mod reach;
mod role;
mod setting;
mod types;

pub use generic::{At, Leading, N, Table, Trailing};
pub use message::Message;
pub use nested::{inside, nested, several_outputs};
pub use outcome::{
    MAX_PARAMETERS, MAX_SETTINGS, Outcome, Parameter, Totals, declared, declared_output, one_input,
    report,
};
pub use reach::{Reach, Window};
pub use role::Role;
pub use setting::Setting;
pub use types::{AsShape, BatchShape, Dims, LastOf, StaticShape};

/// A sample has at most this many dimensions, the batch not counted: dfdx's tensors end at six.
pub const MAX_RANK: usize = 4;

/// The rank of a shape that could not be worked out.
const UNKNOWN_RANK: usize = usize::MAX;

/// A rank that a shape can have. An inline `const` would do, but editors cannot evaluate one, and show shapes.
struct Rank<const R: usize>;

impl<const R: usize> Rank<R> {
    const FITS: () = assert!(R <= MAX_RANK, "a sample has at most 4 dimensions");
}

/// The shape of one sample, such as `(28, 28, 1)`, and the words for where it comes from.
///
/// The batch is not part of it. Images are (height, width, channels).
///
/// ```
/// use addax::shape::Shape;
///
/// const IMAGE: Shape = Shape::new([28, 28, 1]);
/// const _: () = assert!(IMAGE.rank() == 3 && IMAGE.size() == 784);
/// assert_eq!(IMAGE.to_string(), "(28, 28, 1)");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    rank: usize,
    dims: [usize; MAX_RANK],
    from: &'static str,
}

impl Shape {
    /// The shape of something that could not be worked out. Every rule passes it on in silence: the mistake
    /// behind it has been reported already.
    pub const UNKNOWN: Shape = Shape {
        rank: UNKNOWN_RANK,
        dims: [0; MAX_RANK],
        from: "",
    };

    /// A shape of these dimensions, at most [`MAX_RANK`].
    pub const fn new<const R: usize>(dimensions: [usize; R]) -> Shape {
        let () = Rank::<R>::FITS;
        let mut dims = [0; MAX_RANK];
        let mut i = 0;
        while i < R {
            dims[i] = dimensions[i];
            i += 1;
        }
        Shape {
            rank: R,
            dims,
            from: "",
        }
    }

    /// The shape with the first `rank` of these dimensions.
    pub(crate) const fn of_rank(rank: usize, dims: [usize; MAX_RANK]) -> Shape {
        assert!(rank <= MAX_RANK, "a sample has at most 4 dimensions");
        // Two shapes are compared with all their dimensions: what is behind the last one must be 0.
        let mut kept = [0; MAX_RANK];
        let mut i = 0;
        while i < rank {
            kept[i] = dims[i];
            i += 1;
        }
        Shape {
            rank,
            dims: kept,
            from: "",
        }
    }

    /// The same shape with the words for what gave it: `` `Flatten()` `` or `the input`.
    pub const fn named(mut self, from: &'static str) -> Shape {
        self.from = from;
        self
    }

    /// Whether this is the shape of an input of the network: `network!` calls it "the input", or "the input `image`" if it
    /// has a name.
    pub(crate) const fn is_input(self) -> bool {
        let (name, input) = (self.from.as_bytes(), b"the input");
        let mut i = 0;
        while i < input.len() {
            if i == name.len() || name[i] != input[i] {
                return false;
            }
            i += 1;
        }
        true
    }

    /// What gave this shape, in the user's words.
    pub const fn from(self) -> &'static str {
        self.from
    }

    /// Whether the shape could be worked out.
    pub const fn is_known(self) -> bool {
        self.rank != UNKNOWN_RANK
    }

    /// The number of dimensions.
    pub const fn rank(self) -> usize {
        self.rank
    }

    /// One dimension; 0 where there is none.
    pub const fn dim(self, axis: usize) -> usize {
        if self.is_known() && axis < self.rank {
            self.dims[axis]
        } else {
            0
        }
    }

    /// The dimensions of a known shape.
    pub fn dims(&self) -> &[usize] {
        if self.is_known() {
            &self.dims[..self.rank]
        } else {
            &[]
        }
    }

    /// The last dimension: the features of a vector, the channels of an image. 1 for a scalar.
    pub const fn last(self) -> usize {
        if self.rank == 0 {
            1
        } else {
            self.dim(self.rank.wrapping_sub(1))
        }
    }

    /// How many numbers one sample has, or `None` if that is more than a `usize` holds.
    pub const fn checked_size(self) -> Option<usize> {
        let mut size = 1_usize;
        let mut i = 0;
        while self.is_known() && i < self.rank {
            size = match size.checked_mul(self.dims[i]) {
                Some(size) => size,
                None => return None,
            };
            i += 1;
        }
        Some(size)
    }

    /// How many numbers one sample has. Rules refuse shapes for which this would overflow.
    pub const fn size(self) -> usize {
        match self.checked_size() {
            Some(size) => size,
            None => usize::MAX,
        }
    }

    /// Whether both have the same dimensions, whatever gave them.
    pub const fn same_as(self, other: Shape) -> bool {
        if self.rank != other.rank {
            return false;
        }
        let mut i = 0;
        while i < MAX_RANK {
            if self.dims[i] != other.dims[i] {
                return false;
            }
            i += 1;
        }
        true
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.same_as(*other)
    }
}

impl Eq for Shape {}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Message::new("").shape(*self).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_written_as_users_write_them() {
        assert_eq!(Shape::new([10]).to_string(), "10");
        assert_eq!(Shape::new([28, 28, 1]).to_string(), "(28, 28, 1)");
        assert_eq!(Shape::new([]).to_string(), "()");
    }

    #[test]
    fn an_unknown_shape_has_no_dimensions() {
        assert_eq!(Shape::UNKNOWN.dims(), &[] as &[usize]);
        assert_eq!(Shape::UNKNOWN.dim(0), 0);
        assert!(!Shape::UNKNOWN.same_as(Shape::new([])));
    }

    #[test]
    fn a_size_that_overflows_is_noticed() {
        assert_eq!(Shape::new([usize::MAX, 2]).checked_size(), None);
        assert_eq!(Shape::new([3, 0]).checked_size(), Some(0));
    }
}
