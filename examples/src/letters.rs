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

/// All letters, split so that no family of typefaces is in two sets.
#[derive(Debug, Default)]
pub struct Split {
    /// What the network learns from.
    pub train: LetterSet,
    /// What it is measured on after each epoch.
    pub validation: LetterSet,
    /// What it is measured on once, in the end.
    pub test: LetterSet,
}

/// The share of the training families that is kept for validation: one in so many.
const VALIDATION: usize = 10;

/// The letters for training, validation and testing.
///
/// # Errors
/// If the files in `data` do not belong together.
pub fn letters() -> Result<Split, Box<dyn Error>> {
    let sheet = image::load_from_memory(SHEET)?.into_luma8();
    let mut split = Split::default();
    let (mut last_family, mut family_number) = (None, 0);
    for (row, line) in FACES.lines().skip(1).enumerate() {
        let mut fields = line.split(',');
        let (side, family) = (fields.next(), fields.next());
        // The faces of a family follow one another.
        if family != last_family {
            family_number += 1;
            last_family = family;
        }
        let set = match side {
            Some("train") if family_number % VALIDATION == 0 => &mut split.validation,
            Some("train") => &mut split.train,
            Some("test") => &mut split.test,
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
            set.images
                .push(std::array::from_fn(|y| std::array::from_fn(|x| ink(y, x))));
            set.labels.push(label);
        }
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_family_is_in_two_sets() {
        let split = letters().expect("the shipped files");
        let sets = [&split.train, &split.validation, &split.test];
        assert!(sets.iter().map(|set| set.faces).sum::<usize>() >= 150);
        let families: BTreeSet<&String> = sets.iter().flat_map(|set| &set.families).collect();
        assert!(families.len() >= 60);
        let sizes = sets.iter().map(|set| set.families.len());
        assert_eq!(sizes.sum::<usize>(), families.len());
        for set in sets {
            assert_eq!(set.images.len(), set.faces * CLASSES);
            assert_eq!(set.labels.len(), set.images.len());
        }
    }

    #[test]
    fn every_letter_has_ink() {
        let split = letters().expect("the shipped files");
        for image in split.train.images.iter().chain(&split.test.images) {
            let ink: f32 = image.as_flattened().as_flattened().iter().sum();
            assert!(ink > 5.0);
        }
    }
}
