//! Which of several ways is the fastest.

use crate::error::Result;

/// cuDNN has to need less than this part of our time. What is nearly as fast is left alone, so that the choice seldom
/// hangs on chance.
const GAIN: f32 = 0.95;

/// The fastest of `others`, if it is faster than what takes the time `own`. One that cannot be timed is left out.
pub(super) fn fastest<T>(
    own: f32,
    others: Vec<T>,
    mut time: impl FnMut(&T) -> Result<f32>,
) -> Option<T> {
    let mut best = (GAIN * own, None);
    for other in others {
        match time(&other) {
            Ok(time) if time < best.0 => best = (time, Some(other)),
            _ => {}
        }
    }
    best.1
}

/// The middle one of an odd number of times.
pub(super) fn median<const N: usize>(mut times: [f32; N]) -> f32 {
    const { assert!(N % 2 == 1) };
    times.sort_by(f32::total_cmp);
    times[N / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_fastest_wins() {
        let clock = |ways: &(char, f32)| Ok(ways.1);
        let ways = vec![('a', 3.0), ('b', 1.0), ('c', 2.0)];
        assert_eq!(fastest(4.0, ways.clone(), clock), Some(('b', 1.0)));
        assert_eq!(fastest(1.2, ways.clone(), clock), Some(('b', 1.0)));
        // Not faster, or not enough.
        assert_eq!(fastest(1.0, ways.clone(), clock), None);
        assert_eq!(fastest(1.04, ways, clock), None);
        assert_eq!(fastest(1.0, Vec::new(), clock), None);
    }

    #[test]
    fn what_cannot_be_timed_is_left_out() {
        let clock = |way: &char| match way {
            'a' => Err(Error::Device("it does not run".to_owned())),
            'b' => Ok(f32::NAN),
            _ => Ok(1.0),
        };
        assert_eq!(fastest(4.0, vec!['a', 'b', 'c'], clock), Some('c'));
        assert_eq!(fastest(4.0, vec!['a', 'b'], clock), None);
    }

    #[test]
    fn one_slow_run_does_not_change_the_median() {
        assert_eq!(median([2.0, 90.0, 1.0]), 2.0);
        assert_eq!(median([5.0, 4.0, 3.0, 2.0, f32::NAN]), 4.0);
    }
}
