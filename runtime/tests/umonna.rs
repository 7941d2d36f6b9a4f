//! UMONNA, the lectures' largest network: two inputs, an encoder of convolutions, a decoder of transposed ones, and a
//! function between them. Its shapes are read from the figure of the first lecture.

use addax::dfdx::prelude::*;
use addax::prelude::*;
use addax::tape::TapeTensor;

/// The strength of the signal, as an image of one pixel.
fn strength(x: TapeTensor<(usize, Const<2>)>) -> TapeTensor<(usize, Const<1>, Const<1>, Const<1>)> {
    let rows = x.shape().0;
    let largest = x.max::<(usize,), _>();
    largest.reshape_like(&(rows, Const, Const, Const))
}

network! {
    /// Where in a picture something is: a map of 157 by 157 places.
    pub Umonna: (image: (200, 200, 1), signal: 2) => (map: (157, 157, 1)) {
        let x = Conv2D(36, 5, strides = 2, activation = relu)(image);
        let x = Conv2D(36, 3, activation = relu)(x);
        let x = Conv2D(36, 3, activation = relu)(x);
        let x = MaxPooling2D()(x);
        let x = Conv2D(57, 3, activation = relu)(x);
        let x = Conv2D(57, 3, activation = relu)(x);
        let x = MaxPooling2D()(x);
        let x = Conv2D(90, 3, activation = relu)(x);
        let x = Conv2D(90, 3, activation = relu)(x);
        let x = MaxPooling2D()(x);
        let x = Conv2D(142, 3, activation = relu)(x);
        let x = Conv2D(142, 3, activation = relu)(x);
        let x = Reshape(568)(MaxPooling2D()(x));
        let x = Concatenate()(signal, x);
        let x = BatchNormalization()(Dense(400, activation = relu)(x));
        let x = BatchNormalization()(Dense(400, activation = relu)(x));
        let x = BatchNormalization()(Dense(400, activation = relu)(x));
        let x = Reshape((2, 2, 128))(Dense(512, activation = relu)(x));
        let x = Conv2DTranspose(64, 5, strides = 2, activation = relu)(x);
        let x = Conv2DTranspose(32, 5, strides = 2, activation = relu)(x);
        let x = Conv2DTranspose(16, 5, strides = 2, activation = relu)(x);
        let x = Conv2DTranspose(8, 5, strides = 2, activation = relu)(x);
        let x = Conv2DTranspose(1, 5, strides = 2, activation = sigmoid)(x);
        let gain = Lambda(strength)(signal);
        let map = Multiply()(x, gain);
    }
}

const _: () = assert!(Umonna::PARAMS == 1_519_822 && Umonna::NON_TRAINABLE_PARAMS == 2_400);

/// The figure's shapes, one a line.
const SHAPES: &str = "(98, 98, 36) (96, 96, 36) (94, 94, 36) (47, 47, 36) (45, 45, 57) (43, 43, 57) (21, 21, 57) \
    (19, 19, 90) (17, 17, 90) (8, 8, 90) (6, 6, 142) (4, 4, 142) (2, 2, 142) 568 570 400 400 400 400 400 400 512 \
    (2, 2, 128) (7, 7, 64) (17, 17, 32) (37, 37, 16) (77, 77, 8) (157, 157, 1) (1, 1, 1) (157, 157, 1)";

#[test]
fn umonna_has_the_shapes_of_the_figure() {
    let shapes: Vec<String> = Umonna::LAYERS
        .iter()
        .map(|layer| layer.output_shape.to_string())
        .collect();
    assert_eq!(shapes.join(" "), SHAPES);
}

/// Pictures with one bright spot, and maps in which its place is bright.
struct Spots {
    images: Vec<[[[f32; 1]; 200]; 200]>,
    signals: Vec<[f32; 2]>,
    maps: Vec<[[[f32; 1]; 157]; 157]>,
}

fn spots(count: usize) -> Spots {
    let mut state = 7_u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let mut spots = Spots {
        images: vec![[[[0.0]; 200]; 200]; count],
        signals: vec![[1.0, 0.5]; count],
        maps: vec![[[[0.0]; 157]; 157]; count],
    };
    for (image, map) in spots.images.iter_mut().zip(&mut spots.maps) {
        let (row, column) = (random(160) as usize + 20, random(160) as usize + 20);
        for (r, pixels) in image.iter_mut().enumerate() {
            for (c, pixel) in pixels.iter_mut().enumerate() {
                let distance = r.abs_diff(row).pow(2) + c.abs_diff(column).pow(2);
                pixel[0] = (-(distance as f32) / 50.0).exp() + random(100) as f32 / 1000.0;
            }
        }
        for (r, places) in map.iter_mut().enumerate() {
            for (c, place) in places.iter_mut().enumerate() {
                let (r, c) = (r * 200 / 157, c * 200 / 157);
                let distance = r.abs_diff(row).pow(2) + c.abs_diff(column).pow(2);
                place[0] = (-(distance as f32) / 500.0).exp();
            }
        }
    }
    spots
}

#[test]
fn umonna_learns_where_the_spots_are() -> addax::Result<()> {
    let Spots {
        images,
        signals,
        maps,
    } = spots(8);
    let mut model = Umonna::build(&Cpu::seed_from_u64(5))?.compile(
        Adam::default(),
        BinaryCrossentropy::default(),
        (),
    )?;
    assert_eq!(model.count_params(), 1_519_822);
    let x = UmonnaInputs {
        image: &images,
        signal: &signals,
    };
    let history = model.fit(
        &x,
        &maps,
        FitOptions {
            batch_size: 4,
            epochs: 8,
            verbose: Verbose::Silent,
            ..FitOptions::default()
        },
    )?;
    let losses = &history["loss"];
    assert!(losses[7] < 0.7 * losses[0], "{losses:?}");
    let answers = model.predict(&x)?;
    assert_eq!(
        answers.shape(),
        &(8, Const::<157>, Const::<157>, Const::<1>)
    );
    Ok(())
}
