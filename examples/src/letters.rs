//! The letters A to J of many typefaces; see `data/README.md`.

use std::collections::BTreeSet;
use std::error::Error;

/// One grey picture: (height, width, channels), ink is 1.
pub type Letter = [[[f32; 1]; SIDE]; SIDE];

const SIDE: usize = 28;
const CLASSES: usize = 10;

static SHEET: &[u8] = include_bytes!("../data/letters.png");
static FACES: &str = include_str!("../data/letters.csv");

/// Pictures of letters, what they are, and how many typefaces and families they come from.
#[derive(Debug, Default)]
pub struct LetterSet {
    /// The pictures.
    pub images: Vec<Letter>,
    /// 0 for A to 9 for J.
    pub labels: Vec<usize>,
    /// How many typefaces there are.
    pub faces: usize,
    /// The families of the typefaces.
    pub families: BTreeSet<String>,
}

/// The letters for training and those for testing, which come from other families.
///
/// # Errors
/// If the files in `data` do not belong together.
pub fn letters() -> Result<(LetterSet, LetterSet), Box<dyn Error>> {
    let sheet = image::load_from_memory(SHEET)?.into_luma8();
    let (mut train, mut test) = (LetterSet::default(), LetterSet::default());
    for (row, line) in FACES.lines().skip(1).enumerate() {
        let mut fields = line.split(',');
        let (split, family) = (fields.next(), fields.next());
        let set = match split {
            Some("train") => &mut train,
            Some("test") => &mut test,
            other => return Err(format!("line {} of letters.csv: {other:?}", row + 2).into()),
        };
        set.faces += 1;
        set.families.insert(family.unwrap_or_default().to_owned());
        for label in 0..CLASSES {
            let (left, top) = (label * SIDE, row * SIDE);
            if left + SIDE > sheet.width() as usize || top + SIDE > sheet.height() as usize {
                return Err("letters.csv has more lines than letters.png has rows".into());
            }
            let pixel = |y, x| sheet.get_pixel((left + x) as u32, (top + y) as u32).0[0];
            let ink = |y, x| [f32::from(pixel(y, x)) / 255.0];
            set.images.push(std::array::from_fn(|y| std::array::from_fn(|x| ink(y, x))));
            set.labels.push(label);
        }
    }
    Ok((train, test))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_family_is_in_both_sets() {
        let (train, test) = letters().expect("the shipped files");
        assert!(train.faces + test.faces >= 150);
        assert!(train.families.len() + test.families.len() >= 60);
        assert!(train.families.is_disjoint(&test.families));
        for set in [&train, &test] {
            assert_eq!(set.images.len(), set.faces * CLASSES);
            assert_eq!(set.labels.len(), set.images.len());
        }
    }

    #[test]
    fn every_letter_has_ink() {
        let (train, test) = letters().expect("the shipped files");
        for image in train.images.iter().chain(&test.images) {
            let ink: f32 = image.as_flattened().as_flattened().iter().sum();
            assert!(ink > 5.0);
        }
    }
}
